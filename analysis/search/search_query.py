"""A search as people type it, read into what it names, what it demands and the words that rank.

::

    2606.01846v2 · arxiv.org/pdf/cs/0601001 · 10.48550/arXiv.2606.01846    the paper itself, first
    "flow matching"                                  these words as written, in a row
    -survey, NOT survey, -"large language model"     without
    diffusion OR "flow matching"                     one of both; AND may stand anywhere
    author:"Ada Example" · author:ada example        by this author
    title:retrieval                                  in the title
    has:code · is:accepted                           linking code; accepted or published at a venue
    since:2026-06 · until:2026-W25 · since 2026-06   submitted then; without the colon not by a year alone
    text:attention is NOT all you need               everything after it as plain words

Operators are in capitals. What cannot be read as one of these is words, so every text has a reading.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import month_name
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from analysis.search.described_text import described_text
from domain.errors import UsageError
from domain.paper import pasted_names
from domain.search_query import NARROWING, STOP_WORDS, Bound, Condition, Fact, Field, SearchQuery
from domain.search_text import search_words
from domain.typed_day import day

_NEVER_EXCLUDED = STOP_WORDS | frozenset("all always any but enough every just not only so you your".split())
"""What follows a NOT that is part of a sentence, such as "Attention is NOT all you need"."""

_PREFIXES: dict[str, Field] = {
    "author": "author",
    "authors": "author",
    "au": "author",
    "title": "title",
    "ti": "title",
    "name": "text",
    "abs": "text",
}
_FACTS: dict[str, Fact] = {"has:code": "code", "is:accepted": "accepted"}
_LITERAL = "text:"
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»″〝〞「」『』＂", '"'))
_TOKEN = re.compile(
    r"""(?P<minus>(?<!\S)-(?=["\w]))?
        (?:(?P<fact>has:code|is:accepted)(?!\S)
        |(?P<bound>since|until)(?::|\s+(?=\d{4}-))(?P<day>\d{4}(?:-W?\d\d(?:-\d\d)?)?)[,;.]*(?!\S)
        |(?:(?P<prefix>authors?|au|title|ti|name|abs):(?=["\w]))?
        (?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+|")))""",
    re.VERBOSE | re.IGNORECASE,
)
_SPACED_NAME = re.compile(r"\b(arxiv|doi):\s+", re.IGNORECASE)
_SPACE_AFTER_PREFIX = re.compile(
    r"(?<!\S)(-?(?:authors?|au|title|ti|name|abs|since(?=:\s+\d)|until(?=:\s+\d))):\s+", re.IGNORECASE
)
_MONTHS = [name.lower() for name in month_name[1:]]
_TIME = rf"(?:since|until|in)\s+(?:(?:{'|'.join(_MONTHS)})\s+)?\d{{4}}(?:-W?\d\d(?:-\d\d)?)?"
_TIMES = re.compile(
    rf'"[^"]*"|(?<!\S)(?P<times>{_TIME}(?:\s+{_TIME})*)(?:[.;?!]*\s*$|(?=,(?!\S)))',
    re.IGNORECASE | re.ASCII,
)
"""Times at the end of a query or before a comma; elsewhere a number may count something ("in 2000 steps")."""
MAX_CONDITIONS = 16
"""Conditions read from one query; the words of further ones only rank."""


@dataclass(frozen=True)
class _Token:
    """A piece of a query: words with their field, or an operator."""

    kind: Literal["words", "phrase", "and", "or", "not"]
    raw: str
    text: str
    field: Field | Bound | Literal["fact"] | None = None
    is_excluded: bool = False

    @property
    def is_operand(self) -> bool:
        return self.kind in ("words", "phrase")


def parsed_query(typed: str) -> SearchQuery:
    """Read a query; every text has a reading.

    Examples
    --------
    >>> query = parsed_query('"world models" author:ada -survey planning')
    >>> query.text, query.excluded
    ('world models planning', (Condition(field='text', words='survey', is_phrase=False),))
    >>> [c.words for group in query.required for c in group]
    ['world models', 'ada']
    >>> parsed_query("see https://arxiv.org/abs/2606.01846v2").named
    (('id', '2606.01846'),)
    >>> parsed_query("diffusion OR flow").required[0][1].words
    'flow'
    >>> parsed_query("Attention is NOT all you need").is_plain
    True
    """
    plain = unicodedata.normalize("NFKC", typed)
    if names := pasted_names(plain):
        return SearchQuery(plain, named=names)
    begun = plain.lstrip()
    if begun[: len(_LITERAL)].lower() == _LITERAL:
        return SearchQuery(plain, text=begun[len(_LITERAL) :].strip(), is_literal=True)
    named, tokens = _without_names(_tokens(plain))
    return _read(plain, named, _with_operators(tokens))


def _tokens(plain: str) -> list[_Token]:
    text = _SPACED_NAME.sub(r"\1:", plain.translate(_QUOTES))
    text = _SPACE_AFTER_PREFIX.sub(r"\1:", text)
    found = []
    for match in _TOKEN.finditer(text):
        if match["fact"]:
            found.append(_Token("words", match[0], _FACTS[match["fact"].lower()], "fact", bool(match["minus"])))
            continue
        if match["bound"] and (typed_day := _day_typed(match["day"])):
            bound: Bound = "since" if match["bound"].lower() == "since" else "until"
            found.append(_Token("words", match[0], typed_day, bound, bool(match["minus"])))
            continue
        field = _PREFIXES[match["prefix"].lower()] if match["prefix"] else None
        body = (match["word"] or match[0]) if match["phrase"] is None else match["phrase"]
        kind: Literal["words", "phrase"] = "words" if match["phrase"] is None else "phrase"
        found.append(_Token(kind, match[0], body, field, bool(match["minus"])))
    return found


def _day_typed(text: str) -> str | None:
    """A day, week, month or year as ``domain.typed_day`` reads it; ``None`` where it has no first or no last day."""
    try:
        day(text.upper())
        day(text.upper(), end=True)
    except UsageError:
        return None
    return text.upper()


def with_times_as_bounds(query: SearchQuery, is_held: Callable[[date, date], bool]) -> str | None:
    """What was perhaps meant by words such as "in 2025", which may also be meant as words; ``None`` without any.

    Parameters
    ----------
    query : as read.
    is_held : whether papers from one day to another are stored; other times are not offered.

    Examples
    --------
    >>> def is_held(first, last):
    ...     return first.year >= 2025
    >>> with_times_as_bounds(parsed_query("agents since June 2026"), is_held)
    'agents since:2026-06'
    >>> with_times_as_bounds(parsed_query("diffusion in 2025"), is_held)
    'diffusion since:2025 until:2025'
    >>> with_times_as_bounds(parsed_query("diffusion in 2025 steps"), is_held)
    """
    if query.named or query.is_literal:
        return None
    new: list[Condition] = []

    def as_bounds(match: re.Match[str]) -> str:
        word, *months, days = match[0].lower().split()
        at = _day_typed(days + "".join(f"-{_MONTHS.index(month) + 1:02}" for month in months))
        if at is None or not is_held(day(at), day(at, end=True)):
            return match[0]
        fields: dict[str, tuple[Bound, ...]] = {"since": ("since",), "until": ("until",), "in": ("since", "until")}
        bounds = [Condition(field, at) for field in fields[word]]
        unread = [bound for bound in bounds if (bound,) not in query.required]
        new.extend(unread)
        return " ".join(f"{bound.field}:{at}" for bound in unread) or match[0]

    def of_times(match: re.Match[str]) -> str:
        return re.sub(_TIME, as_bounds, match["times"], flags=re.IGNORECASE | re.ASCII) if match["times"] else match[0]

    meant = _TIMES.sub(of_times, query.typed.translate(_QUOTES)).strip()
    # After NOT or OR they would say something else.
    is_read_so = bool(new) and {(bound,) for bound in new} <= set(parsed_query(meant).required)
    return meant if is_read_so else None


def _without_names(tokens: Sequence[_Token]) -> tuple[tuple[tuple[Literal["id", "doi"], str], ...], list[_Token]]:
    """The papers that single words name, and the other tokens."""
    named: list[tuple[Literal["id", "doi"], str]] = []
    rest: list[_Token] = []
    for token in tokens:
        names = () if token.is_excluded else pasted_names(token.text.strip("[]"))
        named += names
        if not names:
            rest.append(token)
    return tuple(dict.fromkeys(named)), rest


def _with_operators(tokens: Sequence[_Token]) -> list[_Token]:
    """The tokens with AND, OR and NOT as operators where they have operands."""
    shouted = [t for t in tokens if t.text not in ("AND", "OR", "NOT")]
    is_shouting = len(shouted) > 4 and not any(any(map(str.islower, t.text)) for t in shouted)
    read: list[_Token] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        is_operator = token.kind == "words" and token.raw in ("AND", "OR", "NOT") and not is_shouting
        if not is_operator or after is None or not search_words(after.text):
            read.append(token)
        elif token.raw == "NOT":
            words = search_words(after.text)
            is_sentence = after.kind == "words" and after.field is None and words[0] in _NEVER_EXCLUDED
            read.append(token if is_sentence else _Token("not", token.raw, ""))
        elif read and read[-1].is_operand:
            read.append(_Token("and" if token.raw == "AND" else "or", token.raw, ""))
        else:
            read.append(token)
    return read


def _read(typed: str, named: tuple[tuple[Literal["id", "doi"], str], ...], tokens: Sequence[_Token]) -> SearchQuery:
    texts: list[str] = []
    groups: list[list[Condition]] = []
    excluded: list[Condition] = []
    at, joins, negates = 0, False, False
    grouped: list[Condition] | None = None  # the conditions of the last operand, which an OR may go on with
    last_word: str | None = None
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.kind == "not":
            negates = True
            continue
        if token.kind in ("and", "or"):
            joins = token.kind == "or"
            continue
        run = [token]
        if token.field in ("author", "title") and token.kind == "words":
            # An unquoted name or title goes on until the next operator, phrase or prefix.
            while at < len(tokens) and _goes_on(tokens[at]):
                if joins or token.is_excluded or negates:
                    break
                run.append(tokens[at])
                at += 1
        words = " ".join(t.text for t in run)
        has_words = bool(search_words(words))
        condition = Condition(token.field or "text", words.strip(), token.kind == "phrase")
        n_conditions = len(excluded) + sum(map(len, groups))
        if (token.is_excluded or negates) and has_words and n_conditions < MAX_CONDITIONS:
            excluded.append(condition)
            grouped, last_word = None, None
        else:
            is_condition = token.kind == "phrase" or token.field in ("author", "title", *NARROWING)
            if joins and has_words and n_conditions < MAX_CONDITIONS - 1:
                if grouped is None and last_word is not None:
                    grouped = [Condition("text", last_word)]
                    groups.append(grouped)
                if grouped is not None:
                    grouped.append(condition)
            elif is_condition and has_words and n_conditions < MAX_CONDITIONS:
                grouped = [condition]
                groups.append(grouped)
            else:
                grouped = None
            last_word = words if has_words and token.field not in NARROWING else None
            if token.field not in ("author", *NARROWING):
                texts.append(words)
        joins = negates = False
    return SearchQuery(
        typed, named, " ".join(" ".join(texts).split()), tuple(map(tuple, groups)), tuple(dict.fromkeys(excluded))
    )


def _goes_on(token: _Token) -> bool:
    return token.kind == "words" and token.field is None and not token.is_excluded


def embedded_texts(queries: Iterable[str]) -> list[str]:
    """The texts of queries that the embedding model reads, each once; queries of conditions alone have none."""
    texts = (described_text(text) for query in queries if (text := parsed_query(query).text))
    return list(dict.fromkeys(texts))
