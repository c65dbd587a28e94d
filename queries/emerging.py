"""The weekly lists of emerging terms, and how past ones turned out."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.emerging.draft import TechniqueDraft, draft_technique
from analysis.emerging.phrases import folded
from analysis.names.variants import name_key
from domain.emerging import MAX_BEFORE_WEEKS, RECENT_WEEKS, WEEKS_NEEDED, EmergingList, EmergingTerm
from domain.errors import UsageError
from domain.name_ledger import Name
from domain.phrase_variants import phrases_of_term
from domain.subscription import sanitized_line
from domain.trend_calls import CallRecord, CallScore
from domain.week import Week, last_closed_week
from queries.paper_rows import paper_lines
from queries.results import CallsOutcome, Emerging, ListedTerm, ListOfWeek, PaperLine, ScoredCall, rounded
from runtime.context import AppContext
from store.emerging import (
    emerging_records,
    list_heads,
    list_of_week,
    lists_of_weeks,
    names_of_phrase,
    newest_listed_week,
    outcomes_by_week,
)
from store.name_ledger_reading import names_with_keys
from store.papers import known_papers, papers_in_order
from store.search import ids_by_phrases
from store.trend_calls import is_late
from store.weekly import weekly_totals

N_NEWEST = 3
"""Papers of each term that are listed with their titles."""


def emerging(context: AppContext, week: Week | None) -> Emerging:
    """The list of a week, by default the newest, with the outcomes of all past lists.

    Raises
    ------
    UsageError
        If a week is named that has no list.
    """
    shown = week or newest_listed_week(context.db)
    made = list_of_week(context.db, shown) if shown else None
    if week is not None and made is None:
        raise UsageError(f"there is no list of emerging terms for {week}{_newest_or_reason(context)}")
    until = last_closed_week(context.now())
    record, of_late = emerging_records(context.db, until=until)
    outcomes = outcomes_by_week(context.db, until=until)
    lists = tuple(
        ListOfWeek(
            week=head.week,
            n_terms=head.n_terms,
            n_new=head.n_new,
            late=is_late(head.week, head.made_at),
            record=_outcomes(outcomes.get(head.week, [])),
        )
        for head in list_heads(context.db)
    )
    return Emerging(
        week=shown,
        recent_weeks=made.recent_weeks if made else 0,
        before_weeks=made.before_weeks if made else 0,
        n=made.n if made else 0,
        n_before=made.n_before if made else 0,
        n_tested=made.n_tested if made else 0,
        made_at=made.made_at if made else None,
        made_with=made.made_with if made else "",
        late=bool(made and is_late(made.week, made.made_at)),
        terms=_listed(context, made) if made else (),
        record=_outcomes(record),
        record_of_late=_outcomes(of_late),
        lists=lists,
        weeks_needed=WEEKS_NEEDED,
        weeks_held=_weeks_held(context, until),
    )


def _newest_or_reason(context: AppContext) -> str:
    """Which list is the newest, or why there is none, as the end of a message."""
    if newest := newest_listed_week(context.db):
        return f"; the newest is that of {newest}"
    n_held = _weeks_held(context, last_closed_week(context.now()))
    if n_held < WEEKS_NEEDED:
        return f": a list needs {WEEKS_NEEDED} weeks of papers, and {n_held} are held"
    return " yet; `papertide run` makes them"


def _weeks_held(context: AppContext, until: Week) -> int:
    """Of the weeks that the newest list would compare, those with papers."""
    totals = context.cached("totals", lambda: weekly_totals(context.db, context.settings.categories))
    held = [Week(at.date()) for at, n in zip(totals["week_start"], totals["n"].tolist(), strict=True) if n]
    newest = max((week for week in held if week <= until), default=until)
    return sum(newest.plus(-RECENT_WEEKS - MAX_BEFORE_WEEKS) < week <= newest for week in held)


def newest_lists_with_news(context: AppContext, n: int) -> list[EmergingList]:
    """The newest ``n`` lists that hold a term for the first time, newest first."""
    weeks = [head.week for head in list_heads(context.db) if head.n_new][:n]
    return lists_of_weeks(context.db, weeks)[::-1]


def technique_draft(context: AppContext, term: str) -> tuple[TechniqueDraft, Week]:
    """A technique for the taxonomy file from a listed term, and the week when it was first listed.

    Raises
    ------
    UsageError
        If no list holds the term.
    """
    listed = names_of_phrase(context.db, folded(term))
    if not listed:
        raise UsageError(f"{sanitized_line(term)!r} is on no list of emerging terms; `papertide emerging` shows them")
    first_week, name = listed[0][0], listed[-1][1]
    ids = ids_by_phrases(context.db, phrases_of_term(f"text:{name}"), context.corpus)
    return draft_technique(name, papers_in_order(context.db, ids)), first_week


def _listed(context: AppContext, made: EmergingList) -> tuple[ListedTerm, ...]:
    shown = {arxiv_id for term in made.terms for arxiv_id in term.papers[:N_NEWEST]}
    papers = {line.arxiv_id: line for line in paper_lines(context, list(known_papers(context.db, shown).values()))}
    ordered = sorted(made.terms, key=lambda term: term.first_week != made.week)
    names = _names_by_key(context, {name_key(term.name) for term in made.terms})
    return tuple(
        _line(
            term,
            made.week,
            [papers[i] for i in term.papers[:N_NEWEST] if i in papers],
            names.get(name_key(term.name)),
        )
        for term in ordered
    )


def _names_by_key(context: AppContext, keys: set[str]) -> dict[str, Name]:
    """The shown names of the ledger by each key that they have; of several with one key, what most papers hold."""
    found: dict[str, Name] = {}
    for name in names_with_keys(context.db, keys):
        if name.is_shown:
            for spelling in (name.surface, *name.variants):
                found.setdefault(name_key(spelling), name)
    return found


def _line(term: EmergingTerm, week: Week, newest: Sequence[PaperLine], name: Name | None) -> ListedTerm:
    return ListedTerm(
        name=term.name,
        term=term.trend_term,
        first_week=term.first_week,
        is_new=term.first_week == week,
        k=term.k,
        k_before=term.k_before,
        growth=None if term.growth is None else round(term.growth, 3),
        growth_low=round(term.growth_low, 3),
        n_teams=term.n_teams,
        neighbours=term.neighbours,
        share=rounded(term.share),
        share_before=rounded(term.share_before),
        papers=term.papers,
        newest=tuple(newest),
        scores=tuple(map(_score, term.scores)),
        name_id=name.name_id if name else None,
        name_kind=name.kind if name else None,
    )


def _score(score: CallScore) -> ScoredCall:
    after = score.share_after
    return ScoredCall(score.horizon_weeks, score.held, None if after is None else rounded(after))


def _outcomes(records: list[CallRecord]) -> tuple[CallsOutcome, ...]:
    return tuple(CallsOutcome(r.horizon_weeks, r.n_held, r.n_failed, r.n_unknown) for r in records)
