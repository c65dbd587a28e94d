"""What is known of names: from the corpus (how often, in which contexts, how written), and by hand (of what kind)."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.names.contexts import GROUPS
from analysis.names.variants import spelled_out

KNOWN_AS = ("benchmark", "dataset", "model", "method", "tool", "classic", "none")
"""What a name can be known as by hand; see ``training/known_names.txt``."""

_NOTHING = [0.0] * len(GROUPS)


@dataclass(eq=False)
class Lexicon:
    """What is known of names and words.

    ``rows`` maps a key to its row of ``n_papers`` and of ``shares``, uint8 ``(n_keys, len(GROUPS))``: in how many of
    its papers, of 255, it stands in each context. ``known_as`` maps a key to what it is known as by hand. ``lower``
    maps a word to how many of its papers, of 255, have it in lower case. ``spellings`` are the names that their
    writing does not give away.
    """

    rows: Mapping[str, int]
    n_papers: Sequence[int]
    shares: NDArray[np.uint8]
    known_as: Mapping[str, tuple[str, ...]]
    lower: Mapping[str, int]
    spellings: frozenset[str]
    _cache: dict[str, list[float]] = field(default_factory=dict, repr=False)

    def papers(self, key: str) -> int:
        """In how many papers of the corpus the key stands."""
        row = self.rows.get(key)
        return 0 if row is None else int(self.n_papers[row])

    def groups(self, key: str) -> list[float]:
        """The share of the key's papers in which it stands in each context; zeros where the corpus does not have it."""
        row = self.rows.get(key)
        if row is None:
            return _NOTHING
        cached = self._cache.get(key)
        if cached is None:
            cached = self._cache[key] = (self.shares[row] / 255.0).tolist()
        return cached

    def known(self, key: str) -> tuple[str, ...]:
        """What the key is known as by hand."""
        return self.known_as.get(key, ())

    def lower_share(self, word: str) -> float:
        """In which share of its papers a word stands in lower case; 0 where it never does."""
        return self.lower.get(word.lower(), 0) / 255.0


def dump_lexicon(lexicon: Lexicon) -> bytes:
    """The lexicon as the bytes of an ``.npz`` file without pickles."""
    buffer = io.BytesIO()
    rows = list(lexicon.rows.values())
    np.savez_compressed(
        buffer,
        keys=_bytes(lexicon.rows),
        n_papers=np.asarray(lexicon.n_papers, dtype=np.uint32)[rows],
        shares=np.ascontiguousarray(lexicon.shares[rows].T),  # columns compress better
        known=_bytes(f"{key}\t{' '.join(kinds)}" for key, kinds in lexicon.known_as.items()),
        words=_bytes(lexicon.lower),
        lower=np.asarray(list(lexicon.lower.values()), dtype=np.uint8),
        spellings=_bytes(sorted(lexicon.spellings)),
    )
    return buffer.getvalue()


def load_lexicon(path: Path) -> Lexicon:
    """The lexicon of a file that ``dump_lexicon`` made.

    Raises
    ------
    ValueError
        If the file was made for other contexts than this code counts.
    """
    with np.load(path, allow_pickle=False) as arrays:
        table = {name: arrays[name] for name in arrays.files}
    if len(table["shares"]) != len(GROUPS):
        raise ValueError(f"{path.name}: made for other contexts; run training.fit_names again")
    known = (line.split("\t") for line in _lines(table["known"]))
    n_papers = table["n_papers"].tolist()
    # Of spellings that became one key after the file was made, the most frequent tells of it.
    rows = sorted(enumerate(_lines(table["keys"])), key=lambda pair: n_papers[pair[0]])
    return Lexicon(
        {spelled_out(key): row for row, key in rows},
        n_papers,
        np.ascontiguousarray(table["shares"].T),
        {spelled_out(key): tuple(kinds.split()) for key, kinds in known},
        dict(zip(_lines(table["words"]), table["lower"].tolist(), strict=True)),
        frozenset(_lines(table["spellings"])),
    )


def _bytes(lines: Iterable[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)


def _lines(array: NDArray[np.uint8]) -> list[str]:
    return array.tobytes().decode().split("\n")
