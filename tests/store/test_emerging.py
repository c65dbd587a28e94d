"""A week's list of emerging terms never changes, and each term is scored once at each horizon."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.emerging import EmergingList, EmergingTerm
from domain.paper import ArxivId
from domain.trend_calls import CallRecord, CallScore
from domain.week import Week
from store.database import Database
from store.emerging import (
    add_emerging_scores,
    add_list,
    emerging_records,
    first_weeks,
    list_heads,
    list_of_week,
    listed_weeks,
    lists_of_weeks,
    names_of_phrase,
    newest_listed_week,
    outcomes_by_week,
    terms_to_score,
)

WEEK = Week.parse("2026-W10")
AT = WEEK.end_at + timedelta(days=2)


def _term(name: str, first_week: Week = WEEK) -> EmergingTerm:
    papers = (ArxivId("2603.00002"), ArxivId("2603.00001"))
    return EmergingTerm(
        name.lower(), name, first_week, 12, 1, 30.5, 9.25, 8, ("agent", "tool"), papers, 0.002, 0.0001, 0.97
    )


def _list(week: Week, *terms: EmergingTerm, made_at: datetime = AT) -> EmergingList:
    return EmergingList(week, 8, 26, 24_000, 75_000, 30_000, terms, "emerging-1 papertide/1", made_at)


def test_a_list_is_stored_as_made_and_only_once(database: Database) -> None:
    made = _list(WEEK, _term("OpenClaw"), _term("agent skills", WEEK.plus(-1)))
    add_list(database, made)
    add_list(database, _list(WEEK, _term("Another")))
    assert list_of_week(database, WEEK) == made
    assert list_of_week(database, WEEK.plus(1)) is None
    assert [term.name for term in made.new_terms] == ["OpenClaw"]
    assert listed_weeks(database) == [WEEK]


def test_a_week_without_terms_has_a_list_too(database: Database) -> None:
    add_list(database, _list(WEEK))
    assert newest_listed_week(database) == WEEK
    assert newest_listed_week(database, WEEK.plus(-1)) is None
    [head] = list_heads(database)
    assert (head.week, head.n_terms, head.n_new) == (WEEK, 0, 0)


def test_a_term_is_known_from_its_first_list(database: Database) -> None:
    add_list(database, _list(WEEK, _term("OpenClaw")))
    add_list(database, _list(WEEK.plus(1), _term("Openclaw"), made_at=AT + timedelta(days=7)))
    assert first_weeks(database, WEEK.plus(1)) == {"openclaw": WEEK}
    assert first_weeks(database, WEEK.plus(-1)) == {}
    assert names_of_phrase(database, "openclaw") == [(WEEK, "OpenClaw"), (WEEK.plus(1), "Openclaw")]
    assert [made.week for made in lists_of_weeks(database, [WEEK.plus(1), WEEK])] == [WEEK, WEEK.plus(1)]


def test_each_term_is_scored_once_and_counts_from_its_first_list(database: Database) -> None:
    add_list(database, _list(WEEK, _term("OpenClaw")))
    add_list(database, _list(WEEK.plus(1), _term("OpenClaw"), made_at=AT + timedelta(days=7)))
    due = terms_to_score(database, horizon_weeks=8, until=WEEK.plus(1))
    assert [(week, term.name) for week, term in due] == [(WEEK, "OpenClaw"), (WEEK.plus(1), "OpenClaw")]
    scores = [(week, term.phrase, CallScore(8, True, 0.003)) for week, term in due]
    add_emerging_scores(database, scores, scored_at=AT)
    add_emerging_scores(database, [(WEEK, "openclaw", CallScore(8, False, 0.0))], scored_at=AT)
    assert terms_to_score(database, horizon_weeks=8, until=WEEK.plus(1)) == []
    stored = list_of_week(database, WEEK)
    assert stored is not None
    assert stored.terms[0].scores == (CallScore(8, True, 0.003),)
    assert emerging_records(database, until=WEEK.plus(20)) == ([CallRecord(8, 1, 0, 0)], [])
    assert emerging_records(database, until=WEEK.plus(7)) == ([], [])
    assert outcomes_by_week(database, until=WEEK.plus(20)) == {WEEK: [CallRecord(8, 1, 0, 0)]}


@pytest.mark.parametrize("held", [True, None])
def test_what_was_listed_late_is_counted_apart(database: Database, held: bool | None) -> None:
    late = replace(_list(WEEK, _term("OpenClaw")), made_at=datetime(2027, 1, 1, tzinfo=UTC))
    add_list(database, late)
    add_emerging_scores(database, [(WEEK, "openclaw", CallScore(12, held, 0.003))], scored_at=AT)
    record = CallRecord(12, int(held is True), 0, int(held is None))
    assert emerging_records(database, until=WEEK.plus(20)) == ([], [record])
