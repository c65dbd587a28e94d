"""Verdicts, and changes with the calls and waves behind them, as text."""

from __future__ import annotations

from domain.digest import TermLine, VenueWave
from domain.trend_calls import DOWNWARD, UPWARD, CallRecord, FittedChange, MoveOfWave, TrendCall
from templates.number_text import (
    NO_BREAK_SPACE,
    UNKNOWN,
    agreeing,
    count,
    decimals_for,
    is_known,
    percent,
    plural,
    points,
    points_interval,
)


def verdict_text(verdict: str, wave: MoveOfWave | None = None) -> str:
    """A verdict in a few words, everywhere that one is shown; a wave's is that of the papers without it.

    A steady share is not proven equal; its change may be noise.
    """
    if wave is not None:
        return f"{verdict_text(wave.without)} without a wave of {wave.venue} papers"
    return {
        "wave": "a wave of one venue’s papers",
        "steady": "within noise",
        "unknown": "not known",
        "seasonal": "moved, as a year before",
        "unproven": "within noise",
    }.get(verdict, verdict)


def share_in_brief(line: TermLine) -> str:
    """A term with its share alone: ``World models 1.4 %``."""
    share = line.adopts
    return f"{line.name} {percent(share.share) if is_known(share.share) else plural(share.k, 'paper')}"


def arrow(verdict: str) -> str:
    """The sign before a verdict: ``▲``, ``▼`` or ``≈``; none where nothing is known."""
    if verdict in (*UPWARD, "up"):
        return "▲"
    if verdict in (*DOWNWARD, "down"):
        return "▼"
    return "" if verdict in ("unknown", "new") else "≈"


def verdict_class(verdict: str) -> str:
    """``up``, ``down`` or ``steady``, for the colour of a verdict."""
    return {"▲": "up", "▼": "down"}.get(arrow(verdict), "steady")


def change_text(change: FittedChange) -> str:
    """A change with its interval, weeks and ends: ``+2.1 points (+0.5 to +3.9) over 12 weeks, fitted 6.0 to 8.1 %``."""
    return f"{points(change)} ({points_interval(change)}) {over_weeks(change)}"


def over_weeks(change: FittedChange) -> str:
    """The weeks of a change and the ends of its fitted line: ``over 12 weeks, fitted 6.0 to 8.1 %``.

    A single week's share may lie off the line, so without its ends a change seems to contradict the share beside it.
    """
    weeks = f"over {plural(change.n_weeks, 'week')}"
    if not (is_known(change.share_first) and is_known(change.share_last)):
        return weeks
    first, last = fitted_ends(change)
    return f"{weeks}, fitted {first.removesuffix(f'{NO_BREAK_SPACE}%')} to {last}"


def fitted_ends(change: FittedChange) -> tuple[str, str]:
    """The ends of a change's line, with as many decimals wherever one or both of them stand."""
    decimals = max(decimals_for(change.share_first), decimals_for(change.share_last))
    return percent(change.share_first, decimals), percent(change.share_last, decimals)


def call_text(call: TrendCall | None) -> str:
    """A call and the change that it rests on: ``▲ rising, +2.1 points (+0.5 to +3.9) over 12 weeks, fitted 6.0 …``."""
    if call is None or call.verdict == "unknown":
        return f"{UNKNOWN}: too few weeks or papers"
    of_wave = f" ({wave_text(call.wave)})" if call.wave is not None else ""
    return movement_text(call.verdict, call.change, call.wave) + of_wave


def wave_text(wave: MoveOfWave) -> str:
    """Why a move is a venue's: ``24 of its 56 papers name Interspeech``."""
    if not wave.k:
        return f"earlier weeks had a wave of {wave.venue} papers"
    return f"{count(wave.k)} of its {plural(wave.n, 'paper')} {agreeing(wave.k, 'names', 'name')} {wave.venue}"


def venue_wave_text(wave: VenueWave) -> str:
    """A wave in numbers: ``Interspeech, 45 papers (usually 2 a week; 12 in the same week a year before)``."""
    last_year = "" if wave.n_last_year is None else f"; {count(wave.n_last_year)} in the same week a year before"
    return f"{wave.venue}, {plural(wave.n_papers, 'paper')} (usually {wave.n_usual:.0f} a week{last_year})"


def movement_text(verdict: str, change: FittedChange | None, wave: MoveOfWave | None = None) -> str:
    """A verdict and the change of the same test: ``▼ down, −1.0 points (−1.8 to −0.2) over 12 weeks``.

    The change of a wave's move is that with its papers.
    """
    word = f"{arrow(verdict)} {verdict_text(verdict, wave)}".strip()
    return word if change is None else f"{word}{', with them' if wave is not None else ','} {change_text(change)}"


def record_text(record: CallRecord) -> str:
    """How calls turned out: ``after 12 weeks, 31 of 40 held (2 unclear)``."""
    n_clear = record.n_held + record.n_failed
    unclear = f" ({count(record.n_unknown)} unclear)" if record.n_unknown else ""
    return f"after {record.horizon_weeks} weeks, {count(record.n_held)} of {count(n_clear)} held{unclear}"
