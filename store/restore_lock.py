"""The lock on a SQLite database: shared by every process that has it open, exclusive while it is replaced or moved.

The operating system holds it (``flock`` on a file beside the database), and frees it when a process ends, however that
happens. So a dead process blocks nobody. It is not the database file itself that is locked, because SQLite locks that
in its own way, and because a restore replaces it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from domain.errors import BusyError

IN_USE = "a Papertide process has this database open; stop `papertide up`, the scheduler and all others first"
IN_EXCLUSIVE_USE = "a backup is being restored, or the database moved; try again when that is done"


def shared_lock(database: Path, *, create: bool) -> IO[bytes] | None:
    """Hold the lock as one of many until the returned file is closed.

    ``None`` where there is no lock file, and none may or can be created.

    Raises
    ------
    BusyError
        If a backup is being restored, or the database moved.
    """
    try:
        file = _lock_file(database) if create else _path(database).open("rb")
    except OSError:  # it is absent, or in a folder that may only be read
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise BusyError(IN_EXCLUSIVE_USE, holder="restore") from error
    except OSError:  # a file system without locks
        pass
    return file


def exclusive_lock(database: Path) -> IO[bytes]:
    """Hold the lock alone until the returned file is closed.

    Raises
    ------
    BusyError
        If any process has the database open.
    """
    file = _lock_file(database)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise BusyError(IN_USE, holder="another process") from error
    return file


def _lock_file(database: Path) -> IO[bytes]:
    return os.fdopen(os.open(_path(database), os.O_CREAT | os.O_RDWR, 0o600), "r+b")


def _path(database: Path) -> Path:
    return database.with_name(f"{database.name}.lock")
