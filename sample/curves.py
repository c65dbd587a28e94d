"""The planted truth over time: how many papers a week has, and what share of them adopts each technique.

Everything is a function of the calendar and of the 26-week frame that ends with the corpus's last week:
frame week 25 is the last week, 0 the week 25 weeks before it; a longer corpus starts at negative frame weeks.
"""

from __future__ import annotations

import math

from domain.week import Week

TECHNIQUES = ("transformer", "llm", "diffusion", "ssm", "gnn", "rl", "compression")
"""Keys of the codebook's techniques, in its order."""

THEMES = ("efficiency", "evaluation", "data_governance", "deployment", "security", "application")
"""Keys of the codebook's themes, in its order."""

FRAME_WEEKS = 26
EMERGING_FROM = 14
"""First frame week in which the emerging technique (and the newly born topic) exists."""

FLAT_SHARES = {"transformer": 0.18, "llm": 0.26, "rl": 0.11}
"""Shares that never change."""

DEADLINE_WEEKS = (5, 20, 39)
"""ISO weeks of the conference deadlines: more papers come, and the saw-tooth peaks and drops."""

_QUIET_WEEKS = {52: 0.5, 53: 0.5, 1: 0.6, 14: 0.75, 32: 0.75, 33: 0.75}
_DEADLINE_VOLUME = 1.5
_RUN_UP_VOLUME = 1.2

_MENTION_RATES = {
    "transformer": 0.06,
    "llm": 0.06,
    "diffusion": 0.07,
    "ssm": 0.05,
    "gnn": 0.05,
    "rl": 0.05,
    "compression": 0.05,
}


def frame_week(week: Week, last_week: Week) -> int:
    """The week's place in the frame: 25 for the last week, lower before."""
    return FRAME_WEEKS - 1 - (last_week.monday - week.monday).days // 7


def planted_share(technique: str, week: Week, last_week: Week) -> float:
    """Expected share of a week's papers that adopt the technique (level 2 or more).

    ``diffusion`` rises along a logistic curve from 5 % to 22 %, ``gnn`` falls along one from 17 % to 7 %,
    ``compression`` follows the conference calendar, from 7 % after a deadline to 16 % at the next,
    ``ssm`` is absent before frame week 14 and then climbs towards 9 %; the others are flat.
    """
    at = frame_week(week, last_week)
    if technique == "diffusion":
        return 0.05 + 0.17 * _logistic((at - 13) / 2.5)
    if technique == "gnn":
        return 0.17 - 0.10 * _logistic((at - 12) / 3.0)
    if technique == "compression":
        return 0.07 + 0.09 * conference_phase(week)
    if technique == "ssm":
        return 0.09 * (1 - math.exp(-(at - EMERGING_FROM + 1) / 4)) if at >= EMERGING_FROM else 0.0
    return FLAT_SHARES[technique]


def mention_rate(technique: str, week: Week, last_week: Week) -> float:
    """Probability that a paper mentions a technique that it could have adopted but did not."""
    if technique == "ssm" and frame_week(week, last_week) < EMERGING_FROM:
        return 0.0
    return _MENTION_RATES[technique]


def conference_phase(week: Week) -> float:
    """How far the week is from the last conference deadline to the next: just above 0, up to 1 in a deadline's week."""
    since = _weeks_back_to_deadline(week.plus(-1)) + 1
    cycle = since + _weeks_ahead_to_deadline(week)
    return since / cycle


def relative_volume(week: Week) -> float:
    """How many papers the week has, relative to an ordinary one: dips at holidays, spikes at deadlines."""
    number = week.monday.isocalendar().week
    if number in DEADLINE_WEEKS:
        return _DEADLINE_VOLUME
    if number + 1 in DEADLINE_WEEKS:
        return _RUN_UP_VOLUME
    return _QUIET_WEEKS.get(number, 1.0)


def _weeks_back_to_deadline(week: Week) -> int:
    return next(n for n in range(60) if week.plus(-n).monday.isocalendar().week in DEADLINE_WEEKS)


def _weeks_ahead_to_deadline(week: Week) -> int:
    return next(n for n in range(60) if week.plus(n).monday.isocalendar().week in DEADLINE_WEEKS)


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))
