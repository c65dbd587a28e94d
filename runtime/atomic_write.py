"""Writes files atomically, so that no reader ever sees half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from domain.errors import OutputError


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file atomically: it appears whole or not at all, and no temporary file is left behind.

    A new folder of a file that only its owner may read is closed to others too.

    Raises
    ------
    OutputError
    """
    try:
        path.parent.mkdir(mode=0o777 if mode & 0o077 else 0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(mode)  # mkstemp lets only the owner read it
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by relative name, deepest folders first, so that a page's links work once the page exists.

    Raises
    ------
    OutputError
    """
    for name in sorted(files, key=lambda name: (-name.count("/"), name)):
        write_whole(folder / name, files[name].encode())
