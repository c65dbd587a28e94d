"""A window is complete with all of its papers, or says that it is not; nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SourceError
from domain.harvest import HarvestedWindow, Window, WindowRecord
from domain.paper import Paper
from domain.week import Week
from ingest.client import ArxivClient, Page
from ingest.harvest import harvest_window, plan_harvest, window_of, windows_due
from ingest.settings import ArxivSettings
from sample.server import FaultKind, SampleArxiv

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
WEEK = Week.parse("2026-W25")
N_PAPERS = 25
Make = Callable[..., Paper]


def _harvest(arxiv: SampleArxiv, *, max_tries: int = 2, week: Week = WEEK) -> HarvestedWindow:
    settings = ArxivSettings(api_url=arxiv.api_url, delay_s=0, max_tries=max_tries, timeout_s=0.5)
    client = ArxivClient(settings, product="test")
    return harvest_window(client, window_of(week), ("cs.LG",), page_size=10, now=NOW)


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
            assert at[0] == 1  # without a single answer there is nothing to report
            return
    assert set(found.papers) <= set(truth)  # above all, no abstract that was cut off
    if found.is_complete:
        assert list(found.papers) == truth
        assert found.n_said == N_PAPERS
    else:
        assert found.problem


@pytest.mark.parametrize("kind", ["503", "429", "500", "html", "truncate", "cut", "reset", "stall", "empty"])
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
            on_page=lambda n, total: heard.append((n, total)),
        )
        assert arxiv.n_requests == 4
    assert heard == [(10, 25), (20, 25), (25, 25)]


def test_an_empty_window_is_believed_only_when_two_answers_say_so(make_paper: Make) -> None:
    with SampleArxiv([], now=NOW) as arxiv:
        found = _harvest(arxiv)
        assert arxiv.n_requests == 2
    assert (found.is_complete, found.papers, found.n_said) == (True, (), 0)
    with SampleArxiv([make_paper(1)], now=NOW).failing("zero", at=(1,)) as arxiv:
        found = _harvest(arxiv)
    assert (found.is_complete, found.papers) == (True, (make_paper(1),))


def test_an_entry_that_cannot_be_read_keeps_its_window_open(make_paper: Make) -> None:
    with SampleArxiv([make_paper(i) for i in range(3)], now=NOW).failing("no_published", at=(1,)) as arxiv:
        found = _harvest(arxiv)
    assert not found.is_complete
    assert len(found.unreadable) == 1
    assert "could not be read" in str(found.problem)


def test_papers_from_outside_the_window_are_a_problem(make_paper: Make) -> None:
    class Careless:
        def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
            stray = make_paper(1, submitted_at=WEEK.end_at)
            return Page((stray,), 1, 1, (), NOW)

    found = harvest_window(Careless(), window_of(WEEK), ("cs.LG",), page_size=10, now=NOW)
    assert "outside the window" in str(found.problem)


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


def test_windows_are_due_until_one_proves_its_week_whole() -> None:
    weeks = [WEEK.plus(1), WEEK, WEEK.plus(-1)]
    records = [
        WindowRecord(window_of(WEEK), ("cs.LG",), 3, 3, None, NOW, 1),
        WindowRecord(window_of(WEEK.plus(1)), ("cs.LG",), 3, 2, "one is missing", NOW, 4),
    ]
    assert windows_due(weeks, records) == [window_of(WEEK.plus(-1)), window_of(WEEK.plus(1))]


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
