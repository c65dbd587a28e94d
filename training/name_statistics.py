"""What the corpus says of words and possible names: in how many papers, in which contexts, how written."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.names.candidates import read_paper
from analysis.names.contexts import GROUPS, context_of
from analysis.names.tokens import CAPITAL, LOWER

HELD_OUT = 40
"""One paper in so many is left out of the statistics; further papers to label are drawn from these."""


def is_held_out(arxiv_id: str) -> bool:
    """Whether a paper is left out of the statistics, by a hash of its identifier."""
    return zlib.crc32(arxiv_id.encode()) % HELD_OUT == 0


@dataclass(eq=False)
class NameStatistics:
    """Counts over papers.

    ``groups`` maps the key of a candidate to int32 ``(len(GROUPS),)``: in how many papers it stands in each context.
    ``surfaces`` holds how a key is written first, ``papers`` in how many papers it stands. ``lower`` and ``capital``
    count the papers in which a word stands in lower case, and with a capital inside a sentence.
    """

    papers: Counter[str] = field(default_factory=Counter)
    groups: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    surfaces: dict[str, str] = field(default_factory=dict)
    lower: Counter[str] = field(default_factory=Counter)
    capital: Counter[str] = field(default_factory=Counter)
    n_papers: int = 0

    def add(self, texts: Iterable[tuple[str, str]]) -> None:
        """Count titles and abstracts."""
        for title, abstract in texts:
            self.n_papers += 1
            reading = read_paper(title, abstract, frozenset())
            tokens = reading.zones[1].tokens
            lower, capital = set(), set()
            for word, shape, initial in zip(tokens.words, tokens.shapes, tokens.initial, strict=True):
                if shape == LOWER:
                    lower.add(word)
                elif shape == CAPITAL and not initial:
                    capital.add(word.lower())
            self.lower.update(lower)
            self.capital.update(capital)
            for candidate in reading.candidates:
                key = candidate.key
                self.papers[key] += 1
                self.surfaces.setdefault(key, candidate.surface)
                counts = self.groups.get(key)
                if counts is None:
                    counts = self.groups[key] = np.zeros(len(GROUPS), dtype=np.int32)
                found: set[int] = set()
                for occurrence in candidate.occurrences[:6]:
                    found |= context_of(reading.zones[occurrence.zone], occurrence).groups
                counts[list(found)] += 1

    def merge(self, other: NameStatistics) -> None:
        """Add the counts of other papers."""
        self.n_papers += other.n_papers
        self.papers.update(other.papers)
        self.lower.update(other.lower)
        self.capital.update(other.capital)
        for key, counts in other.groups.items():
            if key in self.groups:
                self.groups[key] += counts
            else:
                self.groups[key] = counts
                self.surfaces[key] = other.surfaces[key]
