"""Texts on a whole digest: a quiet week, and the papers that fit a topic."""

from __future__ import annotations

from dataclasses import replace
from math import nan

from domain.digest import DigestEdition, EndedMove, Share, TopicCoverage
from domain.trend_calls import CallVerdict, MoveOfWave, TrendCall
from domain.week import Week
from templates import whole_digest_wording
from templates.digest_pages import render_html, render_text
from templates.links import DIGEST_FILE_LINKS

NB = "\u00a0"


def test_the_papers_that_fit_a_topic_have_no_false_precision() -> None:
    assert whole_digest_wording.coverage_text(TopicCoverage(9, Share(40, 40, 1.0, 0.9, 1.0))).startswith(
        "all of the week"
    )
    assert "100" not in whole_digest_wording.coverage_text(TopicCoverage(9, Share(40, 40, 1.0, 0.9, 1.0)))
    assert whole_digest_wording.coverage_text(TopicCoverage(9, Share(30, 40, 0.75, 0.6, 0.9))).startswith(f"75.0{NB}%")


def called(believable: DigestEdition, verdict: CallVerdict) -> str:
    week = Week.parse("2026-W25")
    call = TrendCall(week, "technique", "diffusion", verdict, 0.5, 0.1, nan, 10)
    lines = tuple(replace(line, call=call) for line in believable.digest.techniques)
    quiet = replace(believable.digest, techniques=lines, themes=(), topics=())
    return whole_digest_wording.quiet_topics_text(quiet)


def test_a_new_topic_that_is_called_rising_is_a_topic_that_rose(believable: DigestEdition) -> None:
    topic = believable.digest.topics[0]
    assert topic.call is not None
    rising, steady = replace(topic.call, verdict="rising", wave=None), replace(topic.call, verdict="steady", wave=None)

    def quiet(call: TrendCall) -> str:
        new = replace(topic, status="new", call=call, wave=None)
        return whole_digest_wording.quiet_topics_text(replace(believable.digest, topics=(new,)))

    assert quiet(rising) == "No topic clearly fell this week."
    assert quiet(steady) == "No topic clearly rose or fell this week."


def test_what_was_called_to_move_a_week_before_and_is_not_any_more_is_told(believable: DigestEdition) -> None:
    assert whole_digest_wording.ended_moves_text(believable.digest) == ""
    wave = MoveOfWave("Interspeech", 26, 61)
    ended = (
        EndedMove("topic", "78", "low-light images", "falling", "steady"),
        EndedMove("technique", "gnn", "Graph networks", "rising", "wave", wave),
    )
    digest = replace(believable.digest, ended=ended)
    sentence = (
        "No longer called: the topic low-light images (falling in 2026-W24; now within noise); "
        "Graph networks (rising in 2026-W24; now within noise without a wave of Interspeech papers)."
    )
    assert whole_digest_wording.ended_moves_text(digest) == sentence
    edition = replace(believable, digest=digest)
    for part in (render_text(edition), render_html(edition, links=DIGEST_FILE_LINKS)):
        assert sentence in " ".join(part.split())


def test_a_mail_says_what_topics_of_a_conference_are() -> None:
    headings = [whole_digest_wording.topics_heading(heading) for heading, _, _ in whole_digest_wording.TOPIC_GROUPS]
    assert headings == [
        "Rising topics",
        "New topics",
        "Falling topics",
        "Topics that move only with one venue’s papers",
    ]


def test_a_quiet_week_differs_from_one_with_too_little_data(believable: DigestEdition) -> None:
    assert called(believable, "steady") == "No topic clearly rose or fell this week, and none is new."
    assert called(believable, "unknown").startswith(
        "It is not known yet whether topics rise or fall: there are too few weeks"
    )


def test_tex_of_one_ended_name_does_not_pair_with_that_of_another(believable: DigestEdition) -> None:
    ended = (
        EndedMove("name", "1", "Cash$Bench", "rising", "steady"),
        EndedMove("name", "2", r"$\tau$-bench", "rising", "steady"),
        EndedMove("name", "3", "A_$B", "rising", "steady"),
    )
    edition = replace(believable, digest=replace(believable.digest, ended=ended))
    then = "(rising in 2026-W24; now within noise)"
    sentence = f"No longer called: Cash$Bench {then}; τ-bench {then}; A_$B {then}."
    assert whole_digest_wording.ended_moves_text(edition.digest) == sentence
    for part in (render_text(edition), render_html(edition, links=DIGEST_FILE_LINKS)):
        assert sentence in " ".join(part.split())
