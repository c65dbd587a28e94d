"""Topic models, the topics they were matched to, and which paper belongs to which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, select, update

from domain.paper import ArxivId
from domain.topics import AssignedPaper, FittedTopics, Topic, TopicAssignment, TopicEvent
from domain.week import Week
from store.database import Database
from store.papers import is_watched
from store.schema import (
    embedding,
    fitted_topic,
    paper,
    topic,
    topic_assignment,
    topic_event,
    topic_model,
    weekly_basis,
)

_VECTOR = np.dtype("<f4")


@dataclass(frozen=True, eq=False)
class StoredTopicModel:
    """A fit as the store remembers it; ``topics[i]`` is what number ``i`` of ``fitted`` is in the registry."""

    topic_model_id: int
    fitted: FittedTopics
    topics: tuple[Topic, ...]
    fitted_week: Week
    fitted_at: datetime
    n_papers: int


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
            select(fitted_topic, topic.c.label, topic.c.born_week)
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
        topics=tuple(
            Topic(row.topic_id, row.label, tuple(row.top_terms), Week(row.born_week), row.size) for row in rows
        ),
        fitted_week=Week(model.fitted_week),
        fitted_at=model.fitted_at,
        n_papers=model.n_papers,
    )


def highest_topic_id(db: Database) -> int:
    """The highest id ever given to a topic, whatever the embedding model; 0 before the first."""
    with db.read() as connection:
        return connection.execute(select(func.max(topic.c.topic_id))).scalar_one() or 0


@dataclass(frozen=True, eq=False)
class RegisteredTopic:
    """A topic with its last centroid, and whether the newest fit still has it."""

    topic: Topic
    centroid: NDArray[np.float32]
    is_active: bool


def registered_topics(db: Database, embedding_model_id: str) -> list[RegisteredTopic]:
    """Every topic that a fit on vectors of this embedding model ever had, by id."""
    model = topic_model.c
    of_model = select(model.topic_model_id).where(model.embedding_model_id == embedding_model_id)
    question = (
        select(fitted_topic, topic.c.label, topic.c.born_week)
        .join(topic, topic.c.topic_id == fitted_topic.c.topic_id)
        .where(fitted_topic.c.topic_model_id.in_(of_model))
        .order_by(fitted_topic.c.topic_model_id)
    )
    with db.read() as connection:
        newest = connection.execute(select(func.max(of_model.subquery().c.topic_model_id))).scalar_one()
        last = {row.topic_id: row for row in connection.execute(question)}  # a later fit's row wins
    return [
        RegisteredTopic(
            Topic(row.topic_id, row.label, tuple(row.top_terms), Week(row.born_week), row.size),
            np.frombuffer(row.centroid, dtype=_VECTOR).astype(np.float32),
            row.topic_model_id == newest,
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
) -> int:
    """Store a fit with its registry entries, events and assignments in one transaction; returns its id.

    ``topics[i]`` is what number ``i`` of the fit is in the registry: an id seen before keeps its row and takes
    the label given here, a new id gets a row.
    """
    if len(topics) != len(fitted):
        raise ValueError(f"expected {len(fitted)} topics, got {len(topics)}")
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
            connection.execute(
                fitted_topic.insert(),
                [
                    {
                        "topic_model_id": topic_model_id,
                        "number": number,
                        "topic_id": t.topic_id,
                        "size": t.size,
                        "top_terms": list(t.top_terms),
                        "centroid": fitted.centroids[number].astype(_VECTOR).tobytes(),
                    }
                    for number, t in enumerate(topics)
                ],
            )
        if events:
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
        _store_assignment(db, connection, topic_model_id, [t.topic_id for t in topics], assignment)
    return topic_model_id


def _upsert_topics(connection: Connection, topics: Sequence[Topic]) -> None:
    known = set(connection.execute(select(topic.c.topic_id)).scalars())
    old = [t for t in topics if t.topic_id in known]
    new = [t for t in topics if t.topic_id not in known]
    for t in old:
        connection.execute(update(topic).where(topic.c.topic_id == t.topic_id).values(label=t.label))
    if new:
        connection.execute(
            topic.insert(),
            [{"topic_id": t.topic_id, "label": t.label, "born_week": t.born_week.monday} for t in new],
        )


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
    rows = [
        {
            "topic_model_id": topic_model_id,
            "arxiv_id": arxiv_id,
            "topic_id": None if number < 0 else topic_ids[number],
            "similarity": float(similarity),
        }
        for arxiv_id, number, similarity in zip(
            assignment.ids, assignment.topic.tolist(), assignment.similarity.tolist(), strict=True
        )
    ]
    if not rows:
        return
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


def weekly_fit(db: Database, model: StoredTopicModel, categories: Collection[str]) -> dict[str, dict[str, float]]:
    """How well the fit still suits each week's papers.

    ``unassigned`` is the share of them below the floor, ``similarity`` the mean cosine to the nearest centroid;
    the one rising or the other falling says that research has moved away from the topics.
    """
    place = topic_assignment.c
    question = (
        select(
            paper.c.week_start,
            func.count().label("n"),
            func.count(place.topic_id).label("n_assigned"),
            func.avg(place.similarity).label("similarity"),
        )
        .join(topic_assignment, place.arxiv_id == paper.c.arxiv_id)
        .where(place.topic_model_id == model.topic_model_id, is_watched(categories))
        .group_by(paper.c.week_start)
        .order_by(paper.c.week_start)
    )
    with db.read() as connection:
        return {
            str(Week(row.week_start)): {
                "unassigned": round(1 - row.n_assigned / row.n, 4),
                "similarity": round(row.similarity, 4),
            }
            for row in connection.execute(question)
        }
