"""Ends waits for arXiv when the process is asked to stop.

A wait for the next request, for another try or for an answer can take ten minutes. What is finished is stored, and a
wait changes nothing, so it may end at any moment. Signals reach the main thread only; waits in other threads end with
the process.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import Stopped

MESSAGE = "stopped as requested; everything finished is stored, run it again to continue"


class _State:
    is_requested = False
    is_waiting = False  # the main thread only


_state = _State()


def request_stop() -> None:
    """Ask for a stop, from a signal handler.

    Raises
    ------
    Stopped
        If the main thread is waiting for arXiv.
    """
    _state.is_requested = True
    if _state.is_waiting:
        _state.is_waiting = False
        raise Stopped(MESSAGE)


def forget_stop() -> None:
    """Forget an earlier request."""
    _state.is_requested = False


@contextmanager
def ended_by_stop() -> Iterator[None]:
    """Mark a wait for arXiv, which a stop may end at any moment; it must not write to the database.

    Raises
    ------
    Stopped
        If a stop is asked for, before or during the wait.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _state.is_waiting = True
    try:
        if _state.is_requested:
            raise Stopped(MESSAGE)
        yield
    finally:
        _state.is_waiting = False
