"""How well new papers fit topics that were fitted without them, week by week.

A fit grows old. The measure that calls for a new one is the share of papers that no topic takes, against the last
weeks that the fit saw; the others tell a reader what kind of change it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.topics import TopicDrift
from domain.week import Week

BASELINE_WEEKS = 8
"""The last weeks that a fit saw, with which the weeks after it are compared."""

_MIN_PAPERS_OF_TOPIC = 5
"""Papers that a topic must have in a week for its shift to be measured."""


def drift_of_week(
    week: Week,
    vectors: NDArray[np.float32],
    topic: NDArray[np.int64],
    similarity: NDArray[np.float32],
    *,
    centroids: NDArray[np.float32],
    baseline: NDArray[np.float32],
) -> TopicDrift:
    """How a week's papers fit.

    Both shifts compare mean vectors, and means of few papers scatter. So the scatter that the papers themselves show is
    taken off the one, and is the unit of the other.

    Parameters
    ----------
    week : names the answer.
    vectors : float32 ``(n_papers, n_dims)``, the week's papers, at least one.
    topic : number of each paper's topic, -1 for none.
    similarity : cosine of each paper to its nearest centroid.
    centroids : of the fit.
    baseline : vectors of the papers of the baseline weeks, the week itself left out.
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
    """By how much the share unassigned of the newest week exceeds that of the baseline, less two standard errors.

    Negative where there is no rise, and where the week has too few papers to tell; 0 where no week came since the fit.
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
    """1 - cosine of the vectors' mean and the centroid, less what their scatter alone would give."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    squared = float(mean @ mean)
    scatter = (1.0 - squared) / (len(vectors) - 1) / squared / 2.0
    return 1.0 - float(mean @ centroid) / float(np.sqrt(squared)) - scatter


def _standard_errors_between(vectors: NDArray[np.float32], baseline: NDArray[np.float32]) -> float:
    """Distance of the two means, in what scatter alone would give; 0 where a side has fewer than two papers."""
    if min(len(vectors), len(baseline)) < 2:
        return 0.0
    one, other = vectors.mean(axis=0, dtype=np.float64), baseline.mean(axis=0, dtype=np.float64)
    expected = (1.0 - float(one @ one)) / (len(vectors) - 1) + (1.0 - float(other @ other)) / (len(baseline) - 1)
    return float(np.sqrt(((one - other) ** 2).sum() / expected)) if expected > 0 else 0.0
