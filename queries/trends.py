"""Trends: shares of terms over time, with intervals, growth and calls."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from analysis.trends.detector_error import MeasuredError, corrected_shares
from analysis.trends.growth import WINDOW_WEEKS, change_points, fit_growth
from analysis.trends.shares import Period, share_series
from domain.errors import UsageError
from domain.paper_query import PaperQuery
from domain.tables import WEEKLY_TOTALS
from domain.week import Week, last_closed_week
from queries.numbers import day, growth_json, json_number
from queries.requests import MAX_TERMS, Level, TrendRequest
from queries.terms import TERM_KINDS, TermCounter, watched
from runtime.context import AppContext
from store.calls import newest_calls
from store.weekly import incomplete_weeks, weekly_totals
from templates.citations import no_formula

MIN_WEEK = 20
"""Papers in the categories below which a week says nothing of growth."""


# -- trends


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
) -> dict[str, Any]:
    """Shares of terms over time, in the form that docs/json.md describes.

    A term is the key or name of a technique or theme, the label of a topic, or any other words, which are looked
    for as they stand. ``technique:``, ``theme:``, ``topic:`` and ``text:`` before it say which is meant; ``meaning:``
    takes it as a description, and counts the papers whose vectors are unusually near to it. The week that is still
    open is left out unless asked for; it is never complete.

    Raises
    ------
    UsageError
        If a term is unknown or cannot be looked for, a category is not watched, or nothing is held.
    """
    if len(terms) > MAX_TERMS:
        raise UsageError(f"{len(terms)} terms are too many to compare; give {MAX_TERMS} or fewer")
    among = PaperQuery(categories=watched(context, categories), primary=primary)
    totals = context.cached(("totals", among), lambda: weekly_totals(context.db, context.settings.categories, among))
    totals = _between(totals if with_open_week else _closed(context, totals), since, until)
    if totals.empty:
        raise UsageError("no closed week is held in this range; `papertide run` fetches some")
    counter = TermCounter(context, level, among)

    def one(term: str) -> dict[str, Any]:
        kind, name, k_by_week = counter.count(term)
        error = counter.error(kind, name) if level == "adopts" else None
        called = _called(context, counter, kind, name) if not among.categories and level == "adopts" else None
        table = share_series(totals, k_by_week, by=by, min_papers=1)
        return {
            "term": name,
            "kind": kind,
            "name": counter.name(kind, name),
            "points": _points(table, error),
            **_movement(context, totals, k_by_week),
            "call": called,
        }

    asked = (by, level, among, totals["week_start"].iloc[0], totals["week_start"].iloc[-1])
    series = [context.cached(("series", term, *asked), partial(one, term)) for term in terms]
    return {
        "by": by,
        "level": level,
        "categories": list(among.categories or context.settings.categories),
        "series": series,
    }


def trends_csv(answer: Mapping[str, Any]) -> str:
    """The points of an answer of ``trends`` as CSV, a row for each term and period."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = list(answer["series"][0]["points"][0])
    writer.writerow(("term", "kind", *columns))
    for series in answer["series"]:
        for point in series["points"]:
            writer.writerow((no_formula(series["term"]), series["kind"], *(point[c] for c in columns)))
    return out.getvalue()


def _movement(context: AppContext, totals: pd.DataFrame, k_by_week: Mapping[Week, int]) -> dict[str, Any]:
    """Growth over the last half year of these weeks, and when the growth changed.

    Of closed weeks with enough papers that are not known to lack any.
    """
    lacking = context.cached(
        "weeks that lack papers", lambda: incomplete_weeks(context.db, context.settings.categories)
    )
    weeks = [Week(at.date()) for at in _closed(context, totals)["week_start"]]
    n = totals["n"].to_numpy(dtype=np.int64)[: len(weeks)]
    k = np.array([k_by_week.get(week, 0) for week in weeks], dtype=np.int64)
    usable = (n >= MIN_WEEK) & np.array([week not in lacking for week in weeks], dtype=bool)
    if not usable.any():
        return {"growth": None, "change_points": []}
    recent = usable & np.array([week > weeks[-1].plus(-WINDOW_WEEKS) for week in weeks])
    held = [week for week, kept in zip(weeks, recent.tolist(), strict=True) if kept]
    [growth] = fit_growth(k[None, recent], n[recent], held).growths()
    return {
        "growth": growth_json(growth),
        "change_points": [
            {
                "start": point.week.monday.isoformat(),
                "share_before": json_number(point.share_before),
                "share_after": json_number(point.share_after),
            }
            for point in change_points(k, np.where(usable, n, 0), weeks)
        ],
    }


def _called(context: AppContext, counter: TermCounter, kind: str, name: str) -> dict[str, Any] | None:
    """What was last called of a term; ``None`` where nothing was, as of words that are not watched."""
    key = (
        name if kind == "text" else next((k for of in TERM_KINDS if of == kind and (k := counter.key(of, name))), name)
    )
    wanted = ("query" if kind == "text" else kind, key)
    call = next(
        (c for c in context.cached("newest calls", lambda: newest_calls(context.db)) if (c.kind, c.key) == wanted), None
    )
    return None if call is None else {"week": str(call.week), "verdict": call.verdict}


def _closed(context: AppContext, totals: pd.DataFrame) -> pd.DataFrame:
    last = pd.Timestamp(last_closed_week(context.now()).monday)
    return totals[totals["week_start"] <= last].reset_index(drop=True)


def _between(totals: pd.DataFrame, since: date | None, until: date | None) -> pd.DataFrame:
    keep = pd.Series(True, index=totals.index)
    if since is not None:
        keep &= totals["week_start"] + pd.Timedelta(days=6) >= pd.Timestamp(since)
    if until is not None:
        keep &= totals["week_start"] <= pd.Timestamp(until)
    return WEEKLY_TOTALS.check(totals[keep].reset_index(drop=True))


def _points(table: pd.DataFrame, error: MeasuredError | None) -> list[dict[str, Any]]:
    columns = [table[name].tolist() for name in table.columns]
    columns += (
        [[float("nan")] * len(table)] * 3
        if error is None
        else [values.tolist() for values in corrected_shares(table["k"].tolist(), table["n"].tolist(), error)]
    )
    return [
        {
            "start": start.date().isoformat(),
            "end": end.date().isoformat(),
            "k": k,
            "n": n,
            "share": json_number(share),
            "low": json_number(low),
            "high": json_number(high),
            "complete": complete,
            "corrected": json_number(corrected),
            "corrected_low": json_number(corrected_low),
            "corrected_high": json_number(corrected_high),
        }
        for start, end, k, n, share, low, high, complete, corrected, corrected_low, corrected_high in zip(
            *columns, strict=True
        )
    ]


def trend_answer(context: AppContext, asked: TrendRequest, *, with_open_week: bool = False) -> dict[str, Any]:
    """The answer of ``trends`` to an address, in the form that docs/json.md describes."""
    since = day(asked.since) if asked.since else None
    until = day(asked.until, end=True) if asked.until else None
    if since and until and since > until:
        raise UsageError(f"the first day, {since}, is after the last, {until}")
    if not asked.terms:
        raise UsageError("no term is given; write one or more, as in term=diffusion")
    return trends(
        context,
        asked.terms,
        by=asked.by,
        level=asked.level,
        categories=asked.categories,
        primary=asked.primary,
        since=since,
        until=until,
        with_open_week=with_open_week,
    )
