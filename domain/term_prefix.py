"""What stands before a term as it is typed: ``technique:``, ``text:``, ``meaning:``, ``meaning(9/12):``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from domain.errors import UsageError
from domain.trends import SeriesKind

SERIES_KINDS: tuple[SeriesKind, ...] = get_args(SeriesKind)
MAX_ANSWERS = 100

_EXAMPLES: dict[str, str] = {
    "technique": "technique:diffusion",
    "theme": "theme:security",
    "topic": "topic:12, the number of a topic,",
    "name": "name:SWE-bench",
    "text": "text:test-time scaling",
    "exact": "exact:test-time scaling",
    "meaning": "meaning:faster inference of large models",
}
_PREFIX = re.compile(r"(?P<kind>[a-z]+)(?:\((?P<right>\d{1,3})/(?P<answers>\d{1,3})\))?")


@dataclass(frozen=True)
class Answers:
    """How many papers of a description somebody found right, of those that they read."""

    n_right: int
    n_answers: int


@dataclass(frozen=True)
class TypedTerm:
    """A term taken apart: its kind, ``None`` without a prefix, its words, and the answers in a prefix by meaning."""

    kind: SeriesKind | None
    words: str
    answers: Answers | None = None


def typed_term(term: str) -> TypedTerm:
    """Take a term as it was typed apart.

    Raises
    ------
    UsageError
        If it holds answers that cannot be, or nothing follows its prefix.

    Examples
    --------
    >>> typed_term("meaning(9/12): faster inference")
    TypedTerm(kind='meaning', words='faster inference', answers=Answers(n_right=9, n_answers=12))
    >>> typed_term("diffusion").kind is None
    True
    """
    prefix, colon, rest = term.partition(":")
    found = _PREFIX.fullmatch(prefix)
    if not colon or found is None or found["kind"] not in SERIES_KINDS:
        return TypedTerm(None, term.strip())
    if not rest.strip():
        raise UsageError(f"nothing stands behind {term.strip()!r}; write {_EXAMPLES[found['kind']]} for example")
    kind = next(kind for kind in SERIES_KINDS if kind == found["kind"])
    if found["answers"] is None:
        return TypedTerm(kind, rest.strip())
    answers = Answers(int(found["right"]), int(found["answers"]))
    if kind != "meaning" or not answers.n_right <= answers.n_answers <= MAX_ANSWERS:
        raise UsageError(
            f"cannot read {term!r}; answers stand before a description only, as in meaning(9/12): for 9 right of 12"
        )
    return TypedTerm(kind, rest.strip(), answers)


def with_answers(description: str, answers: Answers) -> str:
    """A term by meaning with the answers about it, as it is typed."""
    return f"meaning({answers.n_right}/{answers.n_answers}):{description}"
