"""The trend explorer's summary of each curve: its latest share, its pace, its call and its changes of pace."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from domain.digest import SharePoint
from domain.trend_calls import DOWNWARD, UPWARD
from domain.trends import TermSeries
from domain.week import Week
from templates.number_text import interval, is_known, pace, pace_interval, percent, verdict_text
from templates.share_curves import is_partial
from templates.trend_svg import TrendSeries

_NO_CORRECTION = {
    "technique": "accuracy unknown",
    "theme": "accuracy unknown",
    "topic": "accuracy unknown",
    "text": "",  # a phrase is counted exactly
    "meaning": "a rough measure, accuracy unknown",
}


@dataclass(frozen=True)
class Movement:
    """One curve as text; each text is empty if there is nothing to show.

    ``latest`` is the newest closed period with data, preferably not a partial one. ``corrected`` is its share corrected
    for the detector's measured error, or says that the error is unknown. ``way`` is ``up``, ``down`` or empty, by the
    newest call. ``turns`` are the weeks in which the pace changed.
    """

    latest: SharePoint | None
    corrected: str
    pace: str
    pace_interval: str
    way: str
    call: str
    called: str
    turns: tuple[str, ...]


def movement(series: TrendSeries, answered: TermSeries, *, is_called: bool) -> Movement:
    """The summary of one curve and of the series that it draws.

    ``is_called`` says whether calls are made of what is counted: adoption in all categories.
    """
    ended = [i for i, p in enumerate(series.points[: len(series.points) - series.n_open]) if is_known(p.share)]
    full = [i for i in ended if not is_partial(series.points[i], series.by)]
    at = (full or ended)[-1] if ended else None
    growth = answered.growth
    verdict = answered.call.verdict if answered.call else ""
    return Movement(
        latest=None if at is None else series.points[at],
        corrected="" if at is None else _corrected(answered, at),
        pace="too few weeks or papers"
        if growth is None
        else pace(growth)
        if growth.is_clear
        else verdict_text("steady"),
        pace_interval="" if growth is None else pace_interval(growth, in_a_year=not growth.is_clear),
        way="up" if verdict in UPWARD else "down" if verdict in DOWNWARD else "",
        call=verdict_text(verdict) if verdict else "no call",
        called=_called(answered, verdict, is_called=is_called),
        turns=tuple(
            f"{Week(turn.start)}: {percent(turn.share_before)} before, {percent(turn.share_after)} after"
            for turn in answered.change_points
        ),
    )


def _corrected(answered: TermSeries, at: int) -> str:
    p = answered.points[at]
    if p.corrected is None:
        return _NO_CORRECTION[answered.kind]
    low, high = (nan if end is None else end for end in (p.corrected_low, p.corrected_high))
    corrected = SharePoint(p.start, p.end, p.k, p.n, p.corrected, low, high, p.complete)
    return f"corrected {percent(p.corrected)} ({interval(corrected)})"


def _called(answered: TermSeries, verdict: str, *, is_called: bool) -> str:
    """When the call was made, or why there is none."""
    if answered.call:
        week = answered.call.week
        return f"in {week}: too few weeks to tell" if verdict == "unknown" else f"in {week}"
    if answered.kind in ("text", "meaning"):
        return "only watched phrases get calls"
    return "" if is_called else "calls are made only for adoption in all categories"
