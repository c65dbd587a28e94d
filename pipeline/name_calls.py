"""Calls of names: makes each week's, marks what fades, and scores the calls that are old enough.

False discoveries are controlled over all names that enough papers use, apart from other terms: names are many, and
would change the calls of techniques.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np

from analysis.trends import trend_calls
from analysis.trends.growth import MIN_PAPERS
from domain.name_ledger import FADING_USES, NameEvent
from domain.progress import Progress
from domain.trend_calls import DOWNWARD, HORIZONS_WEEKS, WINDOW_WEEKS
from domain.week import Week
from domain.weekly_table_schemas import WEEKLY_COUNTS
from store.database import Database
from store.name_decisions import add_name_events
from store.name_ledger_reading import weekly_uses
from store.trend_calls import add_calls, add_scores, calls_of_week, movements_to_score, upward_calls_between
from store.weekly import incomplete_weeks, weekly_totals


def counts_of_names(db: Database, categories: tuple[str, ...], *, min_papers: int) -> trend_calls.TermCounts:
    """The weekly uses of every name that ever had enough for a fit."""
    frame = trend_calls.term_counts(
        weekly_totals(db, categories),
        WEEKLY_COUNTS.empty(),
        (),
        watched={},
        known_incomplete=incomplete_weeks(db, categories),
        min_papers=min_papers,
    )
    return _with_uses(frame, weekly_uses(db, categories, min_uses=MIN_PAPERS))


def _with_uses(frame: trend_calls.TermCounts, uses: Mapping[int, Mapping[Week, int]]) -> trend_calls.TermCounts:
    place = {week: i for i, week in enumerate(frame.weeks)}
    k = np.zeros((len(uses), len(frame.weeks)), dtype=np.int64)
    for row, by_week in enumerate(uses.values()):
        for week, n in by_week.items():
            if week in place:
                k[row, place[week]] = n
    terms: tuple[trend_calls.TermKey, ...] = tuple(("name", str(name_id)) for name_id in uses)
    return trend_calls.TermCounts(frame.weeks, frame.n, frame.usable, terms, k)


def call_names(
    db: Database,
    week: Week,
    categories: tuple[str, ...],
    *,
    min_papers: int,
    false_discovery_rate: float,
    made_with: str,
    now: datetime,
) -> Iterator[Progress]:
    """Make and store a week's calls of names, once, and note which names fade."""
    if calls_of_week(db, week, of_names=True):
        return
    counts = counts_of_names(db, categories, min_papers=min_papers).until(week)
    enough = counts.k[:, -WINDOW_WEEKS:].sum(axis=1) >= MIN_PAPERS
    tested = trend_calls.TermCounts(
        counts.weeks,
        counts.n,
        counts.usable,
        tuple(term for term, is_enough in zip(counts.terms, enough.tolist(), strict=True) if is_enough),
        counts.k[enough],
    )
    if not tested.terms:
        return
    calls = trend_calls.make_calls(
        tested,
        week,
        called_up=upward_calls_between(db, week.plus(-trend_calls.COOLING_WITHIN_WEEKS), week.plus(-1)),
        false_discovery_rate=false_discovery_rate,
    )
    calls = [call for call in calls if call.verdict != "unknown"]
    add_calls(db, calls, made_with=f"{trend_calls.METHOD} {made_with}", made_at=now)
    row_of = {key: i for i, (_, key) in enumerate(tested.terms)}
    fading = [
        (int(call.key), NameEvent("fading", week))
        for call in calls
        if call.verdict in DOWNWARD and _most_in_half_a_year(tested.k[row_of[call.key]]) >= FADING_USES
    ]
    add_name_events(db, fading, now=now)
    if calls:
        n_moves = sum(call.is_movement for call in calls)
        yield Progress("calls", len(calls), len(calls), "names", f"{week}: {n_moves} of {len(calls)} names move")


def _most_in_half_a_year(k: np.ndarray) -> int:
    total = np.concatenate([[0], np.cumsum(k)])
    return int((total[min(WINDOW_WEEKS, len(k)) :] - total[: len(total) - min(WINDOW_WEEKS, len(k))]).max())


def score_name_calls(
    db: Database, last_week: Week, categories: tuple[str, ...], *, min_papers: int, now: datetime
) -> Iterator[Progress]:
    """Score the calls of names that are ``HORIZONS_WEEKS`` old."""
    due = {h: movements_to_score(db, horizon_weeks=h, until=last_week.plus(-h), of_names=True) for h in HORIZONS_WEEKS}
    if not any(due.values()):
        return
    counts = counts_of_names(db, categories, min_papers=min_papers)
    scores = [
        (stored.call_id, score)
        for h, of in due.items()
        for stored in of
        if (score := trend_calls.score_call(stored.call, counts, horizon_weeks=h)) is not None
    ]
    add_scores(db, scores, scored_at=now)
    if scores:
        n_held = sum(score.held is True for _, score in scores)
        yield Progress(
            "calls", len(scores), len(scores), "scores", f"{n_held} of {len(scores)} past moves of names held"
        )
