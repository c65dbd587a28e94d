"""A process that draws pictures.

The library that draws holds Python's interpreter lock for 0.3 s a picture, during which a thread of the service could
answer nothing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

from domain.errors import OverloadedError
from templates.trend_vega import chart_bytes

DRAW_S = 30.0
"""How long a picture may take; the first one starts the process."""


class PictureProcess:
    """Draws one picture at a time in a process of its own, started with the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def draw(self, specification: Mapping[str, Any], suffix: str) -> bytes:
        """As ``chart_bytes``.

        Raises
        ------
        OverloadedError
            If the process ends or takes too long; the next picture starts another.
        """
        with self._lock:
            if self._pool is None:
                # A forked copy would hold locks of the service's threads.
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=_leave_signals_to_the_service)
            try:
                return self._pool.submit(chart_bytes, dict(specification), suffix).result(DRAW_S)
            except (BrokenProcessPool, TimeoutError) as error:
                self._end()
                raise OverloadedError from error

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _leave_signals_to_the_service() -> None:
    """A Ctrl-C reaches both processes; the service ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
