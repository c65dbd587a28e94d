"""From windows of time to papers that are proven to be all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from domain.errors import SourceError
from domain.harvest import HarvestedWindow, HarvestPlan, Window, WindowRecord
from domain.paper import ArxivId, Paper, PaperVersion
from domain.week import Week
from ingest.reconcile import reconciled

if TYPE_CHECKING:
    from ingest.client import Page  # planning should not wait for the HTTP client

MAX_PER_QUERY = 30_000
"""The most papers that arXiv lets one query reach (API manual)."""


class Source(Protocol):
    """What a harvest asks."""

    def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
        """Papers ``start`` to ``start + size`` of a window, oldest submission first."""
        ...


def windows_due(weeks: Sequence[Week], records: Iterable[WindowRecord]) -> list[Window]:
    """One window for each of the weeks that no record proves whole, oldest first."""
    proven = {record.window for record in records if record.is_complete}
    return [window for window in map(window_of, sorted(weeks)) if window not in proven]


def window_of(week: Week) -> Window:
    """A week as a window."""
    return Window(week.start_at, week.end_at)


def harvest_window(
    source: Source,
    window: Window,
    categories: tuple[str, ...],
    *,
    page_size: int,
    now: datetime,
    on_page: Callable[[int, int], None] | None = None,
) -> HarvestedWindow:
    """Everything arXiv has for a window, with the proof, or the reason why there is none.

    The window is complete only if as many distinct papers came as arXiv says there are when asked once more after
    the last page; nothing at all is believed only when a second answer says so too. An answer that cannot be had
    is a reason, not an exception, unless not a single answer came.

    ``on_page`` hears how many papers have come, and how many arXiv said there are.

    Raises
    ------
    SourceError
        If there was no answer to the first question: then nothing is known about the window.
    """
    papers: dict[ArxivId, Paper] = {}
    unreadable: set[str] = set()
    first = source.page(window, categories, start=0, size=page_size)
    page, start, n_empty, problem = first, 0, 0, None
    while True:
        papers |= {p.arxiv_id: p for p in page.papers}
        unreadable |= set(page.unreadable)
        start += page.n_entries
        n_empty = 0 if page.n_entries else n_empty + 1
        if on_page is not None:
            on_page(len(papers), page.n_total)
        if n_empty >= 2 or (start >= page.n_total and page.n_entries) or start >= MAX_PER_QUERY:
            break
        try:
            page = source.page(window, categories, start=start, size=page_size)
        except SourceError as error:
            problem = str(error)
            break
    n_said = page.n_total
    if problem is None and papers:
        try:
            n_said = source.page(window, categories, start=0, size=1).n_total
        except SourceError as error:
            problem = str(error)
    outside = [p.arxiv_id for p in papers.values() if not window.start_at <= p.submitted_at < window.end_at]
    if problem is None and outside:
        problem = f"arXiv gave papers from outside the window, {outside[0]} for one"
    if problem is None and unreadable:
        problem = f"{len(unreadable)} entries could not be read, {min(unreadable)} for one"
    if problem is None and len(papers) != n_said:
        problem = f"arXiv said {n_said} papers, {len(papers)} came"
    return HarvestedWindow(
        window=window,
        categories=categories,
        papers=tuple(sorted(papers.values(), key=lambda p: (p.submitted_at, p.arxiv_id))),
        n_said=n_said,
        problem=problem,
        checked_at=now,
        unreadable=tuple(sorted(unreadable)),
    )


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
        held = reconciled(old, p)
        if held is old:
            unchanged.append(p.arxiv_id)
        elif held.version > old.version:
            replaced.append(held)
        else:
            revised.append(held)
    return HarvestPlan(tuple(new), tuple(replaced), tuple(revised), tuple(unchanged), tuple(versions))
