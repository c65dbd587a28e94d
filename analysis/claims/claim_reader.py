"""Reads what an abstract claims of its own results, and the sentence that tells best what was found.

    abstract -> readable text -> numbers with their units -> features -> form or "none", quantity -> Claim
             -> sentences     -> features ----------------------------> the best one              -> finding

Numbers, ranges, bounds and units are read by rule; whether a number is a claim, its form and its quantity, and which
sentence is the finding, are decided by linear models over named features, fitted by ``training/fit_claims.py`` by the
codebook that ``docs/methods.md`` describes. No embedding is needed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from typing import cast

import numpy as np
from numpy.typing import NDArray

from analysis.claims.claim_features import ReadSentences, claim_features
from analysis.claims.claim_weights import ClaimWeights, load_weights
from analysis.claims.finding_features import finding_features
from analysis.claims.named_quantities import (
    first_named,
    is_of_quality,
    is_of_rival,
    is_setting,
    last_named,
    named_quantities,
)
from analysis.claims.number_candidates import NumberCandidate, number_candidates
from analysis.claims.quantity_features import quantity_features
from analysis.claims.readable_text import ReadableText
from analysis.claims.sentences import sentence_spans
from domain.claim import Claim, ClaimForm, ClaimQuantity, cuts_of
from domain.detections import Evidence

_RULES_VERSION = 5
"""Raise it whenever the code below, or that of numbers, sentences or features, changes what is found."""

_LONGEST = 8000
"""Characters of an abstract that are read; arXiv's own limit is 1,920."""
_MOST_NUMBERS = 150
_NEARBY = 300
"""Characters on each side of a number in which its quote ends."""
_SHORTEST_FINDING = 25
_WORDS_BEFORE, _WORDS_AFTER = 10, 9
_MOST_WORDS = 22
"""Words before a number in which its quote looks for what the number is of, and which way it goes."""
_REACH_AFTER = 90
"""Characters after a number in which the same is looked for where nothing before it says so."""
_CLAUSE_START = re.compile(r"[,;:()]\s|\b(?:and|while|with|but|whereas|which|that|where|achieving|yielding|reaching)\s")
_CLAUSE_END = re.compile(
    r"[,;:)](?:\s|$)|\s(?:and|while|with|but|whereas|which|compared|when|without|across)\b|[.!?](?:\s|$)"
)

_UNNAMED = ("quality", "other")
"""Quantities that no word needs to name."""
_DIRECTION = re.compile(
    r"\b(?:reduc\w+|less|fewer|lower\w*|sav(?:e[sd]?|ings?)|cut(?:s|ting)?|decreas\w+|shr[aiu]nk\w*|drop\w*|smaller|cheaper|"
    r"short\w+|halv\w+|compress\w+|fast\w*|slow\w*|speed\w*|accelerat\w+|improv\w+|higher|increas\w+|gain\w*|"
    r"boost\w*|more|quick\w*|rais\w+|r[io]s(?:es?|ing)|gr[eo]w\w*|larger|longer|better|worse|outperform\w*|surpass\w*|"
    r"only|just|using|requir\w+|uses?|than|overhead|expensive|fall\w*|fell|exceed\w*|double\w*|match\w*|degrad\w+|"
    r"widen\w*|tighter|enhanc\w+|rising|advantage)\b",
    re.IGNORECASE,
)
"""Words that say which way a change goes."""


@dataclass(frozen=True)
class ReadAbstract:
    """The claims of an abstract in their order, and its finding; ``None`` where there is no sentence.

    ``finding_score`` is the model's score of that sentence: it compares findings of different abstracts.
    """

    claims: tuple[Claim, ...]
    finding: Evidence | None
    finding_score: float = 0.0


class ClaimReader:
    """Reads claims and findings with one set of weights.

    ``reader_id`` names the weights and the rules; what was read with different ids must not be counted together.

    Parameters
    ----------
    weights : fitted weights; ``None`` for those that ship with Papertide.
    """

    def __init__(self, weights: ClaimWeights | None = None) -> None:
        if weights is None:
            with as_file(files("analysis.claims") / "claim_weights.npz") as path:
                weights = load_weights(path)
        self.reader_id = f"{weights.weights_id}+rules{_RULES_VERSION}"
        self._weights = weights

    def read(self, abstract: str) -> ReadAbstract:
        """The claims and the finding of an abstract as it is stored."""
        abstract = abstract[:_LONGEST]
        claims = self._claims(abstract)
        return ReadAbstract(claims, *self._finding(abstract, claims))

    def _claims(self, abstract: str) -> tuple[Claim, ...]:
        readable = ReadableText.of(abstract)
        candidates = number_candidates(readable.text)[:_MOST_NUMBERS]
        if not candidates:
            return ()
        read = ReadSentences.of(readable.text)
        numbers = [
            n
            for n, candidate in enumerate(candidates)
            if may_be_claim(candidate)
            and not is_setting(readable.text[: candidate.start][-_NEARBY:])
            and not is_of_rival(
                readable.text[: candidate.start][-_NEARBY:],
                readable.text[candidate.end :][:_NEARBY],
                candidate.unit_kind,
            )
        ]
        features = [claim_features(read, candidates, n) for n in numbers]
        forms = (
            [self._weights.form.classes[k] for k in np.argmax(self._weights.form(features), axis=1)] if numbers else []
        )
        chosen = [(n, form) for n, form in zip(numbers, forms, strict=True) if form != "none"]
        if not chosen:
            return ()
        scores = self._weights.quantity([quantity_features(read, candidates[n], form) for n, form in chosen])
        quantities = [
            _named_quantity(readable.text, read, candidates[n], self._weights.quantity.classes, row)
            for (n, _), row in zip(chosen, scores, strict=True)
        ]
        claims: list[Claim] = []
        for (n, form), quantity in zip(chosen, quantities, strict=True):
            start, end = _quoted(readable.text, read, candidates[n], cast(ClaimQuantity, quantity), form)
            raw_start, raw_end = readable.raw_span(start, end)
            value, value_to = claimed_values(candidates[n], form)
            cut_before, cut_after = cuts_of(abstract, raw_start, raw_end)
            claims.append(
                Claim(
                    quote=abstract[raw_start:raw_end],
                    quantity=cast(ClaimQuantity, quantity),
                    form=cast(ClaimForm, form),
                    value=value,
                    value_to=value_to,
                    unit=claimed_unit(candidates[n]) if form == "absolute" else "",
                    up_to=candidates[n].up_to,
                    evidence=Evidence("abstract", raw_start, raw_end),
                    cut_before=cut_before,
                    cut_after=cut_after,
                )
            )
        return tuple(claims)

    def _finding(self, abstract: str, claims: tuple[Claim, ...]) -> tuple[Evidence | None, float]:
        spans = [span for span in sentence_spans(abstract) if span[1] - span[0] >= _SHORTEST_FINDING]
        if not spans:
            return None, 0.0
        n_claims = [0] * len(spans)
        starts = [start for start, _ in spans]
        for claim in claims:
            n_claims[max(0, bisect_right(starts, claim.evidence.start) - 1)] += 1
        features = finding_features([abstract[start:end] for start, end in spans], n_claims)
        scores = self._weights.finding(features)[:, 0]
        best = int(np.argmax(scores))
        start, end = spans[best]
        return Evidence("abstract", start, end), float(scores[best])


@lru_cache(maxsize=1)
def default_reader() -> ClaimReader:
    """The reader with the weights that ship."""
    return ClaimReader()


def find_claims(title: str, abstract: str) -> tuple[Claim, ...]:  # noqa: ARG001
    """The claims that an abstract states of its own results with a number, in their order.

    Titles are not read: the few numbers that they hold are repeated in their abstracts.
    """
    return default_reader().read(abstract).claims


def finding_of(title: str, abstract: str) -> Evidence | None:  # noqa: ARG001
    """Where the sentence of the abstract stands that tells best what was found; ``None`` where there is none."""
    return default_reader().read(abstract).finding


def may_be_claim(candidate: NumberCandidate) -> bool:
    """Whether a number can be a claim at all; years and counts of a list are left out before any decision."""
    if candidate.unit_kind == "noun" and candidate.shape == "single" and candidate.value == int(candidate.value):
        return not 1900 <= candidate.value <= 2100
    return True


def claimed_values(candidate: NumberCandidate, form: str) -> tuple[float, float]:
    """The value and the upper value of a claim of this form.

    "From a to b" claims the difference, or the level reached where the form is ``absolute``. A level in millions is
    given as written; ``claimed_unit`` says so.
    """
    low, high = candidate.value, candidate.value_to
    if form == "absolute" and candidate.scale:
        return round(low / candidate.factor, 10), round(high / candidate.factor, 10)
    if candidate.shape == "change":
        if form == "absolute":
            return high, high
        if form != "times" or candidate.unit_kind != "times":
            difference = round(abs(high - low), 10)
            return difference, difference
    return min(low, high), max(low, high)


def claimed_unit(candidate: NumberCandidate) -> str:
    """The unit of a level: as written, ``%`` for percentages, and empty for scores without one."""
    if candidate.unit_kind == "percent":
        return "%"
    unit = "" if candidate.unit_kind in ("noun", "none") else candidate.unit
    return unit if candidate.scale in ("", unit) else f"{candidate.scale} {unit}".strip()


def _named_quantity(
    text: str, read: ReadSentences, candidate: NumberCandidate, classes: Sequence[str], scores: NDArray[np.floating]
) -> str:
    """The best quantity among those that the sentence names; quality, and what is neither, need no name."""
    low, high = _sentence_around(read, candidate)
    if is_of_quality(text[low : candidate.start], text[candidate.end : high]):
        return "quality"
    ranked = [str(classes[k]) for k in np.argsort(-scores, kind="stable")]
    if ranked[0] in _UNNAMED or ranked[0] in named_quantities(text[low:high], candidate.unit_kind):
        return ranked[0]
    # What the number's own clause names is nearer than anything that the model goes by.
    start = _clause_start(text, low, candidate.start)
    own = named_quantities(text[start : candidate.end], candidate.unit_kind)
    return next(quantity for quantity in ranked if quantity in (own or _UNNAMED))


def _sentence_around(read: ReadSentences, candidate: NumberCandidate) -> tuple[int, int]:
    """The part of a number's sentence that is read."""
    low, high = read.spans[read.number_of(candidate.start)]
    return max(low, candidate.start - _NEARBY), min(high, candidate.end + _NEARBY)


def _quoted(
    text: str, read: ReadSentences, candidate: NumberCandidate, quantity: ClaimQuantity, form: str
) -> tuple[int, int]:
    """The shortest run of words with the number, what it is about, and for a change which way it goes.

    This is the number's clause, and a few words at most. Where what the number is of, or the word that says more or
    less, stands in an earlier clause of the sentence, the quote begins with that clause: "it reduces time to first
    token (TTFT) by 1.4x", not "by 1.4x"; where it follows, the quote ends with it.
    """
    low, high = _sentence_around(read, candidate)
    start = _clause_start(text, low, candidate.start)
    after = text[candidate.end : high]
    stop = _CLAUSE_END.search(after)
    limit = stop.start() if stop else len(after)
    ends = [match.end() for match in re.finditer(r"\S+", after[:limit])]
    end = candidate.end + (ends[min(_WORDS_AFTER, len(ends)) - 1] if ends else 0)
    reach = max(_words_back(text, low, candidate.start, _MOST_WORDS), text.rfind("; ", low, start) + 1)
    reach_after = min(candidate.end + _REACH_AFTER, high)
    if last_named(text[start:end], quantity) is None:
        if (at := last_named(text[reach:start], quantity)) is not None:
            start = _clause_start(text, low, reach + at)
        elif (found := first_named(text[end:reach_after], quantity)) is not None:
            end += found
    if form != "absolute" and not _DIRECTION.search(text, start, end):
        earlier = [match.start() for match in _DIRECTION.finditer(text, reach, start)]
        if earlier:
            start = _clause_start(text, low, earlier[-1])
        elif (later := _DIRECTION.search(text, end, reach_after)) is not None:
            end = later.end()
    return min(start, candidate.start), max(end, candidate.end)


def _clause_start(text: str, low: int, at: int) -> int:
    """Where the clause of ``text[at]`` begins, ``_WORDS_BEFORE`` words before it at most."""
    before = text[low:at]
    cut = low + max((match.end() for match in _CLAUSE_START.finditer(before)), default=0)
    return _words_back(text, cut, at, _WORDS_BEFORE)


def _words_back(text: str, low: int, at: int, n_words: int) -> int:
    """Where the ``n_words`` words before ``at`` begin, none of them before ``low``."""
    words = [match.start() for match in re.finditer(r"\S+", text[low:at])]
    return low + words[-n_words:][0] if words else at
