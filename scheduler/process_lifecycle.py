"""Runs the scheduler as a process of its own, or beside the web service, and stops it cleanly."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from mail.service import MailService
from runtime.context import AppContext
from runtime.lease import registered_scheduler
from runtime.retry_log import log_retries
from scheduler.scheduler import Scheduler

STOP_WITHIN_S = 8.0
"""How long running units may take to finish after SIGTERM; the whole shutdown stays under ten seconds."""
STOP_BESIDE_S = 5.0
"""The same beside the web service, whose own shutdown takes up to four seconds before."""


@contextmanager
def sigterm_ends_normally() -> Iterator[None]:
    """Let SIGTERM end the web server in the ``with`` block as a normal end of this process, with exit status 0.

    The server re-raises its signal after its shutdown, which would end the process at once, with status 143.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def scheduler_beside(context: AppContext) -> Iterator[None]:
    """Run the scheduler in this process while the ``with`` block runs, and stop it afterwards."""
    _log_to_standard_error()
    with sigterm_ends_normally(), registered_scheduler(context.db, clock=context.clock):
        scheduler = Scheduler(MailService(context))
        scheduler.start()
        try:
            yield
        finally:
            ended = scheduler.stop(STOP_BESIDE_S)
    if not ended:
        _exit_at_once()


def run_scheduler(mail_service: MailService) -> None:
    """Run due jobs until SIGTERM or SIGINT.

    Running units may finish within ``STOP_WITHIN_S``; one that takes longer is rolled back, and is due again at the
    next start.
    """
    _log_to_standard_error()
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    scheduler = Scheduler(mail_service)
    try:
        with registered_scheduler(mail_service.context.db, clock=mail_service.context.clock):
            scheduler.start()
            typer.echo("the scheduler is running; Ctrl-C or SIGTERM stops it", err=True)
            while not stop.wait(1.0):
                pass
            ended = scheduler.stop(STOP_WITHIN_S)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not ended:
        _exit_at_once()


def _exit_at_once() -> None:
    typer.echo("a unit of work took too long to finish; it is rolled back, and due again at the next start", err=True)
    sys.stderr.flush()
    # Python would wait for its thread, which cannot be stopped from here.
    os._exit(0)


def _log_to_standard_error() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # They log every request, the model's files and every plugin.
    for name in ("arxiv", "sentence_transformers", "alembic.runtime.plugins"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # APScheduler warns when a check is skipped because the one before is still running, which is normal here.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    log_retries(logging.getLogger("papertide.scheduler").info)
