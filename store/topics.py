"""Topic models, the topics they were matched to, and which paper belongs to which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, func, select, update

from domain.paper import ArxivId
from domain.topics import AssignedPaper, FittedTopics, Topic, TopicAssignment, TopicDrift, TopicEvent
from domain.week import Week
from store.conditions import is_watched
from store.database import Database
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

_VECTOR = np.dtype("<f4")


@dataclass(frozen=True, eq=False)
class StoredTopicModel:
    """A fit as the store remembers it, with the topics born since.

    ``topics[i]`` is what number ``i`` of ``fitted`` is in the registry, and ``positions[i]`` its place on the map:
    float64 ``(n_topics, 2)``, NaN where none is drawn.
    """

    topic_model_id: int
    fitted: FittedTopics
    topics: tuple[Topic, ...]
    fitted_week: Week
    fitted_at: datetime
    n_papers: int
    positions: NDArray[np.float64]


# What readers see: an operator's name before ours.
_shown_label = func.coalesce(topic.c.given_name, topic.c.label).label("label")


def newest_topic_model(db: Database, embedding_model_id: str) -> StoredTopicModel | None:
    """The newest fit on vectors of this embedding model; ``None`` before the first."""
    question = (
        select(topic_model)
        .where(topic_model.c.embedding_model_id == embedding_model_id)
        .order_by(topic_model.c.topic_model_id.desc())
        .limit(1)
    )
    with db.read() as connection:
        model = connection.execute(question).one_or_none()
        if model is None:
            return None
        rows = connection.execute(
            select(fitted_topic, _shown_label, topic.c.born_week, topic.c.area)
            .join(topic, topic.c.topic_id == fitted_topic.c.topic_id)
            .where(fitted_topic.c.topic_model_id == model.topic_model_id)
            .order_by(fitted_topic.c.number)
        ).all()
    flat = np.frombuffer(b"".join(row.centroid for row in rows), dtype=_VECTOR).astype(np.float32)
    return StoredTopicModel(
        topic_model_id=model.topic_model_id,
        fitted=FittedTopics(
            embedding_model_id=embedding_model_id,
            centroids=flat.reshape(len(rows), -1) if rows else np.zeros((0, 0), dtype=np.float32),
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
    """The highest id ever given to a topic, whatever the embedding model; 0 before the first."""
    with db.read() as connection:
        return connection.execute(select(func.max(topic.c.topic_id))).scalar_one() or 0


@dataclass(frozen=True, eq=False)
class RegisteredTopic:
    """A topic with its last centroid and place on the map, and whether the newest fit still has it.

    ``has_given_name`` tells whether the label is an operator's. ``position`` is NaN where the topic has none.
    """

    topic: Topic
    centroid: NDArray[np.float32]
    is_active: bool
    has_given_name: bool
    position: tuple[float, float]


def registered_topics(db: Database, embedding_model_id: str) -> list[RegisteredTopic]:
    """Every topic that a fit on vectors of this embedding model ever had, by id."""
    model = topic_model.c
    of_model = select(model.topic_model_id).where(model.embedding_model_id == embedding_model_id)
    question = (
        select(fitted_topic, _shown_label, topic.c.given_name, topic.c.born_week, topic.c.area)
        .join(topic, topic.c.topic_id == fitted_topic.c.topic_id)
        .where(fitted_topic.c.topic_model_id.in_(of_model))
        .order_by(fitted_topic.c.topic_model_id)
    )
    with db.read() as connection:
        newest = connection.execute(select(func.max(of_model.subquery().c.topic_model_id))).scalar_one()
        last = {row.topic_id: row for row in connection.execute(question)}  # a later fit's row wins
    return [
        RegisteredTopic(
            topic=_topic(row),
            centroid=np.frombuffer(row.centroid, dtype=_VECTOR).astype(np.float32),
            is_active=row.topic_model_id == newest,
            has_given_name=row.given_name is not None,
            position=(float("nan") if row.x is None else row.x, float("nan") if row.y is None else row.y),
        )
        for _, row in sorted(last.items())
    ]


def topics_of_papers(db: Database, topic_model_id: int) -> dict[ArxivId, int]:
    """The topic of every assigned paper by this fit; papers below its floor are absent."""
    question = select(topic_assignment.c.arxiv_id, topic_assignment.c.topic_id).where(
        topic_assignment.c.topic_model_id == topic_model_id, topic_assignment.c.topic_id.is_not(None)
    )
    with db.read() as connection:
        return {ArxivId(arxiv_id): topic_id for arxiv_id, topic_id in connection.execute(question)}


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

    ``topics[i]`` is what number ``i`` of the fit is in the registry: an id seen before keeps its row and takes the
    label given here, unless an operator named it; a new id gets a row. ``positions`` and ``paper_positions`` are the
    map, of topics ``(n_topics, 2)`` and of a sample of papers. ``drift`` tells how the last weeks fit that it saw.
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
        "centroid": centroid.astype(_VECTOR).tobytes(),
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
            # A given name is shown as the label; ours stays below it, for when the operator takes it back.
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
    """Store a topic born between refits as the last one of a fit, and move papers to it, in one transaction.

    ``reassigned`` holds the papers that are nearer to it than to the topic that they had, with their cosine.
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
    """Name a topic as the operator wants, or with ``None`` as its papers have it; returns the label now shown.

    A change is an event of the topic, of the newest fit that has it.
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
    """Papers with a vector that this fit has not been asked about, oldest submission first."""
    asked = select(topic_assignment.c.arxiv_id).where(topic_assignment.c.topic_model_id == topic_model_id)
    question = (
        select(paper.c.arxiv_id)
        .join(embedding, embedding.c.arxiv_id == paper.c.arxiv_id)
        .where(embedding.c.model_id == embedding_model_id, paper.c.arxiv_id.not_in(asked))
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(question).scalars()]


def add_assignment(db: Database, model: StoredTopicModel, assignment: TopicAssignment) -> None:
    """Store which topics these papers belong to by this fit."""
    with db.write() as connection:
        _store_assignment(db, connection, model.topic_model_id, [t.topic_id for t in model.topics], assignment)


def _store_assignment(
    db: Database, connection: Connection, topic_model_id: int, topic_ids: list[int], assignment: TopicAssignment
) -> None:
    places = zip(assignment.ids, assignment.topic.tolist(), assignment.similarity.tolist(), strict=True)
    _store_assignments(
        db,
        connection,
        topic_model_id,
        [(arxiv_id, None if number < 0 else topic_ids[number], similarity) for arxiv_id, number, similarity in places],
    )


def _store_assignments(
    db: Database, connection: Connection, topic_model_id: int, places: Sequence[tuple[ArxivId, int | None, float]]
) -> None:
    if not places:
        return
    rows = [
        {"topic_model_id": topic_model_id, "arxiv_id": arxiv_id, "topic_id": topic_id, "similarity": similarity}
        for arxiv_id, topic_id, similarity in places
    ]
    insert = db.upsert(topic_assignment)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["topic_model_id", "arxiv_id"],
            set_={"topic_id": insert.excluded.topic_id, "similarity": insert.excluded.similarity},
        ),
        rows,
    )
    connection.execute(delete(weekly_basis))


def assignments_of_week(
    db: Database, topic_model_id: int, week: Week, categories: Collection[str]
) -> list[AssignedPaper]:
    """The week's watched papers with their topics, closest to their centroid first."""
    question = (
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
        return [AssignedPaper(ArxivId(r.arxiv_id), r.topic_id, r.similarity) for r in connection.execute(question)]


def topic_events(db: Database, topic_id: int) -> list[TopicEvent]:
    """A topic's history, oldest first."""
    question = select(topic_event).where(topic_event.c.topic_id == topic_id).order_by(topic_event.c.event_id)
    with db.read() as connection:
        return [
            TopicEvent(r.topic_id, r.kind, Week(r.week), r.detail, r.other_topic_id)
            for r in connection.execute(question)
        ]


@dataclass(frozen=True, eq=False)
class AssignedPapers:
    """Papers of some weeks with what a fit says of them; the arrays have one entry for each of ``ids``.

    ``weeks`` holds Mondays as ``datetime64[D]``, ``topic_ids`` int64 with -1 for unassigned, ``similarity`` float32.
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
    """The papers of ``first`` to ``last`` week that the fit was asked about, by submission and identifier.

    With ``categories`` only those that are watched under them.
    """
    place = topic_assignment.c
    question = (
        select(place.arxiv_id, paper.c.week_start, place.topic_id, place.similarity)
        .join(paper, paper.c.arxiv_id == place.arxiv_id)
        .where(place.topic_model_id == topic_model_id)
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    if categories is not None:
        question = question.where(is_watched(categories))
    if first is not None:
        question = question.where(paper.c.week_start >= first.monday)
    if last is not None:
        question = question.where(paper.c.week_start <= last.monday)
    with db.read() as connection:
        rows = connection.execute(question).all()
    return AssignedPapers(
        ids=tuple(ArxivId(row.arxiv_id) for row in rows),
        weeks=np.array([row.week_start for row in rows], dtype="datetime64[D]"),
        topic_ids=np.array([-1 if row.topic_id is None else row.topic_id for row in rows], dtype=np.int64),
        similarity=np.array([row.similarity for row in rows], dtype=np.float32),
    )


def add_drift(db: Database, topic_model_id: int, drift: Sequence[TopicDrift]) -> None:
    """Store how well weeks fit; a week that is there already is replaced."""
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
    """How well each week fits of those that were measured, oldest first."""
    question = (
        select(topic_drift).where(topic_drift.c.topic_model_id == topic_model_id).order_by(topic_drift.c.week_start)
    )
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
            for row in connection.execute(question)
        ]


def paper_positions(db: Database, topic_model_id: int) -> dict[ArxivId, tuple[float, float]]:
    """Where the sample of papers lies on this fit's map, by identifier."""
    question = select(map_paper).where(map_paper.c.topic_model_id == topic_model_id).order_by(map_paper.c.arxiv_id)
    with db.read() as connection:
        return {ArxivId(row.arxiv_id): (row.x, row.y) for row in connection.execute(question)}
