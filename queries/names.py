"""Named things: those that lists show, by kind and by what happened to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from analysis.names.defining_sentence import defining_sentence
from analysis.names.time_to_first_use import Introduction, first_use_share
from analysis.names.variants import key_start, name_key
from domain.digest import SharePoint
from domain.errors import UsageError
from domain.name_ledger import SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE, UPTAKE_WEEKS, Name
from domain.name_mention import NAME_KINDS, NameKind
from domain.trend_calls import DOWNWARD, UPWARD, WINDOW_WEEKS, TrendCall
from domain.trends import NewestCall
from domain.week import Week, last_closed_week
from queries.held_weeks import require_held
from queries.results import FirstUse, ListedName, NamePage, rounded, rounded_change
from runtime.context import AppContext
from store.name_ledger_reading import (
    NameQuery,
    count_by_kind,
    introducing_texts,
    introductions,
    names_by_id,
    names_matching,
    weekly_uses,
)
from store.trend_calls import newest_calls
from store.weekly import weekly_totals
from store.windows import newest_week_held

NameView = Literal["all", "new", "taken-up", "rising", "fading"]
"""Which names: all, introduced in the newest week, taken up in the last half year, or whose use rises or falls."""
NAME_VIEWS: tuple[NameView, ...] = ("all", "new", "taken-up", "rising", "fading")
NameSort = Literal["uses", "newest", "teams", "name"]
"""Most using papers, newest, most teams, or by name."""
SHOWN_NAMES = NameQuery(SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE)
"""The names that lists show."""


@dataclass(frozen=True)
class NameRequest:
    """Which names, in which order; ``week`` is that of what is new, by default the newest closed one."""

    kind: NameKind | None = None
    view: NameView = "all"
    words: str = ""
    sort: NameSort = "uses"
    week: Week | None = None


def newest_week(context: AppContext) -> Week | None:
    """The newest closed week of which a paper is held."""
    held = context.cached("newest week", lambda: newest_week_held(context.db, context.settings.categories))
    return None if held is None else min(held, last_closed_week(context.now()))


def first_week(context: AppContext) -> Week | None:
    """The oldest week of which a paper is held: what was in use before is first seen in it."""
    totals = context.cached("totals", lambda: weekly_totals(context.db, context.settings.categories))
    held = (Week(at.date()) for at, n in zip(totals["week_start"], totals["n"].tolist(), strict=True) if n)
    return min(held, default=None)


def calls_of_names(context: AppContext) -> dict[int, TrendCall]:
    """The newest trend call of each name that has one."""
    return context.cached("calls of names", lambda: {int(c.key): c for c in newest_calls(context.db, of_names=True)})


def name_query(context: AppContext, request: NameRequest) -> NameQuery:
    """The names that a request is about.

    Raises
    ------
    UsageError
        If no paper of the week requested is held, or the view is not one of a week.
    """
    if request.week:
        if request.view not in ("new", "taken-up"):
            raise UsageError("a week is that of what is new or taken up: give it with view=new or view=taken-up")
        require_held(context, request.week)
    week = request.week or newest_week(context)
    query = replace(
        SHOWN_NAMES,
        kind=request.kind,
        words=tuple(request.words.split()),
        key=name_key(request.words),
        key_start=key_start(request.words),
    )
    if request.view == "new":
        return replace(query, introduced=week) if week else replace(query, ids=frozenset())
    if request.view == "taken-up":
        return replace(query, taken_up=(week.plus(1 - UPTAKE_WEEKS), week)) if week else replace(query, ids=frozenset())
    if request.view in ("rising", "fading"):
        wanted = UPWARD if request.view == "rising" else DOWNWARD
        called = {name_id for name_id, call in calls_of_names(context).items() if call.verdict in wanted}
        if request.view == "fading":
            names = names_by_id(context.db, called)
            called = {name_id for name_id in called if names[name_id].fading_week is not None}
        return replace(query, ids=frozenset(called))
    return query


def name_page(context: AppContext, request: NameRequest, *, limit: int, offset: int = 0) -> NamePage:
    """One page of the names that a request is about."""
    query = name_query(context, request)
    total, found = names_matching(context.db, query, request.sort, limit=limit, offset=offset)
    after = offset + limit if offset + limit < total else None
    return NamePage(total, None if after is None else str(after), newest_week(context), listed_names(context, found))


def listed_names(context: AppContext, names: Sequence[Name]) -> tuple[ListedName, ...]:
    """Names as lists show them, each with the words of its introducing paper."""
    texts = introducing_texts(context.db, [n.name_id for n in names])
    calls = calls_of_names(context)
    return tuple(listed_name(n, calls.get(n.name_id), texts.get(n.name_id)) for n in names)


def listed_name(name: Name, call: TrendCall | None, text: tuple[str, Any] | None) -> ListedName:
    """One name with its call, and with abstract and evidence of its introducing paper."""
    return ListedName(
        name_id=name.name_id,
        name=name.surface,
        kind=name.kind,
        family=name.family,
        n_uses=name.n_uses,
        n_mentions=name.n_mentions,
        n_teams=name.n_teams,
        first_week=name.first_week,
        introduced_week=name.introduced_week,
        introduced_by=name.introduced_by,
        used_elsewhere_week=name.used_elsewhere_week,
        taken_up_week=name.taken_up_week,
        fading_week=name.fading_week,
        call=None if call is None else NewestCall(call.week, call.verdict, rounded_change(call.change), call.wave),
        own_words=defining_sentence(*text) if text else "",
    )


def name_series(context: AppContext, names: Sequence[ListedName]) -> dict[int, tuple[SharePoint, ...]]:
    """The share of papers that introduce or use each name in the last half year, without intervals."""
    week = newest_week(context)
    if week is None:
        return {}
    first = week.plus(1 - WINDOW_WEEKS)
    totals = context.cached("totals", lambda: weekly_totals(context.db, context.settings.categories))
    monday, last = first.monday, week.monday
    totals = totals[(totals["week_start"].dt.date >= monday) & (totals["week_start"].dt.date <= last)]
    ids = [one.name_id for one in names]
    uses = weekly_uses(context.db, context.settings.categories, first=first, ids=ids)
    found: dict[int, tuple[SharePoint, ...]] = {}
    columns = [totals[c].tolist() for c in ("week_start", "n", "complete")]
    nan = float("nan")
    for one in names:
        by_week = uses.get(one.name_id, {})
        found[one.name_id] = tuple(
            SharePoint(
                at.date(),
                at.date() + timedelta(days=6),
                k := by_week.get(Week(at.date()), 0),
                n,
                k / n if n else nan,
                nan,
                nan,
                complete,
            )
            for at, n, complete in zip(*columns, strict=True)
        )
    return found


def names_used_elsewhere(context: AppContext, kind: NameKind, *, limit: int) -> list[tuple[ListedName, Week]]:
    """The names of a kind that another team uses, those first that it began to use last, each with that week."""
    query = replace(SHOWN_NAMES, kind=kind, is_used_elsewhere=True)
    _, found = names_matching(context.db, query, "used elsewhere", limit=limit)
    return [(n, n.used_elsewhere_week or n.first_week) for n in listed_names(context, found)]


def counts_of_kinds(context: AppContext) -> dict[NameKind, int]:
    """How many names of each kind lists show."""

    def count() -> dict[NameKind, int]:
        return {**dict.fromkeys(NAME_KINDS, 0), **count_by_kind(context.db, SHOWN_NAMES)}

    return context.cached("counts of kinds", count)


def first_uses(context: AppContext, within_weeks: int = UPTAKE_WEEKS) -> tuple[FirstUse, ...]:
    """How many of the names introduced in each quarter another team used in time, by kind and quarter."""
    return context.cached(("first uses", within_weeks), lambda: _first_uses(context, within_weeks))


def _first_uses(context: AppContext, within_weeks: int) -> tuple[FirstUse, ...]:
    week = newest_week(context)
    if week is None:
        return ()
    cohorts: dict[tuple[NameKind, str], list[Introduction]] = defaultdict(list)
    for kind, introduced, used, n in introductions(context.db, SHOWN_NAMES):
        cohorts[kind, _quarter(introduced)] += [Introduction(introduced, used)] * n
    found = []
    for (kind, quarter), of in sorted(cohorts.items(), key=lambda one: (NAME_KINDS.index(one[0][0]), one[0][1])):
        s = first_use_share(of, until=week, within_weeks=within_weeks)
        found.append(
            FirstUse(
                kind,
                quarter,
                within_weeks,
                s.n,
                s.n_used,
                s.n_watched,
                rounded(s.share),
                rounded(s.low),
                rounded(s.high),
            )
        )
    return tuple(found)


def _quarter(week: Week) -> str:
    """The quarter that holds the week's Thursday, as periods of trends do."""
    thursday = week.monday + timedelta(days=3)
    return f"{thursday.year}-Q{(thursday.month + 2) // 3}"
