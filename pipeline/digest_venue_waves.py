"""The waves of conference papers in a week, and the moves of its digest that are theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from analysis.detection.detector import Detector
from analysis.trends import venue_waves
from analysis.trends.trend_calls import TermCounts, TermKey
from domain.detections import ADOPTS
from domain.digest import VenueWave
from domain.paper import ArxivId
from domain.trend_calls import WINDOW_WEEKS, MoveOfWave, TrendCall
from domain.venue_mention import venue_mention
from domain.week import Week, weeks_before
from store.database import Database
from store.detections import detections_of_week
from store.papers import comments_and_abstracts
from store.topics import StoredTopicModel, assignments_of_week


@dataclass(frozen=True)
class WeeklyPapers:
    """By week, the venue of each paper that names one, and the terms of each paper; a week that was read is kept."""

    venues: Callable[[Week], Mapping[ArxivId, str]]
    terms: Callable[[Week], dict[ArxivId, set[TermKey]]]


def weekly_papers(
    db: Database, *, categories: tuple[str, ...], detector: Detector, model: StoredTopicModel | None
) -> WeeklyPapers:
    """The watched papers of each week. Terms take memory, so only those of half a year are kept."""
    return WeeklyPapers(
        venues=cache(lambda week: _venues(db, week, categories)),
        terms=lru_cache(WINDOW_WEEKS)(lambda week: _terms_of_papers(db, week, categories, detector, model)),
    )


def examinable_moves(calls: Iterable[TrendCall], counts: TermCounts) -> list[TrendCall]:
    """The called moves that a wave may explain.

    Not those of watched terms, because which papers hold their words is not stored, nor of terms that are not counted
    any more, as topics of older fits.
    """
    counted = set(counts.terms)
    return [call for call in calls if call.is_movement and call.kind != "query" and (call.kind, call.key) in counted]


def waves_and_their_moves(
    papers_of: WeeklyPapers, week: Week, counts: TermCounts, calls: Sequence[TrendCall], *, false_discovery_rate: float
) -> tuple[tuple[VenueWave, ...], dict[TermKey, MoveOfWave]]:
    """The week's waves, and for each called move that a wave explains the papers of it that name the venue."""
    moving = examinable_moves(calls, counts)
    window = (counts.until(week).last(WINDOW_WEEKS).weeks if moving else ()) or (week,)
    earlier = weeks_before(window[0], venue_waves.N_USUAL_WEEKS)
    named = {w: venues for w in (week.plus(-52), *earlier, *window) if (venues := papers_of.venues(w))}
    terms: dict[Week, dict[ArxivId, set[TermKey]]] = {}
    papers: dict[str, dict[Week, list[set[TermKey]]]] = defaultdict(dict)
    for w in window if moving else ():
        for wave in venue_waves.venue_waves(named, w):
            terms[w] = papers_of.terms(w)
            papers[wave.venue][w] = [terms[w].get(i, set()) for i, venue in named[w].items() if venue == wave.venue]
    found = venue_waves.moves_of_waves(counts, week, moving, papers, false_discovery_rate=false_discovery_rate)
    moves = {}
    for key, (venue, without) in found.items():
        of_term = [i for i, keys in terms.get(week, {}).items() if key in keys]
        # Where the waves are over, the papers of the week that still name the venue explain nothing.
        n_named = sum(named[week][i] == venue for i in of_term if i in named[week]) if week in papers[venue] else 0
        row = counts.k[counts.terms.index(key)]
        moves[key] = MoveOfWave(venue, n_named, int(row[counts.weeks.index(week)]), without=without)
    return venue_waves.venue_waves(named, week), moves


def _venues(db: Database, week: Week, categories: tuple[str, ...]) -> dict[ArxivId, str]:
    found = (
        (arxiv_id, venue_mention(comment, abstract))
        for arxiv_id, comment, abstract in comments_and_abstracts(db, week, categories)
    )
    return {arxiv_id: mention.venue for arxiv_id, mention in found if mention is not None}


def _terms_of_papers(
    db: Database, week: Week, categories: tuple[str, ...], detector: Detector, model: StoredTopicModel | None
) -> dict[ArxivId, set[TermKey]]:
    """The techniques and themes that each paper adopts, and its topic."""
    terms: dict[ArxivId, set[TermKey]] = defaultdict(set)
    for arxiv_id, found in detections_of_week(db, detector.detector_id, week, categories).items():
        terms[arxiv_id].update((d.kind, d.key) for d in found if d.level >= ADOPTS)
    for assigned in assignments_of_week(db, model.topic_model_id, week, categories) if model else ():
        if assigned.topic_id is not None:
            terms[assigned.arxiv_id].add(("topic", str(assigned.topic_id)))
    return terms
