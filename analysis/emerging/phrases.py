"""Phrases of one to four words in titles and abstracts, with the papers that hold each.

Phrases are counted level by level (Agrawal and Srikant 1994): a phrase can be in enough papers only if its first words
and its last word are, so most runs of words are never counted.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from analysis.names.plain_tex import without_tex
from domain.paper import Paper
from domain.phrase_variants import singular_and_plural
from domain.week import Week

MAX_WORDS = 4
"""Words of the longest phrase."""

_TOKEN = re.compile(r"[^\W_]+(?:[-.+][^\W_]+)*\+*|[^\s\w-]")
_NUMBER = re.compile(r"[\d.x×+-]+")
_VERSION = re.compile(r"\d{1,2}(?:\.\d)?|20\d\d")
"""A number that may end a phrase ("Gemini 3"); others part phrases."""
_ACCENTS = re.compile("[\u0300-\u036f]")
_INNER = frozenset("of in as a for".split())
"""Words that may stand inside a phrase but not at its edge; other words without content never stand in one."""
_OTHERS_WITHOUT_CONTENT = frozenset(
    "using based via toward towards however thus also can may e.g i.e etc et al vs cf namely whereas january february "
    "march april june july august september october november december".split()
)


@dataclass(frozen=True, eq=False)
class TokenizedPapers:
    """The words of many papers, in order.

    ``tokens``, int32 ``(n_tokens,)``, are places in ``words``: 0 is what no phrase reaches across, such as punctuation
    or a word without content. ``paper``, int32 ``(n_tokens,)``, is the place of the token's paper, and
    ``in_title``, bool ``(n_tokens,)``, says whether the token stands in its title. ``week``, int32 ``(n_papers,)``, is
    the place of each paper's week in ``weeks``, which are ascending and without a gap; papers are in the order of their
    weeks. ``may_begin`` and ``may_end``, bool ``(n_words,)``, say whether a phrase may begin and end with a word.
    """

    tokens: NDArray[np.int32]
    paper: NDArray[np.int32]
    in_title: NDArray[np.bool_]
    week: NDArray[np.int32]
    weeks: tuple[Week, ...]
    words: tuple[str, ...]
    may_begin: NDArray[np.bool_]
    may_end: NDArray[np.bool_]

    @property
    def n_papers(self) -> int:
        """How many papers there are."""
        return len(self.week)


@cache
def _without_content() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS | _OTHERS_WITHOUT_CONTENT) - _INNER


class _Words(dict[str, int]):
    """The place of each word in ``known``; 0 for what no phrase reaches across."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(_without_content(), 0))
        self.known = [""]

    def __missing__(self, word: str) -> int:
        is_version = _VERSION.fullmatch(word) is not None
        is_word = len(word) > 1 and not _NUMBER.fullmatch(word) and word[0].isalnum()
        has_content = word in _INNER or is_version or is_word
        self[word] = len(self.known) if has_content else 0
        if has_content:
            self.known.append(word)
        return self[word]


class Tokenizer:
    """Collects the words of papers; each paper is read once.

    Words are read without TeX, case and accents. A hyphen, a plus or a point inside a word stays
    in it ("on-policy", "gpt-5.2"). A plural counts as its singular if both occur.

    Examples
    --------
    >>> tokenizer = Tokenizer()
    >>> tokenizer.add("Agent Skills", "An agent skill, and 31.42 more.", Week.parse("2026-W20"))
    >>> papers = tokenizer.papers()
    >>> [papers.words[token] for token in papers.tokens]
    ['agent', 'skill', '', '', 'agent', 'skill', '', '', '', '', '', '']
    """

    def __init__(self) -> None:
        self._words = _Words()
        self._tokens = array("i")
        self._lengths = array("i")
        self._weeks: list[Week] = []

    def add(self, title: str, abstract: str, week: Week) -> None:
        """Read a paper."""
        for text in (title, abstract):
            before = len(self._tokens)
            self._tokens.extend(map(self._words.__getitem__, _TOKEN.findall(_read(text))))
            self._tokens.append(0)
            self._lengths.append(len(self._tokens) - before)
        self._weeks.append(week)

    def papers(self) -> TokenizedPapers:
        """What was read, with plurals folded into their singulars."""
        words = self._words.known
        singulars = np.arange(len(words), dtype=np.int32)
        for number, word in enumerate(words):
            if len(word) > 3 and word.endswith("s"):
                singulars[number] = self._words.get(singular(word), 0) or number
        lengths = np.frombuffer(self._lengths, dtype=np.int32) if self._lengths else np.empty(0, dtype=np.int32)
        n_papers = len(self._weeks)
        first = min(self._weeks, default=Week.parse("2000-W01"))
        week = np.array([first.weeks_until(w) for w in self._weeks], dtype=np.int32)
        tokens = np.frombuffer(self._tokens, dtype=np.int32) if self._tokens else np.empty(0, dtype=np.int32)
        return TokenizedPapers(
            tokens=singulars[tokens],
            paper=np.repeat(np.repeat(np.arange(n_papers, dtype=np.int32), 2), lengths),
            in_title=np.repeat(np.tile(np.array([True, False]), n_papers), lengths),
            week=week,
            weeks=tuple(first.plus(i) for i in range(int(week.max(initial=-1)) + 1)),
            words=tuple(words),
            may_begin=np.array([word not in _INNER and not _VERSION.fullmatch(word) for word in words], dtype=bool),
            may_end=np.array([word not in _INNER for word in words], dtype=bool),
        )


def tokenized(papers: Iterable[Paper]) -> TokenizedPapers:
    """The words of papers, in the order of the papers."""
    tokenizer = Tokenizer()
    for paper in papers:
        tokenizer.add(paper.title, paper.abstract, paper.week)
    return tokenizer.papers()


def folded(phrase: str) -> str:
    """A phrase without case and accents, each word in the singular, a hyphen as a blank.

    Two phrases with the same folded form are taken for one.

    Examples
    --------
    >>> folded("On-Policy  distillations"), folded("agent skills")
    ('on policy distillation', 'agent skill')
    """
    words = re.findall(r"[^\W_]+(?:[.+][^\W_]+)*\+*", _read(phrase))
    return " ".join(singular(word) for word in words)


def has_content(word: str) -> bool:
    """Whether a word, in lower case, can begin or end a phrase."""
    return word not in _without_content() and word not in _INNER


def content_words(text: str) -> list[str]:
    """The words of a text in order; empty where no phrase reaches across.

    Examples
    --------
    >>> content_words("skills, of the agents")
    ['skills', '', 'of', '', 'agents']
    """
    words = _Words()
    return [words.known[words[token]] for token in _TOKEN.findall(_read(text))]


def _read(raw: str) -> str:
    """Text in lower case without TeX and accents; ``search_text`` reads more TeX, and takes thirty times as long."""
    text = without_tex(raw).lower()
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))


def singular(word: str) -> str:
    """The shorter of a word's singular and plural, so that both become one; of a word with a hyphen, the last part.

    Examples
    --------
    >>> singular("self-evolving-agents"), singular("hypothesis") == singular("hypotheses")
    ('self-evolving-agent', True)
    """
    head, hyphen, last = word.rpartition("-")
    return head + hyphen + min(singular_and_plural(last), key=lambda form: (len(form), form))


@dataclass(frozen=True, eq=False)
class PhraseCounts:
    """The papers that hold each phrase.

    ``phrases`` are places of words in ``words``. ``starts``, int64 ``(n_phrases + 1,)``, says where the papers of a
    phrase begin in ``papers``, int32, which are ascending within a phrase; ``title`` says of each whether the phrase
    stands in the paper's title. ``k``, int32 ``(n_phrases, n_weeks)``, counts papers by week, and ``n``, int64
    ``(n_weeks,)``, all papers.
    """

    source: TokenizedPapers
    phrases: tuple[tuple[int, ...], ...]
    starts: NDArray[np.int64]
    papers: NDArray[np.int32]
    title: NDArray[np.bool_]
    k: NDArray[np.int32]
    n: NDArray[np.int64]

    def text(self, phrase: int) -> str:
        """The words of a phrase, in the singular."""
        return " ".join(self.source.words[word] for word in self.phrases[phrase])

    def papers_of(self, phrase: int, first: int, last: int) -> NDArray[np.int32]:
        """The papers of a phrase in the weeks ``first`` to ``last``, both included, as places."""
        return self.papers[self._in_weeks(phrase, first, last)]

    def title_share(self, phrase: int, first: int, last: int) -> float:
        """Share of the papers of these weeks that hold the phrase in their title; NaN without papers."""
        in_title = self.title[self._in_weeks(phrase, first, last)]
        return float(in_title.mean()) if len(in_title) else float("nan")

    def _in_weeks(self, phrase: int, first: int, last: int) -> NDArray[np.intp]:
        places = np.arange(self.starts[phrase], self.starts[phrase + 1])
        week = self.source.week[self.papers[places]]
        return places[(week >= first) & (week <= last)]


@dataclass(frozen=True, eq=False)
class _Level:
    """Phrases of one length: where they begin in the tokens, and which phrase begins there."""

    phrases: list[tuple[int, ...]]
    position: NDArray[np.int64]
    phrase: NDArray[np.int64]


def count_phrases(source: TokenizedPapers, *, until: Sequence[int], recent_weeks: int, min_papers: int) -> PhraseCounts:
    """Every phrase that ``min_papers`` papers hold in one of the spans of ``recent_weeks`` weeks, with its papers.

    Parameters
    ----------
    until : the last week of each span, as places of ``source.weeks``.
    """
    spans = np.zeros((len(until), len(source.weeks) + 1), dtype=bool)
    for row, last in enumerate(until):
        spans[row, max(0, last - recent_weeks + 1) : last + 1] = True
    recent = np.asarray(spans.any(axis=0), dtype=bool)[source.week]
    held = np.flatnonzero(source.tokens > 0)
    one = _frequent(source, recent, min_papers, held, source.tokens[held].astype(np.int64))
    words = [int(code) for code in one.codes]
    single = np.full(len(source.tokens) + MAX_WORDS, -1, dtype=np.int64)
    single[one.position] = one.phrase
    kept = source.may_begin[one.codes][one.phrase]
    level = _Level([(word,) for word in words], one.position[kept], one.phrase[kept])
    parts = [_counted(source, level, min_papers, spans)]
    for length in range(2, MAX_WORDS + 1):
        after = single[level.position + (length - 1)]
        kept = after >= 0
        found = _frequent(
            source, recent, min_papers, level.position[kept], level.phrase[kept] * max(1, len(words)) + after[kept]
        )
        phrases = [(*level.phrases[code // len(words)], words[code % len(words)]) for code in found.codes.tolist()]
        level = _Level(phrases, found.position, found.phrase)
        parts.append(_counted(source, level, min_papers, spans))
    offsets = np.cumsum([0, *(int(part.starts[-1]) for part in parts)])
    return PhraseCounts(
        source,
        tuple(phrase for part in parts for phrase in part.phrases),
        np.concatenate(
            [*(part.starts[:-1] + offset for part, offset in zip(parts, offsets, strict=False)), offsets[-1:]]
        ),
        np.concatenate([part.papers for part in parts]),
        np.concatenate([part.title for part in parts]),
        np.concatenate([part.k for part in parts]),
        np.bincount(source.week, minlength=len(source.weeks)),
    )


@dataclass(frozen=True, eq=False)
class _Frequent:
    """The codes that enough recent papers hold, ascending, and where each stands, by its place among them."""

    codes: NDArray[np.int64]
    position: NDArray[np.int64]
    phrase: NDArray[np.int64]


def _frequent(
    source: TokenizedPapers,
    recent: NDArray[np.bool_],
    min_papers: int,
    position: NDArray[np.int64],
    code: NDArray[np.int64],
) -> _Frequent:
    n_papers = max(1, source.n_papers)
    paper = source.paper[position]
    in_recent = recent[paper]
    pairs = _distinct(code[in_recent] * n_papers + paper[in_recent])
    codes, counts = _runs(pairs // n_papers)
    codes = codes[counts >= min_papers]
    if not len(codes):
        empty = np.empty(0, dtype=np.int64)
        return _Frequent(empty, empty, empty)
    place = np.searchsorted(codes, code)
    place[place == len(codes)] = 0
    kept = codes[place] == code
    return _Frequent(codes, position[kept], place[kept])


def _counted(source: TokenizedPapers, level: _Level, min_papers: int, spans: NDArray[np.bool_]) -> PhraseCounts:
    """The phrases of a level that end with a word that may end one, and reach ``min_papers`` in a span."""
    n_papers, n_weeks = max(1, source.n_papers), len(source.weeks)
    paper = source.paper[level.position]
    pairs = _distinct(level.phrase * n_papers + paper)
    phrase, papers = pairs // n_papers, pairs % n_papers
    k = np.bincount(phrase * n_weeks + source.week[papers], minlength=len(level.phrases) * n_weeks)
    k = k.reshape(len(level.phrases), n_weeks)
    last = np.array([words[-1] for words in level.phrases], dtype=np.int64)
    counted = source.may_end[last]
    reached = np.zeros(len(level.phrases), dtype=bool)
    for span in spans:
        reached |= k[:, span[:n_weeks]].sum(axis=1) >= min_papers
    counted &= reached
    new = np.cumsum(counted) - 1
    kept = counted[phrase]
    pairs, phrase, papers = pairs[kept], new[phrase[kept]], papers[kept]
    in_title = source.in_title[level.position]
    titles = _distinct(level.phrase[in_title] * n_papers + paper[in_title])
    at = np.searchsorted(titles, pairs)
    at[at == len(titles)] = 0
    n_kept = int(counted.sum())
    return PhraseCounts(
        source,
        tuple(words for words, is_counted in zip(level.phrases, counted.tolist(), strict=True) if is_counted),
        np.searchsorted(phrase, np.arange(n_kept + 1)),
        papers.astype(np.int32),
        titles[at] == pairs if len(titles) else np.zeros(len(pairs), dtype=bool),
        k[counted].astype(np.int32),
        np.bincount(source.week, minlength=n_weeks),
    )


def _distinct(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The distinct values, ascending; ``np.unique`` takes twice as long."""
    values = np.sort(values)
    return values[np.concatenate([[True], values[1:] != values[:-1]])] if len(values) else values


def _runs(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct ones of sorted values, and how often each occurs."""
    if not len(values):
        return values, values
    begins = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
    return values[begins], np.diff(np.concatenate([begins, [len(values)]]))
