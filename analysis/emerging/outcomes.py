"""Whether a listed term held: judged as a trend call is, by the papers that hold its words."""

from __future__ import annotations

from analysis.trends.trend_calls import TermCounts, score_call
from domain.emerging import EmergingTerm
from domain.trend_calls import BEFORE_WEEKS, NOW_WEEKS, WINDOW_WEEKS, CallScore, TrendCall
from domain.week import Week


def shares_at(counts: TermCounts, term: str, week: Week) -> tuple[float, float]:
    """A term's share over the last weeks up to a week, and over the first weeks of the half year before.

    Parameters
    ----------
    counts : weekly counts with the term's words as kind "query".
    """
    window = counts.until(week).last(WINDOW_WEEKS)
    row = window.terms.index(("query", term))
    n_before = min(BEFORE_WEEKS, len(window.weeks) // 2)
    n_now, n_first = int(window.n[-NOW_WEEKS:].sum()), int(window.n[:n_before].sum())
    return (
        int(window.k[row, -NOW_WEEKS:].sum()) / max(1, n_now),
        int(window.k[row, :n_before].sum()) / max(1, n_first),
    )


def score_term(term: EmergingTerm, week: Week, counts: TermCounts, *, horizon_weeks: int) -> CallScore | None:
    """Whether a term listed in a week held ``horizon_weeks`` later; ``None`` while the weeks that decide are not held.

    The rule is that of a trend call: its share over the last weeks is then past the middle between the two that the
    list states.
    """
    call = TrendCall(
        week=week,
        kind="query",
        key=term.name,
        verdict="emerging",
        q_value=None,
        share=term.share,
        share_before=term.share_before,
        n=0,
    )
    return score_call(call, counts, horizon_weeks=horizon_weeks)
