"""Leases in the database: one holder at a time, renewed while the work goes on."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from domain.errors import BusyError, StoreError
from store.database import Database
from store.leases import acquire_lease, delete_expired_leases, lease_holders, release_lease

LEASE_DURATION = timedelta(minutes=30)

_T = TypeVar("_T")
_own_holders: set[str] = set()
"""The holders in this process, so that its threads do not take each other for dead processes."""


@contextmanager
def held_lease(
    db: Database, name: str, *, clock: Callable[[], datetime]
) -> Iterator[Callable[[Iterable[_T]], Iterator[_T]]]:
    """Hold the lease of this name.

    Yields a function to pass the work through. The lease is renewed in a thread, because one step may take longer than
    the lease lasts. If another process takes it anyway (the machine slept), the work ends at its next step.

    Raises
    ------
    BusyError
        If another holder has it.
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
                continue  # the database is busy; try again at the next renewal

    def guarded(work: Iterable[_T]) -> Iterator[_T]:
        for step in work:
            if lost:
                raise lost[0]
            yield step

    _own_holders.add(holder)
    try:
        take()
        renewal = threading.Thread(target=renew, name=f"lease {name}", daemon=True)
        renewal.start()
        try:
            yield guarded
        finally:
            done.set()
            renewal.join()
            # On a full disk the lease stays, but others can tell that its process has ended.
            with suppress(StoreError):
                release_lease(db, name, holder)
    finally:
        _own_holders.discard(holder)


def pid_namespace() -> str:
    """Within which process ids are unique: this boot of the machine and this container's PID namespace.

    Empty if the system does not tell.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot[:8]}-{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


_SCHEDULER = "process "  # the stored name: a scheduler of an older version may hold the lease


@contextmanager
def registered_scheduler(db: Database, *, clock: Callable[[], datetime]) -> Iterator[None]:
    """Register a running scheduler of this database, also while it waits for its next job."""
    delete_expired_leases(db, _SCHEDULER, now=clock())
    with held_lease(db, f"{_SCHEDULER}{secrets.token_hex(8)}", clock=clock):
        yield


def is_scheduler_running(db: Database, *, clock: Callable[[], datetime]) -> bool:
    """Whether any scheduler runs on this database, in any process."""
    return any(not has_ended(holder) for holder in lease_holders(db, _SCHEDULER, now=clock()))


def has_ended(holder: str) -> bool:
    """Whether a holder, ``host:process:namespace.start``, was a process of this machine that has ended.

    Two containers may share a host name, and each has a process 1, so the namespace must be ours as well.
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
        return holder not in _own_holders  # an earlier process had our id, and has ended
    try:  # a killed process keeps its id until its parent reads its exit status
        return Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False  # no /proc here
