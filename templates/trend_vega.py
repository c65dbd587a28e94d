"""Share curves as a Vega-Lite specification, rendered as PNG or SVG without a browser."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from domain.trend_periods import PERIODS, Period
from domain.trends import TermSeries
from templates.term_wording import curve_titles
from templates.trend_file_caption import TrendSource
from templates.trend_scale import Scale, ScaleChoice, fitting_scale, log_constant, log_ticks, n_start, start_value

# Okabe and Ito's colours, which colour-blind readers can tell apart; dashes repeat the distinction.
_MOST_TICKS = 9
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999933")


def trend_chart(series: Sequence[TermSeries], source: TrendSource, *, scale: ScaleChoice = "auto") -> dict[str, Any]:
    """The Vega-Lite specification of trend series: a line and an interval band for each term.

    Points whose period is not proven complete are hollow; periods without papers are gaps. In an index a term without
    papers at its start has no curve.
    """
    import altair as alt

    drawn_as = fitting_scale(scale, [one.points for one in series])
    starts_at = [start_value(one.points, source.by) if drawn_as == "index" else 1.0 for one in series]

    terms = curve_titles(series)
    rows = [
        {
            **vars(point),
            **{name: _relative(getattr(point, name), start) for name in ("low", "high")},
            "value": _relative(point.share, start),
            "start": point.start.isoformat(),
            "end": point.end.isoformat(),
            "term": term,
            "at": _drawn_at(point.start, source.by).isoformat(),
        }
        for term, one, start in zip(terms, series, starts_at, strict=True)
        for point in one.points
    ]
    colour = alt.Color(
        "term:N",
        title=None,
        scale=alt.Scale(domain=terms, range=[*_COLOURS[: len(terms)]]),
        sort=terms,
        legend=alt.Legend(
            labelLimit=0, orient="top", direction="vertical", symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=3
        ),
    )
    starts = sorted({row["at"] for row in rows})
    every = -(-len(starts) // _MOST_TICKS)
    # Ticks at the points: the library's own fall on days on which no period starts.
    axis = alt.Axis(values=starts[::-every][::-1], format=PERIODS[source.by].tick_format)
    data = alt.InlineData(values=rows)
    base = alt.Chart(data).encode(
        x=alt.X("at:T", title=None, axis=axis), color=colour, tooltip=["term:N", "start:T", "k:Q", "n:Q", "share:Q"]
    )
    band = base.mark_area(opacity=0.15).encode(y=_value_axis(series, drawn_as, source.by), y2="high:Q")
    line = base.mark_line(strokeWidth=2).encode(
        y="value:Q", strokeDash=alt.StrokeDash("term:N", legend=None, sort=terms)
    )
    points = base.mark_point(size=28, strokeWidth=1.5).encode(
        y="value:Q",
        fill=alt.condition("datum.complete", colour, alt.value("white")),
    )
    has_intervals = any(point.low is not None for one in series for point in one.points)
    marks = f"{'bands: 95 % intervals; ' if has_intervals else ''}hollow points: partial or not proven complete"
    title = {
        "text": source.title,
        "subtitle": [marks, *textwrap.wrap(source.citation, 120)],
    }
    chart: Any = band + line + points
    if drawn_as == "panels":
        chart = chart.properties(width=720, height=150, data=data)
        chart = chart.facet(facet=alt.Facet("term:N", title=None, sort=terms, header=None), columns=1)
        chart = chart.resolve_scale(y="independent")
    else:
        chart = chart.properties(width=720, height=340)
    chart = chart.properties(title=title, background="white", description=source.citation)
    chart = chart.configure_axis(gridColor="#e6e6e6", domainColor="#888", titleFontWeight="normal")
    chart = chart.configure_view(strokeWidth=0).configure_title(anchor="start")
    specification: dict[str, Any] = chart.to_dict()
    specification["usermeta"] = {"papertide": {"version": source.version, "citation": source.citation}}
    return specification


def _relative(value: float | None, start: float | None) -> float | None:
    return None if value is None or start is None else value / start


def _value_axis(series: Sequence[TermSeries], scale: Scale, by: Period) -> Any:
    """The vertical axis of a scale."""
    import altair as alt

    if scale == "index":
        title = f"index, first {n_start(by)} {by}s = 100" if n_start(by) > 1 else f"index, first {by} = 100"
        return alt.Y("low:Q", title=title, axis=alt.Axis(labelExpr="format(100 * datum.value, '.0f')"))
    if scale == "log":
        constant = log_constant([one.points for one in series])
        top = max((p.high for one in series for p in one.points if p.high is not None), default=constant)
        return alt.Y(
            "low:Q",
            title="share of papers, logarithmic",
            scale=alt.Scale(type="symlog", constant=constant),
            axis=alt.Axis(values=log_ticks(constant, top), labelExpr="format(100 * datum.value, '~r') + ' %'"),
        )
    return alt.Y("low:Q", title="share of papers", axis=alt.Axis(format=".1%"))


def _drawn_at(start: date, by: Period) -> date:
    """The day at which a period is drawn: a month's first week may start in the month before, its label must not."""
    return start if by == "week" else PERIODS[by].day_inside(start).replace(day=1)


def chart_bytes(specification: Mapping[str, Any], suffix: str) -> bytes:
    """The chart as a file: ``.png`` at twice the size, ``.svg``, or ``.json`` for the specification itself.

    Raises
    ------
    ValueError
        For another suffix.
    """
    import json

    import vl_convert

    if suffix == ".png":
        png: bytes = vl_convert.vegalite_to_png(dict(specification), scale=2)
        return png
    if suffix == ".svg":
        svg: str = vl_convert.vegalite_to_svg(dict(specification))
        return svg.encode()
    if suffix == ".json":
        return json.dumps(specification).encode()
    raise ValueError(f"a chart is .png, .svg or .json, got {suffix!r}")
