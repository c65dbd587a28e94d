"""The waves of conference papers in a week, and the moves of its digest that are theirs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

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


def waves_and_their_moves(
    db: Database,
    week: Week,
    counts: TermCounts,
    calls: Sequence[TrendCall],
    *,
    categories: tuple[str, ...],
    detector: Detector,
    model: StoredTopicModel | None,
    false_discovery_rate: float,
) -> tuple[tuple[VenueWave, ...], dict[TermKey, MoveOfWave]]:
    """The week's waves, and for each called move that a wave explains the papers of it that name the venue.

    Watched terms are not looked at: which papers hold their words is not stored.
    """
    is_moving = any(call.is_movement for call in calls)
    window = (counts.until(week).last(WINDOW_WEEKS).weeks if is_moving else ()) or (week,)
    earlier = weeks_before(window[0], venue_waves.N_USUAL_WEEKS)
    named = {w: venues for w in (week.plus(-52), *earlier, *window) if (venues := _venues(db, w, categories))}
    terms: dict[Week, dict[ArxivId, set[TermKey]]] = {}
    papers: dict[str, dict[Week, list[set[TermKey]]]] = defaultdict(dict)
    for w in window if is_moving else ():
        for wave in venue_waves.venue_waves(named, w):
            if w not in terms:
                terms[w] = _terms_of_papers(db, w, categories, detector, model)
            papers[wave.venue][w] = [terms[w].get(i, set()) for i, venue in named[w].items() if venue == wave.venue]
    found = venue_waves.moves_of_waves(counts, week, calls, papers, false_discovery_rate=false_discovery_rate)
    moves = {}
    for key, (venue, without) in found.items():
        of_term = [i for i, keys in terms.get(week, {}).items() if key in keys]
        n_named = sum(named.get(week, {}).get(i) == venue for i in of_term)
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
