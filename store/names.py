"""What the ledger of names holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Row, case, distinct, func, or_, select

from domain.detections import Evidence
from domain.name_ledger import Name, NameEvent, NameEventKind, StoredNameEvent
from domain.paper import ArxivId
from domain.week import Week
from store.database import Database
from store.name_ledger import portions
from store.schema import name, name_event, name_key, name_mention, name_split, paper
from store.sql_conditions import is_watched

_SURFACE = func.coalesce(name.c.given_surface, name.c.surface).label("shown_surface")
_KIND = func.coalesce(name.c.given_kind, name.c.kind).label("shown_kind")
_KIND_SURE = case((name.c.given_kind.is_not(None), 1.0), else_=name.c.kind_confidence).label("shown_kind_confidence")


def _name(row: Row[Any]) -> Name:
    return Name(
        name_id=row.name_id,
        surface=row.shown_surface,
        kind=row.shown_kind,
        family=row.family,
        variants=tuple(row.variants),
        introduced_by=row.introduced_by,
        introduced_week=_week(row.introduced_week),
        first_week=Week(row.first_week),
        last_week=Week(row.last_week),
        confidence=row.confidence,
        kind_confidence=row.shown_kind_confidence,
        n_uses=row.n_uses,
        n_mentions=row.n_mentions,
        n_teams=row.n_teams,
        n_unknown_teams=row.n_unknown_teams,
        used_elsewhere_week=_week(row.used_elsewhere_week),
        taken_up_week=_week(row.taken_up_week),
        fading_week=_week(row.fading_week),
        is_ignored=row.is_ignored,
        merged_into=row.merged_into,
    )


_NAMES = select(name, _SURFACE, _KIND, _KIND_SURE)


def names_in_use(db: Database, *, confidence: float, kind_confidence: float) -> list[Name]:
    """The names that lists may show: neither ignored nor merged, held by a paper, and sure enough; by id."""
    query = _NAMES.where(
        ~name.c.is_ignored,
        name.c.merged_into.is_(None),
        name.c.n_uses + name.c.n_mentions > 0,
        name.c.confidence >= confidence,
        kind_confidence <= _KIND_SURE,
    ).order_by(name.c.name_id)
    with db.read() as connection:
        return [_name(row) for row in connection.execute(query)]


def names_by_id(db: Database, ids: Collection[int]) -> dict[int, Name]:
    """Names by id, whatever happened to them; ids that were never given are absent."""
    found: dict[int, Name] = {}
    with db.read() as connection:
        for some in portions(sorted(ids)):
            found |= {row.name_id: _name(row) for row in connection.execute(_NAMES.where(name.c.name_id.in_(some)))}
    return found


def names_with_keys(db: Database, keys: Collection[str]) -> list[Name]:
    """The names of any of these keys, those that most papers hold first."""
    of_keys = select(name_key.c.name_id).where(name_key.c.key.in_(list(keys)))
    query = _NAMES.where(name.c.name_id.in_(of_keys)).order_by(
        (name.c.n_uses + name.c.n_mentions).desc(), name.c.name_id
    )
    with db.read() as connection:
        return [_name(row) for row in connection.execute(query)]


def names_of_family(db: Database, family: str) -> list[Name]:
    """The names of one family of versions, those that most papers use first."""
    query = _NAMES.where(name.c.family == family, name.c.merged_into.is_(None), ~name.c.is_ignored)
    with db.read() as connection:
        return [_name(row) for row in connection.execute(query.order_by(name.c.n_uses.desc(), name.c.name_id))]


def events_of_name(db: Database, name_id: int) -> list[StoredNameEvent]:
    """The events of a name, oldest first, retracted ones included."""
    query = select(name_event).where(name_event.c.name_id == name_id).order_by(name_event.c.week, name_event.c.event_id)
    with db.read() as connection:
        return [
            StoredNameEvent(
                NameEvent(row.kind, Week(row.week), row.arxiv_id, row.detail), row.noted_at, row.retracted_at
            )
            for row in connection.execute(query)
        ]


def events_of_weeks(db: Database, kind: NameEventKind, first: Week, last: Week) -> dict[int, NameEvent]:
    """The standing events of a kind in some weeks, by name; the newest of each name."""
    query = (
        select(name_event)
        .where(
            name_event.c.kind == kind,
            name_event.c.week.between(first.monday, last.monday),
            name_event.c.retracted_at.is_(None),
        )
        .order_by(name_event.c.week, name_event.c.event_id)
    )
    with db.read() as connection:
        return {
            row.name_id: NameEvent(row.kind, Week(row.week), row.arxiv_id, row.detail)
            for row in connection.execute(query)
        }


def papers_of_name(db: Database, name_id: int, categories: Collection[str]) -> list[tuple[ArxivId, str, Week]]:
    """The watched papers that hold a name, each with its highest role and its week, newest first."""
    m = name_mention.c
    query = (
        select(m.arxiv_id, m.role, paper.c.week_start)
        .join(paper, paper.c.arxiv_id == m.arxiv_id)
        .where(m.name_id == name_id, is_watched(categories))
        .order_by(paper.c.submitted_at.desc(), m.arxiv_id.desc())
    )
    highest: dict[ArxivId, tuple[str, Week]] = {}
    rank = ("introduces", "uses", "mentions")
    with db.read() as connection:
        for arxiv_id, role, monday in connection.execute(query):
            before = highest.get(arxiv_id)
            if before is None or rank.index(role) < rank.index(before[0]):
                highest[arxiv_id] = (role, Week(monday))
    return [(arxiv_id, role, week) for arxiv_id, (role, week) in highest.items()]


def weekly_uses(
    db: Database, categories: Collection[str], *, first: Week | None = None, min_uses: int = 1
) -> dict[int, dict[Week, int]]:
    """Watched papers that introduce or use each name with ``min_uses`` since ``first``, by name and week."""
    m, n = name_mention.c, func.count(distinct(name_mention.c.arxiv_id))
    query = (
        select(m.name_id, paper.c.week_start, n)
        .join(paper, paper.c.arxiv_id == m.arxiv_id)
        .where(m.name_id.is_not(None), m.role != "mentions", is_watched(categories))
        .group_by(m.name_id, paper.c.week_start)
    )
    if first is not None:
        query = query.where(paper.c.week_start >= first.monday)
    if min_uses > 1:
        query = query.where(m.name_id.in_(select(name.c.name_id).where(name.c.n_uses >= min_uses)))
    found: dict[int, dict[Week, int]] = defaultdict(dict)
    week_of = cache(Week)
    with db.read() as connection:
        for name_id, monday, k in connection.execute(query):
            found[name_id][week_of(monday)] = k
    return {name_id: by_week for name_id, by_week in found.items() if sum(by_week.values()) >= min_uses}


def names_beside(db: Database, name_id: int, *, limit: int) -> list[tuple[int, int]]:
    """The names that most papers use together with one, and how many do, most first."""
    this, other = name_mention.alias("this"), name_mention.alias("other")
    n = func.count(distinct(other.c.arxiv_id))
    query = (
        select(other.c.name_id, n)
        .join(this, this.c.arxiv_id == other.c.arxiv_id)
        .where(
            this.c.name_id == name_id,
            this.c.role != "mentions",
            other.c.name_id != name_id,
            other.c.name_id.is_not(None),
            other.c.role != "mentions",
        )
        .group_by(other.c.name_id)
        .having(n > 1)
        .order_by(n.desc(), other.c.name_id)
        .limit(limit)
    )
    with db.read() as connection:
        return [(other_id, k) for other_id, k in connection.execute(query)]


def evidence_of_name(db: Database, name_id: int, arxiv_id: ArxivId) -> tuple[Evidence, ...]:
    """Where a paper holds a name."""
    query = select(name_mention.c.evidence).where(
        name_mention.c.name_id == name_id, name_mention.c.arxiv_id == arxiv_id
    )
    with db.read() as connection:
        return tuple(Evidence(*place) for places in connection.execute(query).scalars() for place in places)


def decided_names(db: Database) -> list[tuple[Name, str | None, str | None]]:
    """The names with a decision of the operator, each with the given surface and kind."""
    query = _NAMES.where(
        or_(
            name.c.given_surface.is_not(None),
            name.c.given_kind.is_not(None),
            name.c.is_ignored,
            name.c.merged_into.is_not(None),
        )
    ).order_by(name.c.name_id)
    with db.read() as connection:
        return [(_name(row), row.given_surface, row.given_kind) for row in connection.execute(query)]


def split_papers(db: Database) -> dict[int, list[ArxivId]]:
    """The papers that were given to each name that was split off."""
    found: dict[int, list[ArxivId]] = defaultdict(list)
    with db.read() as connection:
        for row in connection.execute(select(name_split).order_by(name_split.c.name_id, name_split.c.arxiv_id)):
            found[row.name_id].append(ArxivId(row.arxiv_id))
    return found


def _week(monday: date | None) -> Week | None:
    return None if monday is None else Week(monday)
