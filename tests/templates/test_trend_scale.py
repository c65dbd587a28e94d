"""Curves of different size on one chart."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from math import inf
from typing import Any

import pytest

from domain.digest import SharePoint
from domain.trends import TermSeries, TrendPoint
from templates.trend_file_caption import TrendSource
from templates.trend_scale import ScaleChoice, fitting_scale, log_ticks, size_ratio, start_value
from templates.trend_svg import WIDE, TrendSeries, trend_drawing
from templates.trend_vega import trend_chart

MONDAY = date(2026, 3, 2)
N = 1000


def points(*k: int) -> tuple[SharePoint, ...]:
    weeks = [MONDAY + timedelta(weeks=i) for i in range(len(k))]
    return tuple(
        SharePoint(at, at + timedelta(days=6), n, N, n / N, n / N * 0.8, n / N * 1.25 + 0.001, complete=True)
        for at, n in zip(weeks, k, strict=True)
    )


LARGE, SMALL, NONE = points(70, 72, 74, 76, 78, 80), points(2, 2, 3, 5, 8, 12), points(0, 0, 0, 0, 3, 4)


def curve(of: tuple[SharePoint, ...], name: str = "a") -> TrendSeries:
    return TrendSeries(name, of, ("",) * len(of))


def answered(of: tuple[SharePoint, ...], name: str) -> TermSeries:
    shown = tuple(TrendPoint(p.start, p.end, p.k, p.n, p.share, p.low, p.high, True, None, None, None) for p in of)
    return TermSeries(name, "text", name, shown, change=None, change_points=(), call=None)


@pytest.mark.parametrize(
    ("choice", "curves", "scale"),
    [
        ("auto", [LARGE, SMALL], "panels"),
        ("auto", [LARGE, LARGE], "shared"),
        ("auto", [LARGE, points(0, 0)], "shared"),
        ("auto", [], "shared"),
        ("log", [LARGE, LARGE], "log"),
    ],
)
def test_the_scale_follows_the_sizes_unless_it_is_chosen(choice: ScaleChoice, curves: list[Any], scale: str) -> None:
    assert fitting_scale(choice, curves) == scale


def test_sizes_are_shares_of_all_papers() -> None:
    assert size_ratio([LARGE, SMALL]) == pytest.approx(450 / 32)


def _heights(drawing: Any) -> list[float]:
    return [float(part.split(" ")[1]) for part in drawing.series[-1].lines[0][1:].split("L")]


def test_a_logarithmic_axis_shows_the_small_curve_and_keeps_zero_at_the_base() -> None:
    shared = trend_drawing([curve(LARGE), curve(SMALL, "b")], WIDE)
    log = trend_drawing([curve(LARGE), curve(SMALL, "b")], WIDE, scale="log")
    assert shared
    assert log
    rise_shared, rise_log = (_heights(d)[0] - _heights(d)[-1] for d in (shared, log))
    assert rise_log > 2.5 * rise_shared
    assert log.y_ticks[0].at == log.base
    assert all(below.at - above.at >= 24 for below, above in pairwise(log.y_ticks))
    zero = trend_drawing([curve(NONE)], WIDE, scale="log")
    assert zero
    assert _heights(zero)[0] == zero.base


def test_an_index_starts_at_the_mean_of_the_first_weeks() -> None:
    assert start_value(SMALL, "week") == pytest.approx(3 / N)
    assert start_value(LARGE, "month") == pytest.approx(70 / N)
    assert start_value(points(1, 1, 1, 1, 9), "week") is None
    index = trend_drawing([curve(SMALL)], WIDE, scale="index")
    assert index
    hundred = next(tick.at for tick in index.y_ticks if tick.label == "100")
    assert _heights(index)[2] == pytest.approx(hundred, abs=0.1)


def test_a_curve_with_too_few_papers_at_its_start_has_no_index() -> None:
    index = trend_drawing([curve(SMALL), curve(NONE, "b")], WIDE, scale="index")
    assert index
    assert [bool(one.lines) for one in index.series] == [True, False]
    assert start_value(NONE, "week") is None


def test_ticks_of_a_logarithmic_axis_hold_zero_and_stay_in_range() -> None:
    ticks = log_ticks(0.003, 0.08)
    assert ticks[0] == 0
    assert max(ticks) <= 0.08 < inf
    assert {0.01, 0.02, 0.05} <= {round(t, 9) for t in ticks}


@pytest.mark.parametrize("scale", ["auto", "shared", "log", "index", "panels"])
@pytest.mark.slow
def test_pictures_of_every_scale_are_drawn(scale: ScaleChoice) -> None:
    from templates.trend_vega import chart_bytes

    series = [answered(LARGE, "large"), answered(SMALL, "small"), answered(NONE, "none")]
    source = TrendSource("week", "adopts", ("large (words)",), ("cs.LG",), MONDAY, MONDAY, "1")
    chart = trend_chart(series, source, scale=scale)
    assert ("facet" in chart) == (scale in ("auto", "panels"))
    assert chart_bytes(chart, ".svg").startswith(b"<svg")
