"""Weekly counts of papers, techniques, themes and topics.

The stored counts depend on the detector, the topic model and the watched categories. Whatever changes papers,
detections or assignments marks the row of ``weekly_basis`` in the same transaction, so the counts are either up to date
or known not to be. They hold their own denominators, so old counts are still right for the papers of then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    String,
    cast,
    delete,
    distinct,
    func,
    insert,
    literal,
    select,
    true,
    update,
)

from domain.detections import ADOPTS
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.week import Week, weeks_between
from domain.weekly_table_schemas import WEEKLY_COUNTS, WEEKLY_TOTALS
from store.database import Database
from store.paper_query import Corpus, matches
from store.schema import detection, paper, paper_category, topic_assignment, weekly_basis, weekly_count
from store.sql_conditions import IS_NOT_WITHDRAWN, categories_key, is_watched
from store.windows import window_records

if TYPE_CHECKING:
    import pandas as pd

ALL_WATCHED = ""
"""The category key of the counts over all watched categories together."""
_ALL_PAPERS_KIND = "paper"
"""The kind of the rows that count all papers."""


@dataclass(frozen=True)
class CountedState:
    """What the stored counts were counted from.

    ``is_current`` tells whether nothing has changed since; ``counted_at`` is ``None`` if it is not known.
    """

    topic_model_id: int | None
    is_current: bool
    counted_at: datetime | None


def counted_state(db: Database, detector_id: str, categories: Collection[str]) -> CountedState | None:
    """What the stored counts were counted from; ``None`` if it was another detector or other categories."""
    with db.read() as connection:
        row = connection.execute(select(weekly_basis)).one_or_none()
    if row is None or (row.detector_id, row.categories) != (detector_id, categories_key(categories)):
        return None
    return CountedState(row.topic_model_id, row.is_current, row.counted_at)


def weekly_tables_are_current(
    db: Database, detector_id: str, topic_model_id: int | None, categories: Collection[str]
) -> bool:
    """Whether the stored counts are up to date for this detector, topic model and categories."""
    state = counted_state(db, detector_id, categories)
    return state is not None and state.is_current and state.topic_model_id == topic_model_id


def rebuild_weekly_tables(
    db: Database, detector_id: str, topic_model_id: int | None, categories: Collection[str], *, now: datetime
) -> None:
    """Recompute all counts, in one transaction."""
    with db.write() as connection:
        for table in (weekly_basis, weekly_count):
            connection.execute(delete(table))
        _count_into(connection, detector_id, topic_model_id, categories, week=None)
        connection.execute(
            insert(weekly_basis).values(
                detector_id=detector_id,
                topic_model_id=topic_model_id,
                categories=categories_key(categories),
                is_current=True,
                counted_at=now,
            )
        )


def recount_week(
    db: Database,
    detector_id: str,
    topic_model_id: int | None,
    categories: Collection[str],
    week: Week,
    *,
    now: datetime,
) -> None:
    """Recompute the counts of one week, in one transaction; all counts are then current.

    Only for counts that were current of these before the papers of this week changed, and of no other.
    """
    with db.write() as connection:
        connection.execute(delete(weekly_count).where(weekly_count.c.week_start == week.monday))
        _count_into(connection, detector_id, topic_model_id, categories, week=week)
        connection.execute(update(weekly_basis).values(is_current=True, counted_at=now))


def _count_into(
    connection: Connection,
    detector_id: str,
    topic_model_id: int | None,
    categories: Collection[str],
    *,
    week: Week | None,
) -> None:
    """Count the papers of a week, or of all, into the table."""
    columns = ["week_start", "category", "kind", "key", "level", "k"]
    for category, papers in _scopes(sorted(set(categories)), week):
        connection.execute(insert(weekly_count).from_select(columns, _all(category, papers)))
        connection.execute(insert(weekly_count).from_select(columns, _detected(category, papers, detector_id)))
        if topic_model_id is not None:
            connection.execute(insert(weekly_count).from_select(columns, _assigned(category, papers, topic_model_id)))


def _scopes(watched: Sequence[str], week: Week | None) -> list[tuple[ColumnElement[str], FromClause]]:
    """Category and papers of each scope: all watched categories together, and every watched category by itself."""
    of_week = true() if week is None else paper.c.week_start == week.monday
    each_once = select(paper.c.arxiv_id, paper.c.week_start).where(is_watched(watched), of_week).subquery()
    listed = (
        select(paper.c.arxiv_id, paper.c.week_start, paper_category.c.category)
        .join(paper_category, paper_category.c.arxiv_id == paper.c.arxiv_id)
        .where(paper_category.c.category.in_(watched), IS_NOT_WITHDRAWN, of_week)
        .subquery()
    )
    return [(literal(ALL_WATCHED, String), each_once), (listed.c.category, listed)]


def _all(category: ColumnElement[str], papers: FromClause) -> Select[tuple[object, ...]]:
    kind, key, level = literal(_ALL_PAPERS_KIND, String), literal("", String), literal(0, Integer)
    of_week = select(papers.c.week_start, category, kind, key, level, func.count()).select_from(papers)
    return of_week.group_by(papers.c.week_start, category)


def _detected(category: ColumnElement[str], papers: FromClause, detector_id: str) -> Select[tuple[object, ...]]:
    group = (papers.c.week_start, category, detection.c.kind, detection.c.key, detection.c.level)
    return (
        select(*group, func.count())
        .select_from(papers.join(detection, detection.c.arxiv_id == papers.c.arxiv_id))
        .where(detection.c.detector_id == detector_id)
        .group_by(*group)
    )


def _assigned(category: ColumnElement[str], papers: FromClause, topic_model_id: int) -> Select[tuple[object, ...]]:
    key = cast(topic_assignment.c.topic_id, String)
    return (
        select(papers.c.week_start, category, literal("topic", String), key, literal(2, Integer), func.count())
        .select_from(papers.join(topic_assignment, topic_assignment.c.arxiv_id == papers.c.arxiv_id))
        .where(topic_assignment.c.topic_model_id == topic_model_id, topic_assignment.c.topic_id.is_not(None))
        .group_by(papers.c.week_start, category, key)
    )


def weekly_totals(db: Database, categories: Collection[str], query: PaperQuery = ALL_PAPERS) -> pd.DataFrame:
    """Papers of every week from the first stored to the last, and whether the week is complete.

    Parameters
    ----------
    categories : the watched categories, for which the windows were harvested.
    query : count only papers that match; it names no topic and no term.

    Returns
    -------
    A table of schema ``WEEKLY_TOTALS``.
    """
    import pandas as pd

    found = totals_by_week(db, categories, query)
    if not found:
        return WEEKLY_TOTALS.empty()
    table = pd.DataFrame(
        {
            "week_start": pd.to_datetime([week.monday for week in found]).astype("datetime64[us]"),
            "n": pd.Series([n for n, _ in found.values()], dtype="int64"),
            "complete": pd.Series([is_complete for _, is_complete in found.values()], dtype="bool"),
        }
    )
    return WEEKLY_TOTALS.check(table)


def totals_by_week(
    db: Database, categories: Collection[str], query: PaperQuery = ALL_PAPERS
) -> dict[Week, tuple[int, bool]]:
    """The number of papers of every week from the first stored to the last, and whether the week is complete.

    The parameters are those of ``weekly_totals``.
    """
    question = select(paper.c.week_start, func.count(distinct(paper.c.arxiv_id))).group_by(paper.c.week_start)
    question = question.where(matches(Corpus(tuple(categories)), query))
    with db.read() as connection:
        n_by_week = {Week(monday): n for monday, n in connection.execute(question)}
    complete = complete_weeks(db, categories)
    stored = [*n_by_week, *complete]
    if not stored:
        return {}
    return {week: (n_by_week.get(week, 0), week in complete) for week in weeks_between(min(stored), max(stored))}


def complete_weeks(db: Database, categories: Collection[str]) -> set[Week]:
    """Weeks fully covered by complete windows."""
    complete: set[Week] = set()
    proven = sorted(r.window for r in window_records(db, categories) if r.is_complete)
    if not proven:
        return complete
    last_end = max(window.end_at for window in proven)  # the window that starts last need not end last
    for week in weeks_between(Week.containing(proven[0].start_at), Week.containing(last_end)):
        covered_until = week.start_at
        for window in proven:
            if window.start_at <= covered_until:
                covered_until = max(covered_until, window.end_at)
        if covered_until >= week.end_at:
            complete.add(week)
    return complete


def counted_papers(db: Database, *, category: str = ALL_WATCHED) -> dict[Week, int]:
    """Papers of each week when the stored counts were made; empty weeks are absent."""
    c = weekly_count.c
    question = select(c.week_start, c.k).where(c.category == category, c.kind == _ALL_PAPERS_KIND)
    with db.read() as connection:
        return {Week(monday): n for monday, n in connection.execute(question)}


def weekly_counts(db: Database, *, category: str = ALL_WATCHED) -> pd.DataFrame:
    """Stored counts of techniques, themes and topics by week; a sorted table of schema ``WEEKLY_COUNTS``."""
    question = (
        select(
            weekly_count.c.week_start, weekly_count.c.kind, weekly_count.c.key, weekly_count.c.level, weekly_count.c.k
        )
        .where(weekly_count.c.category == category, weekly_count.c.kind != _ALL_PAPERS_KIND)
        .order_by(weekly_count.c.kind, weekly_count.c.key, weekly_count.c.level, weekly_count.c.week_start)
    )
    with db.read() as connection:
        rows = connection.execute(question).all()
    if not rows:
        return WEEKLY_COUNTS.empty()
    import pandas as pd

    table = pd.DataFrame(rows, columns=[column.name for column in WEEKLY_COUNTS.columns])
    table["week_start"] = pd.to_datetime(table["week_start"]).astype("datetime64[us]")
    return WEEKLY_COUNTS.check(table.astype({"level": "int64", "k": "int64", "kind": "str", "key": "str"}))


def weekly_papers(db: Database, corpus: Corpus, query: PaperQuery) -> dict[Week, int]:
    """Number of papers that match a query, by week, for queries without stored counts; empty weeks are absent."""
    question = select(paper.c.week_start, func.count()).where(matches(corpus, query, term_first=True))
    question = question.group_by(paper.c.week_start)
    with db.read() as connection:
        return {Week(monday): n for monday, n in connection.execute(question)}


def adopted_by_topic(
    db: Database, detector_id: str, topic_model_id: int, categories: Collection[str], *, first: Week, last: Week
) -> dict[tuple[str, str, int], int]:
    """Number of watched papers of weeks ``first`` to ``last`` that adopt a term, by its kind and key and by topic."""
    group = (detection.c.kind, detection.c.key, topic_assignment.c.topic_id)
    question = (
        select(*group, func.count())
        .select_from(
            paper.join(detection, detection.c.arxiv_id == paper.c.arxiv_id).join(
                topic_assignment, topic_assignment.c.arxiv_id == paper.c.arxiv_id
            )
        )
        .where(
            paper.c.week_start.between(first.monday, last.monday),
            is_watched(categories),
            detection.c.detector_id == detector_id,
            detection.c.level >= ADOPTS,
            topic_assignment.c.topic_model_id == topic_model_id,
            topic_assignment.c.topic_id.is_not(None),
        )
        .group_by(*group)
    )
    with db.read() as connection:
        return {(kind, key, topic_id): n for kind, key, topic_id, n in connection.execute(question)}


def incomplete_weeks(db: Database, categories: Sequence[str]) -> set[Week]:
    """Harvested weeks that are known to lack papers; imported weeks are not among them."""
    harvested = {Week.containing(r.window.start_at) for r in window_records(db, categories) if not r.is_complete}
    return harvested - complete_weeks(db, categories)
