"""What the papers of one named thing say of it: how it is shown, who uses it, and the dated events of its life."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from analysis.names.teams import Teams
from domain.name_ledger import UPTAKE_TEAMS, UPTAKE_WEEKS, NameEvent, NameFacts, Sighting
from domain.name_mention import NAME_KINDS, NameKind
from domain.paper import ArxivId


def facts_and_events(
    sightings: Sequence[Sighting],
    introductions: Sequence[ArxivId],
    *,
    common: Collection[str],
    key_of: Callable[[str], str],
    family_of: Callable[[str, tuple[str, ...]], str],
) -> tuple[NameFacts, tuple[NameEvent, ...]]:
    """Facts and events of one thing.

    Parameters
    ----------
    sightings : all of the thing, each paper once, in order of submission; at least one.
    introductions : the papers among them that introduce it, first first; may be empty.
    common : keys of common author names.
    key_of, family_of : the rules that join spellings and versions; the second also gets all spellings of the thing.

    Returns
    -------
    The facts, and the events ``introduced``, ``used_elsewhere`` and ``taken_up``, as far as they have happened. A team
    is another team if it holds none of the introducers. Where authors are missing, a use counts for no team; where
    those of the introducing paper are, no use is counted as that of another team.
    """
    by_id = {s.arxiv_id: s for s in sightings}
    introducing = [by_id[arxiv_id] for arxiv_id in introductions]
    first = introducing[0] if introducing else None
    kind, kind_confidence = _kind(sightings, first)
    spellings = Counter(s.surface for s in sightings)
    variants = tuple(sorted(spellings, key=lambda text: (-spellings[text], text)))
    surface = first.surface if first else variants[0]
    events, n_teams, n_unknown = _uptake(sightings, introducing, common)
    mean = sum(s.confidence for s in sightings) / len(sightings)
    facts = NameFacts(
        surface=surface,
        kind=kind,
        key=key_of(surface),
        family=family_of(surface, variants),
        variants=variants,
        introduced_by=first.arxiv_id if first else None,
        introduced_week=first.week if first else None,
        first_week=min(s.week for s in sightings),
        last_week=max(s.week for s in sightings),
        confidence=max(mean, first.confidence) if first else mean,
        kind_confidence=kind_confidence,
        n_uses=sum(s.role != "mentions" for s in sightings),
        n_mentions=sum(s.role == "mentions" for s in sightings),
        n_teams=n_teams,
        n_unknown_teams=n_unknown,
    )
    return facts, tuple(events)


def _kind(sightings: Sequence[Sighting], first: Sighting | None) -> tuple[NameKind, float]:
    """The likeliest kind and its probability: the mean over the papers, or what the introducing paper is surer of."""
    chances = dict.fromkeys(NAME_KINDS, 0.0)
    for s in sightings:
        rest = (1 - s.kind_confidence) / (len(NAME_KINDS) - 1)
        for kind in NAME_KINDS:
            chances[kind] += s.kind_confidence if kind == s.kind else rest
    kind = max(NAME_KINDS, key=lambda k: chances[k])
    probability = chances[kind] / len(sightings)
    if first is not None and first.kind_confidence > probability:
        return first.kind, first.kind_confidence
    return kind, probability


def _uptake(
    sightings: Sequence[Sighting], introducing: Sequence[Sighting], common: Collection[str]
) -> tuple[list[NameEvent], int | None, int]:
    """The events, the number of teams that use it, and the number of using papers without authors."""
    teams = Teams(common)
    first = introducing[0] if introducing else None
    inside = [number for s in introducing if (number := teams.add(s.authors)) is not None]
    is_known = first is None or bool(first.authors)
    events: list[NameEvent] = []
    if first is not None:
        events.append(NameEvent("introduced", first.week, first.arxiv_id))
    outside: list[int] = []
    n_unknown = 0
    presenting = {s.arxiv_id for s in introducing}
    for s in sightings:
        if s.role == "mentions" or s.arxiv_id in presenting:
            continue
        number = teams.add(s.authors)
        if number is None:
            n_unknown += 1
            continue
        outside.append(number)
        if first is None or not is_known or s.week < first.week:
            continue
        others = teams.distinct(outside) - teams.distinct(inside)
        if not others or not teams.distinct([number]) & others:
            continue
        if not any(event.kind == "used_elsewhere" for event in events):
            events.append(NameEvent("used_elsewhere", s.week, s.arxiv_id))
        if (
            len(others) >= UPTAKE_TEAMS
            and first.week.weeks_until(s.week) <= UPTAKE_WEEKS
            and not any(event.kind == "taken_up" for event in events)
        ):
            events.append(NameEvent("taken_up", s.week, s.arxiv_id))
    n_teams = len(teams.distinct(outside) - teams.distinct(inside)) if is_known else None
    return events, n_teams, n_unknown
