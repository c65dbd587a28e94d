"""Topics: those of the newest fit, all, past ones included, and their share by week."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from analysis.topics.weekly_shares import weekly_topic_shares
from domain.digest import SharePoint
from domain.topics import Topic
from domain.week import Week, last_closed_week, weeks_between
from queries.results import ListedTopic, TopicSummary
from runtime.context import AppContext
from store.topics import RegisteredTopic, registered_topics
from store.weekly import complete_weeks


def topics(context: AppContext) -> tuple[TopicSummary, ...]:
    """The topics of the newest fit, largest first."""
    model = context.topic_model
    if model is None:
        return ()
    return tuple(map(_summary, sorted(model.topics, key=lambda t: (-t.size, t.topic_id))))


def all_topics(context: AppContext) -> list[RegisteredTopic]:
    """Every topic, past ones included: the active ones, largest first, then the others."""
    model_id = context.embedding_model_id
    if model_id is None:
        return []
    found = context.cached("registered topics", lambda: registered_topics(context.db, model_id))
    return sorted(found, key=lambda t: (not t.is_active, -t.topic.size, t.topic.topic_id))


def topic_line(registered: RegisteredTopic) -> ListedTopic:
    """A topic in a list."""
    x, y = registered.position
    return ListedTopic(**vars(_summary(registered.topic)), active=registered.is_active, x=_finite(x), y=_finite(y))


def _summary(t: Topic) -> TopicSummary:
    return TopicSummary(t.topic_id, t.label, t.area, t.top_terms, t.born_week, t.size)


def topic_series(context: AppContext, n_weeks: int = 26) -> dict[int, tuple[SharePoint, ...]]:
    """The share of each active topic up to the newest closed week that is stored, without intervals."""
    return context.cached(("topic series", n_weeks), lambda: _topic_series(context, n_weeks))


def _topic_series(context: AppContext, n_weeks: int) -> dict[int, tuple[SharePoint, ...]]:
    index = context.paper_search.index
    if not len(index):
        return {}
    held = [Week.containing(datetime.fromtimestamp(int(day) * 86_400, UTC)) for day in index.day[[0, -1]]]
    last = min(held[1], last_closed_week(context.now()))
    weeks = list(weeks_between(max(held[0], last.plus(1 - n_weeks)), last))
    if not weeks:  # only a week that is still open is stored
        return {}
    return weekly_topic_shares(
        index.day,
        index.topic_id,
        topic_ids=[t.topic.topic_id for t in all_topics(context) if t.is_active],
        weeks=weeks,
        complete=complete_weeks(context.db, context.settings.categories),
    )


def _finite(number: float) -> float | None:
    return round(number, 4) if np.isfinite(number) else None
