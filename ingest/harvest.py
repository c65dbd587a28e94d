"""From windows of time to papers that are proven to be all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from domain.errors import SourceError
from domain.harvest import HarvestedWindow, HarvestPlan, LateArrivals, Lateness, Window, WindowRecord
from domain.paper import ArxivId, Paper, PaperVersion
from domain.week import Week, weeks_between
from ingest.merge_records import merged_record

if TYPE_CHECKING:
    from ingest.client import Page  # planning should not wait for the HTTP client

MAX_PER_QUERY = 30_000
"""The most papers that arXiv lets one query reach (API manual)."""
ARXIV_BEGAN = datetime(1991, 8, 1, tzinfo=UTC)
_ASKED_BY_ID = 1000
_IN_TIME = timedelta(weeks=1)
_SETTLED = timedelta(weeks=4)


class Source(Protocol):
    """What a harvest asks."""

    def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
        """Papers ``start`` to ``start + size`` of a window, oldest submission first."""
        ...

    def papers_by_id(self, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
        """Those of the papers that arXiv has, as it has them now."""
        ...


def window_of(week: Week) -> Window:
    """A week as a window."""
    return Window(week.start_at, week.end_at)


def weeks_to_cover(n_weeks: int, last: Week, newest_held: Week | None) -> list[Week]:
    """The weeks that a harvest is answerable for: ``n_weeks`` up to ``last``, and all since the newest one held."""
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
    """Windows to ask arXiv about, oldest first.

    These are the weeks that no record proves whole; every window that was asked for and is still open, however old;
    and complete ones that have passed an age of ``recheck_weeks`` since they were last asked for.
    """
    known = list(records)
    proven = {record.window for record in known if record.is_complete}
    due = {window_of(week) for week in weeks} | {record.window for record in known if not record.is_complete}
    due -= proven
    if now is not None:
        due |= {record.window for record in known if record.is_complete and _is_aged(record, now, recheck_weeks)}
    return sorted(due)


def _is_aged(record: WindowRecord, now: datetime, recheck_weeks: Sequence[int]) -> bool:
    """Whether an age has come since the window was last asked for; several that came while nobody ran are one."""
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
    on_page: Callable[[int, int], None] | None = None,
) -> HarvestedWindow:
    """Everything arXiv has for a window that is not held yet, with the proof, or the reason why there is none.

    The window is complete only if as many distinct papers of it came as arXiv says there are when asked after the
    last page, and no other is held; an answer that differs is asked for once more, and nothing at all is believed only
    when two answers say so. Papers that are ``held`` (withdrawn ones included, as in arXiv's count) and did not come
    are asked for by name. With ``by_count`` the count of the held is tried first, and nothing is fetched if it agrees.
    An answer that cannot be had is a reason, not an exception, unless not a single answer came. A window that is too
    large for one query is asked for in halves.

    ``on_page`` hears how many papers have come, and how many arXiv said there are.

    Raises
    ------
    SourceError
        If there was no answer to the first question: then nothing is known about the window.
    """
    if by_count and held and _count(source, window, categories, expected=len(held)) == len(held):
        return HarvestedWindow(window, categories, (), len(held), None, now, n_held=len(held))
    fetched = _fetch(source, window, categories, page_size=page_size, on_page=on_page)
    came = {p.arxiv_id for p in fetched.papers}
    papers, n_held, n_said, problem = list(fetched.papers), len(came | set(held)), fetched.n_said, fetched.problem
    missing = sorted(set(held) - came)
    if problem is None and n_said is not None and (missing or len(came) != n_said):
        try:
            # One may have changed its categories, or have slipped through between two pages.
            for p in source.papers_by_id(missing) if 0 < len(missing) <= _ASKED_BY_ID else ():
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
    """How many papers arXiv says a window has; asked twice where the first answer is not what is expected."""
    n_said = source.page(window, categories, start=0, size=1).n_total
    return n_said if n_said == expected else source.page(window, categories, start=0, size=1).n_total


_NOT_EMPTY = "arXiv said 0 papers, but its counts up to the window's start and end do not bear that out"


def _is_empty(source: Source, window: Window, categories: tuple[str, ...]) -> bool:
    """Whether arXiv's other counts, too, leave no paper for the window.

    An arXiv in trouble answers 0 to every question, again and again. So its count of all papers before the window must
    be that of all papers up to its end, and arXiv must know of any paper at all.
    """
    if window.start_at <= ARXIV_BEGAN:
        return True

    def n_until(end_at: datetime) -> int:
        return source.page(Window(ARXIV_BEGAN, end_at), categories, start=0, size=1).n_total

    n_before = n_until(window.start_at)
    if n_before != n_until(window.end_at):
        return False
    return n_before > 0 or n_until(window.end_at + timedelta(days=36_500)) > 0


@dataclass(frozen=True)
class _Fetched:
    """The papers that came, each once, and arXiv's count after the last of them."""

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
    on_page: Callable[[int, int], None] | None,
) -> _Fetched:
    papers: dict[ArxivId, Paper] = {}
    outside: set[ArxivId] = set()
    unreadable: set[str] = set()
    page = source.page(window, categories, start=0, size=page_size)
    if page.n_total > MAX_PER_QUERY and len(halves := _halves(window)) == 2:
        return _fetch_halves(source, halves, categories, page_size=page_size, on_page=on_page)
    start, n_empty = 0, 0
    try:
        while True:
            for p in page.papers:
                # One with a wrong date would be stored in a wrong week for good, so it is not taken at all.
                if window.start_at <= p.submitted_at < window.end_at:
                    papers[p.arxiv_id] = p
                else:
                    outside.add(p.arxiv_id)
            unreadable |= set(page.unreadable)
            start += page.n_entries
            n_empty = 0 if page.n_entries else n_empty + 1
            if on_page is not None:
                on_page(len(papers), page.n_total)
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
    """The window in two, at a whole minute; just itself where it is a minute long."""
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
    on_page: Callable[[int, int], None] | None,
) -> _Fetched:
    parts: list[_Fetched] = []
    problem: str | None = None
    for half in halves:
        try:
            parts.append(_fetch(source, half, categories, page_size=page_size, on_page=on_page))
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
    """Why a window is not complete, with what is known about the difference."""
    reason = f"arXiv said {n_said:,} papers, {n_held:,} are held"
    if n_held == n_said:
        reason += f", but {n_came:,} came"
    if fetched.unreadable:
        reason += f"; {len(fetched.unreadable):,} entries could not be read, {fetched.unreadable[0]} for one"
    if fetched.outside:
        reason += f"; {len(fetched.outside):,} came with a date outside the window, {fetched.outside[0]} for one"
    return reason


def settled_lateness(arrivals: Iterable[LateArrivals]) -> Lateness | None:
    """How many papers came late, over the windows that can tell; ``None`` where there is none.

    These were complete within a week of their end, and asked for again four weeks or more after it.
    """
    telling = [
        a
        for a in arrivals
        if a.first_complete_at <= a.window.end_at + _IN_TIME and a.checked_at >= a.window.end_at + _SETTLED
    ]
    if not telling:
        return None
    return Lateness(len(telling), sum(a.n_papers for a in telling), sum(a.n_late for a in telling))


def plan_harvest(
    fetched: Iterable[Paper], known: Mapping[ArxivId, Paper], versions: Iterable[PaperVersion] = ()
) -> HarvestPlan:
    """What storing these papers will do; ``reconciled`` says what becomes of one that is known.

    ``versions`` are further submissions that the source told of.
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
        held = merged_record(old, p)
        if held is old:
            unchanged.append(p.arxiv_id)
        elif held.version > old.version:
            replaced.append(held)
        else:
            revised.append(held)
    return HarvestPlan(tuple(new), tuple(replaced), tuple(revised), tuple(unchanged), tuple(versions))
