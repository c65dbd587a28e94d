"""The rate limit on requests to arXiv: one at a time, a delay after each, and back-off after refusals.

The limiter's state is a value and its transitions are pure functions. ``ingest/rate_limiter.py`` applies them;
``store/arxiv_rate_limit.py`` stores the state for all processes of one database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

Outcome = Literal["usable", "refused", "rejected", "unreached"]
"""Outcome of a request. "usable": a complete answer. "refused": none, or one that asks us to slow down. "rejected":
the request itself was invalid. "unreached": no connection, which is not a refusal by arXiv."""

MAX_PAUSE = timedelta(hours=24)
"""The longest pause that a ``Retry-After`` can cause; a header that asks for years is a mistake."""
_MOST_DOUBLINGS = 20
_CLOCK_TOLERANCE = timedelta(minutes=10)


@dataclass(frozen=True)
class RequestPolicy:
    """Limits on requests to arXiv, in seconds.

    ``delay_s`` is the delay after each request and ``max_wait_s`` the longest delay between two tries. A request that
    takes longer than ``hold_s`` is taken for dead. After ``max_refusals`` consecutive refusals, no request is sent for
    ``cooldown_s``.
    """

    delay_s: float
    max_wait_s: float
    hold_s: float
    max_refusals: int
    cooldown_s: float


@dataclass(frozen=True)
class LimiterState:
    """The state of the rate limiter.

    ``holder`` is the process whose request is in progress, at most until ``held_until``. No request may start before
    ``free_at`` or ``closed_until``. ``n_refusals`` counts consecutive refusals.
    """

    holder: str | None = None
    held_until: datetime | None = None
    free_at: datetime | None = None
    n_refusals: int = 0
    closed_until: datetime | None = None


@dataclass(frozen=True)
class RequestOutcome:
    """The result of one request.

    ``status`` is ``None`` without an answer; ``problem`` is ``None`` if the answer was usable.
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
    """Whether requests are paused, after too many refusals or a long ``Retry-After``."""
    return _is_ahead(state.closed_until, now, MAX_PAUSE)


def wait_s(state: LimiterState, policy: RequestPolicy, now: datetime, *, has_ended: Callable[[str], bool]) -> float:
    """Seconds until the next request may be sent, 0 if it may be sent now.

    While another request is in progress, this is the longest time that it may still take. ``has_ended`` tells whether
    a holder's process has ended.
    """
    waits = [0.0]
    if state.holder is not None and not has_ended(state.holder):
        waits.append(_ahead_s(state.held_until, now, timedelta(seconds=policy.hold_s)))
    waits.append(_ahead_s(state.free_at, now, _max_wait(policy)))
    waits.append(_ahead_s(state.closed_until, now, MAX_PAUSE))
    return max(waits)


def after_acquire(state: LimiterState, holder: str, policy: RequestPolicy, now: datetime) -> LimiterState:
    """The state with a request in progress."""
    return replace(state, holder=holder, held_until=now + timedelta(seconds=policy.hold_s))


def after_response(
    state: LimiterState, holder: str, answer: RequestOutcome, policy: RequestPolicy, now: datetime
) -> LimiterState:
    """The state after a response.

    The delay starts at the response, not at the request. It doubles with each consecutive refusal up to
    ``max_wait_s``. ``Retry-After`` can lengthen it but not shorten it, because arXiv sends 0 with time-outs. A
    ``Retry-After`` beyond ``max_wait_s`` pauses all requests for that long.
    """
    still_ours = state.holder == holder  # another process may have taken over
    n_refusals, closed_until, pause_s = state.n_refusals, state.closed_until, policy.delay_s
    if answer.outcome in ("usable", "rejected"):
        n_refusals, closed_until = 0, None
    elif answer.outcome == "refused":
        n_refusals += 1
        requested_s = answer.retry_after_s or 0.0
        pause_s = min(policy.max_wait_s, policy.delay_s * 2 ** min(n_refusals, _MOST_DOUBLINGS))
        pause_s = max(pause_s, policy.delay_s, min(requested_s, policy.max_wait_s))
        pauses_s = [requested_s] if requested_s > policy.max_wait_s else []
        if n_refusals >= policy.max_refusals:
            pauses_s.append(policy.cooldown_s)
        if pauses_s:
            closed_until = now + timedelta(seconds=min(max(pauses_s), MAX_PAUSE.total_seconds()))
    free_at = now + timedelta(seconds=pause_s)
    if state.free_at is not None and _is_ahead(state.free_at, free_at, _max_wait(policy)):
        free_at = state.free_at  # the process that took over must wait longer
    return LimiterState(
        holder=None if still_ours else state.holder,
        held_until=None if still_ours else state.held_until,
        free_at=free_at,
        n_refusals=n_refusals,
        closed_until=closed_until,
    )


def _max_wait(policy: RequestPolicy) -> timedelta:
    return timedelta(seconds=max(policy.max_wait_s, policy.delay_s))


def _ahead_s(at: datetime | None, now: datetime, longest: timedelta) -> float:
    return (at - now).total_seconds() if at is not None and _is_ahead(at, now, longest) else 0.0


def _is_ahead(at: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Whether an instant is in the future.

    An instant further ahead than any that we set comes from a wrong clock and is ignored. ``_CLOCK_TOLERANCE`` allows
    for small differences between machines.
    """
    return at is not None and now < at <= now + longest + _CLOCK_TOLERANCE
