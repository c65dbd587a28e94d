"""Harvest stage over OAI-PMH: new papers and all changes to papers already stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

from domain.errors import ResumptionTokenExpired
from domain.progress import Progress
from ingest.oai_sync import FORMATS, OaiSource, after_page, ids_of, next_pass, oai_set, plan_page, restarted
from store.database import Database
from store.oai_passes import apply_page, oai_pass
from store.papers import known_papers

_BEGIN_LIST_AGAIN = 3  # times in one harvest; a list longer than arXiv's day would begin again for ever


def harvest_lists(
    db: Database,
    source: OaiSource,
    categories: tuple[str, ...],
    *,
    since: date,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Fetch by OAI-PMH the papers submitted since a day, and all changes to papers that are held; a page at once.

    Each page is stored with the token of the next in one transaction, so a harvest that was cut off goes on there; one
    whose token has expired begins its list again. What was read before is not asked for again, but for its last day.

    Raises
    ------
    SourceError
        If arXiv gives no usable answer; the pages before are stored.
    """
    lists = [(oai_set(category), name) for category in sorted(set(categories)) for name in FORMATS]
    for n_done, (set_name, metadata_format) in enumerate(lists):
        newest = oai_pass(db, set_name, metadata_format)
        current = next_pass(newest, set_name, metadata_format, since=since, now=clock())
        n_new = n_changed = n_again = 0
        while current.finished_at is None:
            try:
                if current.token is None:
                    page = source.first_page(set_name, metadata_format, from_date=current.pass_from)
                else:
                    page = source.next_page(current.token, metadata_format)
            except ResumptionTokenExpired:
                n_again += 1
                if n_again > _BEGIN_LIST_AGAIN:
                    raise
                current = restarted(current)
                continue
            plan = plan_page(page, known_papers(db, ids_of(page)), since=current.since)
            current = after_page(current, page, now=clock())
            apply_page(db, plan, current, seen_at=clock())
            n_new += len(plan.new)
            n_changed += len(plan.replaced) + len(plan.revised)
            if current.finished_at is None:
                yield Progress("harvest", n_done, len(lists), "lists")
        if current is newest:
            continue  # read not long ago
        note = f"{set_name} ({metadata_format}): {current.n_records:,} records, {n_new:,} new, {n_changed:,} changed"
        yield Progress(
            "harvest", n_done + 1, len(lists), "lists", f"{note}; {current.problem}" if current.problem else note
        )
