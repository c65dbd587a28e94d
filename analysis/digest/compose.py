"""What one week's digest says: chosen, ordered and worded here, drawn in ``templates``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from analysis.digest.material import (
    N_RECENT_WEEKS,
    N_SERIES_WEEKS,
    N_TOPIC_BASELINE_WEEKS,
    NOT_A_NUMBER,
    DigestSettings,
    WeekMaterial,
)
from analysis.digest.paper_lists import paper_lists
from analysis.digest.selection import PaperSelection, unusual_places
from analysis.digest.topic_lines import compose_topic_lines, topic_counts
from analysis.digest.week_tables import WeekTables
from analysis.trends.calls import TermKey, direction
from analysis.trends.detector_error import corrected
from analysis.trends.shares import share_of, with_verdicts
from domain.calls import TrendCall
from domain.detections import MENTIONS, Term
from domain.digest import (
    Change,
    Completeness,
    Digest,
    DigestEdition,
    Headline,
    Provenance,
    Share,
    TermLine,
    TopicCoverage,
    TopicLine,
    Verdict,
)
from domain.paper import is_made_up
from domain.week import Week


def compose_digest(material: WeekMaterial, settings: DigestSettings, provenance: Provenance) -> DigestEdition:
    """The digest of one closed week, with the lists of papers behind its numbers.

    Raises
    ------
    ValueError
        If the week holds no paper.
    """
    if not material.papers:
        raise ValueError(f"{material.week} holds no paper")
    tables = WeekTables(material, settings)
    week = material.week
    recent = tuple(week.plus(-i) for i in range(N_RECENT_WEEKS, 0, -1))
    last_year = tuple(week.plus(-52 + i) for i in (-1, 0, 1))

    term_keys: list[TermKey] = [(t.kind, t.key) for t in material.terms]
    topic_keys: list[TermKey] = [("topic", str(t.topic_id)) for t in material.topics]
    last_weeks = (*recent[1:], week)
    before = tuple(week.plus(-i) for i in range(N_RECENT_WEEKS + N_TOPIC_BASELINE_WEEKS - 1, N_RECENT_WEEKS - 1, -1))
    calls = {(call.kind, call.key): call for call in material.calls}
    # One notion of up and down: the week's calls. What is compared with recent weeks shows by how much.
    against_recent = [_as_called(tables.compared(key, (week,), recent)[0], calls.get(key)) for key in term_keys] + [
        _as_called(tables.compared(key, last_weeks, before)[0], calls.get(key)) for key in topic_keys
    ]
    against_last_year = with_verdicts(
        [tables.compared(key, (week,), last_year) for key in term_keys],
        false_discovery_rate=settings.false_discovery_rate,
    )
    picks = PaperSelection(material, settings)
    places = picks.places(tables.n_papers, recent)
    unusual = unusual_places(places, tables, week, recent, false_discovery_rate=settings.false_discovery_rate)
    lines = [
        TermLine(
            slug=f"{term.kind}-{term.key}",
            kind=term.kind,
            key=term.key,
            name=term.name,
            definition=term.definition,
            measured=term.measured,
            adopts=tables.share((term.kind, term.key), (week,)),
            mentions=tables.share((term.kind, term.key), (week,), exactly=MENTIONS),
            against_recent=change,
            against_last_year=year_change,
            series=tables.series((term.kind, term.key)),
            papers=picks.for_term(term) if term.kind == "theme" else (),
            where=places[term.kind, term.key][:3],
            more_than_usual=unusual[term.kind, term.key][:3],
            call=calls.get((term.kind, term.key)),
            corrected=_corrected(material, term, tables.share((term.kind, term.key), (week,))),
        )
        for term, change, year_change in zip(material.terms, against_recent, against_last_year, strict=False)
    ]
    topic_lines = compose_topic_lines(material, settings, tables, picks, against_recent[len(term_keys) :], calls)
    techniques = tuple(
        sorted(
            (x for x in lines if x.kind == "technique" and (x.measured or _is_seen(x))),
            key=lambda x: (not x.measured, -x.adopts.k, x.key),
        )
    )
    themes = tuple(x for x in lines if x.kind == "theme")
    n_recent = [n for w in recent if (n := tables.n_papers(w)) > 0]
    moved = _moved_most([*techniques, *themes])
    moved_topics = [x for x in topic_lines if x.status in ("rising", "cooling")]
    moved_topic = max(moved_topics, key=lambda x: abs(_moved(x)), default=None)
    completeness = tables.completeness()
    digest = Digest(
        week=week,
        categories=material.categories,
        headline=Headline(
            sentence=_sentence(techniques, moved, topic_lines, tables.n_weeks_held()),
            n_papers=len(material.papers),
            n_papers_recent=sum(n_recent) / len(n_recent) if n_recent else NOT_A_NUMBER,
            moved_most=moved.slug if moved else moved_topic.slug if moved_topic else None,
        ),
        completeness=completeness,
        techniques=techniques,
        topics=topic_lines,
        themes=themes,
        topic_coverage=TopicCoverage(
            n_topics=len(material.topics),
            assigned=share_of(sum(a.topic_id is not None for a in material.assigned), len(material.papers)),
        ),
        notes=_notes(material, tables, completeness, last_year),
        provenance=provenance,
        all_topics=topic_counts(material, tables),
        is_made_up=any(is_made_up(p.arxiv_id) for p in material.papers),
        watched=tuple(tables.watched(call) for call in material.calls if call.kind == "query"),
        call_records=material.call_records,
    )
    return DigestEdition(digest, paper_lists(material, digest))


def _corrected(material: WeekMaterial, term: Term, adopts: Share) -> Share | None:
    error = material.errors.get(term.key) if term.measured else None
    return corrected(adopts, error) if error is not None and error.is_informative else None


def _as_called(change: Change, call: TrendCall | None) -> Change:
    """A change against recent weeks with the verdict of the term's call.

    The call is about half a year, the change about a few weeks: one that points the other way is no part of the move.
    """
    if change.baseline is None or call is None or call.q_value is None:
        return replace(change, q_value=NOT_A_NUMBER, verdict="unknown")
    way = direction(call.verdict)
    verdict: Verdict = "steady" if way * change.difference <= 0 else "up" if way > 0 else "down"
    return replace(change, q_value=call.q_value, verdict=verdict)


def _is_seen(line: TermLine) -> bool:
    """Whether any paper of the recent weeks shows the term; a row of zeros tells nobody anything."""
    return line.adopts.k + line.mentions.k > 0 or any(point.k for point in line.series[-N_RECENT_WEEKS - 1 :])


def _moved_most(lines: Iterable[TermLine]) -> TermLine | None:
    """The measured technique or theme that is called to move, and moved farthest."""
    moved = [x for x in lines if x.measured and x.call is not None and x.call.is_move]
    return max(moved, key=lambda x: abs(_moved(x)), default=None)


def _moved(line: TermLine | TopicLine) -> float:
    """How far a share moved between the first and the last weeks that its call looked at; 0 without one."""
    return line.call.share - line.call.share_before if line.call is not None else 0.0


def _sentence(techniques: Sequence[TermLine], moved: TermLine | None, topics: Sequence[TopicLine], n_weeks: int) -> str:
    """The week in one sentence; a share is said once, with what it is a share of."""
    known = [x for x in techniques if x.measured and not math.isnan(x.adopts.share)]
    leader = max(known, key=lambda x: x.adopts.k, default=None)
    if leader is None:
        return "Too few papers are held for a share of any technique."
    span = "half a year" if n_weeks >= N_SERIES_WEEKS else f"the {n_weeks} weeks held"
    news, rest = [], [f"{_inside_sentence(leader.name)} carry {_percent(leader.adopts.share)} of the week's papers"]
    if moved is not None and moved.call is not None:
        verb = "rose" if direction(moved.call.verdict) > 0 else "fell"
        shares = f"from {_percent(moved.call.share_before)} to {_percent(moved.call.share)} of papers in {span}"
        news.append(f"{_inside_sentence(moved.name)} {verb} most, {shares}")
    elif any(x.call is not None and x.call.q_value is not None for x in techniques):
        rest.append(f"no measured technique or theme moved more than noise in {span}")
    else:
        rest.append("too few weeks are held to tell a change")
    rising = max((x for x in topics if x.status == "rising"), key=_moved, default=None)
    if rising is not None and rising.call is not None:
        shares = f"from {_percent(rising.call.share_before)} to {_percent(rising.call.share)}"
        # Without a move before it, what follows says in which weeks.
        news.append(f"the topic gaining most is {rising.label}, {shares}{'' if moved else ' of papers'}")
    sentence = "; ".join((*news, *rest)) + "."
    return sentence[:1].upper() + sentence[1:]


def _inside_sentence(name: str) -> str:
    """A name without its capital, unless it is an abbreviation."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def _percent(share: float) -> str:
    return f"{share * 100:.1f}\N{NO-BREAK SPACE}%"


def _notes(
    material: WeekMaterial, tables: WeekTables, completeness: Completeness, last_year: Sequence[Week]
) -> tuple[str, ...]:
    """What a reader must know that the numbers do not say."""
    notes = []
    if not completeness.complete:
        notes.append(f"This week is not proven whole: {completeness.problem or 'it was not harvested as one window'}.")
    if completeness.incomplete_weeks:
        notes.append(f"Earlier weeks not proven whole: {_ranges(completeness.incomplete_weeks)}.")
    if completeness.missing_weeks:
        notes.append(f"Earlier weeks never harvested: {_ranges(completeness.missing_weeks)}.")
    if (late := material.lateness) is not None and late.n_late:
        share = f"{100 * late.n_late / late.n_papers:.1f} %"
        notes.append(
            f"About {share} of a week's papers come after its digest, held back by arXiv's moderation "
            f"({late.n_late:,} of {late.n_papers:,} in {late.n_weeks} earlier weeks)."
        )
    n_held = tables.n_weeks_held()
    if n_held < N_SERIES_WEEKS:
        notes.append(f"{n_held} weeks are held, so the curves begin with the first of them.")
    n_needed = N_RECENT_WEEKS + N_TOPIC_BASELINE_WEEKS
    if not all(tables.n_papers(material.week.plus(-i)) for i in range(n_needed)):
        notes.append(
            f"Topics are compared over {n_needed} weeks, which are not all held, so their change on the weeks before "
            "is not shown."
        )
    if material.topics and all(call.verdict == "unknown" for call in material.calls if call.kind == "topic"):
        notes.append("No topic is called rising or cooling: too little is held to tell.")
    if not all(tables.n_papers(w) for w in last_year):
        notes.append("The same weeks of last year are not held, so nothing is compared with them.")
    unmeasured = [t.name for t in material.terms if not t.measured]
    if unmeasured:
        notes.append(f"How well these are detected has not been measured: {', '.join(unmeasured)}.")
    return tuple(notes)


def _ranges(weeks: Sequence[Week]) -> str:
    """``2026-W10 to 2026-W14, 2026-W20``."""
    runs: list[list[Week]] = []
    for week in sorted(weeks):
        if runs and runs[-1][-1].plus(1) == week:
            runs[-1].append(week)
        else:
            runs.append([week])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)
