"""Events of a named thing, and what its papers say of it."""

from __future__ import annotations

from datetime import date

import pytest

from analysis.names.facts_and_events import facts_and_events
from domain.name_ledger import NameEvent, NameFacts, Sighting
from domain.name_mention import NameKind, NameRole
from domain.paper import ArxivId
from domain.week import Week

START = Week(date(2026, 1, 5))


def seen(
    number: int,
    by: str,
    role: NameRole = "uses",
    *,
    week: int | None = None,
    surface: str = "SWE-bench",
    kind: NameKind = "benchmark",
    sure: float = 0.9,
) -> Sighting:
    at = START.plus(number if week is None else week)
    people = tuple(f"{name}|x" for name in by.split())
    return Sighting(ArxivId(f"2601.{number:05d}"), at, surface, kind, role, sure, sure, False, people)


def told(*sightings: Sighting, introduced_by: int | None = 1) -> tuple[NameFacts, dict[str, NameEvent]]:
    introductions = () if introduced_by is None else (ArxivId(f"2601.{introduced_by:05d}"),)
    facts, events = facts_and_events(
        sightings,
        introductions,
        common=("wang y",),
        key_of=str.casefold,
        family_of=lambda surface, spellings: " ".join((surface.casefold(), *sorted(set(spellings) - {surface}))),
    )
    return facts, {event.kind: event for event in events}


def test_the_first_use_by_a_paper_without_an_introducer_is_another_teams() -> None:
    _, events = told(seen(1, "ada ben", "introduces"), seen(2, "ben"), seen(3, "cy"), seen(4, "di"))
    assert events["used_elsewhere"] == NameEvent("used_elsewhere", START.plus(3), ArxivId("2601.00003"))
    assert "taken_up" not in events


def test_taken_up_is_the_use_by_the_third_other_team() -> None:
    facts, events = told(seen(1, "ada", "introduces"), *(seen(n, f"team{n}") for n in range(2, 6)))
    assert events["taken_up"] == NameEvent("taken_up", START.plus(4), ArxivId("2601.00004"))
    assert facts.n_teams == 4


def test_two_papers_of_one_team_are_one_team() -> None:
    facts, events = told(seen(1, "ada", "introduces"), seen(2, "x"), seen(3, "x y"), seen(4, "z"))
    assert facts.n_teams == 2
    assert "taken_up" not in events


def test_a_third_team_after_half_a_year_does_not_take_it_up() -> None:
    of = [seen(1, "ada", "introduces", week=0), seen(2, "x", week=1), seen(3, "y", week=2)]
    assert "taken_up" in told(*of, seen(4, "z", week=26))[1]
    assert "taken_up" not in told(*of, seen(4, "z", week=27))[1]


def test_a_mention_is_no_use() -> None:
    facts, events = told(seen(1, "ada", "introduces"), seen(2, "x", "mentions"))
    assert set(events) == {"introduced"}
    assert (facts.n_uses, facts.n_mentions) == (1, 1)


def test_a_use_without_authors_is_unknown_and_never_another_teams() -> None:
    facts, events = told(seen(1, "ada", "introduces"), seen(2, ""))
    assert set(events) == {"introduced"}
    assert (facts.n_teams, facts.n_unknown_teams) == (0, 1)


def test_where_the_introducers_are_missing_no_use_counts_as_anothers() -> None:
    facts, events = told(seen(1, "", "introduces"), seen(2, "x"), seen(3, "y"), seen(4, "z"))
    assert set(events) == {"introduced"}
    assert facts.n_teams is None


def test_a_common_name_does_not_make_a_user_one_of_the_introducers() -> None:
    introducing = Sighting(
        ArxivId("2601.00001"), START, "SWE-bench", "benchmark", "introduces", 0.9, 0.9, False, ("wang|yan", "ada|x")
    )
    using = Sighting(
        ArxivId("2601.00002"), START.plus(1), "SWE-bench", "benchmark", "uses", 0.9, 0.9, False, ("wang|yi",)
    )
    assert "used_elsewhere" in told(introducing, using)[1]


def test_a_name_without_an_introducing_paper_has_no_events() -> None:
    facts, events = told(seen(2, "x"), seen(3, "y"), introduced_by=None)
    assert events == {}
    assert (facts.n_teams, facts.introduced_by) == (2, None)


def test_the_introducing_paper_says_how_a_name_is_written() -> None:
    facts, _ = told(seen(1, "ada", "introduces"), seen(2, "x", surface="SWE-Bench"), seen(3, "y", surface="SWE-Bench"))
    assert facts.surface == "SWE-bench"
    assert facts.variants == ("SWE-Bench", "SWE-bench")


def test_the_kind_is_that_of_most_papers() -> None:
    facts, _ = told(seen(2, "x", kind="dataset"), seen(3, "y"), seen(4, "z", sure=0.8), introduced_by=None)
    assert facts.kind == "benchmark"
    assert facts.kind_confidence == pytest.approx((0.025 + 0.9 + 0.8) / 3)


def test_later_papers_do_not_change_events_of_earlier_ones() -> None:
    of = [seen(1, "ada", "introduces"), seen(2, "x"), seen(3, "y"), seen(4, "z")]
    before = told(*of)[1]
    after = told(*of, seen(5, "x y z"))[1]
    assert before["taken_up"] == after["taken_up"]


def test_the_family_is_told_by_all_spellings() -> None:
    facts, _ = told(seen(1, "ada", "introduces", surface="FooNet18"), seen(2, "x", surface="FooNet 2018"))
    assert facts.family == "foonet18 FooNet 2018"
