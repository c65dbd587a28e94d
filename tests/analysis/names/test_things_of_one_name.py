"""Which things one name stands for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from analysis.names.things_of_one_name import NEAR, Thing, things_of_name
from domain.name_ledger import KnownName, Sighting
from domain.name_mention import NameKind, NameRole
from domain.paper import ArxivId
from domain.week import Week

START = Week(date(2026, 1, 5))


def seen(
    number: int,
    role: NameRole = "uses",
    *,
    week: int | None = None,
    by: str = "",
    kind: NameKind = "benchmark",
    heading: bool | None = None,
    pinned_to: int | None = None,
) -> Sighting:
    return Sighting(
        ArxivId(f"2601.{number:05d}"),
        START.plus(4 * number if week is None else week),
        "TRACE",
        kind,
        role,
        0.95,
        0.9,
        role == "introduces" if heading is None else heading,
        tuple(f"{name}|x" for name in (by or f"author{number}").split()),
        pinned_to,
    )


def near_pairs(*pairs: tuple[int, int]):  # type: ignore[no-untyped-def]
    near = {frozenset((f"2601.{a:05d}", f"2601.{b:05d}")) for a, b in pairs}
    return lambda one, other: 0.6 if frozenset((one, other)) in near else 0.0


def everything_near(_one: ArxivId, _other: ArxivId) -> float:
    return 0.6


def divided(sightings: list[Sighting], known: list[KnownName] = [], nearness=everything_near) -> list[set[int]]:  # type: ignore[no-untyped-def]  # noqa: B006
    things, _ = things_of_name(sightings, known, common=(), nearness=nearness)
    return [{int(s.arxiv_id[5:]) for s in thing.sightings} for thing in things]


def test_uses_of_an_introduced_name_belong_to_it() -> None:
    assert divided([seen(1, "introduces"), seen(2), seen(3)]) == [{1, 2, 3}]


def test_two_teams_that_introduce_a_name_make_two_things() -> None:
    sightings = [seen(1, "introduces", heading=True), seen(2, "introduces", heading=True), seen(3), seen(4)]
    assert divided(sightings, nearness=near_pairs((1, 3), (2, 4))) == [{1, 3}, {2, 4}]


def test_a_second_paper_of_the_introducers_is_of_the_same_thing() -> None:
    assert divided([seen(1, "introduces", by="ada ben"), seen(2, "introduces", by="ada")]) == [{1, 2}]


def test_a_use_that_is_as_near_to_two_things_belongs_to_none() -> None:
    sightings = [seen(1, "introduces"), seen(2, "introduces"), seen(3)]
    things, unclear = things_of_name(sightings, [], common=(), nearness=everything_near)
    assert [t.sightings for t in things] == [(sightings[0],), (sightings[1],)]
    assert unclear == [sightings[2]]


def test_an_author_of_the_introducing_paper_uses_the_own_thing() -> None:
    sightings = [seen(1, "introduces", by="ada"), seen(2, "introduces", by="ben"), seen(3, by="ben")]
    assert divided(sightings) == [{1}, {2, 3}]


def test_an_established_name_is_introduced_again_only_by_a_title_that_begins_with_it() -> None:
    used = [seen(n) for n in range(1, 5)]
    assert divided([*used, seen(6, "introduces", heading=False)]) == [{1, 2, 3, 4, 6}]
    again = divided([*used, seen(6, "introduces", heading=True)], nearness=near_pairs())
    assert again == [{1, 2, 3, 4}, {6}]


def test_what_is_seen_before_the_introduction_and_far_from_it_is_another_thing() -> None:
    sightings = [seen(1), seen(20, "introduces", heading=True), seen(21)]
    assert divided(sightings, nearness=near_pairs((20, 21))) == [{1}, {20, 21}]


def test_a_name_that_others_use_for_something_else_is_introduced_only_by_a_title_that_begins_with_it() -> None:
    later = [seen(2), seen(3), seen(4)]
    seeming = seen(1, "introduces", heading=False)
    things, _ = things_of_name([seeming, *later], [], common=(), nearness=near_pairs())
    assert [(t.introductions, len(t.sightings)) for t in things] == [((), 4)]
    things, unclear = things_of_name(
        [seen(1, "introduces", heading=True), *later], [], common=(), nearness=near_pairs()
    )
    assert [t.introductions for t in things] == [("2601.00001",)]
    assert unclear == later


def test_a_name_that_others_hold_at_once_is_older_than_the_paper_that_seems_to_introduce_it() -> None:
    def introduced(*others: Sighting) -> list[tuple[ArxivId, ...]]:
        of = [replace(s, surface="LongTraceEval") for s in (seen(1, "introduces", heading=False), *others)]
        return [t.introductions for t in things_of_name(of, [], common=(), nearness=everything_near)[0]]

    assert introduced(*(seen(n, week=5 + n // 3) for n in (2, 3, 4))) == [()]
    assert introduced(*(seen(n, week=9 + n) for n in (2, 3, 4))) == [("2601.00001",)]


def test_an_acronym_that_anybody_else_holds_is_introduced_only_by_a_title_that_begins_with_it() -> None:
    others = [seen(3)]
    for heading, expected in ((False, [()]), (True, [("2601.00001",)])):
        of = [seen(1, "introduces", heading=heading), *others]
        assert [t.introductions for t in things_of_name(of, [], common=(), nearness=everything_near)[0]] == expected


def test_a_name_that_nobody_gives_by_chance_is_one_thing_however_far_its_papers_are() -> None:
    of = [seen(1, "introduces", heading=True), seen(2), seen(3, kind="method")]
    distinct = [replace(s, surface="LongTraceEval") for s in of]
    things, unclear = things_of_name(distinct, [], common=(), nearness=near_pairs())
    assert [t.sightings for t in things] == [tuple(distinct[:2])]
    assert unclear == distinct[2:]
    assert things_of_name(of, [], common=(), nearness=near_pairs())[1] == of[1:]
    by_chance = [distinct[0], replace(of[1], surface="LONGTRACEEVAL")]
    assert things_of_name(by_chance, [], common=(), nearness=near_pairs())[1] == by_chance[1:]


def test_a_name_that_others_held_long_before_keeps_its_users() -> None:
    older = [seen(n) for n in (1, 2, 3)]
    again = seen(4, "introduces", heading=True)
    of = [replace(s, surface="LongTraceEval") for s in (*older, again, seen(5), seen(6))]
    things, unclear = things_of_name(of, [], common=(), nearness=near_pairs((4, 6)))
    assert [{int(s.arxiv_id[5:]) for s in thing.sightings} for thing in things] == [{1, 2, 3, 5}, {4, 6}]
    assert not unclear


def test_a_model_may_be_used_before_its_report() -> None:
    of = [seen(n, week=n, kind="model") for n in (1, 2, 3)] + [seen(4, "introduces", week=4, kind="model")]
    of = [replace(s, surface="LongTraceLM") for s in (*of, seen(5, week=5, kind="model"))]
    assert len(things_of_name(of, [], common=(), nearness=everything_near)[0]) == 1


def nearness_of(*cosines: tuple[int, int, float]):  # type: ignore[no-untyped-def]
    of = {frozenset((f"2601.{a:05d}", f"2601.{b:05d}")): cosine for a, b, cosine in cosines}
    return lambda one, other: of.get(frozenset((one, other)), 0.0)


def named(surface: str, *sightings: Sighting) -> list[Sighting]:
    return [replace(s, surface=surface) for s in sightings]


def introductions(sightings: list[Sighting], nearness) -> list[tuple[ArxivId, ...]]:  # type: ignore[no-untyped-def]
    return [t.introductions for t in things_of_name(sightings, [], common=(), nearness=nearness)[0]]


def test_a_paper_introduces_nothing_that_others_held_before_if_no_sentence_presents_it() -> None:
    """It runs on tasks "converted from BioTrace Bench", which reads like a benchmark of its own."""
    held, used = named("BioTrace Bench", seen(1, week=1), seen(2, "introduces", week=3, heading=False))
    used = replace(used, is_presented=False)
    assert introductions([held, used], everything_near) == [()]
    assert introductions([held, replace(used, is_presented=True)], everything_near)[-1] == ("2601.00002",)
    introducing = replace(held, role="introduces")
    assert introductions([introducing, used], everything_near) == [("2601.00001",)]
    assert len(introductions([introducing, used], near_pairs())) == 2
    assert len(introductions([replace(s, surface="BTB") for s in (introducing, used)], everything_near)) == 2
    assert introductions([used], everything_near) == [("2601.00002",)]
    assert introductions([replace(held, week=START.plus(4)), used], everything_near) == [("2601.00002",)]


def test_what_others_hold_before_the_introduction_is_another_thing() -> None:
    of = named("OmniTrace", seen(1, week=1), seen(2, "introduces", week=3))
    assert introductions(of, everything_near) == [(), ("2601.00002",)]


def test_a_model_held_before_by_papers_hardly_near_is_another_thing_and_so_are_its_later_users() -> None:
    """A driving agent of this name is compared with weeks before a world model of the same name comes."""
    of = named(
        "OmniTrace",
        seen(1, week=1, kind="model"),
        seen(2, week=6, kind="dataset"),
        seen(3, "introduces", week=8, kind="model"),
        seen(4, week=8, kind="benchmark"),
        seen(5, week=9, kind="model"),
    )
    cosines = ((1, 3, 0.084), (2, 3, 0.119), (3, 4, 0.141), (1, 4, 0.111), (2, 4, 0.201), (3, 5, 0.3), (2, 5, 0.1))
    things, unclear = things_of_name(of, [], common=(), nearness=nearness_of(*cosines))
    assert [[int(s.arxiv_id[5:]) for s in t.sightings] for t in things] == [[1, 2], [3, 5]]
    assert unclear == [of[3]]


def test_a_model_with_a_version_may_be_used_before_its_report_however_far_its_papers_are() -> None:
    of = named("TraceLM-3", seen(1, week=1, kind="model"), seen(2, "introduces", week=4, kind="model"))
    assert introductions(of, near_pairs()) == [("2601.00002",)]


def test_a_later_paper_clearly_nearer_to_the_older_thing_means_that() -> None:
    of = named("OmniTrace", seen(1, week=1), seen(2, "introduces", week=8), seen(3, week=9))
    things, unclear = things_of_name(of, [], common=(), nearness=nearness_of((1, 3, 0.3), (2, 3, 0.1)))
    assert [len(t.sightings) for t in things] == [2, 1]
    assert not unclear


def test_a_paper_of_another_sort_must_be_nearer() -> None:
    def barely(_one: ArxivId, _other: ArxivId) -> float:
        return NEAR + 0.01

    sightings = [seen(1, "introduces"), seen(2), seen(3, kind="method")]
    things, unclear = things_of_name(sightings, [], common=(), nearness=barely)
    assert [len(t.sightings) for t in things] == [2]
    assert unclear == [sightings[2]]


def test_a_thing_keeps_its_id_by_its_introducing_paper() -> None:
    known = [KnownName(7, ArxivId("2601.00002")), KnownName(9, ArxivId("2601.00001"))]
    sightings = [seen(1, "introduces", heading=True), seen(2, "introduces", heading=True)]
    things, _ = things_of_name(sightings, known, common=(), nearness=everything_near)
    assert {t.name_id: t.introductions for t in things} == {7: ("2601.00002",), 9: ("2601.00001",)}


def test_a_thing_seen_in_use_keeps_its_id_when_its_introducing_paper_comes() -> None:
    things, _ = things_of_name(
        [seen(3, week=3), seen(2, "introduces", week=2)], [KnownName(4, None)], common=(), nearness=everything_near
    )
    assert [(t.name_id, t.introductions) for t in things] == [(4, ("2601.00002",))]


def test_papers_that_the_operator_split_off_stay_apart() -> None:
    sightings = [seen(1, "introduces"), seen(2), seen(3, pinned_to=12)]
    known = [KnownName(5, ArxivId("2601.00001")), KnownName(12, None)]
    things, _ = things_of_name(sightings, known, common=(), nearness=near_pairs((1, 2)))
    assert {t.name_id: len(t.sightings) for t in things} == {5: 2, 12: 1}


NUMBERS = st.lists(st.integers(1, 30), min_size=1, max_size=10, unique=True)
ROLES: st.SearchStrategy[NameRole] = st.sampled_from(("introduces", "uses", "mentions"))


@st.composite
def some_sightings(draw: st.DrawFn) -> list[Sighting]:
    return [
        seen(
            n,
            draw(ROLES),
            week=draw(st.integers(0, 30)),
            by=draw(st.sampled_from("abcdefg")),
            heading=draw(st.booleans()),
        )
        for n in draw(NUMBERS)
    ]


def by_parity(one: ArxivId, other: ArxivId) -> float:
    return 0.6 if int(one[-1]) % 2 == int(other[-1]) % 2 else 0.0


def registered(things: list[Thing], first: int = 1) -> list[KnownName]:
    return [KnownName(first + i, t.introductions[0] if t.introductions else None) for i, t in enumerate(things)]


@given(some_sightings())
def test_nobody_else_holds_a_thing_before_the_week_of_its_introduction(sightings: list[Sighting]) -> None:
    things, _ = things_of_name(sightings, [], common=(), nearness=by_parity)
    for thing in things:
        if thing.introductions:
            first = next(s for s in thing.sightings if s.arxiv_id == thing.introductions[0])
            own = {mark for s in thing.sightings if s.arxiv_id in thing.introductions for mark in s.authors}
            assert all(s.week >= first.week or set(s.authors) & own for s in thing.sightings)


@given(some_sightings())
def test_every_sighting_is_of_one_thing_or_of_none(sightings: list[Sighting]) -> None:
    things, unclear = things_of_name(sightings, [], common=(), nearness=by_parity)
    found = [s.arxiv_id for t in things for s in t.sightings] + [s.arxiv_id for s in unclear]
    assert sorted(found) == sorted(s.arxiv_id for s in sightings)
    assert all(a in {s.arxiv_id for s in t.sightings} for t in things for a in t.introductions)


@given(some_sightings(), st.randoms())
def test_order_does_not_matter(sightings: list[Sighting], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(sightings)
    random.shuffle(shuffled)
    assert things_of_name(sightings, [], common=(), nearness=by_parity) == things_of_name(
        shuffled, [], common=(), nearness=by_parity
    )


@given(some_sightings())
def test_ids_stay_when_the_same_papers_are_read_again(sightings: list[Sighting]) -> None:
    things, _ = things_of_name(sightings, [], common=(), nearness=by_parity)
    known = registered(things)
    again, _ = things_of_name(sightings, known, common=(), nearness=by_parity)
    assert {t.name_id: t.sightings for t in again} == {
        k.name_id: t.sightings for k, t in zip(known, things, strict=True)
    }


@given(some_sightings(), some_sightings())
def test_no_id_is_given_twice_and_introductions_keep_theirs(before: list[Sighting], after: list[Sighting]) -> None:
    things, _ = things_of_name(before, [], common=(), nearness=by_parity)
    known = registered(things)
    later = [s for s in after if s.arxiv_id not in {b.arxiv_id for b in before}]
    again, _ = things_of_name([*before, *later], known, common=(), nearness=by_parity)
    ids = [t.name_id for t in again if t.name_id is not None]
    assert len(ids) == len(set(ids))
    for k in known:
        holder = next((t for t in again if k.introduced_by in t.introductions), None)
        if holder is not None and holder.introductions[0] == k.introduced_by:
            assert holder.name_id is not None
