"""Submission times show that arXiv's index is behind, and holidays and small corpora do not."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.harvest import IndexGap
from domain.week import Week, weeks_before
from ingest.index_gap import batch_bounds, is_confirmed, suspected_gap

WEEK = Week.parse("2026-W24")  # without a holiday
EARLIER = frozenset(weeks_before(WEEK, 8))
_PER_BATCH = (10, 18, 17, 17, 15, 24)


def _times(week: Week, size: float = 1.0, *, until: datetime | None = None) -> list[datetime]:
    """A usual week of about ``100 * size`` papers, spread evenly within each batch, as far as the index has it."""
    bounds, times = batch_bounds(week), []
    for n_usual, since, end in zip(_PER_BATCH, bounds, bounds[1:], strict=False):
        n = round(n_usual * size)
        times += [since + (end - since) * (i + 0.5) / n for i in range(n)]
    return [at for at in times if until is None or at < until]


def _days_behind(days: int) -> datetime:
    """Up to when papers are visible at the week's closing, in an index that is behind."""
    deadline = batch_bounds(WEEK)[7]
    return deadline - timedelta(days=3) if days == 1 else deadline - timedelta(days=4)


@pytest.mark.parametrize("size", [0.3, 1, 30])
@pytest.mark.parametrize("days", [1, 2])
@pytest.mark.parametrize("with_earlier_weeks", [True, False])
def test_an_index_that_ends_before_the_week_is_seen(days: int, size: float, with_earlier_weeks: bool) -> None:
    times = _times(WEEK, size, until=_days_behind(days))
    if with_earlier_weeks:
        times = [at for week in sorted(EARLIER) for at in _times(week, size)] + times
    gap = suspected_gap(WEEK, times, EARLIER if with_earlier_weeks else ())
    assert gap is not None
    assert (gap.kind, gap.n_held, gap.n_weeks) == ("end", 0, 8 if with_earlier_weeks else 0)
    assert gap.since == times[-1]
    assert gap.n_expected > 0.2 * 100 * size


def test_a_week_of_which_nothing_is_there_is_seen_by_the_weeks_before_it() -> None:
    times = [at for week in sorted(EARLIER) for at in _times(week)]
    assert suspected_gap(WEEK, times, EARLIER) is not None
    assert suspected_gap(WEEK, [], ()) is None  # nothing is known of what is usual


@given(size=st.floats(0.05, 40))
def test_a_whole_week_is_never_suspected(size: float) -> None:
    assert suspected_gap(WEEK, _times(WEEK, size)) is None


def test_one_newer_paper_shows_that_the_index_has_passed_the_weeks_end() -> None:
    times = _times(WEEK, 0.5, until=_days_behind(1))
    gap = suspected_gap(WEEK, times)
    assert gap is not None
    assert [is_confirmed(_asked(gap, n)) for n in (0, None, 1)] == [True, True, False]
    assert suspected_gap(WEEK, [*times, WEEK.end_at + timedelta(hours=1)]) is None


def test_a_corpus_of_a_few_papers_a_week_is_never_suspected() -> None:
    for n in range(8):
        on_monday = [WEEK.start_at + timedelta(hours=i) for i in range(n)]
        assert (suspected_gap(WEEK, on_monday) is None) == (n < 5)


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=5, max_size=60))
def test_papers_up_to_the_weeks_last_hours_are_never_suspected_to_end_there(at: list[float]) -> None:
    times = sorted(WEEK.start_at + timedelta(days=7) * part for part in [*at, 0.97])
    gap = suspected_gap(WEEK, times)
    assert gap is None or gap.since == batch_bounds(WEEK)[5]


def test_a_batch_missing_within_the_week_is_seen_unless_a_holiday_explains_it() -> None:
    def without_thursday(week: Week) -> list[datetime]:
        since, until = batch_bounds(week)[3:5]
        return [*(at for at in _times(week, 2) if not since <= at < until), week.end_at + timedelta(hours=1)]

    gap = suspected_gap(WEEK, without_thursday(WEEK))
    assert gap is not None
    assert (gap.kind, gap.n_held, gap.since) == ("range", 0, batch_bounds(WEEK)[3])
    assert is_confirmed(gap)
    thanksgiving = Week.containing_day(date(2026, 11, 26))
    assert suspected_gap(thanksgiving, without_thursday(thanksgiving)) is None


def test_the_last_batch_may_be_there_in_part_only() -> None:
    times = _times(WEEK, 30, until=_days_behind(1))
    stragglers = [WEEK.end_at - timedelta(hours=i) for i in range(1, 40)]
    gap = suspected_gap(WEEK, sorted([*times, *stragglers]))
    assert gap is not None
    assert (gap.kind, gap.n_held, gap.since) == ("end", 39, batch_bounds(WEEK)[5])


def _asked(gap: IndexGap, n_newer: int | None) -> IndexGap:
    return IndexGap(gap.kind, gap.since, gap.until, gap.n_held, gap.n_expected, gap.n_weeks, n_newer)
