"""Which things one name stands for: the papers of a name divided among the things that were introduced under it.

TRACE was introduced a dozen times by as many teams. A paper that introduces a name which another team has introduced,
or which others used before, founds a thing of its own, where that is clear. A paper that uses the name belongs to the
thing whose introducing paper it is nearest to in words; where that is not clear it belongs to none. What others held
before a paper introduced it is another thing, unless it is a model, which may be released before its report. A thing
keeps its registered id by its introducing paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from analysis.names.teams import joining_marks
from domain.name_ledger import KnownName, Sighting
from domain.name_mention import NameKind
from domain.paper import ArxivId
from domain.week import Week

METHOD = "things-7"
"""Name of the rules; it must change whenever the same sightings would give other things or events."""

ESTABLISHED_PAPERS = 3
"""Once so many papers of others hold a name, only a title that begins with it introduces another thing."""
EARLY_WEEKS = 8
"""A paper this long before the introducing one may still use a model: models are released before their report."""
AT_ONCE_WEEKS = 3
"""A name that two papers of others hold so soon was there before."""
NEAR = 0.2
"""A paper with this cosine to the introducing paper means the same thing by a word or an acronym such as PRISM."""
NEAR_IF_DISTINCT = 0.09
"""The same for a name that nobody would give by chance to something else, such as LongMemEval or SWE-bench.

It need not be near at all if one thing alone was introduced under it, earlier, and both papers agree on its sort, nor
if it is a model with a version number that a paper uses before its report. Neither holds for a name that enough papers
of others held before it was introduced.
"""
FARTHER_DESPITE_KIND = 1.5
"""How many times nearer a paper must be that takes the thing for data where it is none, or the other way round."""
CLEAR_MARGIN = 1.25
"""Of two things the nearer is meant if its cosine is this many times the other's.

The cosine to a thing that was never introduced is the mean of those to its papers.
"""
_DISTINCT = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]{2}|\d|[-+ ]")
_VERSION = re.compile(r"\d")
_SHORT = 4  # characters; "3DGS" is no more distinct than "GS"
_SEVERAL = 2
_MOST_COMPARED = 40
_DATA: frozenset[NameKind] = frozenset(("benchmark", "dataset"))

Nearness = Callable[[ArxivId, ArxivId], float]
"""The cosine in [0, 1] between the words of two papers, rare words counting most."""


@dataclass(frozen=True)
class Thing:
    """One thing: the papers that introduce it, first first, and all its sightings in order; ``name_id`` if known."""

    name_id: int | None
    introductions: tuple[ArxivId, ...]
    sightings: tuple[Sighting, ...]


@dataclass
class _Founded:
    first: Sighting
    marks: set[str]
    papers: list[ArxivId]
    sightings: list[Sighting] = field(default_factory=list)
    name_id: int | None = None


def things_of_name(
    sightings: Sequence[Sighting], known: Sequence[KnownName], *, common: Collection[str], nearness: Nearness
) -> tuple[list[Thing], list[Sighting]]:
    """The things that a name stands for, and the sightings that belong to none of them for sure.

    Parameters
    ----------
    sightings : all of one name, each paper once.
    known : the registered things of this name.
    common : keys of common author names (``analysis.names.teams.common_keys``).
    nearness : compares two papers; asked only where a name may stand for several things.

    Returns
    -------
    Things, those with a known id first, by id. A registered thing that no paper holds any more is left out.
    """
    ordered = _in_order(sightings)
    pinned: dict[int, list[Sighting]] = {}
    for s in ordered:
        if s.pinned_to is not None:
            pinned.setdefault(s.pinned_to, []).append(s)
    free = [s for s in ordered if s.pinned_to is None]
    by_id = {k.name_id: k for k in known}
    founded, others = _without_older_names(*_founded(free, common), nearness)
    for name_id, of in pinned.items():
        introducing = [s for s in of if s.role == "introduces"] or of[:1]
        marks = {mark for s in introducing for mark in joining_marks(s.authors, common)}
        founded.append(_Founded(introducing[0], marks, [s.arxiv_id for s in introducing], list(of), name_id))
    unintroduced, unclear = _distribute(others, founded, common, nearness)
    _match(founded, [k for k in known if k.name_id not in pinned], bool(unintroduced))
    taken = {one.name_id for one in founded}
    left = sorted(k.name_id for k in known if k.name_id not in taken)
    things = [Thing(f.name_id, tuple(f.papers), tuple(_in_order(f.sightings))) for f in founded]
    if unintroduced:
        # A registered thing without an introducing paper is meant first.
        plain = [name_id for name_id in left if by_id[name_id].introduced_by is None]
        things.append(Thing(next(iter(plain or left), None), (), tuple(unintroduced)))
    things.sort(key=lambda t: (t.name_id is None, t.name_id or 0, t.sightings[0].week, t.sightings[0].arxiv_id))
    return things, unclear


def _in_order(sightings: Sequence[Sighting]) -> list[Sighting]:
    return sorted(sightings, key=_place)


def _place(s: Sighting) -> tuple[Week, ArxivId]:
    return s.week, s.arxiv_id


def _founded(ordered: Sequence[Sighting], common: Collection[str]) -> tuple[list[_Founded], list[Sighting]]:
    """The things that papers introduce, and the sightings that introduce none."""
    founded: list[_Founded] = []
    others: list[Sighting] = []
    marks_of = {s.arxiv_id: set(joining_marks(s.authors, common)) for s in ordered if s.role == "introduces"}
    for n_before, s in enumerate(ordered):
        if s.role != "introduces":
            others.append(s)
            continue
        marks = marks_of[s.arxiv_id]
        same = next((one for one in founded if one.marks & marks), None)
        is_first = not founded and n_before < ESTABLISHED_PAPERS
        if same is not None:
            same.papers.append(s.arxiv_id)
            same.marks |= marks
            same.sightings.append(s)
        elif s.is_heading or is_first or (n_before < ESTABLISHED_PAPERS and marks and all(f.marks for f in founded)):
            founded.append(_Founded(s, set(marks), [s.arxiv_id], [s]))
        else:
            others.append(s)
    return founded, others


def _distribute(
    others: Sequence[Sighting], founded: Sequence[_Founded], common: Collection[str], nearness: Nearness
) -> tuple[list[Sighting], list[Sighting]]:
    """Give each sighting to the thing that it means; returns those of a thing never introduced, and the unclear ones.

    A thing that was never introduced is older than what is held. It takes what is seen of the name before the first
    introduction, and later what is clearly nearer to its papers, or nearer to no introducing paper if enough papers
    spoke of it before.
    """
    was_there = [_was_there_before(one, others, common) for one in founded]
    introduced = [one.first.week for one in founded if one.first.role == "introduces"]
    if not introduced:
        return list(others), []
    first_week = min(introduced)
    unintroduced: list[Sighting] = []
    unclear: list[Sighting] = []
    for s in others:
        marks = set(joining_marks(s.authors, common))
        own = next((one for one in founded if one.marks & marks), None)
        if own is not None:
            own.sightings.append(s)
            continue
        # A thing that the operator split off without an introducing paper has the papers that it was given.
        candidates = [
            i
            for i, one in enumerate(founded)
            if one.first.role == "introduces"
            and one.first.week <= s.week.plus(_weeks_early(one, was_there=was_there[i]))
        ]
        ranked = sorted(((nearness(s.arxiv_id, founded[i].first.arxiv_id), -i) for i in candidates), reverse=True)
        nearest = -ranked[0][1] if ranked else -1
        cosines = [cosine for cosine, _ in ranked]
        older = [nearness(s.arxiv_id, other.arxiv_id) for other in unintroduced[:_MOST_COMPARED]] if ranked else []
        mean_older = sum(older) / len(older) if older else 0.0
        rivals = [*cosines[1:], *([mean_older] if older else [])]
        if ranked and _is_meant(s, founded[nearest], cosines[0], rivals, was_there=was_there[nearest]):
            founded[nearest].sightings.append(s)
        elif (
            s.week < first_week
            or len(unintroduced) >= ESTABLISHED_PAPERS
            or (ranked and _is_near(s, unintroduced, mean_older) and mean_older >= CLEAR_MARGIN * cosines[0])
        ):
            unintroduced.append(s)
        else:
            unclear.append(s)
    return unintroduced, unclear


def _was_there_before(one: _Founded, others: Sequence[Sighting], common: Collection[str]) -> bool:
    """Whether so many papers of others held the name before that it stands for something older as well.

    Models are left out: they are used before their report.
    """
    if one.first.role != "introduces" or one.first.kind == "model":
        return False
    earlier = [s for s in others if s.week < one.first.week and not one.marks & set(joining_marks(s.authors, common))]
    return len(earlier) >= ESTABLISHED_PAPERS


def _weeks_early(one: _Founded, *, was_there: bool) -> int:
    """How long before the introducing paper another team's may use the thing."""
    return EARLY_WEEKS if one.first.kind == "model" and not was_there else 0


def _is_meant(s: Sighting, nearest: _Founded, cosine: float, rivals: Sequence[float], *, was_there: bool) -> bool:
    """Whether a paper uses the introduced thing that it is nearest to; ``rivals`` are its cosines to the others."""
    agree = (s.kind in _DATA) == (nearest.first.kind in _DATA)
    both_distinct = _is_distinct(nearest.first.surface) and _is_distinct(s.surface)  # "A-MBER" may be "AMBER"
    is_early = s.week < nearest.first.week
    is_sure = both_distinct and not was_there and (not is_early or _VERSION.search(s.surface) is not None)
    if not rivals and agree and is_sure:
        return True
    needed = NEAR_IF_DISTINCT if is_sure else NEAR
    if cosine < needed * (1 if agree else FARTHER_DESPITE_KIND):
        return False
    return all(cosine >= CLEAR_MARGIN * other for other in rivals)


def _is_near(s: Sighting, older: Sequence[Sighting], mean: float) -> bool:
    """Whether a paper means a thing that was never introduced, by its mean cosine to the papers of it."""
    is_distinct = _is_distinct(s.surface) and all(_is_distinct(other.surface) for other in older)
    return bool(older) and mean >= (NEAR_IF_DISTINCT if is_distinct else NEAR)


def _is_distinct(surface: str) -> bool:
    return _DISTINCT.search(surface) is not None and len(surface) > _SHORT


def _without_older_names(
    founded: list[_Founded], others: list[Sighting], nearness: Nearness
) -> tuple[list[_Founded], list[Sighting]]:
    """Take for uses what looks like the introduction of a name that is older.

    "We introduce an actor that learns by PPO" reads like an introduction of PPO, but others speak of PPO at once, and
    most of their papers are far from this one. An acronym or a word that anybody else holds is taken for older, too, as
    is what a paper of others held before one that presents it in no sentence, unless it is a model. A title that
    begins with the name introduces it whatever others call so.
    """
    kept: list[_Founded] = []
    left = list(others)
    introducing = [one.first for one in founded]
    for one in founded:
        of_others = [
            s
            for s in others
            if s.week >= one.first.week.plus(-EARLY_WEEKS) and not set(s.authors) & set(one.first.authors)
        ]
        n_near = sum(
            nearness(s.arxiv_id, one.first.arxiv_id) >= (NEAR_IF_DISTINCT if _is_distinct(one.first.surface) else NEAR)
            for s in of_others[:_MOST_COMPARED]
        )
        is_far = len(of_others) >= _SEVERAL and n_near < len(of_others[:_MOST_COMPARED]) / 2
        is_spoken_of = sum(s.week <= one.first.week.plus(AT_ONCE_WEEKS) for s in of_others) >= _SEVERAL
        is_acronym = bool(of_others) and not _is_distinct(one.first.surface)
        is_used = one.first.kind != "model" and not any(s.is_presented for s in one.sightings)
        is_used = is_used and any(_is_held_by(one.first, s, nearness) for s in (*of_others, *introducing))
        if (is_far or is_spoken_of or is_acronym or is_used) and not any(s.is_heading for s in one.sightings):
            left += one.sightings
        else:
            kept.append(one)
    return kept, _in_order(left)


def _is_held_by(first: Sighting, other: Sighting, nearness: Nearness) -> bool:
    """Whether another team's paper held before what a paper seems to introduce; two may introduce one acronym."""
    if _place(other) >= _place(first) or set(other.authors) & set(first.authors):
        return False
    return other.role != "introduces" or (
        _is_distinct(first.surface) and nearness(other.arxiv_id, first.arxiv_id) >= NEAR_IF_DISTINCT
    )


def _match(founded: Sequence[_Founded], known: Sequence[KnownName], has_unintroduced: bool) -> None:
    """Give the things their registered ids: by introducing paper first, then the only one that is left to the only."""
    free = sorted(known, key=lambda k: k.name_id)
    for one in founded:
        found = next((k for k in free if k.introduced_by is not None and k.introduced_by in one.papers), None)
        if one.name_id is None and found is not None:
            one.name_id = found.name_id
            free.remove(found)
    waiting = [one for one in founded if one.name_id is None]
    if len(waiting) == 1 and len(free) == 1 and not has_unintroduced:
        # Seen in use before its introducing paper came, or that paper is not taken for introducing it any more.
        waiting[0].name_id = free[0].name_id
