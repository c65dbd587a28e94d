"""A trial of a technique that is in no taxonomy yet: its papers, those that nearly count, and what judgements say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from domain.paper import ArxivId

TrialStratum = Literal["clear_hit", "close_hit", "mention", "net_only"]
"""Adopting papers of the higher and of the lower half of the scores, mentions, and the rest of the loose net."""

HIT_STRATA: tuple[TrialStratum, ...] = ("clear_hit", "close_hit")
MISS_STRATA: tuple[TrialStratum, ...] = ("mention", "net_only")


@dataclass(frozen=True)
class TrialPaper:
    """A paper of the loose net.

    ``evidence`` are the words that it was found by. ``quote`` is the text around the first of them, one line; both are
    empty where the words of the technique stand apart.
    """

    arxiv_id: ArxivId
    title: str
    stratum: TrialStratum
    strength: float
    evidence: tuple[str, ...]
    quote: str


@dataclass(frozen=True)
class TechniqueTrial:
    """What a technique would find in the stored papers, and what to ask about it.

    ``sizes`` counts the papers of each stratum among ``n_papers``. ``hits`` and ``near_misses`` are for reading.
    ``drawn`` was drawn at random within the strata, and ``chosen`` are the papers nearest the border; none of these are
    among the papers for reading. ``failed_examples`` are texts of ``matches`` that are not found, and of ``misses``
    that are.
    """

    key: str
    name: str
    definition: str
    n_papers: int
    sizes: Mapping[TrialStratum, int]
    hits: tuple[TrialPaper, ...]
    near_misses: tuple[TrialPaper, ...]
    drawn: tuple[TrialPaper, ...]
    chosen: tuple[TrialPaper, ...]
    failed_examples: tuple[str, ...]


@dataclass(frozen=True)
class TrialEstimate:
    """Precision, and recall relative to the loose net, with 95 % intervals, from the drawn papers alone.

    A value without any paper to tell is ``None``, its interval 0 to 1. ``n_right_chosen`` of the ``n_chosen`` chosen
    papers were judged as the technique counts them; they were not drawn at random, so they estimate nothing.
    """

    n_drawn: int
    n_right_drawn: int
    n_chosen: int
    n_right_chosen: int
    precision: float | None
    precision_low: float
    precision_high: float
    recall: float | None
    recall_low: float
    recall_high: float
    wrong: tuple[TrialPaper, ...]
