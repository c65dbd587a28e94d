"""The rate limiter that every request to arXiv passes."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from domain.arxiv_rate_limit import (
    LimiterState,
    RequestOutcome,
    RequestPolicy,
    after_acquire,
    after_response,
    is_paused,
    wait_s,
)
from domain.errors import SourcePaused
from ingest.settings import ArxivSettings
from ingest.stop_request import ended_by_stop

_POLL_S = 0.1  # interval of checking whether another process's request has finished
CONNECT_TIMEOUT_S = 30.0
"""Seconds allowed for connecting to arXiv."""

_STARTED = time.monotonic_ns()
_permit_numbers = itertools.count(1)


class LimiterStore(Protocol):
    """Storage of the limiter's state; both methods are atomic."""

    def read(self) -> LimiterState:
        """The current state."""
        ...

    def change(
        self,
        decide: Callable[[LimiterState], LimiterState],
        outcome: RequestOutcome | None = None,
    ) -> LimiterState:
        """Replace the state by ``decide(state)``, log ``outcome`` if given, and return the new state."""
        ...


class InProcessLimiterStore:
    """Limiter state for a single process without a database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = LimiterState()

    def read(self) -> LimiterState:
        """The current state."""
        return self._state

    def change(
        self,
        decide: Callable[[LimiterState], LimiterState],
        outcome: RequestOutcome | None = None,  # noqa: ARG002 - a single process keeps no log
    ) -> LimiterState:
        """Replace the state by ``decide(state)`` and return it."""
        with self._lock:
            self._state = decide(self._state)
            return self._state


class RateLimiter:
    """Permits one request at a time across all processes that share the store.

    Parameters
    ----------
    has_ended : whether the process of a holder (``host:pid:namespace.start``) has ended.
    pid_namespace : the boot and container in which our process number is valid.
    clock, sleep : wall-clock time, the only clock that processes share.
    """

    def __init__(
        self,
        settings: ArxivSettings,
        store: LimiterStore | None = None,
        *,
        has_ended: Callable[[str], bool] = lambda holder: False,  # noqa: ARG005
        pid_namespace: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store or InProcessLimiterStore()
        self._policy = request_policy(settings)
        self._has_ended = has_ended
        self._pid_namespace = pid_namespace
        self._clock = clock
        self._sleep = sleep

    def acquire(self) -> str:
        """Wait for permission to send one request; returns the permit, for ``release``.

        Raises
        ------
        SourcePaused
            If requests are paused for longer than is worth waiting.
        Stopped
            If the process is asked to stop while it waits.
        """
        permit = f"{self._this_process()}:{next(_permit_numbers)}"

        def take(state: LimiterState) -> LimiterState:
            now = self._clock()
            return after_acquire(state, permit, self._policy, now) if self._wait_s(state, now) <= 0 else state

        while True:
            state = self._store.read()  # read before writing, so that waiting writes nothing
            now = self._clock()
            if is_paused(state, now) and state.closed_until is not None:
                raise SourcePaused(
                    f"requests to arXiv are paused until {state.closed_until:%Y-%m-%d %H:%M} UTC, because it refused "
                    f"{state.n_refusals} times in a row or asked for a pause; run again after that",
                    until=state.closed_until,
                )
            wait = self._wait_s(state, now)
            if wait > 0:
                seconds = min(wait, _POLL_S) if state.holder is not None else wait
                ended_by_stop(partial(self._sleep, seconds))
            elif self._store.change(take).holder == permit:
                return permit

    def release(self, permit: str, outcome: RequestOutcome) -> LimiterState:
        """End the request of a permit; returns the state, with the delay that the outcome requires."""
        return self._store.change(
            lambda state: after_response(state, permit, outcome, self._policy, self._clock()),
            outcome,
        )

    def wait_s(self) -> float:
        """Seconds until the next request may be sent, as far as is known."""
        return self._wait_s(self._store.read(), self._clock())

    def now(self) -> datetime:
        """The current time by the limiter's clock."""
        return self._clock()

    def _wait_s(self, state: LimiterState, now: datetime) -> float:
        return wait_s(state, self._policy, now, has_ended=self._holder_has_ended)

    def _holder_has_ended(self, holder: str) -> bool:
        process, _, _ = holder.rpartition(":")
        return process != self._this_process() and self._has_ended(process)

    def _this_process(self) -> str:
        """A name unique among processes, past and present; computed each time, because a process may fork."""
        return f"{socket.gethostname()}:{os.getpid()}:{self._pid_namespace}.{_STARTED}"


def request_policy(settings: ArxivSettings) -> RequestPolicy:
    """The limits on requests from the settings."""
    return RequestPolicy(
        delay_s=settings.delay_s,
        max_wait_s=settings.max_wait_s,
        hold_s=CONNECT_TIMEOUT_S + settings.answer_s + 60.0,
        max_refusals=settings.max_refusals,
        cooldown_s=settings.rest_h * 3600,
    )
