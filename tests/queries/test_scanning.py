"""A scan shows the best papers first, nothing twice, and says only what is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from analysis.scanning.queue import DRAWS_WHILE_FINDING
from domain.embeddings import Embeddings
from domain.errors import NotFound, UsageError
from domain.reading import Mute
from domain.subscription import Follow
from domain.week import CLOSE_LAG, Week
from ingest.harvest import plan_harvest
from queries.scanning import (
    _searched,
    decide,
    decided_papers,
    looked_for,
    mute,
    scan_of,
    scan_page,
    start_scan,
    undo,
    unmute,
)
from queries.seed_papers import name_seeds
from runtime.cached_context import CachedContext
from runtime.context import AppContext
from runtime.settings import Settings
from store.embeddings import add_embeddings
from store.papers import apply_harvest, papers_in_order
from store.reading_records import add_reader, decisions_of, mutes_of
from store.saved_searches import add_query_vectors
from templates.scanning_wording import earlier_text, wanted_text
from tests.conftest import PaperMaker

WEEK = Week.parse("2026-W25")
NOW = WEEK.end_at + CLOSE_LAG
MODEL_ID = "all-MiniLM-L6-v2@53aa5117/float32"
N_BEFORE, N_WEEK = 240, 120


def _is_relevant(number: int) -> bool:
    return number % 10 == 0


@pytest.fixture
def context(tmp_path: Path, make_paper: PaperMaker) -> Iterator[AppContext]:
    """Six weeks of 40 papers and one of 120; every tenth points the way that the reader looks."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(N_BEFORE + N_WEEK, 24)).astype(np.float32)
    papers = []
    for number in range(N_BEFORE + N_WEEK):
        vectors[number, 0] += 8 if _is_relevant(number) else 0
        at = WEEK.start_at + timedelta(minutes=number)
        if number < N_BEFORE:
            at = WEEK.plus(-1 - number // 40).start_at + timedelta(minutes=number)
        words = "relevant" if _is_relevant(number) else "other"
        papers.append(make_paper(number + 1, title=f"An {words} paper {number}", submitted_at=at, updated_at=at))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with CachedContext(Settings(data_dir=tmp_path, now=NOW)) as context:
        apply_harvest(context.db, plan_harvest(papers, {}), None, seen_at=NOW)
        add_embeddings(context.db, Embeddings(tuple(p.arxiv_id for p in papers), vectors, MODEL_ID))
        yield context


def _number(arxiv_id: str) -> int:
    return int(arxiv_id.partition(".")[2]) - 1


@pytest.fixture
def reader_id(context: AppContext) -> int:
    reader_id = add_reader(context.db, None, now=NOW)
    name_seeds(context, reader_id, "2606.00001 2606.00011 2606.00021")
    return reader_id


def test_the_newest_week_stored_is_scanned_where_later_ones_are_not(context: AppContext, reader_id: int) -> None:
    later = context.settings.model_copy(update={"now": NOW + timedelta(weeks=22)})
    scan = start_scan(CachedContext(later, db=context.db), reader_id)
    assert (scan.since, scan.until) == (WEEK.monday, WEEK.sunday)


def test_a_scan_says_that_decisions_of_another_count(context: AppContext, reader_id: int) -> None:
    first = start_scan(context, reader_id).scan_id
    page = scan_page(context, reader_id, first)
    decide(context, reader_id, first, page.papers[0].arxiv_id, "keep", page.papers[0].choice)
    assert scan_page(context, reader_id, first).n_from_others == 0
    second = scan_page(context, reader_id, start_scan(context, reader_id).scan_id)
    assert (second.n_kept, second.n_from_others, second.n_kept_elsewhere) == (1, 1, 1)
    assert (
        earlier_text(second)
        == "1\N{NO-BREAK SPACE}paper of these days was decided in other scans; that counts here too."
    )
    expected = "papers like 3\N{NO-BREAK SPACE}papers that you named and 1\N{NO-BREAK SPACE}paper kept in other scans"
    assert wanted_text(second) == expected


def test_a_scan_begins_with_its_best_whatever_others_have_shown(context: AppContext, reader_id: int) -> None:
    first = start_scan(context, reader_id).scan_id
    for _ in range(45):
        [paper] = scan_page(context, reader_id, first, n=1).papers
        decide(context, reader_id, first, paper.arxiv_id, "skip", paper.choice)
    second = scan_page(context, reader_id, start_scan(context, reader_id).scan_id)
    assert [paper.choice for paper in second.papers[:4]] == ["best"] * 4
    assert second.draw_share == DRAWS_WHILE_FINDING


def test_a_scan_can_leave_out_what_others_decided(context: AppContext, reader_id: int) -> None:
    first = start_scan(context, reader_id).scan_id
    before = scan_page(context, reader_id, first, n=2)
    for paper, verdict in zip(before.papers, ("keep", "skip"), strict=True):
        decide(context, reader_id, first, paper.arxiv_id, verdict, paper.choice)
    scan = start_scan(context, reader_id, leaves_out_others=True)
    page = scan_page(context, reader_id, scan.scan_id, n=20)
    counts = (page.n_papers, page.n_decided, page.n_left_out, page.n_muted, page.n_kept_elsewhere)
    assert counts == (N_WEEK - 2, 0, 2, 0, 0)
    assert not {p.arxiv_id for p in page.papers} & {p.arxiv_id for p in before.papers}
    assert {p.near for p in page.papers} <= set(scan.seeds)
    decide(context, reader_id, scan.scan_id, page.papers[0].arxiv_id, "keep", "best")
    assert scan_page(context, reader_id, scan.scan_id).n_kept == 1
    with pytest.raises(UsageError, match="what to look for"):
        start_scan(context, reader_id, seeds=(), leaves_out_others=True)


def test_a_scan_finds_what_matters_and_then_says_so(context: AppContext, reader_id: int) -> None:
    scan = start_scan(context, reader_id)
    assert (scan.since, scan.until) == (WEEK.monday, WEEK.sunday)
    first = scan_page(context, reader_id, scan.scan_id)
    assert first.n_papers == N_WEEK
    assert 5 <= first.pool_size < N_WEEK / 2
    assert (first.pool_low, first.pool_high, first.rest_share_at_most) == (0, first.pool_size, 1)
    assert not first.is_seen
    assert first.draw_share == DRAWS_WHILE_FINDING
    assert all(p.near is not None and p.near_title is not None for p in first.papers)
    shown: list[str] = []
    for _ in range(N_WEEK + 1):
        page = scan_page(context, reader_id, scan.scan_id, n=1)
        if not page.papers:
            break
        [paper] = page.papers
        shown.append(paper.arxiv_id)
        verdict = "keep" if _is_relevant(_number(paper.arxiv_id)) else "skip"
        decide(context, reader_id, scan.scan_id, paper.arxiv_id, verdict, paper.choice)
        if page.is_seen:
            kept_in_pool = sum(_is_relevant(_number(i)) for i in scan.pool)
            assert page.pool_low <= kept_in_pool <= page.pool_high
        if len(shown) == 40:
            assert page.n_kept >= 10
    assert sorted(shown) == sorted(set(shown))
    assert len(shown) == N_WEEK
    last = scan_page(context, reader_id, scan.scan_id)
    assert last.is_seen
    assert last.pool_low == last.pool_high == last.pool_kept


def test_a_scan_holds_the_papers_of_its_author_and_categories_alone(
    context: AppContext, reader_id: int, make_paper: PaperMaker
) -> None:
    index = context.paper_search.index
    old = papers_in_order(context.db, [index.ids[row] for row in range(len(index) - 3, len(index))])
    apply_harvest(
        context.db,
        plan_harvest([replace(p, version=2, authors=("Cem Author",)) for p in old], {p.arxiv_id: p for p in old}),
        None,
        seen_at=NOW,
    )
    fresh = CachedContext(context.settings, db=context.db)
    scan = start_scan(fresh, reader_id, categories=("cs.LG",), author=" Cem  Author ")
    page = scan_page(fresh, reader_id, scan.scan_id)
    assert (page.n_papers, page.categories, page.author) == (3, ("cs.LG",), "Cem Author")
    assert {p.arxiv_id for p in page.papers} == {p.arxiv_id for p in old}
    with pytest.raises(UsageError, match="none of the 120 papers from 2026-06-15 to 2026-06-21 meets the filters"):
        start_scan(fresh, reader_id, categories=("cs.CV",), author="Cem Author")
    with pytest.raises(UsageError, match="at most 100"):
        start_scan(fresh, reader_id, author="x" * 101)


def test_nothing_decided_in_one_scan_comes_in_another(context: AppContext, reader_id: int) -> None:
    scan = start_scan(context, reader_id)
    shown = scan_page(context, reader_id, scan.scan_id, n=5).papers
    for paper in shown:
        decide(context, reader_id, scan.scan_id, paper.arxiv_id, "skip", paper.choice)
    other = start_scan(context, reader_id, since=WEEK.plus(-1).monday, until=WEEK.sunday)
    again = {p.arxiv_id for p in scan_page(context, reader_id, other.scan_id, n=20).papers}
    assert not again & {p.arxiv_id for p in shown}
    assert undo(context, reader_id, scan.scan_id) == shown[-1].arxiv_id
    assert len(decisions_of(context.db, reader_id)) == 4


def test_only_the_next_draws_count_as_draws(context: AppContext, reader_id: int) -> None:
    scan = start_scan(context, reader_id)
    shown = scan_page(context, reader_id, scan.scan_id, n=20).papers
    best = next(p for p in shown if (p.choice == "best" and not p.in_pool) or p.choice == "best")
    decide(context, reader_id, scan.scan_id, best.arxiv_id, "keep", "rest")
    drawn = next(p for p in shown if p.choice == "pool")
    decide(context, reader_id, scan.scan_id, drawn.arxiv_id, "skip", "pool")
    assert [d.choice for d in decisions_of(context.db, reader_id)] == ["best", "pool"]


def test_muted_papers_leave_the_queue_and_the_counts(context: AppContext, reader_id: int) -> None:
    scan = start_scan(context, reader_id)
    before = scan_page(context, reader_id, scan.scan_id)
    mute(context, reader_id, "words:relevant")
    after = scan_page(context, reader_id, scan.scan_id, n=20)
    assert after.n_muted == N_WEEK / 10
    assert after.n_papers == before.n_papers - after.n_muted
    assert not any("relevant" in p.title for p in after.papers)
    unmute(context, reader_id, "words:relevant")
    assert scan_page(context, reader_id, scan.scan_id).n_papers == N_WEEK
    mute(context, reader_id, "category:cs.LG")
    assert scan_page(context, reader_id, scan.scan_id).papers == ()
    assert mutes_of(context.db, reader_id) == [Mute("category", "cs.LG")]


def test_what_makes_no_sense_is_refused_in_a_line(context: AppContext, reader_id: int) -> None:
    scan = start_scan(context, reader_id)
    stranger = add_reader(context.db, None, now=NOW) + 1
    with pytest.raises(NotFound, match="no scan"):
        scan_page(context, stranger, scan.scan_id)
    with pytest.raises(UsageError, match="no verdict"):
        decide(context, reader_id, scan.scan_id, "2606.00241", "maybe", "best")
    with pytest.raises(UsageError, match="not of this scan"):
        decide(context, reader_id, scan.scan_id, "2606.00001", "keep", "best")
    with pytest.raises(UsageError, match="no category"):
        mute(context, reader_id, "category:cs.XX")
    with pytest.raises(UsageError, match=r"from 2025-04-21 to 2025-04-27, but there are from 2026-05-04 to 2026-06-15"):
        start_scan(context, reader_id, since=WEEK.plus(-60).monday, until=WEEK.plus(-60).sunday)
    with pytest.raises(UsageError, match="at most 92 days"):
        start_scan(context, reader_id, since=WEEK.plus(-60).monday, until=WEEK.sunday)
    with pytest.raises(UsageError, match="2026-07-01, is still to come; today is 2026-06-23"):
        start_scan(context, reader_id, since=date(2026, 7, 1))
    with pytest.raises(UsageError, match="none of the 120 papers from 2026-06-15 to 2026-06-21 meets the filters"):
        start_scan(context, reader_id, has=["fact:code"])
    with pytest.raises(UsageError, match="for words or a topic, not for theme:security; filter by it instead"):
        start_scan(context, reader_id, follows=[Follow("theme", "security")])
    with pytest.raises(UsageError, match="there is no topic '12'"):
        start_scan(context, reader_id, follows=[Follow("topic", "12")])
    with pytest.raises(UsageError, match="the last day, 2026-06-21, is given without the first"):
        start_scan(context, reader_id, until=WEEK.sunday)
    with pytest.raises(UsageError, match="after the last"):
        start_scan(context, reader_id, since=WEEK.sunday, until=WEEK.monday)


def test_the_words_of_a_scan_find_what_search_finds(context: AppContext) -> None:
    """The vector of the words says nothing here: only the words of titles and abstracts do."""
    reader_id = add_reader(context.db, None, now=NOW)
    away = np.ones(24, dtype=np.float32) / np.sqrt(np.float32(24))
    away[0] = 0
    model_id = context.query_model_id
    assert model_id is not None
    add_query_vectors(context.db, model_id, {"relevant paper": away})
    scan = start_scan(context, reader_id, follows=[looked_for("relevant paper")])
    of_week = {f"2606.{number + 1:05}" for number in range(N_BEFORE, N_BEFORE + N_WEEK) if _is_relevant(number)}
    assert of_week <= set(scan.pool)
    page = scan_page(context, reader_id, scan.scan_id, n=12)
    best = [_is_relevant(_number(p.arxiv_id)) for p in page.papers if p.choice == "best"]
    assert all(best)
    assert page.rest_holding == 0
    assert (page.first_seed, page.last) == (None, None)
    with pytest.raises(UsageError, match="holds no word to look for"):
        start_scan(context, reader_id, follows=[looked_for("?!")])


def _store_vector_of_words(context: AppContext) -> None:
    assert context.query_model_id is not None
    add_query_vectors(context.db, context.query_model_id, {"relevant paper": np.eye(24, dtype=np.float32)[0]})


def test_words_rank_the_papers_of_the_index_that_the_scan_holds(context: AppContext, reader_id: int) -> None:
    _store_vector_of_words(context)
    follows = [looked_for("relevant paper")]
    held = context.paper_index
    arrays = ("ids", "day", "listed", "primary", "topic_id", "similarity", "level", "vectors")
    shorter = replace(held, **{name: getattr(held, name)[7:] for name in arrays})
    assert len(_searched(context, follows, shorter).scores) == len(shorter)
    assert len(_searched(context, follows, held).scores) == len(held)


def test_a_scan_goes_on_whose_words_no_longer_ask_for_anything(context: AppContext, reader_id: int) -> None:
    _store_vector_of_words(context)
    scan = start_scan(context, reader_id, follows=[looked_for("relevant paper")]).scan_id
    with context.db.write() as connection:
        connection.execute(text("UPDATE scan SET follows = replace(follows, 'relevant paper', '?!')"))
    assert scan_page(context, reader_id, scan).papers


def test_the_best_can_come_first_without_random_picks(context: AppContext, reader_id: int) -> None:
    scan = start_scan(context, reader_id).scan_id
    page = scan_page(context, reader_id, scan, n=20, best_first=True)
    assert {paper.choice for paper in page.papers} == {"best"}
    assert (page.draw_share, page.n_more_papers) == (0, None)


def test_an_earlier_verdict_can_be_changed(context: AppContext, reader_id: int) -> None:
    scan = start_scan(context, reader_id).scan_id
    shown = scan_page(context, reader_id, scan, n=2).papers
    for paper in shown:
        decide(context, reader_id, scan, paper.arxiv_id, "keep", paper.choice)
    decide(context, reader_id, scan, shown[0].arxiv_id, "skip", "best")
    assert [(one.arxiv_id, one.title, one.verdict) for one in decided_papers(context, reader_id, scan)] == [
        (shown[1].arxiv_id, shown[1].title, "keep"),
        (shown[0].arxiv_id, shown[0].title, "skip"),
    ]
    page = scan_page(context, reader_id, scan)
    assert (page.n_decided, page.n_kept) == (2, 1)
    assert page.last is not None
    assert page.last.title == shown[1].title
    with pytest.raises(NotFound, match="no scan"):
        decided_papers(context, reader_id, scan + 1)


def test_without_a_word_on_what_is_wanted_nothing_starts(context: AppContext) -> None:
    reader_id = add_reader(context.db, None, now=NOW)
    with pytest.raises(UsageError, match="what to look for"):
        start_scan(context, reader_id)


def test_an_unknown_scan_names_those_that_there_are(context: AppContext, reader_id: int) -> None:
    with pytest.raises(NotFound, match="there is no scan 999; you have not started one yet"):
        scan_of(context, reader_id, 999)
    first = start_scan(context, reader_id).scan_id
    with pytest.raises(NotFound, match=f"there is no scan 999; yours has the number {first}"):
        scan_of(context, reader_id, 999)
    second = start_scan(context, reader_id).scan_id
    with pytest.raises(NotFound, match=f"yours have the numbers {second} and {first}$"):
        scan_of(context, reader_id, 999)


def test_words_with_a_colon_are_words() -> None:
    assert looked_for("Agents: a survey") == Follow("search", "Agents: a survey")
    assert looked_for("topic:12") == Follow("topic", "12")
    with pytest.raises(UsageError, match="1 to 200 characters"):
        looked_for(" ")
