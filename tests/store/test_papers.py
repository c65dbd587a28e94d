"""Papers and windows are stored unchanged, and storing them twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from domain.detections import Detection, PaperDetections
from domain.embeddings import Embeddings
from domain.harvest import HarvestedWindow, HarvestPlan
from domain.paper import ArxivId, Paper, PaperVersion, one_line
from domain.paper_query import PaperQuery
from domain.topics import FittedTopics, Topic, TopicAssignment
from domain.week import Week
from ingest.harvest import plan_harvest
from store.database import Database
from store.detections import add_detections, detections_of_week, ids_without_detections
from store.embeddings import add_embeddings, embeddings_by_id, embeddings_of, ids_without_embedding
from store.paper_query import Corpus
from store.papers import (
    apply_harvest,
    count_papers,
    count_withdrawn,
    known_papers,
    papers_in_order,
    papers_of_week,
    versions_of_paper,
)
from store.schema import paper_category, paper_version
from store.search import ids_by_phrases, weekly_matches
from store.topics import add_topic_model, ids_without_topic, topics_of_papers
from store.weekly import rebuild_weekly_tables, weekly_counts, weekly_tables_are_current, weekly_totals
from store.windows import window_records

Stored = Callable[..., Database]
Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
SEEN_AT = datetime(2026, 6, 23, 6, tzinfo=UTC)

# PostgreSQL text cannot contain NUL, and lone surrogates are invalid; XML allows neither.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
_LINE = _TEXT.map(one_line).filter(bool)
_INSTANT = st.datetimes(
    min_value=datetime(1991, 8, 14),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))]),
)


@st.composite
def _papers(draw: st.DrawFn) -> Paper:
    categories = tuple(draw(st.lists(st.sampled_from(["cs.LG", "stat.ML", "math.OC"]), min_size=1, unique=True)))
    return Paper(
        arxiv_id=ArxivId(draw(st.from_regex(r"[0-9]{4}\.[0-9]{5}|cs/[0-9]{7}", fullmatch=True))),
        version=draw(st.integers(1, 90)),
        title=draw(_LINE),
        abstract=draw(_LINE),
        authors=tuple(draw(st.lists(_LINE, max_size=4))),
        primary_category=categories[0],
        categories=categories,
        submitted_at=draw(_INSTANT),
        updated_at=draw(_INSTANT),
        comment=draw(st.none() | _LINE),
        doi=draw(st.none() | _LINE),
        journal_ref=draw(st.none() | _LINE),
        is_withdrawn=draw(st.booleans()),
        source=draw(st.sampled_from(["api", "oai", "snapshot"])),
    )


def _count(db: Database, table: Any) -> int:
    with db.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(papers=st.lists(_papers(), max_size=4, unique_by=lambda p: p.arxiv_id))
def test_papers_come_back_as_they_went_in(database: Database, papers: list[Paper]) -> None:
    # The database is the same for all examples, so one may have had a paper of this name before.
    known = known_papers(database, [p.arxiv_id for p in papers])
    fresh = [p for p in papers if p.arxiv_id not in known]
    apply_harvest(database, plan_harvest(fresh, {}), None, seen_at=SEEN_AT)
    back = papers_in_order(database, [p.arxiv_id for p in fresh])
    assert back == fresh
    assert [p.source for p in back] == [p.source for p in fresh]


def test_instants_keep_their_moment_whatever_zone_they_came_in(stored: Stored, make_paper: Make) -> None:
    tokyo = timezone(timedelta(hours=9))
    at = datetime(2026, 6, 22, 8, 30, tzinfo=tokyo)  # still Sunday in UTC
    p = make_paper(submitted_at=at, updated_at=at)
    db = stored(p)
    [back] = papers_of_week(db, WEEK, ["cs.LG"])
    assert back.submitted_at == at
    assert back.submitted_at.utcoffset() == timedelta(0)


def test_storing_the_same_papers_again_plans_nothing(stored: Stored, make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(5)]
    db = stored(*papers)
    plan = plan_harvest(papers, known_papers(db, [p.arxiv_id for p in papers]))
    assert plan == HarvestPlan((), (), (), tuple(p.arxiv_id for p in papers))
    stored(*papers)
    assert count_papers(db) == 5
    assert _count(db, paper_version) == 5


def test_a_replacement_changes_the_text_but_not_the_week(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper())
    later = make_paper().submitted_at + timedelta(weeks=3)
    stored(make_paper(version=2, title="New words", abstract="All new.", submitted_at=later, updated_at=later))
    [p] = papers_of_week(db, WEEK, ["cs.LG"])
    assert (p.version, p.title, p.abstract, p.updated_at) == (2, "New words", "All new.", later)
    assert p.submitted_at == make_paper().submitted_at
    with db.read() as connection:
        versions = connection.execute(select(paper_version.c.version).order_by(paper_version.c.version)).scalars()
        assert list(versions) == [1, 2]


def test_a_replacement_leaves_categories_it_gave_up(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(categories=("cs.LG", "cs.CV")))
    stored(make_paper(version=2, categories=("cs.LG", "cs.CL")))
    assert papers_of_week(db, WEEK, ["cs.CV"]) == []
    assert len(papers_of_week(db, WEEK, ["cs.CL"])) == 1
    assert _count(db, paper_category) == 2


def test_a_replacement_deletes_what_was_derived_from_the_old_text(stored: Stored, make_paper: Make) -> None:
    old, other = make_paper(1), make_paper(2)
    db = stored(old, other)
    ids = (old.arxiv_id, other.arxiv_id)
    add_embeddings(db, Embeddings(ids, np.eye(2, dtype=np.float32), "m"))
    add_detections(db, "d", [PaperDetections(i, (Detection("technique", "gnn", 2, ()),)) for i in ids])
    fit = add_topic_model(
        db,
        FittedTopics("m", np.eye(2, dtype=np.float32)[:1], (2,), ("graphs",), (("graph",),), 0.3),
        [Topic(1, "graphs", ("graph",), WEEK, 2)],
        [],
        TopicAssignment(ids, np.zeros(2, np.int32), np.ones(2, np.float32)),
        fitted_week=WEEK,
        fitted_at=SEEN_AT,
        settings={},
        library_versions={},
    )
    rebuild_weekly_tables(db, "d", fit, ["cs.LG"], now=SEEN_AT)
    stored(make_paper(1, version=2, abstract="Other words."))
    assert ids_without_embedding(db, "m") == [old.arxiv_id]
    assert ids_without_detections(db, "d") == [old.arxiv_id]
    assert set(detections_of_week(db, "d", WEEK, ["cs.LG"])) == {other.arxiv_id}
    assert topics_of_papers(db, fit) == {other.arxiv_id: 1}
    assert ids_without_topic(db, fit, "m") == []  # it has no vector
    assert not weekly_tables_are_current(db, "d", fit, ["cs.LG"])
    assert embeddings_by_id(db, "m", list(ids)).ids == (other.arxiv_id,)


def test_papers_are_returned_in_the_requested_order_without_unknown_ones(stored: Stored, make_paper: Make) -> None:
    db = stored(*(make_paper(i) for i in range(3)))
    wanted = [make_paper(i).arxiv_id for i in (2, 7, 0)]
    assert [p.arxiv_id for p in papers_in_order(db, wanted)] == [wanted[0], wanted[2]]


def test_a_week_holds_its_watched_papers_by_time(stored: Stored, make_paper: Make) -> None:
    inside = [make_paper(i, submitted_at=at) for i, at in ((2, WEEK.start_at), (1, WEEK.end_at - timedelta(seconds=1)))]
    outside = make_paper(3, submitted_at=WEEK.end_at)
    unwatched = make_paper(4, primary_category="math.OC", categories=("math.OC",))
    db = stored(*inside, outside, unwatched)
    assert papers_of_week(db, WEEK, ["cs.LG"]) == inside


def test_a_window_harvested_again_is_one_record_that_counts_its_tries(
    database: Database, harvested: Callable[..., HarvestedWindow], make_paper: Make
) -> None:
    nothing = HarvestPlan((), (), (), ())
    apply_harvest(database, nothing, harvested(WEEK, problem="arXiv said 2 papers, 0 came"), seen_at=SEEN_AT)
    [record] = window_records(database, ["cs.LG"])
    assert (record.is_complete, record.n_got, record.n_tries) == (False, 0, 1)
    found = harvested(WEEK, make_paper(1), make_paper(2))
    apply_harvest(database, plan_harvest(found.papers, {}), found, seen_at=SEEN_AT)
    [record] = window_records(database, ["cs.LG"])
    assert (record.is_complete, record.n_said, record.n_got, record.n_tries) == (True, 2, 2, 2)
    assert record.window == found.window


def test_windows_belong_to_their_categories_in_any_order(
    database: Database, harvested: Callable[..., HarvestedWindow]
) -> None:
    plan = HarvestPlan((), (), (), ())
    apply_harvest(database, plan, harvested(WEEK, categories=("cs.LG", "cs.CL")), seen_at=SEEN_AT)
    assert len(window_records(database, ["cs.CL", "cs.LG"])) == 1
    assert window_records(database, ["cs.LG"]) == []


def test_papers_and_their_window_are_stored_together_or_not_at_all(
    database: Database, harvested: Callable[..., HarvestedWindow], make_paper: Make
) -> None:
    found = harvested(WEEK, make_paper(1))
    twice = HarvestPlan((make_paper(1), make_paper(1)), (), (), ())
    with pytest.raises(Exception, match="database"):
        apply_harvest(database, twice, found, seen_at=SEEN_AT)
    assert count_papers(database) == 0
    assert window_records(database, ["cs.LG"]) == []


def test_a_withdrawn_paper_stays_stored_and_leaves_every_count_list_and_search(
    stored: Stored, make_paper: Make
) -> None:
    papers = [make_paper(i, categories=("cs.LG", "cs.CL")) for i in range(3)]
    db = stored(*papers)
    ids = tuple(p.arxiv_id for p in papers)
    add_embeddings(db, Embeddings(ids, np.eye(3, dtype=np.float32), "m"))
    add_detections(db, "d", [PaperDetections(i, (Detection("technique", "gnn", 2, ()),)) for i in ids])

    def seen() -> dict[str, int]:
        rebuild_weekly_tables(db, "d", None, ["cs.LG", "cs.CL"], now=SEEN_AT)
        corpus = Corpus(("cs.LG", "cs.CL"))
        return {
            "week": len(papers_of_week(db, WEEK, ["cs.LG"])),
            "detections": len(detections_of_week(db, "d", WEEK, ["cs.LG"])),
            "total": int(weekly_totals(db, ["cs.LG"])["n"].sum()),
            "of a category": int(weekly_totals(db, ["cs.LG", "cs.CL"], PaperQuery(categories=("cs.CL",)))["n"].sum()),
            "primary": int(weekly_totals(db, ["cs.LG"], PaperQuery(categories=("cs.LG",), primary=True))["n"].sum()),
            "count": int(weekly_counts(db)["k"].sum()),
            "count of a category": int(weekly_counts(db, category="cs.CL")["k"].sum()),
            "vectors": len(embeddings_of(db, "m", categories=["cs.LG"]).ids),
            "by phrases": len(ids_by_phrases(db, ["study"], corpus)),
            "matches": sum(weekly_matches(db, ["report"], corpus).values()),
        }

    assert set(seen().values()) == {3}
    stored(replace(papers[0], version=2, is_withdrawn=True))
    assert set(seen().values()) == {2}
    assert (count_papers(db), count_withdrawn(db, WEEK, ["cs.LG"])) == (3, 1)
    stored(replace(papers[0], version=3))
    assert set(seen().values()) == {3}
    assert count_withdrawn(db, WEEK, ["cs.LG"]) == 0


def test_the_proof_of_a_window_counts_withdrawn_papers_as_arxiv_does(
    database: Database, harvested: Callable[..., HarvestedWindow], make_paper: Make
) -> None:
    found = harvested(WEEK, make_paper(1), make_paper(2, is_withdrawn=True))
    apply_harvest(database, plan_harvest(found.papers, {}), found, seen_at=SEEN_AT)
    [record] = window_records(database, ["cs.LG"])
    assert (record.is_complete, record.n_said, record.n_got) == (True, 2, 2)
    assert len(papers_of_week(database, WEEK, ["cs.LG"])) == 1


def test_a_paper_in_several_watched_categories_counts_once(stored: Stored, make_paper: Make) -> None:
    watched = ["cs.LG", "cs.CL", "stat.ML"]
    db = stored(make_paper(1, categories=("cs.LG", "cs.CL", "stat.ML")), make_paper(2, categories=("cs.LG", "math.OC")))
    assert int(weekly_totals(db, watched)["n"].sum()) == 2
    assert len(papers_of_week(db, WEEK, watched)) == 2
    add_detections(
        db,
        "d",
        [PaperDetections(make_paper(i).arxiv_id, (Detection("technique", "gnn", 2, ()),)) for i in (1, 2)],
    )
    rebuild_weekly_tables(db, "d", None, watched, now=SEEN_AT)
    assert weekly_counts(db)["k"].tolist() == [2]


def test_versions_are_stored_with_the_dates_that_sources_give(
    stored: Stored, database: Database, make_paper: Make
) -> None:
    days = [make_paper().submitted_at + timedelta(days=n) for n in range(4)]
    third = make_paper(version=3, updated_at=days[2])
    stored(third)  # the query API gives the first and the newest
    expected = [PaperVersion(third.arxiv_id, n, days[n - 1]) for n in (1, 2, 3, 4)]
    assert versions_of_paper(database, third.arxiv_id) == [expected[0], expected[2]]
    plan = plan_harvest([third], {third.arxiv_id: third}, [expected[1]])  # OAI-PMH and the snapshot give all
    apply_harvest(database, plan, None, seen_at=SEEN_AT)
    assert versions_of_paper(database, third.arxiv_id) == expected[:3]
    stored(replace(third, version=4, updated_at=days[3]))
    apply_harvest(database, plan, None, seen_at=SEEN_AT)
    assert versions_of_paper(database, third.arxiv_id) == expected
