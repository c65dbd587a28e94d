"""A harvested window is complete with all of its papers, or says that it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SourceError, SourceUnavailable
from domain.harvest import HarvestedWindow, LateArrivals, Lateness, Window, WindowRecord
from domain.paper import ArxivId, Paper
from domain.week import Week
from ingest.harvest import (
    MAX_PER_QUERY,
    harvest_window,
    plan_harvest,
    settled_lateness,
    weeks_to_cover,
    window_of,
    windows_due,
)
from ingest.query_api_client import ArxivClient, Page
from ingest.settings import ArxivSettings
from sample.arxiv_server import FaultKind, SampleArxiv

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
WEEK = Week.parse("2026-W25")
N_PAPERS = 25
Make = Callable[..., Paper]


def _harvest(
    arxiv: SampleArxiv,
    *,
    max_tries: int = 2,
    week: Week = WEEK,
    held: Iterable[Paper] = (),
    by_count: bool = True,
) -> HarvestedWindow:
    settings = ArxivSettings(api_url=arxiv.api_url, delay_s=0, max_tries=max_tries, timeout_s=0.5)
    client = ArxivClient(settings, product="test")
    ids = [p.arxiv_id for p in held]
    return harvest_window(client, window_of(week), ("cs.LG",), page_size=10, now=NOW, held=ids, by_count=by_count)


@pytest.mark.parametrize("max_tries", [1, 2])
@pytest.mark.parametrize("at", [(1,), (2,), (3,), (4,), (2, 3)])
@pytest.mark.parametrize("kind", get_args(FaultKind))
def test_no_fault_loses_a_paper_in_silence(
    make_paper: Make, kind: FaultKind, at: tuple[int, ...], max_tries: int
) -> None:
    truth = [make_paper(i) for i in range(N_PAPERS)]
    with SampleArxiv(truth, now=NOW).failing(kind, at=at) as arxiv:
        try:
            found = _harvest(arxiv, max_tries=max_tries)
        except SourceError:
            assert at[0] == 1  # without any answer there is no result
            return
    assert set(found.papers) <= set(truth)  # in particular, no truncated abstract
    if found.is_complete:
        assert list(found.papers) == truth
        assert found.n_said == N_PAPERS
    else:
        assert found.problem


@pytest.mark.parametrize(
    "kind", ["503", "429", "406", "500", "html", "truncate", "cut", "reset", "stall", "empty", "lie"]
)
@pytest.mark.parametrize("at", [(1,), (2,), (3,), (4,)])
def test_a_passing_fault_costs_no_completeness(make_paper: Make, kind: FaultKind, at: tuple[int, ...]) -> None:
    truth = [make_paper(i) for i in range(N_PAPERS)]
    with SampleArxiv(truth, now=NOW).failing(kind, at=at) as arxiv:
        found = _harvest(arxiv)
    assert found.problem is None
    assert list(found.papers) == truth


def test_a_quiet_harvest_asks_once_a_page_and_once_for_the_proof(make_paper: Make) -> None:
    heard: list[tuple[int, int]] = []
    with SampleArxiv([make_paper(i) for i in range(N_PAPERS)], now=NOW) as arxiv:
        settings = ArxivSettings(api_url=arxiv.api_url, delay_s=0)
        client = ArxivClient(settings, product="test")
        harvest_window(
            client,
            window_of(WEEK),
            ("cs.LG",),
            page_size=10,
            now=NOW,
            on_progress=lambda n, total: heard.append((n, total)),
        )
        assert arxiv.n_requests == 4
    assert heard == [(10, 25), (20, 25), (25, 25)]


def test_an_empty_window_is_believed_only_when_arxivs_other_counts_leave_no_paper_for_it(make_paper: Make) -> None:
    before = make_paper(1, submitted_at=WEEK.start_at - timedelta(days=30))
    with SampleArxiv([before], now=NOW) as arxiv:
        found = _harvest(arxiv)
        assert arxiv.n_requests == 4
    assert (found.is_complete, found.papers, found.n_said) == (True, (), 0)
    after = make_paper(1, submitted_at=WEEK.end_at + timedelta(hours=1))
    with SampleArxiv([after], now=NOW + timedelta(days=2)) as arxiv:
        assert _harvest(arxiv).is_complete
    with SampleArxiv([make_paper(1)], now=NOW).failing("zero", at=(1,)) as arxiv:
        found = _harvest(arxiv)
    assert (found.is_complete, found.papers) == (True, (make_paper(1),))


@pytest.mark.parametrize("at", [range(1, 99), (1, 2), (1, 2, 3), (1, 2, 4)])
def test_an_arxiv_that_says_zero_to_everything_is_not_believed(make_paper: Make, at: Sequence[int]) -> None:
    before = make_paper(9, submitted_at=WEEK.start_at - timedelta(days=30))
    with SampleArxiv([before, make_paper(1)], now=NOW).failing("zero", at=at) as arxiv:
        found = _harvest(arxiv)
    assert not found.is_complete
    assert "arXiv said 0 papers" in str(found.problem)


def test_an_entry_that_cannot_be_read_keeps_its_window_open(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(3)]
    for kind in ("no_published", "bad_date", "no_id"):
        with SampleArxiv(papers, now=NOW).failing(kind, at=(1,)) as arxiv:  # type: ignore[arg-type]
            found = _harvest(arxiv)
        assert not found.is_complete
        assert list(found.papers) == papers[1:]
        assert len(found.unreadable) == 1
        assert "1 entries could not be read" in str(found.problem)


def test_papers_from_outside_the_window_are_a_problem(make_paper: Make) -> None:
    class Careless:
        def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
            stray = make_paper(1, submitted_at=WEEK.end_at)
            return Page((stray,), 1, 1, (), NOW)

        def papers_by_id(self, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
            return ()

    found = harvest_window(Careless(), window_of(WEEK), ("cs.LG",), page_size=10, now=NOW)
    assert "outside the window" in str(found.problem)
    assert found.papers == ()


def test_the_first_and_the_last_second_of_a_week_belong_to_it(make_paper: Make) -> None:
    edges = [
        make_paper(1, submitted_at=WEEK.start_at),
        make_paper(2, submitted_at=WEEK.end_at - timedelta(seconds=1)),
    ]
    beyond = [
        make_paper(3, submitted_at=WEEK.start_at - timedelta(seconds=1)),
        make_paper(4, submitted_at=WEEK.end_at),
    ]
    with SampleArxiv([*edges, *beyond], now=NOW + timedelta(days=1)) as arxiv:
        found = _harvest(arxiv)
    assert (found.is_complete, list(found.papers)) == (True, edges)


def test_stored_papers_are_proven_complete_by_count_alone(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(N_PAPERS)]
    with SampleArxiv(papers, now=NOW) as arxiv:
        found = _harvest(arxiv, held=papers)
        assert arxiv.n_requests == 1
    assert (found.is_complete, found.papers, found.n_got, found.n_said) == (True, (), N_PAPERS, N_PAPERS)


@pytest.mark.parametrize("kind", ["lie", "zero"])
def test_a_different_count_is_requested_twice_before_anything_is_fetched(make_paper: Make, kind: FaultKind) -> None:
    papers = [make_paper(i) for i in range(N_PAPERS)]
    with SampleArxiv(papers, now=NOW).failing(kind, at=(1,)) as arxiv:
        found = _harvest(arxiv, held=papers)
        assert arxiv.n_requests == 2
    assert (found.is_complete, found.papers) == (True, ())


def test_papers_missing_from_the_stored_ones_are_fetched(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(N_PAPERS)]
    with SampleArxiv(papers, now=NOW) as arxiv:
        found = _harvest(arxiv, held=papers[:-2])
    assert (found.is_complete, list(found.papers), found.n_got) == (True, papers, N_PAPERS)


def test_what_came_before_and_what_comes_now_prove_a_window_together(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(N_PAPERS)]
    with SampleArxiv(papers, now=NOW).failing("shift", at=(4,), arg=3) as arxiv:
        found = _harvest(arxiv, held=papers[17:20])
    assert len(found.papers) < N_PAPERS
    assert (found.is_complete, found.n_got) == (True, N_PAPERS)


def test_equal_counts_of_unequal_sets_do_not_pass_a_download(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(4)]
    with SampleArxiv([papers[0], papers[2]], now=NOW) as arxiv:
        found = _harvest(arxiv, held=papers[:2], by_count=False)
    assert papers[2] in found.papers
    assert found.problem == "arXiv said 2 papers, 3 are held"
    moved = replace(papers[1], categories=("math.OC",), primary_category="math.OC")
    with SampleArxiv([papers[0], moved, papers[2]], now=NOW) as arxiv:
        found = _harvest(arxiv, held=papers[:2], by_count=False)
    assert (found.is_complete, found.n_got, set(found.papers)) == (True, 2, {papers[0], moved, papers[2]})


def test_a_stored_paper_unknown_to_arxiv_does_not_make_up_for_a_missing_one(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(N_PAPERS)]
    with SampleArxiv(papers, now=NOW).failing("shift", at=(2,)) as arxiv:
        found = _harvest(arxiv, held=[make_paper(99)], by_count=False)
    assert len(found.papers) == N_PAPERS - 1
    assert found.problem == "arXiv said 25 papers, 25 are held, but 24 came"


def test_a_zero_count_does_not_disprove_stored_papers(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(3)]
    with SampleArxiv(papers, now=NOW).failing("zero", at=range(1, 99)) as arxiv:
        found = _harvest(arxiv, held=papers)
    assert "arXiv said 0 papers" in str(found.problem)


def test_a_paper_that_left_the_watched_categories_is_looked_up_by_id(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(5)]
    moved = replace(papers[0], categories=("math.OC",), primary_category="math.OC")
    with SampleArxiv([moved, *papers[1:]], now=NOW) as arxiv:
        found = _harvest(arxiv, held=papers)
        assert "id_list=" + moved.arxiv_id in arxiv.requests[-1]
    assert (found.is_complete, found.n_got, found.n_said) == (True, 4, 4)
    assert moved in found.papers
    with SampleArxiv(papers[1:], now=NOW) as arxiv:
        found = _harvest(arxiv, held=papers)
    assert found.problem == "arXiv said 4 papers, 5 are held"


class _Large:
    """A source with more papers than one query can reach; it records the requests."""

    def __init__(self, papers: Sequence[Paper], *, fails_from: int | None = None) -> None:
        self.papers = papers
        self.asked: list[tuple[Window, int, int]] = []
        self._fails_from = fails_from

    def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
        self.asked.append((window, start, size))
        if self._fails_from is not None and len(self.asked) >= self._fails_from:
            raise SourceUnavailable("gone")
        assert start + size <= MAX_PER_QUERY
        found = [p for p in self.papers if window.start_at <= p.submitted_at < window.end_at]
        page = tuple(found[start : start + size])
        return Page(page, len(found), len(page), (), NOW)

    def papers_by_id(self, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
        return ()


@pytest.fixture(scope="module")
def crowd(make_paper: Make) -> list[Paper]:
    """65,000 papers within a week, half of them in its first hour."""
    at = [WEEK.start_at + timedelta(seconds=i % 3600 if i % 2 else i * 9) for i in range(65_000)]
    one = make_paper(1)
    papers = [
        replace(one, arxiv_id=ArxivId(f"26{i // 10_000:02d}.{i % 10_000:05d}"), submitted_at=t)
        for i, t in enumerate(at)
    ]
    return sorted(papers, key=lambda p: (p.submitted_at, p.arxiv_id))


def test_a_window_beyond_arxivs_result_limit_is_fetched_in_parts(crowd: list[Paper]) -> None:
    source = _Large(crowd)
    found = harvest_window(source, window_of(WEEK), ("cs.LG",), page_size=1999, now=NOW)
    assert (found.is_complete, found.n_said) == (True, 65_000)
    assert list(found.papers) == crowd


def test_a_part_that_gives_no_answer_keeps_the_window_open_and_the_other_parts(crowd: list[Paper]) -> None:
    found = harvest_window(_Large(crowd, fails_from=45), window_of(WEEK), ("cs.LG",), page_size=1999, now=NOW)
    assert found.problem == "gone"
    assert 0 < len(found.papers) < 65_000


def test_more_papers_in_a_minute_than_arxiv_reaches_stay_an_open_window(crowd: list[Paper]) -> None:
    source = _Large([replace(p, submitted_at=WEEK.start_at) for p in crowd])
    found = harvest_window(source, window_of(WEEK), ("cs.LG",), page_size=2000, now=NOW)
    assert found.problem == "arXiv said 65,000 papers, 30,000 are held"


def _record(week: Week, problem: str | None = None, *, checked_at: datetime = NOW) -> WindowRecord:
    return WindowRecord(window_of(week), ("cs.LG",), 3, 3, problem, checked_at, 1, None if problem else checked_at)


def test_windows_are_due_until_their_week_is_complete() -> None:
    weeks = [WEEK.plus(1), WEEK, WEEK.plus(-1)]
    records = [_record(WEEK), _record(WEEK.plus(1), "one is missing")]
    assert windows_due(weeks, records) == [window_of(WEEK.plus(-1)), window_of(WEEK.plus(1))]


def test_an_open_window_is_due_however_old_it_is() -> None:
    old = _record(WEEK.plus(-60), "arXiv said 4 papers, 3 are held")
    assert windows_due([WEEK], [_record(WEEK), old]) == [old.window]


def test_a_complete_window_is_rechecked_once_at_each_age() -> None:
    closed = WEEK.end_at + timedelta(days=2)

    def due(after: timedelta, checked_at: datetime) -> bool:
        records = [_record(WEEK, checked_at=checked_at)]
        return bool(windows_due([WEEK], records, now=WEEK.end_at + after, recheck_weeks=(1, 2, 4)))

    assert not due(timedelta(days=6), closed)
    assert due(timedelta(days=7), closed)
    assert not due(timedelta(days=13), WEEK.end_at + timedelta(days=7))
    assert due(timedelta(days=40), WEEK.end_at + timedelta(days=8))
    assert not due(timedelta(days=400), WEEK.end_at + timedelta(days=40))
    assert not windows_due([WEEK], [_record(WEEK, checked_at=closed)], now=WEEK.end_at + timedelta(days=99))


def test_a_harvest_covers_the_last_weeks_and_all_since_the_newest_stored() -> None:
    last = [WEEK.plus(-2), WEEK.plus(-1), WEEK]
    assert weeks_to_cover(3, WEEK, None) == last
    assert weeks_to_cover(3, WEEK, WEEK.plus(-1)) == last
    assert weeks_to_cover(3, WEEK, WEEK.plus(1)) == last
    assert weeks_to_cover(3, WEEK, WEEK.plus(-5)) == [WEEK.plus(-5), WEEK.plus(-4), WEEK.plus(-3), *last]


def _arrivals(week: Week, *days: float, complete_after: float = 2, checked_after: float = 30) -> LateArrivals:
    return LateArrivals(
        window_of(week),
        week.end_at + timedelta(days=complete_after),
        week.end_at + timedelta(days=checked_after),
        100,
        days,
    )


def test_lateness_is_measured_on_weeks_that_can_tell() -> None:
    assert settled_lateness([]) is None
    assert settled_lateness([_arrivals(WEEK, 7, 14), _arrivals(WEEK.plus(-1), 7)]) == Lateness(2, 200, 3)
    assert settled_lateness([_arrivals(WEEK, 7, checked_after=20)]) is None  # not rechecked long enough after its end
    assert settled_lateness([_arrivals(WEEK, complete_after=300, checked_after=400)]) is None  # backfilled


def _stored(known: dict[str, Paper], fetched: list[Paper]) -> dict[str, Paper]:
    plan = plan_harvest(fetched, known)  # type: ignore[arg-type]
    return known | {p.arxiv_id: p for p in (*plan.new, *plan.replaced, *plan.revised)}


@given(data=st.data())
def test_planning_what_is_stored_changes_nothing(make_paper: Make, data: st.DataObject) -> None:
    versions = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), unique_by=lambda pair: pair[0])
    kinds = st.sampled_from(["one title", "another title"])

    def draw() -> list[Paper]:
        return [make_paper(n, version=v, title=data.draw(kinds)) for n, v in data.draw(versions)]

    known = _stored({}, draw())
    fetched = draw()
    after = _stored(known, fetched)
    again = plan_harvest(fetched, after)  # type: ignore[arg-type]
    assert (again.new, again.replaced, again.revised) == ((), (), ())
    assert sorted(again.unchanged) == sorted(p.arxiv_id for p in fetched)
    assert all(after[i].version >= known[i].version for i in known)
    assert set(after) == set(known) | {p.arxiv_id for p in fetched}


def test_each_fetched_paper_is_in_exactly_one_part_of_the_plan(make_paper: Make) -> None:
    known = {make_paper(i).arxiv_id: make_paper(i, version=2) for i in range(4)}
    fetched = [
        make_paper(0, version=1, title="Old news"),
        make_paper(1, version=2),
        make_paper(2, version=2, title="Corrected"),
        make_paper(3, version=3),
        make_paper(4),
    ]
    plan = plan_harvest(fetched, known)
    assert plan.unchanged == (fetched[0].arxiv_id, fetched[1].arxiv_id)
    assert (plan.revised, plan.replaced, plan.new) == ((fetched[2],), (fetched[3],), (fetched[4],))


def test_a_replacement_does_not_move_its_paper_to_another_week(make_paper: Make) -> None:
    old = make_paper(1)
    moved = old.submitted_at + timedelta(weeks=2)
    plan = plan_harvest([replace(old, version=2, submitted_at=moved)], {old.arxiv_id: old})
    assert plan.replaced == (replace(old, version=2),)
    assert plan_harvest([replace(old, submitted_at=moved)], {old.arxiv_id: old}).unchanged == (old.arxiv_id,)
