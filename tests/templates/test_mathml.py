"""Formulas as MathML: only what a page may show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from templates.marked_text import marked
from templates.mathml import mathml


def test_what_plain_text_cannot_say_is_mathml_on_pages_with_its_tex() -> None:
    shown = marked(r"All $\binom{n}{k}$ ways of $k$")
    assert shown.startswith(r'All <math alttext="\binom{n}{k}"><semantics><mrow>')
    assert shown.endswith(
        r'<annotation encoding="application/x-tex">\binom{n}{k}</annotation></semantics></math> ways of k'
    )


@pytest.mark.parametrize(
    "source",
    [r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{a}{x}", r"\ours{x}", r"\frac{1", "x^"],
)
def test_links_styles_and_unknown_commands_stay_tex(source: str) -> None:
    assert mathml(source) is None


def test_text_in_a_formula_is_escaped() -> None:
    shown = mathml(r"\text{<script>} \binom{a}{b}")
    assert shown is not None
    assert "<script>" not in shown


@given(
    st.lists(st.sampled_from([*"ab<>&\"'{}^_1", r"\frac", r"\text{", r"\binom", r"\left(", r"\color{red}"])).map(
        "".join
    )
)
def test_mathml_is_well_formed_and_has_no_style(source: str) -> None:
    shown = mathml(source)
    if shown is not None:
        for element in etree.fromstring(str(shown)).iter():
            assert {"href", "style", "class", "id"}.isdisjoint(element.attrib)
