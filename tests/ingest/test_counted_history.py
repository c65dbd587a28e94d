"""How far back weeks are counted, and which one comes next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.harvest import CountedHistory, WindowRecord
from domain.week import Week
from ingest.counted_history import N_EMPTY_WEEKS, counted_history
from ingest.harvest import window_of
from templates.harvest_wording import history_reach

LAST = Week.parse("2026-W25")


def record(weeks_ago: int, n: int = 10, problem: str | None = None) -> WindowRecord:
    week = LAST.plus(-weeks_ago)
    return WindowRecord(window_of(week), ("cs.LG",), n, n, problem, week.closes_at, 1)


def history(records: list[WindowRecord], *, n_wanted: int = 20, imported: tuple[int, ...] = ()) -> CountedHistory:
    held = {Week.containing(r.window.start_at) for r in records if r.n_got} | {LAST.plus(-i) for i in imported}
    return counted_history(records, held, n_weeks=3, n_wanted=n_wanted, last=LAST)


def test_the_next_week_is_the_newest_that_was_never_asked_for() -> None:
    found = history([record(i) for i in range(6)])
    assert (found.first_week, found.n_weeks, found.next_week) == (LAST.plus(-5), 6, LAST.plus(-6))
    with_gap = history([record(i) for i in (0, 1, 2, 4, 5)])
    assert (with_gap.first_week, with_gap.n_weeks, with_gap.next_week) == (LAST.plus(-2), 3, LAST.plus(-3))


def test_a_week_without_a_usable_response_is_left_to_later_harvests() -> None:
    found = history([*(record(i) for i in range(4)), replace(record(4, 0, "no answer"), n_said=None)])
    assert found.next_week == LAST.plus(-5)
    assert found.first_week == LAST.plus(-3)


def test_weeks_of_a_run_are_never_history() -> None:
    assert history([record(0)]).next_week == LAST.plus(-3)
    assert history([record(i) for i in range(3)], n_wanted=0).next_week is None
    assert history([record(i) for i in range(3)], n_wanted=0).n_wanted == 3


def test_imported_weeks_count_before_they_are_proven() -> None:
    found = history([record(i) for i in range(3)], imported=(3, 4, 5))
    assert (found.n_weeks, found.next_week) == (6, LAST.plus(-3))


def test_weeks_beyond_those_wanted_count_too() -> None:
    found = history([record(i) for i in range(12)], n_wanted=5)
    assert (found.first_week, found.n_weeks, found.n_wanted, found.next_week) == (LAST.plus(-11), 12, 5, None)
    assert history_reach(found) == f"counted back to {LAST.plus(-11)}: 12 weeks"


def test_empty_weeks_end_the_history_only_if_they_are_proven() -> None:
    held = [record(i) for i in range(5)]
    empty = [record(5 + i, 0) for i in range(N_EMPTY_WEEKS)]
    assert history([*held, *empty[:-1]]).next_week == LAST.plus(-4 - N_EMPTY_WEEKS)
    ended = history([*held, *empty])
    assert (ended.first_week, ended.n_weeks, ended.next_week, ended.has_no_more) == (LAST.plus(-4), 5, None, True)
    doubtful = [*empty[:-1], record(4 + N_EMPTY_WEEKS, 0, "incomplete")]
    assert history([*held, *doubtful]).next_week is not None


@pytest.mark.parametrize(("n_wanted", "has_no_more"), [(1500, False), (2500, True)])
def test_history_does_not_begin_before_arxiv(n_wanted: int, has_no_more: bool) -> None:
    assert history([record(0)], n_wanted=n_wanted).has_no_more is has_no_more
