"""Weekly counts count each paper once; a week is complete only if windows cover it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
import pytest
from sqlalchemy import Engine, event

from domain.detections import Detection, PaperDetections
from domain.harvest import HarvestedWindow, HarvestPlan, Window
from domain.paper import Paper
from domain.paper_query import PaperQuery
from domain.topics import FittedTopics, Topic, TopicAssignment
from domain.week import Week
from store.claims import papers_read
from store.database import Database
from store.detections import add_detections
from store.paper_query import Corpus
from store.papers import apply_harvest, count_by_category, count_seen_after
from store.topics import add_topic_model
from store.weekly import (
    complete_weeks,
    rebuild_weekly_tables,
    totals_by_week,
    weekly_counts,
    weekly_papers,
    weekly_tables_are_current,
    weekly_totals,
)
from store.windows import late_arrivals

Stored = Callable[..., Database]
Make = Callable[..., Paper]
Harvested = Callable[..., HarvestedWindow]
WEEK = Week.parse("2026-W25")
WATCHED = ("cs.LG", "cs.CV")
AT = datetime(2026, 6, 23, 6, tzinfo=UTC)
NOTHING = HarvestPlan((), (), (), ())


@pytest.fixture
def counted(stored: Stored, make_paper: Make) -> Database:
    """24 papers in two weeks, of every mix of categories and levels, with tables and one topic."""
    mixes = [("cs.LG",), ("cs.LG", "cs.CV"), ("cs.CV",), ("math.OC",)]
    papers, found = [], []
    for number, (categories, level, week) in enumerate(product(mixes, (0, 1, 2), (WEEK, WEEK.plus(2))), 1):
        at = week.start_at + timedelta(minutes=number)
        papers.append(make_paper(number, primary_category=categories[0], categories=categories, submitted_at=at))
        detections = (Detection("technique", "gnn", level, ()),) if level else ()
        found.append(PaperDetections(papers[-1].arxiv_id, detections))
    db = stored(*papers)
    add_detections(db, "d", found)
    ids = tuple(p.arxiv_id for p in papers)
    fit = add_topic_model(
        db,
        FittedTopics("m", np.eye(2, dtype=np.float32)[:1], (24,), ("all",), (("word",),), 0.1),
        [Topic(7, "all", ("word",), WEEK, 24)],
        [],
        TopicAssignment(ids, np.array([0, -1] * 12, np.int32), np.ones(24, np.float32)),
        fitted_week=WEEK,
        fitted_at=AT,
        settings={},
        library_versions={},
    )
    rebuild_weekly_tables(db, "d", fit, WATCHED, now=AT)
    assert fit == 1
    return db


def test_every_watched_paper_counts_once_however_many_categories_list_it(counted: Database) -> None:
    totals = weekly_totals(counted, WATCHED)
    assert totals["week_start"].dt.strftime("%m-%d").tolist() == ["06-15", "06-22", "06-29"]
    assert totals["n"].tolist() == [9, 0, 9]  # the week without papers is a row with zero
    assert weekly_totals(counted, WATCHED, PaperQuery(categories=("cs.LG",)))["n"].tolist() == [6, 0, 6]
    assert weekly_totals(counted, WATCHED, PaperQuery(categories=("cs.CV",)))["n"].tolist() == [6, 0, 6]
    assert weekly_totals(counted, WATCHED, PaperQuery(categories=("cs.CV",), primary=True))["n"].tolist() == [3, 0, 3]
    assert weekly_totals(counted, WATCHED, PaperQuery(categories=WATCHED))["n"].tolist() == [9, 0, 9]


def test_levels_sum_to_the_papers_that_have_the_term(counted: Database) -> None:
    table = weekly_counts(counted)
    gnn = table[table["key"] == "gnn"]
    assert gnn.groupby("week_start")["k"].sum().tolist() == [6, 6]
    assert gnn.groupby("level")["k"].sum().to_dict() == {1: 6, 2: 6}
    by_category = {c: weekly_counts(counted, category=c).query("key == 'gnn'")["k"].sum() for c in WATCHED}
    assert by_category == {"cs.LG": 8, "cs.CV": 8}  # cross-listed papers are in both
    assert weekly_counts(counted, category="math.OC").empty


def test_topics_are_counted_at_one_level_without_the_unassigned(counted: Database) -> None:
    topic = weekly_counts(counted).query("kind == 'topic'")
    assert topic["key"].unique().tolist() == ["7"]
    assert topic["level"].unique().tolist() == [2]
    assert topic["k"].sum() == 9  # every second of 18 watched papers


@pytest.mark.parametrize("levels", [(1,), (2, 3), (1, 2, 3)])
@pytest.mark.parametrize("category", WATCHED)
def test_counting_in_a_scope_agrees_with_the_tables(counted: Database, category: str, levels: tuple[int, ...]) -> None:
    table = weekly_counts(counted, category=category)
    rows = table[(table["key"] == "gnn") & table["level"].isin(levels)]
    expected: dict[Week, int] = {}
    for at, k in zip(rows["week_start"].tolist(), rows["k"].tolist(), strict=True):
        expected[Week(at.date())] = expected.get(Week(at.date()), 0) + k
    query = PaperQuery(categories=(category,), term=("technique", "gnn"), levels=levels)
    assert weekly_papers(counted, Corpus(WATCHED, "d", 1), query) == expected


def test_tables_are_current_only_for_what_they_were_made_with(counted: Database) -> None:
    assert weekly_tables_are_current(counted, "d", 1, reversed(WATCHED))  # type: ignore[arg-type]
    assert not weekly_tables_are_current(counted, "e", 1, WATCHED)
    assert not weekly_tables_are_current(counted, "d", None, WATCHED)
    assert not weekly_tables_are_current(counted, "d", 1, ("cs.LG",))


def test_building_the_tables_again_gives_the_same(counted: Database) -> None:
    before = weekly_counts(counted)
    rebuild_weekly_tables(counted, "d", 1, WATCHED, now=AT)
    assert weekly_counts(counted).equals(before)


def test_an_empty_store_has_empty_tables(database: Database) -> None:
    rebuild_weekly_tables(database, "d", None, WATCHED, now=AT)
    assert weekly_totals(database, WATCHED).empty
    assert weekly_counts(database).empty
    assert complete_weeks(database, WATCHED) == set()


def _days(first: int, last: int) -> Window:
    """A window in days from the Monday of ``WEEK``, end excluded."""
    return Window(WEEK.start_at + timedelta(days=first), WEEK.start_at + timedelta(days=last))


@pytest.mark.parametrize(
    ("windows", "n_weeks"),
    [
        ([(0, 7)], 1),
        ([(0, 3), (3, 7)], 1),
        ([(0, 5), (2, 7)], 1),
        ([(0, 3), (4, 7)], 0),
        ([(0, 6)], 0),
        ([(1, 7)], 0),
        ([(-3, 18)], 2),
        ([(0, 28), (7, 9)], 4),
        ([(0, 10), (9, 14)], 2),
        ([], 0),
    ],
)
def test_a_week_is_complete_where_windows_cover_it_without_a_gap(
    database: Database, harvested: Harvested, windows: list[tuple[int, int]], n_weeks: int
) -> None:
    for first, last in windows:
        apply_harvest(database, NOTHING, harvested(_days(first, last), categories=WATCHED), seen_at=AT)
    assert complete_weeks(database, WATCHED) == {WEEK.plus(i) for i in range(n_weeks)}


def test_a_window_with_a_problem_or_of_other_categories_proves_nothing(
    database: Database, harvested: Harvested
) -> None:
    apply_harvest(database, NOTHING, harvested(WEEK, categories=WATCHED, problem="one is missing"), seen_at=AT)
    apply_harvest(database, NOTHING, harvested(WEEK.plus(1), categories=("cs.LG",)), seen_at=AT)
    assert complete_weeks(database, WATCHED) == set()


def test_a_complete_week_without_papers_is_a_row_with_zero(database: Database, harvested: Harvested) -> None:
    apply_harvest(database, NOTHING, harvested(WEEK, categories=WATCHED), seen_at=AT)
    totals = weekly_totals(database, WATCHED)
    assert totals[["n", "complete"]].to_numpy().tolist() == [[0, True]]


@pytest.fixture
def plan_of(database: Database) -> Callable[[Callable[[], object]], list[str]]:
    """A function that says how SQLite would look up the papers of the statements that are executed."""

    def plans(ask: Callable[[], object]) -> list[str]:
        asked: list[tuple[str, object]] = []

        def note(_c: object, _cursor: object, statement: str, values: object, *_: object) -> None:
            asked.append((statement, values))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            ask()
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        with database.read() as connection:
            if connection.dialect.name != "sqlite":
                pytest.skip("PostgreSQL chooses by the number of rows")
            steps = [
                row[3]
                for statement, values in asked
                if statement.startswith("SELECT")
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            ]
        return [step for step in steps if step.split()[1] == "paper"]

    return plans


@pytest.mark.parametrize(
    "count",
    [
        lambda db: totals_by_week(db, WATCHED),
        lambda db: count_by_category(db, WATCHED),
        lambda db: count_seen_after(db, WEEK, WATCHED, AT),
        lambda db: late_arrivals(db, WATCHED),
        lambda db: papers_read(db, Corpus(WATCHED)),
    ],
)
def test_papers_are_counted_from_indexes_without_their_abstracts(
    database: Database, plan_of: Callable[..., list[str]], count: Callable[[Database], object]
) -> None:
    steps = plan_of(lambda: count(database))
    assert steps
    assert [step for step in steps if "COVERING INDEX" not in step] == []
