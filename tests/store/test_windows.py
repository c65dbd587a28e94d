"""Window records: first completeness, late papers, and the papers of a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from domain.detections import PaperDetections
from domain.embeddings import Embeddings
from domain.harvest import HarvestedWindow, Window
from domain.paper import Paper
from domain.week import Week
from ingest.harvest import plan_harvest, window_of
from store.database import Database
from store.detections import add_detections
from store.embeddings import add_embeddings
from store.papers import (
    apply_harvest,
    count_by_category,
    count_not_analysed,
    count_seen_after,
    weeks_with_papers,
)
from store.windows import ids_by_window, late_arrivals, newest_week_held, window_records

WEEK = Week.parse("2026-W25")
WATCHED = ("cs.LG", "stat.ML")
CLOSED = datetime(2026, 6, 23, 6, tzinfo=UTC)
Make = Callable[..., Paper]


def _harvest(db: Database, *papers: Paper, at: datetime, problem: str | None = None, week: Week = WEEK) -> None:
    harvested = HarvestedWindow(window_of(week), WATCHED, papers, len(papers), problem, at)
    apply_harvest(db, plan_harvest(papers, {}), harvested, seen_at=at)


def test_the_first_time_of_completeness_stays_when_the_window_is_harvested_again(database: Database) -> None:
    for days, problem in ((0, "one is missing"), (1, None), (8, None), (15, "one is missing")):
        _harvest(database, at=CLOSED + timedelta(days=days), problem=problem)
    [record] = window_records(database, WATCHED)
    assert (record.first_complete_at, record.checked_at) == (CLOSED + timedelta(days=1), CLOSED + timedelta(days=15))
    assert (record.is_complete, record.n_tries) == (False, 4)


def test_late_are_the_papers_first_seen_after_their_window_was_complete(database: Database, make_paper: Make) -> None:
    _harvest(database, make_paper(1), at=CLOSED, problem="one is missing")
    _harvest(database, make_paper(2), at=CLOSED + timedelta(days=1))
    _harvest(database, make_paper(3), make_paper(4), at=CLOSED + timedelta(days=8))
    _harvest(database, make_paper(5), at=CLOSED + timedelta(days=15))
    [found] = late_arrivals(database, WATCHED)
    day = (CLOSED - WEEK.end_at) / timedelta(days=1)
    assert (found.n_papers, found.n_late) == (5, 3)
    assert found.days == (day + 8, day + 8, day + 15)
    assert count_seen_after(database, WEEK, WATCHED, CLOSED + timedelta(days=8)) == 1


def test_a_window_that_was_never_complete_tells_nothing_of_lateness(database: Database, make_paper: Make) -> None:
    _harvest(database, make_paper(1), at=CLOSED, problem="one is missing")
    assert late_arrivals(database, WATCHED) == []


def test_a_window_holds_its_papers_from_its_first_instant_to_before_its_last(
    database: Database, make_paper: Make
) -> None:
    second = timedelta(seconds=1)
    papers = [
        make_paper(1, submitted_at=WEEK.start_at),
        make_paper(2, submitted_at=WEEK.end_at - second, is_withdrawn=True),
        make_paper(3, submitted_at=WEEK.start_at - second),
        make_paper(4, submitted_at=WEEK.end_at),
        make_paper(5, categories=("math.OC",), primary_category="math.OC"),
    ]
    apply_harvest(database, plan_harvest(papers, {}), None, seen_at=CLOSED)
    window = window_of(WEEK)
    assert ids_by_window(database, [window], WATCHED) == {window: {papers[0].arxiv_id, papers[1].arxiv_id}}


def test_one_query_finds_the_papers_of_many_windows(database: Database, make_paper: Make) -> None:
    weeks = [WEEK.plus(n) for n in (-52, -1, 0, 1)]
    papers = [make_paper(n, submitted_at=week.start_at) for n, week in enumerate(weeks)]
    apply_harvest(database, plan_harvest(papers, {}), None, seen_at=CLOSED)
    both = Window(weeks[1].start_at, weeks[2].end_at)
    windows = [window_of(weeks[3]), both, window_of(weeks[2]), window_of(WEEK.plus(-2))]
    found = ids_by_window(database, windows, WATCHED)
    assert found == {
        windows[0]: {papers[3].arxiv_id},
        both: {papers[1].arxiv_id, papers[2].arxiv_id},
        windows[2]: {papers[2].arxiv_id},
        windows[3]: set(),
    }
    assert ids_by_window(database, [], WATCHED) == {}


def test_each_category_counts_the_papers_that_it_lists(database: Database, make_paper: Make) -> None:
    both = make_paper(1, categories=("cs.LG", "stat.ML", "math.OC"))
    papers = [both, make_paper(2), make_paper(3, is_withdrawn=True), replace(make_paper(4), categories=("cs.LG",))]
    apply_harvest(database, plan_harvest(papers, {}), None, seen_at=CLOSED)
    assert count_by_category(database, WATCHED) == {WEEK: {"cs.LG": 3, "stat.ML": 1}}


def test_the_newest_week_is_a_harvested_one_before_one_with_only_stored_papers(
    database: Database, make_paper: Make
) -> None:
    assert newest_week_held(database, WATCHED) is None
    apply_harvest(database, plan_harvest([make_paper(1)], {}), None, seen_at=CLOSED)
    assert newest_week_held(database, WATCHED) == WEEK
    _harvest(database, at=CLOSED, week=WEEK.plus(-4))
    assert newest_week_held(database, WATCHED) == WEEK.plus(-4)
    assert newest_week_held(database, ("cs.LG",)) == WEEK


def test_late_arrivals_count_overlapping_windows_empty_ones_and_no_withdrawn_paper(
    database: Database, make_paper: Make
) -> None:
    _harvest(database, at=CLOSED, week=WEEK.plus(-8))  # holds no paper
    _harvest(database, make_paper(1), make_paper(2, is_withdrawn=True), at=CLOSED)
    both = HarvestedWindow(Window(WEEK.plus(-1).start_at, WEEK.end_at), WATCHED, (), 0, None, CLOSED)
    older = make_paper(3, submitted_at=WEEK.plus(-1).start_at)
    apply_harvest(database, plan_harvest((older,), {}), both, seen_at=CLOSED)
    late_at = CLOSED + timedelta(days=2)
    unwatched = make_paper(6, categories=("math.OC",), primary_category="math.OC")
    late = [make_paper(4), make_paper(5, is_withdrawn=True), unwatched]
    apply_harvest(database, plan_harvest(late, {}), None, seen_at=late_at)
    found = {a.window: (a.n_papers, a.days) for a in late_arrivals(database, WATCHED)}
    days = ((late_at - WEEK.end_at) / timedelta(days=1),)
    assert found == {window_of(WEEK.plus(-8)): (0, ()), both.window: (3, days), window_of(WEEK): (2, days)}


def test_weeks_with_papers_leaves_out_weeks_with_only_withdrawn_or_unwatched_papers(
    database: Database, make_paper: Make
) -> None:
    weeks = [WEEK.plus(-n) for n in range(4)]
    papers = [
        make_paper(1, submitted_at=weeks[0].start_at),
        make_paper(2, submitted_at=weeks[1].start_at, is_withdrawn=True),
        make_paper(3, submitted_at=weeks[2].start_at, categories=("math.OC",), primary_category="math.OC"),
    ]
    apply_harvest(database, plan_harvest(papers, {}), None, seen_at=CLOSED)
    assert weeks_with_papers(database, weeks, WATCHED) == {weeks[0]}
    assert weeks_with_papers(database, [], WATCHED) == set()


def test_not_analysed_are_the_watched_papers_of_a_week_without_detections_or_vector(
    database: Database, make_paper: Make
) -> None:
    papers = [make_paper(n) for n in range(1, 5)]
    unwatched = make_paper(5, categories=("math.OC",), primary_category="math.OC")
    other_week = make_paper(6, submitted_at=WEEK.plus(-1).start_at)
    everything = (*papers, make_paper(7, is_withdrawn=True), unwatched, other_week)
    apply_harvest(database, plan_harvest(everything, {}), None, seen_at=CLOSED)
    add_detections(database, "d", [PaperDetections(p.arxiv_id, ()) for p in papers[:2]])
    add_detections(database, "another", [PaperDetections(p.arxiv_id, ()) for p in papers])
    with_vector = (papers[1].arxiv_id, papers[2].arxiv_id)
    add_embeddings(database, Embeddings(with_vector, np.eye(2, 8, dtype=np.float32), "m"))
    assert count_not_analysed(database, WEEK, WATCHED, detector_id="d", embedding_model_id="m") == 3
    assert count_not_analysed(database, WEEK, WATCHED, detector_id="d", embedding_model_id=None) == 4
