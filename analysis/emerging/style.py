"""Tells a term of research from a turn of phrase: "on-policy distillation" from "clearest gain".

Both spread, but a term keeps to some categories and to some other words, stands in titles, is repeated within an
abstract, and is more often a name; a turn of phrase does none of this. A logistic model weighs these signs; its weights
are fitted by ``training.fit_emerging_style`` to phrases that were read and judged.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from analysis.emerging.growth import spans
from analysis.emerging.phrases import PhraseCounts, has_content, singular
from analysis.names.plain_tex import without_tex
from domain.phrase_variants import singular_and_plural

FEATURES = (
    "category_divergence",
    "word_divergence",
    "title_share",
    "n_per_paper",
    "capital_share",
    "is_lower_word",
    "n_words",
    "has_inner_word",
    "begins_as_verb",
    "ends_as_verb",
    "has_adverb",
    "has_comparative",
    "has_hyphen",
    "least_title_share",
    "least_per_paper",
    "least_category_divergence",
    "next_share",
    "previous_share",
    "n_papers",
    "has_digit",
    "is_name",
    "is_modifier",
    "n_characters",
)
"""The signs, in the order of the model's weights."""
_MOST_REPEATED = 0.45
"""Logarithm of the repetitions in a paper above which more of them say nothing more."""
_COMMON_WORD = 0.004
"""Share of papers from which on a word is compared; the divergence of rarer ones is mostly chance."""


class Neighbourhood:
    """The words of the papers of a span of weeks: how often each stands in a paper, in a title, beside others.

    Parameters
    ----------
    counts : all phrases with their papers.
    week : the last of the recent weeks, as a place of ``counts.source.weeks``.
    """

    def __init__(self, counts: PhraseCounts, week: int) -> None:
        recent, _ = spans(week)
        source = counts.source
        n_single = sum(len(words) == 1 for words in counts.phrases)  # phrases of one word come first
        end = int(counts.starts[n_single])
        word = np.repeat(np.arange(n_single, dtype=np.int32), np.diff(counts.starts[: n_single + 1]))
        papers, title = counts.papers[:end], counts.title[:end]
        is_recent = (source.week[papers] >= recent.start) & (source.week[papers] < recent.stop)
        word, papers, title = word[is_recent], papers[is_recent], title[is_recent]
        n_papers = int(counts.n[recent].sum())
        self.df = np.bincount(word, minlength=n_single)
        self._title_share = np.bincount(word, weights=title, minlength=n_single) / np.maximum(1, self.df)
        first, last = np.searchsorted(source.week[source.paper], [recent.start, recent.stop])
        n_tokens = np.bincount(source.tokens[first:last], minlength=len(source.words))
        own = np.array([words[0] for words in counts.phrases[:n_single]], dtype=np.int64)
        self._per_paper = n_tokens[own] / np.maximum(1, self.df)
        self._single = {int(place): i for i, place in enumerate(own)}
        common = self.df >= max(5, _COMMON_WORD * n_papers)
        self._share = np.where(common, self.df, 0) / max(1, n_papers)
        self._counts = counts
        word, papers = word[common[word]], papers[common[word]]
        order = np.argsort(papers, kind="stable")
        self._word = word[order]
        self._starts = np.searchsorted(papers[order], np.arange(source.n_papers + 1))

    def words_of(self, phrase: int) -> list[int]:
        """The words of a phrase that are counted by themselves, as phrases."""
        return [self._single[word] for word in self._counts.phrases[phrase] if word in self._single]

    def least_title_share(self, phrase: int) -> float:
        """The share of its papers that hold a word in their title, for the word of the phrase where it is least."""
        return min((float(self._title_share[word]) for word in self.words_of(phrase)), default=0.0)

    def least_per_paper(self, phrase: int) -> float:
        """How often a paper that holds a word does so, for the word of the phrase where that is least."""
        return min((float(self._per_paper[word]) for word in self.words_of(phrase)), default=1.0)

    def frequencies(self, phrase: int, papers: NDArray[np.int32]) -> NDArray[np.int64]:
        """How many of these papers hold each common word, the phrase's own left out; ``(n_words,)``."""
        found = [self._word[self._starts[paper] : self._starts[paper + 1]] for paper in papers.tolist()]
        k = np.bincount(np.concatenate(found) if found else [], minlength=len(self._share))
        k[self.words_of(phrase)] = 0
        return k

    def divergence(self, phrase: int, papers: NDArray[np.int32]) -> float:
        """Kullback-Leibler divergence of the words beside a phrase from those of all papers, in nats."""
        return _divergence(self.frequencies(phrase, papers), self._share)

    def neighbours(self, phrase: int, papers: NDArray[np.int32], n: int) -> tuple[str, ...]:
        """The ``n`` words that most set these papers apart, by their part of the divergence."""
        k = self.frequencies(phrase, papers)
        share = k / max(1, len(papers))
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(k > 1, share * np.log(share / self._share), 0.0)
        best = np.argsort(-part, kind="stable")[:n]
        return tuple(self._counts.text(int(word)) for word in best if part[word] > 0)


def _divergence(k: NDArray[np.int64], share: NDArray[np.float64]) -> float:
    """Divergence of the distribution of ``k`` from that of ``share``, less its expected bias (Miller 1955)."""
    seen = k > 0
    total = int(k.sum())
    if not total:
        return 0.0
    p, q = k[seen] / total, share[seen] / share.sum()
    return float((p * np.log(p / q)).sum() - (int(seen.sum()) - 1) / (2 * total))


def category_divergence(category: NDArray[np.int32], of_all: NDArray[np.float64]) -> float:
    """Divergence of the primary categories of some papers from those of all, in nats, less its expected bias.

    Parameters
    ----------
    category : the category of each paper, as a place.
    of_all : share of all papers by category.
    """
    return _divergence(np.bincount(category, minlength=len(of_all)), of_all)


@dataclass(frozen=True)
class Spelling:
    """How papers write a phrase.

    ``surface`` is how most of them do, in the middle of a sentence. ``capital_share`` is the share of places, not at
    the start of a sentence, where a word of it has a capital letter; ``n_per_paper`` how often a paper that holds it
    does so. ``next_share`` and ``previous_share`` are the shares of papers in which the most frequent single word
    follows or precedes it: a part of a longer term has a large one.
    """

    surface: str
    capital_share: float
    n_per_paper: float
    next_share: float
    previous_share: float


def spelling(phrase: str, texts: Sequence[tuple[str, str]]) -> Spelling:
    """How titles and abstracts write a phrase.

    Examples
    --------
    >>> spelling("agent skill", [("On Agent Skills", "Agent skills are new. We write agent skills.")])
    Spelling(surface='agent skills', capital_share=0.0, n_per_paper=3.0, next_share=0.0, previous_share=1.0)
    """
    pattern = _pattern(phrase)
    written: Counter[str] = Counter()
    in_titles: Counter[str] = Counter()
    following: Counter[str] = Counter()
    preceding: Counter[str] = Counter()
    n_found = n_capital = n_holding = 0
    for title, abstract in texts:
        before = n_found
        behind, ahead = set(), set()
        for place, text in enumerate((without_tex(title), without_tex(abstract))):
            for match in pattern.finditer(text):
                n_found += 1
                if after := _NEXT.match(text, match.end()):
                    behind.add(after[1].lower())
                if earlier := _PREVIOUS.search(text, max(0, match.start() - 40), match.start()):
                    ahead.add(earlier[1].lower())
                surface = " ".join(match.group().split())
                if place == 0:
                    in_titles[surface] += 1
                elif match.start() and not _ENDS.search(text, max(0, match.start() - 4), match.start()):
                    written[surface] += 1
                    n_capital += surface != surface.lower()
        following.update({singular(word) for word in behind if has_content(word)})
        preceding.update({singular(word) for word in ahead if has_content(word)})
        n_holding += n_found > before
    surface = _most(written or in_titles) or phrase
    return Spelling(
        surface=surface,
        capital_share=n_capital / written.total() if written else float(surface != surface.lower()),
        n_per_paper=n_found / max(1, n_holding),
        next_share=max(following.values(), default=0) / max(1, n_holding),
        previous_share=max(preceding.values(), default=0) / max(1, n_holding),
    )


_NEXT = re.compile(r"\s+([^\W_]+(?:-[^\W_]+)*)")
_PREVIOUS = re.compile(r"([^\W_]+(?:-[^\W_]+)*)\s+\Z")
_ENDS = re.compile(r"[.!?:]\s+\Z")


def _most(counted: Counter[str]) -> str:
    return max(sorted(counted), key=lambda written: counted[written], default="")


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    words = []
    for word in phrase.split():
        head, hyphen, last = word.rpartition("-")
        forms = sorted({head + hyphen + form for form in singular_and_plural(last)}, key=len, reverse=True)
        words.append("(?:" + "|".join(map(re.escape, forms)) + ")")
    return re.compile(r"(?<![\w-])" + r"\s+".join(words) + r"(?![\w-])", re.IGNORECASE)


_VERB = re.compile(r".{3,}(?:ing|ed|ize|ise|ifies|ify)")
_MODIFIER = re.compile(
    r"(?:.+-)(?:aware|based|level|wise|free|driven|bound|step|scale|style|specific|dependent|consistent|like|time|view|"
    r"\w+(?:ed|ing|able|ive|al|ic))"
)
"""A compound that stands before a noun and names nothing by itself."""
_COMPARATIVE = re.compile(r".{3,}(?:est|er)")
_NOUNS_IN_ER = frozenset(
    "transformer encoder decoder layer parameter number user paper computer cluster router retriever tokenizer "
    "classifier planner worker server adapter filter marker chapter order controller teacher learner buffer solver "
    "optimizer speaker prior carrier consumer customer quantizer sampler scheduler verifier reranker player career "
    "cancer power header test quest request forest harvest reviewer researcher developer answer driver register".split()
)


def features(
    counts: PhraseCounts,
    phrase: int,
    papers: NDArray[np.int32],
    *,
    week: int,
    neighbourhood: Neighbourhood,
    category: NDArray[np.int32],
    of_all: NDArray[np.float64],
    spelled: Spelling,
) -> NDArray[np.float64]:
    """The signs of one phrase, float64 ``(n_features,)``, in the order of ``FEATURES``."""
    recent, _ = spans(week)
    words = counts.text(phrase).split()
    least = min(
        category_divergence(category[counts.papers_of(word, recent.start, week)], of_all)
        for word in neighbourhood.words_of(phrase)
    )
    return np.array(
        [
            math.sqrt(max(0.0, category_divergence(category[papers], of_all))),
            neighbourhood.divergence(phrase, papers),
            counts.title_share(phrase, recent.start, week),
            min(_MOST_REPEATED, math.log(max(1.0, spelled.n_per_paper))),
            spelled.capital_share,
            len(words) == 1 and words[0].isalpha() and spelled.capital_share < 0.5,
            len(words),
            any(word in _INNER for word in words),
            _is_verb(words[0]),
            _is_verb(words[-1]),
            any(word.endswith("ly") and len(word) > 4 for word in words),
            any(_COMPARATIVE.fullmatch(word) is not None and word not in _NOUNS_IN_ER for word in words),
            any("-" in word for word in words),
            neighbourhood.least_title_share(phrase),
            min(_MOST_REPEATED, math.log(neighbourhood.least_per_paper(phrase))),
            math.sqrt(max(0.0, least)),
            spelled.next_share,
            spelled.previous_share,
            math.log(max(1, len(papers))),
            any(character.isdigit() for character in spelled.surface),
            spelled.capital_share >= 0.5,
            len(words) == 1 and _MODIFIER.fullmatch(words[0]) is not None,
            math.log(len("".join(words))),
        ],
        dtype=np.float64,
    )


_INNER = frozenset("of in as a for".split())


def _is_verb(word: str) -> bool:
    return _VERB.fullmatch(word) is not None


@dataclass(frozen=True, eq=False)
class StyleModel:
    """A logistic model of whether a phrase is a term; arrays are ``(n_features,)`` in the order of ``FEATURES``.

    A phrase counts as a term from the probability ``threshold`` on.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weight: NDArray[np.float64]
    intercept: float
    threshold: float

    def probability(self, signs: NDArray[np.float64]) -> float:
        """The probability that a phrase with these signs is a term."""
        z = float(((np.nan_to_num(signs) - self.mean) / self.scale) @ self.weight + self.intercept)
        return 1 / (1 + math.exp(-z))

    def is_term(self, signs: NDArray[np.float64]) -> bool:
        """Whether it counts as a term."""
        return self.probability(signs) >= self.threshold


@cache
def shipped_model() -> StyleModel:
    """The model that ships with Papertide."""
    stored = json.loads((files("analysis.emerging") / "style_weights.json").read_text(encoding="utf-8"))
    by_feature = [stored["features"][name] for name in FEATURES]
    return StyleModel(
        mean=np.array([of["mean"] for of in by_feature]),
        scale=np.array([of["scale"] for of in by_feature]),
        weight=np.array([of["weight"] for of in by_feature]),
        intercept=stored["intercept"],
        threshold=stored["threshold"],
    )
