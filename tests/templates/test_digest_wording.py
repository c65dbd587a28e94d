"""The sentences of a digest, from the facts that they state."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from domain.claim import SavingSummary
from domain.digest import Completeness, NamedRule
from domain.digest_facts import (
    ClaimedSaving,
    FollowMatch,
    FurtherFacts,
    HeadlineFacts,
    LeadingTechnique,
    MainContribution,
    NearCentre,
    NoteFacts,
    PaperReason,
    ShareMove,
    ShowsTerm,
    WaveMove,
)
from domain.harvest import Lateness
from domain.trend_calls import FittedChange
from domain.week import Week
from templates.digest_wording import EnglishDigestWording, EnglishPersonalWording

WORDING = EnglishDigestWording()
WEEK = Week.parse("2026-W25")
QUIET = HeadlineFacts(
    "leader", LeadingTechnique("Transformers", 0.21), (), (), has_calls=True, n_weeks_held=26, is_first=True
)
LATER = replace(QUIET, is_first=False)


def _move(name: str, before: float, now: float, this_week: float, n_weeks: int = 26) -> ShareMove:
    difference = now - before
    change = FittedChange(WEEK.plus(1 - n_weeks), WEEK, before, now, difference, difference, difference, 0.99)
    return ShareMove(name, difference > 0, change, this_week)


MOVE = _move("LLM agents", 0.058, 0.116, 0.121, 13)
FALL = _move("Diffusion models", 0.091, 0.04, 0.038)
TOPIC = replace(_move("video generation", 0.01, 0.025, 0.026), is_topic=True)
FALLEN_TOPIC = replace(_move("prompt tuning", 0.04, 0.01, 0.011), is_topic=True)
LEADS = "21.0 % of the week's papers use transformers"
QUIETLY = "no technique or theme clearly rose or fell"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (QUIET, f"{LEADS}; no technique or theme clearly rose or fell in the 26 weeks on record."),
        (replace(QUIET, has_calls=False), f"{LEADS}; too few weeks are on record to show a change."),
        (replace(QUIET, leader=None), "Too few papers are on record for a share of any technique."),
        (
            replace(QUIET, begun=(MOVE,), n_weeks_held=13, lead="x"),
            f"LLM agents rose most, by 5.8 points in 13 weeks, to a fitted 11.6 % of the week's papers; {LEADS}.",
        ),
        (
            replace(QUIET, begun=(replace(MOVE, is_measured=False),), lead="x"),
            "LLM agents (accuracy not measured) rose most, by 5.8 points in 13 weeks, to a fitted 11.6 % of the week's "
            f"papers; {LEADS}.",
        ),
        (
            replace(QUIET, begun=(replace(MOVE, name="Transformers"),), lead="x"),
            "Transformers rose most, by 5.8 points in 13 weeks, to a fitted 11.6 % of the week's papers.",
        ),
        (
            replace(QUIET, begun=(FALL, TOPIC), lead="x"),
            "Diffusion models fell most, by 5.1 points in 26 weeks, to a fitted 4.0 % of the week's papers; "
            f"the topic that gained most is video generation, by 1.5 points in 26 weeks, to a fitted 2.5 %; {LEADS}.",
        ),
        (
            replace(QUIET, begun=(FALLEN_TOPIC, TOPIC), lead="x"),
            "The topic that lost most is prompt tuning, by 3.0 points in 26 weeks, to a fitted 1.0 % of the week's "
            "papers; the topic that gained most is video generation, by 1.5 points in 26 weeks, to a fitted 2.5 %; "
            f"{LEADS}; no technique or theme clearly rose or fell in the 26 weeks on record.",
        ),
        (
            replace(QUIET, n_weeks_held=12, wave_move=WaveMove("speech recognition", True, "Interspeech")),
            f"{LEADS}; no other technique or theme clearly rose or fell in the 12 weeks on record; "
            "speech recognition rose only with a wave of Interspeech papers.",
        ),
        (
            replace(QUIET, begun=(TOPIC,), lead="x"),
            "The topic that gained most is video generation, by 1.5 points in 26 weeks, to a fitted 2.5 % of the "
            f"week's papers; {LEADS}; no technique or theme clearly rose or fell in the 26 weeks on record.",
        ),
    ],
)
def test_the_headline_of_a_first_digest_says_what_moved_and_then_what_leads(
    facts: HeadlineFacts, sentence: str
) -> None:
    assert WORDING.headline(facts).replace("\N{NO-BREAK SPACE}", " ") == sentence


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (LATER, f"{LEADS}; {QUIETLY}."),
        (
            replace(LATER, continuing=(MOVE,)),
            f"{LEADS}; still rising: LLM agents (5.8 points in 13 weeks).",
        ),
        (
            replace(LATER, continuing=(MOVE,), lead="technique-agents"),
            "Still rising: LLM agents (5.8 points in 13 weeks).",
        ),
        (
            replace(LATER, begun=(MOVE,), continuing=(FALL, TOPIC), lead="x"),
            "Newly rising: LLM agents, by 5.8 points in 13 weeks, to a fitted 11.6 % of the week's papers; "
            "still falling: diffusion models (5.1 points in 26 weeks); "
            "still rising: the topic video generation (1.5 points in 26 weeks).",
        ),
        (
            replace(LATER, begun=(FALLEN_TOPIC,), lead="x"),
            "Newly falling: the topic prompt tuning, by 3.0 points in 26 weeks, to a fitted 1.0 % of the week's "
            "papers.",
        ),
        (
            replace(LATER, begun=(FALLEN_TOPIC, TOPIC), lead="x"),
            "Newly falling: the topic prompt tuning, by 3.0 points in 26 weeks, to a fitted 1.0 % of the week's "
            "papers; newly rising: the topic video generation, by 1.5 points in 26 weeks, to a fitted 2.5 % of the "
            "week's papers.",
        ),
        (
            replace(LATER, continuing=(FALLEN_TOPIC, TOPIC), lead="x"),
            "Still falling: the topic prompt tuning (3.0 points in 26 weeks); still rising: the topic video "
            "generation (1.5 points in 26 weeks).",
        ),
        (
            replace(
                LATER,
                continuing=(MOVE, MOVE, TOPIC),
                new_terms=("agent harness",),
                taken_up=("A", "B", "C"),
                lead="names",
            ),
            "Now used by other teams: A, B and 1 more; newly spreading: agent harness; still rising: "
            "LLM agents (5.8 points in 13 weeks), LLM agents (5.8 points in 13 weeks) and 1 more.",
        ),
        (
            replace(LATER, lead="introduced", introduced=("A-Bench", "B", "C"), n_introduced=41),
            f"41 new benchmarks and datasets, among them A-Bench and B; {QUIETLY}.",
        ),
        (
            replace(LATER, lead="introduced", introduced=("A-Bench",), n_introduced=1),
            f"1 new benchmark or dataset: A-Bench; {QUIETLY}.",
        ),
        (replace(LATER, has_calls=False), f"{LEADS}; too few weeks are on record to show a change."),
    ],
)
def test_a_later_headline_says_first_what_is_new_and_then_what_goes_on(facts: HeadlineFacts, sentence: str) -> None:
    assert WORDING.headline(facts).replace("\N{NO-BREAK SPACE}", " ") == sentence


def test_a_headline_never_sets_a_change_beside_a_smaller_share() -> None:
    facts = replace(QUIET, begun=(_move("Menus", 0.001, 0.036, 0.0064),), lead="x")
    sentence = WORDING.headline(facts).replace("\N{NO-BREAK SPACE}", " ")
    assert sentence.startswith("Menus rose most, by 3.5 points in 26 weeks, to a fitted 3.60 % of the week's papers; ")


def test_a_move_without_a_stored_change_states_the_weeks_share() -> None:
    sentence = WORDING.headline(replace(QUIET, begun=(replace(MOVE, change=None),), lead="x"))
    assert sentence.startswith("LLM agents rose most, to 12.1\N{NO-BREAK SPACE}% of the week's papers; ")


def test_no_limit_makes_no_note_and_each_limit_makes_one() -> None:
    whole = Completeness(True, 10, 10, None, (), ())
    none = NoteFacts(whole, None, None, False, True, ())
    assert WORDING.notes(none) == ()
    weeks = tuple(Week.parse(name) for name in ("2026-W10", "2026-W11", "2026-W13"))
    partial = Completeness(False, 9, 10, "one is missing", weeks, weeks[:1])
    limits = NoteFacts(partial, Lateness(8, 1000, 12), 7, True, False, ("Agents", "Reasoning"))
    notes = WORDING.notes(limits)
    assert len(notes) == 8
    for note, words in zip(
        notes,
        ("one is missing", "2026-W11 and 2026-W13", "2026-W10", "1.2", "7 weeks", "topic", "last year"),
        strict=False,
    ):
        assert words in note
    assert notes[-1].endswith("Agents and Reasoning.")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (MainContribution("Efficiency"), "its main contribution is efficiency"),
        (
            MainContribution("Efficiency", ClaimedSaving("memory", 3.125, 3.125, True), True, True, "ICML 2026"),
            "claims less memory, up to 3.1×; links code; accepted or published (ICML 2026)",
        ),
        (
            MainContribution("Efficiency", ClaimedSaving("speed", 1.8, 10.0, False)),
            "claims a gain in speed, 1.8× to 10×",
        ),
        (MainContribution("Security", has_claim=True), "states its result in numbers"),
        (ShowsTerm("theme", "Evaluation and benchmarks"), "a main contribution is evaluation and benchmarks"),
        (ShowsTerm("technique", "Transformers"), "it is about transformers"),
        (NearCentre(True), "closest to the topic's centre this week"),
        (NearCentre(False), "next closest to the topic's centre"),
    ],
)
def test_every_listed_paper_has_its_reason(reason: PaperReason, words: str) -> None:
    assert WORDING.paper_reason(reason) == words


def test_the_sentences_after_the_headline_state_counts_alone() -> None:
    assert WORDING.further(FurtherFacts()) == ()
    memory = SavingSummary("memory", 14, 3, 6, 2.1, 1.3, 3.2)
    gdpr = NamedRule("standard", "gdpr", "GDPR", "standard:gdpr", 4)
    drift = NamedRule("failure_mode", "drift", "Drift", "failure_mode:drift", 1)
    facts = FurtherFacts(("A", "B", "C"), 31, ("D",), 1, 2902, 312, memory, 801, 9, gdpr, drift)
    new, claimed = WORDING.further(facts)
    assert (
        plain(new) == "Introduced this week: 31 benchmarks and datasets, among them A and B, and 1 model or tool (D)."
    )
    assert plain(claimed) == (
        "Of 2,902 papers, 312 claim a saving (most often less memory, median claimed 2.1×), 801 link code and 9 name a "
        "law or standard (most often GDPR); the failure named most is drift (1 paper)."
    )


def test_the_sentences_after_the_headline_agree_with_one() -> None:
    speed = SavingSummary("speed", 1, 0, 1, None, None, None)
    facts = FurtherFacts(n_read=2, n_with_saving=1, saving=speed, n_with_code=1, n_naming=1)
    (claimed,) = WORDING.further(facts)
    assert plain(claimed) == (
        "Of 2 papers, 1 claims a saving (most often a gain in speed), 1 links code and 1 names a law or standard."
    )


def test_names_that_newly_move_come_before_what_is_introduced() -> None:
    (sentence,) = WORDING.further(FurtherFacts(made=("D",), n_made=1, rising=("A", "B", "C"), falling=("E",)))
    assert plain(sentence) == (
        "More papers use A, B and 1 more; fewer papers use E; introduced this week: 1 model or tool (D)."
    )


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_papers_place_is_told_for_other_follows_than_that_of_its_list() -> None:
    search, topic = FollowMatch("search", "graphs", 11, 0.5, True), FollowMatch("topic", "nets", 23, 0.25)
    listed = EnglishPersonalWording().listed
    assert listed([search]) == "similarity 0.50, with all the words"
    assert listed([topic]) == "similarity 0.25 to the topic's centre"
    assert listed([search, topic]) == "similarity 0.50, with all the words; also 23rd for your topic “nets”"
    assert [listed([topic, replace(search, rank=rank)]).split()[-5] for rank in (1, 2, 3, 12)] == [
        "1st",
        "2nd",
        "3rd",
        "12th",
    ]


def test_a_share_that_is_not_known_is_never_a_number() -> None:
    unknown = replace(QUIET, begun=(replace(MOVE, share=math.nan),), lead="x")
    assert "nan" not in WORDING.headline(unknown)
