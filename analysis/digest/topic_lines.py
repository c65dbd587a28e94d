"""The topics of a digest: those that rise, are new or cool, and the count of every topic with a paper."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from analysis.digest.inputs import DigestSettings, WeekMaterial
from analysis.digest.paper_selection import PaperSelection
from analysis.digest.week_tables import WeekTables
from analysis.trends.trend_calls import TermKey, direction
from domain.digest import Change, TopicCount, TopicLine, TopicStatus
from domain.topics import Topic
from domain.trend_calls import TrendCall
from domain.week import Week

N_UNPROVEN = 3
"""Topics listed each way as the largest moves that may still be noise."""
NEW_WITHIN_WEEKS = 6
"""A topic is new for so many weeks after it is born."""


def topic_lines(
    material: WeekMaterial,
    settings: DigestSettings,
    tables: WeekTables,
    papers: PaperSelection,
    changes: Sequence[Change],
    calls: Mapping[TermKey, TrendCall],
) -> tuple[TopicLine, ...]:
    """The topics that a digest names: rising, new, cooling, then unproven.

    Parameters
    ----------
    changes : of each topic's share against the weeks before, in the order of ``material.topics``.
    calls : the week's calls by kind and key; they decide what rises and what cools.

    Returns
    -------
    At most ``settings.n_topics`` each of the rising, new and cooling, the largest move first. "Unproven" are up to
    ``N_UNPROVEN`` each way of the others, those whose change is largest against its interval.
    """
    groups = _grouped(material, changes, calls)
    for status in ("rising", "new", "cooling"):
        groups[status].sort(key=lambda pair: (-_size_of_move(pair[1], calls.get(_key(pair[0]))), pair[0].topic_id))
        del groups[status][settings.n_topics :]
    return tuple(
        TopicLine(
            slug=f"topic-{topic.topic_id}",
            topic_id=topic.topic_id,
            label=topic.label,
            top_terms=topic.top_terms,
            status=status,
            born_week=topic.born_week,
            share=tables.share(_key(topic), (material.week,)),
            against_recent=change,
            series=tables.series(_key(topic)),
            papers=papers.for_topic(topic.topic_id),
            call=calls.get(_key(topic)),
        )
        for status, group in groups.items()
        for topic, change in group
    )


def _grouped(
    material: WeekMaterial, changes: Sequence[Change], calls: Mapping[TermKey, TrendCall]
) -> dict[TopicStatus, list[tuple[Topic, Change]]]:
    """Topics by status, in the order in which a digest shows the statuses."""
    week = material.week
    first_held = min((Week(at.date()) for at in material.totals["week_start"]), default=week)
    groups: dict[TopicStatus, list[tuple[Topic, Change]]] = {"rising": [], "new": [], "cooling": [], "unproven": []}
    unproven: list[tuple[Topic, Change]] = []
    for topic, change in zip(material.topics, changes, strict=True):
        call = calls.get(_key(topic))
        way = direction(call.verdict) if call is not None else 0
        # A topic that is as old as our history is not new: we only began to look.
        is_new = topic.born_week > week.plus(-NEW_WITHIN_WEEKS) and topic.born_week > first_held.plus(NEW_WITHIN_WEEKS)
        if is_new and topic.born_week <= week:
            groups["new"].append((topic, change))
        elif way > 0:
            groups["rising"].append((topic, change))
        elif way < 0:
            groups["cooling"].append((topic, change))
        elif change.baseline is not None:
            unproven.append((topic, change))
    unproven.sort(key=lambda pair: (-abs(_in_half_widths(pair[1])), pair[0].topic_id))
    for sign in (1, -1):
        groups["unproven"] += [pair for pair in unproven if sign * pair[1].difference > 0][:N_UNPROVEN]
    return groups


def topic_counts(material: WeekMaterial, tables: WeekTables) -> tuple[TopicCount, ...]:
    """Every topic with a paper this week: the fullest area first, and in it the fullest topic."""
    counts = [
        TopicCount(
            f"topic-{topic.topic_id}",
            topic.topic_id,
            topic.label,
            topic.area,
            tables.share(_key(topic), (material.week,)),
        )
        for topic in material.topics
    ]
    in_area = Counter[str | None]()
    for count in counts:
        in_area[count.area] += count.share.k
    present = [count for count in counts if count.share.k]
    return tuple(sorted(present, key=lambda c: (-in_area[c.area], c.area or "", -c.share.k, c.topic_id)))


def _key(topic: Topic) -> TermKey:
    return "topic", str(topic.topic_id)


def _in_half_widths(change: Change) -> float:
    """A change in half-widths of its interval: beyond 1 or -1, the interval leaves out 0."""
    return change.difference / max((change.high - change.low) / 2, 1e-12)


def _size_of_move(change: Change, call: TrendCall | None) -> float:
    """How far a topic's share moved, either way: against the weeks before or, where those are not held, by its call."""
    moves = (change.difference, call.share - call.share_before if call is not None else math.nan)
    return next((abs(move) for move in moves if not math.isnan(move)), 0.0)
