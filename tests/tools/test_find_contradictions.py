"""The checker finds what contradicts itself, and nothing in numbers that agree."""

from __future__ import annotations

import pytest

from tools.find_contradictions import in_json, in_text, text_of

SIGNS = str.maketrans("-", "\N{MINUS SIGN}")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("▲ up, +0.4 points (-0.1 to +1.1)", "verdict"),
        ("≈ within noise, -1.6 points (-2.8 to -0.2) over 12 weeks", "verdict"),
        ("▼ falling -0.3 points -0.9 to +0.1, over 12 weeks", "verdict"),
        ("diffusion rose most, by 2.0 points in 26 weeks, to 9.1 %", "span"),
        ("▲ rising, 5.8 % to 11.6 % in half a year", "span"),
        ("Technique Share 26 weeks Change", "span"),
        ("▲ rising, +0.4 points (+0.1 to +1.1) over 13 weeks", "span"),
    ],
)
def test_words_that_contradict_their_numbers_are_found(text: str, kind: str) -> None:
    assert [found.kind for found in in_text("a page", text.translate(SIGNS), n_weeks=12)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "▲ rising, +0.4 points (+0.1 to +1.1) over 12 weeks",
        "≈ within noise, -1.6 points (-2.8 to 0.0) over 12 weeks",
        "▼ cooling -0.30 points -0.90 to -0.01, over 9 weeks",
        "Each call is checked 8, 12 and 26 weeks later.",
        "a straight line through at most 26 of them",
    ],
)
def test_words_that_agree_with_their_numbers_are_left(text: str) -> None:
    assert list(in_text("a page", text.translate(SIGNS), n_weeks=12)) == []


def test_a_page_is_read_as_its_words() -> None:
    page = (
        "<p><style>a{}</style><strong>▲</strong> rising</p><span>+0.4\N{NO-BREAK SPACE}points</span> &#43;0.1 to +1.1"
    )
    assert text_of(page) == "▲ rising +0.4 points +0.1 to +1.1"


def test_what_authors_say_is_no_contradiction() -> None:
    page = '<p>Change</p><ol class="abstracts"><li><h3>A</h3><p class="abstract">It ran over 17 weeks.</p></li></ol>'
    assert text_of(page) == "Change"


def _call(verdict: str, low: float, high: float, first_week: str = "2026-W14") -> dict[str, object]:
    change = {"difference": (low + high) / 2, "low": low, "high": high, "last_week": "2026-W25"}
    return {"calls": [{"verdict": verdict, "change": {**change, "first_week": first_week}}]}


def test_json_is_read_wherever_a_verdict_or_a_share_stands() -> None:
    assert list(in_json("x", _call("rising", 0.01, 0.02), n_weeks=12)) == []
    assert list(in_json("x", _call("seasonal", -0.02, -0.01), n_weeks=12)) == []
    assert [found.kind for found in in_json("x", _call("steady", 0.01, 0.02), n_weeks=12)] == ["verdict"]
    assert [found.kind for found in in_json("x", _call("rising", -0.01, 0.02), n_weeks=12)] == ["verdict"]
    assert [found.kind for found in in_json("x", _call("rising", 0.01, 0.02, "2026-W01"), n_weeks=12)] == ["span"]
    share = {"k": 3, "n": 10, "share": 0.3, "low": 0.1, "high": 0.6}
    assert list(in_json("x", [share], n_weeks=12)) == []
    assert [found.kind for found in in_json("x", [{**share, "k": 4}], n_weeks=12)] == ["list"]
