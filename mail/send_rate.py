"""Limits how many messages are sent a second."""

from __future__ import annotations

import time
from collections.abc import Callable


class SendRate:
    """Limits calls to ``per_s`` a second by waiting before each one that would come too early."""

    def __init__(
        self, per_s: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None]
    ) -> None:
        self._interval_s = 1 / per_s
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    def wait(self) -> None:
        """Block until the next mail may be sent."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._interval_s
