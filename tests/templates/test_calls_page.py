"""The record of past calls, drawn from an answer that holds every kind of outcome."""

from __future__ import annotations

from templates.page_layout import PageFrame, render_page


def test_every_outcome_is_shown() -> None:
    call = {
        "week": "2026-W10",
        "kind": "query",
        "key": "<b>scaling</b>",
        "name": "<b>scaling</b>",
        "verdict": "rising",
        "called": "rising",
        "wave": None,
        "share": 0.02,
        "change": None,
        "share_before": None,
        "late": True,
        "scores": [
            {"horizon_weeks": 8, "held": True, "share_after": 0.03},
            {"horizon_weeks": 12, "held": False, "share_after": 0.01},
            {"horizon_weeks": 26, "held": None, "share_after": None},
        ],
    }
    record = [{"horizon_weeks": 8, "held": 3, "failed": 1, "unknown": 0}]
    page = render_page(
        "calls.html",
        frame=PageFrame("methods"),
        answer={"week": None, "record": record, "calls": [call, {**call, "kind": "topic", "key": "7", "scores": []}]},
    )
    words = " ".join(page.replace("\u202f", " ").replace("\u00a0", " ").split())
    assert "after 8 weeks held (3" in words
    assert "after 12 weeks did not hold (1" in words
    assert "after 26 weeks unclear" in words
    assert "too early" in words
    assert "made later" in words
    assert "<b>scaling" not in page
    assert "term=text%3A" in page
    assert "term=topic%3A7" in page
