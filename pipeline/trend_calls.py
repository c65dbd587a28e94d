"""Call stage: makes each week's trend calls, and scores the calls that are old enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from analysis.detection.detector import Detector
from analysis.trends import trend_calls
from analysis.trends.detector_error import measured_errors
from domain.phrase_variants import phrases_of_term
from domain.progress import Progress
from domain.trend_calls import HORIZONS_WEEKS, CallScore, StoredCall, TrendCall
from domain.week import Week
from pipeline.digest_venue_waves import examinable_moves, waves_and_their_moves, weekly_papers
from store.database import Database
from store.embeddings import embedded_since
from store.paper_query import Corpus
from store.search import weekly_matches
from store.topics import StoredTopicModel
from store.trend_calls import (
    add_calls,
    add_scores,
    add_waves,
    calls_of_week,
    movements_to_score,
    unmarked_moves,
    upward_calls_between,
)
from store.weekly import incomplete_weeks, weekly_counts, weekly_totals


def counts_to_call(
    db: Database,
    *,
    categories: tuple[str, ...],
    detector: Detector,
    model: StoredTopicModel | None,
    watched_terms: Sequence[str],
    min_papers: int,
) -> trend_calls.TermCounts:
    """The weekly counts of every term that gets calls: techniques, themes, topics of the newest fit, watched terms."""
    totals = weekly_totals(db, categories)
    terms: list[trend_calls.TermKey] = [(t.kind, t.key) for t in detector.taxonomy.terms]
    terms += [("topic", str(t.topic_id)) for t in (model.topics if model else ())]
    errors = measured_errors()
    corpus = Corpus(categories)
    return trend_calls.term_counts(
        totals,
        weekly_counts(db),
        terms,
        watched={term: weekly_matches(db, phrases_of_term(term), corpus) for term in watched_terms},
        known_incomplete=incomplete_weeks(db, categories),
        min_papers=min_papers,
        topics_since=embedded_since(db, [model.fitted.embedding_model_id]) if model else None,
        errors={(t.kind, t.key): errors[t.key] for t in detector.taxonomy.terms if t.measured and t.key in errors},
    )


def calls_in(
    db: Database, week: Week, counts: trend_calls.TermCounts, *, false_discovery_rate: float
) -> list[TrendCall]:
    """The stored calls of a week; if there are none, the calls that would be made from what is stored now."""
    called_up = upward_calls_between(db, week.plus(-trend_calls.COOLING_WITHIN_WEEKS), week.plus(-1))
    return calls_of_week(db, week) or trend_calls.make_calls(
        counts, week, called_up=called_up, false_discovery_rate=false_discovery_rate
    )


def store_calls(
    db: Database,
    week: Week,
    counts: trend_calls.TermCounts,
    *,
    false_discovery_rate: float,
    made_with: str,
    now: datetime,
) -> Iterator[Progress]:
    """Make and store a week's calls, once. A week with too little history gets none."""
    if calls_of_week(db, week):
        return
    calls = calls_in(db, week, counts, false_discovery_rate=false_discovery_rate)
    if all(call.verdict == "unknown" for call in calls):
        return
    add_calls(db, calls, made_with=f"{trend_calls.METHOD} {made_with}", made_at=now)
    n_moves = sum(call.is_movement for call in calls)
    yield Progress("calls", len(calls), len(calls), "terms", f"{week}: {n_moves} of {len(calls)} terms move")


def moves_to_mark(db: Database, counts: trend_calls.TermCounts) -> dict[Week, list[TrendCall]]:
    """The stored moves by week, oldest first, that a wave may explain and for which none was looked for yet."""
    by_week: dict[Week, list[TrendCall]] = defaultdict(list)
    for call in examinable_moves(unmarked_moves(db), counts):
        by_week[call.week].append(call)
    return by_week


def mark_waves(
    db: Database,
    counts: trend_calls.TermCounts,
    *,
    categories: tuple[str, ...],
    detector: Detector,
    model: StoredTopicModel | None,
    false_discovery_rate: float,
) -> Iterator[Progress]:
    """Mark the stored calls that a venue's wave explains, each once; what was called stays on record."""
    papers_of = weekly_papers(db, categories=categories, detector=detector, model=model)
    to_mark = moves_to_mark(db, counts)
    for n_done, (week, calls) in enumerate(to_mark.items(), 1):
        _, waves = waves_and_their_moves(papers_of, week, counts, calls, false_discovery_rate=false_discovery_rate)
        add_waves(db, week, {(call.kind, call.key): waves.get((call.kind, call.key)) for call in calls})
        note = f"{week}: a venue's wave explains {len(waves)} of {len(calls)} moves" if waves else ""
        yield Progress("calls", n_done, len(to_mark), "weeks", note)


def score_calls(
    db: Database, last_week: Week, counts_of: Callable[[Sequence[str]], trend_calls.TermCounts], *, now: datetime
) -> Iterator[Progress]:
    """Score each move once it is ``HORIZONS_WEEKS`` old, and store whether it held.

    ``counts_of`` gives the counts with these watched terms included: terms that are no longer watched are scored too.
    """
    due = {h: movements_to_score(db, horizon_weeks=h, until=last_week.plus(-h)) for h in HORIZONS_WEEKS}
    if not any(due.values()):
        return
    watched_terms = sorted({stored.call.key for of in due.values() for stored in of if stored.call.kind == "query"})
    counts = counts_of(watched_terms)
    scores = [pair for h, of in due.items() for stored in of if (pair := _scored(stored, counts, h)) is not None]
    add_scores(db, scores, scored_at=now)
    if scores:
        n_held = sum(score.held is True for _, score in scores)
        yield Progress("calls", len(scores), len(scores), "scores", f"{n_held} of {len(scores)} past moves held")


def _scored(stored: StoredCall, counts: trend_calls.TermCounts, horizon_weeks: int) -> tuple[int, CallScore] | None:
    score = trend_calls.score_call(stored.call, counts, horizon_weeks=horizon_weeks)
    return None if score is None else (stored.call_id, score)
