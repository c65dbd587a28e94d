"""Emerging terms as text: how many papers, and how fast they became more."""

from __future__ import annotations

from typing import Protocol

from templates.number_text import agreeing, plain_plural

HEADING = "Emerging terms, listed for the first time"
CHOSEN = "those that grew fastest"
NOTHING_NEW = "No term is new on the week’s list of emerging terms."


class Growing(Protocol):
    """A term with what was compared."""

    @property
    def k(self) -> int:
        """Recent papers that hold it."""

    @property
    def k_before(self) -> int:
        """Papers of the weeks before that hold it."""

    @property
    def growth(self) -> float | None:
        """The ratio of the two shares."""

    @property
    def growth_low(self) -> float:
        """Its lower bound."""

    @property
    def n_teams(self) -> int:
        """Teams among the recent papers."""


def counted(term: Growing) -> str:
    """Papers, teams and growth in one line.

    Examples
    --------
    >>> from domain.emerging import EmergingTerm
    >>> from domain.week import Week
    >>> week = Week.parse("2026-W20")
    >>> counted(EmergingTerm("a", "a", week, 30, 5, 18.4, 9.2, 21, (), (), 0.0, 0.0, 0.9))
    '30 papers of 21 teams, 18 times as often as before (at least 9.2 times)'
    >>> counted(EmergingTerm("a", "a", week, 30, 0, None, 31.0, 21, (), (), 0.0, 0.0, 0.9))
    '30 papers of 21 teams, none before'
    """
    papers, teams = agreeing(term.k, "paper", "papers"), agreeing(term.n_teams, "team", "teams")
    return f"{term.k:,} {papers} of {term.n_teams:,} {teams}, {growth_text(term)}"


def growth_text(term: Growing) -> str:
    """How much more often papers hold a term than before, with the lower bound."""
    if term.growth is None:
        return "none before"
    return f"{times(term.growth)} times as often as before (at least {times(term.growth_low)} times)"


def times(factor: float) -> str:
    """A factor with two significant digits, at most one of them after the point.

    Examples
    --------
    >>> times(2.04), times(18.4), times(131.0)
    ('2.0', '18', '131')
    """
    return f"{factor:.1f}" if factor < 9.95 else f"{factor:.0f}"


class Outcome(Protocol):
    """How terms turned out."""

    @property
    def held(self) -> int:
        """Terms that held."""

    @property
    def failed(self) -> int:
        """Terms that did not."""

    @property
    def unknown(self) -> int:
        """Terms that the following weeks do not decide."""


def outcome_text(outcome: Outcome) -> str:
    """How many of the terms held: ``9 of 12 held, 2 unclear``."""
    n_decided = outcome.held + outcome.failed
    parts = [f"{outcome.held} of {n_decided} held"] if n_decided else []
    return ", ".join([*parts, *([f"{outcome.unknown} unclear"] if outcome.unknown else [])])


class Unlisted(Protocol):
    """What stands in the way of a first list."""

    @property
    def weeks_needed(self) -> int:
        """Weeks of papers that a list needs."""

    @property
    def weeks_held(self) -> int:
        """Weeks of papers that are held."""


def no_list_text(answer: Unlisted) -> str:
    """Why there is no list, and what brings one; one sentence without its capital letter and full stop."""
    held = f"{plain_plural(answer.weeks_held, 'week')} {agreeing(answer.weeks_held, 'is', 'are')} held"
    needed = f"there is no list yet: a list needs {plain_plural(answer.weeks_needed, 'week')} of papers, and {held}"
    if answer.weeks_held >= answer.weeks_needed:
        return f"{needed}; `papertide run` makes one"
    return f"{needed}; earlier weeks are counted after the first digest, as many as the setting `history_weeks` says"
