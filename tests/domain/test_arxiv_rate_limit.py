"""Rate-limit rules: delays, back-off, Retry-After, pauses, and wrong clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.arxiv_rate_limit import (
    MAX_PAUSE,
    LimiterState,
    Outcome,
    RequestOutcome,
    RequestPolicy,
    after_acquire,
    after_response,
    is_paused,
    wait_s,
)

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
POLICY = RequestPolicy(delay_s=3, max_wait_s=600, hold_s=120, max_refusals=5, cooldown_s=20 * 3600)


def _answer(outcome: Outcome = "usable", retry_after_s: float | None = None) -> RequestOutcome:
    return RequestOutcome("api", "http://arxiv.example/", NOW, outcome, 200, 1.0, 10, None, retry_after_s)


def _wait(state: LimiterState, now: datetime = NOW, *, gone: bool = False) -> float:
    return wait_s(state, POLICY, now, has_ended=lambda _: gone)


def _after(state: LimiterState, *outcomes: Outcome, retry_after_s: float | None = None) -> LimiterState:
    for outcome in outcomes:
        state = after_response(
            after_acquire(state, "one", POLICY, NOW), "one", _answer(outcome, retry_after_s), POLICY, NOW
        )
    return state


def test_an_unused_limiter_permits_a_request() -> None:
    assert _wait(LimiterState()) == 0


def test_one_request_at_a_time_unless_its_process_has_ended_or_it_takes_too_long() -> None:
    held = after_acquire(LimiterState(), "one", POLICY, NOW)
    assert _wait(held, NOW + timedelta(seconds=60)) == 60
    assert _wait(held, gone=True) == 0
    assert _wait(held, NOW + timedelta(seconds=120)) == 0


def test_after_an_answer_the_pause_is_the_delay() -> None:
    assert _wait(_after(LimiterState(), "usable")) == 3
    assert _wait(_after(LimiterState(), "rejected")) == 3
    assert _wait(_after(LimiterState(), "unreached", "unreached")) == 3


def test_refusals_in_a_row_double_the_pause_and_one_answer_ends_it() -> None:
    assert _wait(_after(LimiterState(), "refused")) == 6
    assert _wait(_after(LimiterState(), "refused", "refused", "refused")) == 24
    assert _wait(_after(LimiterState(), "refused", "unreached", "refused")) == 12
    assert _after(LimiterState(), "refused", "refused", "usable").n_refusals == 0


@pytest.mark.parametrize(("asked_s", "wait"), [(0, 6), (3, 6), (40, 40), (600, 600)])
def test_retry_after_makes_the_pause_longer_never_shorter(asked_s: float, wait: float) -> None:
    state = _after(LimiterState(), "refused", retry_after_s=asked_s)
    assert _wait(state) == wait
    assert not is_paused(state, NOW)


@pytest.mark.parametrize("asked_s", [601, 86_400, 1e9, 1e300, float("inf")])
def test_a_long_retry_after_pauses_requests_for_a_day_at_most(asked_s: float) -> None:
    state = _after(LimiterState(), "refused", retry_after_s=asked_s)
    assert is_paused(state, NOW)
    assert _wait(state) == min(asked_s, MAX_PAUSE.total_seconds())


def test_too_many_refusals_pause_requests_and_one_more_pauses_them_again() -> None:
    state = _after(LimiterState(), *["refused"] * 4)
    assert not is_paused(state, NOW)
    state = _after(state, "refused")
    assert state.closed_until == NOW + timedelta(hours=20)
    later = NOW + timedelta(hours=20)
    assert not is_paused(state, later)
    again = after_response(after_acquire(state, "one", POLICY, later), "one", _answer("refused"), POLICY, later)
    assert is_paused(again, later)
    good = after_response(after_acquire(state, "one", POLICY, later), "one", _answer(), POLICY, later)
    assert (good.n_refusals, good.closed_until) == (0, None)


def test_a_clock_moved_back_does_not_pause_requests_for_years() -> None:
    state = _after(LimiterState(), *["refused"] * 5)
    years_ago = NOW - timedelta(days=1000)
    assert _wait(state, years_ago) == 0
    again = after_response(after_acquire(state, "one", POLICY, years_ago), "one", _answer(), POLICY, years_ago)
    assert _wait(again, years_ago) == 3


def test_a_clock_slightly_behind_another_machines_does_not_permit_a_request_early() -> None:
    state = after_acquire(LimiterState(), "one", POLICY, NOW)
    assert _wait(state, NOW - timedelta(seconds=5)) > 0


def test_a_request_taken_for_dead_does_not_end_its_successors_request() -> None:
    state = after_acquire(LimiterState(), "two", POLICY, NOW)
    state = after_response(state, "one", _answer("refused", 30.0), POLICY, NOW)
    assert state.holder == "two"
    state = after_response(state, "two", _answer(), POLICY, NOW)
    assert (state.holder, _wait(state)) == (None, 30)


_outcomes = st.sampled_from(["usable", "refused", "rejected", "unreached"])


@given(st.lists(st.tuples(_outcomes, st.none() | st.floats(0, 1e12))))
def test_no_history_shortens_the_pause_below_the_delay_or_beyond_a_day(
    history: list[tuple[Outcome, float | None]],
) -> None:
    state = LimiterState()
    for outcome, retry_after_s in history:
        state = _after(state, outcome, retry_after_s=retry_after_s)
        assert 3 <= _wait(state) <= MAX_PAUSE.total_seconds()
