"""One topic: what it is, its history, its share by week, its papers and its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.topics.topic_surroundings import central_rows, common_techniques, nearest_topics
from domain.errors import NotFound
from domain.paper_arrays import PaperIndex, day_number
from domain.topics import TopicEvent
from queries.paper_rows import paper_lines, papers_at_rows
from queries.results import ListedTopic, NeighbourTopic, PaperLine, TopicEventLine, TopicResult, TopicTechnique
from queries.topics import all_topics, registered, second_topic_ids
from queries.trends import weekly_points
from runtime.context import AppContext
from store.topics import RegisteredTopic, topic_events

N_NEIGHBOURS = 6
N_TECHNIQUES = 6


def topic(context: AppContext, topic_id: int) -> TopicResult:
    """One topic by its id.

    Raises
    ------
    NotFound
        If no topic ever had this id.
    """
    return context.cached(("topic", topic_id), lambda: _topic(context, topic_id))


def _topic(context: AppContext, topic_id: int) -> TopicResult:
    by_id = {t.topic_id: t for t in all_topics(context)}
    if topic_id not in by_id:
        raise NotFound(f"there is no topic {topic_id}")
    here = by_id[topic_id]
    index = context.paper_search.index
    rows = np.flatnonzero(index.topic_id == topic_id)
    points = weekly_points(context, f"topic:{topic_id}") if here.active else ()
    since = points[0].start if points and index.day[0] < day_number(points[0].start) else None
    return TopicResult(
        **vars(here),
        events=tuple(_event(e, by_id) for e in topic_events(context.db, topic_id)),
        points=points,
        counted_since=since,
        techniques=_techniques(context, index, rows),
        newest=_papers(context, index, rows[::-1]),
        central=_papers(context, index, central_rows(rows, index.similarity)),
        also_near=_papers(context, index, np.flatnonzero(second_topic_ids(context, index) == topic_id)[::-1]),
        neighbours=_neighbours(topic_id, registered(context)),
    )


def _event(event: TopicEvent, topics: Mapping[int, ListedTopic]) -> TopicEventLine:
    other = topics.get(event.other_topic_id) if event.other_topic_id is not None else None
    return TopicEventLine(event.week, event.kind, event.detail, event.other_topic_id, other.label if other else None)


def _techniques(context: AppContext, index: PaperIndex, rows: NDArray[np.int64]) -> tuple[TopicTechnique, ...]:
    """Techniques that the topic's papers adopt, most frequent first."""
    names = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    return tuple(
        TopicTechnique("technique", key, names["technique", key], k, len(rows))
        for key, k in common_techniques(index.level[rows], index.terms, limit=N_TECHNIQUES)
    )


def _papers(context: AppContext, index: PaperIndex, rows: NDArray[np.int64]) -> tuple[PaperLine, ...]:
    return paper_lines(context, papers_at_rows(context, index, rows))


def _neighbours(topic_id: int, everyone: Sequence[RegisteredTopic]) -> tuple[NeighbourTopic, ...]:
    here = next(t for t in everyone if t.topic.topic_id == topic_id)
    others = [t for t in everyone if t.is_active and t is not here]
    return tuple(
        NeighbourTopic(others[i].topic.topic_id, others[i].topic.label, round(cosine, 4))
        for i, cosine in nearest_topics(here.centroid, [t.centroid for t in others], limit=N_NEIGHBOURS)
    )
