"""What is new for a saved search or a topic; mails use the same ranking and thresholds (``analysis.search``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from analysis.search.new_papers import NewPapers, new_papers
from analysis.search.search_conditions import found_by
from domain.errors import UsageError
from domain.paper import Paper
from domain.paper_arrays import PaperIndex
from domain.paper_query import PaperQuery
from domain.personal_digest import ScoreThreshold
from domain.week import Week, last_closed_week
from queries.parameters import MAX_QUERY, PaperRequest
from queries.resolve_paper_query import resolved_query
from runtime.context import AppContext
from store.papers import papers_in_order

N_WEEKS = 8
"""How far a feed looks back, so that a reader who was away for a while misses nothing."""
MAX_PAPERS = 500
"""Most papers of one feed, newest first."""


@dataclass(frozen=True)
class RecentPapers:
    """The new papers of the last weeks, newest first.

    ``n_new`` counts all of them, of which ``papers`` has at most ``MAX_PAPERS``. ``n_below`` counts those found that
    score less. ``threshold`` is that of the newest week, ``None`` where the weeks hold no paper.
    """

    papers: tuple[Paper, ...]
    n_new: int
    n_below: int
    threshold: ScoreThreshold | None


def new_papers_of_search(context: AppContext, question: PaperRequest, *, per_week: int | None) -> RecentPapers:
    """The papers of the last weeks that a saved search brings: all whose score reaches the threshold of their week.

    A day ``since`` only narrows the weeks, so that a link that names one still brings what is new. With an ``until``
    that is past, the weeks are those before it.

    Raises
    ------
    UsageError
        If the query is empty or too long, or a filter names something unknown.
    """
    if len(question.query) > MAX_QUERY:
        raise UsageError(f"the query has {len(question.query):,} characters; at most {MAX_QUERY} are allowed")
    query = resolved_query(context, question)

    def scores(index: PaperIndex) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        by_score, _, found = found_by(search, question.query, min_similarity=context.settings.service.min_similarity)
        return by_score, found & index.matching(replace(query, since=None, until=None))

    search = context.paper_search
    return _recent(context, search.index, query, scores, per_week)


def new_papers_of_topic(context: AppContext, topic_id: int, *, per_week: int | None) -> RecentPapers:
    """The papers of the last weeks that are near enough to a topic's centre."""
    index = context.paper_search.index
    return _recent(context, index, PaperQuery(), lambda index: (index.similarity, index.topic_id == topic_id), per_week)


def _recent(
    context: AppContext,
    index: PaperIndex,
    query: PaperQuery,
    scores: Callable[[PaperIndex], tuple[NDArray[np.float32], NDArray[np.bool_]]],
    per_week: int | None,
) -> RecentPapers:
    closed = last_closed_week(context.now())
    by_score, found = scores(index)
    new: NewPapers = new_papers(
        by_score,
        found,
        ids=index.ids,
        day=index.day,
        among=index.matching(PaperQuery(since=_first_day(query, closed), until=query.until)),
        per_week=per_week,
        share_of_best=context.settings.personal.share_of_best,
        last_closed=closed,
    )
    newest_first = sorted(new.rows, reverse=True)[:MAX_PAPERS]  # rows are in the order of submission
    papers = papers_in_order(context.db, [index.ids[row] for row in newest_first])
    return RecentPapers(tuple(papers), len(new.rows), new.n_below, new.newest_threshold)


def _first_day(query: PaperQuery, closed: Week) -> date:
    last = closed if query.until is None or query.until >= closed.monday else Week.containing_day(query.until)
    first = last.plus(1 - N_WEEKS).monday
    return max(first, query.since) if query.since else first
