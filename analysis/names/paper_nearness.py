"""How near two papers are in words, so that things of one name can be told apart without embeddings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from domain.paper import ArxivId


class WordNearness:
    """The cosine of two papers' words, each stem once and weighted by how rare it is.

    Parameters
    ----------
    stems : the stems in title and abstract of each paper, each once.
    sample : the same of a sample of all papers, which tells how rare a stem is.
    """

    def __init__(self, stems: Mapping[ArxivId, Sequence[int]], sample: Iterable[Sequence[int]]) -> None:
        papers = list(sample)
        n_holding = Counter(stem for of_paper in papers for stem in of_paper)
        self._n_papers = len(papers)
        self._n_holding = n_holding
        self._stems = stems
        self._weights: dict[ArxivId, tuple[dict[int, float], float]] = {}

    def __call__(self, one: ArxivId, other: ArxivId) -> float:
        """The cosine, in [0, 1]; 0 for a paper without words."""
        (of_one, length), (of_other, other_length) = self._weighted(one), self._weighted(other)
        if not length or not other_length:
            return 0.0
        if len(of_other) < len(of_one):
            of_one, of_other = of_other, of_one
        shared = sum(weight * of_other[stem] for stem, weight in of_one.items() if stem in of_other)
        return shared / (length * other_length)

    def _weighted(self, arxiv_id: ArxivId) -> tuple[dict[int, float], float]:
        found = self._weights.get(arxiv_id)
        if found is None:
            weights = {
                stem: math.log1p(self._n_papers / (self._n_holding[stem] + 0.5))
                for stem in self._stems.get(arxiv_id, ())
            }
            found = weights, math.sqrt(sum(weight * weight for weight in weights.values()))
            self._weights[arxiv_id] = found
        return found
