"""Drift: how well each week's papers fit topics that were fitted without them.

A refit is due early if the share of unassigned papers rises above that of the last weeks that the fit used. The other
measures show what kind of change it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.topics import TopicDrift
from domain.week import Week

BASELINE_WEEKS = 8
"""Number of last weeks of a fit with which later weeks are compared."""

_MIN_PAPERS_OF_TOPIC = 5
"""Fewest papers of a topic in a week for its shift to be measured."""


def drift_of_week(
    week: Week,
    vectors: NDArray[np.float32],
    topic: NDArray[np.int64],
    similarity: NDArray[np.float32],
    *,
    centroids: NDArray[np.float32],
    baseline: NDArray[np.float32],
) -> TopicDrift:
    """How well a week's papers fit.

    Both shifts compare mean vectors, and the means of few papers scatter. So the expected scatter is subtracted from
    ``centroid_shift`` and is the unit of ``embedding_shift``.

    Parameters
    ----------
    week : the week of these papers.
    vectors : float32 ``(n_papers, n_dims)``, of unit length; at least one.
    topic : int ``(n_papers,)``, the number of each paper's topic, -1 for none.
    similarity : float32 ``(n_papers,)``, each paper's cosine to its nearest centroid.
    centroids : float32 ``(n_topics, n_dims)``, of the fit.
    baseline : float32 ``(n_baseline, n_dims)``, the papers of the baseline weeks without this week.
    """
    shifts = [
        (len(of_topic), _shift(vectors[of_topic], centroids[number]))
        for number in range(len(centroids))
        if len(of_topic := np.flatnonzero(topic == number)) >= _MIN_PAPERS_OF_TOPIC
    ]
    weights = np.array([n for n, _ in shifts], dtype=np.float64)
    return TopicDrift(
        week=week,
        n=len(vectors),
        share_unassigned=float((topic < 0).mean()),
        mean_similarity=float(similarity.mean(dtype=np.float64)),
        centroid_shift=float(weights @ [shift for _, shift in shifts] / weights.sum()) if shifts else 0.0,
        embedding_shift=_standard_errors_between(vectors, baseline),
    )


def rise_of_unassigned(drift: Sequence[TopicDrift], fitted_week: Week) -> float:
    """The newest week's share of unassigned papers minus that of the baseline, less two standard errors.

    Negative if there is no rise, or the week has too few papers to show one; 0 if there is no week after the fit.

    Parameters
    ----------
    drift : of the baseline weeks and of those after the fit.
    fitted_week : the last week that the fit used.
    """
    before = [d for d in drift if d.week <= fitted_week]
    after = [d for d in drift if d.week > fitted_week]
    if not before or not after:
        return 0.0
    newest = max(after, key=lambda d: d.week)
    n_before = sum(d.n for d in before)
    share_before = sum(d.n * d.share_unassigned for d in before) / n_before
    share = newest.share_unassigned
    error = np.sqrt(share * (1 - share) / newest.n + share_before * (1 - share_before) / n_before)
    return float(share - share_before - 2 * error)


def _shift(vectors: NDArray[np.float32], centroid: NDArray[np.float32]) -> float:
    """One minus the cosine of the vectors' mean and the centroid, less what is expected from scatter alone."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    squared = float(mean @ mean)
    scatter = (1.0 - squared) / (len(vectors) - 1) / squared / 2.0
    return 1.0 - float(mean @ centroid) / float(np.sqrt(squared)) - scatter


def _standard_errors_between(vectors: NDArray[np.float32], baseline: NDArray[np.float32]) -> float:
    """Distance of the two means in units of its expectation from scatter alone; 0 with fewer than two papers."""
    if min(len(vectors), len(baseline)) < 2:
        return 0.0
    one, other = vectors.mean(axis=0, dtype=np.float64), baseline.mean(axis=0, dtype=np.float64)
    expected = (1.0 - float(one @ one)) / (len(vectors) - 1) + (1.0 - float(other @ other)) / (len(baseline) - 1)
    return float(np.sqrt(((one - other) ** 2).sum() / expected)) if expected > 0 else 0.0
