"""Which techniques and themes a paper shows, at which level, and the words that say so.

    title, abstract -> words of the taxonomy -> signals per term -> score per level -> Detection with its evidence
                    -> n-grams of the text ------------------------^

A technique is found by its words, and its level decided by where they stand, what stands around them, and all words of
the text; a theme is found and decided by its words and by all words of the text. The weights are fitted by
``benchmarks/detection.py`` and described, with their accuracy, in ``docs/model-card.md``. A technique that an operator
adds is decided by what the fitted techniques have in common; a theme that an operator adds, by counting its words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from analysis.detector_weights import N_LEVELS, DetectorWeights, TermWeights, load_weights, term_score
from analysis.lexicon import Hit
from analysis.signals import SHAPE, SignalReader, TermSignals
from analysis.taxonomy import Taxonomy
from domain.detections import ADOPTS, IS_ABOUT, MENTIONS, Detection, Evidence, EvidenceField, PaperDetections
from domain.paper import Paper

_RULES_VERSION = 3
"""Raised whenever the code below, or that of the signals, changes what is found."""

_ONLY_CONTRASTED = SHAPE.index("only_contrasted")
_MAX_THEME_PLACES = 6
_MAX_THEME_NGRAMS = 3

_NOTHING = TermSignals((), 0, (0.0,) * len(SHAPE), (), ())


class Detector:
    """Finds the terms of one taxonomy.

    ``detector_id`` names the taxonomy, the weights and the rules; detections of different ids must not be compared.

    Parameters
    ----------
    taxonomy : what to look for.
    weights : ``None`` for those that ship with Papertide.
    """

    def __init__(self, taxonomy: Taxonomy, weights: DetectorWeights | None = None) -> None:
        if weights is None:
            with as_file(files("analysis") / "detector_weights.npz") as path:
                weights = load_weights(path)
        self.taxonomy = taxonomy
        self.detector_id = f"{taxonomy.taxonomy_id}+{weights.weights_id}+rules{_RULES_VERSION}"
        self._weights = weights
        self._reader = SignalReader(taxonomy)
        self._terms: list[TermWeights | None] = []
        self._row_of_word: dict[tuple[int, int], int] = {}
        self._fitted_themes: list[tuple[int, TermWeights]] = []
        self._row_of_nearby = {name: row for row, name in enumerate(weights.nearby)}
        parts = list(weights.nearby.values())
        for number, entry in enumerate(taxonomy.entries):
            fitted = weights.terms.get(entry.key)
            if fitted is not None and fitted.kind != entry.kind:
                fitted = None
            if fitted is None and entry.kind == "technique":
                fitted = weights.any_technique
            self._terms.append(fitted)
            if fitted is None:
                continue
            if entry.kind == "theme":
                self._fitted_themes.append((number, fitted))
            for word in self._reader.words_of(number):
                for zone, part in enumerate(fitted.words.get(self._reader.words[word], ())):
                    if part.any():
                        self._row_of_word[word, zone] = len(parts)
                        parts.append(part)
        self._parts: NDArray[np.float32] = np.array(parts, dtype=np.float32).reshape(-1, N_LEVELS)

    def detect(self, papers: Sequence[Paper]) -> tuple[PaperDetections, ...]:
        """What each paper shows, in the order of the papers."""
        return tuple(PaperDetections(p.arxiv_id, self.detect_text(p.title, p.abstract)) for p in papers)

    def detect_text(self, title: str, abstract: str) -> tuple[Detection, ...]:
        """What a title and an abstract show, in the order of the taxonomy; level 0 is left out."""
        signals = self._reader.read(title, abstract)
        rows, values = self._weights.ngram_vector(title, abstract)
        by_ngrams = self._weights.ngram_scores(rows, values)
        detections: dict[int, Detection] = {}
        for number, found in signals.items():
            entry, weights = self.taxonomy.entries[number], self._terms[number]
            strength = 0.0
            if weights is None:
                level = _level_by_count(found)
            elif entry.kind == "technique":
                score = self._score(weights, found, by_ngrams)
                level = _technique_level(found, score, fitted=bool(weights.key))
                strength = float(score[level - 1]) if level else 0.0
            else:
                continue
            if level:
                evidence = _spans(found.places[: found.n_strong or None])
                detections[number] = Detection(entry.kind, entry.key, level, evidence, strength)
        for number, weights in self._fitted_themes:
            found = signals.get(number, _NOTHING)
            score = self._score(weights, found, by_ngrams)
            level = ADOPTS if score[1] > 0 else MENTIONS if score[0] > 0 else 0
            if not level:
                continue
            evidence = self._word_evidence(found, level)
            if not evidence:
                names = self._weights.strongest_ngrams(rows, values, weights, level, _MAX_THEME_NGRAMS)
                evidence = _ngram_evidence(names, title, abstract)
            # What no words can be shown for is not claimed.
            if evidence:
                entry = self.taxonomy.entries[number]
                detections[number] = Detection(entry.kind, entry.key, level, evidence, float(score[level - 1]))
        return tuple(detections[number] for number in sorted(detections))

    def _score(self, weights: TermWeights, found: TermSignals, by_ngrams: NDArray[np.float32]) -> NDArray[np.float32]:
        rows = [row for pair in found.words if (row := self._row_of_word.get(pair)) is not None]
        rows += [row for name in found.nearby if (row := self._row_of_nearby.get(name)) is not None]
        return term_score(weights, found.shape, self._parts[rows], by_ngrams)

    def _word_evidence(self, found: TermSignals, level: int) -> tuple[Evidence, ...]:
        """Where the theme's own words stand that speak for it, the heaviest first to be chosen."""
        places = []
        for field, hit in found.places:
            row = self._row_of_word.get((hit.word, 0))
            if row is not None and self._parts[row, level - 1] > 0:
                places.append((float(self._parts[row, level - 1]), field, hit))
        places = sorted(places, key=lambda place: -place[0])[:_MAX_THEME_PLACES]
        return _spans([(field, hit) for _, field, hit in places])


def _technique_level(found: TermSignals, score: NDArray[np.float32], *, fitted: bool) -> int:
    # "Unlike X" and "outperforms X" say in so many words that the work is not X; no score overrules them.
    if score[1] > 0 and not found.shape[_ONLY_CONTRASTED]:
        return IS_ABOUT if score[2] > 0 else ADOPTS
    # A technique without fitted words is at least mentioned where its words stand: that is what its words are for.
    return MENTIONS if max(score[0], score[1]) > 0 or not fitted else 0


def _level_by_count(found: TermSignals) -> int:
    if not found.n_strong:
        return 0
    in_title = any(field == "title" for field, _ in found.places)
    return ADOPTS if in_title or len(found.places) >= 3 else MENTIONS


def _spans(places: Sequence[tuple[EvidenceField, Hit]]) -> tuple[Evidence, ...]:
    return _without_overlap([Evidence(field, hit.start, hit.end) for field, hit in places])


def _without_overlap(spans: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The spans in reading order, title first; of those that overlap, the longest."""
    kept: list[Evidence] = []
    for span in sorted(spans, key=lambda e: (e.field != "title", e.start, -e.end)):
        last = kept[-1] if kept else None
        if last is None or last.field != span.field or span.start >= last.end:
            kept.append(span)
        elif span.end - span.start > last.end - last.start:
            kept[-1] = span
    return tuple(kept)


def _ngram_evidence(names: Sequence[str], title: str, abstract: str) -> tuple[Evidence, ...]:
    """Where each n-gram first stands."""
    texts: tuple[tuple[EvidenceField, str], ...] = (("title", title), ("abstract", abstract))
    spans = []
    for name in names:
        words = r"[\W_]+".join(map(re.escape, name.split()))
        pattern = re.compile(rf"(?<![^\W_]){words}(?![^\W_])", re.IGNORECASE)
        for field, text in texts:
            match = pattern.search(text)
            if match is not None:
                spans.append(Evidence(field, match.start(), match.end()))
                break
    return _without_overlap(spans)
