"""Ends waits for arXiv when the work that waits is asked to stop.

A wait for the next request, for another try or for an answer can take ten minutes. What is finished is stored, and a
wait changes nothing, so it may end at any moment. Signals reach the main thread only, and a blocking call cannot be
ended from another, so the calls of stoppable work are made in a thread of their own, which is left behind at a stop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, TypeVar

from domain.errors import Stopped

_T = TypeVar("_T")

MESSAGE = "stopped as requested; everything finished is stored, run it again to continue"
_POLL_S = 0.1
"""How long after a request a wait ends."""


class _Waits:
    """Makes the calls of one thread, one after another, in another thread."""

    def __init__(self, is_stopped: Callable[[], bool]) -> None:
        self._is_stopped = is_stopped
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def result_of(self, call: Callable[[], _T]) -> _T:
        if self._is_stopped():
            raise Stopped(MESSAGE)
        if self._thread is None:
            # One thread for all calls: the tries of a request count in the thread that they began in.
            self._thread = threading.Thread(target=self._make_calls, name="waits for arXiv", daemon=True)
            self._thread.start()
        result: Future[_T] = Future()
        self._calls.put((call, result))
        while not wait([result], timeout=_POLL_S).done:
            if self._is_stopped():
                raise Stopped(MESSAGE)
        return result.result()

    def end(self) -> None:
        self._calls.put(None)

    def _make_calls(self) -> None:
        while (asked := self._calls.get()) is not None:
            call, result = asked
            try:
                result.set_result(call())
            except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
                result.set_exception(error)


_of_thread = threading.local()


@contextmanager
def waits_ended_by(is_stopped: Callable[[], bool]) -> Iterator[None]:
    """Let the waits of this thread in the ``with`` block end once ``is_stopped()`` is true."""
    before = getattr(_of_thread, "waits", None)
    _of_thread.waits = waits = _Waits(is_stopped)
    try:
        yield
    finally:
        waits.end()
        _of_thread.waits = before


def ended_by_stop(call: Callable[[], _T]) -> _T:
    """The result of a call that waits for arXiv, which a stop may end at any moment; it must not use the database.

    Raises
    ------
    Stopped
        If the work of this thread is asked to stop, before or during the call.
    """
    waits: _Waits | None = getattr(_of_thread, "waits", None)
    return call() if waits is None else waits.result_of(call)
