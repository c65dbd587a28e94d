"""The making of the ledger of names, from the mentions in papers.

The ledger takes stale keys in portions, and removes each in the transaction that stores what it made of it, so that it
can be killed at any moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, literal, select, update

from domain.detections import Evidence
from domain.name_ledger import DERIVED_EVENTS, KnownName, NameEvent, NameFacts, Sighting
from domain.name_mention import NameRole
from domain.packed_stems import unpacked_stems
from domain.paper import ArxivId
from domain.week import Week
from store.database import Database
from store.schema import (
    name,
    name_basis,
    name_event,
    name_key,
    name_mention,
    name_split,
    paper,
    stale_name_key,
    tagged_paper,
)
from store.sql_conditions import categories_key, is_watched

_AT_ONCE = 5_000  # the number of variables in a statement is limited


def portions(values: Sequence[Any]) -> Iterator[list[Any]]:
    """The values in lists that one statement can take."""
    for start in range(0, len(values), _AT_ONCE):
        yield list(values[start : start + _AT_ONCE])


def prepare_ledger(db: Database, method: str, categories: Collection[str]) -> None:
    """Mark every name for a new look if the ledger was made by another method or with other watched categories."""
    wanted = {"method": method, "categories": categories_key(categories)}
    with db.read() as connection:
        row = connection.execute(select(name_basis)).one_or_none()
    if row is not None and row._asdict() == wanted:
        return
    with db.write() as connection:
        everything = select(name_mention.c.key).distinct().where(literal(1) == 1)
        connection.execute(db.upsert(stale_name_key).from_select(["key"], everything).on_conflict_do_nothing())
        connection.execute(delete(name_basis))
        connection.execute(insert(name_basis).values(wanted))


def count_stale_keys(db: Database) -> int:
    """Number of keys that the ledger has to look at again."""
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(stale_name_key)).scalar_one()


def stale_keys(db: Database, limit: int) -> list[str]:
    """Some of the keys that the ledger has to look at again, in order."""
    with db.read() as connection:
        return list(
            connection.execute(select(stale_name_key.c.key).order_by(stale_name_key.c.key).limit(limit)).scalars()
        )


def people_of_papers(db: Database) -> dict[ArxivId, tuple[str, ...]]:
    """The authors of every paper that was read."""
    with db.read() as connection:
        return {
            ArxivId(arxiv_id): tuple(people.split("\n")) if people else ()
            for arxiv_id, people in connection.execute(select(tagged_paper.c.arxiv_id, tagged_paper.c.people))
        }


def joined_keys(db: Database) -> list[frozenset[str]]:
    """Sets of keys that must be looked at together, because a name has them all or names were merged."""
    several = (
        select(name_key.c.name_id).group_by(name_key.c.name_id).having(func.count() > 1)
        .union(select(name.c.name_id).where(name.c.merged_into.is_not(None)))
    )  # fmt: skip
    with db.read() as connection:
        into: dict[int, int] = {
            row.name_id: row.merged_into
            for row in connection.execute(
                select(name.c.name_id, name.c.merged_into).where(name.c.merged_into.is_not(None))
            )
        }
        ids = {*connection.execute(several).scalars(), *into.values()}
        keys: dict[int, set[str]] = defaultdict(set)
        for some in portions(sorted(ids)):
            query = select(name_key.c.name_id, name_key.c.key).where(name_key.c.name_id.in_(some))
            for name_id, key in connection.execute(query):
                keys[final_id(name_id, into)].add(key)
    groups: list[set[str]] = []
    for found in keys.values():
        touching = [group for group in groups if group & found]
        groups = [group for group in groups if not group & found]
        groups.append(found.union(*touching))
    return [frozenset(group) for group in groups if len(group) > 1]


def final_id(name_id: int, merged_into: Mapping[int, int]) -> int:
    """The name that a name was merged into in the end; itself if it was not."""
    while name_id in merged_into:
        name_id = merged_into[name_id]
    return name_id


MentionKey = tuple[ArxivId, str]
"""A mention: its paper and its key."""
Counted = tuple[int | None, NameRole | None]
"""The name that a mention counts for, and the role; both null where it counts for none."""


@dataclass(frozen=True)
class NamesOfKeys:
    """All that is known of some keys: sightings by key, the registered names, and what they were merged into.

    ``was`` is the id and the counted role that each mention, a paper and a key, has now.
    """

    sightings: Mapping[str, list[Sighting]]
    known: Mapping[str, list[KnownName]]
    merged_into: Mapping[int, int]
    was: Mapping[MentionKey, Counted]


def names_of_keys(
    db: Database, keys: Sequence[str], categories: Collection[str], people: Mapping[ArxivId, tuple[str, ...]]
) -> NamesOfKeys:
    """The watched papers' mentions of some keys, and the names that are registered for them."""
    sightings: dict[str, list[Sighting]] = defaultdict(list)
    known: dict[str, list[KnownName]] = defaultdict(list)
    was: dict[MentionKey, Counted] = {}
    m, week_of = name_mention.c, cache(Week)
    columns = (m.arxiv_id, m.key, m.surface, m.kind, m.role, m.confidence, m.kind_confidence, m.is_heading)
    with db.read() as connection:
        merges = select(name.c.name_id, name.c.merged_into).where(name.c.merged_into.is_not(None))
        merged: dict[int, int] = dict(connection.execute(merges).all())
        for some in portions(keys):
            pinned = {
                (row.arxiv_id, row.key): row.name_id
                for row in connection.execute(select(name_split).where(name_split.c.key.in_(some)))
            }
            query = (
                select(*columns, m.name_id, m.counted_role, paper.c.week_start)
                .join(paper, paper.c.arxiv_id == m.arxiv_id)
                .where(m.key.in_(some), is_watched(categories))
            )
            for row in connection.execute(query):
                arxiv_id, key, surface, kind, role, sure, kind_sure, is_heading, name_id, counted, monday = row
                was[arxiv_id, key] = name_id, counted
                sightings[key].append(
                    Sighting(
                        arxiv_id,
                        week_of(monday),
                        surface,
                        kind,
                        role,
                        sure,
                        kind_sure,
                        is_heading,
                        people.get(arxiv_id, ()),
                        pinned.get((arxiv_id, key)),
                    )
                )
            registered = (
                select(name_key.c.key, name.c.name_id, name.c.introduced_by)
                .join(name, name.c.name_id == name_key.c.name_id)
                .where(name_key.c.key.in_(some))
            )
            for key, name_id, introduced_by in connection.execute(registered):
                known[key].append(KnownName(name_id, introduced_by))
    return NamesOfKeys(sightings, known, merged, was)


def introducing_mentions(db: Database, keys: Sequence[str]) -> dict[MentionKey, tuple[str, tuple[Evidence, ...]]]:
    """The mentions of some keys that introduce a name under no heading: the abstract, and where the name stands."""
    m = name_mention.c
    query = (
        select(m.arxiv_id, m.key, paper.c.abstract, m.evidence)
        .join(paper, paper.c.arxiv_id == m.arxiv_id)
        .where(m.role == "introduces", ~m.is_heading)
    )
    found: dict[MentionKey, tuple[str, tuple[Evidence, ...]]] = {}
    with db.read() as connection:
        for some in portions(keys):
            for arxiv_id, key, abstract, places in connection.execute(query.where(m.key.in_(some))):
                before = found.get((arxiv_id, key), (abstract, ()))[1]
                found[arxiv_id, key] = abstract, (*before, *(Evidence(*place) for place in places))
    return found


def names_left_by_papers(db: Database, ids: Collection[ArxivId]) -> dict[ArxivId, list[int]]:
    """For papers that introduce something: the names that they introduced before and do not hold any more."""
    still_held = (
        select(name_mention.c.arxiv_id)
        .join(name_key, name_key.c.key == name_mention.c.key)
        .where(name_key.c.name_id == name.c.name_id, name_mention.c.arxiv_id == name.c.introduced_by)
        .correlate(name)
        .exists()
    )
    left: dict[ArxivId, list[int]] = defaultdict(list)
    with db.read() as connection:
        for some in portions(sorted(ids)):
            query = select(name.c.introduced_by, name.c.name_id).where(name.c.introduced_by.in_(some), ~still_held)
            for arxiv_id, name_id in connection.execute(query.order_by(name.c.name_id)):
                left[ArxivId(arxiv_id)].append(name_id)
    return left


def stems_of_papers(db: Database, ids: Collection[ArxivId]) -> dict[ArxivId, list[int]]:
    """The numbers of the stems in title and abstract of papers, without those of authors only."""
    found: dict[ArxivId, list[int]] = {}
    with db.read() as connection:
        for some in portions(sorted(ids)):
            query = select(paper.c.arxiv_id, paper.c.stems).where(paper.c.arxiv_id.in_(some))
            for arxiv_id, stems in connection.execute(query):
                found[ArxivId(arxiv_id)] = _text_stems(stems)
    return found


def stems_of_sample(db: Database, n_papers: int) -> list[list[int]]:
    """The stems of about so many stored papers, evenly drawn by row, always the same of the same papers."""
    with db.read() as connection:
        last = connection.execute(select(func.max(paper.c.row_id))).scalar_one() or 0
        step = max(1, last // n_papers)
        blobs = connection.execute(select(paper.c.stems).where(paper.c.row_id % step == 0)).scalars()
        return [_text_stems(stems) for stems in blobs]


def _text_stems(packed: bytes | None) -> list[int]:
    if packed is None:
        return []
    stems = unpacked_stems([packed])
    numbers: list[int] = stems["stem"][(stems["title"] > 0) | (stems["abstract"] > 0)].tolist()
    return numbers


@dataclass(frozen=True)
class LedgerEntry:
    """One thing as the ledger sees it now: its id, ``None`` for a new one, its keys, mentions, facts and events.

    Each mention has the role that it is counted with.
    """

    name_id: int | None
    keys: frozenset[str]
    mentions: tuple[tuple[MentionKey, NameRole], ...]
    facts: NameFacts
    events: tuple[NameEvent, ...]


def store_entries(
    db: Database,
    entries: Sequence[LedgerEntry],
    *,
    unclear: Collection[MentionKey],
    emptied: Collection[int],
    was: Mapping[MentionKey, Counted],
    keys: Collection[str],
    now: datetime,
) -> None:
    """Store what the ledger made of some keys, in one transaction.

    Parameters
    ----------
    entries : the things that papers hold.
    unclear : mentions, by paper and key, that mean none of them for sure.
    emptied : registered names that no paper holds any more.
    was : the name and role that each of these mentions had before.
    keys : they are done with.
    """
    with db.write() as connection:
        next_id = (connection.execute(select(func.max(name.c.name_id))).scalar_one() or 0) + 1
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        links: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        events: dict[int, tuple[NameEvent, ...]] = {}
        known_ids = [entry.name_id for entry in entries if entry.name_id is not None]
        for entry in entries:
            name_id = entry.name_id
            if name_id is None:
                name_id, next_id = next_id, next_id + 1
                new.append({"name_id": name_id, **_columns_of(entry.facts)})
            else:
                changed.append({"of": name_id, **_columns_of(entry.facts)})
            events[name_id] = entry.events
            links += [{"key": key, "name_id": name_id} for key in sorted(entry.keys)]
            moved += [
                {"paper": of[0], "with_key": of[1], "to": name_id, "counted": role}
                for of, role in entry.mentions
                if was.get(of) != (name_id, role)
            ]
        moved += [
            {"paper": of[0], "with_key": of[1], "to": None, "counted": None}
            for of in unclear
            if was.get(of) != (None, None)
        ]
        if new:
            connection.execute(name.insert(), new)
        if changed:
            columns: dict[str, Any] = {column: bindparam(column) for column in changed[0] if column != "of"}
            connection.execute(update(name).where(name.c.name_id == bindparam("of")).values(columns), changed)
        known_ids += emptied
        events |= dict.fromkeys(emptied, ())
        if emptied:
            nothing = {"n_uses": 0, "n_mentions": 0, "n_unknown_teams": 0}
            for some in portions(sorted(emptied)):
                connection.execute(update(name).where(name.c.name_id.in_(some)).values(nothing))
        if links:
            connection.execute(db.upsert(name_key).on_conflict_do_nothing(), links)
        if moved:
            connection.execute(
                update(name_mention)
                .where(name_mention.c.arxiv_id == bindparam("paper"), name_mention.c.key == bindparam("with_key"))
                .values(name_id=bindparam("to"), counted_role=bindparam("counted")),
                moved,
            )
        _store_events(connection, events, known_ids, now)
        for some in portions(sorted(keys)):
            connection.execute(delete(stale_name_key).where(stale_name_key.c.key.in_(some)))


_WEEK_OF_EVENT = {"used_elsewhere": "used_elsewhere_week", "taken_up": "taken_up_week"}


def _columns_of(facts: NameFacts) -> dict[str, Any]:
    return {
        "surface": facts.surface,
        "kind": facts.kind,
        "family": facts.family,
        "variants": list(facts.variants),
        "introduced_by": facts.introduced_by,
        "introduced_week": _monday(facts.introduced_week),
        "first_week": facts.first_week.monday,
        "last_week": facts.last_week.monday,
        "confidence": round(facts.confidence, 6),
        "kind_confidence": round(facts.kind_confidence, 6),
        "n_uses": facts.n_uses,
        "n_mentions": facts.n_mentions,
        "n_teams": facts.n_teams,
        "n_unknown_teams": facts.n_unknown_teams,
    }


def _store_events(
    connection: Connection, events: Mapping[int, tuple[NameEvent, ...]], known_ids: Sequence[int], now: datetime
) -> None:
    """Add what is new among the events that follow from the papers, and retract what they do not support any more."""
    stored: dict[int, dict[tuple[str, date, str | None], int]] = defaultdict(dict)
    derived = sorted(DERIVED_EVENTS)
    for some in portions(known_ids):
        query = select(name_event).where(
            name_event.c.name_id.in_(some), name_event.c.kind.in_(derived), name_event.c.retracted_at.is_(None)
        )
        for row in connection.execute(query):
            stored[row.name_id][row.kind, row.week, row.arxiv_id] = row.event_id
    added: list[dict[str, Any]] = []
    retracted: list[int] = []
    weeks: list[dict[str, Any]] = []
    for name_id, of in events.items():
        wanted = {(e.kind, e.week.monday, e.arxiv_id): e for e in of}
        there = stored.get(name_id, {})
        added += [event_row(name_id, e, now) for key, e in wanted.items() if key not in there]
        retracted += [event_id for key, event_id in there.items() if key not in wanted]
        week_of: dict[str, date] = {e.kind: e.week.monday for e in of}
        weeks.append({"of": name_id, **{column: week_of.get(kind) for kind, column in _WEEK_OF_EVENT.items()}})
    if added:
        connection.execute(name_event.insert(), added)
    for gone in portions(retracted):
        connection.execute(update(name_event).where(name_event.c.event_id.in_(gone)).values(retracted_at=now))
    if weeks:
        columns: dict[str, Any] = {column: bindparam(column) for column in _WEEK_OF_EVENT.values()}
        connection.execute(update(name).where(name.c.name_id == bindparam("of")).values(columns), weeks)


def event_row(name_id: int, event: NameEvent, now: datetime) -> dict[str, Any]:
    """An event as a row of its table."""
    return {
        "name_id": name_id,
        "kind": event.kind,
        "week": event.week.monday,
        "arxiv_id": event.arxiv_id,
        "detail": event.detail,
        "noted_at": now,
    }


def _monday(week: Week | None) -> date | None:
    return None if week is None else week.monday
