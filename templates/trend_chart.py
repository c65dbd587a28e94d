"""Share curves as a Vega-Lite chart: one specification, drawn as PNG or SVG without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Okabe and Ito's colours, told apart by colour-blind readers; dashes repeat what colour says.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#999933")


def trend_chart(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The Vega-Lite specification of an answer of ``trends`` (docs/json.md): a line and an interval band a term.

    Points whose period is not proven whole are hollow; periods without papers are gaps.
    """
    import altair as alt

    rows = [
        {**point, "term": series["term"], "whole": "complete" if point["complete"] else "not complete"}
        for series in answer["series"]
        for point in series["points"]
    ]
    terms = [series["term"] for series in answer["series"]]
    colour = alt.Color("term:N", title=None, scale=alt.Scale(domain=terms, range=[*_COLOURS[: len(terms)]]), sort=terms)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("start:T", title=None), color=colour, tooltip=["term:N", "start:T", "k:Q", "n:Q", "share:Q"]
    )
    band = base.mark_area(opacity=0.15).encode(
        y=alt.Y("low:Q", title="share of papers", axis=alt.Axis(format=".1%")), y2="high:Q"
    )
    line = base.mark_line(strokeWidth=2).encode(
        y="share:Q", strokeDash=alt.StrokeDash("term:N", legend=None, sort=terms)
    )
    points = base.mark_point(size=28, strokeWidth=1.5).encode(
        y="share:Q",
        fill=alt.condition("datum.complete", colour, alt.value("white")),
    )
    where = ", ".join(answer["categories"])
    title = {
        "text": f"Share of papers a {answer['by']}, {answer['level']}",
        "subtitle": f"{where}; 95 % intervals; hollow points are not proven complete. Data: arXiv.",
    }
    chart = (band + line + points).properties(width=720, height=340, title=title, background="white")
    specification: dict[str, Any] = chart.to_dict()
    return specification


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
