"""The English of a digest: its headline, its notes, and why each paper is listed.

These sentences are stored with the edition. A change here shows in digests published from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.digest_facts import (
    FollowMatch,
    FurtherFacts,
    HeadlineFacts,
    MainContribution,
    NearCentre,
    NoteFacts,
    PaperReason,
    ShareMove,
)
from domain.digest_wording_protocol import ListWords
from domain.week import Week
from templates.change_wording import fitted_ends
from templates.claim_wording import factor, factors, saving_words
from templates.number_text import agreeing, in_words, percent, plural, size_in_points, week_range


class EnglishDigestWording:
    """Words a digest; a ``domain.digest_facts.DigestWording``."""

    def headline(self, facts: HeadlineFacts) -> str:
        """The week in one sentence: what is new, then what goes on.

        No move leads two digests in a row, unless its direction is new. The most adopted technique is the same in
        most weeks, so it is told in the first digest, and where there is nothing else to begin with.
        """
        if facts.leader is None:
            return "Too few papers are on record for a share of any technique."
        leads = f"{percent(facts.leader.share)} of the week's papers use {_inside_sentence(facts.leader.name)}"
        told = _moves_of_a_first_digest(facts) if facts.is_first else _news_and_what_goes_on(facts)
        rest = []
        if facts.lead == "leader":
            told.insert(0, leads)
        elif facts.lead == "introduced":
            told.insert(0, _introduced(facts))
        if facts.is_first and facts.lead != "leader" and facts.leader.name not in {m.name for m in facts.begun[:1]}:
            rest.append(leads)
        if not facts.has_calls:
            rest.append("too few weeks are on record to show a change")
        elif not facts.has_untold and _is_quiet(facts):
            other = "other " if facts.wave_move is not None else ""
            span = f" in the {facts.n_weeks_held} weeks on record" if facts.is_first else ""
            rest.append(f"no {other}technique or theme clearly rose or fell{span}")
        if (wave := facts.wave_move) is not None and not facts.begun:
            verb = "rose" if wave.is_rise else "fell"
            rest.append(f"{_inside_sentence(wave.name)} {verb} only with a wave of {wave.venue} papers")
        sentence = "; ".join((*told, *rest)) + "."
        return sentence[:1].upper() + sentence[1:]

    def further(self, facts: FurtherFacts) -> tuple[str, ...]:
        """What is new that the headline has not told, and what papers claim and name."""
        return tuple(sentence for sentence in (_also_new(facts), _claimed_and_named(facts)) if sentence)

    def notes(self, facts: NoteFacts) -> tuple[str, ...]:
        """One sentence for each limit that holds, in a fixed order."""
        notes = []
        if facts.weeks_later:
            notes.append(
                f"This digest was made later, {plural(facts.weeks_later, 'week')} after its week closed, so its topics "
                "may be fitted to newer papers too."
            )
        completeness = facts.completeness
        if not completeness.complete:
            problem = completeness.problem or "it was not harvested as one window"
            notes.append(f"This week is not proven complete: {problem}.")
        if completeness.incomplete_weeks:
            notes.append(f"Earlier weeks not proven complete: {week_range(completeness.incomplete_weeks)}.")
        if completeness.missing_weeks:
            notes.append(f"Earlier weeks never harvested: {week_range(completeness.missing_weeks)}.")
        if (late := facts.lateness) is not None:
            notes.append(
                f"About {percent(late.n_late / late.n_papers, 1)} of a week's papers arrive after its digest, because "
                f"arXiv's moderation holds them back ({late.n_late:,} of {late.n_papers:,} in "
                f"{plural(late.n_weeks, 'earlier week')})."
            )
        if facts.n_weeks_held is not None:
            weeks = "1 week is" if facts.n_weeks_held == 1 else f"{facts.n_weeks_held} weeks are"
            notes.append(f"Only {weeks} on record; curves and changes span no more.")
        if facts.n_weeks_of_topics is not None:
            notes.append(
                f"Topics are counted over the newest {plural(facts.n_weeks_of_topics, 'week')}, because earlier papers "
                "are not embedded; techniques, themes, names and words over all weeks on record."
            )
        if facts.no_topic_called:
            notes.append("No topic is called rising or falling, because too few weeks or papers are on record.")
        if not facts.holds_last_year:
            notes.append("Nothing is compared with last year, because the same weeks of last year are not on record.")
        if facts.unmeasured:
            notes.append(f"The accuracy of detection has not been measured for {in_words(facts.unmeasured)}.")
        return tuple(notes)

    def paper_reason(self, reason: PaperReason) -> str:
        """Why a paper is listed, as a phrase."""
        if isinstance(reason, MainContribution):
            return _contribution(reason)
        if isinstance(reason, NearCentre):
            if reason.is_nearest:
                return "closest to the topic's centre this week"
            return "next closest to the topic's centre"
        name = _inside_sentence(reason.name)
        return f"a main contribution is {name}" if reason.kind == "theme" else f"it is about {name}"

    def all_papers(self, week: Week) -> ListWords:
        """Words of the list of all papers of a week."""
        return ListWords(
            f"All papers of {week}",
            "Papers first submitted in this week under a watched category, each counted once.",
        )

    def papers_without_topic(self) -> ListWords:
        """Words of the list of papers that belong to no topic."""
        return ListWords("Papers without a topic", "Papers that are not similar enough to any topic.")

    def papers_of_topic(self, label: str, top_terms: Sequence[str]) -> ListWords:
        """Words of the list of a topic's papers."""
        return ListWords(label, f"Papers closest to this topic. Its top terms: {', '.join(top_terms)}.")


class EnglishPersonalWording:
    """Words the reasons in a reader's own part of an issue; a ``domain.digest_facts.PersonalWording``."""

    def listed(self, matches: Sequence[FollowMatch]) -> str:
        """Why a paper is listed: how near it is to what it stands with, then its place for up to two others."""
        return "; also ".join([_match(matches[0]), *map(_other_match, matches[1:3])])


def _match(match: FollowMatch) -> str:
    """Why a paper stands in the list of a search, topic or name; its place there is its rank, which is not told."""
    if match.kind == "name":
        return f"{'introduces' if match.introduces else 'uses'} {match.name}"
    to = " to the topic's centre" if match.kind == "topic" else ""
    words = ", with all the words" if match.has_all_words else ""
    return f"similarity {match.similarity:.2f}{to}{words}"


def _other_match(match: FollowMatch) -> str:
    """A paper's place for another search, topic or name."""
    if match.kind == "name":
        return f"{'introduces' if match.introduces else 'uses'} {match.name}, which you follow"
    kind = "topic" if match.kind == "topic" else "search"
    return f"{_ordinal(match.rank)} for your {kind} “{match.name}”"


_N_TOLD = 2
"""Moves that a headline names one by one, of each kind."""


def _is_quiet(facts: HeadlineFacts) -> bool:
    """Whether no move is told, or in a first digest none of a technique or theme."""
    if facts.is_first:
        return all(move.is_topic for move in facts.begun)
    return not facts.begun and not facts.continuing


def _moves_of_a_first_digest(facts: HeadlineFacts) -> list[str]:
    """The technique or theme that moved most, and the topics that gained and lost most."""
    told = []
    techniques = [move for move in facts.begun if not move.is_topic]
    for move in techniques[:1]:
        verb = "rose" if move.is_rise else "fell"
        told.append(
            f"{_inside_sentence(move.name)}{_how_sure(move)} {verb} most, {_by_and_to(move)} of the week's papers"
        )
    for topics in _by_direction([move for move in facts.begun if move.is_topic]):
        verb = "gained" if topics[0].is_rise else "lost"
        # After another move, the reader knows what the shares are of.
        of_papers = "" if told else " of the week's papers"
        told.append(f"the topic that {verb} most is {topics[0].name}, {_by_and_to(topics[0])}{of_papers}")
    return told + _new_words(facts)


def _news_and_what_goes_on(facts: HeadlineFacts) -> list[str]:
    """What began to move, new words and names, then what still moves; nothing is told as news twice."""
    told = []
    for moves in _by_direction(facts.begun):
        named = [f"{_named(move)}, {_by_and_to(move)}" for move in moves[:_N_TOLD]]
        words = "newly rising" if moves[0].is_rise else "newly falling"
        told.append(f"{words}: {'; '.join(named)} of the week's papers")
    told += _new_words(facts)
    for moves in _by_direction(facts.continuing):
        more = f" and {len(moves) - _N_TOLD} more" if len(moves) > _N_TOLD else ""
        named = [f"{_named(move)} ({_by(move)})" for move in moves[:_N_TOLD]]
        words = "still rising" if moves[0].is_rise else "still falling"
        told.append(f"{words}: {', '.join(named) if more else in_words(named)}{more}")
    return told


def _by_direction(moves: Sequence[ShareMove]) -> list[list[ShareMove]]:
    """The rises and the falls, those of the first move first: it is what the headline leads with."""
    groups = [[move for move in moves if move.is_rise == is_rise] for is_rise in (True, False)]
    groups.sort(key=lambda group: group[:1] != list(moves[:1]))
    return [group for group in groups if group]


def _new_words(facts: HeadlineFacts) -> list[str]:
    """The names that other teams newly use, and the words that newly spread."""
    told = []
    for words, named in (("now used by other teams", facts.taken_up), ("newly spreading", facts.new_terms)):
        if named:
            told.append(f"{words}: {_first_of(named)}")
    return told


def _first_of(named: Sequence[str]) -> str:
    """``A and B``, or ``A, B and 3 more``."""
    more = f" and {len(named) - _N_TOLD} more" if len(named) > _N_TOLD else ""
    return f"{', '.join(named[:_N_TOLD])}{more}" if more else in_words(named)


def _introduced(facts: HeadlineFacts) -> str:
    what = "new benchmark or dataset" if facts.n_introduced == 1 else "new benchmarks and datasets"
    among = ": " if facts.n_introduced <= _N_TOLD else ", among them "
    return f"{facts.n_introduced:,} {what}{among}{in_words(facts.introduced[:_N_TOLD])}"


def _also_new(facts: FurtherFacts) -> str:
    moves = [
        f"{words} {_first_of(named)}"
        for words, named in (("more papers use", facts.rising), ("fewer papers use", facts.falling))
        if named
    ]
    told = []
    for n, one, several, named in (
        (facts.n_introduced, "benchmark or dataset", "benchmarks and datasets", facts.introduced),
        (facts.n_made, "model or tool", "models and tools", facts.made),
    ):
        if n:
            listed = in_words(named[:_N_TOLD])
            told.append(f"{plural(n, one, several)}{f' ({listed})' if n <= _N_TOLD else f', among them {listed}'}")
    sentence = "; ".join([*moves, f"introduced this week: {', and '.join(told)}"] if told else moves)
    return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""


def _claimed_and_named(facts: FurtherFacts) -> str:
    if not facts.n_read:
        return ""
    told = [f"{facts.n_with_saving:,} {agreeing(facts.n_with_saving, 'claims', 'claim')} a saving"]
    if (saving := facts.saving) is not None:
        median = f", median claimed {factor(saving.median)}" if saving.median is not None else ""
        told[0] += f" (most often {saving_words(saving.quantity)}{median})"
    told.append(f"{facts.n_with_code:,} {agreeing(facts.n_with_code, 'links', 'link')} code")
    if facts.n_naming:
        most = f" (most often {facts.standard.name})" if facts.standard is not None else ""
        told.append(f"{facts.n_naming:,} {agreeing(facts.n_naming, 'names', 'name')} a law or standard{most}")
    sentence = f"Of {plural(facts.n_read, 'paper')}, {in_words(told)}"
    if (failure := facts.failure_mode) is not None:
        sentence += f"; the failure named most is {_inside_sentence(failure.name)} ({plural(failure.k, 'paper')})"
    return f"{sentence}."


def _contribution(reason: MainContribution) -> str:
    """What makes a paper of a theme checkable: a claimed saving or a number, code, acceptance."""
    parts = []
    if (saving := reason.saving) is not None:
        size = f"{'up to ' if saving.up_to else ''}{factors(saving.factor, saving.factor_to)}"
        parts.append(f"claims {saving_words(saving.quantity)}, {size}")
    elif reason.has_claim:
        parts.append("states its result in numbers")
    if reason.has_code:
        parts.append("links code")
    if reason.venue:
        parts.append(f"accepted or published ({reason.venue})")
    return "; ".join(parts) or f"its main contribution is {_inside_sentence(reason.theme)}"


def _named(move: ShareMove) -> str:
    return f"the topic {move.name}" if move.is_topic else f"{_inside_sentence(move.name)}{_how_sure(move)}"


def _how_sure(move: ShareMove) -> str:
    return "" if move.is_measured else " (accuracy not measured)"


def _by(move: ShareMove) -> str:
    """``5.8 points in 13 weeks``, or the share where the change is not stored."""
    if move.change is None:
        return percent(move.share)
    return f"{size_in_points(move.change)} in {plural(move.change.n_weeks, 'week')}"


def _by_and_to(move: ShareMove) -> str:
    """``by 4.2 points in 12 weeks, to a fitted 21.0 %``: the change that was tested, and where its line ends.

    One week's share scatters around the line, so it may be smaller than the change itself.
    """
    if move.change is None:
        return f"to {percent(move.share)}"
    weeks = plural(move.change.n_weeks, "week")
    return f"by {size_in_points(move.change)} in {weeks}, to a fitted {fitted_ends(move.change)[1]}"


def _inside_sentence(name: str) -> str:
    """A name without its capital, unless it is an abbreviation."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _ordinal(n: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"
