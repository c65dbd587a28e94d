"""The trend explorer's summary of a curve."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from domain.digest import SharePoint
from domain.trend_calls import CallVerdict, FittedChange
from domain.trends import NewestCall, SeriesChange, TermSeries, TrendPoint
from domain.week import Week
from templates import share_curves
from templates.trend_summary import Movement, movement
from templates.trend_svg import WIDE, TrendSeries, number_rows, trend_drawing

NB = "\u00a0"


def months(*ends: tuple[str, str]) -> tuple[SharePoint, ...]:
    return tuple(
        SharePoint(date.fromisoformat(start), date.fromisoformat(end), 10, 100, 0.1, 0.05, 0.17, complete=False)
        for start, end in ends
    )


def answered(series: TrendSeries, **fields: Any) -> TermSeries:
    points = tuple(
        TrendPoint(p.start, p.end, p.k, p.n, p.share, p.low, p.high, p.complete, None, None, None)
        for p in series.points
    )
    plain = TermSeries("diffusion", "technique", "diffusion", points, change=None, change_points=(), call=None)
    return replace(plain, **fields)


MONTHS = TrendSeries(
    "diffusion",
    # April begins with the week of 30 March; of March and June only one and two weeks are counted.
    months(("2026-03-23", "2026-03-29"), ("2026-03-30", "2026-05-03"), ("2026-06-01", "2026-06-14")),
    ("", "", ""),
    by="month",
)


def moved(**fields: Any) -> Movement:
    return movement(MONTHS, answered(MONTHS, **fields), is_called=True)


def test_the_description_of_a_curve_and_its_latest_point_leave_out_what_is_still_open() -> None:
    still_open = replace(MONTHS, n_open=1)
    assert "April 2026" in still_open.in_words
    assert "June 2026" not in still_open.in_words
    assert still_open.latest == MONTHS.latest == 1  # the last month is partial
    assert replace(MONTHS, n_open=3).latest is None


def test_a_month_without_all_its_weeks_is_partial_and_keeps_its_name() -> None:
    assert MONTHS.states == ("partial", "not proven complete", "partial")
    assert [share_curves.period_of(p, "month") for p in MONTHS.points] == ["March 2026", "April 2026", "June 2026"]
    assert share_curves.period_of(MONTHS.points[1], "quarter") == "2026 Q2"
    assert share_curves.finding(MONTHS.points, "month").endswith(
        f" 2{NB}months partial. 1{NB}month not proven complete."
    )
    drawing = trend_drawing([MONTHS], WIDE)
    assert drawing is not None
    assert [tick.label for tick in drawing.x_ticks] == ["Mar 2026", "Apr", "Jun"]


def test_the_first_axis_label_is_omitted_if_it_would_touch_the_second() -> None:
    first = date(2025, 12, 22)
    points = tuple(
        SharePoint(at, at + timedelta(days=6), 1, 9, 0.1, 0.0, 0.2, complete=True)
        for at in (first + timedelta(weeks=i) for i in range(26))
    )
    drawing = trend_drawing([TrendSeries("a", points, ("",) * 26)], WIDE)
    assert drawing is not None
    assert drawing.x_ticks[0].label == "Jan 2026"


def test_the_latest_period_is_a_full_one_if_there_is_one() -> None:
    assert moved().latest == MONTHS.points[1]


UP = FittedChange(Week.parse("2026-W13"), Week.parse("2026-W24"), 0.04, 0.06, 0.02, 0.01, 0.03, 0.95)


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (None, "unknown"),
        (UP, "up"),
        (replace(UP, difference=-0.02, low=-0.03, high=-0.01), "down"),
        (replace(UP, low=-0.01), "steady"),
    ],
)
def test_a_change_tested_alone_has_the_word_of_its_own_interval(change: FittedChange | None, verdict: str) -> None:
    shown = moved(change=change)
    assert (shown.verdict, shown.change) == (verdict, change)


def test_the_table_of_numbers_is_newest_first_and_escapes_text_from_outside() -> None:
    held, missing = (replace(p, n=n, k=min(p.k, n)) for p, n in zip(MONTHS.points[:2], (10, 0), strict=True))
    series = TrendSeries("a", (missing, held), ("", '/papers?term="><script>'))
    rows = str(number_rows([series, series], counts=True)).splitlines()
    assert "<td>10</td>" in rows[0]
    assert "<script>" not in rows[0]
    assert '<td class="none" colspan="3">no data</td>' in rows[1]


def test_a_share_is_corrected_if_the_error_is_measured_and_else_of_unknown_accuracy() -> None:
    assert moved().corrected == "accuracy unknown"
    assert moved(kind="text").corrected == ""
    first, second, third = answered(MONTHS).points
    measured = replace(second, corrected=0.08, corrected_low=0.03, corrected_high=0.15)
    shown = moved(points=(first, measured, third)).corrected
    assert shown.replace(NB, " ") == "corrected 8.0 % (3.0 to 15.0 %)"


@pytest.mark.parametrize("verdict", ["emerging", "cooling", "steady"])
def test_a_call_is_shown_with_the_change_that_it_rests_on(verdict: CallVerdict) -> None:
    shown = moved(call=NewestCall(Week.parse("2026-W24"), verdict, UP))
    assert (shown.verdict, shown.change, shown.basis) == (verdict, UP, "called in 2026-W24")


def test_a_call_that_nothing_is_known_of_says_why() -> None:
    shown = moved(call=NewestCall(Week.parse("2026-W24"), "unknown"))
    assert (shown.verdict, shown.basis) == ("unknown", "called in 2026-W24: too few weeks or papers")


def test_the_page_says_what_was_tested_alone() -> None:
    assert "watched phrases" in moved(kind="text", change=UP).basis
    narrowed = movement(MONTHS, answered(MONTHS, change=UP), is_called=False)
    assert narrowed.basis == "tested alone; calls are of adoption in all categories"


def test_a_change_of_pace_is_shown_with_its_week_and_both_shares() -> None:
    [turn] = moved(change_points=(SeriesChange(date(2026, 3, 9), 0.04, 0.061),)).turns
    assert turn.replace(NB, " ") == "2026-W11: 4.0 % before, 6.1 % after"
