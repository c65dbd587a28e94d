"""The nearest papers, against sorting all cosines."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.topics import knn_graph as nearest_papers_module
from analysis.topics.knn_graph import nearest_papers


def unit_rows(n: int, n_dims: int = 24, seed: int = 0) -> np.ndarray:
    """Papers in some two dozen loose groups."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(24, n_dims))[rng.integers(24, size=n)] + 0.7 * rng.normal(size=(n, n_dims))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("n_papers", "n_neighbors"), [(1, 1), (7, 7), (300, 15), (2500, 15), (2517, 30)])
def test_neighbours_are_those_that_sorting_all_cosines_gives(n_papers: int, n_neighbors: int) -> None:
    vectors = unit_rows(n_papers)
    nearest, distances = nearest_papers(vectors, n_neighbors)
    cosines = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    np.fill_diagonal(cosines, 2.0)
    expected = -np.sort(-cosines, axis=1)[:, :n_neighbors]
    # Neighbours that float32 cannot tell apart may change places.
    np.testing.assert_allclose(np.take_along_axis(cosines, nearest, axis=1), expected, atol=1e-6)
    np.testing.assert_allclose(distances[:, 1:], 1.0 - expected[:, 1:], atol=1e-6)
    assert nearest[:, 0].tolist() == list(range(n_papers))
    assert all(len(set(row)) == n_neighbors for row in nearest.tolist())
    assert nearest.dtype == np.int32
    assert distances.dtype == np.float32


def test_a_paper_is_its_own_first_neighbour_also_among_twins() -> None:
    nearest, distances = nearest_papers(np.repeat(unit_rows(3), 50, axis=0), 10)
    assert nearest[:, 0].tolist() == list(range(150))
    assert distances == pytest.approx(0.0, abs=1e-6)


def test_a_large_corpus_is_cut_into_cells_and_few_neighbours_are_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit_rows(6000)
    exact, _ = nearest_papers(vectors, 15)
    monkeypatch.setattr(nearest_papers_module, "COMPARED_WITH", 1500)
    monkeypatch.setattr(nearest_papers_module, "_PAPERS_PER_CELL", 100)
    found, distances = nearest_papers(vectors, 15)
    found_share = np.mean([len(set(a) & set(b)) / 15 for a, b in zip(exact, found, strict=True)])
    assert 0.9 < found_share < 1.0
    assert (found[:, 0] == np.arange(6000)).all()
    assert (np.diff(distances, axis=1) >= 0).all()


@pytest.mark.parametrize("n_neighbors", [0, 6])
def test_more_neighbours_than_papers_are_refused(n_neighbors: int) -> None:
    with pytest.raises(ValueError, match=f"expected 1 to 5 neighbours of 5 papers, got {n_neighbors}"):
        nearest_papers(unit_rows(5), n_neighbors)
