"""The emerging stage over stored papers: lists once, oldest first, resumed after a stop, and scored later."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from analysis.emerging.style import shipped_model
from domain.emerging import MIN_BEFORE_WEEKS, RECENT_WEEKS, EmergingTerm
from domain.paper import parse_arxiv_id
from domain.paper_query import PaperQuery
from domain.phrase_variants import phrases_of_term
from domain.progress import Progress
from domain.week import Week, weeks_between
from ingest.harvest import plan_harvest
from pipeline.emerging import emerging_of_week, update_emerging, weeks_due
from sample.corpus import WATCHED_CATEGORIES, make_corpus
from sample.planted_phrases import EMERGING_TERM
from store.database import Database, open_database
from store.emerging import list_of_week, listed_weeks
from store.paper_query import Corpus
from store.papers import apply_harvest
from store.search import ids_by_phrases

LAST = Week.parse("2026-W25")
N_WEEKS = 22
AT = datetime(2026, 6, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def stored_papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file: Path = tmp_path_factory.mktemp("emerging") / "papertide.sqlite"
    db = open_database(f"sqlite:///{file}", read_only=False, create=True)
    papers = make_corpus(last_week=LAST, n_weeks=N_WEEKS).papers
    apply_harvest(db, plan_harvest(papers, known={}), None, seen_at=AT)
    db.close()
    return file


@pytest.fixture
def database(stored_papers: Path, tmp_path: Path) -> Iterator[Database]:
    file = shutil.copy(stored_papers, tmp_path / "papertide.sqlite")
    db = open_database(f"sqlite:///{file}", read_only=False)
    yield db
    db.close()


def run(db: Database, last_week: Week = LAST) -> Iterator[Progress]:
    return update_emerging(
        db,
        WATCHED_CATEGORIES,
        first_week=LAST.plus(-200),
        last_week=last_week,
        known=frozenset(),
        model=shipped_model(),
        made_with="test",
        clock=lambda: AT,
    )


def planted(db: Database, week: Week) -> EmergingTerm:
    made = list_of_week(db, week)
    assert made is not None
    [term] = [term for term in made.terms if term.phrase == EMERGING_TERM]
    return term


def test_lists_are_made_oldest_first_and_a_stopped_run_goes_on(database: Database) -> None:
    first = LAST.plus(1 - N_WEEKS + RECENT_WEEKS + MIN_BEFORE_WEEKS - 1)
    assert [step.note[:8] for step in islice(run(database), 2)] == [str(first), str(first.plus(1))]
    assert listed_weeks(database) == [first, first.plus(1)]
    list(run(database))
    assert listed_weeks(database) == list(weeks_between(first, LAST))
    assert list(run(database)) == []


def test_a_term_is_counted_as_trends_count_it(database: Database) -> None:
    list(run(database))
    term = planted(database, LAST)
    span = PaperQuery(since=LAST.plus(1 - RECENT_WEEKS).monday, until=LAST.sunday)
    phrases = phrases_of_term(term.trend_term)
    assert term.papers == tuple(ids_by_phrases(database, phrases, Corpus(WATCHED_CATEGORIES), span))
    assert term.k == len(term.papers) >= 8
    assert (term.k_before, term.growth, term.share_before) == (0, None, 0.0)
    assert term.n_teams >= 5
    assert term.first_week < LAST


def test_a_listed_term_is_scored_when_it_is_old_enough(database: Database) -> None:
    list(run(database))
    week = planted(database, LAST).first_week
    assert planted(database, week).scores == ()
    newest = [p for p in make_corpus(last_week=LAST, n_weeks=N_WEEKS).papers if p.week == LAST]
    later = [
        replace(
            p,
            arxiv_id=parse_arxiv_id(f"26{7 + weeks // 5:02}.{90_001 + 1_000 * weeks + i}"),
            submitted_at=p.submitted_at + timedelta(weeks=weeks),
            updated_at=p.updated_at + timedelta(weeks=weeks),
        )
        for weeks in range(1, 9)
        for i, p in enumerate(newest)
    ]
    apply_harvest(database, plan_harvest(later, known={}), None, seen_at=AT)
    list(run(database, LAST.plus(8)))
    score = planted(database, week).scores[0]
    assert (score.horizon_weeks, score.held) == (8, True)


def test_a_digest_shows_the_terms_that_are_new_on_its_weeks_list(database: Database) -> None:
    list(run(database))
    week = planted(database, LAST).first_week
    shown = emerging_of_week(database, week)
    assert shown is not None
    [line] = [line for line in shown.new if line.name == EMERGING_TERM]
    assert [paper.arxiv_id for paper in line.papers] == list(planted(database, week).papers[:2])
    assert (line.term, shown.n_new) == (f"text:{EMERGING_TERM}", len(shown.new))
    later = emerging_of_week(database, LAST)
    assert later is not None
    assert EMERGING_TERM not in [line.name for line in later.new]
    assert emerging_of_week(database, LAST.plus(20)) is None


def test_only_weeks_with_history_that_lack_no_papers_are_due() -> None:
    weeks = list(weeks_between(LAST.plus(-20), LAST))
    n_by_week = dict.fromkeys(weeks, 100)
    due = weeks_due(n_by_week, listed=(), incomplete=(), first=weeks[0], last=LAST)
    assert due == weeks[RECENT_WEEKS + MIN_BEFORE_WEEKS - 1 :]
    assert weeks_due(n_by_week, listed=due[:2], incomplete=[due[3]], first=weeks[0], last=LAST.plus(-1)) == [
        due[2],
        due[4],
    ]
    assert weeks_due(n_by_week, listed=(), incomplete=(), first=due[2], last=LAST) == due[2:]
    del n_by_week[weeks[-3]]  # a week without papers ends every span that needs it
    assert weeks_due(n_by_week, listed=(), incomplete=(), first=weeks[0], last=LAST) == [
        w for w in due if w < weeks[-3]
    ]
