"""The scheduler as a process of its own."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

import typer

from service.jobs import Scheduler
from service.post_office import PostOffice

STOP_WITHIN_S = 8.0
"""How long units in hand may take to end after SIGTERM; with the rest of ending it stays under ten seconds."""


def run_scheduler(office: PostOffice) -> None:
    """Do what is due until SIGTERM or SIGINT.

    The units in hand are finished if they end within ``STOP_WITHIN_S``; one that does not is rolled back, and is
    due again at the next start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    asked = threading.Event()
    before = {number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    scheduler = Scheduler(office)
    try:
        scheduler.start()
        typer.echo("the scheduler is at work; Ctrl-C or SIGTERM ends it", err=True)
        while not asked.wait(1.0):
            pass
        ended = scheduler.stop(STOP_WITHIN_S)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not ended:
        typer.echo("a unit of work took too long to end; it is undone, and due again at the next start", err=True)
        sys.stderr.flush()
        # Its thread cannot be stopped from here, and Python would wait for it.
        os._exit(0)
