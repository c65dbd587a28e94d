"""Trend calls: the direction of a term's share, and the outcome of each call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from domain.nullable_numbers import FloatOrNaN
from domain.week import Week

CallKind = Literal["technique", "theme", "topic", "query", "name"]
CallVerdict = Literal["rising", "falling", "emerging", "cooling", "seasonal", "steady", "unknown", "wave"]

UPWARD: frozenset[CallVerdict] = frozenset(("rising", "emerging"))
DOWNWARD: frozenset[CallVerdict] = frozenset(("falling", "cooling"))

HORIZONS_WEEKS = (8, 12, 26)
"""A call is scored this many weeks after it was made."""
WINDOW_WEEKS = 26
"""A line is fitted to this many weeks at most, the newest included."""
MIN_WEEKS = 8
"""With fewer weeks no growth is fitted, and no call is made."""
NOW_WEEKS = 4
"""A call's share is taken over this many weeks, ending with its own."""
BEFORE_WEEKS = 8
"""The share before it is taken over this many first weeks of the half year, at most half of them."""


@dataclass(frozen=True)
class FittedChange:
    """How far a share moved over the weeks held, by the line fitted to its log-odds.

    ``share_first`` and ``share_last`` are the fitted shares in the first and the last week, and ``difference`` is the
    last minus the first; ``low`` and ``high`` are its interval at ``level``. All are fractions. The interval leaves
    out 0 exactly where the test that it comes from finds a movement.
    """

    first_week: Week
    last_week: Week
    share_first: float
    share_last: float
    difference: float
    low: float
    high: float
    level: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return not self.low <= 0 <= self.high

    @property
    def n_weeks(self) -> int:
        """Weeks from the first to the last, both included."""
        return self.first_week.weeks_until(self.last_week) + 1


@dataclass(frozen=True)
class MoveOfWave:
    """A move that loses its direction, and much of its slope, without the papers of a venue's waves.

    ``k`` of the term's ``n`` papers of the call's week name the venue; 0 if its waves were in earlier weeks only.
    ``called`` is the verdict with these papers, as the record of calls keeps it; ``None`` in digests that did not store
    it. ``without`` is the verdict without them.
    """

    venue: str
    k: int
    n: int
    called: CallVerdict | None = None
    without: CallVerdict = "steady"


@dataclass(frozen=True)
class TrendCall:
    """The verdict on one term in one closed week.

    ``key`` is the key of a technique or theme, a topic's or name's id, or the words of a watched term (kind "query").
    ``share`` is the share over the weeks ending with the call's week, and ``n`` is their number of papers.
    ``share_before`` is the share over the first weeks considered; outcomes are judged by these two. ``change`` is the
    change that was tested: its interval leaves out 0 where the verdict is a movement or "seasonal", and holds it where
    the verdict is "steady". "Seasonal" is a change to no other share than that of the same weeks a year before.
    ``change`` and ``q_value`` are ``None`` when the verdict is "unknown"; ``change`` also in calls stored before
    changes were. "Wave" is a change that is a venue's wave; ``wave`` then says whose, and what was called with it.
    """

    week: Week
    kind: CallKind
    key: str
    verdict: CallVerdict
    q_value: float | None
    share: FloatOrNaN
    share_before: FloatOrNaN
    n: int
    change: FittedChange | None = None
    wave: MoveOfWave | None = None

    @property
    def called(self) -> CallVerdict:
        """The verdict as it was called, whether or not a wave explains it; it is what the record keeps and scores."""
        return self.verdict if self.wave is None else self.wave.called or "unknown"

    @property
    def is_movement(self) -> bool:
        """Whether the verdict is a movement: rising, emerging, falling or cooling."""
        return self.verdict in UPWARD or self.verdict in DOWNWARD

    @property
    def size(self) -> float:
        """How far the share moved, with its sign."""
        return self.share - self.share_before if self.change is None else self.change.difference


def with_wave(call: TrendCall, wave: MoveOfWave | None) -> TrendCall:
    """The call as it is shown everywhere: its verdict is "wave" where a venue's wave explains the move."""
    if wave is None or call.wave is not None:
        return call
    return replace(call, verdict="wave", wave=replace(wave, called=call.verdict))


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
