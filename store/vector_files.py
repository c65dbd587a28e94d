"""The vectors of an index in a file that processes map into memory, instead of in the memory of each.

A file holds the vectors of one state of the database, a row for each paper of the index. It is a cache: whoever finds
none for the present state writes one, under a lock, and it appears whole or not at all.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from store.vector_encoding import VECTOR_DTYPE

Rows = Iterable[tuple[int, bytes]]
"""Rows of the index, in any order, with their stored vectors."""


@dataclass(frozen=True)
class VectorFiles:
    """The folder of such files.

    Attributes
    ----------
    folder : created when the first file is written.
    from_papers : with fewer papers, vectors are read into memory.
    may_write : whether a missing file is written; otherwise an existing one is used, or none.
    """

    folder: Path
    from_papers: int
    may_write: bool = True

    def vectors(self, n_papers: int, state: Iterable[object], read: Callable[[], Rows]) -> NDArray[np.float32]:
        """The vector of each paper, ``(n_papers, n_dims)``, zeros where it has none; ``(n_papers, 0)`` if none has.

        Parameters
        ----------
        n_papers : of the index.
        state : values that change whenever the vectors or their rows do.
        read : reads the vectors from the database; it is not called where there is a file.
        """
        if n_papers < max(self.from_papers, 1):
            return in_memory(n_papers, read())
        key = sha256()
        for value in state:
            key.update(repr(value).encode())
            key.update(b"\n")
        file = self.folder / f"{key.hexdigest()[:32]}.npy"
        if (mapped := _mapped(file, n_papers)) is not None:
            return mapped
        if not self.may_write:
            return in_memory(n_papers, read())
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(self.folder / "lock"):  # another process may be writing it
                if (mapped := _mapped(file, n_papers)) is None:
                    _write(file, n_papers, read())
                    mapped = _mapped(file, n_papers)
        except OSError:  # a full disk, or a folder that may only be read
            mapped = None
        return in_memory(n_papers, read()) if mapped is None else mapped


def in_memory(n_papers: int, rows: Rows) -> NDArray[np.float32]:
    """The vectors as an array, filled row by row: copies of all at once would be most of a service's memory."""
    vectors = np.zeros((n_papers, 0), dtype=np.float32)
    for row, blob in rows:
        if not vectors.shape[1]:
            vectors = np.zeros((n_papers, len(blob) // VECTOR_DTYPE.itemsize), dtype=np.float32)
        vectors[row] = np.frombuffer(blob, dtype=VECTOR_DTYPE)
    return vectors


def _mapped(file: Path, n_papers: int) -> NDArray[np.float32] | None:
    """The vectors of a file, read from the disk as they are used; ``None`` if there is no such file."""
    try:
        # Copy on write: nobody writes, but PyTorch warns of arrays that cannot be written.
        vectors: NDArray[np.float32] = np.asarray(np.load(file, mmap_mode="c"))
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.ndim == 2 and len(vectors) == n_papers and vectors.dtype == VECTOR_DTYPE else None


def _write(file: Path, n_papers: int, rows: Rows) -> None:
    """Write a file atomically, and delete those of other states; processes that map one keep it until they end."""
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    try:
        vectors = None
        for row, blob in rows:
            if vectors is None:
                shape = (n_papers, len(blob) // VECTOR_DTYPE.itemsize)
                vectors = open_memmap(part, mode="w+", dtype=VECTOR_DTYPE, shape=shape)
                _allocate(part)
            vectors[row] = np.frombuffer(blob, dtype=VECTOR_DTYPE)
        if vectors is None:
            with part.open("wb") as empty:
                np.save(empty, np.zeros((n_papers, 0), dtype=VECTOR_DTYPE))
        else:
            vectors.flush()
        part.chmod(0o600)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    for other in file.parent.glob("*.npy"):
        if other != file:
            with suppress(OSError):
                other.unlink()


def _allocate(file: Path) -> None:
    """Take the whole file's space: on a full disk, writing to a mapped hole would end the process."""
    handle = os.open(file, os.O_RDWR)
    try:
        os.posix_fallocate(handle, 0, os.fstat(handle).st_size)
    finally:
        os.close(handle)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+b") as file:
        with suppress(OSError):  # a file system without locks: two processes write the same
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
