"""English about harvests: why a week is not complete, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence

from domain.harvest import CountedHistory, IndexGap
from templates.number_text import agreeing


def gap_problem(gap: IndexGap) -> str:
    """Why a week is not called complete although arXiv's count agrees."""
    span = f"{gap.since:%Y-%m-%d %H:%M} to {gap.until:%Y-%m-%d %H:%M} UTC"
    found = (
        "no paper was" if gap.n_held == 0 else f"only {gap.n_held:,} {agreeing(gap.n_held, 'paper was', 'papers were')}"
    )
    text = f"arXiv's index may be behind: {found} submitted from {span}, where about {gap.n_expected:,.0f} are usual"
    if gap.kind == "range":
        return f"{text}; it has earlier and later papers"
    return f"{text}, and {'it shows no newer paper' if gap.n_newer == 0 else 'it could not be asked for newer papers'}"


def history_reach(history: CountedHistory) -> str:
    """How far back weeks are counted.

    Examples
    --------
    >>> from domain.week import Week
    >>> history_reach(CountedHistory(Week.parse("2025-W31"), 47, 104, Week.parse("2025-W30"), False))
    'counted back to 2025-W31: 47 of 104 weeks; next: 2025-W30'
    """
    if history.first_week is None:
        return "no closed week is counted yet"
    of_wanted = f" of {history.n_wanted:,}" if history.n_weeks < history.n_wanted else ""
    weeks = agreeing(history.n_wanted if of_wanted else history.n_weeks, "week", "weeks")
    reach = f"counted back to {history.first_week}: {history.n_weeks:,}{of_wanted} {weeks}"
    if history.next_week is not None:
        return f"{reach}; next: {history.next_week}"
    return f"{reach}; arXiv has no earlier papers in these categories" if history.has_no_more else reach


def held_back(week: str, until: str, problem: str | None) -> str:
    """The note that a digest waits for arXiv's index."""
    return f"the digest of {week} waits until {until} UTC at the latest: {problem}"


def unreadable_records(n: int, examples: Sequence[str]) -> str | None:
    """What of a list could not be read; ``None`` if everything could."""
    if not n:
        return None
    record = "1 record" if n == 1 else f"{n:,} records"
    return f"{record} could not be read, for example {examples[0]}" if examples else f"{record} could not be read"
