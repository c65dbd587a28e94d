"""The facts of a digest's headline: which technique leads, and what moved most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from analysis.trends.trend_calls import direction
from domain.digest import TermLine, TopicLine
from domain.digest_facts import HeadlineFacts, LeadingTechnique, ShareMove, WaveMove
from domain.trend_calls import UPWARD

_Line = TypeVar("_Line", TermLine, TopicLine)


def headline_facts(
    techniques: Sequence[TermLine], themes: Sequence[TermLine], topics: Sequence[TopicLine], *, n_weeks_held: int
) -> HeadlineFacts:
    """What the headline states.

    Parameters
    ----------
    techniques, themes, topics : the digest's lines. Techniques without measured accuracy do not lead; all that are
        called may move most.
    n_weeks_held : weeks with papers among the half year that calls look at.
    """
    known = [line for line in techniques if line.measured and not math.isnan(line.adopts.share)]
    leader = max(known, key=lambda line: line.adopts.k, default=None)
    rising = [line for line in topics if line.call is not None and line.call.verdict in UPWARD]
    return HeadlineFacts(
        leader=LeadingTechnique(leader.name, leader.adopts.share) if leader else None,
        largest_move=_share_move(largest_move([*techniques, *themes])),
        rising_topic=_share_move(largest_move(rising)),
        has_calls=any(line.call is not None and line.call.q_value is not None for line in techniques),
        n_weeks_held=n_weeks_held,
        wave_move=_largest_wave_move([*techniques, *themes, *topics]),
    )


def largest_move(lines: Iterable[_Line]) -> _Line | None:
    """The line that is called to move and whose share moved farthest, either way; ``None`` where none is.

    A move that a venue's wave explains does not count.
    """
    called = [line for line in lines if line.call is not None and line.call.is_movement and line.wave is None]
    return max(called, key=_distance, default=None)


def _largest_wave_move(lines: Iterable[TermLine | TopicLine]) -> WaveMove | None:
    of_waves = [line for line in lines if line.wave is not None and line.call is not None]
    line = max(of_waves, key=_distance, default=None)
    if line is None or line.wave is None or line.call is None:
        return None
    name = line.label if isinstance(line, TopicLine) else line.name
    return WaveMove(name, direction(line.call.verdict) > 0, line.wave.venue)


def _distance(line: TermLine | TopicLine) -> float:
    return abs(line.call.size) if line.call is not None else 0.0


def _share_move(line: TermLine | TopicLine | None) -> ShareMove | None:
    if line is None or line.call is None:
        return None
    is_rise, change = direction(line.call.verdict) > 0, line.call.change
    if isinstance(line, TopicLine):
        return ShareMove(line.label, is_rise, change, line.share.share)
    return ShareMove(line.name, is_rise, change, line.adopts.share, line.measured)
