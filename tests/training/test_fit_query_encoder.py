"""Fitting how queries are read."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.fit_query_encoder import MAP_BATCH, fit_query_map

N_PAPERS, N_DIMS = 4 * MAP_BATCH, 384


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _requests(papers: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Requests that say of their papers only the first half of the dimensions, beside noise in the other."""
    requests = papers.copy()
    requests[:, N_DIMS // 2 :] = np.random.default_rng(seed).normal(size=(len(papers), N_DIMS // 2)) / 8
    return _unit(requests)


@pytest.mark.slow
def test_the_map_of_queries_leaves_out_what_tells_nothing_of_their_papers() -> None:
    papers = _unit(np.random.default_rng(0).normal(0.02, 1, size=(N_PAPERS, N_DIMS)).astype(np.float32))
    requests = np.concatenate([_requests(papers, seed) for seed in range(4)])
    rows = [*range(N_PAPERS)] * 4
    fitted = fit_query_map(requests, rows, papers, seed=0)
    others = _requests(papers, 9)

    def margin(queries: NDArray[np.float32]) -> float:
        cosines = queries @ _unit(papers - papers.mean(axis=0)).T
        return float(np.mean(np.diag(cosines) / cosines.std(axis=1)))

    assert margin(_unit(others @ fitted.astype(np.float32))) > 1.1 * margin(others)


def test_the_map_of_queries_is_the_same_when_fitted_again() -> None:
    papers = _unit(np.random.default_rng(1).normal(size=(N_PAPERS, N_DIMS)).astype(np.float32))
    requests, rows = _requests(papers, 2)[:MAP_BATCH], range(MAP_BATCH)
    once, again, otherwise = (fit_query_map(requests, rows, papers, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(once, again)
    assert (once != otherwise).any()
