"""A digest's topics: rising, new, cooling, and the full list."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from analysis.digest.material import NOT_A_NUMBER, DigestSettings, WeekMaterial
from analysis.digest.selection import PaperSelection
from analysis.digest.week_tables import WeekTables
from analysis.trends.calls import TermKey, direction
from domain.calls import TrendCall
from domain.digest import Change, TopicCount, TopicLine, TopicStatus
from domain.topics import Topic
from domain.week import Week

N_UNPROVEN = 3
"""Topics listed each way as the largest moves that may still be noise."""


NEW_WITHIN_WEEKS = 6
"""A topic is new for so many weeks after it is born."""


def compose_topic_lines(
    material: WeekMaterial,
    settings: DigestSettings,
    tables: WeekTables,
    picks: PaperSelection,
    changes: Sequence[Change],
    calls: Mapping[TermKey, TrendCall],
) -> tuple[TopicLine, ...]:
    week = material.week
    first_held = min((Week(at.date()) for at in material.totals["week_start"]), default=week)
    groups: dict[TopicStatus, list[tuple[Topic, Change]]] = {"rising": [], "new": [], "cooling": [], "unproven": []}
    unproven: list[tuple[Topic, Change]] = []
    for topic, change in zip(material.topics, changes, strict=True):
        # A topic that is as old as our history is not new: we only began to look.
        is_new = topic.born_week > week.plus(-NEW_WITHIN_WEEKS) and topic.born_week > first_held.plus(NEW_WITHIN_WEEKS)
        if is_new and topic.born_week <= week:
            groups["new"].append((topic, change))
        elif (way := direction(call.verdict) if (call := calls.get(("topic", str(topic.topic_id)))) else 0) > 0:
            groups["rising"].append((topic, change))
        elif way < 0:
            groups["cooling"].append((topic, change))
        elif change.baseline is not None:
            unproven.append((topic, change))
    # The moves that come nearest to being more than noise, as many each way.
    unproven.sort(key=lambda pair: (-abs(_in_widths(pair[1])), pair[0].topic_id))
    for is_up in (True, False):
        moved = [pair for pair in unproven if (pair[1].difference > 0) == is_up and pair[1].difference != 0]
        groups["unproven"] += moved[:N_UNPROVEN]
    lines = []
    for status, group in groups.items():
        if status != "unproven":
            group = sorted(
                group,
                key=lambda pair: (
                    -_size_of_move(pair[1], calls.get(("topic", str(pair[0].topic_id)))),
                    pair[0].topic_id,
                ),
            )[: settings.n_topics]
        for topic, change in group:
            key = ("topic", str(topic.topic_id))
            lines.append(
                TopicLine(
                    slug=f"topic-{topic.topic_id}",
                    topic_id=topic.topic_id,
                    label=topic.label,
                    top_terms=topic.top_terms,
                    status=status,
                    born_week=topic.born_week,
                    share=tables.share(key, (week,)),
                    against_recent=change,
                    series=tables.series(key),
                    papers=picks.for_topic(topic.topic_id),
                    call=calls.get(("topic", str(topic.topic_id))),
                )
            )
    return tuple(lines)


def topic_counts(material: WeekMaterial, tables: WeekTables) -> tuple[TopicCount, ...]:
    """Every topic with a paper this week: the fullest area first, and in it the fullest topic."""
    counts = [
        TopicCount(
            f"topic-{t.topic_id}",
            t.topic_id,
            t.label,
            t.area,
            tables.share(("topic", str(t.topic_id)), (material.week,)),
        )
        for t in material.topics
    ]
    in_area = Counter[str | None]()
    for c in counts:
        in_area[c.area] += c.share.k
    present = [c for c in counts if c.share.k]
    return tuple(sorted(present, key=lambda c: (-in_area[c.area], c.area or "", -c.share.k, c.topic_id)))


def _in_widths(change: Change) -> float:
    """How many half-widths of its interval a change is from none."""
    return change.difference / max((change.high - change.low) / 2, 1e-12)


def _size_of_move(change: Change, call: TrendCall | None) -> float:
    """How far a topic's share moved, either way: on the weeks before or, where those are not held, by its call."""
    moves = (change.difference, call.share - call.share_before if call is not None else NOT_A_NUMBER)
    return next((abs(move) for move in moves if not math.isnan(move)), 0.0)
