"""Emerging stage: makes each closed week's list of emerging terms once, and scores the lists that are old enough."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime

from analysis.emerging.growth import Compared
from analysis.emerging.outcomes import score_term, shares_at
from analysis.emerging.style import StyleModel
from analysis.emerging.terms import METHOD, Found, FoundTerm, ReadPapers, find_terms
from analysis.trends.trend_calls import TermCounts, term_counts
from domain.digest import EmergingLine, EmergingTerms, ListedPaper
from domain.emerging import MAX_BEFORE_WEEKS, MIN_BEFORE_WEEKS, RECENT_WEEKS, EmergingList, EmergingTerm
from domain.paper import ArxivId
from domain.paper_query import PaperQuery
from domain.phrase_variants import phrases_of_term
from domain.progress import Progress
from domain.same_subject import Subject
from domain.trend_calls import HORIZONS_WEEKS
from domain.week import Week, weeks_between
from domain.weekly_table_schemas import WEEKLY_COUNTS
from store.claims import findings_of
from store.database import Database
from store.emerging import (
    add_emerging_scores,
    add_list,
    first_weeks,
    list_of_week,
    listed_weeks,
    papers_to_read,
    terms_to_score,
)
from store.paper_query import Corpus
from store.papers import known_papers
from store.search import ids_by_phrases, mondays_of_rows, weekly_matches
from store.weekly import incomplete_weeks, weekly_totals

N_IN_DIGEST = 6
"""Most new terms in a digest."""
N_PAPERS = 2
"""Papers that a digest lists with each."""
_AT_ONCE = 13
"""Lists made from one reading of the papers; more would hold more weeks of papers in memory."""


def update_emerging(
    db: Database,
    categories: tuple[str, ...],
    *,
    first_week: Week,
    last_week: Week,
    known: Collection[Subject],
    model: StyleModel,
    made_with: str,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Make the lists of all closed weeks that have none and enough history, oldest first, then score past lists.

    Parameters
    ----------
    first_week : the first week that gets a list; earlier ones are only counted, and their own past is not yet whole.
    last_week : the newest closed week.
    known : what is watched already.
    model : tells terms from turns of phrase.
    made_with : what else the lists depend on, such as the taxonomy.
    """
    n_by_week = _papers_by_week(db, categories)
    due = weeks_due(
        n_by_week,
        listed=listed_weeks(db),
        incomplete=incomplete_weeks(db, categories),
        first=first_week,
        last=last_week,
    )
    n_done = 0
    counted = _Counted(db, categories)
    for start in range(0, len(due), _AT_ONCE):
        weeks = due[start : start + _AT_ONCE]
        first = weeks[0].plus(1 - RECENT_WEEKS)
        read = ReadPapers.of(
            papers_to_read(db, first.plus(-MAX_BEFORE_WEEKS), weeks[-1], categories, authors_from=first)
        )
        counts = read.count(weeks)
        for week in weeks:
            found = find_terms(read, counts, week, known=known, model=model)
            made = _list_of(db, counted, week, found, n_by_week, made_with=f"{METHOD} {made_with}", now=clock())
            add_list(db, made)
            n_done += 1
            note = f"{week}: {len(made.new_terms)} new of {len(made.terms)} emerging terms"
            yield Progress("emerging", n_done, len(due), "lists", note)
    yield from _score(db, counted, last_week, now=clock())


def weeks_due(
    n_by_week: Mapping[Week, int], *, listed: Collection[Week], incomplete: Collection[Week], first: Week, last: Week
) -> list[Week]:
    """The weeks that get a list now, oldest first.

    A week needs all ``RECENT_WEEKS`` weeks that end with it, ``MIN_BEFORE_WEEKS`` of the weeks before them, and must
    not be known to lack papers. Weeks that were listed already stay as they are.
    """
    due = []
    for week in sorted(set(n_by_week) - set(listed)):
        recent = [week.plus(-i) for i in range(RECENT_WEEKS)]
        before = [week.plus(-RECENT_WEEKS - i) for i in range(MAX_BEFORE_WEEKS)]
        if (
            first <= week <= last
            and week not in incomplete
            and all(n_by_week.get(w, 0) for w in recent)
            and sum(n_by_week.get(w, 0) > 0 for w in before) >= MIN_BEFORE_WEEKS
        ):
            due.append(week)
    return due


def emerging_of_week(db: Database, week: Week) -> EmergingTerms | None:
    """The terms that are new on a week's list, as its digest shows them; ``None`` if the week has no list."""
    made = list_of_week(db, week)
    if made is None:
        return None
    shown = made.new_terms[:N_IN_DIGEST]
    ids = {arxiv_id for term in shown for arxiv_id in term.papers[:N_PAPERS]}
    papers, findings = known_papers(db, ids), findings_of(db, ids)
    lines = tuple(
        EmergingLine(
            name=term.name,
            term=term.trend_term,
            k=term.k,
            k_before=term.k_before,
            n_teams=term.n_teams,
            growth=term.growth,
            growth_low=term.growth_low,
            neighbours=term.neighbours,
            papers=tuple(
                ListedPaper.of(papers[i], "", findings.get(i, "")) for i in term.papers[:N_PAPERS] if i in papers
            ),
        )
        for term in shown
    )
    return EmergingTerms(lines, n_new=len(made.new_terms), n_listed=len(made.terms))


class _Counted:
    """Papers by week that hold a term's words, counted as trends count them; each term once."""

    def __init__(self, db: Database, categories: tuple[str, ...]) -> None:
        self._db = db
        self._categories = categories
        self._corpus = Corpus(categories)
        self._mondays = mondays_of_rows(db, self._corpus)
        self._by_term: dict[str, dict[Week, int]] = {}
        self._totals = weekly_totals(db, categories)
        self._incomplete = incomplete_weeks(db, categories)

    def by_week(self, term: str) -> dict[Week, int]:
        """Papers of each week that hold the term."""
        if term not in self._by_term:
            phrases = phrases_of_term(f"text:{term}")
            self._by_term[term] = weekly_matches(self._db, phrases, self._corpus, mondays=self._mondays)
        return self._by_term[term]

    def papers(self, term: str, first: Week, last: Week) -> tuple[ArxivId, ...]:
        """The papers of some weeks that hold the term, newest first."""
        span = PaperQuery(since=first.monday, until=last.sunday)
        return tuple(ids_by_phrases(self._db, phrases_of_term(f"text:{term}"), self._corpus, span))

    def of(self, terms: Sequence[str]) -> TermCounts:
        """The weekly counts of several terms, as kind "query"."""
        return term_counts(
            self._totals,
            WEEKLY_COUNTS.empty(),
            (),
            watched={term: self.by_week(term) for term in terms},
            known_incomplete=self._incomplete,
            min_papers=1,
        )


def _papers_by_week(db: Database, categories: tuple[str, ...]) -> dict[Week, int]:
    totals = weekly_totals(db, categories)
    n_of = zip(totals["week_start"], totals["n"].tolist(), strict=True)
    return {Week(at.date()): n for at, n in n_of if n}


def _list_of(
    db: Database,
    counted: _Counted,
    week: Week,
    found: Found,
    n_by_week: Mapping[Week, int],
    *,
    made_with: str,
    now: datetime,
) -> EmergingList:
    """The list of a week: the terms found, counted as trends count them, where they still are new and grow so."""
    recent = list(weeks_between(week.plus(1 - RECENT_WEEKS), week))
    first_before = max(min(n_by_week), recent[0].plus(-MAX_BEFORE_WEEKS))
    before = list(weeks_between(first_before, recent[0].plus(-1)))
    n, n_before = (sum(n_by_week.get(w, 0) for w in of) for of in (recent, before))
    listed_first = first_weeks(db, week.plus(-1))
    terms = []
    for term in found.terms:
        by_week = counted.by_week(term.name)
        k, k_before = (sum(by_week.get(w, 0) for w in of) for of in (recent, before))
        compared = Compared(k, k_before, n, n_before)
        if compared.is_new_and_grows:
            terms.append(_term(counted, week, term, compared, listed_first))
    return EmergingList(
        week=week,
        recent_weeks=RECENT_WEEKS,
        before_weeks=len(before),
        n=n,
        n_before=n_before,
        n_tested=found.n_tested,
        terms=tuple(sorted(terms, key=lambda term: (-term.growth_low, term.phrase))),
        made_with=made_with,
        made_at=now,
    )


def _term(
    counted: _Counted,
    week: Week,
    term: FoundTerm,
    compared: Compared,
    listed_first: Mapping[str, Week],
) -> EmergingTerm:
    share, share_before = shares_at(counted.of([term.name]), term.name, week)
    return EmergingTerm(
        phrase=term.phrase,
        name=term.name,
        first_week=listed_first.get(term.phrase, week),
        k=compared.k,
        k_before=compared.k_before,
        growth=compared.growth,
        growth_low=compared.growth_low,
        n_teams=term.n_teams,
        neighbours=term.neighbours,
        papers=counted.papers(term.name, week.plus(1 - RECENT_WEEKS), week),
        share=share,
        share_before=share_before,
        probability=term.probability,
    )


def _score(db: Database, counted: _Counted, last_week: Week, *, now: datetime) -> Iterator[Progress]:
    """Score each listed term once it is ``HORIZONS_WEEKS`` old, and store whether it held."""
    due = [(h, terms_to_score(db, horizon_weeks=h, until=last_week.plus(-h))) for h in HORIZONS_WEEKS]
    names = sorted({term.name for _, terms in due for _, term in terms})
    if not names:
        return
    counts = counted.of(names)
    scores = [
        (week, term.phrase, score)
        for horizon, terms in due
        for week, term in terms
        if (score := score_term(term, week, counts, horizon_weeks=horizon)) is not None
    ]
    add_emerging_scores(db, scores, scored_at=now)
    if scores:
        n_held = sum(score.held is True for _, _, score in scores)
        yield Progress("emerging", len(scores), len(scores), "scores", f"{n_held} of {len(scores)} listed terms held")
