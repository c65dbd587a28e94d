"""When arXiv may be asked: one request at a time, a pause after each, and rest when it refuses.

What the gate knows is a value, and what happens to it are pure functions; where it is remembered (in one process,
or in the database that several share) is somebody else's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Outcome = Literal["usable", "refused", "rejected", "unreached"]
"""What became of a request: a whole answer; none, or one of arXiv's ways of slowing us down; a no to the question
itself; or nothing, because arXiv was never reached, which is no word of arXiv's."""

LONGEST_PAUSE = timedelta(hours=24)
"""The longest that one ``Retry-After`` closes the gate: one that asks for years is a mistake."""
_MOST_DOUBLINGS = 20
_CLOCKS_DIFFER = timedelta(minutes=10)


@dataclass(frozen=True)
class RequestPolicy:
    """How politely arXiv is asked.

    ``hold_s`` is how long one request may last before its process is taken for dead; ``max_wait_s`` the longest wait
    between two tries; after ``max_refusals`` in a row the gate is closed for ``rest_s``.
    """

    delay_s: float
    max_wait_s: float
    hold_s: float
    max_refusals: int
    rest_s: float


@dataclass(frozen=True)
class LimiterState:
    """Who asks now, when the next may, and how often arXiv has refused in a row."""

    holder: str | None = None
    held_until: datetime | None = None
    free_at: datetime | None = None
    n_refusals: int = 0
    closed_until: datetime | None = None


@dataclass(frozen=True)
class RequestOutcome:
    """What one request brought, for the gate and for the operator.

    ``status`` is ``None`` where no answer came, ``problem`` is ``None`` where it was usable.
    """

    source: str
    url: str
    asked_at: datetime
    outcome: Outcome
    status: int | None
    seconds: float
    n_bytes: int
    problem: str | None
    retry_after_s: float | None = None


def is_paused(state: LimiterState, now: datetime) -> bool:
    """Whether nobody asks arXiv now because it refused too often, or asked for a long rest."""
    return _is_ahead(state.closed_until, now, LONGEST_PAUSE)


def wait_s(state: LimiterState, manners: RequestPolicy, now: datetime, *, is_gone: Callable[[str], bool]) -> float:
    """Seconds until the next request may be sent, as far as is known; 0 where it may be now.

    A request that is on its way gives no time: what is returned then is how long it may still last at most.
    """
    waits = [0.0]
    if state.holder is not None and not is_gone(state.holder):
        waits.append(_ahead_s(state.held_until, now, timedelta(seconds=manners.hold_s)))
    waits.append(_ahead_s(state.free_at, now, _longest_wait(manners)))
    waits.append(_ahead_s(state.closed_until, now, LONGEST_PAUSE))
    return max(waits)


def after_taking(state: LimiterState, holder: str, manners: RequestPolicy, now: datetime) -> LimiterState:
    """The gate with a request on its way."""
    return replace(state, holder=holder, held_until=now + timedelta(seconds=manners.hold_s))


def after_answer(
    state: LimiterState, holder: str, answer: RequestOutcome, manners: RequestPolicy, now: datetime
) -> LimiterState:
    """The gate after an answer.

    The pause is counted from the answer, not from the question: arXiv asks for pauses, not for a pace. It doubles
    with every refusal in a row up to ``max_wait_s``; ``Retry-After`` makes it longer, never shorter, because arXiv
    sends 0 with time-outs. A longer ``Retry-After`` than we wait for closes the gate for that long.
    """
    still_ours = state.holder == holder  # somebody else may have taken us for dead
    n_refusals, closed_until, quiet_s = state.n_refusals, state.closed_until, manners.delay_s
    if answer.outcome in ("usable", "rejected"):
        n_refusals, closed_until = 0, None
    elif answer.outcome == "refused":
        n_refusals += 1
        asked_s = answer.retry_after_s or 0.0
        quiet_s = min(manners.max_wait_s, manners.delay_s * 2 ** min(n_refusals, _MOST_DOUBLINGS))
        quiet_s = max(quiet_s, manners.delay_s, min(asked_s, manners.max_wait_s))
        rests_s = [asked_s] if asked_s > manners.max_wait_s else []
        if n_refusals >= manners.max_refusals:
            rests_s.append(manners.rest_s)
        if rests_s:
            closed_until = now + timedelta(seconds=min(max(rests_s), LONGEST_PAUSE.total_seconds()))
    free_at = now + timedelta(seconds=quiet_s)
    if state.free_at is not None and _is_ahead(state.free_at, free_at, _longest_wait(manners)):
        free_at = state.free_at  # who took us for dead was told to wait longer
    return LimiterState(
        holder=None if still_ours else state.holder,
        held_until=None if still_ours else state.held_until,
        free_at=free_at,
        n_refusals=n_refusals,
        closed_until=closed_until,
    )


def _longest_wait(manners: RequestPolicy) -> timedelta:
    return timedelta(seconds=max(manners.max_wait_s, manners.delay_s))


def _ahead_s(at: datetime | None, now: datetime, longest: timedelta) -> float:
    return (at - now).total_seconds() if at is not None and _is_ahead(at, now, longest) else 0.0


def _is_ahead(at: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Whether an instant is still to come; one further off than any we set was set by a clock that has been moved.

    Clocks of several machines differ a little, so a little further off is no sign of that.
    """
    return at is not None and now < at <= now + longest + _CLOCKS_DIFFER
