"""Shows the progress of long work: bars on a terminal, plain lines in a log."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from domain.errors import Stopped
from domain.progress import Progress, Stage
from ingest.stop_request import MESSAGE, waits_ended_by
from runtime.retry_log import log_retries

_TITLES: dict[Stage, str] = {
    "harvest": "Fetching abstracts",
    "history": "Counting earlier weeks",
    "import": "Reading the snapshot",
    "embed": "Embedding",
    "detect": "Detecting techniques",
    "claims": "Reading claims",
    "names": "Finding names",
    "topics": "Finding topics",
    "tables": "Counting weeks",
    "emerging": "Finding emerging terms",
    "calls": "Making trend calls",
    "digest": "Writing the digest",
    "delivery": "Sending mail",
    "bounces": "Reading bounces",
    "backup": "Backing up",
    "move": "Moving",
    "clean-up": "Cleaning up",
}
_LINE_EVERY_S = 15.0


def follow(progress: Iterable[Progress]) -> None:
    """Do the work and show its progress on standard error.

    Raises
    ------
    Stopped
        On SIGTERM or SIGINT, once the current unit is finished, or at once during a wait for arXiv. A second SIGINT
        stops at once.
    """
    console = Console(stderr=True)
    log_retries()
    with stop_signals() as stop:
        show = _bars if console.is_terminal else _lines
        for _ in show(progress, console):
            if stop:
                raise Stopped(MESSAGE)


def _bars(progress: Iterable[Progress], console: Console) -> Iterator[None]:
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Bars(*columns, console=console) as bars:
        tasks = {}
        for step in progress:
            if step.stage not in tasks:
                tasks[step.stage] = bars.add_task(_TITLES[step.stage], total=step.n_total, unit=step.unit)
            bars.update(tasks[step.stage], completed=step.n_done, total=step.n_total)
            if step.note:
                # The note may quote arXiv, so it must not be read as markup.
                bars.console.print(f"{_TITLES[step.stage]}: {step.note}", highlight=False, markup=False)
            yield


def _lines(progress: Iterable[Progress], console: Console) -> Iterator[None]:
    last_at, last_stage = 0.0, None
    for step in progress:
        now = time.monotonic()
        finished = step.n_done == step.n_total
        if step.note or finished or step.stage != last_stage or now - last_at >= _LINE_EVERY_S:
            note = f": {step.note}" if step.note else ""
            line = f"{_TITLES[step.stage]}, {step.n_done:,} of {step.n_total:,} {step.unit}{note}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)
            last_at, last_stage = now, step.stage
        yield


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """A list to which the number of each SIGINT or SIGTERM is added; the first ends waits for arXiv."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)
        if number == signal.SIGINT:
            sys.stderr.write("\nFinishing the current step; press Ctrl-C again to stop at once.\n")

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with waits_ended_by(lambda: bool(received)):
            yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
