"""The scheduler as a process of its own, or beside the web service."""

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
from runtime.lease import long_running
from runtime.retry_log import log_retries
from scheduler.process import Scheduler

STOP_WITHIN_S = 8.0
"""How long units in hand may take to end after SIGTERM; with the rest of ending it stays under ten seconds."""
STOP_BESIDE_S = 5.0
"""The same where the web service has ended before, which takes up to four seconds."""


@contextmanager
def scheduler_beside(context: AppContext) -> Iterator[None]:
    """The scheduler at work in this process for as long as something else runs in it; it ends as that ends."""
    _log_to_standard_error()
    # The web server gives a signal on once it has ended; taken by nobody, it would end us before our own units.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    with long_running(context.db, clock=context.clock):
        scheduler = Scheduler(MailService(context))
        scheduler.start()
        try:
            yield
        finally:
            ended = scheduler.stop(STOP_BESIDE_S)
            signal.signal(signal.SIGTERM, before)
    if not ended:
        _leave_at_once()


def run_scheduler(mail_service: MailService) -> None:
    """Do what is due until SIGTERM or SIGINT.

    The units in hand are finished if they end within ``STOP_WITHIN_S``; one that does not is rolled back, and is
    due again at the next start.
    """
    _log_to_standard_error()
    asked = threading.Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    scheduler = Scheduler(mail_service)
    try:
        with long_running(mail_service.context.db, clock=mail_service.context.clock):
            scheduler.start()
            typer.echo("the scheduler is at work; Ctrl-C or SIGTERM ends it", err=True)
            while not asked.wait(1.0):
                pass
            ended = scheduler.stop(STOP_WITHIN_S)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not ended:
        _leave_at_once()


def _leave_at_once() -> None:
    typer.echo("a unit of work took too long to end; it is undone, and due again at the next start", err=True)
    sys.stderr.flush()
    # Its thread cannot be stopped from here, and Python would wait for it.
    os._exit(0)


def _log_to_standard_error() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    # These tell of every request, of the model's files and of each plugin.
    for name in ("arxiv", "sentence_transformers", "alembic.runtime.plugins"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # That a look is left out because the one before still works is as it should be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    log_retries(logging.getLogger("papertide.scheduler").info)
