"""The emerging terms of a week: phrases that grow, that several teams use, and that are no turn of phrase."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analysis.detection.taxonomy import Taxonomy
from analysis.emerging.growth import (
    MIN_GROWTH,
    MIN_PAPERS,
    MIN_TEAMS,
    growth_tests,
    new_and_growing,
    spans,
    without_nested,
)
from analysis.emerging.phrases import PhraseCounts, TokenizedPapers, Tokenizer, count_phrases, folded
from analysis.emerging.style import Neighbourhood, StyleModel, features, spelling
from analysis.names.teams import Teams, common_keys, person
from domain.emerging import RECENT_WEEKS, PaperText
from domain.same_subject import Subject, subject
from domain.week import Week

METHOD = "emerging-2"
"""Name of the method, stored with every list; it must change whenever the same papers would give another list."""

N_NEIGHBOURS = 6


@dataclass(frozen=True, eq=False)
class ReadPapers:
    """Papers by week, read for phrases; ``category`` is the place of each paper's primary category."""

    papers: tuple[PaperText, ...]
    tokens: TokenizedPapers
    category: NDArray[np.int32]

    @classmethod
    def of(cls, papers: Iterable[PaperText]) -> ReadPapers:
        """Read papers, which must be in the order of their weeks."""
        tokenizer = Tokenizer()
        kept = []
        places: dict[str, int] = {}
        category = []
        for paper in papers:
            tokenizer.add(paper.title, paper.abstract, paper.week)
            category.append(places.setdefault(paper.primary_category, len(places)))
            kept.append(paper)
        return cls(tuple(kept), tokenizer.papers(), np.array(category, dtype=np.int32))

    @cached_property
    def people(self) -> tuple[tuple[str, ...], ...]:
        """The authors of each paper, as ``analysis.names.teams`` knows people."""
        return tuple(tuple(map(person, paper.authors)) for paper in self.papers)

    def count(self, weeks: Iterable[Week]) -> PhraseCounts:
        """The phrases that are tested in any of ``weeks``."""
        until = [self.tokens.weeks.index(week) for week in weeks]
        return count_phrases(self.tokens, until=until, recent_weeks=RECENT_WEEKS, min_papers=MIN_PAPERS)


@dataclass(frozen=True, eq=False)
class GrowingPhrase:
    """A phrase that grows and is part of no other such phrase, whether it is a term or not.

    ``phrase`` is its folded form and ``name`` how most papers write it. ``papers`` are the recent ones, as places among
    those read, and ``signs`` the features of ``analysis.emerging.style``.
    """

    phrase: str
    name: str
    growth_low: float
    papers: tuple[int, ...]
    neighbours: tuple[str, ...]
    signs: NDArray[np.float64]


@dataclass(frozen=True)
class FoundTerm:
    """An emerging phrase of a week; ``papers`` are places among those read."""

    phrase: str
    name: str
    growth_low: float
    n_teams: int
    neighbours: tuple[str, ...]
    papers: tuple[int, ...]
    probability: float


@dataclass(frozen=True)
class Found:
    """The emerging terms of a week, the fastest first, and the number of phrases tested."""

    terms: tuple[FoundTerm, ...]
    n_tested: int


def growing_phrases(
    read: ReadPapers, counts: PhraseCounts, week: Week, *, min_growth: float = MIN_GROWTH
) -> tuple[list[GrowingPhrase], int]:
    """The phrases that grow in a week, and how many were tested.

    Parameters
    ----------
    counts : phrases of ``read`` that hold those of the week.
    """
    at = read.tokens.weeks.index(week)
    recent, _ = spans(at)
    tests = growth_tests(counts, at)
    growing = new_and_growing(counts, tests, at, min_growth=min_growth)
    papers_of = [counts.papers_of(int(tests.phrase[i]), recent.start, at) for i in growing]
    kept = without_nested(counts, tests.phrase[growing].tolist(), papers_of)
    is_recent = (read.tokens.week >= recent.start) & (read.tokens.week <= at)
    n_categories = int(read.category.max(initial=0)) + 1
    of_all = np.bincount(read.category[is_recent], minlength=n_categories) / max(1, int(is_recent.sum()))
    neighbourhood = Neighbourhood(counts, at)
    found = []
    for place in kept:
        phrase, papers = int(tests.phrase[growing[place]]), papers_of[place]
        texts = [(read.papers[paper].title, read.papers[paper].abstract) for paper in papers.tolist()]
        spelled = spelling(counts.text(phrase), texts)
        signs = features(
            counts,
            phrase,
            papers,
            week=at,
            neighbourhood=neighbourhood,
            category=read.category,
            of_all=of_all,
            spelled=spelled,
        )
        found.append(
            GrowingPhrase(
                phrase=folded(spelled.surface),
                name=spelled.surface,
                growth_low=float(tests.low[growing[place]]),
                papers=tuple(papers.tolist()),
                neighbours=neighbourhood.neighbours(phrase, papers, N_NEIGHBOURS),
                signs=signs,
            )
        )
    return found, len(tests.phrase)


def find_terms(
    read: ReadPapers, counts: PhraseCounts, week: Week, *, known: Collection[Subject], model: StyleModel
) -> Found:
    """The emerging terms of a week, from its papers and those before.

    Parameters
    ----------
    counts : phrases of ``read`` that hold those of the week.
    known : what is watched already: the taxonomy's words and the topics' labels.
    model : tells terms from turns of phrase.
    """
    at = read.tokens.weeks.index(week)
    recent, _ = spans(at)
    growing, n_tested = growing_phrases(read, counts, week)
    is_recent = (read.tokens.week >= recent.start) & (read.tokens.week <= at)
    common = common_keys(one for i in np.flatnonzero(is_recent) for one in read.people[i])
    found: dict[str, FoundTerm] = {}
    for of in growing:
        probability = model.probability(of.signs)
        if subject(of.phrase) in known or probability < model.threshold:
            continue
        n_teams = count_teams([read.people[paper] for paper in of.papers], common)
        if n_teams < MIN_TEAMS:
            continue
        other = found.get(of.phrase)  # another spelling of the same words
        if other is None or len(other.papers) < len(of.papers):
            found[of.phrase] = FoundTerm(
                of.phrase, of.name, of.growth_low, n_teams, of.neighbours, of.papers, probability
            )
    ordered = sorted(found.values(), key=lambda term: (-term.growth_low, term.phrase))
    return Found(tuple(ordered), n_tested)


def count_teams(people: Sequence[tuple[str, ...]], common: Collection[str]) -> int:
    """The number of teams among papers, given the people of each; a paper without known authors counts for none."""
    teams = Teams(common)
    numbers = [number for of in people if (number := teams.add(of)) is not None]
    return len(teams.distinct(numbers))


def known_phrases(taxonomy: Taxonomy, topic_labels: Iterable[str]) -> frozenset[Subject]:
    """What counts as watched: names and words of the taxonomy, and labels of topics.

    A word with an open ending ("Qwen*") names no term by itself, so what it matches is not among them.
    """
    words: list[str] = [*topic_labels]
    for entry in taxonomy.entries:
        words += [entry.name, entry.key.replace("_", " ")]
        words += [word for word in (*entry.strong, *entry.weak) if not word.startswith("*") and not word.endswith("*")]
    return frozenset(map(subject, words))
