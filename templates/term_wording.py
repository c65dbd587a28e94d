"""What a term was taken for, as chart legends, pages and files say it."""

from __future__ import annotations

from collections.abc import Sequence

from domain.trends import TermReading, TermSeries
from templates.number_text import KIND_WORDS, plural


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
