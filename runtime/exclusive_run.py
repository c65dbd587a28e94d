"""Runs one job at a time on a database: holds the run lease and writes the job's line in the run ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import Stopped, StoreError, private_detail, public_message
from domain.progress import Progress
from runtime.lease import held_lease
from store.job_runs import finish_run, start_run

if TYPE_CHECKING:
    from runtime.context import AppContext

RUN_LEASE = "run"
"""The lease for harvesting, embedding, fitting and publishing."""


@contextmanager
def exclusive_run(
    context: AppContext, job: str, period: str
) -> Iterator[Callable[[Iterable[Progress]], Iterator[Progress]]]:
    """Hold the run lease, and record the start and the end of the job in the run ledger.

    Yields a function to pass the work through, which ends the work if the lease is lost.

    Raises
    ------
    BusyError
        If another process is working on the database.
    """
    with held_lease(context.db, RUN_LEASE, clock=context.clock) as guarded:
        start_run(context.db, job, period, now=context.clock())
        try:
            yield guarded
        except (KeyboardInterrupt, Stopped):
            _record_end(context, job, period, "stopped", "stopped as asked")
            raise
        except BaseException as error:
            _record_end(context, job, period, "failed", public_message(error), private_detail(error))
            raise
        else:
            _record_end(context, job, period, "done", "")


def _record_end(context: AppContext, job: str, period: str, state: str, message: str, detail: str = "") -> None:
    try:
        finish_run(context.db, job, period, state=state, message=message, detail=detail, now=context.clock())
    except StoreError:
        if state == "done":  # otherwise the first error matters more
            raise
