"""A scan says in this order how much is decided and found, how much is left, and whether one may stop."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from queries.results import ScanResult
from templates.scanning_wording import draws_text, filters_text, state_lines, surer_text

SCAN = ScanResult(
    scan_id=1,
    since=date(2026, 6, 15),
    until=date(2026, 6, 21),
    has=(),
    categories=(),
    author="",
    n_papers=2750,
    n_decided=40,
    n_kept=12,
    n_from_others=0,
    n_undecided=2,
    n_muted=0,
    n_left_out=0,
    looks_for=(),
    n_seeds=5,
    n_kept_elsewhere=0,
    pool_size=275,
    pool_decided=38,
    pool_kept=12,
    pool_low=13,
    pool_high=18,
    target=0.8,
    is_seen=False,
    n_more_draws=24,
    n_more_papers=45,
    draw_share=0.2,
    rest_size=2475,
    rest_kept=0,
    rest_draws=30,
    rest_share_at_most=0.1,
    next_rest_bound=0.05,
    n_more_rest_draws=29,
    papers=(),
)


def _lines_of(**changes: Any) -> dict[str, str]:
    lines = state_lines(ScanResult(**(vars(SCAN) | changes)))
    assert [label for label, _ in lines] == ["Decided", "Found", "Left", "Stop?"]
    return {label: text.replace("\N{NO-BREAK SPACE}", " ") for label, text in lines}


def test_each_line_answers_one_question() -> None:
    assert _lines_of() == {
        "Decided": "40 of 2,750 papers.",
        "Found": "12 kept, 26 skipped, 2 left undecided.",
        "Left": "Probably 1 to 6 more for you among the 275 papers closest to what you look for. "
        "At most 247 among the 2,473 others.",
        "Stop?": "Not yet. If none of the next 45 papers or so is for you, you will have found at least 80 % of what "
        "is for you among the closest, and can stop.",
    }


def test_the_filters_of_a_scan_are_told() -> None:
    assert filters_text(SCAN) == ""
    filters = {"categories": ("cs.CL", "cs.LG"), "author": "Ada Example", "has": ("links code",)}
    shown = filters_text(ScanResult(**(vars(SCAN) | filters)))
    assert shown == "Only papers listed under cs.CL or cs.LG, by Ada Example, with links code."


START = {"n_decided": 0, "n_kept": 0, "n_undecided": 0, "pool_decided": 0, "pool_kept": 0, "pool_low": 0}
START |= {"pool_high": 275, "n_more_draws": None, "n_more_papers": None, "rest_draws": 0, "rest_share_at_most": 1.0}


def test_before_a_decision_nothing_is_claimed() -> None:
    lines = _lines_of(**START)
    assert lines["Left"] == (
        "Not known yet: none or many of the 275 papers closest to what you look for may be for you. "
        "Too few of the 2,475 others were checked to say."
    )
    assert lines["Stop?"] == "Not yet: nothing is kept, so nothing is known."


@pytest.mark.parametrize(
    ("changes", "line", "text"),
    [
        ({"n_undecided": 0, "n_muted": 1}, "Decided", "40 of 2,750 papers; 1 muted paper not among them."),
        ({"n_undecided": 0}, "Found", "12 kept, 28 skipped."),
        (
            {"pool_low": 12, "pool_high": 12},
            "Stop?",
            "Yes, as far as the closest papers go: all that matter are decided.",
        ),
        (
            {"is_seen": True, "pool_low": 12, "pool_high": 14, "rest_draws": 0},
            "Stop?",
            "Yes, as far as the closest papers go: you have found at least 80 % of what is for you there (95 % sure). "
            "Papers further away are nearly unchecked.",
        ),
        (
            {"pool_low": 14, "pool_high": 14, "rest_size": 0},
            "Left",
            "Probably 2 more for you among the 275 papers closest to what you look for.",
        ),
        (
            {"pool_size": 0},
            "Left",
            "No paper of these days is close to what you look for. At most 247 among the 2,473 others.",
        ),
        (
            {"pool_size": 0},
            "Stop?",
            "Nothing tells here when to stop; describe what you look for in other words, or name papers.",
        ),
        (
            {"n_more_papers": 264, "pool_decided": 73},
            "Stop?",
            "Not yet: to say more takes deciding the 202 closest papers left.",
        ),
        (
            {"n_more_papers": None},
            "Stop?",
            "Not yet: too few papers are kept, or too many left undecided, to say what is missing.",
        ),
    ],
)
def test_a_line_tells_what_is_known_and_no_more(changes: dict[str, Any], line: str, text: str) -> None:
    assert _lines_of(**changes)[line] == text


def test_random_picks_are_explained() -> None:
    assert draws_text(SCAN).startswith("About 20\N{NO-BREAK SPACE}% of the next papers are picked at random")
    checking = ScanResult(**(vars(SCAN) | {"draw_share": 0.8}))
    assert draws_text(checking).startswith("The best seem to be found, so 80\N{NO-BREAK SPACE}%")
    assert surer_text(SCAN).endswith(
        "29\N{NO-BREAK SPACE}more random picks from the others, none of them kept, would show at most 123 left there."
    )
    assert "random" not in surer_text(ScanResult(**(vars(SCAN) | {"next_rest_bound": None})))
