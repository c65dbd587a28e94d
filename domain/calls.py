"""What is said about which way a term is going, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.week import Week

CallKind = Literal["technique", "theme", "topic", "query"]
CallVerdict = Literal["rising", "falling", "emerging", "cooling", "steady", "unknown"]

UPWARD: frozenset[CallVerdict] = frozenset(("rising", "emerging"))
DOWNWARD: frozenset[CallVerdict] = frozenset(("falling", "cooling"))

HORIZONS_WEEKS = (8, 12, 26)
"""How many weeks after it was made a call is looked at again."""


@dataclass(frozen=True)
class Growth:
    """How fast a share's odds grow: times so much a year, with its 95 % interval; 1 is no growth."""

    odds_ratio_per_year: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that nothing grows."""
        return not self.low <= 1 <= self.high


@dataclass(frozen=True)
class TrendCall:
    """What was said about one term in one closed week.

    ``key`` is that of a technique or theme, a topic's id, or the words of a watched term (kind "query").
    ``share`` is that of the weeks that end with the call's, ``share_before`` that of the first weeks it looked at;
    ``n`` are the papers of the former. ``growth`` and ``q_value`` are ``None`` where the verdict is "unknown".
    """

    week: Week
    kind: CallKind
    key: str
    verdict: CallVerdict
    growth: Growth | None
    q_value: float | None
    share: float
    share_before: float
    n: int

    @property
    def is_move(self) -> bool:
        """Whether it says that the share moves."""
        return self.verdict in UPWARD or self.verdict in DOWNWARD


@dataclass(frozen=True)
class CallScore:
    """What became of a call: ``held`` is ``None`` where the weeks after it cannot tell."""

    horizon_weeks: int
    held: bool | None
    share_after: float | None


@dataclass(frozen=True)
class KeptCall:
    """A stored call with when and with what it was made, and the scores it has so far."""

    call_id: int
    call: TrendCall
    made_with: str
    made_at: datetime
    scores: tuple[CallScore, ...] = ()


@dataclass(frozen=True)
class CallRecord:
    """How the calls of movement that are ``horizon_weeks`` old turned out; ``n_unknown`` could not be told."""

    horizon_weeks: int
    n_held: int
    n_failed: int
    n_unknown: int
