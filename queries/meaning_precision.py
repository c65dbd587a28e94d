"""How good the papers of a term by meaning are: samples to read, and how much it shares with other terms."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from analysis.search.semantic_search import PaperSearch
from analysis.trends.count_by_meaning_error import MIN_ANSWERS
from analysis.trends.shares import share_of
from domain.digest import Share
from domain.paper import ArxivId, Paper
from domain.paper_arrays import day_number
from domain.paper_query import PaperQuery
from domain.term_prefix import Answers, typed_term
from domain.trends import MeaningCheck, SampleHit, TermOverlap, TermSeries
from domain.week import Week
from queries.results import rounded
from queries.term_counts import TermCounter
from queries.term_resolution import meant_rows
from runtime.context import AppContext
from store.papers import papers_in_order

N_SHOWN = 5
"""Sample papers of a term that an answer shows."""


def papers_to_judge(context: AppContext, description: str) -> list[Paper]:
    """A dozen papers that a description counts, drawn at random, for a reader to say which are right.

    Raises
    ------
    UsageError
        If the description holds no word, or nothing is embedded.
    """
    search = context.paper_search
    near = np.flatnonzero(meant_rows(search, description))
    return papers_in_order(context.db, _sample(description, [search.index.ids[row] for row in near], MIN_ANSWERS))


def precision_of(term: str) -> Share | None:
    """The share of right answers in a term by meaning; ``None`` where it holds too few."""
    answers = typed_term(term).answers
    if answers is None or answers.n_answers < MIN_ANSWERS:
        return None
    return share_of(answers.n_right, answers.n_answers)


def with_meaning_checks(
    context: AppContext, counter: TermCounter, series: Sequence[TermSeries], among: PaperQuery, weeks: Collection[Week]
) -> tuple[TermSeries, ...]:
    """The series, those by meaning with samples, their overlap with the others, and how precise they were found."""
    if not weeks or all(one.kind != "meaning" for one in series):
        return tuple(series)
    search = counter.search  # so that a context without a cache loads all papers once
    index = search.index
    first, last = day_number(min(weeks).monday), day_number(max(weeks).sunday)
    counted = index.matching(among) & (index.day >= first) & (index.day <= last)
    rows = {one.asked: counter.rows(one.asked) & counted for one in series}
    return tuple(
        replace(one, meaning=_check(context, search, one, series, rows)) if one.kind == "meaning" else one
        for one in series
    )


def _check(
    context: AppContext,
    search: PaperSearch,
    one: TermSeries,
    series: Sequence[TermSeries],
    rows: Mapping[str, np.ndarray],
) -> MeaningCheck:
    own = rows[one.asked]
    sample = _sample(one.term, [search.index.ids[row] for row in np.flatnonzero(own)], N_SHOWN)
    answers, precision = typed_term(one.asked).answers or Answers(0, 0), precision_of(one.asked)
    return MeaningCheck(
        n_papers=int(own.sum()),
        samples=tuple(SampleHit(p.arxiv_id, p.title) for p in papers_in_order(context.db, sample)),
        overlaps=tuple(
            TermOverlap(other.asked, other.name, int(rows[other.asked].sum()), int((own & rows[other.asked]).sum()))
            for other in series
            if other is not one
        ),
        n_answers=answers.n_answers,
        n_right=answers.n_right,
        precision=None if precision is None else rounded(precision.share),
        precision_low=None if precision is None else rounded(precision.low),
        precision_high=None if precision is None else rounded(precision.high),
    )


def _sample(description: str, ids: Sequence[ArxivId], n: int) -> list[ArxivId]:
    """Papers drawn at random; the same for the same description and papers."""
    return sorted(ids, key=lambda i: hashlib.sha256(f"{description} {i}".encode()).digest())[:n]
