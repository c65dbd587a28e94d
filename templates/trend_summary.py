"""The trend explorer's summary of each curve: its latest share, its change and its changes of pace."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from domain.digest import SharePoint
from domain.trend_calls import FittedChange, MoveOfWave
from domain.trends import TermSeries
from domain.week import Week
from templates.number_text import interval_of, percent
from templates.trend_svg import TrendSeries

_NO_CORRECTION = {
    "technique": "accuracy unknown",
    "theme": "accuracy unknown",
    "topic": "accuracy unknown",
    "text": "",  # words are counted without error
    "exact": "",
    "meaning": "",  # its interval or its text says what is known
    "name": "accuracy unknown",
}


@dataclass(frozen=True)
class Movement:
    """One curve as text; each text is empty if there is nothing to show.

    ``latest`` is the newest closed period with data, preferably not a partial one. ``corrected`` is its share corrected
    for the detector's measured error, or says that the error is unknown. ``verdict`` and ``change`` are of one test:
    the newest call where it covers the range, else the line through the range alone; ``basis`` says which. ``turns``
    are the weeks in which the pace changed. ``wave`` is set where the change is a venue's.
    """

    latest: SharePoint | None
    corrected: str
    verdict: str
    change: FittedChange | None
    basis: str
    turns: tuple[str, ...]
    wave: MoveOfWave | None = None


def movement(series: TrendSeries, answered: TermSeries, *, is_called: bool) -> Movement:
    """The summary of one curve and of the series that it draws.

    ``is_called`` says whether calls are made of what is counted: adoption in all categories.
    """
    at, call = series.latest, answered.call
    return Movement(
        latest=None if at is None else series.points[at],
        corrected="" if at is None else _corrected(answered, at),
        verdict=answered.verdict,
        change=answered.tested,
        basis=_basis(answered, is_called=is_called),
        turns=tuple(
            f"{Week(turn.start)}: {percent(turn.share_before)} before, {percent(turn.share_after)} after"
            for turn in answered.change_points
        ),
        wave=call.wave if call else None,
    )


def _corrected(answered: TermSeries, at: int) -> str:
    p = answered.points[at]
    if p.corrected is None:
        return _NO_CORRECTION[answered.kind]
    low, high = (nan if end is None else end for end in (p.corrected_low, p.corrected_high))
    return f"corrected {percent(p.corrected)} ({interval_of(p.corrected, low, high)})"


def _basis(answered: TermSeries, *, is_called: bool) -> str:
    """Which test the verdict is of."""
    if answered.call:
        week = answered.call.week
        return f"called in {week}" if answered.call.change else f"called in {week}: too few weeks or papers"
    if answered.meaning is not None and answered.meaning.precision is None:
        return "not tested: the error of this count is not measured"
    if answered.change is None:
        return "too few weeks or papers"
    if answered.kind in ("text", "exact", "meaning"):
        return "tested alone; only watched phrases get calls"
    return (
        "tested alone, over the weeks shown" if is_called else "tested alone; calls are of adoption in all categories"
    )
