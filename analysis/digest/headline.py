"""The facts of a digest's headline: which technique leads, and what moved most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from analysis.digest.inputs import N_SERIES_WEEKS
from analysis.trends.trend_calls import direction
from domain.digest import TermLine, TopicLine
from domain.digest_facts import HeadlineFacts, LeadingTechnique, ShareMove
from domain.trend_calls import TrendCall

_Line = TypeVar("_Line", TermLine, TopicLine)


def headline_facts(
    techniques: Sequence[TermLine], themes: Sequence[TermLine], topics: Sequence[TopicLine], *, n_weeks_held: int
) -> HeadlineFacts:
    """What the headline states.

    Parameters
    ----------
    techniques, themes, topics : the digest's lines. Techniques and themes without measured accuracy neither lead nor
        move most.
    n_weeks_held : weeks with papers among the half year that calls look at.
    """
    measured = [line for line in techniques if line.measured]
    known = [line for line in measured if not math.isnan(line.adopts.share)]
    leader = max(known, key=lambda line: line.adopts.k, default=None)
    moved = largest_move([*measured, *(line for line in themes if line.measured)])
    rising = max((line for line in topics if line.status == "rising"), key=_called_move, default=None)
    return HeadlineFacts(
        leader=LeadingTechnique(leader.name, leader.adopts.share) if leader else None,
        largest_move=_share_move(moved.name, moved.call) if moved else None,
        rising_topic=_share_move(rising.label, rising.call) if rising else None,
        has_calls=any(line.call is not None and line.call.q_value is not None for line in techniques),
        n_weeks_held=n_weeks_held if n_weeks_held < N_SERIES_WEEKS else None,
    )


def largest_move(lines: Iterable[_Line]) -> _Line | None:
    """The line that is called to move and whose share moved farthest, either way; ``None`` where none is."""
    called = [line for line in lines if line.call is not None and line.call.is_movement]
    return max(called, key=lambda line: abs(_called_move(line)), default=None)


def _called_move(line: TermLine | TopicLine) -> float:
    """How far a share moved between the first and the last weeks that its call looked at; 0 without a call."""
    return line.call.share - line.call.share_before if line.call is not None else 0.0


def _share_move(name: str, call: TrendCall | None) -> ShareMove | None:
    return ShareMove(name, direction(call.verdict) > 0, call.share_before, call.share) if call is not None else None
