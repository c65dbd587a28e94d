"""The facts of a digest's headline: which technique leads, and what moved most."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from analysis.trends.trend_calls import direction
from domain.digest import MIN_TOLD, Digest, InPractice, MovingName, NamedRule, NewNames, TermLine, TopicLine
from domain.digest_facts import FurtherFacts, HeadlineFacts, LeadingTechnique, ShareMove, WaveMove
from domain.same_subject import Subject, are_same_subject, subjects

_T = TypeVar("_T")
_Line = TypeVar("_Line", bound=TermLine | TopicLine)
_Moving = TypeVar("_Moving", bound=TermLine | TopicLine | MovingName)


N_MEMORY_WEEKS = 4
"""A move that one of so many digests told is no news, even if its verdict was lost in between."""


@dataclass(frozen=True)
class ToldBefore:
    """What the digests of the last weeks told.

    ``moves`` are the slugs of lines, and what the lines are about, with 1 or -1 for the direction, without moves of a
    venue's wave. ``lead`` is what the last digest's headline began with, ``lead_subjects`` what that line is about.
    """

    moves: frozenset[tuple[str | frozenset[Subject], int]]
    lead: str | None
    lead_subjects: frozenset[Subject] = frozenset()

    def has_told(self, line: TermLine | TopicLine | MovingName) -> bool:
        """Whether the line's move, or a move of the same subject in the same direction, was told."""
        return not self.moves.isdisjoint(_told_as(line))

    def has_led_with(self, line: TermLine | TopicLine) -> bool:
        """Whether the last digest began with the line or its subject."""
        return line.slug == self.lead or subjects(line.name) == self.lead_subjects


def told_before(digests: Sequence[Digest]) -> ToldBefore | None:
    """What some digests told, the newest first; ``None`` without any."""
    if not digests:
        return None
    moves: set[tuple[str | frozenset[Subject], int]] = set()
    for digest in digests:
        lines: tuple[TermLine | TopicLine, ...] = (*digest.techniques, *digest.themes, *digest.topics)
        for moved in (*_moved(lines), *digest.moving_names):
            moves |= _told_as(moved)
    last = digests[0]
    lead = last.headline.lead or last.headline.moved_most
    last_lines: tuple[TermLine | TopicLine, ...] = (*last.techniques, *last.themes, *last.topics)
    led = next((line for line in last_lines if line.slug == lead), None)
    return ToldBefore(frozenset(moves), lead, subjects(led.name) if led is not None else frozenset())


def strongest_of_each_subject(lines: Iterable[_Moving]) -> list[_Moving]:
    """The lines without those whose subject another one with stronger evidence moves the same way, in their order.

    A topic and a technique may be found by different means and still be the same subject: "world model" and "World
    models". Evidence is the q-value of the call, and between equals how far the interval is from 0.
    """
    given = list(lines)
    kept = _first_of_each(sorted(given, key=_weakness), lambda line: (subjects(line.name), _direction(line)))
    return [line for line in given if any(line is of_subject for of_subject in kept)]


def names_to_tell(
    lines: Sequence[TermLine | TopicLine], names: Sequence[MovingName], told: ToldBefore | None
) -> list[MovingName]:
    """The names that newly move, without those whose move a line with stronger evidence tells.

    What one of the last digests told is not new.
    """
    begun = [moved for moved in names if told is None or not told.has_told(moved)]
    moving: list[TermLine | TopicLine | MovingName] = [*_moved(lines), *begun]
    told_once = strongest_of_each_subject(moving)
    return [moved for moved in begun if any(moved is once for once in told_once)]


def headline_facts(
    techniques: Sequence[TermLine],
    themes: Sequence[TermLine],
    topics: Sequence[TopicLine],
    *,
    n_weeks_held: int,
    told: ToldBefore | None = None,
    new_terms: Sequence[str] = (),
    taken_up: Sequence[str] = (),
    introduced: Sequence[str] = (),
    n_introduced: int = 0,
    moving_names: Sequence[MovingName] = (),
) -> HeadlineFacts:
    """What the headline states.

    Parameters
    ----------
    techniques, themes, topics : the digest's lines. Techniques without measured accuracy do not lead; all that are
        called may move. What rises is told where it has ``MIN_TOLD`` papers this week. Of several lines of one subject,
        that with the strongest evidence is told.
    n_weeks_held : weeks with papers among the half year that calls look at.
    told : by the digests of the last ``N_MEMORY_WEEKS``; ``None`` where there are none.
    new_terms, taken_up : words that newly spread, and names that other teams newly use, the most telling first.
    introduced, n_introduced : the first of the week's new benchmarks and datasets, and how many there are.
    moving_names : names that the sentences after the headline tell; it leaves out lines of the same subject that move
        the same way.
    """
    known = [line for line in techniques if line.measured and not math.isnan(line.adopts.share)]
    leader = max((line for line in known if line.adopts.k >= MIN_TOLD), key=lambda line: line.adopts.k, default=None)
    lines: list[TermLine | TopicLine] = [*_moved([*techniques, *themes]), *_moved(topics)]
    every: list[TermLine | TopicLine | MovingName] = [*lines, *moving_names]
    told_once = strongest_of_each_subject(every)
    moves = [line for line in lines if any(line is once for once in told_once)]
    begun = [line for line in moves if told is None or not told.has_told(line)]
    # A stable sort: what led the last digest comes after all others that go on.
    continuing = [line for line in moves if line not in begun]
    if told is not None:
        continuing.sort(key=told.has_led_with)
    taken_up, new_terms = _unless_told(taken_up, told_once), _unless_told(new_terms, told_once)
    new_terms = [term for term in new_terms if not any(are_same_subject(term, name) for name in taken_up)]
    leads = [line.slug for line in begun[:1]]
    leads += [name for name, found in (("names", taken_up), ("terms", new_terms)) if found]
    leads += [line.slug for line in continuing[:1] if told is None or not told.has_led_with(line)]
    leads += ["introduced"] if introduced else []
    return HeadlineFacts(
        lead=leads[0] if leads else "leader",
        leader=LeadingTechnique(leader.name, leader.adopts.share) if leader else None,
        begun=tuple(map(_share_move, begun)),
        continuing=tuple(map(_share_move, continuing)),
        has_calls=any(line.call is not None and line.call.q_value is not None for line in techniques),
        n_weeks_held=n_weeks_held,
        is_first=told is None,
        wave_move=_largest_wave_move([*techniques, *themes, *topics]),
        new_terms=tuple(new_terms),
        taken_up=tuple(taken_up),
        introduced=tuple(introduced),
        n_introduced=n_introduced,
        has_untold=any(line.is_called and line not in moves for line in (*techniques, *themes)),
    )


def further_facts(
    headline: HeadlineFacts,
    names: NewNames | None,
    practice: InPractice | None,
    *,
    moving_names: Sequence[MovingName] = (),
) -> FurtherFacts:
    """What the sentences after the headline state: what is new that it did not tell, and what papers claim and name."""
    facts = FurtherFacts(
        rising=tuple(moved.name for moved in moving_names if _direction(moved) > 0),
        falling=tuple(moved.name for moved in moving_names if _direction(moved) < 0),
    )
    if names is not None:
        facts = replace(
            facts, made=tuple(line.name for line in names.models_and_tools), n_made=names.n_models_and_tools
        )
        if headline.lead != "introduced":
            facts = replace(facts, introduced=headline.introduced, n_introduced=headline.n_introduced)
    if practice is not None:
        facts = replace(
            facts,
            n_read=practice.n,
            n_with_saving=practice.n_with_saving,
            saving=next((saving for saving in practice.savings if saving.n_papers >= MIN_TOLD), None),
            n_with_code=practice.n_with_code,
            n_naming=practice.n_naming,
            standard=_named_most(practice.standards),
            failure_mode=_named_most(practice.failure_modes),
        )
    return facts


def _told_as(line: TermLine | TopicLine | MovingName) -> set[tuple[str | frozenset[Subject], int]]:
    """A move by its line and by what the line is about, with its direction."""
    slug = f"name-{line.name_id}" if isinstance(line, MovingName) else line.slug
    return {(slug, _direction(line)), (subjects(line.name), _direction(line))}


def _unless_told(names: Sequence[str], moves: Sequence[TermLine | TopicLine | MovingName]) -> list[str]:
    """The names without those that a rise tells already, and each subject once."""
    rising = {subjects(line.name) for line in moves if _direction(line) > 0}
    return _first_of_each((name for name in names if subjects(name) not in rising), subjects)


def _first_of_each(things: Iterable[_T], key: Callable[[_T], Hashable]) -> list[_T]:
    """The things without those that have the key of an earlier one."""
    first: dict[Hashable, _T] = {}
    for thing in things:
        first.setdefault(key(thing), thing)
    return list(first.values())


def _weakness(line: TermLine | TopicLine | MovingName) -> tuple[float, float]:
    call = line.call
    if call is None or call.q_value is None:
        return math.inf, 0.0
    change = call.change
    if change is None:
        return call.q_value, 0.0
    towards_zero = change.difference - change.low if change.difference > 0 else change.high - change.difference
    return call.q_value, -abs(change.difference) / max(towards_zero, 1e-12)


def _named_most(rules: Sequence[NamedRule]) -> NamedRule | None:
    """What more papers name than any other; ``None`` where two are named as often, or by fewer than ``MIN_TOLD``."""
    if not rules or rules[0].k < MIN_TOLD or any(rules[0].k <= other.k for other in rules[1:]):
        return None
    return rules[0]


def largest_move(lines: Iterable[_Line]) -> _Line | None:
    """The line that is called to move and whose share moved farthest, either way; ``None`` where none is.

    A move that a venue's wave explains does not count, nor does a rise with fewer than ``MIN_TOLD`` papers.
    """
    return next(iter(strongest_of_each_subject(_moved(lines))), None)


def _moved(lines: Iterable[_Line]) -> list[_Line]:
    """The lines that are called to move and may be told, the farthest first, without those of a venue's wave."""
    called = [line for line in lines if _may_be_told(line) and line.is_called]
    return sorted(called, key=_distance, reverse=True)


def _may_be_told(line: TermLine | TopicLine) -> bool:
    """Whether a line has enough papers this week to lead; what falls may have come to nothing."""
    k = line.share.k if isinstance(line, TopicLine) else line.adopts.k
    return k >= MIN_TOLD or _direction(line) < 0


def _largest_wave_move(lines: Iterable[TermLine | TopicLine]) -> WaveMove | None:
    of_waves = [line for line in lines if line.wave is not None and line.call is not None and _may_be_told(line)]
    line = max(of_waves, key=_distance, default=None)
    if line is None or line.wave is None or line.call is None:
        return None
    return WaveMove(line.name, direction(line.call.called) > 0, line.wave.venue)


def _distance(line: TermLine | TopicLine) -> float:
    return abs(line.call.size) if line.call is not None else 0.0


def _direction(line: TermLine | TopicLine | MovingName) -> int:
    return direction(line.call.verdict) if line.call is not None else 0


def _share_move(line: TermLine | TopicLine) -> ShareMove:
    change = line.call.change if line.call is not None else None
    if isinstance(line, TopicLine):
        return ShareMove(line.label, _direction(line) > 0, change, line.share.share, is_topic=True)
    return ShareMove(line.name, _direction(line) > 0, change, line.adopts.share, line.measured)
