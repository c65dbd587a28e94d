"""Shares corrected for the detector's measured error, with intervals that include the error of that measurement.

The estimator of Rogan and Gladen (1978), with the interval of Lang and Reiczigel (2014), which allows for the small
number of abstracts on which sensitivity and specificity were measured. Prediction-powered inference would need labelled
papers of the counted weeks, and there are none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.digest import Share

Floats = NDArray[np.float64]

INTERVAL_LEVEL = 0.95
_LEAST_INFORMATIVE = 0.3
"""Sensitivity plus specificity minus one, below which a detector is too inaccurate for its shares to be corrected."""


@dataclass(frozen=True)
class MeasuredError:
    """A detector's results on labelled abstracts: true positives, false negatives, false positives, true negatives.

    ``n_found`` and ``n_missed`` count all labelled abstracts with the term. ``n_wrong`` and ``n_right`` count those
    without it among the abstracts drawn at random: abstracts chosen for their words are harder than most. For papers
    drawn by strata they are the counts of simple random samples that would tell sensitivity and specificity as surely.
    """

    n_found: int
    n_missed: int
    n_wrong: int
    n_right: int

    @property
    def sensitivity(self) -> float:
        """Share of the papers with the term in which it is found."""
        return self.n_found / (self.n_found + self.n_missed)

    @property
    def specificity(self) -> float:
        """Share of the papers without the term in which it is not found."""
        return self.n_right / (self.n_right + self.n_wrong)

    @property
    def is_informative(self) -> bool:
        """Whether the detector is accurate enough for its shares to be corrected."""
        return (
            self.n_found + self.n_missed > 0
            and self.n_right + self.n_wrong > 0
            and self.sensitivity + self.specificity - 1 > _LEAST_INFORMATIVE
        )


def measured_errors() -> dict[str, MeasuredError]:
    """The shipped detector's error at the level of adoption, by the terms' keys.

    From ``detector_scores.json``: abstracts that the detector was not fitted on, and cross-validated results of those
    that it was. It applies only to terms whose definition has not changed since (``Term.measured``).
    """
    scores = json.loads((files("analysis.detection") / "detector_scores.json").read_text(encoding="utf-8"))
    return {key: _error(label) for key, label in scores["labels"].items()}


def _error(label: Mapping[str, Any]) -> MeasuredError:
    if "stratified" in label:
        at = label["stratified"]["2"]
        n_found, n_right = round(at["recall"] * at["n_with"]), round(at["specificity"] * at["n_without"])
        return MeasuredError(n_found, at["n_with"] - n_found, at["n_without"] - n_right, n_right)
    measured = [label[part]["2"] for part in ("dev", "cross_validated") if part in label]
    return MeasuredError(
        n_found=sum(m["counts"]["tp"] for m in measured),
        n_missed=sum(m["counts"]["fn"] for m in measured),
        n_wrong=sum(m["counts_random"]["fp"] for m in measured),
        n_right=sum(m["counts_random"]["tn"] for m in measured),
    )


def corrected_shares(k: Sequence[int], n: Sequence[int], error: MeasuredError) -> tuple[Floats, Floats, Floats]:
    """Estimated shares of papers that truly adopt a term, with 95 % intervals.

    Each interval covers its own true share in 95 of 100 cases. The error of sensitivity and specificity is common to
    all of them, so a whole curve may be too high or too low.

    Parameters
    ----------
    k, n : detected papers and all papers, of each share.
    error : the detector's measured error.

    Returns
    -------
    Shares, lower and upper ends, each float64 ``(n_shares,)`` in [0, 1]; NaN where ``n`` is 0, and throughout if the
    error is not informative.
    """
    found, papers = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    nothing = np.full(found.shape, np.nan)
    if not error.is_informative:
        return nothing, nothing, nothing
    z = NormalDist().inv_cdf(0.5 + INTERVAL_LEVEL / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = (found / papers + error.specificity - 1) / (error.sensitivity + error.specificity - 1)
    # Pseudo-counts in each of the three samples keep the coverage (Agresti and Coull 1998).
    n_share, n_with = papers + z**2, error.n_found + error.n_missed + 2
    n_without = error.n_right + error.n_wrong + 2
    share = (found + z**2 / 2) / n_share
    sensitivity, specificity = (error.n_found + 1) / n_with, (error.n_right + 1) / n_without
    slope = sensitivity + specificity - 1
    true = (share + specificity - 1) / slope
    of_sensitivity = sensitivity * (1 - sensitivity) / n_with
    of_specificity = specificity * (1 - specificity) / n_without
    shift = 2 * z**2 * (true * of_sensitivity - (1 - true) * of_specificity)
    spread = np.sqrt(share * (1 - share) / n_share + true**2 * of_sensitivity + (1 - true) ** 2 * of_specificity)
    middle, half = true + shift, z * spread / slope
    held = papers > 0
    plain = np.clip(plain, 0, 1)
    low, high = np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
    # The interval is centred elsewhere, so the estimate may lie just outside; widen the interval to include it.
    return (
        np.where(held, plain, np.nan),
        np.where(held, np.minimum(low, plain), np.nan),
        np.where(held, np.maximum(high, plain), np.nan),
    )


def corrected(share: Share, error: MeasuredError) -> Share:
    """The share with its corrected value and interval; a NaN share stays as it is."""
    if np.isnan(share.share):
        return share
    value, low, high = corrected_shares([share.k], [share.n], error)
    return replace(share, share=float(value[0]), low=float(low[0]), high=float(high[0]))
