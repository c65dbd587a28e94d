"""A trial of a technique: the loose net around its words, which papers to judge, and what the judgements say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import Taxonomy, TermEntry
from analysis.detection.term_matcher import WordFinder
from domain.detections import ADOPTS, Detection
from domain.packed_stems import stem_numbers
from domain.paper import ArxivId
from domain.search_text import search_text, search_words
from domain.technique_trial import HIT_STRATA, MISS_STRATA, TechniqueTrial, TrialEstimate, TrialPaper, TrialStratum

N_DRAWN = 20
N_CHOSEN = 20
N_SHOWN = 8
"""Hits, and near misses, that are shown for reading."""
_N_SIMULATED = 20_000
_QUOTE_BEFORE, _QUOTE_AFTER = 70, 110
_Text = tuple[ArxivId, str, str]


class LooseNet:
    """Papers in which a technique might stand.

    A paper is in the net if it holds a strong, ambiguous or weak word, whatever that means there, or the word stems of
    the technique's name or of a strong word of several parts, in any order and anywhere.

    Examples
    --------
    >>> entry = TermEntry("technique", "agent_skill", "Agent skills", "Work on them.", strong=("agent skill",))
    >>> net = LooseNet(entry)
    >>> net.holds("Skilled agents", ""), net.holds("Agents", "They move."), net.spans("Agent skills", "")
    (True, False, [(False, 0, 12)])
    """

    def __init__(self, entry: TermEntry) -> None:
        self._finder = WordFinder((*entry.strong, *entry.ambiguous, *entry.weak))
        phrases = [entry.name, *(word for word in entry.strong if " " in word and "*" not in word)]
        self._stems = [frozenset(stem_numbers(phrase)) for phrase in phrases]
        # A stem begins as its word does, and a beginning is found much faster.
        self._beginnings = [{word[:3] for word in search_words(phrase)} for phrase in phrases]

    def spans(self, title: str, abstract: str) -> list[tuple[bool, int, int]]:
        """Where the technique's words stand: whether in the abstract, start and end; in reading order."""
        return [
            (in_abstract, hit.start, hit.end)
            for in_abstract, text in ((False, title), (True, abstract))
            for hit in self._finder.find(text)
        ]

    def holds(self, title: str, abstract: str) -> bool:
        """Whether a paper is in the net."""
        if self._finder.find(title) or self._finder.find(abstract):
            return True
        text = search_text(f"{title} {abstract}")
        return any(
            beginnings and all(beginning in text for beginning in beginnings) and wanted <= set(stem_numbers(text))
            for wanted, beginnings in zip(self._stems, self._beginnings, strict=True)
        )


def try_technique(entry: TermEntry, papers: Iterable[_Text]) -> TechniqueTrial:
    """What a technique finds among papers, given as identifier, title and abstract, and which ones to judge.

    The draw depends on the key and the identifiers alone, so that a second trial asks about the same papers where it
    can. Each stratum gets the same share of the draw, as far as it has papers.
    """
    detector = Detector(Taxonomy("trial", 1, (entry,)))
    net, n_papers = LooseNet(entry), 0
    in_net: list[_Text] = []
    for paper in papers:
        n_papers += 1
        if net.holds(*paper[1:]):
            in_net.append(paper)
    found = detector.detect_texts([(title, abstract) for _, title, abstract in in_net])
    levels = [next((d for d in of if d.key == entry.key), None) for of in found]
    hits = sorted(
        ((one, paper) for one, paper in zip(levels, in_net, strict=True) if one is not None and one.level >= ADOPTS),
        key=lambda hit: (-hit[0].strength, hit[1][0]),
    )
    n_clear = -(-len(hits) // 2)
    strata: dict[TrialStratum, list[TrialPaper]] = {name: [] for name in (*HIT_STRATA, *MISS_STRATA)}
    for place, (one, paper) in enumerate(hits):
        stratum: TrialStratum = "clear_hit" if place < n_clear else "close_hit"
        strata[stratum].append(_trial_paper(paper, stratum, one, net))
    for level, paper in zip(levels, in_net, strict=True):
        if level is None or level.level < ADOPTS:
            stratum = "net_only" if level is None else "mention"
            strata[stratum].append(_trial_paper(paper, stratum, level, net))
    shuffled = {name: sorted(members, key=lambda p: _by_chance(entry.key, p)) for name, members in strata.items()}
    sizes = {name: len(members) for name, members in strata.items()}
    drawn = [paper for name, n in _shares_of_draw(sizes).items() for paper in shuffled[name][:n]]
    left = {paper.arxiv_id for paper in drawn}
    chosen = _nearest_the_border(strata, shuffled, left)
    left |= {paper.arxiv_id for paper in chosen}
    return TechniqueTrial(
        key=entry.key,
        name=entry.name,
        definition=entry.definition,
        n_papers=n_papers,
        sizes=sizes,
        hits=tuple(p for name in HIT_STRATA for p in strata[name] if p.arxiv_id not in left)[:N_SHOWN],
        near_misses=tuple(p for name in MISS_STRATA for p in shuffled[name] if p.arxiv_id not in left)[:N_SHOWN],
        drawn=tuple(sorted(drawn, key=lambda p: _by_chance(entry.key, p))),
        chosen=tuple(sorted(chosen, key=lambda p: _by_chance(entry.key, p))),
        failed_examples=tuple(_failed_examples(detector, entry)),
    )


def estimate_trial(trial: TechniqueTrial, answers: Mapping[ArxivId, bool]) -> TrialEstimate:
    """Precision and recall of a trial, from an answer for every paper of ``drawn`` and ``chosen``.

    A stratum's share is that of its drawn papers (Horvitz and Thompson 1952). The interval holds the middle 95 % of
    simulations in which each stratum's share has the posterior of a Jeffreys prior and its other papers follow that
    share, so that a few judgements without an error still leave doubt (Brown, Cai and DasGupta 2001).

    Raises
    ------
    KeyError
        If an answer is missing.
    """
    chance = np.random.default_rng(0)
    totals: dict[TrialStratum, float] = {}
    simulated: dict[TrialStratum, NDArray[np.float64]] = {}
    for name, size in trial.sizes.items():
        own = [answers[paper.arxiv_id] for paper in trial.drawn if paper.stratum == name]
        n_yes, n_own = sum(own), len(own)
        totals[name] = size * n_yes / n_own if n_own else 0.0
        share = chance.beta(0.5 + n_yes, 0.5 + n_own - n_yes, _N_SIMULATED)
        simulated[name] = (n_yes + chance.binomial(size - n_own, share)).astype(np.float64)
    n_hits = sum(trial.sizes[name] for name in HIT_STRATA)
    right = sum(totals[name] for name in HIT_STRATA)
    of_all = right + sum(totals[name] for name in MISS_STRATA)
    right_simulated: NDArray[np.float64] = np.sum([simulated[name] for name in HIT_STRATA], axis=0)
    all_simulated = right_simulated + np.sum([simulated[name] for name in MISS_STRATA], axis=0)
    precision_low, precision_high = _middle(right_simulated / max(n_hits, 1)) if n_hits else (0.0, 1.0)
    possible = all_simulated > 0
    recall_low, recall_high = (
        _middle(right_simulated[possible] / all_simulated[possible]) if possible.any() else (0.0, 1.0)
    )
    wrong = [p for p in (*trial.drawn, *trial.chosen) if answers[p.arxiv_id] != (p.stratum in HIT_STRATA)]
    n_wrong_drawn = len({p.arxiv_id for p in wrong} & {p.arxiv_id for p in trial.drawn})
    return TrialEstimate(
        n_drawn=len(trial.drawn),
        n_right_drawn=len(trial.drawn) - n_wrong_drawn,
        n_chosen=len(trial.chosen),
        n_right_chosen=len(trial.chosen) - (len(wrong) - n_wrong_drawn),
        precision=right / n_hits if n_hits else None,
        precision_low=precision_low,
        precision_high=precision_high,
        recall=right / of_all if of_all else None,
        recall_low=recall_low,
        recall_high=recall_high,
        wrong=tuple(wrong),
    )


def _middle(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _shares_of_draw(sizes: Mapping[TrialStratum, int]) -> dict[TrialStratum, int]:
    """How many papers to draw from each stratum: equally many, and what a small one lacks from the others."""
    shares = dict.fromkeys(sizes, 0)
    for _ in range(min(N_DRAWN, sum(sizes.values()))):
        open_strata = [name for name in sizes if shares[name] < sizes[name]]
        shares[min(open_strata, key=lambda name: shares[name])] += 1
    return shares


def _nearest_the_border(
    strata: Mapping[TrialStratum, Sequence[TrialPaper]],
    shuffled: Mapping[TrialStratum, Sequence[TrialPaper]],
    taken: set[ArxivId],
) -> list[TrialPaper]:
    """Half of them the weakest hits, half the strongest mentions and then any of the net; filled up from the other."""
    hits = [p for name in reversed(HIT_STRATA) for p in reversed(strata[name]) if p.arxiv_id not in taken]
    mentions = sorted(strata["mention"], key=lambda p: -p.strength)
    misses = [p for p in (*mentions, *shuffled["net_only"]) if p.arxiv_id not in taken]
    n_hits = min(len(hits), max(N_CHOSEN // 2, N_CHOSEN - len(misses)))
    return [*hits[:n_hits], *misses[: N_CHOSEN - n_hits]]


def _by_chance(key: str, paper: TrialPaper) -> bytes:
    return hashlib.sha256(f"{key} {paper.arxiv_id}".encode()).digest()


def _trial_paper(paper: _Text, stratum: TrialStratum, found: Detection | None, net: LooseNet) -> TrialPaper:
    arxiv_id, title, abstract = paper
    spans = [(e.field == "abstract", e.start, e.end) for e in found.evidence] if found else net.spans(title, abstract)
    words = [" ".join((abstract if in_abstract else title)[start:end].split()) for in_abstract, start, end in spans]
    quote = ""
    # The title is shown anyway, so the abstract's words are quoted where there are any.
    if spans:
        in_abstract, start, end = next((span for span in spans if span[0]), spans[0])
        text = abstract if in_abstract else title
        first, last = max(0, start - _QUOTE_BEFORE), min(len(text), end + _QUOTE_AFTER)
        quote = f"{'…' if first else ''}{' '.join(text[first:last].split())}{'…' if last < len(text) else ''}"
    strength = found.strength if found else 0.0
    return TrialPaper(arxiv_id, " ".join(title.split()), stratum, strength, tuple(dict.fromkeys(words)), quote)


def _failed_examples(detector: Detector, entry: TermEntry) -> Iterable[str]:
    for texts, should in ((entry.matches, True), (entry.misses, False)):
        for text in texts:
            if any(d.key == entry.key for d in detector.detect_text("", text)) != should:
                yield text
