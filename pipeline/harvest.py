"""Harvest stage: fetches windows of submissions from arXiv's query API and stores them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from domain.errors import SourceError, SourcePaused, SourceUnreachable
from domain.harvest import HarvestedWindow, Window, WindowRecord
from domain.paper import ArxivId
from domain.progress import Progress
from domain.week import Week, last_closed_week, weeks_before
from ingest.harvest import Source, count_newer, harvest_window, plan_harvest, window_of
from ingest.index_gap import N_REFERENCE_WEEKS, is_confirmed, suspected_gap
from pipeline.due_windows import window_name
from store.database import Database
from store.papers import apply_harvest, known_papers
from store.weekly import complete_weeks
from store.windows import ids_by_window, submission_times, window_records
from templates.harvest_wording import gap_problem

_WINDOWS_PER_QUERY = 52  # bounds the number of identifiers in memory
CLOCK_TOLERANCE = timedelta(hours=26)
"""How far arXiv's clock may be behind ours: its responses used to be dated at midnight."""


def arxiv_now(source: Source, categories: tuple[str, ...], *, now: datetime) -> datetime:
    """The current time by arXiv's clock if that is more than a day behind ours; else ``now``.

    So a laptop with a wrong date does not close weeks too early, and a server that plays back the past works. Costs one
    request.
    """
    week = last_closed_week(now)
    answered_at = source.page(window_of(week), categories, start=0, size=1).answered_at
    return answered_at if now - answered_at > CLOCK_TOLERANCE else now


def harvest_windows(
    db: Database,
    source: Source,
    categories: tuple[str, ...],
    windows: Sequence[Window],
    *,
    page_size: int,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Fetch windows, oldest first, and store what is new, one transaction for each.

    A window without a usable response stays due, its problem is stored, and newer windows are still fetched.

    Raises
    ------
    SourceError
        If arXiv is unavailable, or gives no usable response for the newest window; what came before is stored.
    """
    records = {record.window: record for record in window_records(db, categories)}
    held: dict[Window, set[ArxivId]] = {}
    for n_done, window in enumerate(windows, 1):
        if window not in held:
            held = ids_by_window(db, windows[n_done - 1 :][:_WINDOWS_PER_QUERY], categories)
        record = records.get(window)
        was_complete = record is not None and record.is_complete
        try:
            harvested = _harvest_window(
                db,
                source,
                window,
                categories,
                held=held[window],
                record=record,
                page_size=page_size,
                clock=clock,
            )
        except (SourcePaused, SourceUnreachable):
            raise
        except SourceError as error:
            if n_done == len(windows):
                raise
            yield Progress(
                "harvest", n_done, len(windows), "weeks", f"{window_name(window)}: no usable response: {error}"
            )
            continue
        if harvested.is_complete and not was_complete:
            harvested = _checked_for_gap(db, source, harvested)
        yield Progress("harvest", n_done, len(windows), "weeks", store_harvested(db, harvested))


def store_harvested(db: Database, harvested: HarvestedWindow) -> str:
    """Store what a window gave, in one transaction; returns a line that says what it was."""
    known = known_papers(db, [p.arxiv_id for p in harvested.papers])
    # The same instant for both: a paper is late if it was first seen after its window was complete.
    apply_harvest(db, plan_harvest(harvested.papers, known), harvested, seen_at=harvested.checked_at)
    state = "complete" if harvested.is_complete else f"incomplete: {harvested.problem}"
    n_new = len(harvested.papers) - len(known)
    return f"{window_name(harvested.window)}: {harvested.n_got:,} papers, {n_new:,} new, {state}"


def fetch_for_first_time(
    db: Database,
    source: Source,
    window: Window,
    categories: tuple[str, ...],
    *,
    page_size: int,
    clock: Callable[[], datetime],
) -> HarvestedWindow:
    """What arXiv gives of a window that was never asked for, not stored yet; papers held already are only counted.

    Without a usable response that is the window with the problem, ``n_said`` being ``None``.

    Raises
    ------
    SourcePaused, SourceUnreachable
        If arXiv cannot be asked at all.
    """
    held = ids_by_window(db, [window], categories)[window]
    try:
        harvested = harvest_window(source, window, categories, page_size=page_size, now=clock(), held=held)
    except (SourcePaused, SourceUnreachable):
        raise
    except SourceError as error:
        return HarvestedWindow(window, categories, (), None, str(error), clock(), n_held=len(held))
    harvested = replace(harvested, checked_at=clock())
    return _checked_for_gap(db, source, harvested) if harvested.is_complete else harvested


def _harvest_window(
    db: Database,
    source: Source,
    window: Window,
    categories: tuple[str, ...],
    *,
    held: set[ArxivId],
    record: WindowRecord | None,
    page_size: int,
    clock: Callable[[], datetime],
) -> HarvestedWindow:
    # A recheck downloads the window: equal counts may hide different papers, and replacements.
    by_count = record is None or record.gap is not None
    try:
        harvested = harvest_window(
            source, window, categories, page_size=page_size, now=clock(), held=held, by_count=by_count
        )
    except SourceError as error:
        if record is None or not record.is_complete:  # a complete window stays complete until arXiv says otherwise
            failed = HarvestedWindow(window, categories, (), None, str(error), clock(), n_held=len(held))
            apply_harvest(db, plan_harvest((), {}), failed, seen_at=clock())
        raise
    return replace(harvested, checked_at=clock())


def _checked_for_gap(db: Database, source: Source, harvested: HarvestedWindow) -> HarvestedWindow:
    """The result, incomplete if the papers' times show that arXiv's index lacks papers of the week.

    arXiv is asked for newer papers only where it matters: at most two requests.
    """
    week = Week.containing(harvested.window.start_at)
    if harvested.window != window_of(week):
        return harvested
    earlier = week.plus(-N_REFERENCE_WEEKS)
    since_then = Window(earlier.start_at, week.plus(1).end_at)
    times = submission_times(db, since_then, harvested.categories)
    times |= {p.arxiv_id: p.submitted_at for p in harvested.papers if set(p.categories) & set(harvested.categories)}
    reference = complete_weeks(db, harvested.categories) & set(weeks_before(week, N_REFERENCE_WEEKS))
    gap = suspected_gap(week, sorted(times.values()), reference)
    if gap is not None and gap.kind == "end":
        gap = replace(gap, n_newer=count_newer(source, week, harvested.categories))
    if gap is None or not is_confirmed(gap):
        return harvested
    return replace(harvested, problem=gap_problem(gap), gap=gap)
