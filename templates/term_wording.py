"""Terms as text: their names and kinds, and what each was taken for."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import UsageError
from domain.term_prefix import TypedTerm, typed_term
from domain.trends import Level, MeaningCheck, TermOverlap, TermReading, TermSeries
from templates.number_text import agreeing, percent, plural

KIND_WORDS = {
    "technique": "technique",
    "theme": "theme",
    "topic": "topic",
    "text": "words",
    "exact": "words as written",
    "meaning": "by meaning",
    "name": "named thing",
}
"""The kinds of terms as pages name them."""
_VERBS: dict[str, dict[Level, str]] = {
    "technique": {"mentions": "only mention", "adopts": "adopt", "about": "are about"},
    "theme": {"mentions": "only touch", "adopts": "mainly contribute to"},
    "name": {"mentions": "only mention", "adopts": "introduce or use", "about": "introduce"},
}
"""What papers of each level do with a term."""


def term_name(term: str) -> str:
    """A term without its prefix."""
    return _typed(term).words


def term_text(term: str) -> str:
    """A phrase or description as pages show it: ``“test-time scaling”``, ``“faster inference”, by meaning``."""
    typed = _typed(term)
    if typed.kind == "exact" or typed.kind == "meaning":
        return f"“{typed.words}”, {'as written' if typed.kind == 'exact' else 'by meaning'}"
    return f"“{typed.words if typed.kind == 'text' else term}”"


def _typed(term: str) -> TypedTerm:
    """A term taken apart; one that cannot be read stays whole."""
    try:
        return typed_term(term)
    except UsageError:
        return TypedTerm(None, term)


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


def counted_as_text(series: TermSeries, level: Level) -> str:
    """What a series counts, with its level where it has one: ``technique, papers that adopt it``."""
    if not series.has_levels:
        return taken_for_text(series)
    return f"{taken_for_text(series)}, papers that {_VERBS[series.kind][level]} it"


def levels_note(series: Sequence[TermSeries], level: Level) -> str:
    """Which papers are counted for each kind of term shown; empty if these are topics and meanings only."""
    shown = {one.kind for one in series}
    parts = [
        f"for a {KIND_WORDS[kind]}, papers that {verbs[level]} it" for kind, verbs in _VERBS.items() if kind in shown
    ]
    if shown & {"text", "exact"}:
        parts.append("for words, papers that contain them")
    return f"Counted are: {'; '.join(parts)}." if parts else ""


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


def counted_since_text(series: TermSeries) -> str:
    """From when on a topic or a meaning is counted."""
    return f"{series.name} is counted from {series.counted_since} on, because earlier papers are not embedded."


def meaning_precision_text(check: MeaningCheck) -> str:
    """How precise a term by meaning was found to be, or that nobody has said."""
    if check.precision is None or check.precision_low is None or check.precision_high is None:
        read = f"{_right_text(check)}, too few for an interval. " if check.n_answers else ""
        return f"{read}No interval is drawn, because the error of this count is not measured."
    shown = f"{percent(check.precision, 0)}, {percent(check.precision_low, 0)} to {percent(check.precision_high, 0)}"
    return (
        f"{_right_text(check)} ({shown}). The lower end of each interval allows "
        "for that; papers that are meant and not counted are not in it."
    )


def _right_text(check: MeaningCheck) -> str:
    papers, were = agreeing(check.n_answers, "paper", "papers"), agreeing(check.n_right, "was", "were")
    return f"{check.n_right} of {check.n_answers} {papers} read {were} right"


def overlap_text(overlap: TermOverlap, check: MeaningCheck) -> str:
    """How many papers a term by meaning shares with another term."""
    kind = _typed(overlap.term).kind
    name = f"“{overlap.name}”{'' if kind is None else f', {KIND_WORDS[kind]}'}"
    return f"{overlap.n_shared:,} of its {plural(check.n_papers, 'paper')} are also in {name}"
