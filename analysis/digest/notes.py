"""The facts of a digest's notes: what its numbers do not show."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.digest.counts_by_week import WeekTables
from analysis.digest.inputs import N_SERIES_WEEKS, WeekMaterial
from domain.digest import Completeness
from domain.digest_facts import NoteFacts
from domain.week import Week


def note_facts(
    material: WeekMaterial, tables: WeekTables, completeness: Completeness, *, last_year: Sequence[Week]
) -> NoteFacts:
    """Which limits hold of a week's digest; ``last_year`` are the weeks of last year that it is compared with."""
    n_weeks_held = tables.n_weeks_held()
    n_weeks_of_topics = tables.n_weeks_held(tables.n_placed)
    topic_calls = [call for call in material.calls if call.kind == "topic"]
    return NoteFacts(
        completeness=completeness,
        lateness=material.lateness if material.lateness and material.lateness.n_late else None,
        n_weeks_held=n_weeks_held if n_weeks_held < N_SERIES_WEEKS else None,
        n_weeks_of_topics=n_weeks_of_topics if material.topics and n_weeks_of_topics < n_weeks_held else None,
        no_topic_called=bool(material.topics) and all(call.verdict == "unknown" for call in topic_calls),
        holds_last_year=all(tables.n_papers(week) for week in last_year),
        unmeasured=tuple(term.name for term in material.terms if not term.measured),
        weeks_later=material.weeks_later,
    )
