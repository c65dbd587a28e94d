"""What was perhaps meant by a query with a mistyped word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from analysis.search.semantic_search import PaperSearch
from analysis.search.spelling import MIN_LENGTH
from domain.packed_stems import stem_number
from domain.search_text import search_words
from runtime.context import AppContext

_WORD = re.compile(r"(?<!\bis:)(?<!\bhas:)(?<!\bsince:)(?<!\buntil:)(?<![^\W_])[^\W_]+")
"""A word, but not the value of a condition on facts."""
_MAX_WORDS = 24
_IS_COMMON = 10
"""Papers that hold a word from which on it is no mistake."""


@dataclass(frozen=True)
class Suggestion:
    """A query with its rare words replaced by common ones that they are mistyped from.

    ``absent`` are the replaced words, if no paper holds any of them; then the query that was meant can be answered.
    """

    query: str
    absent: tuple[str, ...]


def suggested(context: AppContext, papers: PaperSearch, typed: str) -> Suggestion | None:
    """What was perhaps meant; ``None`` where no word seems mistyped."""
    plain = unicodedata.normalize("NFKC", typed)
    parts: list[str] = []
    replaced: dict[str, int] = {}
    after = 0
    for match in list(_WORD.finditer(plain))[:_MAX_WORDS]:
        words = search_words(match[0])
        if len(words) != 1 or len(words[0]) < MIN_LENGTH:
            continue
        n_holding = papers.n_holding(stem_number(words[0]))
        if n_holding >= _IS_COMMON:
            continue
        if meant := context.vocabulary.meant_instead(words[0], n_holding=n_holding):
            parts += [plain[after : match.start()], meant]
            after = match.end()
            replaced[match[0]] = n_holding
    if not replaced:
        return None
    absent = () if any(replaced.values()) else tuple(replaced)
    return Suggestion("".join([*parts, plain[after:]]).strip(), absent)
