"""Trends: shares of terms over time, with intervals, changes and calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from analysis.trends.count_by_meaning_error import with_measured_error
from analysis.trends.detector_error import MeasuredError, corrected_shares
from analysis.trends.growth_of_term import growth_and_changes
from analysis.trends.shares import share_series
from domain.errors import UsageError
from domain.paper_query import PaperQuery
from domain.phrase_variants import phrases_of_term
from domain.trend_calls import FittedChange
from domain.trend_periods import Period
from domain.trends import NewestCall, SeriesChange, SeriesKind, TermSeries, TrendPoint
from domain.typed_day import day
from domain.week import Week, last_closed_week
from domain.weekly_table_schemas import WEEKLY_TOTALS
from queries.meaning_precision import precision_of, with_meaning_checks
from queries.parameters import MAX_TERMS, Level, TrendRequest
from queries.results import Trends, rounded, rounded_change
from queries.term_counts import TermCounter, stored_counts_state
from queries.term_resolution import TERM_KINDS, name_called, term_key, watched
from runtime.context import AppContext
from store.trend_calls import newest_calls
from store.weekly import incomplete_weeks, weekly_totals


def trends(
    context: AppContext,
    terms: Sequence[str],
    *,
    by: Period,
    level: Level,
    categories: Sequence[str],
    primary: bool,
    since: date | None,
    until: date | None,
    with_open_week: bool = False,
) -> Trends:
    """Shares of terms over time.

    A term is the key or name of a technique or theme, or any other words, which are matched as a phrase in singular and
    plural (``queries.term_resolution.taken_for``). ``technique:``, ``theme:``, ``topic:`` and ``text:`` before it say
    which is meant. ``exact:`` matches words as written; ``meaning:`` takes them as a description, and counts the papers
    whose vectors are unusually near to it. Their shares have an interval only with answers about a dozen of the papers,
    as in ``meaning(9/12):faster inference``. ``readings`` of a series are all that its term can be taken for.

    The week that is still open is left out unless requested; it is never complete. While a run is at work, techniques,
    themes and topics have the numbers of the last count, and ``counted_at`` tells when that was.

    A term that is no name and in no paper is drawn at zero beside the others, and ``unknown`` of its series says so.

    Raises
    ------
    UsageError
        If no term is given, all are unknown, one cannot be matched, a category is not watched, or nothing is stored.
    """
    if not terms:
        raise UsageError("no term is given; give one or more, such as diffusion")
    if len(terms) > MAX_TERMS:
        raise UsageError(f"{len(terms)} terms are too many to compare; give {MAX_TERMS} or fewer")
    among = PaperQuery(categories=watched(context, categories), primary=primary)
    last = None if with_open_week else last_closed_week(context.now())
    totals, weeks = context.cached(
        ("totals", among, last, since, until), lambda: _totals(context, among, last, since, until)
    )
    if totals.empty:
        raise UsageError("no closed week is stored in this range; `papertide run` fetches some")
    state = stored_counts_state(context)
    counter = TermCounter(context, level, among, state)

    def one(term: str) -> TermSeries:
        counted = counter.count(term)
        kind, name, k_by_week = counted.kind, counted.name, counted.by_week
        error = counter.error(kind, name) if level == "adopts" else None
        n_of_weeks = totals if counted.n_by_week is None else _totals_when_counted(totals, counted.n_by_week)
        since = counted.since
        if since is not None and not totals.empty and since.monday <= totals["week_start"].iloc[0].date():
            since = None
        n_of_weeks = n_of_weeks if since is None else _uncounted_before(n_of_weeks, since)
        change, turns = _movement(context, n_of_weeks, k_by_week)
        points = tuple(_points(share_series(n_of_weeks, k_by_week, by=by, min_papers=1), error))
        if kind == "meaning":
            precision = precision_of(term)
            points = with_measured_error(points, precision)
            # Without a measured error nothing says that a change is one of what is meant.
            change, turns = (None, ()) if precision is None else (change, turns)
        call = _newest_call(context, totals, kind, name) if not among.categories and level == "adopts" else None
        return TermSeries(
            term=name,
            kind=kind,
            name=counter.name(kind, name),
            points=points,
            change=None if call else change,
            change_points=turns,
            call=call,
            asked=term,
            phrases=phrases_of_term(f"{kind}:{name}") if kind in ("text", "exact") else (),
            readings=counter.readings(term, counted, weeks),
            unknown=counted.unknown,
            counted_since=None if since is None else since.monday,
        )

    scope = (by, level, among, totals["week_start"].iloc[0], totals["week_start"].iloc[-1])
    plain = tuple(context.cached(("series", term, *scope), partial(one, term)) for term in terms)
    if all(one.unknown for one in plain):
        raise UsageError(plain[0].unknown or "")
    # Others have nothing to check, and keeping each choice of terms would cost more than drawing it.
    series = plain
    if any(one.kind == "meaning" for one in plain):
        series = context.cached(
            ("meaning checks", tuple(terms), *scope),
            lambda: with_meaning_checks(context, counter, plain, among, weeks),
        )
    is_old = state is not None and not state.is_current and any(one.kind in TERM_KINDS for one in series)
    return Trends(
        by,
        level,
        among.categories or context.settings.categories,
        series,
        primary=primary,
        counted_at=state.counted_at if state is not None and is_old else None,
    )


def _totals(
    context: AppContext, among: PaperQuery, last: Week | None, since: date | None, until: date | None
) -> tuple[pd.DataFrame, frozenset[Week]]:
    """The papers of each week of a range, up to a week if it is given, and these weeks."""
    stored = context.cached(("totals", among), lambda: weekly_totals(context.db, context.settings.categories, among))
    table = _between(stored if last is None else _until(stored, last), since, until)
    return table, frozenset(Week(at.date()) for at in table["week_start"])


def weekly_points(context: AppContext, term: str) -> tuple[TrendPoint, ...]:
    """Adoption of one term in each closed week that counts it; empty if no week is held, or while recounting."""
    try:
        found = trends(context, [term], by="week", level="adopts", categories=(), primary=False, since=None, until=None)
    except UsageError:
        return ()
    [series] = found.series
    return tuple(p for p in series.points if series.counted_since is None or p.start >= series.counted_since)


def _totals_when_counted(totals: pd.DataFrame, n_by_week: Mapping[Week, int]) -> pd.DataFrame:
    """The weeks with the papers that were counted; a week is complete if none has come since."""
    last = max(n_by_week, default=Week(date.min))
    is_counted = (totals["week_start"].dt.date <= last.monday) | (totals["n"] == 0)
    table = totals[is_counted].reset_index(drop=True)
    if table.empty:
        raise UsageError("no week of this range has been counted yet, which a run does within the hour")
    n = pd.Series([n_by_week.get(Week(at.date()), 0) for at in table["week_start"]], index=table.index, dtype="int64")
    return WEEKLY_TOTALS.check(table.assign(n=n, complete=table["complete"] & (table["n"] == n)))


def _uncounted_before(totals: pd.DataFrame, first: Week) -> pd.DataFrame:
    """The weeks, those before ``first`` without papers to count and never complete."""
    is_counted = totals["week_start"].dt.date >= first.monday
    return WEEKLY_TOTALS.check(
        totals.assign(n=totals["n"].where(is_counted, 0), complete=totals["complete"] & is_counted)
    )


def trend_answer(context: AppContext, request: TrendRequest, *, with_open_week: bool = False) -> Trends:
    """Shares of terms over time, for a request as it was typed."""
    since = day(request.since) if request.since else None
    until = day(request.until, end=True) if request.until else None
    if since and until and since > until:
        raise UsageError(f"the first day, {since}, is after the last, {until}")
    return trends(
        context,
        request.terms,
        by=request.by,
        level=request.level,
        categories=request.categories,
        primary=request.primary,
        since=since,
        until=until,
        with_open_week=with_open_week,
    )


def _movement(
    context: AppContext, totals: pd.DataFrame, k_by_week: Mapping[Week, int]
) -> tuple[FittedChange | None, tuple[SeriesChange, ...]]:
    """The change over the last of these weeks, and when their course changed; of closed weeks."""
    lacking = context.cached(
        "weeks that lack papers", lambda: incomplete_weeks(context.db, context.settings.categories)
    )
    weeks = [Week(at.date()) for at in _closed(context, totals)["week_start"]]
    n = totals["n"].to_numpy(dtype=np.int64)[: len(weeks)]
    k = np.array([k_by_week.get(week, 0) for week in weeks], dtype=np.int64)
    change, turns = growth_and_changes(k, n, weeks, lacking=lacking)
    return rounded_change(change), tuple(
        SeriesChange(c.week.monday, round(c.share_before, 6), round(c.share_after, 6)) for c in turns
    )


def _newest_call(context: AppContext, totals: pd.DataFrame, kind: SeriesKind, name: str) -> NewestCall | None:
    """The newest call of a term; ``None`` where there is none, as of words that are not watched.

    A call is about the weeks that it tested, so there is none for a range that leaves out some of them, or that ends
    with a later closed week.
    """
    of_names = kind == "name"
    wanted: tuple[str, str]
    if of_names:
        wanted = (kind, str(name_called(context, name).name_id))
    elif kind in ("text", "exact"):
        wanted = ("query", name if kind == "text" else f"exact:{name}")
    else:
        wanted = (kind, next((k for of in TERM_KINDS if of == kind and (k := term_key(context, of, name))), name))
    call = next(
        (
            c
            for c in context.cached(("newest calls", of_names), lambda: newest_calls(context.db, of_names=of_names))
            if (c.kind, c.key) == wanted
        ),
        None,
    )
    closed = _closed(context, totals)["week_start"]
    if call is None or closed.empty or Week(closed.iloc[-1].date()) != call.week:
        return None
    if call.change is not None and Week(closed.iloc[0].date()) > call.change.first_week:
        return None
    return NewestCall(call.week, call.verdict, rounded_change(call.change), call.wave)


def _closed(context: AppContext, totals: pd.DataFrame) -> pd.DataFrame:
    return _until(totals, last_closed_week(context.now()))


def _until(totals: pd.DataFrame, last: Week) -> pd.DataFrame:
    return totals[totals["week_start"] <= pd.Timestamp(last.monday)].reset_index(drop=True)


def _between(totals: pd.DataFrame, since: date | None, until: date | None) -> pd.DataFrame:
    keep = pd.Series(True, index=totals.index)
    if since is not None:
        keep &= totals["week_start"] + pd.Timedelta(days=6) >= pd.Timestamp(since)
    if until is not None:
        keep &= totals["week_start"] <= pd.Timestamp(until)
    return WEEKLY_TOTALS.check(totals[keep].reset_index(drop=True))


def _points(table: pd.DataFrame, error: MeasuredError | None) -> Iterator[TrendPoint]:
    columns = [table[name].tolist() for name in table.columns]
    columns += (
        [[float("nan")] * len(table)] * 3
        if error is None
        else [values.tolist() for values in corrected_shares(table["k"].tolist(), table["n"].tolist(), error)]
    )
    for start, end, k, n, share, low, high, complete, *corrected in zip(*columns, strict=True):
        yield TrendPoint(
            start.date(),
            end.date(),
            k,
            n,
            rounded(share),
            rounded(low),
            rounded(high),
            complete,
            *map(rounded, corrected),
        )
