"""Trend calls: the direction of a term's share, and the outcome of each call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.nullable_numbers import FloatOrNaN
from domain.week import Week

CallKind = Literal["technique", "theme", "topic", "query"]
CallVerdict = Literal["rising", "falling", "emerging", "cooling", "steady", "unknown"]

UPWARD: frozenset[CallVerdict] = frozenset(("rising", "emerging"))
DOWNWARD: frozenset[CallVerdict] = frozenset(("falling", "cooling"))

HORIZONS_WEEKS = (8, 12, 26)
"""A call is scored this many weeks after it was made."""
MIN_WEEKS = 8
"""With fewer weeks no growth is fitted, and no call is made."""
NOW_WEEKS = 4
"""A call's share is taken over this many weeks, ending with its own."""
BEFORE_WEEKS = 8
"""The share before it is taken over this many first weeks of the half year, at most half of them."""


@dataclass(frozen=True)
class Growth:
    """Annual odds ratio of a share with its 95 % interval; 1 is no growth."""

    odds_ratio_per_year: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes 1."""
        return not self.low <= 1 <= self.high


@dataclass(frozen=True)
class TrendCall:
    """The verdict on one term in one closed week.

    ``key`` is the key of a technique or theme, a topic's id, or the words of a watched term (kind "query").
    ``share`` is the share over the weeks ending with the call's week, and ``n`` is their number of papers.
    ``share_before`` is the share over the first weeks considered. ``growth`` and ``q_value`` are ``None`` when the
    verdict is "unknown".
    """

    week: Week
    kind: CallKind
    key: str
    verdict: CallVerdict
    growth: Growth | None
    q_value: float | None
    share: FloatOrNaN
    share_before: FloatOrNaN
    n: int

    @property
    def is_movement(self) -> bool:
        """Whether the verdict is a movement: rising, emerging, falling or cooling."""
        return self.verdict in UPWARD or self.verdict in DOWNWARD


@dataclass(frozen=True)
class CallScore:
    """The outcome of a call; ``held`` is ``None`` when the following weeks do not decide it."""

    horizon_weeks: int
    held: bool | None
    share_after: float | None


@dataclass(frozen=True)
class StoredCall:
    """A stored call with the method and time of its making and its scores so far."""

    call_id: int
    call: TrendCall
    made_with: str
    made_at: datetime
    scores: tuple[CallScore, ...] = ()


@dataclass(frozen=True)
class CallRecord:
    """Outcomes of all movement calls at one horizon; ``n_unknown`` of them could not be decided."""

    horizon_weeks: int
    n_held: int
    n_failed: int
    n_unknown: int
