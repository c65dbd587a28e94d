"""Topic models, registered topics, assignments of papers, events, drift and maps."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, func, select, update

from domain.paper import ArxivId
from domain.topics import AssignedPaper, FittedTopics, Topic, TopicAssignment, TopicDrift, TopicEvent
from domain.week import Week
from store.database import Database
from store.paper_query import Corpus, matches
from store.schema import (
    embedding,
    fitted_topic,
    map_paper,
    paper,
    topic,
    topic_assignment,
    topic_drift,
    topic_event,
    topic_model,
    weekly_basis,
)
from store.sql_conditions import is_watched
from store.vector_encoding import pack_vector, unpack_vector, unpack_vectors


@dataclass(frozen=True, eq=False)
class StoredTopicModel:
    """A stored fit, with the topics born since.

    ``topics[i]`` is the registered topic of number ``i`` of ``fitted``. ``positions`` is float64 ``(n_topics, 2)``, the
    topics' coordinates on the map; NaN if there is no map.
    """

    topic_model_id: int
    fitted: FittedTopics
    topics: tuple[Topic, ...]
    fitted_week: Week
    fitted_at: datetime
    n_papers: int
    positions: NDArray[np.float64]


# An operator's name takes precedence over the generated label.
_shown_label = func.coalesce(topic.c.given_name, topic.c.label).label("label")


def newest_topic_model(db: Database, embedding_model_id: str) -> StoredTopicModel | None:
    """The newest fit on vectors of this embedding model; ``None`` if there is none."""
    query = (
        select(topic_model)
        .where(topic_model.c.embedding_model_id == embedding_model_id)
        .order_by(topic_model.c.topic_model_id.desc())
        .limit(1)
    )
    with db.read() as connection:
        model = connection.execute(query).one_or_none()
        if model is None:
            return None
        rows = connection.execute(
            select(fitted_topic, _shown_label, topic.c.born_week, topic.c.area)
            .join(topic, topic.c.topic_id == fitted_topic.c.topic_id)
            .where(fitted_topic.c.topic_model_id == model.topic_model_id)
            .order_by(fitted_topic.c.number)
        ).all()
    return StoredTopicModel(
        topic_model_id=model.topic_model_id,
        fitted=FittedTopics(
            embedding_model_id=embedding_model_id,
            centroids=unpack_vectors([row.centroid for row in rows]),
            sizes=tuple(row.size for row in rows),
            labels=tuple(row.label for row in rows),
            top_terms=tuple(tuple(row.top_terms) for row in rows),
            floor=model.floor,
        ),
        topics=tuple(_topic(row) for row in rows),
        fitted_week=Week(model.fitted_week),
        fitted_at=model.fitted_at,
        n_papers=model.n_papers,
        positions=np.array([(row.x, row.y) for row in rows], dtype=np.float64).reshape(len(rows), 2),
    )


def _topic(row: Row[Any]) -> Topic:
    return Topic(row.topic_id, row.label, tuple(row.top_terms), Week(row.born_week), row.size, row.area)


def highest_topic_id(db: Database) -> int:
    """The highest topic id in use, over all embedding models; 0 if there is none."""
    with db.read() as connection:
        return connection.execute(select(func.max(topic.c.topic_id))).scalar_one() or 0


@dataclass(frozen=True, eq=False)
class RegisteredTopic:
    """A topic with its latest centroid and map position.

    ``is_active`` tells whether the newest fit has the topic, ``has_given_name`` whether the operator named it.
    ``position`` is NaN if the topic is on no map.
    """

    topic: Topic
    centroid: NDArray[np.float32]
    is_active: bool
    has_given_name: bool
    position: tuple[float, float]


def registered_topics(db: Database, embedding_model_id: str) -> list[RegisteredTopic]:
    """All topics of all fits on vectors of this embedding model, by id."""
    model = topic_model.c
    of_model = select(model.topic_model_id).where(model.embedding_model_id == embedding_model_id)
    query = (
        select(fitted_topic, _shown_label, topic.c.given_name, topic.c.born_week, topic.c.area)
        .join(topic, topic.c.topic_id == fitted_topic.c.topic_id)
        .where(fitted_topic.c.topic_model_id.in_(of_model))
        .order_by(fitted_topic.c.topic_model_id)
    )
    with db.read() as connection:
        newest = connection.execute(select(func.max(of_model.subquery().c.topic_model_id))).scalar_one()
        last = {row.topic_id: row for row in connection.execute(query)}  # a later fit's row wins
    return [
        RegisteredTopic(
            topic=_topic(row),
            centroid=unpack_vector(row.centroid),
            is_active=row.topic_model_id == newest,
            has_given_name=row.given_name is not None,
            position=(float("nan") if row.x is None else row.x, float("nan") if row.y is None else row.y),
        )
        for _, row in sorted(last.items())
    ]


def papers_by_topic(db: Database, corpus: Corpus) -> dict[int, int]:
    """The number of the corpus's papers in each topic; a topic without a paper is absent."""
    query = (
        select(topic_assignment.c.topic_id, func.count().label("n_papers"))
        .join(paper, paper.c.arxiv_id == topic_assignment.c.arxiv_id)
        .where(
            topic_assignment.c.topic_model_id == corpus.topic_model_id,
            topic_assignment.c.topic_id.is_not(None),
            matches(corpus),
        )
        .group_by(topic_assignment.c.topic_id)
    )
    with db.read() as connection:
        return {row.topic_id: row.n_papers for row in connection.execute(query)}


def topics_of_papers(db: Database, topic_model_id: int) -> dict[ArxivId, int]:
    """The topic of each assigned paper by this fit; unassigned papers are absent."""
    query = select(topic_assignment.c.arxiv_id, topic_assignment.c.topic_id).where(
        topic_assignment.c.topic_model_id == topic_model_id, topic_assignment.c.topic_id.is_not(None)
    )
    with db.read() as connection:
        return {ArxivId(arxiv_id): topic_id for arxiv_id, topic_id in connection.execute(query)}


def add_topic_model(
    db: Database,
    fitted: FittedTopics,
    topics: Sequence[Topic],
    events: Sequence[TopicEvent],
    assignment: TopicAssignment,
    *,
    fitted_week: Week,
    fitted_at: datetime,
    settings: Mapping[str, Any],
    library_versions: Mapping[str, str],
    positions: NDArray[np.float64] | None = None,
    paper_positions: Mapping[ArxivId, tuple[float, float]] | None = None,
    drift: Sequence[TopicDrift] = (),
) -> int:
    """Store a fit with its registry entries, events, map and assignments in one transaction; returns its id.

    Parameters
    ----------
    topics : the registered topic of each number of the fit. A known id takes the new label, unless the operator named
        the topic; a new id is added.
    positions : map coordinates of the topics, ``(n_topics, 2)``; NaN or ``None`` without a map.
    paper_positions : map coordinates of a sample of papers.
    drift : drift of the last weeks in the fit.
    """
    if len(topics) != len(fitted):
        raise ValueError(f"expected {len(fitted)} topics, got {len(topics)}")
    if positions is None:
        positions = np.full((len(fitted), 2), np.nan)
    with db.write() as connection:
        topic_model_id: int = connection.execute(
            topic_model.insert()
            .values(
                embedding_model_id=fitted.embedding_model_id,
                fitted_week=fitted_week.monday,
                fitted_at=fitted_at,
                n_papers=len(assignment.ids),
                floor=fitted.floor,
                settings=dict(settings),
                library_versions=dict(library_versions),
            )
            .returning(topic_model.c.topic_model_id)
        ).scalar_one()
        _upsert_topics(connection, topics)
        if topics:
            rows = [
                _fitted_row(topic_model_id, number, t, fitted.centroids[number], positions[number])
                for number, t in enumerate(topics)
            ]
            connection.execute(fitted_topic.insert(), rows)
        _store_events(connection, topic_model_id, events)
        _store_assignment(db, connection, topic_model_id, [t.topic_id for t in topics], assignment)
        if paper_positions:
            connection.execute(
                map_paper.insert(),
                [
                    {"topic_model_id": topic_model_id, "arxiv_id": arxiv_id, "x": x, "y": y}
                    for arxiv_id, (x, y) in paper_positions.items()
                ],
            )
        _store_drift(db, connection, topic_model_id, drift)
    return topic_model_id


def _fitted_row(
    topic_model_id: int, number: int, t: Topic, centroid: NDArray[np.float32], position: NDArray[np.float64]
) -> dict[str, Any]:
    x, y = position.tolist()
    return {
        "topic_model_id": topic_model_id,
        "number": number,
        "topic_id": t.topic_id,
        "size": t.size,
        "top_terms": list(t.top_terms),
        "centroid": pack_vector(centroid),
        "x": x if np.isfinite(x) else None,
        "y": y if np.isfinite(y) else None,
    }


def _store_events(connection: Connection, topic_model_id: int, events: Sequence[TopicEvent]) -> None:
    if not events:
        return
    connection.execute(
        topic_event.insert(),
        [
            {
                "topic_id": e.topic_id,
                "topic_model_id": topic_model_id,
                "kind": e.kind,
                "week": e.week.monday,
                "detail": e.detail,
                "other_topic_id": e.other_topic_id,
            }
            for e in events
        ],
    )


def _upsert_topics(connection: Connection, topics: Sequence[Topic]) -> None:
    known = set(connection.execute(select(topic.c.topic_id)).scalars())
    new = [t for t in topics if t.topic_id not in known]
    for t in topics:
        if t.topic_id in known:
            of_topic = update(topic).where(topic.c.topic_id == t.topic_id)
            connection.execute(of_topic.values(area=t.area))
            # Keep the generated label under an operator's name, for when the name is removed.
            connection.execute(of_topic.where(topic.c.given_name.is_(None)).values(label=t.label))
    if new:
        connection.execute(
            topic.insert(),
            [{"topic_id": t.topic_id, "label": t.label, "born_week": t.born_week.monday, "area": t.area} for t in new],
        )


def add_new_topic(
    db: Database,
    model: StoredTopicModel,
    new_topic: Topic,
    event: TopicEvent,
    *,
    centroid: NDArray[np.float32],
    position: NDArray[np.float64],
    reassigned: Mapping[ArxivId, float],
) -> None:
    """Add a topic born between refits to a fit, and reassign papers to it, in one transaction.

    ``reassigned`` gives the papers that are closer to it than to their previous topic, with their cosine similarity.
    """
    with db.write() as connection:
        _upsert_topics(connection, [new_topic])
        row = _fitted_row(model.topic_model_id, len(model.topics), new_topic, centroid, position)
        connection.execute(fitted_topic.insert(), [row])
        _store_events(connection, model.topic_model_id, [event])
        _store_assignments(
            db,
            connection,
            model.topic_model_id,
            [(arxiv_id, new_topic.topic_id, similarity) for arxiv_id, similarity in reassigned.items()],
        )


def set_topic_name(db: Database, topic_id: int, name: str | None, *, week: Week) -> str:
    """Set the operator's name of a topic, or remove it with ``None``; returns the resulting label.

    A change is recorded as an event of the newest fit with the topic.
    """
    with db.write() as connection:
        of_topic = topic.c.topic_id == topic_id
        before = connection.execute(select(_shown_label).where(of_topic)).scalar_one()
        connection.execute(update(topic).where(of_topic).values(given_name=name))
        after: str = connection.execute(select(_shown_label).where(of_topic)).scalar_one()
        if after != before:
            newest = select(func.max(fitted_topic.c.topic_model_id)).where(fitted_topic.c.topic_id == topic_id)
            event = TopicEvent(topic_id, "renamed", week, f"{before} -> {after}, by the operator")
            _store_events(connection, connection.execute(newest).scalar_one(), [event])
    return after


def ids_without_topic(db: Database, topic_model_id: int, embedding_model_id: str) -> list[ArxivId]:
    """Papers with a vector that are not yet assigned by this fit, oldest submission first."""
    assigned = select(topic_assignment.c.arxiv_id).where(topic_assignment.c.topic_model_id == topic_model_id)
    query = (
        select(paper.c.arxiv_id)
        .join(embedding, embedding.c.arxiv_id == paper.c.arxiv_id)
        .where(embedding.c.model_id == embedding_model_id, paper.c.arxiv_id.not_in(assigned))
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(query).scalars()]


def add_assignment(db: Database, model: StoredTopicModel, assignment: TopicAssignment) -> None:
    """Store the topics of these papers by this fit."""
    with db.write() as connection:
        _store_assignment(db, connection, model.topic_model_id, [t.topic_id for t in model.topics], assignment)


def _store_assignment(
    db: Database, connection: Connection, topic_model_id: int, topic_ids: list[int], assignment: TopicAssignment
) -> None:
    rows = zip(assignment.ids, assignment.topic.tolist(), assignment.similarity.tolist(), strict=True)
    _store_assignments(
        db,
        connection,
        topic_model_id,
        [(arxiv_id, None if number < 0 else topic_ids[number], similarity) for arxiv_id, number, similarity in rows],
    )


def _store_assignments(
    db: Database, connection: Connection, topic_model_id: int, assignments: Sequence[tuple[ArxivId, int | None, float]]
) -> None:
    if not assignments:
        return
    rows = [
        {"topic_model_id": topic_model_id, "arxiv_id": arxiv_id, "topic_id": topic_id, "similarity": similarity}
        for arxiv_id, topic_id, similarity in assignments
    ]
    insert = db.upsert(topic_assignment)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["topic_model_id", "arxiv_id"],
            set_={"topic_id": insert.excluded.topic_id, "similarity": insert.excluded.similarity},
        ),
        rows,
    )
    connection.execute(update(weekly_basis).values(is_current=False))


def assignments_of_week(
    db: Database, topic_model_id: int, week: Week, categories: Collection[str]
) -> list[AssignedPaper]:
    """The week's watched papers with their topics, most similar to the centroid first."""
    query = (
        select(topic_assignment.c.arxiv_id, topic_assignment.c.topic_id, topic_assignment.c.similarity)
        .join(paper, paper.c.arxiv_id == topic_assignment.c.arxiv_id)
        .where(
            topic_assignment.c.topic_model_id == topic_model_id,
            paper.c.week_start == week.monday,
            is_watched(categories),
        )
        .order_by(topic_assignment.c.similarity.desc(), topic_assignment.c.arxiv_id)
    )
    with db.read() as connection:
        return [AssignedPaper(ArxivId(r.arxiv_id), r.topic_id, r.similarity) for r in connection.execute(query)]


def topic_events(db: Database, topic_id: int) -> list[TopicEvent]:
    """A topic's events, oldest first."""
    query = select(topic_event).where(topic_event.c.topic_id == topic_id).order_by(topic_event.c.event_id)
    with db.read() as connection:
        return [
            TopicEvent(r.topic_id, r.kind, Week(r.week), r.detail, r.other_topic_id) for r in connection.execute(query)
        ]


@dataclass(frozen=True, eq=False)
class AssignedPapers:
    """Papers of some weeks with their topics; each array has one entry per paper.

    ``weeks`` holds Mondays as ``datetime64[D]``. ``topic_ids`` is int64 with -1 for unassigned. ``similarity`` is
    float32, the cosine to the nearest centroid.
    """

    ids: tuple[ArxivId, ...]
    weeks: NDArray[np.datetime64]
    topic_ids: NDArray[np.int64]
    similarity: NDArray[np.float32]


def assignments_of_weeks(
    db: Database,
    topic_model_id: int,
    categories: Collection[str] | None = None,
    *,
    first: Week | None = None,
    last: Week | None = None,
) -> AssignedPapers:
    """The fit's assignments from week ``first`` to ``last``, by submission and identifier.

    With ``categories``, only papers listed under one of them and not withdrawn.
    """
    assigned = topic_assignment.c
    query = (
        select(assigned.arxiv_id, paper.c.week_start, assigned.topic_id, assigned.similarity)
        .join(paper, paper.c.arxiv_id == assigned.arxiv_id)
        .where(assigned.topic_model_id == topic_model_id)
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    if categories is not None:
        query = query.where(is_watched(categories))
    if first is not None:
        query = query.where(paper.c.week_start >= first.monday)
    if last is not None:
        query = query.where(paper.c.week_start <= last.monday)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return AssignedPapers(
        ids=tuple(ArxivId(row.arxiv_id) for row in rows),
        weeks=np.array([row.week_start for row in rows], dtype="datetime64[D]"),
        topic_ids=np.array([-1 if row.topic_id is None else row.topic_id for row in rows], dtype=np.int64),
        similarity=np.array([row.similarity for row in rows], dtype=np.float32),
    )


def add_drift(db: Database, topic_model_id: int, drift: Sequence[TopicDrift]) -> None:
    """Store the drift of weeks, replacing existing values."""
    with db.write() as connection:
        _store_drift(db, connection, topic_model_id, drift)


def _store_drift(db: Database, connection: Connection, topic_model_id: int, drift: Sequence[TopicDrift]) -> None:
    if not drift:
        return
    insert = db.upsert(topic_drift)
    measures = ("n", "share_unassigned", "mean_similarity", "centroid_shift", "embedding_shift")
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["week_start", "topic_model_id"],
            set_={name: insert.excluded[name] for name in measures},
        ),
        [
            {"week_start": d.week.monday, "topic_model_id": topic_model_id}
            | {name: getattr(d, name) for name in measures}
            for d in drift
        ],
    )


def drift_of(db: Database, topic_model_id: int) -> list[TopicDrift]:
    """The measured drift of each week, oldest first."""
    query = select(topic_drift).where(topic_drift.c.topic_model_id == topic_model_id).order_by(topic_drift.c.week_start)
    with db.read() as connection:
        return [
            TopicDrift(
                Week(row.week_start),
                row.n,
                row.share_unassigned,
                row.mean_similarity,
                row.centroid_shift,
                row.embedding_shift,
            )
            for row in connection.execute(query)
        ]


def paper_positions(db: Database, topic_model_id: int) -> dict[ArxivId, tuple[float, float]]:
    """Map coordinates of the fit's sample of papers, by identifier."""
    query = select(map_paper).where(map_paper.c.topic_model_id == topic_model_id).order_by(map_paper.c.arxiv_id)
    with db.read() as connection:
        return {ArxivId(row.arxiv_id): (row.x, row.y) for row in connection.execute(query)}
