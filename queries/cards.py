"""Evidence cards of techniques, themes and named things."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from analysis.applications.measured_accuracy import domain_precision
from analysis.cards.base_rates import compared
from analysis.cards.first_papers import N_FIRST_PAPERS, first_of_name, first_of_term
from analysis.cards.log_odds import shrunk_ratios
from analysis.cards.own_places import is_own_place
from analysis.cards.pairs import PAIRED_KINDS, CalledPair, Pairs, called_pairs, pair_counts
from analysis.claims.savings import counted_claim, saving_summaries
from analysis.detection.measured_accuracy import detector_scores
from analysis.names.defining_sentence import defining_sentence
from analysis.trends.detector_error import corrected, measured_errors
from analysis.trends.growth_of_term import MIN_WEEK
from analysis.trends.shares import papers_by_week, share_of
from domain.cards import MIN_SHARE_PAPERS, Card, CardKind, FacetCount, FirstPaper, Place, UsedName
from domain.claim import SavingSummary
from domain.detections import ADOPTS, IS_ABOUT
from domain.digest import Share
from domain.errors import NotFound, UsageError
from domain.facet import ACCEPTED, CODE, SAVING, Facet, FacetKind
from domain.name_ledger import Name
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex, day_number
from domain.paper_query import PaperQuery
from domain.same_subject import subject
from domain.trends import TermSeries
from domain.week import Week, last_closed_week, weeks_between
from domain.wrong_value import did_you_mean
from pipeline.claims import reader_id
from queries.facet_resolution import facet_names
from queries.results import rounded
from queries.term_counts import require_counted, stored_counts_state
from queries.term_resolution import names_called, names_of_kind, term_named
from queries.trends import trends
from runtime.context import AppContext
from store.claims import claims_matching, count_readings, papers_read
from store.detections import count_without_detections, strongest_papers
from store.name_ledger_reading import introducing_texts, names_by_id
from store.papers import papers_in_order
from store.weekly import incomplete_weeks

PLACE_KINDS: tuple[FacetKind, ...] = ("domain", "technique", "topic")
"""The kinds of places in their order: a topic is often named for the technique that it is full of. Themes are counted
beside all papers instead."""
_NAMED_AS: Mapping[str, str] = {"domain": "application domains: "}
"""What stands before the names of places of a kind: each is a term's own that is named for the whole kind."""
N_USED_NAMES = 8
MIN_USES = 3
"""Papers of a card below which a name that they use is not listed."""
_CARD_KINDS: Sequence[CardKind] = ("technique", "theme", "name")
_N_STRONGEST = 200


@dataclass(frozen=True, eq=False)
class Span:
    """The closed weeks held, and the papers submitted in them.

    ``is_in`` says which papers of the index are, ``week_of`` gives the number of their week in ``weeks`` and -1 for
    the others, both ``(n_papers,)``. ``n_with`` counts their papers by facet, as ``PaperFacets.counts``.
    """

    weeks: tuple[Week, ...]
    is_in: NDArray[np.bool_]
    week_of: NDArray[np.int64]
    n_with: NDArray[np.int64]

    @property
    def query(self) -> PaperQuery:
        """The papers of the span."""
        return PaperQuery(since=self.weeks[0].monday, until=self.weeks[-1].sunday)

    @property
    def n(self) -> int:
        """Papers of the span."""
        return int(self.is_in.sum())


def card(context: AppContext, term: str) -> Card:
    """The evidence card of a technique, theme or named thing, by key, name or spelling.

    Raises
    ------
    NotFound
        If there is no such thing, with the names that are written most alike; if no closed week is held, or papers have
        not been counted with this taxonomy yet.
    """
    kind, key = card_term(context, term)
    return context.cached(("card", kind, key), lambda: _card(context, kind, key))


@dataclass(frozen=True)
class CountedTerms:
    """How many papers adopt each technique and theme, of the ``n`` papers submitted from ``since`` to ``until``."""

    k: Mapping[Facet, int]
    n: int
    since: date
    until: date


def counted_terms(context: AppContext) -> CountedTerms:
    """The papers of every technique and theme over all closed weeks held.

    Raises
    ------
    UsageError
        If no closed week is held.
    """
    require_counted(stored_counts_state(context))
    index = context.paper_index
    span = _span(context, index)
    place = index.facets.place
    facets: list[Facet] = [(term.kind, term.key) for term in context.detector.taxonomy.terms]
    k = {facet: int(span.n_with[place[facet]]) if facet in place else 0 for facet in facets}
    return CountedTerms(k, span.n, span.weeks[0].monday, span.weeks[-1].sunday)


def card_term(context: AppContext, term: str) -> tuple[CardKind, str]:
    """Kind and key of what a card is asked for; a technique or theme goes before a named thing of the same name.

    Raises
    ------
    NotFound
        If there is no such thing.
    """
    asked = term.strip()
    named = term_named(context, asked)
    if named is not None and named[0] != "topic":
        return named[0], named[1]
    names = names_called(context, asked.removeprefix("name:").strip())
    if names:
        return "name", str(names[0].name_id)
    kind, _, rest = asked.partition(":")
    kinds = [one for one in _CARD_KINDS if one == kind and rest] or _CARD_KINDS
    known = [name for one in kinds for name in names_of_kind(context, one)]
    hint = did_you_mean(asked if kinds is _CARD_KINDS else rest, known)
    if len(kinds) == 1:
        raise NotFound(f"no {kinds[0]} is called {asked!r}{hint}")
    trend = f"as words it has a trend, {'text:' + asked.removeprefix('text:')!r}"
    raise NotFound(f"no technique, theme or name is called {asked!r}; {trend}{hint}")


def counted_span(context: AppContext, index: PaperIndex) -> Span:
    """The closed weeks held, from the first with ``MIN_WEEK`` papers on; a few older papers may be held by chance.

    Raises
    ------
    UsageError
        If there is none.
    """
    last = last_closed_week(context.now())
    is_closed = index.day <= day_number(last.sunday)
    if not is_closed.any():
        raise UsageError("no closed week is stored; `papertide run` fetches some")
    by_week = papers_by_week(index.day[is_closed])
    first = min((week for week, n in by_week.items() if n >= MIN_WEEK), default=min(by_week))
    week_of = (index.day - day_number(first.monday)) // 7
    is_in = is_closed & (week_of >= 0)
    numbers = np.where(is_in, week_of, -1).astype(np.int64)
    return Span(tuple(weeks_between(first, max(by_week))), is_in, numbers, index.facets.counts(is_in))


def _span(context: AppContext, index: PaperIndex) -> Span:
    return context.cached(("counted span", context.now().date()), partial(counted_span, context, index))


def pairs(context: AppContext) -> Pairs:
    """The pairs of techniques, themes, application domains and topics over all closed weeks held."""
    return context.cached(("pairs", context.now().date()), partial(_pairs, context))


def _pairs(context: AppContext) -> Pairs:
    index = context.paper_index
    span = _span(context, index)
    columns = [facet for facet in index.facets.keys if facet[0] in PAIRED_KINDS]
    counts = pair_counts(index.facets, columns, span.week_of, span.weeks)
    return called_pairs(counts, lacking=incomplete_weeks(context.db, context.settings.categories))


def _card(context: AppContext, kind: CardKind, key: str) -> Card:
    if kind != "name":
        require_counted(stored_counts_state(context))
    index = context.paper_index
    span = _span(context, index)
    facet: Facet = (kind, key)
    own = np.zeros(len(index), dtype=bool)
    own[index.facets.rows_of(facet)] = True
    own &= span.is_in
    k, of_reader = int(own.sum()), reader_id(context.claim_reader, context.rule_finder, context.domain_finder)
    readings = count_readings(context.db, of_reader, context.corpus, span.query)
    counts = index.facets.counts(own)
    whole = share_of(k, span.n)
    found = pairs(context) if kind != "name" else Pairs(0, ())
    name = names_by_id(context.db, [int(key)])[int(key)] if kind == "name" else None
    definition, defined_by = _definition(context, key, name)
    themes: list[Facet] = [("theme", term.key) for term in context.detector.taxonomy.terms if term.kind == "theme"]
    stated, of_themes, standards, failures = _compared(
        context,
        index,
        span,
        counts,
        k,
        (
            [SAVING, CODE, ACCEPTED],
            [theme for theme in themes if theme != facet],
            _present(index, counts, "standard"),
            _present(index, counts, "failure_mode"),
        ),
    )
    return Card(
        kind=kind,
        key=key,
        name=name.surface if name else context.detector.taxonomy.term(key).name,
        name_kind=name.kind if name else None,
        definition=definition,
        defined_by=defined_by,
        since=span.weeks[0].monday,
        until=span.weeks[-1].sunday,
        k=k,
        n=span.n,
        n_unread=max(
            readings.n_unread,
            min(count_without_detections(context.db, context.detector.detector_id), span.n),
        ),
        share=rounded(whole.share),
        low=rounded(whole.low),
        high=rounded(whole.high),
        **_corrected(context, kind, key, whole),
        series=_series(context, kind, key),
        places=_places(context, facet, found),
        n_pairs_tested=found.n_tested,
        stated=stated,
        savings=_savings(context, facet, span),
        themes=of_themes,
        evaluated_on=_used(context, index, span, counts, k, facet, ("benchmark", "dataset")),
        runs_on=_used(context, index, span, counts, k, facet, ("model",)),
        standards=standards,
        failure_modes=failures,
        first_papers=_first_papers(context, index, own, facet, name, span.query),
        n_older_reading=readings.n_older,
    )


def _definition(context: AppContext, key: str, name: Name | None) -> tuple[str, ArxivId | None]:
    if name is None:
        return context.detector.taxonomy.term(key).definition, None
    text = introducing_texts(context.db, [name.name_id]).get(name.name_id)
    words = defining_sentence(*text) if text else ""
    return words, name.introduced_by if words else None


def _corrected(context: AppContext, kind: CardKind, key: str, whole: Share) -> dict[str, float | None]:
    error = measured_errors().get(key) if kind != "name" and context.detector.taxonomy.term(key).measured else None
    share = corrected(whole, error) if error else None
    values = (share.share, share.low, share.high) if share else (None, None, None)
    names = ("corrected", "corrected_low", "corrected_high")
    return {of: None if value is None else rounded(value) for of, value in zip(names, values, strict=True)}


def _series(context: AppContext, kind: CardKind, key: str) -> TermSeries | None:
    term = f"name:#{key}" if kind == "name" else f"{kind}:{key}"
    try:
        found = trends(context, [term], by="week", level="adopts", categories=(), primary=False, since=None, until=None)
    except UsageError:  # nothing is counted yet
        return None
    return found.series[0]


def _places(context: AppContext, facet: Facet, found: Pairs) -> tuple[Place, ...]:
    own = [(one, one.facets.index(facet)) for one in found.called if facet in one.facets]
    others = [one.facets[1 - side] for one, side in own]
    names = facet_names(context, others)
    entries = context.detector.taxonomy.entries
    words = [w for entry in entries if (entry.kind, entry.key) == facet for w in (entry.name.lower(), *entry.strong)]
    techniques = {subject(names[other]) for other in others if other[0] == "technique"}
    places = [
        _place(one, side, names[other], _joint_precision(context, facet, other))
        for (one, side), other in zip(own, others, strict=True)
        if other[0] in PLACE_KINDS
        and not is_own_place(_NAMED_AS.get(other[0], "") + names[other], one.k_both, one.k[1 - side], words)
        and not (other[0] == "topic" and subject(names[other]) in techniques)
    ]
    order = {kind: i for i, kind in enumerate(PLACE_KINDS)}
    return tuple(sorted(places, key=lambda place: (order[place.kind], -place.ratio_low, place.name)))


def _place(one: CalledPair, side: int, name: str, precision: float | None) -> Place:
    kind, key = one.facets[1 - side]
    n, k_own = one.k[1 - side], one.k[side]
    ratio, low, high = one.ratios[side]
    change, since = one.changes[side]
    return Place(
        kind=kind,
        key=key,
        name=name,
        k=one.k_both,
        n=n,
        k_elsewhere=k_own - one.k_both,
        n_elsewhere=one.n - n,
        share=rounded(one.k_both / n) if n >= MIN_SHARE_PAPERS else None,
        ratio=round(ratio, 3),
        ratio_low=round(low, 3),
        ratio_high=round(high, 3),
        q_value=float(f"{one.q_value:.3g}"),
        change=change,
        change_since=since.monday if since else None,
        since=one.first_week.monday,
        until=one.last_week.sunday,
        joint_precision=precision,
    )


def _joint_precision(context: AppContext, *facets: Facet) -> float | None:
    """The product of both precisions, as if errors were independent; ``None`` where one was not measured."""
    product = 1.0
    for kind, key in facets:
        if kind == "domain":
            precision = domain_precision()
        elif kind in ("technique", "theme") and context.detector.taxonomy.term(key).measured:
            precision = detector_scores()[key]["precision"]
        else:
            return None
        product *= precision
    return round(product, 3)


def _present(index: PaperIndex, counts: NDArray[np.int64], kind: str) -> list[Facet]:
    """The facets of a kind that any of the counted papers has, most papers first."""
    numbers = [i for i, facet in enumerate(index.facets.keys) if facet[0] == kind and counts[i]]
    return [index.facets.keys[i] for i in sorted(numbers, key=lambda i: (-counts[i], index.facets.keys[i]))]


def _compared(
    context: AppContext,
    index: PaperIndex,
    span: Span,
    counts: NDArray[np.int64],
    n: int,
    groups: Sequence[Sequence[Facet]],
) -> tuple[tuple[FacetCount, ...], ...]:
    """The facets of each group, counted beside all papers; compared together."""
    facets = [facet for group in groups for facet in group]
    names = facet_names(context, facets)
    place = index.facets.place
    k = [int(counts[place[facet]]) if facet in place else 0 for facet in facets]
    k_all = [int(span.n_with[place[facet]]) if facet in place else 0 for facet in facets]
    comparisons = compared(k, n, k_all, span.n)
    made = {
        facet: FacetCount(
            facet[0],
            facet[1],
            names[facet],
            k[i],
            n,
            *_shown_share(k[i], n),
            k_all[i],
            span.n,
            rounded(k_all[i] / span.n) if span.n >= MIN_SHARE_PAPERS else None,
            comparisons[i],
        )
        for i, facet in enumerate(facets)
    }
    return tuple(tuple(made[facet] for facet in group) for group in groups)


def _shown_share(k: int, n: int) -> tuple[float | None, float | None, float | None]:
    share = share_of(k, n, min_papers=MIN_SHARE_PAPERS)
    return rounded(share.share), rounded(share.low), rounded(share.high)


def _savings(context: AppContext, facet: Facet, span: Span) -> tuple[SavingSummary, ...]:
    query = PaperQuery(since=span.query.since, until=span.query.until, has=(facet, SAVING))
    stored = claims_matching(context.db, context.corpus, query)
    coded = [paper.arxiv_id for paper in papers_read(context.db, context.corpus, query) if paper.has_code]
    return saving_summaries((counted_claim(one.arxiv_id, one.number, one.claim) for one in stored), coded)


def _used(
    context: AppContext,
    index: PaperIndex,
    span: Span,
    counts: NDArray[np.int64],
    n: int,
    facet: Facet,
    kinds: Collection[str],
) -> tuple[UsedName, ...]:
    """The names of some kinds that the papers use more than others do, by the lower end of the ratio."""
    keys = index.facets.keys
    numbers = [i for i in np.flatnonzero(counts >= MIN_USES).tolist() if keys[i][0] == "name" and keys[i] != facet]
    names = names_by_id(context.db, [int(keys[i][1]) for i in numbers])
    kept = [(i, names[int(keys[i][1])]) for i in numbers]
    kept = [(i, one) for i, one in kept if one.is_shown and one.kind in kinds]
    if not kept or n == span.n:
        return ()
    k = counts[[i for i, _ in kept]]
    k_all = span.n_with[[i for i, _ in kept]]
    elsewhere = (k_all - k).astype(float)
    shrunk = shrunk_ratios(k.astype(float), np.full(len(k), float(n)), elsewhere, np.full(len(k), float(span.n - n)))
    used = [
        UsedName(one.name_id, one.surface, own, of_all, round(ratio, 3), round(low, 3), round(high, 3))
        for (_, one), own, of_all, ratio, low, high in zip(
            kept,
            k.tolist(),
            k_all.tolist(),
            shrunk.ratio.tolist(),
            shrunk.low.tolist(),
            shrunk.high.tolist(),
            strict=True,
        )
        if low > 1
    ]
    return tuple(sorted(used, key=lambda one: (-one.ratio_low, -one.k, one.name))[:N_USED_NAMES])


def _first_papers(
    context: AppContext, index: PaperIndex, own: NDArray[np.bool_], facet: Facet, name: Name | None, span: PaperQuery
) -> tuple[FirstPaper, ...]:
    accepted, coded = (_ids_of(index, own, fact) for fact in (ACCEPTED, CODE))
    if name is not None:
        newest = [index.ids[row] for row in np.flatnonzero(own)[::-1].tolist()]
        standing = [i for i in newest if i in accepted or i in coded]
        wanted = [*newest[:N_FIRST_PAPERS], *standing, *([name.introduced_by] if name.introduced_by else [])]
        titles = {paper.arxiv_id: paper.title for paper in papers_in_order(context.db, list(dict.fromkeys(wanted)))}
        introducing = name.introduced_by if name.introduced_by in titles else None
        uses = [(i, titles[i]) for i in newest if i in titles and i != introducing]
        return first_of_name((introducing, titles[introducing]) if introducing else None, uses, accepted, coded)
    kind, key = facet
    if kind != "technique" and kind != "theme":
        raise ValueError(f"expected a technique or theme, got {kind}")
    about = replace(span, term=(kind, key), levels=(IS_ABOUT,) if kind == "technique" else (ADOPTS,))
    return first_of_term(
        strongest_papers(context.db, context.corpus, about, kind, key, limit=_N_STRONGEST), accepted, coded
    )


def _ids_of(index: PaperIndex, own: NDArray[np.bool_], facet: Facet) -> frozenset[ArxivId]:
    """Those of some papers that have a facet."""
    rows = index.facets.rows_of(facet)
    return frozenset(index.ids[row] for row in rows[own[rows]].tolist())
