"""Intervals and calls on simulated weeks whose truth is known.

    python -m benchmarks.simulated_trend_calls [--repeats 200] [--seed 1]

Weeks are as full as arXiv's: deadlines in February, May and autumn, holidays at New Year. Shares scatter beyond chance,
and follow the deadlines with an effect of each term's own (the saw-tooth). Papers are detected with the sensitivity and
specificity that were measured for the shipped detector, which is itself measured again in each repeat, on as many
abstracts as it was. Printed: how often 95 % intervals hold the truth; in how many weeks without any change anything is
called, with the interval that so many repeats leave; how soon a doubling in 26 weeks from a share of 2 % is called,
beside Kleinberg's bursts, a plain four-week ratio, and the best that any test could do.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from analysis.trends.detector_error import MeasuredError, corrected_shares, measured_errors
from analysis.trends.growth import fit_growth
from analysis.trends.shares import share_of
from analysis.trends.trend_calls import TermCounts, make_calls
from benchmarks.trend_call_rivals import four_week_ratio, kleinberg_bursts
from domain.trend_calls import UPWARD, WINDOW_WEEKS
from domain.week import Week

Floats = NDArray[np.float64]

LAST = Week(date(2026, 6, 15))
FDR = 0.05
N_TERMS = 60
SCATTER = 0.06  # standard deviation of a week's log-odds beyond chance; real weeks have about this
SAW_TOOTH = 0.08  # standard deviation over terms of what a full deadline does to log-odds
DOUBLING_WEEKS = 26
DOUBLING_FROM = 0.02


def calendar(weeks: Sequence[Week]) -> tuple[Floats, Floats]:
    """How much of a deadline each week has, 0 to about 1, and how many papers it expects."""
    year = np.array([week.monday.timetuple().tm_yday / 365.25 for week in weeks])
    deadline = sum(np.exp(-0.5 * ((year - middle) / 0.03) ** 2) for middle in (0.07, 0.38, 0.75))
    holiday = np.exp(-0.5 * (np.minimum(year, 1 - year) / 0.015) ** 2)
    return np.asarray(deadline), 2500 * (1 + 0.4 * deadline) * (1 - 0.45 * holiday)


def simulated(
    rng: np.random.Generator, base: Floats, growth: Floats, n_weeks: int
) -> tuple[tuple[Week, ...], NDArray[np.int64], Floats]:
    """Weeks, their papers, and true shares ``(n_terms, n_weeks)``; ``growth`` is added to log-odds."""
    weeks = tuple(LAST.plus(i - n_weeks + 1) for i in range(n_weeks))
    deadline, expected = calendar(weeks)
    n = rng.poisson(expected * np.exp(rng.normal(0, 0.08, n_weeks)))
    logit = np.log(base / (1 - base))[:, None] + growth
    logit = logit + rng.normal(0, SAW_TOOTH, (len(base), 1)) * deadline + rng.normal(0, SCATTER, growth.shape)
    return weeks, n, 1 / (1 + np.exp(-logit))


def bases(rng: np.random.Generator) -> Floats:
    """Shares of a third large terms, as techniques are, and two thirds small ones, as topics are."""
    return np.concatenate(
        [rng.uniform(0.02, 0.45, N_TERMS // 3), np.exp(rng.uniform(np.log(0.002), np.log(0.04), N_TERMS * 2 // 3))]
    )


def coverage(rng: np.random.Generator, n_repeats: int) -> None:
    """Print how often intervals hold what is true."""
    print("\n95 % intervals that hold the truth")
    print(
        f"  {'weekly share of a term':34} {'of detected':>12} {'corrected':>10} {'not corrected':>14}   of true share"
    )
    corrected_held: list[float] = []
    for key, error in measured_errors().items():
        n_with, n_without = error.n_found + error.n_missed, error.n_right + error.n_wrong
        # Half a paper more on each side: no detector is without error because none was seen in a few hundred.
        sensitivity, specificity = (error.n_found + 0.5) / (n_with + 1), (error.n_right + 0.5) / (n_without + 1)
        base = np.exp(rng.uniform(np.log(0.01), np.log(0.4), n_repeats))
        _, n, share = simulated(rng, base, np.zeros((n_repeats, 1)), 1)
        of_detected, of_corrected, uncorrected = [], [], []
        for true in share[:, 0]:
            found = true * sensitivity + (1 - true) * (1 - specificity)
            k = int(rng.binomial(n[0], found))
            again_found, again_right = rng.binomial(n_with, sensitivity), rng.binomial(n_without, specificity)
            again = MeasuredError(again_found, n_with - again_found, n_without - again_right, again_right)
            _, low, high = corrected_shares([k], [int(n[0])], again)
            of_corrected.append(bool(low[0] <= true <= high[0]))
            plain = share_of(k, int(n[0]))
            of_detected.append(plain.low <= found <= plain.high)
            uncorrected.append(plain.low <= true <= plain.high)
        corrected_held += of_corrected
        print(f"  {key:34} {np.mean(of_detected):12.1%} {np.mean(of_corrected):10.1%} {np.mean(uncorrected):14.1%}")
    print(f"  {'all, corrected':34} {'':12} {np.mean(corrected_held):10.1%}")
    held = []
    for _ in range(n_repeats):
        slope = rng.normal(0, 0.012, (N_TERMS, 1))
        base = bases(rng)
        weeks, n, share = simulated(rng, base, slope * np.arange(WINDOW_WEEKS), WINDOW_WEEKS)
        fit = fit_growth(rng.binomial(n, share), n, weeks)
        low, high = fit.intervals()
        told = ~np.isnan(low)
        held.append(((low <= slope[:, 0]) & (slope[:, 0] <= high))[told])
    print(f"  growth over {WINDOW_WEEKS} weeks, {n_repeats} x {N_TERMS} terms: {np.mean(np.concatenate(held)):.1%}")


def false_calls(
    rng: np.random.Generator, n_repeats: int, *, n_history: int, n_called: int = 4
) -> tuple[float, float, float]:
    """The share of weeks without any change in which something is called, ``n_called`` weeks a repeat, 13 apart.

    With its 95 % interval, by resampling repeats, because the weeks of one repeat share their past.
    """
    with_a_call = []
    n_weeks = n_history + 13 * (n_called - 1)
    for _ in range(n_repeats):
        weeks, n, share = simulated(rng, bases(rng), np.zeros((N_TERMS, n_weeks)), n_weeks)
        counts = _counts(weeks, n, rng.binomial(n, share))
        for i in range(n_called):
            calls = make_calls(counts, weeks[-1 - 13 * i], called_up=(), false_discovery_rate=FDR, with_intervals=False)
            with_a_call.append(any(call.is_movement for call in calls))
    by_repeat = np.array(with_a_call).reshape(n_repeats, n_called).mean(axis=1)
    low, high = np.percentile(rng.choice(by_repeat, (5000, n_repeats)).mean(axis=1), [2.5, 97.5])
    return float(by_repeat.mean()), float(low), float(high)


def delays(rng: np.random.Generator, n_repeats: int) -> dict[str, list[float]]:
    """Weeks from the first week of growth to the first call, infinite where it is never called; by rule.

    Bursts and ratio count only from the growth's first week on, too: what they called before it was false.
    """
    n_before, n_after = 52, DOUBLING_WEEKS + 6
    found: dict[str, list[float]] = {"Papertide": [], "Kleinberg bursts": [], "four-week ratio": []}
    for _ in range(n_repeats):
        base = bases(rng)
        base[0] = DOUBLING_FROM
        growth = np.zeros((N_TERMS, n_before + n_after))
        growth[0] = (
            np.log(2) * np.clip(np.arange(n_before + n_after) - n_before + 1, 0, DOUBLING_WEEKS) / DOUBLING_WEEKS
        )
        weeks, n, share = simulated(rng, base, growth, n_before + n_after)
        k = rng.binomial(n, share)
        counts = _counts(weeks, n, k)

        def is_called(week: int, counts: TermCounts = counts) -> bool:
            calls = make_calls(counts, counts.weeks[week], called_up=(), false_discovery_rate=FDR, with_intervals=False)
            return calls[0].verdict in UPWARD

        after = range(n_before, n_before + n_after)
        found["Papertide"].append(next((w - n_before + 1 for w in after if is_called(w)), np.inf))
        for rule, calls in (
            ("Kleinberg bursts", kleinberg_bursts(k[:1], n, first=n_before)),
            ("four-week ratio", four_week_ratio(k[:1], n)),
        ):
            found[rule].append(next((w - n_before + 1 for w in after if calls[0, w]), np.inf))
    return found


def best_power(weeks_in: int, level: float) -> float:
    """The chance that the best test of one known curve would call it ``weeks_in`` weeks after it began.

    Neyman and Pearson: the share before is known exactly, the shape and the speed of the growth too, and weeks
    scatter by chance alone. No rule that is wrong as seldom can be faster.
    """
    grown = 2 ** (np.arange(1, weeks_in + 1) / DOUBLING_WEEKS) - 1
    information = 2500 * DOUBLING_FROM / (1 - DOUBLING_FROM) * float(np.sum(grown**2))
    return float(norm.sf(norm.isf(level) - np.sqrt(information)))


def _counts(weeks: tuple[Week, ...], n: NDArray[np.int64], k: NDArray[np.int64]) -> TermCounts:
    return TermCounts(weeks, n, np.ones(len(weeks), dtype=bool), tuple(("query", str(i)) for i in range(len(k))), k)


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.perf_counter()
    print(f"{given.repeats} repeats, seed {given.seed}, {N_TERMS} terms, false-discovery rate {FDR:.0%}")
    coverage(np.random.default_rng([given.seed, 1]), given.repeats)
    print("\nweeks with any call where nothing changes")
    for n_history in (12, 26, 60, 90):
        rng = np.random.default_rng([given.seed, 2, n_history])
        rate, low, high = false_calls(rng, given.repeats, n_history=n_history)
        print(f"  {n_history:3} weeks or more held: {rate:.1%} ({low:.1%} to {high:.1%}) of {4 * given.repeats} weeks")
    print(
        f"\na doubling in {DOUBLING_WEEKS} weeks from {DOUBLING_FROM:.0%}, 52 weeks held before it: weeks until called"
    )
    for rule, waits in delays(np.random.default_rng([given.seed, 3]), given.repeats).items():
        within = [float(np.mean(np.array(waits) <= limit)) for limit in (6, 13, DOUBLING_WEEKS, DOUBLING_WEEKS + 6)]
        half, most = np.quantile(waits, [0.5, 0.9], method="higher")
        print(
            f"  {rule:18} half by week {half:.0f}, 90 % by week {most:.0f}; within 6 weeks {within[0]:.1%}, 13 weeks "
            f"{within[1]:.1%}, the doubling {within[2]:.1%}, and 6 weeks after it {within[3]:.1%}"
        )
    for level, words in ((FDR / N_TERMS, f"{FDR:.0%} over {N_TERMS} terms"), (FDR, f"{FDR:.0%} for this term alone")):
        powers = ", ".join(f"week {w}: {best_power(w, level):.1%}" for w in (6, 8, 10, 12, 14))
        print(f"  the best that any test wrong in {words} could do: {powers}")
    print(f"\n{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
