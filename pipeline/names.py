"""Names stage: finds the named things in every paper that the tagger has not read, and brings the ledger up to date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from analysis.names.defining_sentence import is_presented
from analysis.names.facts_and_events import facts_and_events
from analysis.names.paper_nearness import WordNearness
from analysis.names.teams import common_keys, person
from analysis.names.things_of_one_name import METHOD, Nearness, Thing, things_of_name
from domain.name_ledger import Sighting
from domain.name_mention import NameMention, NameRole
from domain.paper import ArxivId, Paper
from domain.progress import Progress
from store.database import Database
from store.name_ledger_making import (
    LedgerEntry,
    NamesOfKeys,
    count_stale_keys,
    final_id,
    introducing_mentions,
    joined_keys,
    names_left_by_papers,
    names_of_keys,
    people_of_papers,
    prepare_ledger,
    stale_keys,
    stems_of_papers,
    stems_of_sample,
    store_entries,
)
from store.name_mentions import PaperNames, add_mentions, ids_without_names
from store.papers import papers_in_order

BATCH = 2_000
_KEYS_AT_ONCE = 20_000
_SAMPLE = 5_000  # papers that tell how rare a word is
_RANK = {"introduces": 0, "uses": 1, "mentions": 2}


class Tagger(Protocol):
    """Finds the named things in abstracts."""

    @property
    def tagger_id(self) -> str:
        """Its name, which changes whenever the same text would give other names."""

    def tag_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        """The names in each title and abstract."""


@dataclass(frozen=True)
class JoiningRules:
    """The rules that join the spellings of a name and the versions of a family; ``version`` changes with them."""

    version: str
    key_of: Callable[[str], str]
    family_of: Callable[[str, tuple[str, ...]], str]


def update_names(
    db: Database,
    tagger: Tagger,
    rules: JoiningRules,
    categories: Collection[str],
    *,
    clock: Callable[[], datetime],
    batch: int = BATCH,
) -> Iterator[Progress]:
    """Read the papers that this tagger has not read, then look again at every name whose papers have changed."""
    reader = f"{tagger.tagger_id}+{rules.version}"
    yield from _read_missing(db, tagger, rules, reader, batch)
    prepare_ledger(db, f"{reader} {METHOD}", categories)
    yield from _update_ledger(db, rules, categories, clock=clock)


def _read_missing(db: Database, tagger: Tagger, rules: JoiningRules, reader: str, batch: int) -> Iterator[Progress]:
    ids = ids_without_names(db, reader)
    for start in range(0, len(ids), batch):
        papers = papers_in_order(db, ids[start : start + batch])
        found = tagger.tag_texts([(p.title, p.abstract) for p in papers])
        add_mentions(db, reader, [_names(p, of, rules) for p, of in zip(papers, found, strict=True)])
        yield Progress("names", min(start + batch, len(ids)), len(ids), "papers")


def _names(paper: Paper, mentions: Sequence[NameMention], rules: JoiningRules) -> PaperNames:
    by_surface: dict[str, NameMention] = {}
    for mention in mentions:
        before = by_surface.get(mention.surface)
        if before is None or _RANK[mention.role] < _RANK[before.role]:
            by_surface[mention.surface] = mention
    return PaperNames(
        paper.arxiv_id,
        tuple(dict.fromkeys(person(author) for author in paper.author_names)),
        tuple((m, key, _is_heading(paper.title, m)) for m in by_surface.values() if (key := rules.key_of(m.surface))),
    )


def _is_heading(title: str, mention: NameMention) -> bool:
    """Whether the title begins with the name and a colon."""
    return any(e.field == "title" and e.start == 0 and title[e.end :].lstrip()[:1] == ":" for e in mention.evidence)


def _update_ledger(
    db: Database, rules: JoiningRules, categories: Collection[str], *, clock: Callable[[], datetime]
) -> Iterator[Progress]:
    n_all = count_stale_keys(db)
    if not n_all:
        return
    people = people_of_papers(db)
    common = common_keys(one for of_paper in people.values() for one in of_paper)
    sample = stems_of_sample(db, _SAMPLE)
    n_done = 0
    while keys := stale_keys(db, _KEYS_AT_ONCE):
        together = _with_joined(keys, joined_keys(db))
        stored = _with_presented(db, names_of_keys(db, sorted(frozenset().union(*together)), categories, people))
        nearness = _nearness(db, together, stored, sample)
        entries, unclear, emptied = _entries(db, together, stored, rules, common, nearness)
        store_entries(db, entries, unclear=unclear, emptied=emptied, was=stored.was, keys=keys, now=clock())
        n_done += len(keys)
        yield Progress("names", min(n_done, n_all), n_all, "names")


def _with_joined(keys: Sequence[str], groups: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """The keys in sets that are looked at together, each with the further keys of its names and of merged ones."""
    group_of = {key: group for group in groups for key in group}
    return list(dict.fromkeys(group_of.get(key, frozenset((key,))) for key in keys))


def _spellings(keys: frozenset[str], stored: NamesOfKeys) -> list[frozenset[str]]:
    """The keys of a set divided into those of one name or of things of one name; merged names stay apart."""
    parts: list[frozenset[str]] = []
    for key in sorted(keys):
        ids = {k.name_id for k in stored.known.get(key, ())}
        same = [of for of in parts if any(k.name_id in ids for other in of for k in stored.known.get(other, ()))]
        parts = [of for of in parts if of not in same]
        parts.append(frozenset((key,)).union(*same))
    return parts


def _with_presented(db: Database, stored: NamesOfKeys) -> NamesOfKeys:
    """The same, with what sentences say of the papers that seem to introduce a name which others hold too."""
    shared = sorted(key for key, of in stored.sightings.items() if len(of) > 1)
    presented = {of: is_presented(*text) for of, text in introducing_mentions(db, shared).items()}
    sightings = {
        key: [replace(s, is_presented=presented.get((s.arxiv_id, key), s.role == "introduces")) for s in of]
        for key, of in stored.sightings.items()
    }
    return replace(stored, sightings=sightings)


def _nearness(
    db: Database, together: Sequence[frozenset[str]], stored: NamesOfKeys, sample: Sequence[Sequence[int]]
) -> Nearness:
    """Compares the papers of names that some paper introduces and others hold."""
    wanted: set[ArxivId] = set()
    for keys in together:
        sightings = [s for key in keys for s in stored.sightings.get(key, ())]
        if len(sightings) > 1 and any(s.role == "introduces" for s in sightings):
            wanted.update(s.arxiv_id for s in sightings)
    return WordNearness(stems_of_papers(db, wanted), sample)


@dataclass(frozen=True)
class _Divided:
    """The things of one name, by its keys, and the sightings that mean none of them for sure."""

    keys: frozenset[str]
    things: list[Thing]
    unclear: list[Sighting]


def _entries(
    db: Database,
    together: Sequence[frozenset[str]],
    stored: NamesOfKeys,
    rules: JoiningRules,
    common: Collection[str],
    nearness: Nearness,
) -> tuple[list[LedgerEntry], list[tuple[ArxivId, str]], list[int]]:
    """The things of these keys, the mentions that mean none for sure, and the names that no paper holds any more."""
    divided = [
        [_divided(spellings, stored, common, nearness) for spellings in _spellings(keys, stored)] for keys in together
    ]
    adopted = _adopted(db, [t for of in divided for one in of for t in one.things])
    entries: list[LedgerEntry] = []
    unclear: list[tuple[ArxivId, str]] = []
    known_ids: set[int] = set()
    for of in divided:
        merged: dict[int, list[tuple[Thing, frozenset[str]]]] = {}
        for one in of:
            known_ids |= {k.name_id for key in one.keys for k in stored.known.get(key, ())}
            unclear += _mentions(one.unclear, one.keys, stored)
            for thing in one.things:
                name_id = thing.name_id
                if name_id is None:
                    name_id = next((adopted[a] for a in thing.introductions if a in adopted), None)
                if name_id is None:
                    entries.append(_entry(None, [(thing, one.keys)], stored, rules, common))
                else:
                    merged.setdefault(final_id(name_id, stored.merged_into), []).append((thing, one.keys))
        entries += [_entry(name_id, things, stored, rules, common) for name_id, things in merged.items()]
    held = {entry.name_id for entry in entries}
    return entries, unclear, sorted(known_ids - held)


def _divided(keys: frozenset[str], stored: NamesOfKeys, common: Collection[str], nearness: Nearness) -> _Divided:
    known = {k.name_id: k for key in keys for k in stored.known.get(key, ())}
    sightings = _each_paper_once([s for key in sorted(keys) for s in stored.sightings.get(key, ())])
    things, unclear = things_of_name(sightings, list(known.values()), common=common, nearness=nearness)
    return _Divided(keys, things, unclear)


def _mentions(sightings: Sequence[Sighting], keys: frozenset[str], stored: NamesOfKeys) -> list[tuple[ArxivId, str]]:
    return [(s.arxiv_id, key) for s in sightings for key in sorted(keys) if (s.arxiv_id, key) in stored.was]


def _entry(
    name_id: int | None,
    things: Sequence[tuple[Thing, frozenset[str]]],
    stored: NamesOfKeys,
    rules: JoiningRules,
    common: Collection[str],
) -> LedgerEntry:
    """What the ledger holds of one thing, and of those that were merged into it."""
    sightings = sorted(
        _each_paper_once([s for thing, _ in things for s in thing.sightings]), key=lambda s: (s.week, s.arxiv_id)
    )
    week_of = {s.arxiv_id: s.week for s in sightings}
    introductions = sorted({a for thing, _ in things for a in thing.introductions}, key=lambda a: (week_of[a], a))
    facts, events = facts_and_events(
        sightings, introductions, common=common, key_of=rules.key_of, family_of=rules.family_of
    )
    presenting = frozenset(introductions)
    mentions = [
        (of, _counted_role(s, presenting))
        for thing, keys in things
        for s in thing.sightings
        for of in _mentions([s], keys, stored)
    ]
    # A merged name keeps its own keys.
    own = [keys for thing, keys in things if thing.name_id in (None, name_id)]
    held = frozenset(key for (_, key), _ in mentions) & frozenset().union(*own)
    return LedgerEntry(name_id, held, tuple(mentions), facts, events)


def _counted_role(s: Sighting, presenting: frozenset[ArxivId]) -> NameRole:
    """The role of a paper for a thing; one that seems to introduce what another introduced uses it."""
    if s.role == "introduces":
        return "introduces" if s.arxiv_id in presenting else "uses"
    return s.role


def _each_paper_once(sightings: Sequence[Sighting]) -> list[Sighting]:
    """One sighting a paper: of its highest role, with what any of them says of title and operator."""
    by_paper: dict[ArxivId, Sighting] = {}
    for s in sightings:
        before = by_paper.get(s.arxiv_id)
        if before is None:
            by_paper[s.arxiv_id] = s
            continue
        best = s if _RANK[s.role] < _RANK[before.role] else before
        by_paper[s.arxiv_id] = replace(
            best,
            is_heading=s.is_heading or before.is_heading,
            is_presented=s.is_presented or before.is_presented,
            pinned_to=best.pinned_to or s.pinned_to or before.pinned_to,
        )
    return list(by_paper.values())


def _adopted(db: Database, things: Sequence[Thing]) -> Mapping[ArxivId, int]:
    """Names that a paper introduced under a spelling that it does not hold any more, by that paper.

    A new tagger, or a new version of the paper, may write the name otherwise; the thing keeps its id.
    """
    introducing = {a for t in things if t.name_id is None for a in t.introductions}
    counted: dict[ArxivId, int] = {}
    for t in things:
        for a in t.introductions if t.name_id is None else ():
            counted[a] = counted.get(a, 0) + 1
    left = names_left_by_papers(db, introducing) if introducing else {}
    return {a: ids[0] for a, ids in left.items() if len(ids) == 1 and counted[a] == 1}
