"""What the ledger of names holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, String, and_, case, cast, distinct, func, or_, select

from domain.detections import Evidence
from domain.name_ledger import Name, NameEvent, NameEventKind, StoredNameEvent
from domain.name_mention import NameKind, NameRole
from domain.paper import ArxivId
from domain.paper_query import PaperQuery
from domain.week import Week
from store.database import Database
from store.name_ledger_making import portions
from store.paper_query import Corpus, matches
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


@dataclass(frozen=True)
class NameQuery:
    """Which names a list has; every condition that is given must hold.

    Always: neither ignored nor merged, held by a paper, and at least so likely to be a name and to be of its kind.
    ``words`` must all be in a spelling, or a key that spellings share must be ``key`` or begin with ``key_start``.
    ``taken_up`` are the first and the last week, and ``ids`` the names to choose from.
    """

    confidence: float
    kind_confidence: float
    kind: NameKind | None = None
    words: tuple[str, ...] = ()
    key: str = ""
    key_start: str = ""
    introduced: Week | None = None
    taken_up: tuple[Week, Week] | None = None
    is_used_elsewhere: bool = False
    ids: frozenset[int] | None = None


NameOrder = Literal["uses", "newest", "teams", "name", "used elsewhere"]
"""Most using papers, newest, most teams, by name, or those first that another team began to use last."""

_NEWEST = func.coalesce(name.c.introduced_week, name.c.first_week)
_ORDERS: Mapping[NameOrder, tuple[ColumnElement[Any], ...]] = {
    "uses": (name.c.n_uses.desc(), name.c.n_mentions.desc()),
    "newest": (_NEWEST.desc(), name.c.n_uses.desc()),
    "teams": (func.coalesce(name.c.n_teams, 0).desc(), name.c.n_uses.desc()),
    "name": (func.lower(_SURFACE),),
    "used elsewhere": (name.c.used_elsewhere_week.desc(),),
}


def _matching(query: NameQuery) -> ColumnElement[bool]:
    condition = (
        ~name.c.is_ignored
        & name.c.merged_into.is_(None)
        & (name.c.n_uses + name.c.n_mentions > 0)
        & (name.c.confidence >= query.confidence)
        & (query.kind_confidence <= _KIND_SURE)
    )
    if query.kind is not None:
        condition &= query.kind == _KIND
    spellings = func.lower(_SURFACE + " " + cast(name.c.variants, String))
    if query.words:
        has_words = and_(*(spellings.contains(word.lower(), autoescape=True) for word in query.words))
        is_key = name_key.c.key == query.key
        if query.key_start:
            is_key |= name_key.c.key.startswith(query.key_start, autoescape=True)
        condition &= or_(has_words, name.c.name_id.in_(select(name_key.c.name_id).where(is_key)))
    if query.introduced is not None:
        condition &= name.c.introduced_week == query.introduced.monday
    if query.taken_up is not None:
        condition &= name.c.taken_up_week.between(query.taken_up[0].monday, query.taken_up[1].monday)
    if query.is_used_elsewhere:
        condition &= name.c.used_elsewhere_week.is_not(None)
    if query.ids is not None:
        condition &= name.c.name_id.in_(sorted(query.ids))
    return condition


def names_matching(
    db: Database, query: NameQuery, order: NameOrder, *, limit: int, offset: int = 0
) -> tuple[int, list[Name]]:
    """The number of names that match, and one page of them."""
    matching = _matching(query)
    page = _NAMES.where(matching).order_by(*_ORDERS[order], name.c.name_id).limit(limit).offset(offset)
    with db.read() as connection:
        total = connection.execute(select(func.count()).select_from(name).where(matching)).scalar_one()
        return total, [_name(row) for row in connection.execute(page)]


def count_by_kind(db: Database, query: NameQuery) -> dict[NameKind, int]:
    """How many names of each kind match."""
    question = select(_KIND, func.count()).where(_matching(query)).group_by(_KIND)
    with db.read() as connection:
        return dict(connection.execute(question).all())


def introductions(db: Database, query: NameQuery) -> list[tuple[NameKind, Week, Week | None, int]]:
    """Kind, week of introduction and of the first use by another team of the names that match, and how many they are.

    Only names whose introducing paper is held with its authors.
    """
    columns = (_KIND, name.c.introduced_week, name.c.used_elsewhere_week)
    question = (
        select(*columns, func.count())
        .where(_matching(query), name.c.introduced_week.is_not(None), name.c.n_teams.is_not(None))
        .group_by(*columns)
    )
    with db.read() as connection:
        return [(kind, Week(at), _week(used), n) for kind, at, used, n in connection.execute(question)]


def names_by_id(db: Database, ids: Collection[int]) -> dict[int, Name]:
    """Names by id, whatever happened to them; ids that were never given are absent."""
    found: dict[int, Name] = {}
    with db.read() as connection:
        for some in portions(sorted(ids)):
            found |= {row.name_id: _name(row) for row in connection.execute(_NAMES.where(name.c.name_id.in_(some)))}
    return found


def names_of_papers(
    db: Database, query: NameQuery, ids: Collection[ArxivId]
) -> dict[ArxivId, list[tuple[int, str, NameRole]]]:
    """Id, spelling and role of the names that match and that papers introduce, first, or use, by paper.

    Papers without any are absent.
    """
    question = (
        select(name_mention.c.arxiv_id, name.c.name_id, _SURFACE, name_mention.c.counted_role)
        .join(name, name.c.name_id == name_mention.c.name_id)
        .where(_matching(query), name_mention.c.counted_role != "mentions")
        .distinct()
        .order_by(name_mention.c.counted_role, func.lower(_SURFACE), name.c.name_id)  # "introduces" before "uses"
    )
    found: dict[ArxivId, list[tuple[int, str, NameRole]]] = {}
    with db.read() as connection:
        for some in portions(sorted(ids)):
            for arxiv_id, name_id, surface, role in connection.execute(
                question.where(name_mention.c.arxiv_id.in_(some))
            ):
                of_paper = found.setdefault(ArxivId(arxiv_id), [])
                if all(name_id != known for known, _, _ in of_paper):
                    of_paper.append((name_id, surface, role))
    return found


def standing_name(db: Database, name_id: int) -> Name | None:
    """The name of this id, or what it was merged into in the end; ``None`` if there never was one."""
    found = names_by_id(db, [name_id]).get(name_id)
    while found is not None and found.merged_into is not None:
        found = names_by_id(db, [found.merged_into]).get(found.merged_into)
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


def papers_of_name(db: Database, name_id: int, categories: Collection[str]) -> list[tuple[ArxivId, NameRole, Week]]:
    """The watched papers that hold a name, each with its highest role and its week, newest first."""
    m = name_mention.c
    query = (
        select(m.arxiv_id, m.counted_role, paper.c.week_start)
        .join(paper, paper.c.arxiv_id == m.arxiv_id)
        .where(m.name_id == name_id, is_watched(categories))
        .order_by(paper.c.submitted_at.desc(), m.arxiv_id.desc())
    )
    highest: dict[ArxivId, tuple[NameRole, Week]] = {}
    rank: tuple[NameRole, ...] = ("introduces", "uses", "mentions")
    with db.read() as connection:
        for arxiv_id, role, monday in connection.execute(query):
            before = highest.get(arxiv_id)
            if before is None or rank.index(role) < rank.index(before[0]):
                highest[arxiv_id] = (role, Week(monday))
    return [(arxiv_id, role, week) for arxiv_id, (role, week) in highest.items()]


def weekly_uses(
    db: Database,
    categories: Collection[str],
    *,
    first: Week | None = None,
    min_uses: int = 1,
    ids: Collection[int] | None = None,
) -> dict[int, dict[Week, int]]:
    """Watched papers that introduce or use each name, by name and week, from week ``first`` on.

    ``min_uses`` leaves out names with fewer in all; ``ids`` are the only names that are counted.
    """
    m = name_mention.c
    query = (
        select(m.name_id, paper.c.week_start, func.count(distinct(m.arxiv_id)))
        .join(paper, paper.c.arxiv_id == m.arxiv_id)
        .where(m.counted_role != "mentions", is_watched(categories))
        .group_by(m.name_id, paper.c.week_start)
    )
    if first is not None:
        query = query.where(paper.c.week_start >= first.monday)
    if ids is None:
        query = query.where(m.name_id.in_(select(name.c.name_id).where(name.c.n_uses >= min_uses)))
    else:
        query = query.where(m.name_id.in_(sorted(ids)))
    found: dict[int, dict[Week, int]] = defaultdict(dict)
    week_of = cache(Week)
    with db.read() as connection:
        for name_id, monday, k in connection.execute(query):
            found[name_id][week_of(monday)] = k
    return dict(found)


def weekly_papers_of_name(
    db: Database, corpus: Corpus, query: PaperQuery, name_id: int, roles: Collection[NameRole]
) -> dict[Week, int]:
    """Papers that match a query and hold a name in one of these roles, by week; empty weeks are absent."""
    question = select(paper.c.week_start, func.count()).where(_holds(name_id, roles), matches(corpus, query))
    with db.read() as connection:
        return {Week(monday): n for monday, n in connection.execute(question.group_by(paper.c.week_start))}


def ids_of_name(
    db: Database, corpus: Corpus, query: PaperQuery, name_id: int, roles: Collection[NameRole]
) -> list[ArxivId]:
    """Papers that match a query and hold a name in one of these roles, newest first."""
    question = select(paper.c.arxiv_id).where(_holds(name_id, roles), matches(corpus, query))
    with db.read() as connection:
        ids = connection.execute(question.order_by(paper.c.submitted_at.desc(), paper.c.arxiv_id.desc())).scalars()
        return [ArxivId(arxiv_id) for arxiv_id in ids]


def _holds(name_id: int, roles: Collection[NameRole]) -> ColumnElement[bool]:
    """The paper's highest role of a name is among these; it may hold the name in several spellings."""
    m = name_mention.c
    rank = case({"introduces": 0, "uses": 1}, value=m.counted_role, else_=2)
    wanted = {("introduces", "uses", "mentions").index(role) for role in roles}
    holding = select(m.arxiv_id).where(m.name_id == name_id).group_by(m.arxiv_id).having(func.min(rank).in_(wanted))
    return paper.c.arxiv_id.in_(holding)


def names_beside(db: Database, name_id: int, *, limit: int) -> list[tuple[int, int]]:
    """The names that most papers use together with one, and how many do, most first."""
    this, other = name_mention.alias("this"), name_mention.alias("other")
    n = func.count(distinct(other.c.arxiv_id))
    query = (
        select(other.c.name_id, n)
        .join(this, this.c.arxiv_id == other.c.arxiv_id)
        .where(
            this.c.name_id == name_id,
            this.c.counted_role != "mentions",
            other.c.name_id != name_id,
            other.c.name_id.is_not(None),
            other.c.counted_role != "mentions",
        )
        .group_by(other.c.name_id)
        .having(n > 1)
        .order_by(n.desc(), other.c.name_id)
        .limit(limit)
    )
    with db.read() as connection:
        return [(other_id, k) for other_id, k in connection.execute(query)]


def introducing_texts(db: Database, ids: Collection[int]) -> dict[int, tuple[str, tuple[Evidence, ...]]]:
    """For names with an introducing paper: its abstract, and where it holds the name."""
    query = (
        select(name.c.name_id, paper.c.abstract, name_mention.c.evidence)
        .join(
            name_mention, (name_mention.c.arxiv_id == name.c.introduced_by) & (name_mention.c.name_id == name.c.name_id)
        )
        .join(paper, paper.c.arxiv_id == name.c.introduced_by)
    )
    found: dict[int, tuple[str, tuple[Evidence, ...]]] = {}
    with db.read() as connection:
        for some in portions(sorted(ids)):
            for name_id, abstract, places in connection.execute(query.where(name.c.name_id.in_(some))):
                before = found.get(name_id, (abstract, ()))[1]
                found[name_id] = abstract, (*before, *(Evidence(*place) for place in places))
    return found


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
    of_any_key = select(name_split.c.name_id, name_split.c.arxiv_id).distinct()
    with db.read() as connection:
        for row in connection.execute(of_any_key.order_by(name_split.c.name_id, name_split.c.arxiv_id)):
            found[row.name_id].append(ArxivId(row.arxiv_id))
    return found


def _week(monday: date | None) -> Week | None:
    return None if monday is None else Week(monday)
