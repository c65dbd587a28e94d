"""What the trend explorer says of each curve in words: where it stands, how fast it moves, what was called of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import nan
from typing import Any

from domain.calls import DOWNWARD, UPWARD, Growth
from domain.digest import SharePoint
from domain.week import Week
from templates.number_text import interval, is_known, pace, pace_interval, percent, verdict_said
from templates.share_curves import is_partial
from templates.trend_svg import TrendSeries

_NO_CORRECTION = {
    "technique": "accuracy unknown",
    "theme": "accuracy unknown",
    "topic": "accuracy unknown",
    "text": "",  # words are counted as they stand
    "meaning": "a rough net, accuracy unknown",
}


@dataclass(frozen=True)
class Movement:
    """One curve in words, every text ready to show; empty where there is nothing to say.

    ``latest`` is the newest period that has ended, if one is held, a whole one before a partial one; ``corrected`` its
    share corrected for the detector's measured error, or that the error is not known. ``way`` is ``up``, ``down`` or
    empty, as the newest call has it. ``turns`` are the weeks in which another course began.
    """

    latest: SharePoint | None
    corrected: str
    pace: str
    pace_interval: str
    way: str
    call: str
    called: str
    turns: tuple[str, ...]


def movement(series: TrendSeries, answered: Mapping[str, Any], *, is_called: bool) -> Movement:
    """The words of one curve and of its series in an answer of ``trends`` (docs/json.md).

    ``is_called`` tells whether what the answer counts is what calls are made of: adoption in all categories.
    """
    ended = [i for i, p in enumerate(series.points[: len(series.points) - series.n_open]) if is_known(p.share)]
    whole = [i for i in ended if not is_partial(series.points[i], series.by)]
    at = (whole or ended)[-1] if ended else None
    growth = Growth(**answered["growth"]) if answered["growth"] else None
    verdict = answered["call"]["verdict"] if answered["call"] else ""
    return Movement(
        latest=None if at is None else series.points[at],
        corrected="" if at is None else _corrected(answered, at),
        pace="too few weeks or papers"
        if growth is None
        else pace(growth)
        if growth.is_clear
        else verdict_said("steady"),
        pace_interval="" if growth is None else pace_interval(growth, in_a_year=not growth.is_clear),
        way="up" if verdict in UPWARD else "down" if verdict in DOWNWARD else "",
        call=verdict_said(verdict) if verdict else "not called",
        called=_called(answered, verdict, is_called=is_called),
        turns=tuple(
            f"{Week(date.fromisoformat(turn['start']))}: {percent(turn['share_before'])} before, "
            f"{percent(turn['share_after'])} then"
            for turn in answered["change_points"]
        ),
    )


def _corrected(answered: Mapping[str, Any], at: int) -> str:
    point = answered["points"][at]
    share, low, high = (nan if point[name] is None else point[name] for name in _CORRECTED)
    if not is_known(share):
        return _NO_CORRECTION[answered["kind"]]
    first, last = date.fromisoformat(point["start"]), date.fromisoformat(point["end"])
    corrected = SharePoint(first, last, point["k"], point["n"], share, low, high, point["complete"])
    return f"corrected {percent(share)} ({interval(corrected)})"


_CORRECTED = ("corrected", "corrected_low", "corrected_high")


def _called(answered: Mapping[str, Any], verdict: str, *, is_called: bool) -> str:
    """When the call was made, or why there is none."""
    if verdict:
        week = answered["call"]["week"]
        return f"in {week}: too few weeks to tell" if verdict == "unknown" else f"in {week}"
    if answered["kind"] in ("text", "meaning"):
        return "words are called where the operator follows them"
    return "" if is_called else "calls are made of adoption in all categories"
