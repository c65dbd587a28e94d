"""The one way to arXiv: whoever wants to ask takes a turn, and brings back what the answer was."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from domain.errors import SourceClosed
from domain.rate_limit import LimiterState, RequestOutcome, RequestPolicy, after_answer, after_taking, is_paused, wait_s
from ingest.settings import ArxivSettings

_LOOK_EVERY_S = 0.1  # how soon a request that is on its way elsewhere is looked at again
CONNECT_S = 30.0
"""Seconds that a connection to arXiv may take."""

_STARTED = time.monotonic_ns()
_turns = itertools.count(1)


class LimiterStore(Protocol):
    """Where the gate's state is kept. Both methods see and leave one consistent state."""

    def read(self) -> LimiterState:
        """The state now."""
        ...

    def change(
        self,
        decide: Callable[[LimiterState], LimiterState],
        answer: RequestOutcome | None = None,
    ) -> LimiterState:
        """Replace the state by what ``decide`` makes of it, note ``answer``, and return the new state."""
        ...


class InProcessLimiterStore:
    """A gate for the requests of one process, where there is no database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = LimiterState()

    def read(self) -> LimiterState:
        """The state now."""
        return self._state

    def change(
        self,
        decide: Callable[[LimiterState], LimiterState],
        answer: RequestOutcome | None = None,  # noqa: ARG002 - one process keeps no log of answers
    ) -> LimiterState:
        """Replace the state by what ``decide`` makes of it."""
        with self._lock:
            self._state = decide(self._state)
            return self._state


class RateLimiter:
    """Lets one request at a time through, over everybody who shares the memory.

    ``is_gone`` knows of a holder (``host:process:place.start``) that its process has ended; ``place`` says where our
    process number counts. ``clock`` and ``sleep`` are the wall clock's: processes have no other clock in common.
    """

    def __init__(
        self,
        settings: ArxivSettings,
        memory: LimiterStore | None = None,
        *,
        is_gone: Callable[[str], bool] = lambda holder: False,  # noqa: ARG005
        place: str = "",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._memory = memory or InProcessLimiterStore()
        self._manners = request_policy(settings)
        self._is_gone = is_gone
        self._place = place
        self._clock = clock
        self._sleep = sleep

    def enter(self) -> str:
        """Wait until it is our turn; the name of the turn, for ``leave``.

        Raises
        ------
        SourceClosed
            If arXiv is not to be asked for so long that waiting makes no sense.
        """
        holder = f"{self._this_process()}:{next(_turns)}"

        def take(state: LimiterState) -> LimiterState:
            now = self._clock()
            return after_taking(state, holder, self._manners, now) if self._wait_s(state, now) <= 0 else state

        while True:
            state = self._memory.read()  # looked at before it is written to: waiting writes nothing
            now = self._clock()
            if is_paused(state, now) and state.closed_until is not None:
                raise SourceClosed(
                    f"arXiv is not asked before {state.closed_until:%Y-%m-%d %H:%M} UTC, because it refused "
                    f"{state.n_refusals} times in a row or asked for a rest; run again after that",
                    until=state.closed_until,
                )
            wait = self._wait_s(state, now)
            if wait > 0:
                self._sleep(min(wait, _LOOK_EVERY_S) if state.holder is not None else wait)
            elif self._memory.change(take).holder == holder:
                return holder

    def leave(self, turn: str, answer: RequestOutcome) -> LimiterState:
        """Let the next one in after the pause that the answer asks for; the state that this leaves."""
        return self._memory.change(
            lambda state: after_answer(state, turn, answer, self._manners, self._clock()),
            answer,
        )

    def wait_s(self) -> float:
        """Seconds until the next request may be sent, as far as is known."""
        return self._wait_s(self._memory.read(), self._clock())

    def now(self) -> datetime:
        """The present, by the gate's clock."""
        return self._clock()

    def _wait_s(self, state: LimiterState, now: datetime) -> float:
        return wait_s(state, self._manners, now, is_gone=self._holder_is_gone)

    def _holder_is_gone(self, holder: str) -> bool:
        process, _, _ = holder.rpartition(":")
        return process != self._this_process() and self._is_gone(process)

    def _this_process(self) -> str:
        """Unlike any other process, before or beside us; asked anew each time, since a process may fork."""
        return f"{socket.gethostname()}:{os.getpid()}:{self._place}.{_STARTED}"


def request_policy(settings: ArxivSettings) -> RequestPolicy:
    """The gate's part of the settings."""
    return RequestPolicy(
        delay_s=settings.delay_s,
        max_wait_s=settings.max_wait_s,
        hold_s=CONNECT_S + settings.answer_s + 60.0,
        max_refusals=settings.max_refusals,
        rest_s=settings.rest_h * 3600,
    )
