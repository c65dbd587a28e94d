"""A scan says in this order how much is decided and found, how much is left, and whether one may stop."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.paper import ArxivId
from queries.results import DecidedPaper, ScanResult
from templates.scanning_wording import (
    brief_text,
    draws_text,
    filters_text,
    scan_title,
    state_lines,
    surer_text,
    undo_text,
)

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
    first_seed="A title",
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
    rest_holding=None,
    rest_share_at_most=0.1,
    next_rest_bound=0.05,
    n_more_rest_draws=29,
    last=None,
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
        "Left": "Probably 1 to 6 more for you among the 275 papers of your pool, those closest to what you look for. "
        "Too few of the 2,473 others were picked at random to tell: 29 more, none of them kept, would show that at "
        "most 5 % are for you.",
        "Stop?": "Not yet. If none of the next 45 papers or so is for you, you will have found at least 80 % of what "
        "is for you among the 275 papers of your pool, and can stop.",
    }


def test_the_filters_of_a_scan_are_told() -> None:
    assert filters_text(SCAN) == ""
    filters = {"categories": ("cs.CL", "cs.LG"), "author": "Ada Example", "has": ("links code",)}
    shown = filters_text(ScanResult(**(vars(SCAN) | filters)))
    assert shown == "Only papers listed under cs.CL or cs.LG, by Ada Example, with links code."


START = {"n_decided": 0, "n_kept": 0, "n_undecided": 0, "pool_decided": 0, "pool_kept": 0, "pool_low": 0}
START |= {"pool_high": 275, "n_more_draws": None, "n_more_papers": None, "rest_draws": 0, "rest_share_at_most": 1.0}
START |= {"n_more_rest_draws": 59}
SEEN = {"is_seen": True, "pool_low": 12, "pool_high": 14}


def test_before_a_decision_nothing_is_claimed() -> None:
    lines = _lines_of(**START)
    assert lines["Left"] == (
        "Not known yet: none or many of the 275 papers of your pool, those closest to what you look for, may be for "
        "you. Too few of the 2,475 others were picked at random to tell: 59 more, none of them kept, would show that "
        "at most 5 % are for you."
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
            "Yes, for the 275 papers of your pool: all that matter are decided. This is not about the 2,473 papers "
            "left outside it: 30 from there were picked at random.",
        ),
        (
            SEEN | {"rest_draws": 1, "rest_holding": 14},
            "Stop?",
            "Yes, for the 275 papers of your pool: you have found at least 80 % of what is for you among them (95 % "
            "sure). This is not about the 2,473 papers left outside it: 14 hold all your words, and 1 from there was "
            "picked at random.",
        ),
        (
            {"pool_low": 14, "pool_high": 14, "rest_size": 0},
            "Left",
            "Probably 2 more for you among the 275 papers of your pool, those closest to what you look for.",
        ),
        (
            {"pool_low": 14, "pool_high": 14, "rest_share_at_most": 0.0495},
            "Left",
            "Probably 2 more for you among the 275 papers of your pool, those closest to what you look for. "
            "At most 122 among the 2,473 others.",
        ),
        (
            {"pool_low": 14, "pool_high": 14, "next_rest_bound": None, "n_more_rest_draws": None},
            "Left",
            "Probably 2 more for you among the 275 papers of your pool, those closest to what you look for. "
            "Some of the 2,473 others are for you too: of those picked at random there you kept one or more.",
        ),
        (
            {"pool_size": 0, "rest_share_at_most": 0.05},
            "Left",
            "No paper of these days is close to what you look for. At most 123 among the 2,473 others.",
        ),
        (
            {"pool_size": 0},
            "Stop?",
            "Nothing tells here when to stop; describe what you look for in other words, or name papers.",
        ),
        (
            {"n_more_papers": 264, "pool_decided": 73},
            "Stop?",
            "Not yet: to say more takes deciding the 202 papers left of the 275 papers of your pool.",
        ),
        (
            {"n_more_papers": None, "draw_share": 0.0},
            "Stop?",
            "Not known: random picks tell it, and the best papers come first now.",
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
    assert draws_text(ScanResult(**(vars(SCAN) | {"draw_share": 0.0}))).startswith("The best papers come first")
    assert "random" not in surer_text(SCAN)  # the line of what is left tells it
    bounded = {"rest_share_at_most": 0.04, "next_rest_bound": 0.02, "n_more_rest_draws": 75}
    assert surer_text(ScanResult(**(vars(SCAN) | bounded))).endswith(
        "75\N{NO-BREAK SPACE}more random picks from the others, none of them kept, would show at most 49 left there."
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "40 of 2,750 decided, 12 kept. Stop? Not yet, about 45 papers more."),
        ({"n_more_papers": None}, "40 of 2,750 decided, 12 kept. Stop? Not yet."),
        (
            {"n_more_papers": None, "n_from_others": 9},
            "40 of 2,750 decided (9 in other scans), 12 kept. Stop? Not yet.",
        ),
        ({"draw_share": 0.0}, "40 of 2,750 decided, 12 kept. Stop? Not known."),
        (SEEN, "40 of 2,750 decided, 12 kept. Stop? Yes, for the 275 papers of your pool."),
        (SEEN | {"draw_share": 0.0}, "40 of 2,750 decided, 12 kept. Stop? Yes, for the 275 papers of your pool."),
    ],
)
def test_one_line_says_how_far_a_scan_is(changes: dict[str, Any], text: str) -> None:
    assert brief_text(ScanResult(**(vars(SCAN) | changes))).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_scan_is_called_by_what_it_looks_for() -> None:
    assert scan_title(["graph networks", "Agents"], None, 0) == "“graph networks” and “Agents”"
    assert scan_title([], "A title", 1) == "papers like “A title”"
    assert scan_title(["x"], "word " * 20, 3) == f"“x” and papers like “{'word ' * 10}word…” and 2 more"
    assert scan_title([], None, 0) == "papers like those that you kept"


def test_what_can_be_taken_back_is_named() -> None:
    assert undo_text(DecidedPaper(ArxivId("2606.00001"), "A title", "undecided")) == "left undecided “A title”"
