"""What a page never holds: characters that it or a terminal would interpret."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.detections import Evidence
from domain.digest import SharePoint
from templates.environment import environment
from templates.page_layout import datalist_options
from templates.paper_list_paging import excerpt
from templates.trend_svg import WIDE, TrendSeries, trend_drawing

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
ODD = "\x00 \x1b[31m \x7f \x9b \u202e \u2066 \ud800 \ufffe"
TEXTS = st.lists(
    st.sampled_from(["a", " ", "<", "&", "$", "^", "\\alpha", "`", *ODD.split()]), min_size=1, max_size=40
).map("".join)
POINTS = tuple(
    SharePoint(date(2026, 6, 1) + timedelta(7 * i), date(2026, 6, 7) + timedelta(7 * i), 5, 100, 0.05, 0.02, 0.1, True)
    for i in range(3)
)


@given(TEXTS)
def test_every_way_to_write_a_text_as_html_leaves_out_what_is_unprintable(text: str) -> None:
    page = environment().from_string(
        "{% macro twice(text) %}{{ text }}{{ text }}{% endmacro %}"
        "{{ text }} {{ twice(text) }} {{ text | marked }} {{ text | marked(evidence) }} {{ text | with_code }}"
    )
    evidence = [Evidence("title", 0, 1)]
    shown = page.render(text=text, evidence=evidence)
    assert UNPRINTABLE.search(shown + excerpt(text, evidence) + datalist_options([text])) is None


def test_the_name_of_a_curve_leaves_out_what_is_unprintable() -> None:
    drawing = trend_drawing([TrendSeries(f"a{ODD}<b>", POINTS, ("/papers",) * 3)], WIDE)
    assert drawing is not None
    assert "&lt;b&gt;" in drawing.series[0].points
    assert UNPRINTABLE.search(drawing.series[0].points) is None


@pytest.mark.parametrize("character", ODD.split())
def test_a_formula_leaves_out_what_is_unprintable(character: str) -> None:
    shown = environment().from_string("{{ text | marked }}").render(text=rf"$\frac{{a{character}}}{{b}}$")
    assert UNPRINTABLE.search(shown) is None
