"""Makes the lexicon of names that ships: what the corpus and ``known_names.txt`` say of names and words."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from analysis.names.lexicon import KNOWN_AS, Lexicon
from analysis.names.tokens import CAPITAL, LOWER, tokenize, word_shape
from analysis.names.variants import name_key
from training.name_statistics import NameStatistics

KNOWN_NAMES = Path(__file__).parent / "known_names.txt"
LEAST_PAPERS = 3
"""Keys of fewer papers are left out."""
LEAST_WORD_PAPERS = 5


def read_known(path: Path = KNOWN_NAMES) -> dict[str, list[str]]:
    """Names by what they are known as."""
    known: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, names = line.split(": ", 1)
            known[kind] = [name.strip() for name in names.split(" | ")]
    return known


def make_lexicon(statistics: NameStatistics, known: dict[str, list[str]]) -> Lexicon:
    """The lexicon of counts over the corpus and of the names known by hand."""
    keys = sorted(key for key, n in statistics.papers.items() if n >= LEAST_PAPERS and len(key) <= 40)
    n_papers = [statistics.papers[key] for key in keys]
    shares = np.stack([statistics.groups[key] for key in keys]) / np.array(n_papers)[:, None]
    known_as: defaultdict[str, list[str]] = defaultdict(list)
    spellings = set()
    for kind in KNOWN_AS:
        for name in known.get(kind, []):
            if kind not in known_as[name_key(name)]:
                known_as[name_key(name)].append(kind)
            if kind != "none" and not _is_distinct(name):
                spellings.add(name)
    n_word = statistics.lower + statistics.capital
    lower = {
        word: round(255 * statistics.lower[word] / n) for word, n in sorted(n_word.items()) if n >= LEAST_WORD_PAPERS
    }
    return Lexicon(
        {key: row for row, key in enumerate(keys)},
        n_papers,
        np.round(shares * 255).astype(np.uint8),
        {key: tuple(kinds) for key, kinds in known_as.items()},
        lower,
        frozenset(spellings),
    )


def _is_distinct(name: str) -> bool:
    """Whether a name is found by how it is written, wherever it stands."""
    tokens = tokenize(name)
    return len(tokens.words) == 1 and word_shape(tokens.words[0]) not in (LOWER, CAPITAL)
