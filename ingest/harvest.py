"""Harvesting windows of submission time, with a check that every paper arrived."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from domain.errors import SourceError, SourceRejected
from domain.harvest import HarvestedWindow, HarvestPlan, LateArrivals, Lateness, Window, WindowRecord
from domain.paper import ArxivId, Paper, PaperVersion
from domain.week import Week, weeks_between
from ingest.merge_records import merged_record

if TYPE_CHECKING:
    from ingest.query_api_client import Page  # planning need not import the HTTP client

MAX_PER_QUERY = 30_000
"""The number of results that one query can reach (arXiv API manual)."""
ARXIV_START = datetime(1991, 8, 1, tzinfo=UTC)
_MAX_ID_LOOKUPS = 1000
_COMPLETE_WITHIN = timedelta(weeks=1)
_SETTLED_AFTER = timedelta(weeks=4)


class Source(Protocol):
    """The arXiv client as a harvest uses it."""

    def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
        """Papers ``start`` to ``start + size`` of a window, oldest submission first; no categories mean all."""
        ...

    def papers_by_id(self, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
        """The current records of these papers; a paper that arXiv does not have is left out."""
        ...


def window_of(week: Week) -> Window:
    """The window of a week."""
    return Window(week.start_at, week.end_at)


def weeks_to_cover(n_weeks: int, last: Week, newest_held: Week | None) -> list[Week]:
    """The weeks that a harvest covers: the last ``n_weeks`` up to ``last``, and all since the newest stored one."""
    first = last.plus(1 - n_weeks)
    if newest_held is not None and newest_held < first:
        first = newest_held
    return list(weeks_between(first, last))


def windows_due(
    weeks: Sequence[Week],
    records: Iterable[WindowRecord],
    *,
    now: datetime | None = None,
    recheck_weeks: Sequence[int] = (),
) -> list[Window]:
    """Windows to harvest, oldest first.

    These are the ``weeks`` without a complete record, every incomplete window however old, and complete windows that
    have passed one of the ages ``recheck_weeks`` (weeks after the window's end) since they were last harvested.
    """
    known = list(records)
    proven = {record.window for record in known if record.is_complete}
    due = {window_of(week) for week in weeks} | {record.window for record in known if not record.is_complete}
    due -= proven
    if now is not None:
        due |= {record.window for record in known if record.is_complete and _is_aged(record, now, recheck_weeks)}
    return sorted(due)


def _is_aged(record: WindowRecord, now: datetime, recheck_weeks: Sequence[int]) -> bool:
    """Whether the window passed one of the ages since it was last harvested; several at once count as one."""
    ages = (record.window.end_at + timedelta(weeks=n) for n in recheck_weeks)
    return any(record.checked_at < at <= now for at in ages)


def harvest_window(
    source: Source,
    window: Window,
    categories: tuple[str, ...],
    *,
    page_size: int,
    now: datetime,
    held: Collection[ArxivId] = (),
    by_count: bool = True,
    on_progress: Callable[[int, int], None] | None = None,
) -> HarvestedWindow:
    """Fetch a window and check that it is complete.

    The window is complete only if the number of distinct papers fetched equals arXiv's count, requested again after
    the last page, and no other paper is stored. A count that differs is requested once more. An empty result is
    believed only if a second answer and arXiv's counts before and after the window agree. Stored papers that were not
    in the results are looked up by id. A window too large for one query is fetched in halves. A failed request makes
    the window incomplete, with the reason in ``problem``.

    Parameters
    ----------
    held : the stored papers of the window, including withdrawn ones, which arXiv counts too.
    by_count : compare arXiv's count with ``held`` first, and fetch nothing if they agree.
    on_progress : called with the number of papers fetched so far and arXiv's count.

    Raises
    ------
    SourceError
        If the first request failed, so that nothing is known about the window.
    """
    if by_count and held and _count(source, window, categories, expected=len(held)) == len(held):
        return HarvestedWindow(window, categories, (), len(held), None, now, n_held=len(held))
    fetched = _fetch(source, window, categories, page_size=page_size, on_progress=on_progress)
    came = {p.arxiv_id for p in fetched.papers}
    papers, n_held, n_said, problem = list(fetched.papers), len(came | set(held)), fetched.n_said, fetched.problem
    missing = sorted(set(held) - came)
    if problem is None and n_said is not None and (missing or len(came) != n_said):
        try:
            # A paper may have changed its categories, or have been skipped between two pages.
            for p in source.papers_by_id(missing) if 0 < len(missing) <= _MAX_ID_LOOKUPS else ():
                if not set(p.categories) & set(categories):
                    papers.append(p)
                    n_held -= 1
                elif window.start_at <= p.submitted_at < window.end_at:
                    came.add(p.arxiv_id)
            if len(came) != n_said:
                n_said = _count(source, window, categories, expected=len(came))
        except SourceError as error:
            problem = str(error)
        else:
            problem = None if len(came) == n_held == n_said else _difference(n_said, n_held, len(came), fetched)
    return HarvestedWindow(
        window=window,
        categories=categories,
        papers=tuple(sorted(papers, key=lambda p: (p.submitted_at, p.arxiv_id))),
        n_said=n_said,
        problem=problem,
        checked_at=now,
        unreadable=fetched.unreadable,
        n_held=n_held,
    )


def _count(source: Source, window: Window, categories: tuple[str, ...], *, expected: int) -> int:
    """arXiv's count of a window; requested twice if the first answer is not as expected."""
    n_said = source.page(window, categories, start=0, size=1).n_total
    return n_said if n_said == expected else source.page(window, categories, start=0, size=1).n_total


def count_newer(source: Source, week: Week, categories: tuple[str, ...]) -> int | None:
    """Papers that arXiv shows of the week after a week: in the categories or, if there are none, in all of arXiv.

    ``None`` if arXiv gives no usable answer.
    """
    after = window_of(week.plus(1))
    try:
        return source.page(after, categories, start=0, size=1).n_total or _count_in_all(source, after)
    except SourceError:
        return None


def _count_in_all(source: Source, window: Window) -> int:
    try:
        return source.page(window, (), start=0, size=1).n_total
    except SourceRejected:  # a query without a category is not documented, so it may be refused some day
        return 0


_NOT_EMPTY = "arXiv said 0 papers, but its counts up to the window's start and end do not bear that out"


def _is_empty(source: Source, window: Window, categories: tuple[str, ...]) -> bool:
    """Whether arXiv's counts around the window confirm that it is empty.

    In some failures arXiv answers 0 to every query. So its counts up to the window's start and end must be equal, and
    its count of all papers must not be 0.
    """
    if window.start_at <= ARXIV_START:
        return True

    def n_until(end_at: datetime) -> int:
        return source.page(Window(ARXIV_START, end_at), categories, start=0, size=1).n_total

    n_before = n_until(window.start_at)
    if n_before != n_until(window.end_at):
        return False
    return n_before > 0 or n_until(window.end_at + timedelta(days=36_500)) > 0


@dataclass(frozen=True)
class _Fetched:
    """The papers fetched, without duplicates, and arXiv's count after the last page."""

    papers: tuple[Paper, ...]
    n_said: int | None
    problem: str | None
    unreadable: tuple[str, ...]
    outside: tuple[ArxivId, ...]


def _fetch(
    source: Source,
    window: Window,
    categories: tuple[str, ...],
    *,
    page_size: int,
    on_progress: Callable[[int, int], None] | None,
) -> _Fetched:
    papers: dict[ArxivId, Paper] = {}
    outside: set[ArxivId] = set()
    unreadable: set[str] = set()
    page = source.page(window, categories, start=0, size=page_size)
    if page.n_total > MAX_PER_QUERY and len(halves := _halves(window)) == 2:
        return _fetch_halves(source, halves, categories, page_size=page_size, on_progress=on_progress)
    start, n_empty = 0, 0
    try:
        while True:
            for p in page.papers:
                # A paper with a wrong date would stay in a wrong week for good, so it is left out.
                if window.start_at <= p.submitted_at < window.end_at:
                    papers[p.arxiv_id] = p
                else:
                    outside.add(p.arxiv_id)
            unreadable |= set(page.unreadable)
            start += page.n_entries
            n_empty = 0 if page.n_entries else n_empty + 1
            if on_progress is not None:
                on_progress(len(papers), page.n_total)
            if n_empty >= 2 or (start >= page.n_total and page.n_entries) or start >= MAX_PER_QUERY:
                break
            page = source.page(window, categories, start=start, size=min(page_size, MAX_PER_QUERY - start))
        n_said = _count(source, window, categories, expected=len(papers)) if papers else page.n_total
        problem = None if n_said or _is_empty(source, window, categories) else _NOT_EMPTY
    except SourceError as error:
        n_said, problem = page.n_total, str(error)
    return _Fetched(
        tuple(papers.values()), n_said, problem, tuple(sorted(unreadable)), tuple(sorted(outside - papers.keys()))
    )


def _halves(window: Window) -> list[Window]:
    """The window split at a whole minute; a window of one minute is returned unsplit."""
    n_minutes = int((window.end_at - window.start_at) / timedelta(minutes=1))
    if n_minutes < 2:
        return [window]
    middle = window.start_at + timedelta(minutes=n_minutes // 2)
    return [Window(window.start_at, middle), Window(middle, window.end_at)]


def _fetch_halves(
    source: Source,
    halves: Sequence[Window],
    categories: tuple[str, ...],
    *,
    page_size: int,
    on_progress: Callable[[int, int], None] | None,
) -> _Fetched:
    parts: list[_Fetched] = []
    problem: str | None = None
    for half in halves:
        try:
            parts.append(_fetch(source, half, categories, page_size=page_size, on_progress=on_progress))
        except SourceError as error:
            if not parts:
                raise
            problem = str(error)
    n_said = [part.n_said for part in parts]
    return _Fetched(
        papers=tuple(p for part in parts for p in part.papers),
        n_said=None if problem or None in n_said else sum(n for n in n_said if n is not None),
        problem=problem or next((part.problem for part in parts if part.problem), None),
        unreadable=tuple(entry for part in parts for entry in part.unreadable),
        outside=tuple(arxiv_id for part in parts for arxiv_id in part.outside),
    )


def _difference(n_said: int, n_held: int, n_came: int, fetched: _Fetched) -> str:
    """Why a window is incomplete, with what is known about the difference."""
    reason = f"arXiv said {n_said:,} papers, {n_held:,} are held"
    if n_held == n_said:
        reason += f", but {n_came:,} came"
    if fetched.unreadable:
        reason += f"; {len(fetched.unreadable):,} entries could not be read, for example {fetched.unreadable[0]}"
    if fetched.outside:
        reason += f"; {len(fetched.outside):,} have a date outside the window, for example {fetched.outside[0]}"
    return reason


def settled_lateness(arrivals: Iterable[LateArrivals]) -> Lateness | None:
    """Late papers over the windows that can show them; ``None`` if there is no such window.

    Such a window was complete within a week of its end, and was harvested again four or more weeks after it.
    """
    settled = [
        a
        for a in arrivals
        if a.first_complete_at <= a.window.end_at + _COMPLETE_WITHIN
        and a.checked_at >= a.window.end_at + _SETTLED_AFTER
    ]
    if not settled:
        return None
    return Lateness(len(settled), sum(a.n_papers for a in settled), sum(a.n_late for a in settled))


def plan_harvest(
    fetched: Iterable[Paper], known: Mapping[ArxivId, Paper], versions: Iterable[PaperVersion] = ()
) -> HarvestPlan:
    """The changes that storing these papers will make; known papers are merged with ``merged_record``.

    ``versions`` are further submissions that the source gave.
    """
    new: list[Paper] = []
    replaced: list[Paper] = []
    revised: list[Paper] = []
    unchanged: list[ArxivId] = []
    for p in fetched:
        old = known.get(p.arxiv_id)
        if old is None:
            new.append(p)
            continue
        merged = merged_record(old, p)
        if merged is old:
            unchanged.append(p.arxiv_id)
        elif merged.version > old.version:
            replaced.append(merged)
        else:
            revised.append(merged)
    return HarvestPlan(tuple(new), tuple(replaced), tuple(revised), tuple(unchanged), tuple(versions))
