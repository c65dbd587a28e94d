"""Terms as text: their names and kinds, and what each was taken for."""

from __future__ import annotations

from collections.abc import Sequence

from domain.trends import TermReading, TermSeries
from templates.number_text import plural

KIND_WORDS = {
    "technique": "technique",
    "theme": "theme",
    "topic": "topic",
    "text": "words",
    "exact": "words as written",
    "meaning": "by meaning",
}
"""The kinds of terms as pages name them."""


def term_name(term: str) -> str:
    """A term without its prefix."""
    kind, _, rest = term.partition(":")
    return rest.strip() if kind in KIND_WORDS and rest.strip() else term


def term_text(term: str) -> str:
    """A phrase or description as pages show it: ``“test-time scaling”``, ``“faster inference”, by meaning``."""
    kind, _, rest = term.partition(":")
    if kind in ("exact", "meaning") and rest:
        return f"“{rest.strip()}”, {'as written' if kind == 'exact' else 'by meaning'}"
    return f"“{rest.strip() if kind == 'text' and rest else term}”"


def taken_for_text(series: TermSeries) -> str:
    """What a series counts: ``technique``, ``words, singular or plural``, ``words, also as “Qwen 3”``."""
    if series.kind != "text" or len(series.phrases) < 2:
        return KIND_WORDS[series.kind]
    others = [phrase for phrase in series.phrases if phrase not in series.term.split(" OR ")]
    if not others:
        return KIND_WORDS["text"]
    if any(character.isdigit() for character in others[0]):
        return f"{KIND_WORDS['text']}, also as “{others[0]}”"
    return f"{KIND_WORDS['text']}, singular or plural"


def curve_names(series: Sequence[TermSeries]) -> list[str]:
    """A unique name for each curve; one term may be requested in several ways."""
    names = [one.name for one in series]
    return [one.name if names.count(one.name) == 1 else f"{one.name} ({KIND_WORDS[one.kind]})" for one in series]


def curve_titles(series: Sequence[TermSeries]) -> list[str]:
    """Each curve's name with what it was taken for, for a picture that stands alone."""
    return [f"{one.name} ({taken_for_text(one)})" for one in series]


def reading_text(reading: TermReading) -> str:
    """A reading with its papers: ``topic: 10 papers``."""
    papers = "" if reading.n_papers is None else f": {plural(reading.n_papers, 'paper')}"
    return f"{KIND_WORDS[reading.kind]}{papers}"
