"""Which words of a query tell papers apart."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

MOST_MATCHES = 0.02
"""How many papers the words that find papers may have together, as a share of all papers, because each paper found
costs its ranking. The rarest come first, and one always; all the others count where one of these is.

Of searches for three to six words of a title among 34,886 papers, 89 % have the paper among the first twenty
(``python -m benchmarks.title_searches --seed 4``); it was 77 % where common words did not count at all."""
FEW_MATCHES = 1_000
"""So many cost nothing that is felt."""


def telling_words(counts: Mapping[str, int], *, n_papers: int) -> tuple[list[str], list[str]]:
    """The words that tell papers apart, and the others that any paper holds; each rarest first.

    ``counts`` tells how many of ``n_papers`` papers hold each word; a word that none holds is left out.

    Examples
    --------
    >>> telling_words({"model": 90_000, "graph": 1_500, "sourdough": 2, "xyzzy": 0}, n_papers=100_000)
    (['sourdough', 'graph'], ['model'])
    """
    rarest_first = sorted((word for word in counts if counts[word]), key=lambda word: counts[word])
    matches = accumulate(counts[word] for word in rarest_first)
    most = max(FEW_MATCHES, MOST_MATCHES * n_papers)
    n_telling = max(1, sum(n <= most for n in matches))
    return rarest_first[:n_telling], rarest_first[n_telling:]
