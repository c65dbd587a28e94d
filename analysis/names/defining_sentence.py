"""What a named thing is, in the words of the paper that introduces it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.detections import Evidence

_END = re.compile(r"(?<=[.!?])[\s\"”)]+(?=[A-Z\d“\"(\[$\\])")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|et al|vs|cf|etc|Fig|Eq|Sec|Dr|resp|approx|w\.r\.t)|\b[A-Z])\.$")
_PRESENTS = re.compile(
    r"\b(?:introduc|propos|present|releas|develop|design|build|built|creat|construct|curat|contribut|describ|offer)\w*",
    re.I,
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of an abstract.

    Examples
    --------
    >>> text = "We use it, e.g. On images. It works."
    >>> [text[start:end] for start, end in sentence_spans(text)]
    ['We use it, e.g. On images.', 'It works.']
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        end = match.start()
        if not _ABBREVIATED.search(text[start:end]):
            spans.append((start, end))
            start = match.end()
    spans.append((start, len(text)))
    return [(a, b) for a, b in spans if text[a:b].strip()]


def is_presented(abstract: str, evidence: Iterable[Evidence]) -> bool:
    """Whether a name begins the title, or a word of presenting stands before it in a sentence of the abstract.

    Examples
    --------
    >>> new, used = "We introduce FooBench, a test.", "It is evaluated on tasks of FooBench."
    >>> is_presented(new, [Evidence("abstract", 13, 21)]), is_presented(used, [Evidence("abstract", 28, 36)])
    (True, False)
    """
    places = list(evidence)
    if any(e.field == "title" and e.start == 0 for e in places):
        return True
    starts = [e.start for e in places if e.field == "abstract"]
    return any(
        a <= at < b and _PRESENTS.search(abstract, a, at) is not None
        for a, b in sentence_spans(abstract)
        for at in starts
    )


def defining_sentence(abstract: str, evidence: Iterable[Evidence]) -> str:
    """The sentence of an abstract that presents a name, word for word; empty where the abstract does not hold it.

    It is the first that holds the name and a word of presenting, else the first that holds the name.
    """
    places = [e.start for e in evidence if e.field == "abstract"]
    holding = [abstract[a:b] for a, b in sentence_spans(abstract) if any(a <= at < b for at in places)]
    return next((text for text in holding if _PRESENTS.search(text)), holding[0] if holding else "")
