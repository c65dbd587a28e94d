"""A planted rise is called, noise and the season are not, and a call is held to what comes after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from analysis.trends.detector_error import MeasuredError, corrected_shares
from analysis.trends.trend_calls import TermCounts, TermKey, make_calls, score_call
from domain.week import Week

LAST = Week(date(2026, 6, 15))


def _counts(shares: Sequence[np.ndarray], *, n: int = 2500, seed: int = 1, scatter: float = 0.04) -> TermCounts:
    """Counts of weeks that end with ``LAST``, with these expected shares."""
    rng = np.random.default_rng(seed)
    p = np.stack(shares)
    weeks = tuple(LAST.plus(i - p.shape[1] + 1) for i in range(p.shape[1]))
    papers = rng.integers(int(n * 0.7), int(n * 1.3), len(weeks))
    odds = p / (1 - p) * np.exp(rng.normal(0, scatter, p.shape))
    terms = tuple(("technique", f"t{i}") for i in range(len(p)))
    return TermCounts(weeks, papers, np.ones(len(weeks), dtype=bool), terms, rng.binomial(papers, odds / (1 + odds)))


def _flat(n_terms: int, n_weeks: int) -> list[np.ndarray]:
    return [np.full(n_weeks, share) for share in np.geomspace(0.004, 0.4, n_terms)]


def _verdicts(counts: TermCounts, week: Week = LAST, called_up: tuple[tuple[str, str], ...] = ()) -> list[str]:
    calls = make_calls(counts, week, called_up=called_up, false_discovery_rate=0.05, with_intervals=False)
    return [call.verdict for call in calls]


def test_a_doubling_is_rising_a_halving_falling_and_a_small_beginning_emerging() -> None:
    up, small = 0.05 * 2 ** np.linspace(0, 1, 30), 0.002 * 4 ** np.linspace(0, 1, 30)
    counts = _counts([up, up[::-1], small, *_flat(20, 30)])
    assert _verdicts(counts)[:3] == ["rising", "falling", "emerging"]
    assert set(_verdicts(counts)[3:]) == {"steady"}


def test_a_fall_after_a_called_rise_is_cooling() -> None:
    counts = _counts([0.1 * 2 ** np.linspace(0, -1, 30), *_flat(10, 30)])
    assert _verdicts(counts, called_up=(("technique", "t0"),))[0] == "cooling"


def test_where_nothing_changes_hardly_a_week_has_a_false_call() -> None:
    n_weeks_with_a_call = 0
    for seed in range(60):
        n_weeks_with_a_call += set(_verdicts(_counts(_flat(40, 26), seed=seed))) != {"steady"}
    assert n_weeks_with_a_call <= 7  # 5 % of 60, and what chance adds to it 39 times in 40


def test_a_season_that_comes_every_year_is_not_called_where_last_year_is_held() -> None:
    season = 0.05 * (1 + 0.6 * np.sin(np.arange(88) * 2 * np.pi / 52.18))
    alone = [_verdicts(_counts([season, *_flat(20, 88)], seed=s), LAST.plus(-i))[0] for s in (1, 2) for i in range(10)]
    assert alone.count("steady") + alone.count("seasonal") >= 18


@pytest.mark.parametrize("n_weeks", [10, 30, 88])
def test_a_word_and_its_interval_never_disagree(n_weeks: int) -> None:
    for seed in range(4):
        up, down = 0.05 * 2 ** np.linspace(0, 1, n_weeks), 0.1 * 2 ** np.linspace(0, -0.8, n_weeks)
        counts = _counts([up, down, *_flat(12, n_weeks)], seed=seed)
        calls = make_calls(counts, LAST, called_up=(("technique", "t1"),), false_discovery_rate=0.05)
        for call in calls:
            assert call.change is not None
            assert call.change.is_clear == (call.is_movement or call.verdict == "seasonal")
            assert (call.change.low > 0) == (call.change.is_clear and call.change.difference > 0)
            assert call.change.last_week == LAST
            assert call.change.n_weeks <= min(n_weeks, 26)
        n_clear = sum(call.change.is_clear for call in calls if call.change)
        [level] = {call.change.level for call in calls if call.change}
        assert level == pytest.approx(1 - 0.05 * max(1, n_clear) / len(calls))


def _with_small_terms(
    *series: list[int], n: int = 150, errors: dict[TermKey, MeasuredError] | None = None
) -> TermCounts:
    """Terms of a handful of papers in weeks of ``n`` papers, beside 12 flat ones of a hundred weeks' usual size."""
    weeks = tuple(LAST.plus(i - 25) for i in range(26))
    flat = np.random.default_rng(3).binomial(n, 0.2, (12, 26))
    k = np.concatenate([np.array(series, dtype=np.int64), flat])
    terms: tuple[TermKey, ...] = tuple(("technique", f"t{i}") for i in range(len(k)))
    return TermCounts(weeks, np.full(26, n), np.ones(26, dtype=bool), terms, k, errors=errors or {})


def test_a_movement_rests_on_enough_papers_at_its_larger_end() -> None:
    few = [0] * 17 + [1, 1, 1, 1, 1, 2, 2, 2, 2]
    enough = [0] * 17 + [1, 1, 1, 1, 1, 2, 4, 4, 4]
    fades, ends = [1] * 6 + [0] * 6 + [1, 1, 1] + [0] * 11, [4] * 8 + [1] * 4 + [0] * 14
    counts = _with_small_terms(few, enough, fades, ends)
    calls = make_calls(counts, LAST, called_up=(), false_discovery_rate=0.05)
    assert [call.verdict for call in calls[:4]] == ["unknown", "emerging", "unknown", "falling"]
    assert set(_verdicts(counts)[4:]) == {"steady"}
    assert calls[0].change is None
    assert calls[0].q_value is None
    for call in calls[1:]:
        assert call.change is None or call.change.is_clear == call.is_movement


def test_a_rise_that_wrong_detections_could_be_is_not_called() -> None:
    rise = [0] * 17 + [1, 1, 1, 1, 1, 2, 4, 4, 4]
    often_wrong, hardly_wrong = MeasuredError(90, 10, 15, 585), MeasuredError(90, 10, 1, 9999)
    for error, verdict in ((often_wrong, "unknown"), (hardly_wrong, "emerging")):
        low = corrected_shares([14], [600], error)[1][0]
        assert (low > 0) == (verdict == "emerging")
        assert _verdicts(_with_small_terms(rise, errors={("technique", "t0"): error}))[0] == verdict
    fall = [5] * 8 + [1] * 4 + [0] * 14
    assert _verdicts(_with_small_terms(fall, errors={("technique", "t0"): hardly_wrong}))[0] == "falling"


def test_what_is_not_called_for_its_few_papers_makes_no_other_call_easier() -> None:
    few = [0] * 17 + [1, 1, 1, 1, 1, 2, 2, 2, 2]
    none = [0] * 26
    with_few, without = (
        make_calls(_with_small_terms(first, few), LAST, called_up=(), false_discovery_rate=0.05)
        for first in (few, none)
    )
    levels = [{call.change.level for call in calls if call.change} for calls in (with_few, without)]
    assert levels == [{1 - 0.05 / 14}, {1 - 0.05 / 13}]  # it counts as tested, and as no discovery


def test_weeks_that_come_later_do_not_matter() -> None:
    counts = _counts([0.05 * 2 ** np.linspace(0, 2, 60), *_flat(10, 60)])
    week = LAST.plus(-20)
    later = TermCounts(counts.weeks, counts.n, counts.usable, counts.terms, counts.k.copy())
    later.k[:, -20:] = 0
    assert make_calls(counts, week, called_up=(), false_discovery_rate=0.05) == make_calls(
        later, week, called_up=(), false_discovery_rate=0.05
    )


@pytest.mark.parametrize("n_weeks", [1, 7])
def test_a_short_history_tells_nothing(n_weeks: int) -> None:
    assert set(_verdicts(_counts(_flat(4, n_weeks)))) == {"unknown"}


def test_a_week_that_lacks_papers_is_not_called_and_is_left_out_of_later_lines() -> None:
    counts = _counts(_flat(10, 30))
    broken = TermCounts(counts.weeks, counts.n, counts.usable.copy(), counts.terms, counts.k.copy())
    broken.usable[-5] = False
    broken.k[:, -5] = 0
    assert set(_verdicts(broken, LAST.plus(-4))) == {"unknown"}
    assert set(_verdicts(broken)) == {"steady"}


def test_a_rise_that_stays_held_and_one_that_falls_back_did_not() -> None:
    rise = 0.05 * 2 ** np.clip(np.linspace(-1, 1, 40), 0, 1)
    stays, falls = np.concatenate([rise, np.full(20, 0.1)]), np.concatenate([rise, np.full(20, 0.05)])
    counts = _counts([stays, falls, *_flat(10, 60)])
    called = make_calls(counts, LAST.plus(-20), called_up=(), false_discovery_rate=0.05)
    for call, held in zip(called[:2], (True, False), strict=True):
        assert call.is_movement
        score = score_call(call, counts, horizon_weeks=8)
        assert score is not None
        assert score.held is held
    assert score_call(called[0], counts, horizon_weeks=26) is None  # those weeks are not there yet
    gone = score_call(replace(called[0], key="another"), counts, horizon_weeks=8)
    assert gone is not None
    assert gone.held is None
    with pytest.raises(ValueError, match="steady"):
        score_call(replace(called[0], verdict="steady"), counts, horizon_weeks=8)


def _with_topics(n_weeks: int, n_embedded: int) -> TermCounts:
    """A technique that doubles over all weeks, a topic that doubles over the embedded ones, and flat techniques."""
    slow, new = 0.05 * 2 ** np.linspace(0, 1, n_weeks), np.full(n_weeks, 0.0)
    new[-n_embedded:] = 0.05 * 2 ** np.linspace(0, 1, n_embedded)
    counts = _counts([slow, new, *_flat(20, n_weeks)])
    terms = (counts.terms[0], ("topic", "7"), *counts.terms[2:])
    return replace(counts, terms=terms, topics_since=LAST.plus(1 - n_embedded))


def test_a_topic_is_called_over_the_embedded_weeks_and_a_technique_over_all_counted_ones() -> None:
    counts = _with_topics(56, 12)
    calls = make_calls(counts, LAST, called_up=(), false_discovery_rate=0.05)
    assert [(call.kind, call.key) for call in calls] == list(counts.terms)
    technique, topic = calls[:2]
    assert technique.change is not None
    assert topic.change is not None
    assert (technique.change.n_weeks, topic.change.n_weeks) == (26, 12)
    assert topic.verdict == "rising"
    assert topic.share_before == pytest.approx(0.055, abs=0.015)  # of the first embedded weeks, not of empty ones
    alone = replace(counts.until(LAST), topics_since=None)
    assert make_calls(alone, LAST, called_up=(), false_discovery_rate=0.05)[1].change != topic.change


def test_what_was_embedded_is_no_part_of_a_technique() -> None:
    counts = _with_topics(56, 12)
    plain = replace(counts, topics_since=None)
    of = [
        make_calls(c, LAST, called_up=(), false_discovery_rate=0.05, with_intervals=False)[0] for c in (counts, plain)
    ]
    assert (of[0].share, of[0].share_before, of[0].n) == (of[1].share, of[1].share_before, of[1].n)


def test_a_topic_with_too_few_embedded_weeks_is_not_called_however_long_the_history() -> None:
    assert _verdicts(_with_topics(56, 7))[1] == "unknown"
    assert _verdicts(_with_topics(56, 7))[2] == "steady"


def test_a_call_of_a_topic_is_not_scored_by_weeks_before_the_embedded_ones() -> None:
    counts = _with_topics(56, 30)
    call = make_calls(counts.until(LAST.plus(-12)), LAST.plus(-12), called_up=(), false_discovery_rate=0.05)[1]
    assert call.verdict in ("rising", "emerging")
    assert score_call(call, counts, horizon_weeks=8) is not None
    later = replace(counts, topics_since=LAST.plus(-2))
    assert score_call(call, later, horizon_weeks=8) is None
