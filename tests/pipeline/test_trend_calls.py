"""Stored calls are marked where a venue's wave explains them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from analysis.trends.trend_calls import TermCounts
from domain.detections import ADOPTS, Detection, PaperDetections
from domain.paper import ArxivId, Paper
from domain.progress import Progress
from domain.trend_calls import MoveOfWave, TrendCall
from domain.week import Week
from ingest.harvest import plan_harvest
from pipeline import digest_venue_waves, stages
from pipeline.trend_calls import mark_waves, store_calls
from runtime.context import AppContext
from runtime.settings import Settings
from store.detections import add_detections
from store.papers import apply_harvest
from store.schema import trend_call
from store.trend_calls import add_calls, add_waves, calls_of_week, unmarked_moves

WEEK = Week.parse("2026-W25")
N_WEEKS = 14
PAPERS_PER_WEEK = 150
WAVE = {WEEK.plus(-3): 8, WEEK.plus(-2): 16, WEEK.plus(-1): 24, WEEK: 32}
"""Papers of Interspeech by week; all are about diffusion, as ten others of every week are."""


@pytest.fixture
def context(tmp_path: Path, make_paper: Callable[..., Paper]) -> Iterator[AppContext]:
    """Weeks of papers with a wave in the last ones, detected and counted."""
    settings = Settings(data_dir=tmp_path, categories=("cs.LG",), now=WEEK.closes_at)
    with AppContext(settings) as context:
        papers, detected = [], []
        for week in (WEEK.plus(i - N_WEEKS + 1) for i in range(N_WEEKS)):
            for place in range(PAPERS_PER_WEEK):
                is_of_wave = place >= PAPERS_PER_WEEK - WAVE.get(week, 0)
                comment = "Accepted to Interspeech 2026" if is_of_wave else "ICML 2026" if place < 2 else None
                at = {"submitted_at": week.start_at, "updated_at": week.start_at}
                paper = make_paper(len(papers) + 1, comment=comment, **at)
                papers.append(paper)
                found = (Detection("technique", "diffusion", ADOPTS, ()),) if place < 10 or is_of_wave else ()
                detected.append(PaperDetections(paper.arxiv_id, found))
        apply_harvest(context.db, plan_harvest(papers, {}), None, seen_at=WEEK.closes_at)
        add_detections(context.db, context.detector.detector_id, detected)
        list(stages.tables(context))
        yield context


def _marked(context: AppContext, counts: TermCounts) -> list[Progress]:
    return list(
        mark_waves(
            context.db,
            counts,
            categories=context.settings.categories,
            detector=context.detector,
            model=None,
            false_discovery_rate=0.05,
        )
    )


def _call_of_diffusion(context: AppContext) -> TrendCall:
    return next(call for call in calls_of_week(context.db, WEEK) if call.key == "diffusion")


def test_a_wave_changes_the_verdict_of_a_stored_call_once(context: AppContext) -> None:
    counts = stages.term_counts(context, ())
    list(store_calls(context.db, WEEK, counts, false_discovery_rate=0.05, made_with="test", now=WEEK.closes_at))
    called = _call_of_diffusion(context)
    assert called.verdict == "rising"
    of_older_fit = replace(called, kind="topic", key="999")
    watched = replace(called, kind="query", key="denoising")
    add_calls(context.db, [of_older_fit, watched], made_with="test", made_at=WEEK.closes_at)

    (progress,) = _marked(context, counts)
    assert (progress.n_done, progress.n_total, progress.note) == (1, 1, f"{WEEK}: a venue's wave explains 1 of 1 moves")
    call = _call_of_diffusion(context)
    assert (call.verdict, call.called) == ("wave", "rising")
    assert call.wave == MoveOfWave("Interspeech", 32, 42, called="rising", without="steady")
    assert unmarked_moves(context.db) == [of_older_fit, watched], "what cannot be looked at is not called no wave's"

    assert _marked(context, counts) == []


def test_a_mark_of_an_older_rule_stays_where_its_term_is_not_counted_any_more(context: AppContext) -> None:
    counts = stages.term_counts(context, ())
    list(store_calls(context.db, WEEK, counts, false_discovery_rate=0.05, made_with="test", now=WEEK.closes_at))
    called = _call_of_diffusion(context)
    of_older_fit = replace(called, kind="topic", key="999")
    add_calls(context.db, [of_older_fit], made_with="test", made_at=WEEK.closes_at)
    icml = MoveOfWave("ICML", 1, 42, without="unproven")
    add_waves(context.db, WEEK, {("technique", "diffusion"): icml, ("topic", "999"): icml})
    with context.db.write() as connection:
        connection.execute(update(trend_call).values(wave_rule=1))

    assert len(_marked(context, counts)) == 1
    waves = {call.key: call.wave for call in calls_of_week(context.db, WEEK) if call.wave is not None}
    assert waves["diffusion"] == MoveOfWave("Interspeech", 32, 42, called="rising", without="steady")
    assert waves["999"] == replace(icml, called="rising")
    assert _marked(context, counts) == []


def test_each_week_is_reported_and_its_papers_are_read_once(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = stages.term_counts(context, ())
    weeks = [WEEK.plus(-6), WEEK.plus(-5), WEEK.plus(-4)]  # before the wave
    rises = [TrendCall(week, "technique", "diffusion", "rising", 0.01, 0.12, 0.1, 400) for week in weeks]
    add_calls(context.db, rises, made_with="test", made_at=WEEK.closes_at)
    read: list[Week] = []
    comments = digest_venue_waves.comments_and_abstracts

    def noted(db: object, week: Week, categories: object) -> list[tuple[ArxivId, str | None, str]]:
        read.append(week)
        return comments(context.db, week, context.settings.categories)

    monkeypatch.setattr(digest_venue_waves, "comments_and_abstracts", noted)
    assert [(step.n_done, step.n_total) for step in _marked(context, counts)] == [(1, 3), (2, 3), (3, 3)]
    assert len(read) == len(set(read)) > N_WEEKS - 6
    assert [calls_of_week(context.db, week) for week in weeks] == [[rise] for rise in rises]
    assert unmarked_moves(context.db) == []
