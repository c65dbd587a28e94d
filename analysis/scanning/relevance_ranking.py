"""Papers by how likely a reader keeps them, learnt from what the reader named and decided."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BACKGROUND_WEIGHT = 0.2
"""Of a background paper, beside 1 of one that the reader skipped: nearly all of them do not matter to the reader."""
INVERSE_REGULARISATION = 10.0
N_BACKGROUND = 400


def relevance_scores(
    vectors: NDArray[np.float32],
    *,
    wanted: NDArray[np.float32],
    refused: NDArray[np.float32],
    background: NDArray[np.float32],
    searched: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """The log-odds, up to a constant, that a reader keeps each paper, ``(n_papers,)``.

    A logistic regression on the vectors, in which the wanted weigh as much together as all others. It is fitted
    for each answer, which takes some milliseconds for hundreds of decisions. Where words are looked for, the scores of
    the search for them are one more column, so that it learns how much they say.

    Parameters
    ----------
    vectors : of the papers to rank, ``(n_papers, n_dims)``, rows of unit length.
    wanted : of seeds and kept papers, ``(n_wanted, n_dims)``, at least one.
    refused : of skipped papers, ``(n_refused, n_dims)``.
    background : of papers as they come, ``(n_background, n_dims)``, at least one unless papers were skipped.
    searched : the search scores of the papers to rank as shares of the best, ``(n_papers,)``. The other arrays then
        have theirs as a last column, as ``with_search_scores`` adds it; that of the words themselves is 1.

    Raises
    ------
    ValueError
        If there is nothing wanted, or nothing to tell it from.

    Examples
    --------
    >>> east, north = np.eye(2, dtype=np.float32)
    >>> scores = relevance_scores(
    ...     np.stack([north, east]), wanted=east[None], refused=north[None], background=np.zeros((0, 2), np.float32)
    ... )
    >>> bool(scores[1] > scores[0])
    True
    """
    if not len(wanted):
        raise ValueError("expected at least one wanted vector, got none")
    if not len(refused) + len(background):
        raise ValueError("expected vectors that are not wanted, got none")
    if not len(vectors):
        return np.zeros(0, dtype=np.float32)
    from sklearn.linear_model import LogisticRegression

    weights = np.concatenate([np.ones(len(refused)), np.full(len(background), BACKGROUND_WEIGHT)])
    weights = np.concatenate([np.full(len(wanted), weights.sum() / len(wanted)), weights])
    is_wanted = np.arange(len(weights)) < len(wanted)
    model = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=200)
    model.fit(np.concatenate([wanted, refused, background]), is_wanted, sample_weight=weights / weights.mean())
    [weights], n_dims = model.coef_.astype(np.float32), vectors.shape[1]
    scores: NDArray[np.float32] = vectors @ weights[:n_dims] + np.float32(model.intercept_[0])
    return scores if searched is None else scores + weights[n_dims] * searched


def with_search_scores(vectors: NDArray[np.float32], searched: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors with their search scores as the last column, ``(n, n_dims + 1)``."""
    return np.column_stack([vectors, searched]).astype(np.float32)


def background_rows(n_papers: int, *, among: NDArray[np.bool_]) -> NDArray[np.int64]:
    """At most ``N_BACKGROUND`` rows spread evenly over some papers; the same for the same papers."""
    rows = np.flatnonzero(among[:n_papers])
    if len(rows) <= N_BACKGROUND:
        return rows
    return rows[np.linspace(0, len(rows) - 1, N_BACKGROUND).round().astype(np.int64)]
