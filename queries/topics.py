"""Topics: the list, one topic's page, and the map."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from domain.detections import ADOPTS
from domain.digest import SharePoint
from domain.errors import NotFound, UsageError
from domain.paper import one_line
from domain.paper_index import day_number
from domain.topics import Topic, TopicEvent
from domain.week import Week, last_closed_week, weeks_between
from queries.paper_rows import paper_line, papers_at_rows
from queries.terms import term_named
from queries.trends import trends
from runtime.context import AppContext
from store.topics import RegisteredTopic, paper_positions, registered_topics, set_topic_name, topic_events
from store.weekly import complete_weeks

# -- topics


def topics(context: AppContext) -> list[dict[str, Any]]:
    """The topics of the newest fit, largest first."""
    model = context.topic_model
    if model is None:
        return []
    return [
        {
            "topic_id": t.topic_id,
            "label": t.label,
            "area": t.area,
            "top_terms": list(t.top_terms),
            "born_week": str(t.born_week),
            "n_papers": t.size,
        }
        for t in sorted(model.topics, key=lambda t: (-t.size, t.topic_id))
    ]


def _topic_id(context: AppContext, topic: str) -> int:
    window_name = term_named(context, f"topic:{topic}")
    if window_name is None:
        raise UsageError(f"there is no topic {topic!r}; `papertide topics list` lists them")
    return int(window_name[1])


MAX_NAME_LENGTH = 80


def rename_topic(context: AppContext, topic: str, name: str | None) -> str:
    """Give a topic of the newest fit a name, or its own back where ``name`` is ``None``; says what is shown now.

    Raises
    ------
    UsageError
        If there is no such topic, or the name is empty, too long or another topic's.
    """
    topic_id = _topic_id(context, topic)
    if name is not None:
        name = one_line(name)
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            raise UsageError(f"a topic's name has 1 to {MAX_NAME_LENGTH} printable characters, got {name!r}")
        model = context.topic_model
        for other in model.topics if model else ():
            if other.topic_id != topic_id and name.casefold() in (other.label.casefold(), str(other.topic_id)):
                raise UsageError(f"topic {other.topic_id} is called {other.label!r} already; names are unique")
    shown = set_topic_name(context.db, topic_id, name, week=last_closed_week(context.now()))
    return f"topic {topic_id} is called {shown!r} now"


N_NEIGHBOURS = 6


# -- topics


def all_topics(context: AppContext) -> list[RegisteredTopic]:
    """Every topic that ever was, largest of the living first, then the others."""
    model_id = context.embedding_model_id
    if model_id is None:
        return []
    found = context.cached("registered topics", lambda: registered_topics(context.db, model_id))
    return sorted(found, key=lambda t: (not t.is_active, -t.topic.size, t.topic.topic_id))


def topic_line(registered: RegisteredTopic) -> dict[str, Any]:
    """A topic in a list."""
    t = registered.topic
    x, y = registered.position
    return {
        "topic_id": t.topic_id,
        "label": t.label,
        "area": t.area,
        "top_terms": list(t.top_terms),
        "born_week": str(t.born_week),
        "n_papers": t.size,
        "active": registered.is_active,
        "x": _finite(x),
        "y": _finite(y),
    }


def topic(context: AppContext, topic_id: int) -> dict[str, Any]:
    """One topic: what it is, its history, its share by week, its papers and its neighbours.

    Raises
    ------
    NotHere
        If no topic ever had this id.
    """
    return context.cached(("topic", topic_id), lambda: _topic(context, topic_id))


def _topic(context: AppContext, topic_id: int) -> dict[str, Any]:
    everyone = all_topics(context)
    by_id = {t.topic.topic_id: t for t in everyone}
    if topic_id not in by_id:
        raise NotFound(f"there is no topic {topic_id}")
    here = by_id[topic_id]
    index = context.paper_index
    rows = np.flatnonzero(index.topic_id == topic_id)
    central = rows[np.argsort(-index.similarity[rows], kind="stable")]
    return {
        **topic_line(here),
        "events": [_event(e, {i: t.topic for i, t in by_id.items()}) for e in topic_events(context.db, topic_id)],
        "points": _topic_points(context, topic_id) if here.is_active else [],
        "techniques": _techniques(context, rows),
        "newest": [paper_line(p) for p in papers_at_rows(context, rows[::-1])],
        "central": [paper_line(p) for p in papers_at_rows(context, central)],
        "neighbours": _neighbours(here, everyone),
        "n_papers_now": len(rows),
    }


def _topic_points(context: AppContext, topic_id: int) -> list[dict[str, Any]]:
    try:
        answer = trends(
            context,
            [f"topic:{topic_id}"],
            by="week",
            level="adopts",
            categories=(),
            primary=False,
            since=None,
            until=None,
        )
    except UsageError:  # nothing is counted yet, or it is being counted anew
        return []
    points: list[dict[str, Any]] = answer["series"][0]["points"]
    return points


def _techniques(context: AppContext, rows: np.ndarray) -> list[dict[str, Any]]:
    """What the topic's papers run on, most first; below a twentieth it tells nothing."""
    index = context.paper_index
    if not len(rows):
        return []
    adopted = (index.level[rows] >= ADOPTS).sum(axis=0).tolist()
    names = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    shares = [
        {"kind": kind, "key": key, "name": names[kind, key], "k": k, "n": len(rows)}
        for (kind, key), k in zip(index.terms, adopted, strict=True)
        if kind == "technique" and k >= len(rows) / 20
    ]
    return sorted(shares, key=lambda s: -s["k"])[:6]


def _neighbours(here: RegisteredTopic, everyone: Sequence[RegisteredTopic]) -> list[dict[str, Any]]:
    others = [t for t in everyone if t.is_active and t is not here]
    near = sorted(((float(t.centroid @ here.centroid), t) for t in others), key=lambda pair: -pair[0])
    return [
        {"topic_id": t.topic.topic_id, "label": t.topic.label, "similarity": round(cosine, 4)}
        for cosine, t in near[:N_NEIGHBOURS]
    ]


def _event(event: TopicEvent, topics: dict[int, Topic]) -> dict[str, Any]:
    other = topics.get(event.other_topic_id) if event.other_topic_id is not None else None
    return {
        "week": str(event.week),
        "kind": event.kind,
        "detail": event.detail,
        "other_topic_id": event.other_topic_id,
        "other_label": other.label if other else None,
    }


def topic_series(context: AppContext, n_weeks: int = 26) -> dict[int, tuple[SharePoint, ...]]:
    """The share of each living topic up to the newest closed week that is held, without intervals: for the list."""
    return context.cached(("topic series", n_weeks), lambda: _topic_series(context, n_weeks))


def _topic_series(context: AppContext, n_weeks: int) -> dict[int, tuple[SharePoint, ...]]:
    index = context.paper_index
    if not len(index):
        return {}
    held = [Week.containing(datetime.fromtimestamp(int(day) * 86_400, UTC)) for day in index.day[[0, -1]]]
    last = min(held[1], last_closed_week(context.now()))
    weeks = list(weeks_between(max(held[0], last.plus(1 - n_weeks)), last))
    if not weeks:  # all that is held is of a week that is still open
        return {}
    first = weeks[0]
    complete = complete_weeks(context.db, context.settings.categories)
    week_of_row = (index.day - day_number(first.monday)) // 7
    inside = (week_of_row >= 0) & (week_of_row < len(weeks))
    n = np.bincount(week_of_row[inside], minlength=len(weeks)).tolist()
    found = {}
    for t in all_topics(context):
        if t.is_active:
            of = inside & (index.topic_id == t.topic.topic_id)
            k = np.bincount(week_of_row[of], minlength=len(weeks)).tolist()
            found[t.topic.topic_id] = tuple(
                SharePoint(w.monday, w.sunday, ki, ni, ki / ni if ni else np.nan, np.nan, np.nan, w in complete)
                for w, ki, ni in zip(weeks, k, n, strict=True)
            )
    return found


def topic_map(context: AppContext) -> list[tuple[float, float, int | None]]:
    """A sample of papers on the map of topics: their place and their topic; empty where no map is drawn."""
    model = context.topic_model
    if model is None:
        return []
    places = context.cached("map", lambda: paper_positions(context.db, model.topic_model_id))
    index = context.paper_index
    found = []
    for arxiv_id, (x, y) in places.items():
        row = index.row_of.get(arxiv_id)
        if row is not None:
            of = int(index.topic_id[row])
            found.append((x, y, of if of >= 0 else None))
    return found


def _finite(number: float) -> float | None:
    return round(number, 4) if np.isfinite(number) else None
