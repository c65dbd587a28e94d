"""Writing files so that nobody ever reads half of one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from domain.errors import OutputError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears at once, or not at all.

    Raises
    ------
    OutputError
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).chmod(0o644)  # mkstemp makes it the owner's alone
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by relative name, the ones deepest down first, so that a page's links lead somewhere.

    Raises
    ------
    OutputError
    """
    for name in sorted(files, key=lambda name: (-name.count("/"), name)):
        write_whole(folder / name, files[name].encode())
