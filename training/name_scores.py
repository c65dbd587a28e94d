"""How well a tagger finds names: counts by paper, scores with bootstrap intervals, and the codebook's two baselines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.names.plain_tex import without_tex
from domain.name_mention import NameKind, NameMention, NameRole
from training.name_labels import NamedPaper

Found = tuple[str, NameKind, NameRole]
"""A name that a system found: as it is written, its kind and its role."""

COLUMNS = (
    "names",
    "introduces",
    "benchmark or dataset introduced",
    "uses",
    "mentions",
    "kinds right",
    "roles right",
)
N_RESAMPLES = 2000


def scoring_key(surface: str) -> str:
    """A name without case, TeX and a plural s, by which a found name is compared with a labelled one.

    Examples
    --------
    >>> scoring_key(r"$\\tau$-Bench"), scoring_key("GFlowNets")
    ('τ-bench', 'gflownet')
    """
    plain = " ".join(without_tex(surface).replace("~", " ").casefold().split())
    return plain[:-1] if len(plain) > 3 and plain.endswith("s") else plain


@dataclass(frozen=True, eq=False)
class NameCounts:
    """By paper and column: what was found and is right, what was found, and what there is to find.

    Each is int64 ``(n_papers, len(COLUMNS))``. For kinds and roles, what was found and what there is are the names
    that were found and are names.
    """

    right: NDArray[np.int64]
    found: NDArray[np.int64]
    there: NDArray[np.int64]

    def scores(self, column: str, rows: NDArray[np.int64] | None = None) -> tuple[float, float, float]:
        """Precision, recall and F1 of a column, over all papers or over ``rows``."""
        c = COLUMNS.index(column)
        right, found, there = (
            int((table[:, c] if rows is None else table[rows, c]).sum())
            for table in (self.right, self.found, self.there)
        )
        precision = right / found if found else 0.0
        recall = right / there if there else 0.0
        return precision, recall, 2 * right / (found + there) if found + there else 0.0

    def interval(self, column: str, score: int, *, seed: int = 0) -> tuple[float, float]:
        """The 95 % interval of precision (0), recall (1) or F1 (2) by resampling papers."""
        chance = np.random.default_rng(seed)
        n = len(self.right)
        values = [self.scores(column, chance.integers(0, n, n))[score] for _ in range(N_RESAMPLES)]
        low, high = np.percentile(values, (2.5, 97.5))
        return float(low), float(high)


def count_names(papers: Sequence[NamedPaper], found: Sequence[Sequence[Found]]) -> NameCounts:
    """Compare what a system found in each paper with what the readers found."""
    tables = np.zeros((3, len(papers), len(COLUMNS)), dtype=np.int64)
    for row, (paper, names) in enumerate(zip(papers, found, strict=True)):
        gold = {scoring_key(name.surface): name for name in paper.names}
        system = {scoring_key(surface): (kind, role) for surface, kind, role in names}
        both = gold.keys() & system.keys()
        subsets: list[tuple[str, set[str], set[str]]] = [
            ("names", set(gold), set(system)),
            (
                "benchmark or dataset introduced",
                {k for k, g in gold.items() if g.role == "introduces" and g.kind in ("benchmark", "dataset")},
                {k for k, s in system.items() if s[1] == "introduces" and s[0] in ("benchmark", "dataset")},
            ),
            *(
                (role, {k for k, g in gold.items() if g.role == role}, {k for k, s in system.items() if s[1] == role})
                for role in ("introduces", "uses", "mentions")
            ),
        ]
        for column, there, seen in subsets:
            tables[:, row, COLUMNS.index(column)] = len(there & seen), len(seen), len(there)
        kinds = sum(gold[key].kind == system[key][0] for key in both)
        roles = sum(gold[key].role == system[key][1] for key in both)
        tables[:, row, COLUMNS.index("kinds right")] = kinds, len(both), len(both)
        tables[:, row, COLUMNS.index("roles right")] = roles, len(both), len(both)
    return NameCounts(*tables)


def as_found(mentions: Sequence[NameMention]) -> list[Found]:
    """What a tagger found, as the scores compare it."""
    return [(mention.surface, mention.kind, mention.role) for mention in mentions]


_CAPITALS_OR_DIGITS = re.compile(r"(?<![\w-])(?=[^\s,;:()\[\]]*[A-Z])[A-Za-z0-9][\w.+-]*[\w+]")
_COMMON = frozenset(
    "AI ML NLP LLM LLMS MLLM VLM RL SFT RAG CNN RNN GNN LSTM GAN VAE VQA OCR ASR QA GPU CPU API IOT UAV 3D 2D F1 AUC "
    "FID BLEU PSNR SSIM MSE RMSE MAE IOU MAP OOD SOTA CT MRI EEG PDE MOE COT".split()
)


def by_capitals(title: str, abstract: str) -> list[Found]:
    """The codebook's first baseline: every word with two capitals, or capitals and digits, less common acronyms."""
    words = dict.fromkeys(
        word
        for word in _CAPITALS_OR_DIGITS.findall(f"{title} {abstract}")
        if (sum(c.isupper() for c in word) > 1 or (any(c.isupper() for c in word) and any(c.isdigit() for c in word)))
        and word.upper() not in _COMMON
        and word.upper().rstrip("S") not in _COMMON
    )
    return [(word, "method", "uses") for word in words]


def by_title_prefix(title: str, abstract: str) -> list[Found]:  # noqa: ARG001 - baselines share a signature
    """The codebook's second baseline: what stands before a title's colon, of three words at most, is introduced."""
    before, colon, _ = title.partition(":")
    return [(before.strip(), "method", "introduces")] if colon and 0 < len(before.split()) <= 3 else []


BASELINES: tuple[tuple[str, Callable[[str, str], list[Found]]], ...] = (
    ("capitals and digits", by_capitals),
    ("title prefix", by_title_prefix),
)
