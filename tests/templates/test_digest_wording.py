"""The sentences of a digest, from the facts that they state."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from domain.digest import Completeness
from domain.digest_facts import (
    FollowMatch,
    HeadlineFacts,
    LeadingTechnique,
    NearCentre,
    NoteFacts,
    PaperReason,
    SaysWords,
    ShareMove,
    ShowsTerm,
)
from domain.harvest import Lateness
from domain.week import Week
from templates.digest_wording import EnglishDigestWording, EnglishPersonalWording

WORDING = EnglishDigestWording()
QUIET = HeadlineFacts(LeadingTechnique("Transformers", 0.21), None, None, has_calls=True, n_weeks_held=None)
MOVE = ShareMove("LLM agents", True, 0.058, 0.116)
FALL = ShareMove("Diffusion models", False, 0.091, 0.04)
TOPIC = ShareMove("video generation", True, 0.01, 0.025)
LEADS = "21.0 % of the week's papers use transformers"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (QUIET, f"{LEADS}; no measured technique or theme clearly rose or fell in half a year."),
        (replace(QUIET, has_calls=False), f"{LEADS}; too few weeks are on record to show a change."),
        (replace(QUIET, leader=None), "Too few papers are on record for a share of any technique."),
        (
            replace(QUIET, largest_move=MOVE, n_weeks_held=13),
            f"LLM agents rose most, from 5.8 % to 11.6 % of papers in the 13 weeks on record; {LEADS}.",
        ),
        (
            replace(QUIET, largest_move=FALL, rising_topic=TOPIC),
            "Diffusion models fell most, from 9.1 % to 4.0 % of papers in half a year; "
            f"the topic that gained most is video generation, from 1.0 % to 2.5 %; {LEADS}.",
        ),
        (
            replace(QUIET, rising_topic=TOPIC),
            "The topic that gained most is video generation, from 1.0 % to 2.5 % of papers; "
            f"{LEADS}; no measured technique or theme clearly rose or fell in half a year.",
        ),
    ],
)
def test_the_headline_says_what_moved_and_then_what_leads(facts: HeadlineFacts, sentence: str) -> None:
    assert WORDING.headline(facts) == sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def test_no_limit_makes_no_note_and_each_limit_makes_one() -> None:
    whole = Completeness(True, 10, 10, None, (), ())
    none = NoteFacts(whole, None, None, 12, True, False, True, ())
    assert WORDING.notes(none) == ()
    weeks = tuple(Week.parse(name) for name in ("2026-W10", "2026-W11", "2026-W13"))
    partial = Completeness(False, 9, 10, "one is missing", weeks, weeks[:1])
    limits = NoteFacts(partial, Lateness(8, 1000, 12), 7, 12, False, True, False, ("Agents", "Reasoning"))
    notes = WORDING.notes(limits)
    assert len(notes) == 9
    for note, words in zip(
        notes,
        ("one is missing", "2026-W11 and 2026-W13", "2026-W10", "1.2", "7 weeks", "12 weeks", "topic", "last year"),
        strict=False,
    ):
        assert words in note
    assert notes[-1].endswith("Agents and Reasoning.")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (SaysWords(("diffusion", "DDPM")), "it says “diffusion”, “DDPM”"),
        (SaysWords(()), "a main contribution"),
        (ShowsTerm("theme", "Evaluation and benchmarks"), "a main contribution is evaluation and benchmarks"),
        (ShowsTerm("technique", "Transformers"), "it is about transformers"),
        (NearCentre(True), "closest to the topic's centre this week"),
        (NearCentre(False), "next closest to the topic's centre"),
    ],
)
def test_every_listed_paper_has_its_reason(reason: PaperReason, words: str) -> None:
    assert WORDING.paper_reason(reason) == words


@pytest.mark.parametrize(("rank", "start"), [(1, "closest"), (2, "2nd closest"), (11, "11th closest"), (23, "23rd")])
def test_a_rank_is_an_ordinal_and_the_first_goes_without(rank: int, start: str) -> None:
    match = FollowMatch("search", "graphs", rank, 1200, 0.5)
    assert EnglishPersonalWording().listed([match], "monthly").startswith(start)


def test_a_share_that_is_not_known_is_never_a_number() -> None:
    unknown = replace(QUIET, largest_move=replace(MOVE, share_before=math.nan))
    assert "nan" not in WORDING.headline(unknown)
