"""Vectors mapped from a file are those of the database, made once for each state, and never half written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper
from store.database import Database
from store.embeddings import add_embeddings
from store.paper_arrays import load_paper_index
from store.paper_query import Corpus
from store.vector_encoding import pack_vector
from store.vector_files import VectorFiles

N_PAPERS, N_DIMS = 6, 4


def _unit_vectors(seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(N_PAPERS, N_DIMS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


class Reader:
    """Gives stored vectors as the database does, and counts how often it is asked."""

    def __init__(self, vectors: NDArray[np.float32], *, fails_after: int | None = None) -> None:
        self.vectors, self.n_asked, self._fails_after = vectors, 0, fails_after

    def __call__(self) -> Iterator[tuple[int, bytes]]:
        self.n_asked += 1
        for row in reversed(range(len(self.vectors))):
            if row == self._fails_after:
                raise KeyboardInterrupt
            yield row, pack_vector(self.vectors[row])


@pytest.fixture
def files(tmp_path: Path) -> VectorFiles:
    return VectorFiles(tmp_path / "vectors", from_papers=N_PAPERS)


def _files_in(files: VectorFiles) -> list[str]:
    return sorted(path.suffix for path in files.folder.iterdir() if path.name != "lock")


def test_a_file_is_written_once_for_a_state_and_then_mapped(files: VectorFiles) -> None:
    reader = Reader(_unit_vectors(1))
    first = files.vectors(N_PAPERS, ["a"], reader)
    second = files.vectors(N_PAPERS, ["a"], reader)
    assert reader.n_asked == 1
    assert isinstance(second.base, np.memmap)
    np.testing.assert_array_equal(first, reader.vectors)
    np.testing.assert_array_equal(second, reader.vectors)
    assert second.dtype == np.float32


def test_another_state_gets_another_file_and_the_old_one_goes(files: VectorFiles) -> None:
    old, new = Reader(_unit_vectors(1)), Reader(_unit_vectors(2))
    mapped = files.vectors(N_PAPERS, ["a"], old)
    np.testing.assert_array_equal(files.vectors(N_PAPERS, ["b"], new), new.vectors)
    np.testing.assert_array_equal(mapped, old.vectors)  # whoever maps the old file keeps it
    assert _files_in(files) == [".npy"]


def test_with_few_papers_vectors_stay_in_memory(files: VectorFiles) -> None:
    reader = Reader(_unit_vectors(1))
    vectors = replace(files, from_papers=N_PAPERS + 1).vectors(N_PAPERS, ["a"], reader)
    np.testing.assert_array_equal(vectors, reader.vectors)
    assert not files.folder.exists()


def test_who_may_not_write_uses_a_file_or_memory(files: VectorFiles) -> None:
    reader = Reader(_unit_vectors(1))
    reads = replace(files, may_write=False)
    np.testing.assert_array_equal(reads.vectors(N_PAPERS, ["a"], reader), reader.vectors)
    assert not files.folder.exists()
    files.vectors(N_PAPERS, ["a"], reader)
    assert isinstance(reads.vectors(N_PAPERS, ["a"], reader).base, np.memmap)


def test_what_is_killed_while_writing_leaves_no_file_to_use(files: VectorFiles) -> None:
    with pytest.raises(KeyboardInterrupt):
        files.vectors(N_PAPERS, ["a"], Reader(_unit_vectors(1), fails_after=2))
    (files.folder / "x.part").write_bytes(b"left by a kill")
    assert ".npy" not in _files_in(files)
    np.testing.assert_array_equal(files.vectors(N_PAPERS, ["a"], Reader(_unit_vectors(1))), _unit_vectors(1))


def test_on_a_full_disk_vectors_are_in_memory(files: VectorFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    np.testing.assert_array_equal(files.vectors(N_PAPERS, ["a"], Reader(_unit_vectors(1))), _unit_vectors(1))
    assert _files_in(files) == []


@pytest.mark.parametrize("content", [b"", b"not an array", b"\x93NUMPY\x01\x00"])
def test_a_damaged_file_is_made_again(files: VectorFiles, content: bytes) -> None:
    files.vectors(N_PAPERS, ["a"], Reader(_unit_vectors(1)))
    [file] = files.folder.glob("*.npy")
    file.write_bytes(content)
    np.testing.assert_array_equal(files.vectors(N_PAPERS, ["a"], Reader(_unit_vectors(1))), _unit_vectors(1))


def test_papers_without_any_vector_have_none_in_the_file_either(files: VectorFiles) -> None:
    for _ in range(2):
        assert files.vectors(N_PAPERS, ["a"], lambda: ()).shape == (N_PAPERS, 0)


def test_an_index_has_the_same_vectors_from_a_file_as_in_memory(
    stored: Callable[..., Database], make_paper: Callable[..., Paper], files: VectorFiles
) -> None:
    papers = [make_paper(number) for number in range(1, N_PAPERS + 1)]
    db = stored(*papers)
    ids = tuple(ArxivId(p.arxiv_id) for p in reversed(papers))
    add_embeddings(db, Embeddings(ids[1:], _unit_vectors(3)[1:], "model"))

    def index_vectors(with_files: VectorFiles | None) -> NDArray[np.float32]:
        index = load_paper_index(db, Corpus(("cs.LG",)), terms=[], embedding_model_id="model", vector_files=with_files)
        return index.vectors

    np.testing.assert_array_equal(index_vectors(files), index_vectors(None))
    assert not index_vectors(files)[-1].any()
    add_embeddings(db, Embeddings(ids[:1], _unit_vectors(3)[:1], "model"))
    np.testing.assert_array_equal(index_vectors(files), index_vectors(None))
    assert _files_in(files) == [".npy"]
