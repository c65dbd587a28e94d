"""Topics: those of the newest fit, all, past ones included, and their share by week."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.topics.assignment import second_topics
from analysis.topics.weekly_shares import weekly_topic_shares
from domain.digest import SharePoint
from domain.paper_arrays import PaperIndex
from domain.week import Week, last_closed_week, weeks_between
from queries.results import ListedTopic, TopicPage
from runtime.context import AppContext
from store.topics import RegisteredTopic, papers_by_topic, registered_topics
from store.weekly import complete_weeks

TopicSort = Literal["size", "name", "newest", "recent"]
"""The order of topics: most papers, label, newest first, or most papers in the newest week."""


def topics(context: AppContext) -> tuple[ListedTopic, ...]:
    """The topics of the newest fit, largest first."""
    return tuple(t for t in all_topics(context) if t.active)


def all_topics(context: AppContext) -> tuple[ListedTopic, ...]:
    """Every topic, past ones included: the active ones, largest first, then the others."""
    return context.cached("all topics", lambda: _all_topics(context))


def _all_topics(context: AppContext) -> tuple[ListedTopic, ...]:
    n_papers = papers_by_topic(context.db, context.corpus)
    lines = [_line(t, n_papers.get(t.topic.topic_id, 0)) for t in registered(context)]
    return tuple(sorted(lines, key=lambda t: (not t.active, -t.n_papers, t.topic_id)))


def _line(registered: RegisteredTopic, n_papers: int) -> ListedTopic:
    t, (x, y) = registered.topic, registered.position
    return ListedTopic(
        topic_id=t.topic_id,
        label=t.label,
        area=t.area,
        top_terms=t.top_terms,
        born_week=t.born_week,
        n_papers=n_papers,
        active=registered.is_active,
        x=_finite(x),
        y=_finite(y),
    )


def registered(context: AppContext) -> list[RegisteredTopic]:
    """Every topic with its centroid, past ones included, by id."""
    model_id = context.embedding_model_id
    if model_id is None:
        return []
    return context.cached("registered topics", lambda: registered_topics(context.db, model_id))


def second_topic_ids(context: AppContext, index: PaperIndex) -> NDArray[np.int64]:
    """The id of another topic that each paper of the index is near to, -1 for none; see `second_topics`."""
    return context.cached("second topics", lambda: _second_topic_ids(context, index), pool="large")


def _second_topic_ids(context: AppContext, index: PaperIndex) -> NDArray[np.int64]:
    model = context.topic_model
    if model is None or not len(index) or index.vectors.shape[1] != model.fitted.centroids.shape[1]:
        return np.full(len(index), -1, dtype=np.int64)
    ids = np.array([t.topic_id for t in model.topics], dtype=np.int64)
    numbers = {topic_id: number for number, topic_id in enumerate(ids.tolist())}
    own = np.array([numbers.get(topic_id, -1) for topic_id in index.topic_id.tolist()], dtype=np.int64)
    second = second_topics(index.vectors, own, model.fitted)
    return np.where(second >= 0, ids[second], -1)


def topic_page(context: AppContext, *, limit: int, offset: int = 0) -> TopicPage:
    """One page of all topics, in the order of `all_topics`."""
    everyone = all_topics(context)
    after = offset + limit if offset + limit < len(everyone) else None
    return TopicPage(len(everyone), None if after is None else str(after), everyone[offset : offset + limit])


def topics_matching(context: AppContext, words: str, area: str, sort: TopicSort) -> tuple[ListedTopic, ...]:
    """The topics of the newest fit whose label or top terms hold all words, of one area or, if empty, of any."""
    wanted = words.casefold().split()
    found = [
        t
        for t in topics(context)
        if (not area or t.area == area)
        and all(word in f"{t.label} {' '.join(t.top_terms)}".casefold() for word in wanted)
    ]
    series = topic_series(context)
    keys: dict[TopicSort, Callable[[ListedTopic], Any]] = {
        "size": lambda t: -t.n_papers,
        "name": lambda t: t.label.casefold(),
        "newest": lambda t: (-t.born_week.monday.toordinal(), -t.n_papers),
        "recent": lambda t: -(series[t.topic_id][-1].k if series.get(t.topic_id) else 0),
    }
    return tuple(sorted(found, key=keys[sort]))


def topic_series(context: AppContext, n_weeks: int = 26) -> dict[int, tuple[SharePoint, ...]]:
    """The share of each active topic up to the newest closed week that is stored, without intervals."""
    return context.cached(("topic series", n_weeks), lambda: _topic_series(context, n_weeks))


def _topic_series(context: AppContext, n_weeks: int) -> dict[int, tuple[SharePoint, ...]]:
    index = context.paper_search.index
    if not len(index):
        return {}
    held = [Week.containing(datetime.fromtimestamp(int(day) * 86_400, UTC)) for day in index.day[[0, -1]]]
    last = min(held[1], last_closed_week(context.now()))
    first = max(held[0], last.plus(1 - n_weeks), context.embedded_since or held[0])
    weeks = list(weeks_between(first, last))
    if not weeks:  # only a week that is still open is stored
        return {}
    return weekly_topic_shares(
        index.day,
        index.topic_id,
        topic_ids=[t.topic_id for t in topics(context)],
        weeks=weeks,
        complete=complete_weeks(context.db, context.settings.categories),
    )


def _finite(number: float) -> float | None:
    return round(number, 4) if np.isfinite(number) else None
