"""One worker at a time: the lease in the database, renewed while the work goes on."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from domain.errors import BusyError, StoreError
from store.database import Database
from store.runs import acquire_lease, lease_holders, release_lease

LEASE_DURATION = timedelta(minutes=30)

_T = TypeVar("_T")
_ours: set[str] = set()
"""Holders at work in this process, so that two of its threads do not take each other for dead."""


@contextmanager
def held_lease(
    db: Database, name: str, *, clock: Callable[[], datetime]
) -> Iterator[Callable[[Iterable[_T]], Iterator[_T]]]:
    """Hold the sole right of this name.

    Gives a function to pass the work through. The lease is renewed in a thread, since one step may take longer than
    it lasts; if somebody else took it all the same (the machine slept), the work ends at its next step.

    Raises
    ------
    BusyError
        If somebody else holds it.
    """
    holder = f"{socket.gethostname()}:{os.getpid()}:{pid_namespace()}.{time.monotonic_ns()}"
    done, lost = threading.Event(), list[BusyError]()

    def take() -> None:
        acquire_lease(db, name, holder, now=clock(), duration=LEASE_DURATION, has_ended=has_ended)

    def renew() -> None:
        while not done.wait(LEASE_DURATION.total_seconds() / 20):
            try:
                take()
            except BusyError as error:
                lost.append(error)
                return
            except StoreError:
                continue  # a database that is busy now is asked again at the next turn

    def keeping(work: Iterable[_T]) -> Iterator[_T]:
        for step in work:
            if lost:
                raise lost[0]
            yield step

    _ours.add(holder)
    try:
        take()
        renewal = threading.Thread(target=renew, name=f"lease {name}", daemon=True)
        renewal.start()
        try:
            yield keeping
        finally:
            done.set()
            renewal.join()
            # On a full disk the lease stays, but its process is known to be gone.
            with suppress(StoreError):
                release_lease(db, name, holder)
    finally:
        _ours.discard(holder)


def pid_namespace() -> str:
    """Where a process number means what it means here: this boot of the machine, and this container's own numbers.

    Empty where the system does not tell.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot[:8]}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


_PROCESS = "process "
_RESTORE = "restore"


@contextmanager
def long_running(db: Database, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """Say that a process works on this database for long, also while it waits for its next job.

    Raises
    ------
    BusyError
        If a backup is being put in the database's place.
    """
    with held_lease(db, f"{_PROCESS}{secrets.token_hex(8)}", clock=clock):
        with held_lease(db, _RESTORE, clock=clock):
            pass
        yield


@contextmanager
def nobody_else(db: Database, names: Iterable[str], *, clock: Callable[[], datetime]) -> Iterator[None]:
    """Hold the right to replace the database: no process runs for long, and none begins; nor any of these jobs.

    Raises
    ------
    BusyError
        If somebody is at work.
    """
    with ExitStack() as held:
        for name in (_RESTORE, *names):
            held.enter_context(held_lease(db, name, clock=clock))
        for holder in lease_holders(db, _PROCESS, now=clock()):
            if not has_ended(holder):
                raise BusyError("Papertide runs on this database; stop `papertide up` first", holder=holder)
        yield


def has_ended(holder: str) -> bool:
    """Whether a holder, ``host:process:place.start``, was a process of this machine that is gone.

    Two containers may have one host name, and a process number 1 each, so the place must be ours as well.
    """
    host, pid, start = holder.rsplit(":", 2)
    if (host, start.rpartition(".")[0]) != (socket.gethostname(), pid_namespace()):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    if int(pid) == os.getpid():
        return holder not in _ours  # the process before us had our number, and has ended
    try:  # a killed process keeps its number until its parent has asked how it ended
        return Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False  # no /proc here
