"""What papers claim of their own results: counts, savings as factors, and the authors' own words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from analysis.claims.claim_table import ClaimTable
from analysis.claims.savings import counted_claim, saving_ends, saving_summaries
from domain.claim import CLAIM_QUANTITIES, CountedClaim
from domain.errors import UsageError
from domain.phrase_variants import counted_phrases
from domain.term_prefix import typed_term
from domain.trend_periods import PERIODS
from domain.week import Week
from domain.wrong_value import did_you_mean
from pipeline.claims import reader_id
from queries.parameters import PaperRequest
from queries.resolve_paper_query import resolved_query
from queries.results import ClaimCount, ClaimLine, ClaimQuarter, Claims, ClaimShares, rounded
from queries.term_counts import unknown_term
from queries.term_resolution import is_written, words_named
from runtime.context import AppContext
from store.claims import ReadPaper, StoredClaim, claims_numbered, each_claim_matching, papers_read
from store.database import time_limit
from store.search import ids_by_phrases

FORMS = ("times", "percent", "points", "absolute")


def claims(
    context: AppContext,
    request: PaperRequest,
    *,
    quantity: str | None = None,
    form: str | None = None,
    savings_only: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> Claims:
    """The claims of the papers of a request, newest first, with their counts over all of these papers.

    ``term`` may be a technique, theme or topic, or words that are matched as in ``trends``. The text ``query`` is
    ignored.

    Parameters
    ----------
    quantity, form, savings_only : which claims are listed; they change no count.

    Raises
    ------
    UsageError
        If something named is unknown, or words are to be matched by meaning.
    """
    _require_one_of("quantity", quantity, CLAIM_QUANTITIES)
    _require_one_of("form", form, FORMS)
    words = words_named(context, request.term) if request.term else None
    if request.term and words and words[0] == "text" and not typed_term(request.term).kind:
        _require_written(context, request.term, words[1])
    query = resolved_query(context, replace(request, term=None) if words else request)
    base = resolved_query(context, replace(request, term=None, topic=None))
    of_reader = reader_id(context.claim_reader, context.rule_finder, context.domain_finder)
    papers = papers_read(context.db, context.corpus, query)
    if words:
        if words[0] == "meaning":
            raise UsageError("claims are not listed by meaning; give a technique, theme or topic, or words")
        try:
            phrases = counted_phrases(words[1], as_written=words[0] == "exact")
            named = set(ids_by_phrases(context.db, phrases, context.corpus, query))
        except ValueError as error:
            raise UsageError(str(error)) from error
        papers = [paper for paper in papers if paper.arxiv_id in named]
    table = claim_table(context)
    stored = _claims_of(papers, table)

    def of_all_papers() -> tuple[ClaimShares, frozenset[date]]:
        every = papers_read(context.db, context.corpus, base)
        return _shares(every, _claims_of(every, table)), frozenset(paper.week_start for paper in every)

    if query == base and not words:
        all_papers, weeks_held = _shares(papers, stored), frozenset(paper.week_start for paper in papers)
    else:
        all_papers, weeks_held = context.cached(("claim shares", base), of_all_papers)
    coded = [paper.arxiv_id for paper in papers if paper.has_code]
    listed = [one for one in reversed(stored) if _is_listed(one, quantity, form, savings_only=savings_only)]
    shown = [(one.arxiv_id, one.number) for one in listed[offset : offset + limit]]
    return Claims(
        term=request.term,
        since=query.since,
        until=query.until,
        papers=_shares(papers, stored),
        all_papers=all_papers,
        savings=saving_summaries(stored, coded),
        counts=_counts(stored),
        quarters=_quarters(papers, stored, weeks_held),
        total=len(listed),
        claims=tuple(map(_line, claims_numbered(context.db, shown).values())),
        n_older_reading=sum(paper.reader_id != of_reader for paper in papers),
    )


def _require_one_of(what: str, given: str | None, allowed: Sequence[str]) -> None:
    if given is not None and given not in allowed:
        hint = did_you_mean(given, allowed, f"allowed are {', '.join(allowed)}")
        raise UsageError(f"there is no {what} {given!r}{hint}")


def claim_table(context: AppContext) -> ClaimTable:
    """What is counted of all claims; a cached context reads them once for each state of the database."""

    def read() -> ClaimTable:
        with time_limit(None):  # the first request reads them for all, so its own limit does not count
            found = each_claim_matching(context.db, context.corpus)
            return ClaimTable.of(counted_claim(one.arxiv_id, one.number, one.claim) for one in found)

    return context.cached("claim table", read, pool="large")


def _require_written(context: AppContext, term: str, words: str) -> None:
    if not is_written(context, words):
        raise UsageError(unknown_term(context, term))


def _claims_of(papers: list[ReadPaper], table: ClaimTable) -> list[CountedClaim]:
    return list(table.of_papers({paper.arxiv_id for paper in papers}))


def _is_listed(one: CountedClaim, quantity: str | None, form: str | None, *, savings_only: bool) -> bool:
    if quantity is not None and one.quantity != quantity:
        return False
    if form is not None and one.form != form:
        return False
    return not savings_only or one.saving is not None


def _shares(papers: list[ReadPaper], stored: list[CountedClaim]) -> ClaimShares:
    n = len(papers)
    with_claims = {one.arxiv_id for one in stored}
    with_saving = {one.arxiv_id for one in stored if one.saving is not None}
    n_code = sum(paper.has_code for paper in papers)
    return ClaimShares(
        n=n,
        n_with_claims=len(with_claims),
        n_with_saving=len(with_saving),
        n_with_code=n_code,
        share_with_saving=rounded(len(with_saving) / n) if n else None,
        share_with_code=rounded(n_code / n) if n else None,
    )


def _counts(stored: list[CountedClaim]) -> tuple[ClaimCount, ...]:
    n_claims = Counter((one.quantity, one.form) for one in stored)
    n_papers = Counter(kind for kind, _ in {((one.quantity, one.form), one.arxiv_id) for one in stored})
    order = {quantity: place for place, quantity in enumerate(CLAIM_QUANTITIES)}
    kinds = sorted(n_claims, key=lambda kind: (order[kind[0]], FORMS.index(kind[1])))
    return tuple(ClaimCount(*kind, n_papers=n_papers[kind], n_claims=n_claims[kind]) for kind in kinds)


def _quarters(
    papers: list[ReadPaper], stored: list[CountedClaim], weeks_held: frozenset[date]
) -> tuple[ClaimQuarter, ...]:
    period, with_saving = PERIODS["quarter"], {one.arxiv_id for one in stored if one.saving is not None}
    first_day = {week_start: period.first_day(week_start) for week_start in weeks_held}
    a_week = {start: week_start for week_start, start in first_day.items()}
    n_held = Counter(first_day.values())
    n = Counter(first_day[paper.week_start] for paper in papers)
    n_saving = Counter(first_day[paper.week_start] for paper in papers if paper.arxiv_id in with_saving)
    return tuple(
        ClaimQuarter(
            quarter=period.name(a_week[start]),
            start=start,
            n=n[start],
            n_with_saving=n_saving[start],
            share=rounded(n_saving[start] / n[start]),
            n_weeks=n_held[start],
            n_weeks_in_all=period.n_weeks(a_week[start]),
        )
        for start in sorted(n)
    )


def _line(one: StoredClaim) -> ClaimLine:
    claim = one.claim
    saving, saving_to = saving_ends(claim) or (None, None)
    return ClaimLine(
        arxiv_id=one.arxiv_id,
        title=one.title,
        week=Week(one.week_start),
        quote=claim.quote,
        quantity=claim.quantity,
        form=claim.form,
        value=claim.value,
        value_to=claim.value_to,
        unit=claim.unit,
        up_to=claim.up_to,
        saving=saving,
        saving_to=saving_to,
        evidence=claim.evidence,
        cut_before=claim.cut_before,
        cut_after=claim.cut_after,
    )
