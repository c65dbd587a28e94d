"""Harvests over time: rechecks, late arrivals, a failing arXiv, and what status reports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import SourceError
from domain.harvest import Window
from domain.paper import Paper
from domain.progress import Progress
from domain.week import CLOSE_LAG, Week
from ingest.harvest import plan_harvest, window_of
from ingest.settings import ArxivSettings
from pipeline import harvest, stages
from pipeline.due_windows import held_back_until
from queries.coverage import coverage
from queries.results import LateCount
from runtime.context import AppContext
from runtime.settings import Settings
from sample.arxiv_server import SampleArxiv
from service.cli.status import coverage_lines
from store.arxiv_rate_limit import newest_outcomes
from store.papers import apply_harvest
from store.windows import ids_by_window, late_arrivals, window_records

Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
CATEGORIES = ("cs.LG", "stat.ML")


class _World:
    """arXiv, a database and a clock that only moves when told."""

    hidden: Sequence[Paper] = ()

    def __init__(self, folder: Path, arxiv: SampleArxiv) -> None:
        self.arxiv = arxiv
        self.folder = folder
        self.at(WEEK.end_at + CLOSE_LAG)

    def at(self, now: datetime) -> None:
        self.now = self.arxiv.now = now

    def context(self, **arxiv: object) -> AppContext:
        settings = ArxivSettings.model_validate(
            {"api_url": self.arxiv.api_url, "delay_s": 0, "page_size": 10, "max_tries": 1} | arxiv
        )
        return AppContext(
            Settings(data_dir=self.folder, weeks=2, categories=CATEGORIES, arxiv=settings), clock=lambda: self.now
        )

    def harvest(self, n_weeks: int = 2, **arxiv: object) -> list[str]:
        """What a harvest says, and nothing of it left open."""
        context = self.context(**arxiv)
        try:
            return [step.note for step in stages.harvest(context, n_weeks)]
        finally:
            context.db.close()


@pytest.fixture
def papers(make_paper: Make) -> list[Paper]:
    """Twelve papers, spread over the days, in each of eight weeks up to ``WEEK``."""
    return [
        make_paper(100 * i + j, submitted_at=at, updated_at=at, categories=CATEGORIES)
        for i in range(8)
        for j in range(12)
        for at in [WEEK.plus(-i).start_at + timedelta(hours=13 * j)]
    ]


@pytest.fixture
def world(papers: list[Paper], tmp_path: Path) -> Iterator[_World]:
    with SampleArxiv(papers, now=datetime.now(UTC)) as arxiv:
        yield _World(tmp_path, arxiv)


@contextmanager
def _looking_at(world: _World) -> Iterator[AppContext]:
    context = world.context()
    yield context
    context.db.close()


def _harvest(context: AppContext, windows: Sequence[Window]) -> Iterator[Progress]:
    return harvest.harvest_windows(context.db, context.source, CATEGORIES, windows, page_size=10, clock=context.clock)


def _publish(world: _World, *papers: Paper) -> None:
    """Papers that arXiv shows from now on, whenever they were submitted."""
    world.arxiv._papers = sorted([*world.arxiv._papers, *papers], key=lambda p: (p.submitted_at, p.arxiv_id))


def test_a_harvest_after_weeks_of_downtime_fetches_everything_missed(world: _World) -> None:
    world.at(WEEK.plus(-6).end_at + CLOSE_LAG)
    assert len(world.harvest(2)) == 2
    world.at(WEEK.end_at + CLOSE_LAG)
    notes = world.harvest(2, recheck_weeks=())
    assert [note.split(":")[0] for note in notes] == [str(WEEK.plus(-i)) for i in (5, 4, 3, 2, 1, 0)]
    n_requests = world.arxiv.n_requests
    assert world.harvest(2, recheck_weeks=()) == []
    assert world.arxiv.n_requests == n_requests


def test_a_complete_week_is_rechecked_at_each_age_and_not_in_between(world: _World) -> None:
    world.harvest(1)
    asked = []
    for day in range(1, 70):
        world.at(WEEK.end_at + CLOSE_LAG + timedelta(days=day))
        before = world.arxiv.n_requests
        context = world.context()
        # Only this week: those that close meanwhile are not of interest here.
        due = [w for w in stages.windows_due(context, 1, world.now) if w.start_at == WEEK.start_at]
        list(_harvest(context, due))
        context.db.close()
        if world.arxiv.n_requests > before:
            asked.append((day, world.arxiv.n_requests - before))
    assert asked == [(6, 3), (13, 3), (27, 3), (55, 3)]  # 30 hours after the age, when the clock of this test strikes


def test_late_arrivals_are_stored_counted_into_their_week_and_measured(world: _World, make_paper: Make) -> None:
    world.harvest(2)
    late = [make_paper(900 + i, submitted_at=WEEK.start_at + timedelta(hours=i), categories=("cs.LG",)) for i in (1, 2)]
    world.at(WEEK.end_at + timedelta(days=9))
    _publish(world, late[0])
    notes = world.harvest(1)
    assert f"{WEEK}: 13 papers, 1 new, complete" in notes
    world.at(WEEK.end_at + timedelta(days=29))
    _publish(world, late[1])
    world.harvest(1)
    with _looking_at(world) as context:
        arrivals = {a.window.start_at: a for a in late_arrivals(context.db, CATEGORIES)}
        answer = coverage(context)
    of_week = arrivals[WEEK.start_at]
    assert of_week.first_complete_at == WEEK.end_at + CLOSE_LAG
    assert (of_week.n_papers, of_week.days) == (14, (9.0, 29.0))
    [line] = [w for w in answer.weeks if w.week == WEEK]
    assert (line.n, line.complete, line.late) == (14, True, LateCount(n=2, days_median=19.0, days_max=29.0))
    assert line.categories == {"cs.LG": 14, "stat.ML": 12}
    assert answer.late_arrivals is not None
    assert answer.late_arrivals.late == 2


def test_a_recheck_finds_a_new_paper_even_if_another_is_gone(world: _World, make_paper: Make) -> None:
    world.harvest(1)
    gone = next(p for p in world.arxiv._papers if p.submitted_at >= WEEK.start_at)
    world.arxiv._papers.remove(gone)
    late = make_paper(900, submitted_at=WEEK.start_at + timedelta(hours=1), categories=("cs.LG",))
    _publish(world, late)
    world.at(WEEK.end_at + timedelta(days=7))
    world.harvest(1)
    with _looking_at(world) as context:
        [record] = [r for r in window_records(context.db, CATEGORIES) if r.window == window_of(WEEK)]
        assert late.arxiv_id in ids_by_window(context.db, [record.window], CATEGORIES)[record.window]
    assert record.problem == "arXiv said 12 papers, 13 are held"


def test_the_papers_of_a_first_harvest_are_not_late(world: _World) -> None:
    world.harvest(2)
    with _looking_at(world) as context:
        assert all(a.n_late == 0 and a.n_papers == 12 for a in late_arrivals(context.db, CATEGORIES))


def test_an_imported_week_is_found_complete_without_a_download(world: _World, papers: list[Paper]) -> None:
    with _looking_at(world) as context:
        apply_harvest(context.db, plan_harvest(papers, {}), None, seen_at=world.now)
        n_before = world.arxiv.n_requests
    assert all("0 new, complete" in note for note in world.harvest(2))
    assert world.arxiv.n_requests - n_before == 3  # arXiv's clock, and a count for each week


def test_a_withdrawn_paper_counts_for_completeness_but_not_in_shares(world: _World, papers: list[Paper]) -> None:
    with _looking_at(world) as context:
        withdrawn = [replace(papers[0], is_withdrawn=True, source="oai"), *papers[1:12]]
        apply_harvest(context.db, plan_harvest(withdrawn, {}), None, seen_at=world.now)
    assert world.harvest(1)[0] == f"{WEEK}: 12 papers, 0 new, complete"
    with _looking_at(world) as context:
        [line] = [w for w in coverage(context).weeks if w.week == WEEK]
    assert (line.n, line.complete) == (11, True)


def test_a_week_without_a_response_stays_incomplete_with_its_problem_and_tries(world: _World) -> None:
    world.harvest(1)
    n = world.arxiv.n_requests
    world.arxiv.failing("503", at=(n + 2, n + 4))  # the first question of each harvest is for arXiv's clock
    for _ in range(2):
        with pytest.raises(SourceError):
            world.harvest(2)
    with _looking_at(world) as context:
        answer = coverage(context)
        first, newest = window_records(context.db, CATEGORIES)
    assert newest.is_complete
    assert (first.problem, first.n_tries, first.n_said) == ("arXiv answered 503", 2, None)
    assert [w.problem for w in answer.open_windows] == ["arXiv answered 503"]
    assert answer.arxiv.last_day.problems == 2
    assert any("arXiv answered 503" in line for line in coverage_lines(answer))


def test_a_week_that_arxiv_cannot_serve_does_not_hold_up_newer_ones(world: _World) -> None:
    world.arxiv.failing("500", at=(2,))
    notes = world.harvest(3)
    assert notes[0] == f"{WEEK.plus(-2)}: no usable response: arXiv answered 500"
    with _looking_at(world) as context:
        assert [r.problem for r in window_records(context.db, CATEGORIES)] == ["arXiv answered 500", None, None]
        assert stages.windows_due(context, 3, world.now) == [window_of(WEEK.plus(-2))]


def test_an_unreachable_arxiv_is_not_asked_for_every_week(world: _World) -> None:
    with _looking_at(world) as context:
        windows = [window_of(WEEK.plus(-i)) for i in (2, 1, 0)]
        source = world.context(api_url="http://127.0.0.1:9/api/query").source
        with pytest.raises(SourceError, match="cannot reach"):
            list(harvest.harvest_windows(context.db, source, CATEGORIES, windows, page_size=10, clock=context.clock))
        assert len(window_records(context.db, CATEGORIES)) == 1


def test_a_recheck_without_a_response_leaves_the_week_complete(world: _World) -> None:
    world.harvest(1)
    world.at(WEEK.end_at + timedelta(days=20))
    world.arxiv.failing("503", at=range(world.arxiv.n_requests + 1, 10_000))
    with _looking_at(world) as context:
        [window] = [w for w in stages.windows_due(context, 1, world.now) if w.start_at == WEEK.start_at]
        with pytest.raises(SourceError):
            list(_harvest(context, [window]))
        [record] = window_records(context.db, CATEGORIES)
    assert record.is_complete
    assert (record.n_tries, record.checked_at) == (1, WEEK.end_at + CLOSE_LAG)


def test_too_many_refusals_end_the_harvest_and_the_next_one_sends_nothing(world: _World) -> None:
    world.arxiv.failing("429", at=range(1, 10_000))
    for _ in range(2):
        with pytest.raises(SourceError, match=r"requests (to arXiv )?are paused until"):
            world.harvest(2, max_tries=9, max_refusals=4)
    assert world.arxiv.n_requests == 4
    world.at(world.now + timedelta(hours=1))
    with _looking_at(world) as context:
        answer = coverage(context)
    assert answer.arxiv.refusals_in_a_row == 4


def test_a_window_with_unreadable_papers_names_one_and_stores_the_others(world: _World) -> None:
    world.arxiv.failing("bad_date", at=range(1, 10_000))
    notes = world.harvest(1)
    assert "incomplete: arXiv said 12 papers, 10 are held; 2 entries could not be read" in notes[0]
    with _looking_at(world) as context:
        [record] = window_records(context.db, CATEGORIES)
        assert len(ids_by_window(context.db, [record.window], CATEGORIES)[record.window]) == record.n_got == 10
    world.arxiv._faults.clear()
    assert world.harvest(1) == [f"{WEEK}: 12 papers, 2 new, complete"]


def test_two_harvests_at_once_through_one_database_take_turns(world: _World) -> None:
    shops = [world.context(delay_s=0.02) for _ in range(2)]
    weeks = [[WEEK, WEEK.plus(-1)], [WEEK.plus(-2), WEEK.plus(-3)]]
    windows = [[window_of(week) for week in some] for some in weeks]
    for context in shops:
        assert context.db.is_sqlite  # opened, and so migrated, before there are two
    threads = [
        threading.Thread(target=lambda s=context, w=some: list(_harvest(s, w)))
        for context, some in zip(shops, windows, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for context in shops:
        context.db.close()
    with _looking_at(world) as context:
        assert [r.is_complete for r in window_records(context.db, CATEGORIES)] == [True] * 4
        answers = newest_outcomes(context.db, 99)[::-1]
    ends = [a.asked_at + timedelta(seconds=a.seconds) for a in answers]
    # Each answer is noted before the next question, and the pause is between the two.
    assert all(b.asked_at - end >= timedelta(seconds=0.015) for end, b in zip(ends, answers[1:], strict=False))


@pytest.fixture
def late_index(make_paper: Make, tmp_path: Path) -> Iterator[_World]:
    """Forty papers in each of ten weeks; the newest week's last three days are not shown yet."""
    papers = [
        make_paper(100 * i + j, submitted_at=WEEK.plus(-i).start_at + timedelta(hours=4.2 * j), categories=CATEGORIES)
        for i in range(-1, 9)
        for j in range(40)
    ]
    reached = WEEK.end_at - timedelta(days=2, hours=6)
    with SampleArxiv([p for p in papers if p.submitted_at < reached], now=WEEK.end_at) as arxiv:
        world = _World(tmp_path, arxiv)
        arxiv.index_end = reached
        world.hidden = [p for p in papers if p.submitted_at >= reached]
        yield world


@pytest.mark.parametrize("n_weeks", [1, 9])
def test_a_week_stays_open_while_arxivs_index_is_behind(late_index: _World, n_weeks: int) -> None:
    notes = late_index.harvest(n_weeks)
    assert notes[-1].startswith(f"{WEEK}: 28 papers, 28 new, incomplete: arXiv's index may be behind: no paper was")
    assert all("complete" in note and "incomplete" not in note for note in notes[:-1])
    with _looking_at(late_index) as context:
        answer = coverage(context)
        assert window_of(WEEK) in stages.windows_due(context, 1, late_index.now)
        assert held_back_until(context.db, WEEK, CATEGORIES, now=late_index.now) is not None
        after_six_days = WEEK.closes_at + timedelta(days=6)
        assert held_back_until(context.db, WEEK, CATEGORIES, now=after_six_days) is None
    [line] = answer.open_windows
    assert line.index_gap is not None
    assert (line.index_gap.kind, line.index_gap.n_newer, line.index_gap.n_weeks) == ("end", 0, 0 if n_weeks == 1 else 8)
    assert any("index may be behind" in text for text in coverage_lines(answer))

    late_index.at(late_index.now + timedelta(hours=3))
    n_requests = late_index.arxiv.n_requests
    assert "index may be behind" in late_index.harvest(1)[-1]
    assert late_index.arxiv.n_requests - n_requests == 4  # the clock, one count, and two for newer papers

    late_index.at(late_index.now + timedelta(days=1))
    _publish(late_index, *late_index.hidden)
    late_index.arxiv.index_end = None
    assert late_index.harvest(1)[-1] == f"{WEEK}: 40 papers, 12 new, complete"
    with _looking_at(late_index) as context:
        assert coverage(context).open_windows == ()


def test_a_small_corpus_is_believed_once_arxiv_shows_anything_newer(late_index: _World, make_paper: Make) -> None:
    elsewhere = make_paper(
        9000, submitted_at=WEEK.end_at + timedelta(minutes=1), categories=("math.CO",), primary_category="math.CO"
    )
    _publish(late_index, elsewhere)
    assert late_index.harvest(1)[-1] == f"{WEEK}: 28 papers, 28 new, complete"


def test_a_source_that_cannot_be_asked_for_newer_papers_leaves_the_week_open(late_index: _World) -> None:
    late_index.arxiv.failing("503", at=range(6, 99))  # after arXiv's clock, three pages and the proof
    assert "it could not be asked for newer papers" in late_index.harvest(1)[-1]
