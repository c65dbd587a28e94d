"""Parameters of queries as parsed values, with their limits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from domain.detections import ADOPTS, IS_ABOUT, MENTIONS
from domain.errors import UsageError
from domain.name_mention import NameRole
from domain.trend_periods import Period
from domain.trends import Level as Level

LEVELS: dict[Level, tuple[int, ...]] = {"mentions": (MENTIONS,), "adopts": (ADOPTS, IS_ABOUT), "about": (IS_ABOUT,)}
ROLES: dict[Level, tuple[NameRole, ...]] = {
    "mentions": ("mentions",),
    "adopts": ("introduces", "uses"),
    "about": ("introduces",),
}
"""The roles of a named thing in a paper that each level counts."""
MAX_TERMS = 20


Sort = Literal["relevance", "newest", "oldest"]

MAX_QUERY = 500
"""Characters of a query; the model reads no more than about two hundred words."""


@dataclass(frozen=True)
class PaperRequest:
    """A search among some papers; names are as typed, and ``queries.resolve_paper_query`` resolves them.

    A paper must have every facet of ``has``, written ``KIND:KEY``, as in ``theme:security`` or ``name:#12``.
    """

    query: str
    since: date | None = None
    until: date | None = None
    categories: tuple[str, ...] = ()
    primary: bool = False
    topic: str | None = None
    term: str | None = None
    level: Level = "adopts"
    has: tuple[str, ...] = ()
    sort: Sort = "relevance"


MAX_TERMS_SHOWN = 8
"""More curves than this cannot be told apart on one chart."""


TakenAs = Literal["words", "exact", "meaning"]
"""How an added term is matched: by name or words, by its words as written, or by meaning."""


@dataclass(frozen=True)
class TrendRequest:
    """What a chart shows."""

    terms: tuple[str, ...]
    since: str
    until: str
    by: Period
    level: Level
    categories: tuple[str, ...]
    primary: bool

    @property
    def query(self) -> dict[str, object]:
        """The query of an address with these parameters; defaults are left out."""
        return {
            "term": list(self.terms),
            "since": self.since,
            "until": self.until,
            "by": "" if self.by == "week" else self.by,
            "level": "" if self.level == "adopts" else self.level,
            "category": list(self.categories),
            "primary": "true" if self.primary else "",
        }

    def adding(self, term: str, taken_as: TakenAs) -> TrendRequest:
        """The same with one more term, by name or words, as written, or as a description.

        Raises
        ------
        UsageError
            If that is one more than a chart can show.
        """
        words = term.strip()
        is_prefixed = taken_as != "words" and words and not words.startswith(f"{taken_as}:")
        return replace(self, terms=charted_terms([*self.terms, f"{taken_as}:{words}" if is_prefixed else words]))


def charted_terms(typed: list[str]) -> tuple[str, ...]:
    """The terms of one chart, each once."""
    terms = tuple(dict.fromkeys(t.strip() for t in typed if t.strip()))
    if len(terms) > MAX_TERMS_SHOWN:
        raise UsageError(f"{len(terms)} terms are too many for one chart; give {MAX_TERMS_SHOWN} or fewer")
    return terms
