"""A search as it was read: what it names, what it demands, and the words that rank."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from domain.search_text import search_words

Field = Literal["text", "title", "author"]
"""Where words must stand: in title or abstract, in the title, or among the authors."""
Bound = Literal["since", "until"]
"""From the first day of a time on, or to its last: when a paper was submitted."""
Fact = Literal["code", "accepted"]
"""What a paper can be asked for besides words: a link to code, or acceptance by a venue (``domain.paper_facets``)."""

STOP_WORDS = frozenset(
    "a an and are as at be below by can do does for from how in into is it its of on or over s that the their this to"
    " under we what when where which why with".split()
)
"""Words that say nothing about what is looked for."""
_BY = re.compile(r"\s*(?:(?:papers?|articles?|work|works|preprints?)\s+(?:by|from|of)|by)\s+", re.IGNORECASE)


NARROWING = ("fact", "since", "until")
"""Fields of conditions that say nothing of what a paper is about."""


@dataclass(frozen=True)
class Condition:
    """Words that a paper must hold, a fact that must be known of it, or when it was submitted; or must not.

    The ``words`` of a fact are its key, those of a bound a day, week, month or year as typed ("2026-06"). A ``phrase``
    stands as written, its words in a row; other words stand in any form and order. Of an author that is no phrase, the
    words may go on after the name ("author:ada example world models"): who knows the authors finds where.
    """

    field: Field | Bound | Literal["fact"]
    words: str
    is_phrase: bool = False

    @property
    def only_narrows(self) -> bool:
        """Whether it says nothing of what a paper is about."""
        return self.field in NARROWING


@dataclass(frozen=True)
class SearchQuery:
    """A query, read.

    Attributes
    ----------
    typed : the query as typed, after Unicode's NFKC.
    named : papers that it names by identifier, address or DOI, in order.
    text : the words to rank by, those of phrases and titles among them; empty where there are none.
    required : groups of conditions; of each, one must hold.
    excluded : conditions of which none may hold.
    is_literal : whether it asked for all of it to be read as words.
    """

    typed: str
    named: tuple[tuple[Literal["id", "doi"], str], ...] = ()
    text: str = ""
    required: tuple[tuple[Condition, ...], ...] = ()
    excluded: tuple[Condition, ...] = ()
    is_literal: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is words alone."""
        return not (self.named or self.required or self.excluded or self.is_literal)

    @property
    def words(self) -> tuple[str, ...]:
        """The words to rank by, each once, without common ones unless there are no others."""
        return content_words(self.text)

    @property
    def asks_nothing(self) -> bool:
        """Whether there is nothing to rank by and no condition to meet."""
        return not (self.words or self.required or self.excluded)

    @property
    def possible_author(self) -> str | None:
        """The words that may be the name of an author, where the query is plain and short enough for one.

        Examples
        --------
        >>> SearchQuery("", text="papers by Y. LeCun").possible_author
        'Y. LeCun'
        >>> SearchQuery("", text="what is a prior").possible_author
        """
        if not self.is_plain:
            return None
        name = _BY.sub("", self.text, count=1) if _BY.match(self.text) else self.text
        words = search_words(name)
        is_short = 1 <= len(words) <= 6 and not any(character.isdigit() for character in name)
        return name if is_short and not set(words) & (STOP_WORDS - {"do", "a", "s", "by"}) else None


def content_words(text: str) -> tuple[str, ...]:
    """The words of a text, each once, without common ones unless it has no others."""
    every = tuple(dict.fromkeys(search_words(text)))
    return tuple(word for word in every if word not in STOP_WORDS) or every
