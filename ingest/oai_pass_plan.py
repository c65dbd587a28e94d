"""Planning of OAI-PMH harvests: passes through the lists, and what to store from each page.

A list contains all records of a category that changed since a day, in pages. Two of arXiv's formats are read, one
after the other. ``arXivRaw`` has every version with its date and flags withdrawn papers, but has the authors in one
line. ``arXiv`` has structured authors, but dates only to the day. Since 2025 a list does not give its length, and
resumption tokens expire daily.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from domain.author_name import AuthorName
from domain.harvest import MAX_NAMED, HarvestPlan, OaiPass
from domain.paper import ArxivId, Paper, PaperVersion
from ingest.harvest import plan_harvest

OaiFormat = Literal["arXivRaw", "arXiv"]
FORMATS: tuple[OaiFormat, ...] = ("arXivRaw", "arXiv")
"""In reading order: authors are corrected only for papers that are already stored."""

REREAD_AFTER = timedelta(hours=12)

_OWN_GROUP = frozenset("cs econ eess math q-bio q-fin stat".split())


@dataclass(frozen=True)
class OaiPage:
    """One page of a list.

    Format ``arXivRaw`` gives ``papers`` and the ``versions`` between their first and newest; format ``arXiv`` gives
    ``authors``; both give ``deleted`` papers. ``unreadable`` describes records by name and problem. ``token`` requests
    the next page, ``None`` at the end. ``answered_at`` is arXiv's own clock.
    """

    n_records: int
    answered_at: datetime
    token: str | None = None
    papers: tuple[Paper, ...] = ()
    versions: tuple[PaperVersion, ...] = ()
    authors: Mapping[ArxivId, tuple[AuthorName, ...]] = field(default_factory=dict)
    deleted: tuple[ArxivId, ...] = ()
    unreadable: tuple[str, ...] = ()


class OaiSource(Protocol):
    """The OAI-PMH client as a harvest uses it."""

    def first_page(self, set_name: str, metadata_format: OaiFormat, *, from_date: date) -> OaiPage:
        """The first page of all records in a set that changed on ``from_date`` or later."""
        ...

    def next_page(self, token: str, metadata_format: OaiFormat) -> OaiPage:
        """The next page of a list; raises ``ResumptionTokenExpired`` if it must be read again."""
        ...


def oai_set(category: str) -> str:
    """The OAI-PMH set of a category.

    Examples
    --------
    >>> [oai_set(category) for category in ("cs.LG", "hep-th", "cond-mat.stat-mech")]
    ['cs:cs:LG', 'physics:hep-th', 'physics:cond-mat:stat-mech']
    """
    archive, _, subject = category.partition(".")
    group = archive if archive in _OWN_GROUP else "physics"
    return ":".join(filter(None, (group, archive, subject)))


def next_pass(
    newest: OaiPass | None, set_name: str, metadata_format: OaiFormat, *, since: date, now: datetime
) -> OaiPass:
    """The pass to make after the newest one: an unfinished pass continues, otherwise a new one starts.

    A new pass reads the changes since the last complete pass. If ``since`` is earlier than before, it reads all
    changes from ``since`` on. A pass finished less than ``REREAD_AFTER`` ago is returned unchanged, because arXiv's
    lists change once a day.
    """
    if newest is None or since < newest.since:
        return OaiPass(set_name, metadata_format, since=since, pass_from=since)
    if newest.finished_at is None or newest.from_date is None or now - newest.finished_at < REREAD_AFTER:
        return newest
    return OaiPass(
        set_name, metadata_format, since=newest.since, pass_from=newest.from_date, from_date=newest.from_date
    )


def after_page(current: OaiPass, page: OaiPage, *, now: datetime) -> OaiPass:
    """The state of a pass after reading one page."""
    began_at = current.began_at or page.answered_at
    current = replace(
        current,
        token=page.token,
        began_at=began_at,
        n_records=current.n_records + page.n_records,
        n_unreadable=current.n_unreadable + len(page.unreadable),
        unreadable=(*current.unreadable, *page.unreadable)[:MAX_NAMED],
    )
    if page.token is not None:
        return current
    # One day of overlap, because datestamps are days in arXiv's own time zone.
    return replace(current, from_date=began_at.date() - timedelta(days=1), finished_at=now)


def restarted(current: OaiPass) -> OaiPass:
    """A pass with an expired token, reset to its start."""
    return replace(current, token=None, began_at=None, n_records=0, n_unreadable=0, unreadable=())


def plan_page(page: OaiPage, known: Mapping[ArxivId, Paper], *, since: date) -> HarvestPlan:
    """The changes that storing a page will make.

    Papers submitted before ``since`` are stored only if already known, because a list of changes includes old papers.
    Authors and deletions apply to known papers; a deleted paper counts as withdrawn.
    """
    wanted = {p.arxiv_id: p for p in page.papers if p.arxiv_id in known or p.submitted_at.date() >= since}
    plan = plan_harvest(wanted.values(), known, (v for v in page.versions if v.arxiv_id in wanted))
    revised = list(plan.revised)
    for arxiv_id, parts in page.authors.items():
        held = known.get(arxiv_id)
        if held is not None and parts and parts != held.author_parts:
            revised.append(replace(held, authors=tuple(name.text for name in parts), author_parts=parts))
    for arxiv_id in page.deleted:
        held = known.get(arxiv_id)
        if held is not None and not held.is_withdrawn:
            revised.append(replace(held, is_withdrawn=True, source="oai"))
    return replace(plan, revised=tuple(revised))


def ids_of(page: OaiPage) -> set[ArxivId]:
    """Identifiers of all papers on a page."""
    return {*(p.arxiv_id for p in page.papers), *page.authors, *page.deleted}
