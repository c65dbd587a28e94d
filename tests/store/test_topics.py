"""Stored topic models equal the fit, and topics keep their id through refits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper
from domain.topics import AssignedPaper, FittedTopics, Topic, TopicAssignment, TopicDrift, TopicEvent
from domain.week import Week
from store.database import Database
from store.embeddings import add_embeddings
from store.paper_arrays import stored_state
from store.topics import (
    add_assignment,
    add_drift,
    add_new_topic,
    add_topic_model,
    assignments_of_week,
    assignments_of_weeks,
    drift_of,
    ids_without_topic,
    newest_topic_model,
    paper_positions,
    registered_topics,
    set_topic_name,
    topic_events,
    topics_of_papers,
)

Stored = Callable[..., Database]
Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
AT = datetime(2026, 6, 23, 6, tzinfo=UTC)
GRAPHS = Topic(1, "graph learning", ("graph", "node"), WEEK.plus(-9), 40)
VIDEO = Topic(2, "video generation", ("video", "frame"), WEEK, 30)


def _fit(
    db: Database, topics: Sequence[Topic], ids: Sequence[ArxivId] = (), numbers: Sequence[int] = (), **other: object
) -> int:
    centroids = np.eye(3, dtype=np.float32)[[t.topic_id % 3 for t in topics]]
    fitted = FittedTopics(
        str(other.get("model_id", "m")),
        centroids,
        tuple(t.size for t in topics),
        tuple(t.label for t in topics),
        tuple(t.top_terms for t in topics),
        0.25,
    )
    assignment = TopicAssignment(
        tuple(ids), np.array(numbers, np.int32), np.linspace(0.5, 0.75, len(ids), dtype=np.float32)
    )
    events = [TopicEvent(t.topic_id, "born", t.born_week, f"{t.size} papers") for t in topics]
    return add_topic_model(
        db,
        fitted,
        topics,
        events,
        assignment,
        fitted_week=WEEK,
        fitted_at=AT,
        settings={"seed": 1},
        library_versions={},
        positions=other.get("positions"),  # type: ignore[arg-type]
        paper_positions=other.get("paper_positions"),  # type: ignore[arg-type]
        drift=other.get("drift", ()),  # type: ignore[arg-type]
    )


def test_a_fit_comes_back_as_it_was_stored(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    fit = _fit(db, [VIDEO, GRAPHS], [make_paper(1).arxiv_id], [1])
    model = newest_topic_model(db, "m")
    assert model is not None
    assert (model.topic_model_id, model.topics, model.n_papers) == (fit, (VIDEO, GRAPHS), 1)
    assert (model.fitted_week, model.fitted_at, model.fitted.floor) == (WEEK, AT, 0.25)
    assert model.fitted.labels == ("video generation", "graph learning")
    np.testing.assert_array_equal(model.fitted.centroids, np.eye(3, dtype=np.float32)[[2, 1]])
    assert topics_of_papers(db, fit) == {make_paper(1).arxiv_id: GRAPHS.topic_id}
    assert newest_topic_model(db, "another") is None


def test_a_refit_keeps_the_topics_row_and_gives_it_the_new_label(database: Database) -> None:
    first = _fit(database, [GRAPHS, VIDEO])
    renamed = Topic(1, "graph networks", ("graph", "network"), GRAPHS.born_week, 55)
    second = _fit(database, [renamed])
    assert second > first
    assert [r.topic for r in registered_topics(database, "m")] == [renamed, VIDEO]
    assert [r.is_active for r in registered_topics(database, "m")] == [True, False]
    assert [e.kind for e in topic_events(database, 1)] == ["born", "born"]


def test_a_topic_of_another_embedding_model_is_not_registered_here(database: Database) -> None:
    _fit(database, [GRAPHS], model_id="m")
    _fit(database, [VIDEO], model_id="other")
    assert [r.topic for r in registered_topics(database, "m")] == [GRAPHS]
    assert [r.is_active for r in registered_topics(database, "m")] == [True]


def test_a_week_lists_its_papers_closest_first_with_the_unassigned(stored: Stored, make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(3)]
    db = stored(*papers)
    ids = [p.arxiv_id for p in papers]
    fit = _fit(db, [GRAPHS, VIDEO], ids, [0, -1, 1])
    found = assignments_of_week(db, fit, WEEK, ["cs.LG"])
    assert found == [
        AssignedPaper(ids[2], VIDEO.topic_id, 0.75),
        AssignedPaper(ids[1], None, 0.625),
        AssignedPaper(ids[0], GRAPHS.topic_id, 0.5),
    ]


def test_only_papers_with_a_vector_wait_for_a_topic_and_each_once(stored: Stored, make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(3)]
    db = stored(*papers)
    ids = [p.arxiv_id for p in papers]
    fit = _fit(db, [GRAPHS])
    add_embeddings(db, Embeddings(tuple(ids[:2]), np.eye(3, dtype=np.float32)[:2], "m"))
    assert ids_without_topic(db, fit, "m") == ids[:2]
    model = newest_topic_model(db, "m")
    assert model is not None
    below_floor = TopicAssignment((ids[0],), np.array([-1], np.int32), np.array([0.1], np.float32))
    for _ in range(2):
        add_assignment(db, model, below_floor)
    assert ids_without_topic(db, fit, "m") == [ids[1]]


def test_a_fit_with_too_few_registry_entries_is_refused(database: Database) -> None:
    fitted = FittedTopics("m", np.eye(2, dtype=np.float32), (1, 1), ("a", "b"), ((), ()), 0.2)
    nobody = TopicAssignment((), np.zeros(0, np.int32), np.zeros(0, np.float32))
    with pytest.raises(ValueError, match="expected 2 topics, got 1"):
        add_topic_model(
            database, fitted, [GRAPHS], [], nobody, fitted_week=WEEK, fitted_at=AT, settings={}, library_versions={}
        )


def test_map_and_drift_of_a_fit_come_back_as_they_were_stored(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    ids = [make_paper(1).arxiv_id]
    drift = TopicDrift(WEEK, 1, 0.0, 0.7, 0.01, 1.5)
    places = np.array([[0.25, -1.0], [np.nan, np.nan]])
    fit = _fit(db, [GRAPHS, VIDEO], ids, [0], positions=places, paper_positions={ids[0]: (0.5, 2.0)}, drift=[drift])
    model = newest_topic_model(db, "m")
    assert model is not None
    np.testing.assert_array_equal(model.positions, places)
    assert registered_topics(db, "m")[0].position == (0.25, -1.0)
    assert paper_positions(db, fit) == {ids[0]: (0.5, 2.0)}
    corrected = TopicDrift(WEEK, 2, 0.5, 0.6, 0.02, 2.5)
    add_drift(db, fit, [corrected])
    assert drift_of(db, fit) == [corrected]


def test_an_area_is_stored_with_its_topic_and_follows_a_refit(database: Database) -> None:
    _fit(database, [replace(GRAPHS, area="learning"), VIDEO])
    assert [r.topic.area for r in registered_topics(database, "m")] == ["learning", None]
    _fit(database, [replace(GRAPHS, area="structures")])
    model = newest_topic_model(database, "m")
    assert model is not None
    assert model.topics[0].area == "structures"


def test_an_operators_name_is_shown_stays_through_refits_and_can_be_taken_back(database: Database) -> None:
    _fit(database, [GRAPHS])
    assert set_topic_name(database, 1, "Graphs of all kinds", week=WEEK) == "Graphs of all kinds"
    _fit(database, [replace(GRAPHS, label="Graphs of all kinds")])
    (kept,) = registered_topics(database, "m")
    assert (kept.topic.label, kept.has_given_name) == ("Graphs of all kinds", True)
    model = newest_topic_model(database, "m")
    assert model is not None
    assert (model.topics[0].label, model.fitted.labels) == ("Graphs of all kinds", ("Graphs of all kinds",))
    assert set_topic_name(database, 1, None, week=WEEK) == "graph learning"
    assert set_topic_name(database, 1, None, week=WEEK) == "graph learning"
    renamed = [e.detail for e in topic_events(database, 1) if e.kind == "renamed"]
    assert renamed == [
        "graph learning -> Graphs of all kinds, by the operator",
        "Graphs of all kinds -> graph learning, by the operator",
    ]


def test_readers_see_a_new_name_without_waiting_for_a_run(database: Database) -> None:
    _fit(database, [GRAPHS])
    before = stored_state(database)
    set_topic_name(database, 1, "Graphs of all kinds", week=WEEK)
    named = stored_state(database)
    set_topic_name(database, 1, "Graphs", week=WEEK)
    assert len({before, named, stored_state(database)}) == 3


def test_a_new_topic_joins_the_fit_with_the_papers_closest_to_it(stored: Stored, make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(3)]
    db = stored(*papers)
    ids = [p.arxiv_id for p in papers]
    fit = _fit(db, [GRAPHS], ids, [0, -1, -1])
    model = newest_topic_model(db, "m")
    assert model is not None
    born = TopicEvent(VIDEO.topic_id, "born", WEEK, "2 papers")
    centroid = np.array([0, 0, 1], dtype=np.float32)
    add_new_topic(
        db, model, VIDEO, born, centroid=centroid, position=np.array([1.0, 2.0]), reassigned={ids[0]: 0.8, ids[2]: 0.9}
    )
    grown = newest_topic_model(db, "m")
    assert grown is not None
    assert (grown.topic_model_id, grown.topics) == (fit, (GRAPHS, VIDEO))
    np.testing.assert_array_equal(grown.fitted.centroids[1], centroid)
    assert grown.positions[1].tolist() == [1.0, 2.0]
    assert topics_of_papers(db, fit) == {ids[0]: 2, ids[2]: 2}
    assert topic_events(db, 2) == [born]
    assert [r.is_active for r in registered_topics(db, "m")] == [True, True]


def test_assignments_are_selected_by_week_and_category(stored: Stored, make_paper: Make) -> None:
    papers = [make_paper(1), make_paper(2, submitted_at=WEEK.plus(-2).start_at, categories=("cs.LG", "cs.CV"))]
    db = stored(*papers)
    ids = [p.arxiv_id for p in papers]
    fit = _fit(db, [GRAPHS], ids, [0, -1])
    every = assignments_of_weeks(db, fit)
    assert every.ids == (ids[1], ids[0])
    assert every.weeks.tolist() == [WEEK.plus(-2).monday, WEEK.monday]
    assert every.topic_ids.tolist() == [-1, 1]
    assert every.similarity.tolist() == [0.75, 0.5]
    assert assignments_of_weeks(db, fit, ["cs.CV"]).ids == (ids[1],)
    assert (
        assignments_of_weeks(db, fit, first=WEEK).ids == assignments_of_weeks(db, fit, last=WEEK).ids[1:] == (ids[0],)
    )
    assert assignments_of_weeks(db, fit, last=WEEK.plus(-3)).ids == ()
