"""How far back weeks are counted, and which week is counted next."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from domain.harvest import CountedHistory, WindowRecord
from domain.week import Week
from ingest.harvest import ARXIV_START, window_of

N_EMPTY_WEEKS = 4
"""So many whole weeks in a row without a paper show that arXiv has no earlier ones in these categories."""


def counted_history(
    records: Iterable[WindowRecord], held: Collection[Week], *, n_weeks: int, n_wanted: int, last: Week
) -> CountedHistory:
    """How far back weeks are counted.

    Parameters
    ----------
    records : what is known of the windows.
    held : weeks with papers, from whichever source.
    n_weeks : newest closed weeks that every run covers; the others are the history.
    n_wanted : newest closed weeks that are to be counted; fewer than ``n_weeks`` count as these.
    last : the newest closed week.
    """
    record_of = {week: r for r in records if r.window == window_of(week := Week.containing(r.window.start_at))}
    n_wanted = max(n_wanted, n_weeks)
    wanted = [week for i in range(n_wanted) if (week := last.plus(-i)) >= Week.containing(ARXIV_START)]
    next_week, has_no_more, n_empty = None, len(wanted) < n_wanted, 0
    for week in wanted[n_weeks:]:
        record = record_of.get(week)
        if record is None:
            next_week = week
            break
        n_empty = n_empty + 1 if record.is_complete and not record.n_got else 0
        if n_empty == N_EMPTY_WEEKS:
            has_no_more = True
            break
    first = None
    week = last
    while week in held or week in record_of:  # also weeks beyond those wanted
        first = week if week in held else first
        week = week.plus(-1)
    return CountedHistory(first, 0 if first is None else first.weeks_until(last) + 1, n_wanted, next_week, has_no_more)
