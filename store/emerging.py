"""The weekly lists of emerging terms and their scores. There is one list a week, and it never changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, select

from domain.author_name import AuthorName, parsed_name
from domain.emerging import EmergingList, EmergingListHead, EmergingTerm, PaperText
from domain.paper import ArxivId
from domain.trend_calls import CallRecord, CallScore
from domain.week import Week
from store.database import Database
from store.schema import emerging_list, emerging_score, emerging_term, paper
from store.sql_conditions import is_watched
from store.trend_calls import is_late, records_of

_AT_ONCE = 2_000


def papers_to_read(
    db: Database, first: Week, last: Week, categories: Collection[str], *, authors_from: Week
) -> Iterator[PaperText]:
    """The watched papers of these weeks by week and identifier; without authors before ``authors_from``.

    Reading the names of the authors takes longer than the rest.
    """
    question = (
        select(
            paper.c.arxiv_id,
            paper.c.week_start,
            paper.c.title,
            paper.c.abstract,
            paper.c.primary_category,
            paper.c.authors,
            paper.c.author_parts,
        )
        .where(paper.c.week_start.between(first.monday, last.monday), is_watched(categories))
        .order_by(paper.c.week_start, paper.c.arxiv_id)
    )
    with db.read() as connection:
        for row in connection.execution_options(yield_per=_AT_ONCE).execute(question):
            week = Week(row.week_start)
            yield PaperText(
                ArxivId(row.arxiv_id),
                week,
                row.title,
                row.abstract,
                row.primary_category,
                _authors(row) if week >= authors_from else (),
            )


def _authors(row: Any) -> tuple[AuthorName, ...]:
    if row.author_parts:
        return tuple(AuthorName(*parts) for parts in row.author_parts)
    return tuple(parsed_name(name) for name in row.authors)


def listed_weeks(db: Database) -> list[Week]:
    """The weeks that have a list, oldest first."""
    with db.read() as connection:
        query = select(emerging_list.c.week_start).order_by(emerging_list.c.week_start)
        return [Week(monday) for monday in connection.execute(query).scalars()]


def first_weeks(db: Database, until: Week) -> dict[str, Week]:
    """The week of the first list with each phrase, among the lists up to a week."""
    query = (
        select(emerging_term.c.phrase, func.min(emerging_term.c.week_start))
        .where(emerging_term.c.week_start <= until.monday)
        .group_by(emerging_term.c.phrase)
    )
    with db.read() as connection:
        return {phrase: Week(monday) for phrase, monday in connection.execute(query)}


def add_list(db: Database, made: EmergingList) -> None:
    """Store a week's list in one transaction; a list that the week already has stays as it is."""
    head = {
        "week_start": made.week.monday,
        "recent_weeks": made.recent_weeks,
        "before_weeks": made.before_weeks,
        "n": made.n,
        "n_before": made.n_before,
        "n_tested": made.n_tested,
        "made_with": made.made_with,
        "made_at": made.made_at,
    }
    rows = [
        {
            "week_start": made.week.monday,
            "phrase": term.phrase,
            "place": place,
            "name": term.name,
            "first_week_start": term.first_week.monday,
            "k": term.k,
            "k_before": term.k_before,
            "growth": term.growth,
            "growth_low": term.growth_low,
            "n_teams": term.n_teams,
            "neighbours": list(term.neighbours),
            "papers": list(term.papers),
            "share": term.share,
            "share_before": term.share_before,
            "probability": term.probability,
        }
        for place, term in enumerate(made.terms)
    ]
    with db.write() as connection:
        insert = db.upsert(emerging_list).on_conflict_do_nothing(index_elements=["week_start"])
        if connection.execute(insert.returning(emerging_list.c.week_start), head).first() is not None and rows:
            connection.execute(emerging_term.insert(), rows)


def list_of_week(db: Database, week: Week) -> EmergingList | None:
    """The list of a week with the scores so far; ``None`` if it has none."""
    found = lists_of_weeks(db, [week])
    return found[0] if found else None


def lists_of_weeks(db: Database, weeks: Sequence[Week]) -> list[EmergingList]:
    """The lists of these weeks with the scores so far, oldest first."""
    mondays = [week.monday for week in weeks]
    with db.read() as connection:
        heads = connection.execute(
            select(emerging_list).where(emerging_list.c.week_start.in_(mondays)).order_by(emerging_list.c.week_start)
        ).all()
        scores: dict[tuple[Any, str], list[CallScore]] = defaultdict(list)
        scored = select(emerging_score).where(emerging_score.c.week_start.in_(mondays))
        for row in connection.execute(scored.order_by(emerging_score.c.horizon_weeks)):
            scores[row.week_start, row.phrase].append(CallScore(row.horizon_weeks, row.held, row.share_after))
        terms: dict[Any, list[EmergingTerm]] = defaultdict(list)
        listed = select(emerging_term).where(emerging_term.c.week_start.in_(mondays)).order_by(emerging_term.c.place)
        for row in connection.execute(listed):
            terms[row.week_start].append(_term(row, tuple(scores[row.week_start, row.phrase])))
    return [
        EmergingList(
            week=Week(head.week_start),
            recent_weeks=head.recent_weeks,
            before_weeks=head.before_weeks,
            n=head.n,
            n_before=head.n_before,
            n_tested=head.n_tested,
            terms=tuple(terms[head.week_start]),
            made_with=head.made_with,
            made_at=head.made_at,
        )
        for head in heads
    ]


def newest_listed_week(db: Database, until: Week | None = None) -> Week | None:
    """The newest week with a list, at most ``until``; ``None`` if there is none."""
    query = select(func.max(emerging_list.c.week_start))
    if until is not None:
        query = query.where(emerging_list.c.week_start <= until.monday)
    with db.read() as connection:
        monday = connection.execute(query).scalar_one()
    return None if monday is None else Week(monday)


def names_of_phrase(db: Database, phrase: str) -> list[tuple[Week, str]]:
    """The weeks whose lists hold a phrase, oldest first, and how it was written then."""
    query = (
        select(emerging_term.c.week_start, emerging_term.c.name)
        .where(emerging_term.c.phrase == phrase)
        .order_by(emerging_term.c.week_start)
    )
    with db.read() as connection:
        return [(Week(monday), name) for monday, name in connection.execute(query)]


def terms_to_score(db: Database, *, horizon_weeks: int, until: Week) -> list[tuple[Week, EmergingTerm]]:
    """The listed terms of weeks up to ``until`` without a score at this horizon, oldest first."""
    term, score = emerging_term.c, emerging_score.c
    is_scored = (
        select(score.phrase)
        .where(score.week_start == term.week_start, score.phrase == term.phrase, score.horizon_weeks == horizon_weeks)
        .exists()
    )
    query = (
        select(emerging_term).where(term.week_start <= until.monday, ~is_scored).order_by(term.week_start, term.place)
    )
    with db.read() as connection:
        return [(Week(row.week_start), _term(row, ())) for row in connection.execute(query)]


def add_emerging_scores(db: Database, scores: Collection[tuple[Week, str, CallScore]], *, scored_at: datetime) -> None:
    """Store scores by the list's week and the phrase; existing scores stay."""
    rows = [
        {
            "week_start": week.monday,
            "phrase": phrase,
            "horizon_weeks": score.horizon_weeks,
            "held": score.held,
            "share_after": score.share_after,
            "scored_at": scored_at,
        }
        for week, phrase, score in scores
    ]
    if rows:
        insert = db.upsert(emerging_score).on_conflict_do_nothing(
            index_elements=["week_start", "phrase", "horizon_weeks"]
        )
        with db.write() as connection:
            connection.execute(insert, rows)


def list_heads(db: Database) -> list[EmergingListHead]:
    """All lists without their terms, newest first."""
    term = emerging_term.c
    is_new = case((term.first_week_start == term.week_start, 1), else_=0)
    query = (
        select(
            emerging_list.c.week_start,
            emerging_list.c.made_at,
            func.count(term.phrase).label("n_terms"),
            func.coalesce(func.sum(is_new), 0).label("n_new"),
        )
        .select_from(emerging_list.outerjoin(emerging_term, term.week_start == emerging_list.c.week_start))
        .group_by(emerging_list.c.week_start, emerging_list.c.made_at)
        .order_by(emerging_list.c.week_start.desc())
    )
    with db.read() as connection:
        return [
            EmergingListHead(Week(row.week_start), row.n_terms, int(row.n_new), row.made_at)
            for row in connection.execute(query)
        ]


def emerging_records(db: Database, *, until: Week) -> tuple[list[CallRecord], list[CallRecord]]:
    """How the terms turned out by horizon, each counted when it was first listed, as known in week ``until``.

    Returns
    -------
    Those of lists made in time, and those of lists made too long after their week to count as a prediction.
    """
    in_time: list[tuple[int, bool | None]] = []
    late: list[tuple[int, bool | None]] = []
    for week, made_at, horizon_weeks, held in _outcomes(db, until):
        (late if is_late(week, made_at) else in_time).append((horizon_weeks, held))
    return records_of(in_time), records_of(late)


def outcomes_by_week(db: Database, *, until: Week) -> dict[Week, list[CallRecord]]:
    """How the terms that were new on each list turned out, as known in week ``until``."""
    of_week: dict[Week, list[tuple[int, bool | None]]] = defaultdict(list)
    for week, _, horizon_weeks, held in _outcomes(db, until):
        of_week[week].append((horizon_weeks, held))
    return {week: records_of(outcomes) for week, outcomes in of_week.items()}


def _outcomes(db: Database, until: Week) -> list[tuple[Week, datetime, int, bool | None]]:
    term, score = emerging_term.c, emerging_score.c
    query = (
        select(term.week_start, emerging_list.c.made_at, score.horizon_weeks, score.held)
        .select_from(emerging_score)
        .join(emerging_term, (term.week_start == score.week_start) & (term.phrase == score.phrase))
        .join(emerging_list, emerging_list.c.week_start == term.week_start)
        .where(term.first_week_start == term.week_start)
    )
    with db.read() as connection:
        found = [(Week(monday), made_at, h, held) for monday, made_at, h, held in connection.execute(query)]
    return [outcome for outcome in found if outcome[0].plus(outcome[2]) <= until]


def _term(row: Row[Any], scores: tuple[CallScore, ...]) -> EmergingTerm:
    return EmergingTerm(
        phrase=row.phrase,
        name=row.name,
        first_week=Week(row.first_week_start),
        k=row.k,
        k_before=row.k_before,
        growth=row.growth,
        growth_low=row.growth_low,
        n_teams=row.n_teams,
        neighbours=tuple(row.neighbours),
        papers=tuple(map(ArxivId, row.papers)),
        share=row.share,
        share_before=row.share_before,
        probability=row.probability,
        scores=scores,
    )
