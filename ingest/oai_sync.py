"""What to ask of OAI-PMH's lists, and what to do with what comes.

A list holds everything that changed in a category since a day, page by page. Two of arXiv's formats are read.
``arXivRaw`` has every version with its date, and marks what is withdrawn, but has the authors in one line; ``arXiv``
has the authors apart, but only days. So a category is read twice, papers first. Since 2025 a list no longer says how
long it is, and its tokens expire with the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from domain.harvest import HarvestPlan, OaiPass
from domain.paper import ArxivId, Paper, PaperVersion
from ingest.harvest import plan_harvest

OaiFormat = Literal["arXivRaw", "arXiv"]
FORMATS: tuple[OaiFormat, ...] = ("arXivRaw", "arXiv")
"""In the order in which they must be read: authors are only put right of papers that are held."""

READ_AGAIN_AFTER = timedelta(hours=12)

_OWN_GROUP = frozenset("cs econ eess math q-bio q-fin stat".split())


@dataclass(frozen=True)
class OaiPage:
    """One answer.

    In ``arXivRaw`` it tells of ``papers`` and of the ``versions`` between their first and newest, in ``arXiv`` of
    ``authors``; in both of papers that arXiv has ``deleted``. ``unreadable`` names a record and says what is wrong
    with it. ``token`` asks for the next page, ``None`` at the end. ``answered_at`` is arXiv's own clock.
    """

    n_records: int
    answered_at: datetime
    token: str | None = None
    papers: tuple[Paper, ...] = ()
    versions: tuple[PaperVersion, ...] = ()
    authors: Mapping[ArxivId, tuple[str, ...]] = field(default_factory=dict)
    deleted: tuple[ArxivId, ...] = ()
    unreadable: tuple[str, ...] = ()


class OaiSource(Protocol):
    """What a harvest of lists asks."""

    def first_page(self, set_name: str, metadata_format: OaiFormat, *, from_date: date) -> OaiPage:
        """The begin of the list of everything in a set that changed on ``from_date`` or later."""
        ...

    def next_page(self, token: str, metadata_format: OaiFormat) -> OaiPage:
        """Where a list goes on; ``SourceListExpired`` if it does not."""
        ...


def set_of(category: str) -> str:
    """OAI-PMH's name of a category.

    Examples
    --------
    >>> [set_of(category) for category in ("cs.LG", "hep-th", "cond-mat.stat-mech")]
    ['cs:cs:LG', 'physics:hep-th', 'physics:cond-mat:stat-mech']
    """
    archive, _, subject = category.partition(".")
    group = archive if archive in _OWN_GROUP else "physics"
    return ":".join(filter(None, (group, archive, subject)))


def next_pass(
    newest: OaiPass | None, set_name: str, metadata_format: OaiFormat, *, since: date, now: datetime
) -> OaiPass:
    """The pass to make through a list after the newest one: it goes on if it was cut off, else a new one begins.

    A new one reads the changes since the last whole one; if papers are wanted that no pass has asked for, everything
    that changed since they could have been submitted. A whole one that ended less than ``READ_AGAIN_AFTER`` ago is
    given back as it is: arXiv's lists change once a day.
    """
    if newest is None or since < newest.since:
        return OaiPass(set_name, metadata_format, since=since, pass_from=since)
    if newest.finished_at is None or newest.from_date is None or now - newest.finished_at < READ_AGAIN_AFTER:
        return newest
    return OaiPass(
        set_name, metadata_format, since=newest.since, pass_from=newest.from_date, from_date=newest.from_date
    )


def after_page(current: OaiPass, page: OaiPage, *, now: datetime) -> OaiPass:
    """Where a pass stands when a page of it has been read."""
    began_at = current.began_at or page.answered_at
    problem = current.problem
    if page.unreadable:
        problem = f"{len(page.unreadable)} records could not be read, {min(page.unreadable)} for one"
    current = replace(
        current, token=page.token, began_at=began_at, n_records=current.n_records + page.n_records, problem=problem
    )
    if page.token is not None:
        return current
    # A day again: datestamps are days of arXiv's own zone.
    return replace(current, from_date=began_at.date() - timedelta(days=1), finished_at=now)


def begun_again(current: OaiPass) -> OaiPass:
    """A pass whose token has expired, from its begin."""
    return replace(current, token=None, began_at=None, n_records=0, problem=None)


def plan_page(page: OaiPage, known: Mapping[ArxivId, Paper], *, since: date) -> HarvestPlan:
    """What storing a page will do.

    Papers submitted before ``since`` are stored only if they are known: a list of changes holds old papers too.
    Authors and deletions are of papers that are known; what arXiv has deleted counts as withdrawn.
    """
    wanted = {p.arxiv_id: p for p in page.papers if p.arxiv_id in known or p.submitted_at.date() >= since}
    plan = plan_harvest(wanted.values(), known, (v for v in page.versions if v.arxiv_id in wanted))
    revised = list(plan.revised)
    for arxiv_id, authors in page.authors.items():
        held = known.get(arxiv_id)
        if held is not None and authors and authors != held.authors:
            revised.append(replace(held, authors=authors))
    for arxiv_id in page.deleted:
        held = known.get(arxiv_id)
        if held is not None and not held.is_withdrawn:
            revised.append(replace(held, is_withdrawn=True, source="oai"))
    return replace(plan, revised=tuple(revised))


def ids_of(page: OaiPage) -> set[ArxivId]:
    """Every paper that a page tells of."""
    return {*(p.arxiv_id for p in page.papers), *page.authors, *page.deleted}
