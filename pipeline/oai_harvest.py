"""Harvest stage over OAI-PMH: fetches new papers and all changes to stored papers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime

from domain.errors import ResumptionTokenExpired
from domain.progress import Progress
from ingest.oai_pass_plan import FORMATS, OaiSource, after_page, ids_of, next_pass, oai_set, plan_page, restarted
from store.database import Database
from store.oai_passes import apply_page, oai_pass
from store.papers import known_papers
from templates.harvest_wording import unreadable_records

_MAX_RESTARTS = 3  # in one harvest; a list that takes longer than a token lasts would restart for ever


def harvest_lists(
    db: Database,
    source: OaiSource,
    categories: tuple[str, ...],
    *,
    since: date,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Fetch the papers submitted since a day, and all changes to stored papers, page by page.

    Each page is stored in one transaction with the token of the next, so an interrupted harvest continues there; if the
    token has expired, the list is started again. Lists already read are only fetched from their last day on.

    Raises
    ------
    SourceError
        If arXiv gives no usable response; earlier pages are stored.
    """
    lists = [(oai_set(category), name) for category in sorted(set(categories)) for name in FORMATS]
    for n_done, (set_name, metadata_format) in enumerate(lists):
        newest = oai_pass(db, set_name, metadata_format)
        current = next_pass(newest, set_name, metadata_format, since=since, now=clock())
        n_new = n_changed = n_restarts = 0
        while current.finished_at is None:
            try:
                if current.token is None:
                    page = source.first_page(set_name, metadata_format, from_date=current.pass_from)
                else:
                    page = source.next_page(current.token, metadata_format)
            except ResumptionTokenExpired:
                n_restarts += 1
                if n_restarts > _MAX_RESTARTS:
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
            continue  # it was read recently
        note = f"{set_name} ({metadata_format}): {current.n_records:,} records, {n_new:,} new, {n_changed:,} changed"
        problem = unreadable_records(current.n_unreadable, current.unreadable)
        yield Progress("harvest", n_done + 1, len(lists), "lists", f"{note}; {problem}" if problem else note)
