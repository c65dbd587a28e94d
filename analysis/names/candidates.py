"""Spans of a title and abstract that may be names, joined where they are spellings of one name."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, field

from analysis.names.plain_tex import PlainText, plain_text
from analysis.names.tokens import ACRONYM, CAPITAL, LOWER, LOWER_DIGIT, MIXED, NUMBER, SINGLE, Tokens, tokenize
from analysis.names.variants import comes_in_years, name_key
from domain.detections import EvidenceField

MAX_WORDS = 6
"""Longest name, in words."""
MAX_CHARS = 20_000
"""What is read of a title or an abstract; no abstract of arXiv is as long."""
_CONNECTORS = frozenset("of in for the a and with to on from at as".split())
_DISTINCT = frozenset((MIXED, ACRONYM, LOWER_DIGIT))
_VERSION_WORDS = frozenset(
    "mini nano micro pro flash turbo lite max base large small tiny instruct thinking preview v1 v2 v3".split()
)
_YEAR = re.compile(r"(?:20)?[0-2]\d$")
_YEARS_APART = 5
_SHORT_YEAR = re.compile(r"['’‘]\d\d$")
_PREFIX_END = re.compile(r"\s*:\s|\s+[-–—]+\s+|\s*[—]\s*")


@dataclass(frozen=True, eq=False)
class Zone:
    """The title or the abstract, without TeX; ``title_case`` is whether ordinary words are capitalised in it."""

    field: EvidenceField
    plain: PlainText
    tokens: Tokens
    title_case: bool = False
    prefix_end: int = 0
    """How many words stand before the colon of a title; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Words ``first`` to ``last`` (included) of a zone."""

    zone: int
    first: int
    last: int


@dataclass(slots=True)
class Candidate:
    """All occurrences of one possible name, in the order of the text."""

    key: str
    surface: str
    occurrences: list[Occurrence] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Reading:
    """A paper's text as zones, and the candidates in it."""

    zones: tuple[Zone, Zone]
    candidates: list[Candidate]


def read_paper(title: str, abstract: str, known: Container[str]) -> Reading:
    """The candidates of a paper in the order of their first occurrences.

    Parameters
    ----------
    known : spellings of names that their writing does not give away, such as ``scikit-learn``, ``Adam`` at the start
        of a sentence or ``Common Crawl`` in a title.
    """
    zones = (_title_zone(title[:MAX_CHARS]), _abstract_zone(abstract[:MAX_CHARS]))
    found: dict[str, Candidate] = {}
    in_abstract = _spans(zones[1], known)
    spelled = {_text(zones[1], first, last) for first, last in in_abstract}
    for number, spans in ((0, _title_spans(zones[0], known, spelled)), (1, in_abstract)):
        zone = zones[number]
        for first, last in spans:
            start, end = zone.tokens.starts[first], zone.tokens.ends[last]
            surface = zone.plain.text[start:end]
            key = name_key(surface)
            if not key or _is_citation(zone, last, key):
                continue
            candidate = found.get(key)
            if candidate is None:
                candidate = found[key] = Candidate(key, zone.plain.surface(start, end))
            candidate.occurrences.append(Occurrence(number, first, last))
    return Reading(zones, list(found.values()))


def _is_citation(zone: Zone, last: int, key: str) -> bool:
    """Whether a word with a short year closes a bracket, as authors and venues do: *[STOC'16]*, *(Song, ICML'24)*."""
    after = zone.plain.text[zone.tokens.ends[last] : zone.tokens.ends[last] + 1]
    return after in (")", "]") and _SHORT_YEAR.search(zone.tokens.words[last]) is not None and not comes_in_years(key)


def _abstract_zone(raw: str) -> Zone:
    plain = plain_text(raw)
    return Zone("abstract", plain, tokenize(plain.text))


def _title_zone(raw: str) -> Zone:
    plain = plain_text(raw)
    tokens = tokenize(plain.text)
    long_words = [shape for word, shape in zip(tokens.words, tokens.shapes, strict=True) if len(word) > 3]
    prefix_end = 0
    if match := _PREFIX_END.search(plain.text):
        prefix_end = sum(end <= match.start() for end in tokens.ends)
        after = long_words[sum(len(w) > 3 for w in tokens.words[:prefix_end]) :]
        long_words = after or long_words
    n_capital = sum(shape == CAPITAL for shape in long_words)
    n_lower = sum(shape == LOWER for shape in long_words)
    return Zone("title", plain, tokens, n_capital > n_lower, prefix_end)


def _text(zone: Zone, first: int, last: int) -> str:
    return zone.plain.text[zone.tokens.starts[first] : zone.tokens.ends[last]]


def _title_spans(zone: Zone, known: Container[str], spelled: Container[str]) -> list[tuple[int, int]]:
    """Spans of a title: what stands before the colon, what is written unlike a word, and what is known otherwise."""
    spans = _spans(zone, known)
    if zone.title_case:
        spans = [
            (first, last)
            for first, last in spans
            if (
                zone.tokens.shapes[first] in _DISTINCT
                and (
                    last == first
                    or all(shape == NUMBER or shape in _DISTINCT for shape in zone.tokens.shapes[first:last])
                )
            )
            or _text(zone, first, last) in spelled
            or _text(zone, first, last) in known
        ]
    length = zone.prefix_end or len(zone.tokens.words)  # a short title without a colon may be a name
    if 0 < length <= (MAX_WORDS if zone.prefix_end else 4) and (0, length - 1) not in spans:
        spans.insert(0, (0, length - 1))
    return spans


def _spans(zone: Zone, known: Container[str]) -> list[tuple[int, int]]:
    """Spans of words that are written as names are, in the order of the text."""
    tokens = zone.tokens
    shapes, words, n = tokens.shapes, tokens.words, len(tokens.words)
    spans: list[tuple[int, int]] = []
    i = 0
    while i < n:
        shape = shapes[i]
        if shape == LOWER:
            if words[i] in known:
                spans.append((i, i))
            i += 1
            continue
        if shape == NUMBER or (shape == SINGLE and not _goes_on(tokens, i)):
            spans += _spliced(tokens, i, i) if shape == SINGLE else []
            i += 1
            continue
        if shape == CAPITAL and tokens.initial[i] and not _goes_on(tokens, i):
            if words[i] in known:
                spans.append((i, i))
            i += 1
            continue
        end = _run_end(tokens, i)
        spans += _within_run(tokens, i, end, known)
        spans += _spliced(tokens, i, end)
        i = end + 1
    return spans


def _spliced(tokens: Tokens, start: int, end: int) -> list[tuple[int, int]]:
    """What a run becomes with the words that a hyphen or slash joins to it: *Self-RAG*, *do-calculus*, *ViT-B/16*."""
    first = start - 1 if start and tokens.gap(start - 1) == "-" else start
    last = end
    if end + 1 < len(tokens.words):
        gap = tokens.gap(end)
        is_joined = gap == "/" and tokens.shapes[end + 1] != LOWER and not _is_later_year(tokens.words[end : end + 2])
        if gap == "-" or is_joined:
            last = end + 1
    if (first, last) == (start, end) or last - first >= MAX_WORDS:
        return []
    spans = [(first, last)]
    if first < start and last > end:
        spans += [(first, end), (start, last)]
    if last > end > start:
        spans.append((end, last))
    return spans


def _is_later_year(words: Sequence[str]) -> bool:
    """Whether the second word is a year shortly after that at the end of the first: *AIME24/25*, *BraTS 2019/2020*."""
    year = _YEAR.search(words[0])
    is_year = year is not None and len(words[1]) == len(year[0]) and _YEAR.fullmatch(words[1]) is not None
    return year is not None and is_year and 0 < int(words[1]) - int(year[0]) <= _YEARS_APART


def _gap_joins(tokens: Tokens, i: int) -> bool:
    gap = tokens.gap(i)
    return gap == " " or gap in ("'s ", "’s ", "  ", " & ")


def _goes_on(tokens: Tokens, i: int) -> bool:
    """Whether the next word is written as part of a name."""
    return i + 1 < len(tokens.words) and _gap_joins(tokens, i) and _continues(tokens, i + 1)


def _continues(tokens: Tokens, i: int) -> bool:
    return tokens.shapes[i] != LOWER or tokens.words[i] in _VERSION_WORDS


def _run_end(tokens: Tokens, i: int) -> int:
    """The last word of the run that begins at word ``i``: words written as names, with *of* or *in a* between them."""
    n = len(tokens.words)
    while i + 1 < n and _gap_joins(tokens, i) and not tokens.initial[i + 1]:
        if _continues(tokens, i + 1):
            i += 1
            continue
        j = i + 1
        while j < min(i + 3, n - 1) and tokens.words[j] in _CONNECTORS and _gap_joins(tokens, j):
            j += 1
        if j == i + 1 or tokens.shapes[j] not in (CAPITAL, MIXED, ACRONYM) or tokens.shapes[i] == NUMBER:
            break
        i = j
    return i


def _within_run(tokens: Tokens, start: int, end: int, known: Container[str]) -> list[tuple[int, int]]:
    """The spans of one run: all of it, what is written unlike a word in it, and its beginnings and ends."""
    shapes, words = tokens.shapes, tokens.words
    if end == start:
        return [(start, end)]
    found: list[tuple[int, int]] = []
    for first in range(start, end + 1):
        if shapes[first] == NUMBER or (shapes[first] == LOWER and words[first] not in known):
            continue
        for last in range(first, min(end, first + MAX_WORDS - 1) + 1):
            if words[last] in _CONNECTORS:
                continue
            plain_word = last == first and shapes[first] in (CAPITAL, SINGLE)
            if plain_word and tokens.initial[first] and words[first] not in known:
                continue
            inner = shapes[first : last + 1]
            has_connector = any(word in _CONNECTORS for word in words[first + 1 : last])
            if has_connector and not (first == start and last == end):
                text = tokens.text[tokens.starts[first] : tokens.ends[last]]
                if text not in known:
                    continue
            if (
                first == start
                or last == end
                or all(shape in _DISTINCT or shape == NUMBER for shape in inner)
                or (last == first and shapes[first] == CAPITAL)
                or (shapes[first] == CAPITAL and NUMBER in inner)
                or (last - first == 1)
            ):
                found.append((first, last))
    return found
