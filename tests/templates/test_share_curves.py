"""The geometry of curves: gaps are gaps, zero is the base, nothing leaves the frame."""

from __future__ import annotations

import math
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.digest import SharePoint
from domain.week import Week
from templates import share_curves

NAN = math.nan
FIRST = Week(date(2026, 1, 5))


def series(*shares: float | None, incomplete: tuple[int, ...] = ()) -> tuple[SharePoint, ...]:
    points = []
    for i, share in enumerate(shares):
        week = FIRST.plus(i)
        if share is None:
            points.append(SharePoint(week.monday, week.sunday, 0, 0, NAN, NAN, NAN, False))
        else:
            low, high = max(0.0, share - 0.01), min(1.0, share + 0.01)
            points.append(
                SharePoint(week.monday, week.sunday, round(1000 * share), 1000, share, low, high, i not in incomplete)
            )
    return tuple(points)


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path)]


def test_a_gap_breaks_the_line_and_is_drawn_on_the_base() -> None:
    curve = share_curves.curve(series(0.1, 0.2, None, None, 0.2, 0.3), share_curves.SPARKLINE)
    assert curve is not None
    assert len(curve.lines) == len(curve.bands) == 2
    assert len(curve.gaps) == 1


def test_a_single_week_between_gaps_is_a_dot() -> None:
    curve = share_curves.curve(series(None, 0.2, None, 0.1, 0.1), share_curves.SPARKLINE)
    assert curve is not None
    assert [dot.title for dot in curve.lone] == ["2026-W03: 20.0\u00a0%"]


def test_a_week_not_proven_complete_is_hollow() -> None:
    curve = share_curves.curve(series(0.1, 0.2, 0.3, incomplete=(1, 2)), share_curves.SPARKLINE)
    assert curve is not None
    assert len(curve.hollow) == 2
    assert curve.last is None


def test_zero_lies_on_the_base() -> None:
    curve = share_curves.curve(series(0.0, 0.2), share_curves.CHART)
    assert curve is not None
    assert numbers(curve.lines[0])[1] == curve.base
    assert curve.y_ticks[0].at == curve.base
    assert [tick.label for tick in curve.y_ticks] == [f"{p}\u00a0%" for p in (0, 5, 10, 15, 20)]


def test_without_a_known_share_there_is_no_curve() -> None:
    assert share_curves.curve(series(None, None), share_curves.SPARKLINE) is None
    assert share_curves.curve((), share_curves.SPARKLINE) is None
    assert share_curves.text_sparkline(()) == ""


@given(st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=30))
def test_nothing_leaves_the_frame(shares: list[float | None]) -> None:
    for frame in (share_curves.SPARKLINE, share_curves.CHART):
        curve = share_curves.curve(series(*shares), frame)
        if curve is None:
            assert all(share is None for share in shares)
            continue
        for path in (*curve.lines, *curve.bands, *curve.areas):
            places = numbers(path)
            assert all(0 <= x <= frame.width for x in places[::2])
            assert all(0 <= y <= frame.height for y in places[1::2])
        assert all(0 <= end <= frame.width for gap in curve.gaps for end in gap)
        assert 1 <= len(curve.y_ticks) <= 6


@pytest.mark.parametrize("top", [0.0004, 0.002, 0.031, 0.2, 0.5, 0.99, 1.0])
def test_axis_labels_are_round_and_distinct(top: float) -> None:
    curve = share_curves.curve(series(top, top), share_curves.CHART)
    assert curve is not None
    labels = [tick.label for tick in curve.y_ticks]
    assert len(set(labels)) == len(labels) >= 2


def test_the_finding_says_first_last_extremes_and_what_is_missing() -> None:
    found = share_curves.finding(series(0.1, None, 0.05, 0.2, incomplete=(2,))).replace("\u00a0", " ")
    assert found == (
        "From 10.0 % in 2026-W02 to 20.0 % in 2026-W05; lowest 5.0 % in 2026-W04, highest 20.0 % in 2026-W05. "
        "1 week without data. 1 week not proven complete."
    )


def test_the_text_curve_has_one_sign_a_week() -> None:
    assert share_curves.text_sparkline(series(0.1, None, 0.2)).replace("\u00a0", " ") == "▁·█  10.0 to 20.0 %"
