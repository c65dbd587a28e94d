"""Words that were perhaps meant instead of mistyped ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from rapidfuzz import process
from rapidfuzz.distance import OSA

MIN_LENGTH = 4
"""Characters of a word that is looked at; shorter ones are names and abbreviations that many words resemble."""
_LONG = 7
"""From this length two characters may differ, otherwise one; a swap of neighbours counts as one."""
_N_COMPARED = 40
MIN_PAPERS = 3
"""Papers that must hold a word for it to be suggested."""
_TIMES_AS_COMMON = 60
"""How many times as many papers must hold the suggestion as hold the word, where some do."""


class Vocabulary:
    """The words that papers hold, for suggestions.

    Parameters
    ----------
    n_papers : how many papers hold each word.
    """

    def __init__(self, n_papers: Mapping[str, int]) -> None:
        self._n_papers = dict(n_papers)
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in self._n_papers:
            if len(word) >= MIN_LENGTH - 1 and not any(map(str.isdigit, word)):
                by_length[len(word)].append(word)
        self._by_length = dict(by_length)

    def meant_instead(self, word: str, *, n_holding: int) -> str | None:
        """The common word that a rare one was perhaps meant to be; ``None`` where none is near enough.

        The word of the fewest changes (Damerau-Levenshtein, without overlapping ones), then of the most papers.

        Parameters
        ----------
        word : as ``search_words`` gives it.
        n_holding : how many papers hold it in any form.

        Examples
        --------
        >>> words = Vocabulary({"quantization": 500, "quantile": 90, "mamba": 80})
        >>> words.meant_instead("quantizaton", n_holding=0), words.meant_instead("samba", n_holding=12)
        ('quantization', None)
        """
        if (
            len(word) < MIN_LENGTH
            or any(map(str.isdigit, word))
            or (word in self._n_papers and n_holding >= MIN_PAPERS)
        ):
            return None
        n_changes = 2 if len(word) >= _LONG else 1
        near = [w for n in range(len(word) - n_changes, len(word) + n_changes + 1) for w in self._by_length.get(n, ())]
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=n_changes, limit=_N_COMPARED)
        least = max(MIN_PAPERS, _TIMES_AS_COMMON * n_holding)
        fitting = [
            (distance, -self._n_papers[other], other)
            for other, distance, _ in found
            if other != word and self._n_papers[other] >= least and (distance < 2 or other[0] == word[0])
        ]
        return min(fitting)[2] if fitting else None
