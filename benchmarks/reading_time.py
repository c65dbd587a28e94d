"""How long something takes to read, apart from what else the process and the machine do."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass

_TRIES = 3


@dataclass(frozen=True)
class ReadingTime:
    """The fastest try: ``wall_s`` on the clock, of which ``processor_s`` the thread ran; and the first try's clock.

    Where the processor time is far below the other, something else had the processor.
    """

    wall_s: float
    processor_s: float
    first_wall_s: float

    def __str__(self) -> str:
        """The three times in milliseconds; the first try only if it was another one."""
        first = "" if self.first_wall_s == self.wall_s else f"; {1000 * self.first_wall_s:.1f} ms at first"
        return f"{1000 * self.wall_s:.1f} ms ({1000 * self.processor_s:.1f} ms of processor{first})"


def reading_time(read: Callable[[], object], *, slow_s: float) -> ReadingTime:
    """The time of ``read``, which runs twice more if it takes longer than ``slow_s``.

    Garbage is collected outside of it: most of the objects are those of the benchmark.
    """
    tries = [_once(read)]
    if tries[0][0] > slow_s:
        tries += [_once(read) for _ in range(_TRIES - 1)]
    wall_s, processor_s = min(tries)
    return ReadingTime(wall_s, processor_s, tries[0][0])


def _once(read: Callable[[], object]) -> tuple[float, float]:
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        began, ran = time.perf_counter(), time.thread_time()
        read()
        return time.perf_counter() - began, time.thread_time() - ran
    finally:
        if was_enabled:
            gc.enable()
