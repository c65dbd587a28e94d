"""The topics of a digest: those that rise, are new or fall, and the count of every topic with a paper."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from analysis.digest.counts_by_week import WeekTables
from analysis.digest.inputs import DigestSettings, WeekMaterial
from analysis.digest.paper_selection import PaperSelection
from analysis.trends.trend_calls import TermKey
from domain.digest import TopicCount, TopicLine, TopicStatus
from domain.topics import Topic
from domain.trend_calls import FittedChange, TrendCall
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
    calls: Mapping[TermKey, TrendCall],
) -> tuple[TopicLine, ...]:
    """The topics that a digest names: rising, new, falling, moving with a venue's wave, then unproven.

    Parameters
    ----------
    calls : the week's calls by kind and key; they decide what rises and what falls.

    Returns
    -------
    At most ``settings.n_topics`` each of those that rise, are new, fall and move with a wave: those that are called to
    move first, and of these the largest move.
    "Unproven" are up to ``N_UNPROVEN`` each way of the others, those closest to a call.
    """
    return tuple(
        TopicLine(
            slug=f"topic-{topic.topic_id}",
            topic_id=topic.topic_id,
            label=topic.label,
            top_terms=topic.top_terms,
            status=status,
            born_week=topic.born_week,
            share=tables.share(_key(topic), (material.week,)),
            series=tables.series(_key(topic)),
            papers=papers.for_topic(topic.topic_id),
            call=calls.get(_key(topic)),
        )
        for topic, status in _named(material, calls, n_topics=settings.n_topics)
    )


def _named(
    material: WeekMaterial, calls: Mapping[TermKey, TrendCall], *, n_topics: int
) -> Iterator[tuple[Topic, TopicStatus]]:
    """The topics to name with their status, in the order in which a digest shows them."""
    week = material.week
    first_held = min((Week(at.date()) for at in material.totals["week_start"]), default=week)
    first_held = max(first_held, material.term_counts.topics_since or first_held)
    up: list[tuple[Topic, TopicStatus]] = []
    new: list[tuple[Topic, TopicStatus]] = []
    down: list[tuple[Topic, TopicStatus]] = []
    of_waves: list[tuple[Topic, TopicStatus]] = []
    unproven: list[Topic] = []
    for topic in material.topics:
        call = calls.get(_key(topic))
        # A topic that is as old as our history is not new: we only began to look.
        is_new = topic.born_week > week.plus(-NEW_WITHIN_WEEKS) and topic.born_week > first_held.plus(NEW_WITHIN_WEEKS)
        if is_new and topic.born_week <= week:
            new.append((topic, "new"))
        elif call is None:
            continue
        elif call.verdict == "rising" or call.verdict == "emerging":
            up.append((topic, call.verdict))
        elif call.verdict == "falling" or call.verdict == "cooling":
            down.append((topic, call.verdict))
        elif call.verdict == "wave":
            of_waves.append((topic, "wave"))
        elif call.verdict == "steady" and call.change is not None:
            unproven.append(topic)

    def size(topic: Topic) -> float:
        call = calls.get(_key(topic))
        return abs(call.size) if call is not None and not math.isnan(call.size) else 0.0

    def is_called(topic: Topic) -> bool:
        call = calls.get(_key(topic))
        return call is not None and call.is_movement

    for group in (up, new, down, of_waves):
        group.sort(key=lambda pair: (not is_called(pair[0]), -size(pair[0]), pair[0].topic_id))
        yield from group[:n_topics]
    changes = [(topic, change) for topic in unproven if (change := calls[_key(topic)].change) is not None]
    changes.sort(key=lambda pair: (-_nearness_to_a_call(pair[1]), pair[0].topic_id))
    for sign in (1, -1):
        one_way = [topic for topic, change in changes if sign * change.difference > 0]
        yield from ((topic, "unproven") for topic in one_way[:N_UNPROVEN])


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


def _nearness_to_a_call(change: FittedChange) -> float:
    """How much of the way from the difference to its interval's end lies before 0: at 1, the interval ends there."""
    towards_zero = change.difference - change.low if change.difference > 0 else change.high - change.difference
    return abs(change.difference) / max(towards_zero, 1e-12)
