"""A venue's papers of a week are a wave if they are many, and a move that rests on them is theirs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analysis.trends.trend_calls import TermCounts, TermKey, make_calls
from analysis.trends.venue_waves import counts_without, moves_of_waves, venue_waves
from domain.digest import VenueWave
from domain.paper import ArxivId
from domain.week import Week

LAST = Week.parse("2026-W25")
SPEECH: TermKey = ("topic", "speech")


def _named(counts: Mapping[Week, Mapping[str, int]]) -> dict[Week, dict[ArxivId, str]]:
    return {
        week: {ArxivId(f"{week}.{venue}{i}"): venue for venue, n in of_week.items() for i in range(n)}
        for week, of_week in counts.items()
    }


def test_a_wave_is_eight_papers_and_three_times_the_usual() -> None:
    before = {LAST.plus(-i): {"ACL": 3, "ICML": 4} for i in range(1, 9)}
    named = _named({**before, LAST: {"ACL": 9, "ICML": 11, "ECCV": 8, "UAI": 7}, LAST.plus(-52): {"ACL": 5}})
    assert venue_waves(named, LAST) == (VenueWave("ACL", 9, 3.0, 5), VenueWave("ECCV", 8, 0.0, 0))


def test_without_half_of_the_weeks_before_nothing_is_usual() -> None:
    few = _named({**{LAST.plus(-i): {"ACL": 1} for i in range(1, 4)}, LAST: {"ACL": 90}})
    assert venue_waves(few, LAST) == ()
    assert venue_waves(few, LAST.plus(1)) == ()
    enough = _named({**{LAST.plus(-i): {"ACL": 1} for i in range(1, 5)}, LAST: {"ACL": 90}})
    assert [wave.n_last_year for wave in venue_waves(enough, LAST)] == [None]


def _counts(speech: list[int]) -> TermCounts:
    rng = np.random.default_rng(1)
    weeks = tuple(LAST.plus(i - len(speech) + 1) for i in range(len(speech)))
    n = np.full(len(speech), 2500)
    others = [rng.binomial(n, share) for share in np.geomspace(0.01, 0.3, 15)]
    terms: tuple[TermKey, ...] = (SPEECH, *(("topic", str(i)) for i in range(15)))
    return TermCounts(weeks, n, np.ones(len(speech), dtype=bool), terms, np.stack([np.array(speech), *others]))


def test_a_rise_that_is_only_the_waves_papers_is_the_waves() -> None:
    speech = [30] * 9 + [42, 60, 66]
    counts = _counts(speech)
    calls = make_calls(counts, LAST, called_up=(), false_discovery_rate=0.05)
    assert calls[0].verdict == "rising"
    wave = {LAST.plus(i): [{SPEECH}] * n for i, n in ((-2, 12), (-1, 30), (0, 36))}
    found = moves_of_waves(counts, LAST, calls, {"Interspeech": wave}, false_discovery_rate=0.05)
    assert found == {SPEECH: ("Interspeech", "steady")}
    without = counts_without(counts, wave)
    assert without.k[0].tolist() == [30] * 12
    assert without.n[-3:].tolist() == [2488, 2470, 2464]
    assert counts.k[0].tolist() == speech


def test_a_rise_that_one_paper_of_a_wave_takes_over_the_bound_is_its_own() -> None:
    """A move that is barely called is lost with any paper; that is no reason to call it a venue's."""
    counts = _counts([22, 25, 27, 30, 32, 35, 37, 40, 42, 45, 47, 50])
    q_value = make_calls(counts, LAST, called_up=(), false_discovery_rate=0.05)[0].q_value
    assert q_value is not None
    bound = 1.001 * q_value
    calls = make_calls(counts, LAST, called_up=(), false_discovery_rate=bound)
    assert calls[0].verdict == "rising"
    wave = {LAST: [{SPEECH}] + [{("topic", "3")}] * 30}
    barely = make_calls(counts_without(counts, wave), LAST, called_up=(), false_discovery_rate=bound)
    assert barely[0].verdict == "steady"
    assert moves_of_waves(counts, LAST, calls, {"ICML": wave}, false_discovery_rate=bound) == {}


def test_a_rise_that_goes_on_without_the_wave_is_its_own() -> None:
    counts = _counts([30, 33, 37, 41, 45, 50, 55, 61, 67, 74, 82, 90])
    calls = make_calls(counts, LAST, called_up=(), false_discovery_rate=0.05)
    wave = {LAST: [{SPEECH}] * 6}
    assert moves_of_waves(counts, LAST, calls, {"Interspeech": wave}, false_discovery_rate=0.05) == {}
    elsewhere = {LAST: [{("topic", "3")}] * 30}
    assert SPEECH not in moves_of_waves(counts, LAST, calls, {"ACL": elsewhere}, false_discovery_rate=0.05)
