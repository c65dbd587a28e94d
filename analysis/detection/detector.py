"""Detects techniques and themes in titles and abstracts: the level of each, and the words that are evidence for it.

    title, abstract -> words of the taxonomy -> features per term -> score per level -> Detection with its evidence
                    -> n-grams of the text -------------------------^

A technique is found by its words. Its level depends on where they occur, on the words around them and on the n-grams of
the text. A theme is found, and its level decided, by its words and by the n-grams. The weights are fitted by
``training/fit_detector.py``; ``docs/model-card.md`` describes them and gives their accuracy. A technique that an
operator adds gets the weights that the fitted techniques have in common. A theme that an operator adds is decided by
counting its words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from analysis.detection.taxonomy import Taxonomy
from analysis.detection.term_features import N_ZONES, SHAPE, FeatureReader, Place, TermFeatures
from analysis.detection.term_matcher import plain
from analysis.detection.weights import N_LEVELS, DetectorWeights, TermWeights, load_weights
from domain.detections import ADOPTS, IS_ABOUT, MENTIONS, Detection, Evidence, EvidenceField, PaperDetections
from domain.paper import Paper

_RULES_VERSION = 4
"""Raise it whenever the code below, or that of the features, changes what is found."""

_ONLY_CONTRASTED = SHAPE.index("only_contrasted")
_MAX_THEME_PLACES = 6
_MAX_THEME_NGRAMS = 3
_AT_ONCE = 64
"""Papers whose n-grams are looked up in one call: enough to spread its cost, few enough to need little memory."""


class Detector:
    """Detects the terms of one taxonomy.

    ``detector_id`` names the taxonomy, the weights and the rules; detections with different ids must not be compared.

    Parameters
    ----------
    taxonomy : the terms to detect.
    weights : fitted weights; ``None`` for those that ship with Papertide.
    """

    def __init__(self, taxonomy: Taxonomy, weights: DetectorWeights | None = None) -> None:
        if weights is None:
            with as_file(files("analysis.detection") / "detector_weights.npz") as path:
                weights = load_weights(path)
        self.taxonomy = taxonomy
        self.detector_id = f"{taxonomy.taxonomy_id}+{weights.weights_id}+rules{_RULES_VERSION}"
        self._weights = weights
        self._reader = FeatureReader(taxonomy)
        self._terms: list[TermWeights | None] = []
        self._fitted_themes: list[tuple[int, TermWeights]] = []
        self._row_of_nearby = {name: row for row, name in enumerate(weights.nearby)}
        self._row_of_word: dict[int, int] = {}
        parts = list(weights.nearby.values())
        n_terms = len(taxonomy.entries)
        self._shape: NDArray[np.float32] = np.zeros((n_terms, len(SHAPE), N_LEVELS), dtype=np.float32)
        self._bias: NDArray[np.float32] = np.zeros((n_terms, N_LEVELS), dtype=np.float32)
        for number, entry in enumerate(taxonomy.entries):
            fitted = weights.terms.get(entry.key)
            if fitted is not None and fitted.kind != entry.kind:
                fitted = None
            if fitted is None and entry.kind == "technique":
                fitted = weights.any_technique
            self._terms.append(fitted)
            if fitted is None:
                continue
            self._shape[number], self._bias[number] = fitted.shape.T, fitted.bias
            if entry.kind == "theme":
                self._fitted_themes.append((number, fitted))
            for word in self._reader.words_of(number):
                for zone, part in enumerate(fitted.words.get(self._reader.words[word], ())):
                    if part.any():
                        self._row_of_word[N_ZONES * word + zone] = len(parts)
                        parts.append(part)
        self._parts: NDArray[np.float32] = np.array(parts, dtype=np.float32).reshape(-1, N_LEVELS)

    def detect(self, papers: Sequence[Paper]) -> tuple[PaperDetections, ...]:
        """The detections of each paper, in the order of the papers."""
        found = self.detect_texts([(p.title, p.abstract) for p in papers])
        return tuple(PaperDetections(p.arxiv_id, of) for p, of in zip(papers, found, strict=True))

    def detect_text(self, title: str, abstract: str) -> tuple[Detection, ...]:
        """The detections in a title and an abstract, in the order of the taxonomy; level 0 is left out."""
        return self.detect_texts([(title, abstract)])[0]

    def detect_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[Detection, ...]]:
        """The detections of many texts, each given as title and abstract; twice as fast as one at a time."""
        found: list[tuple[Detection, ...]] = []
        for start in range(0, len(texts), _AT_ONCE):
            found += self._detect(texts[start : start + _AT_ONCE])
        return found

    def _detect(self, texts: Sequence[tuple[str, str]]) -> list[tuple[Detection, ...]]:
        plain_texts = [(plain(title), plain(abstract)) for title, abstract in texts]
        read = [self._reader.read(*text, *in_plain) for text, in_plain in zip(texts, plain_texts, strict=True)]
        features = [of_text.found for of_text in read]
        vectors = self._weights.ngram_vectors(plain_texts)
        scores = self._found_scores(features, vectors.scores)
        theme_scores = [self._bias[n] + self._by_ngrams(t, vectors.scores) for n, t in self._fitted_themes]
        detections: list[dict[int, Detection]] = [{} for _ in texts]
        for text, found in enumerate(features):
            for number, of_term in found.items():
                entry, weights = self.taxonomy.entries[number], self._terms[number]
                strength = 0.0
                if weights is None:
                    level = _level_by_count(of_term)
                elif entry.kind == "technique":
                    score = scores[text, number]
                    level = _technique_level(of_term, score, fitted=bool(weights.key))
                    strength = score[level - 1] if level else 0.0
                else:
                    continue
                if level:
                    evidence = _spans(of_term.places[: of_term.n_strong or None])
                    detections[text][number] = Detection(entry.kind, entry.key, level, evidence, strength)
        for (number, weights), without_words in zip(self._fitted_themes, theme_scores, strict=True):
            entry = self.taxonomy.entries[number]
            for text, score in enumerate(without_words.tolist()):
                score = scores.get((text, number), score)
                level = ADOPTS if score[1] > 0 else MENTIONS if score[0] > 0 else 0
                # A theme whose words all mean something else is not decided by the other words of the text.
                if not level or number in read[text].other_senses:
                    continue
                evidence = self._word_evidence(features[text].get(number), level)
                if not evidence:
                    names = self._weights.strongest_ngrams(vectors, text, weights, level, _MAX_THEME_NGRAMS)
                    evidence = _ngram_evidence(names, *texts[text])
                # A theme without any evidence to show is not reported.
                if evidence:
                    detections[text][number] = Detection(entry.kind, entry.key, level, evidence, score[level - 1])
        return [tuple(of[number] for number in sorted(of)) for of in detections]

    def _found_scores(
        self, features: Sequence[dict[int, TermFeatures]], by_ngrams: NDArray[np.float32]
    ) -> dict[tuple[int, int], list[float]]:
        """Scores of every term that was found and has weights, by the number of its text and its own.

        One score for each level; above 0, the text has at least that level. A theme's third score is unused.
        """
        keys: list[tuple[int, int]] = []
        shapes: list[list[float]] = []
        rows: list[int] = []
        owners: list[int] = []
        row_of_word, row_of_nearby = self._row_of_word, self._row_of_nearby
        for text, found in enumerate(features):
            for number, of_term in found.items():
                if self._terms[number] is None:
                    continue
                n_before = len(rows)
                rows += [row_of_word[word] for word in of_term.words if word in row_of_word]
                rows += [row_of_nearby[name] for name in of_term.nearby if name in row_of_nearby]
                owners += [len(keys)] * (len(rows) - n_before)
                shapes.append(of_term.shape)
                keys.append((text, number))
        if not keys:
            return {}
        of_text, numbers = np.array(keys).T
        # Summed so that no score depends on which other texts are in the same call.
        score = self._bias[numbers] + np.matmul(np.array(shapes, dtype=np.float32)[:, None], self._shape[numbers])[:, 0]
        for level in range(N_LEVELS):
            score[:, level] += np.bincount(owners, self._parts[rows, level], len(keys))
        for number in np.unique(numbers).tolist():
            weights = self._terms[number]
            if weights is not None:
                score[numbers == number] += self._by_ngrams(weights, by_ngrams)[of_text[numbers == number]]
        return dict(zip(keys, score.tolist(), strict=True))

    @staticmethod
    def _by_ngrams(weights: TermWeights, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the n-grams add to a term's scores: float32 ``(n_texts, 3)``."""
        if weights.ngram_column is None:
            return np.zeros((len(scores), N_LEVELS), dtype=np.float32)
        return scores[:, weights.ngram_column : weights.ngram_column + N_LEVELS]

    def _word_evidence(self, found: TermFeatures | None, level: int) -> tuple[Evidence, ...]:
        """Where the theme's own words with positive weight occur; those with the largest weights are chosen."""
        if found is None:
            return ()
        positive = []
        for i, place in enumerate(found.places):
            word, start, _, sentence = place
            row = self._row_of_word.get(N_ZONES * word)
            if row is not None and (weight := float(self._parts[row, level - 1])) > 0:
                positive.append((-weight, i >= found.n_strong, sentence >= 0, start, place))
        return _spans([place for *_, place in sorted(positive)[:_MAX_THEME_PLACES]])


def _technique_level(found: TermFeatures, score: Sequence[float], *, fitted: bool) -> int:
    # "Unlike X", "without X" and "in future work" state that the work is not X, so no score overrules them.
    if score[1] > 0 and not found.shape[_ONLY_CONTRASTED]:
        return IS_ABOUT if score[2] > 0 else ADOPTS
    # A technique without fitted weights is at least mentioned wherever its words occur.
    return MENTIONS if max(score[0], score[1]) > 0 or not fitted else 0


def _level_by_count(found: TermFeatures) -> int:
    if not found.n_strong:
        return 0
    in_title = any(sentence < 0 for *_, sentence in found.places)
    return ADOPTS if in_title or len(found.places) >= 3 else MENTIONS


def _spans(places: Sequence[Place]) -> tuple[Evidence, ...]:
    return _without_overlap([(sentence >= 0, start, end) for _, start, end, sentence in places])


def _without_overlap(spans: Sequence[tuple[bool, int, int]]) -> tuple[Evidence, ...]:
    """Spans (whether in the abstract, start, end) in reading order, title first; of overlapping ones, the longest."""
    kept: list[tuple[bool, int, int]] = []
    for span in sorted(spans, key=lambda span: (span[0], span[1], -span[2])):
        last = kept[-1] if kept else None
        if last is None or last[0] != span[0] or span[1] >= last[2]:
            kept.append(span)
        elif span[2] - span[1] > last[2] - last[1]:
            kept[-1] = span
    fields: tuple[EvidenceField, EvidenceField] = ("title", "abstract")
    return tuple(Evidence(fields[in_abstract], start, end) for in_abstract, start, end in kept)


def _ngram_evidence(names: Sequence[str], title: str, abstract: str) -> tuple[Evidence, ...]:
    """Where each n-gram first occurs."""
    spans = []
    for name in names:
        pattern = _ngram_pattern(name)
        for in_abstract, text in enumerate((title, abstract)):
            match = pattern.search(text)
            if match is not None:
                spans.append((bool(in_abstract), match.start(), match.end()))
                break
    return _without_overlap(spans)


@lru_cache(maxsize=50_000)  # holds all n-grams; re's own cache is too small
def _ngram_pattern(name: str) -> re.Pattern[str]:
    words = r"[\W_]+".join(map(re.escape, name.split()))
    return re.compile(rf"(?<![^\W_]){words}(?![^\W_])", re.IGNORECASE)
