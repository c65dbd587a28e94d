"""The planted curves: papers per week, and the share of them that adopts each technique.

All curves depend on the calendar and on a frame of 26 weeks that ends with the corpus's last week. Frame week 25 is
the last week and frame week 0 is 25 weeks earlier; a longer corpus starts at negative frame weeks.
"""

from __future__ import annotations

import math

from domain.week import Week

TECHNIQUES = ("transformer", "llm", "diffusion", "ssm", "gnn", "rl", "compression")
"""Keys of the techniques, in the codebook's order."""

THEMES = ("efficiency", "evaluation", "data_governance", "deployment", "security", "application")
"""Keys of the themes, in the codebook's order."""

FRAME_WEEKS = 26
EMERGING_FROM = 14
"""First frame week of the emerging technique and of the new topic."""

FLAT_SHARES = {"transformer": 0.18, "llm": 0.26, "rl": 0.11}
"""Constant shares."""

DEADLINE_WEEKS = (5, 20, 39)
"""ISO weeks of conference deadlines, where volume peaks and the saw-tooth curve drops afterwards."""

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
    """The week's number in the frame: 25 for the last week, lower before it."""
    return FRAME_WEEKS - 1 - week.weeks_until(last_week)


def planted_share(technique: str, week: Week, last_week: Week) -> float:
    """Expected share of a week's papers that adopt the technique (level 2 or more), in [0, 1].

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
    """Probability that a paper mentions a technique that its topic could adopt but the paper does not."""
    if technique == "ssm" and frame_week(week, last_week) < EMERGING_FROM:
        return 0.0
    return _MENTION_RATES[technique]


def conference_phase(week: Week) -> float:
    """The fraction of the way from the last conference deadline to the next, in (0, 1]; 1 in a deadline week."""
    since = _weeks_back_to_deadline(week.plus(-1)) + 1
    cycle = since + _weeks_ahead_to_deadline(week)
    return since / cycle


def relative_volume(week: Week) -> float:
    """Number of papers relative to an ordinary week: lower at holidays, higher at deadlines."""
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
