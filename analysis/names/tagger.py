"""Names of benchmarks, datasets, models, methods and tools in titles and abstracts, with kind and role.

Candidates are found by how they are written, decided by fitted models over how they are written, what stands around
them and what the corpus says of them, and taken in the order of their probability where they overlap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.names.candidates import Candidate, Occurrence, Reading, read_paper
from analysis.names.features import CandidateFeatures, features_of, table_of
from analysis.names.lexicon import Lexicon, load_lexicon
from analysis.names.weights import (
    ROLES,
    NameWeights,
    kind_probabilities,
    load_weights,
    name_probabilities,
    role_probabilities,
)
from domain.detections import Evidence
from domain.name_mention import NAME_KINDS, NameMention

LEXICON = Path(__file__).parent / "name_lexicon.npz"
WEIGHTS = Path(__file__).parent / "name_weights.npz"
_BATCH = 256


class NameTagger:
    """Finds the names in titles and abstracts.

    Parameters
    ----------
    lexicon : what is known of names; by default the packaged one.
    weights : the fitted weights; by default the packaged ones.
    """

    def __init__(self, lexicon: Lexicon | None = None, weights: NameWeights | None = None) -> None:
        self._lexicon = lexicon or load_lexicon(LEXICON)
        self._weights = weights or load_weights(WEIGHTS)
        content = LEXICON.read_bytes() + WEIGHTS.read_bytes() if lexicon is None and weights is None else b""
        self.tagger_id = f"names-{hashlib.sha256(content).hexdigest()[:8]}"
        """Changes with the weights and the lexicon."""

    def tag_text(self, title: str, abstract: str) -> tuple[NameMention, ...]:
        """The names of one paper, in the order of their first occurrences."""
        return self.tag_texts([(title, abstract)])[0]

    def tag_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        """The names of each title and abstract."""
        tagged: list[tuple[NameMention, ...]] = []
        for start in range(0, len(texts), _BATCH):
            tagged += self._tag_batch(texts[start : start + _BATCH])
        return tagged

    def _tag_batch(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        readings = [read_paper(title, abstract, self._lexicon.spellings) for title, abstract in texts]
        features = [features_of(reading, self._lexicon) for reading in readings]
        scores = scores_of(self._weights, [f for of_paper in features for f in of_paper])
        tagged = []
        start = 0
        for reading in readings:
            of_paper = scores[start : start + len(reading.candidates)]
            start += len(reading.candidates)
            tagged.append(_mentions(reading, of_paper, self._weights.threshold))
        return tagged


def scores_of(weights: NameWeights, features: Sequence[CandidateFeatures]) -> NDArray[np.float32]:
    """The scores of candidates, float32 ``(n_candidates, len(OUTPUTS))``."""
    return weights.scores(table_of(features), [f.words for f in features])


def _mentions(reading: Reading, scores: NDArray[np.float32], threshold: float) -> tuple[NameMention, ...]:
    chosen = choose_names(reading.candidates, name_probabilities(scores), threshold)
    if not chosen:
        return ()
    numbers = [number for number, _ in chosen]
    names = name_probabilities(scores[numbers])
    kinds, roles = kind_probabilities(scores[numbers]), role_probabilities(scores[numbers])
    found = []
    for place, (number, occurrences) in enumerate(chosen):
        kind = int(np.argmax(kinds[place]))
        found.append(
            NameMention(
                reading.candidates[number].surface,
                NAME_KINDS[kind],
                ROLES[int(np.argmax(roles[place]))],
                tuple(_evidence(reading, occurrence) for occurrence in occurrences),
                round(float(names[place]), 4),
                round(float(kinds[place, kind]), 4),
            )
        )
    return tuple(found)


def choose_names(
    candidates: Sequence[Candidate], probabilities: NDArray[np.float32], threshold: float
) -> list[tuple[int, list[Occurrence]]]:
    """Which candidates are names, with the occurrences that are theirs, in the order of the text.

    The most probable come first; a word belongs to one name.
    """
    taken: set[tuple[int, int]] = set()
    chosen: dict[int, list[Occurrence]] = {}
    for number in np.argsort(-probabilities, kind="stable").tolist():
        if probabilities[number] < threshold:
            break
        own = [
            o
            for o in candidates[number].occurrences
            if not any((o.zone, word) in taken for word in range(o.first, o.last + 1))
        ]
        if own:
            chosen[number] = own
            taken.update((o.zone, word) for o in own for word in range(o.first, o.last + 1))
    return [(number, chosen[number]) for number in sorted(chosen)]


def _evidence(reading: Reading, occurrence: Occurrence) -> Evidence:
    zone = reading.zones[occurrence.zone]
    start, end = zone.tokens.starts[occurrence.first], zone.tokens.ends[occurrence.last]
    return Evidence(zone.field, *zone.plain.raw_span(start, end))
