"""One question to arXiv's query API at a time, by way of the ``arxiv`` package.

The package reads Atom and knows the parameters. Measured, it also takes an empty or unreadable answer for the end
of the results, hides the total, sets no time-out and ignores ``Retry-After``. So it is given our own session, which
refuses every answer that is not a whole Atom feed, and the feed's header is kept here.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import arxiv
import requests
from lxml import etree

from domain.errors import SourceFormatError, SourceRejected
from domain.harvest import Window
from domain.paper import ArxivId, Paper, categories_among, one_line, parse_entry_id, says_withdrawn
from ingest.http_session import ArxivHttpSession, parse_xml
from ingest.rate_limiter import RateLimiter
from ingest.settings import ArxivSettings

_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_IDS_AT_ONCE = 100  # they stand in the address, which should not grow too long


@dataclass(frozen=True)
class Page:
    """One answer.

    ``n_total`` is arXiv's count of everything that matches; ``n_entries`` how many entries this answer holds, the
    ``unreadable`` included, which name an entry and say what it lacks. ``answered_at`` is arXiv's own clock.
    """

    papers: tuple[Paper, ...]
    n_total: int
    n_entries: int
    unreadable: tuple[str, ...]
    answered_at: datetime


@dataclass(frozen=True)
class _Feed:
    """The header of a whole feed, and the feed without the entries that the ``arxiv`` package cannot read."""

    n_total: int
    n_entries: int
    unreadable: tuple[str, ...]
    answered_at: datetime
    readable: bytes


class ArxivClient:
    """Asks arXiv for the papers of a window, one request at a time through ``gate``, its own where none is given."""

    def __init__(self, settings: ArxivSettings, *, product: str, gate: RateLimiter | None = None) -> None:
        self._settings = settings
        self._feed = _Feed(0, 0, (), datetime.min.replace(tzinfo=UTC), b"")
        self._session = ArxivHttpSession(
            settings,
            product=product,
            base_url=settings.api_url,
            accept="application/atom+xml",
            check=self._keep_feed,
            gate=gate,
        )

    @property
    def n_requests(self) -> int:
        """How many requests were sent, retries included."""
        return self._session.n_requests

    def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
        """Papers ``start`` to ``start + size`` of a window by submission time, oldest first.

        Raises
        ------
        SourceUnavailable
            If there was no whole answer in ``max_tries`` tries, or arXiv asks for a longer wait than we grant.
        SourceRejected
            If arXiv refuses the question.
        """
        search = arxiv.Search(
            query=search_query(window, categories),
            max_results=start + size,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )
        return self._session.retrying(lambda: self._ask(search, start=start, size=size))

    def papers_by_id(self, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
        """Those of the papers that arXiv has, as it has them now.

        Raises
        ------
        SourceUnavailable, SourceRejected
            As ``page`` does.
        """
        found: list[Paper] = []
        for start in range(0, len(ids), _IDS_AT_ONCE):
            some = list(ids[start : start + _IDS_AT_ONCE])
            search = arxiv.Search(id_list=some, max_results=len(some))
            page = self._session.retrying(functools.partial(self._ask, search, start=0, size=len(some)))
            found += [p for p in page.papers if p.arxiv_id in some]
        return tuple(found)

    def get(self, url: str, **_: Any) -> requests.Response:
        """What the ``arxiv`` package asks through: a whole feed, without the entries that would end its reading."""
        response = self._session.get(url)
        if self._feed.unreadable:
            response._content = self._feed.readable
        return response

    def _keep_feed(self, body: bytes, url: str) -> None:
        self._feed = read_feed(body, url)

    def _ask(self, search: arxiv.Search, *, start: int, size: int) -> Page:
        client = arxiv.Client(page_size=size, delay_seconds=0, num_retries=0)
        client.query_url_format = self._settings.api_url + "?{}"
        client._session = self  # the package offers no other way to give it one
        results = client.results(search, offset=start)
        first = next(results, None)  # sends the request
        feed = self._feed
        # Only what this answer holds: asking the package for more would send the next request.
        n_more = feed.n_entries - len(feed.unreadable) - 1
        found = [] if first is None else [first, *itertools.islice(results, max(0, n_more))]
        papers: list[Paper] = []
        unreadable = list(feed.unreadable)
        for result in found:
            try:
                papers.append(paper_from_result(result))
            except ValueError as error:
                unreadable.append(f"{result.entry_id}: {error}")
        return Page(tuple(papers), feed.n_total, feed.n_entries, tuple(unreadable), feed.answered_at)


def search_query(window: Window, categories: tuple[str, ...]) -> str:
    """The window and categories in arXiv's query language, whose time bounds are minutes, both included."""
    listed = " OR ".join(f"cat:{category}" for category in categories)
    last_minute = window.end_at - timedelta(minutes=1)
    return f"({listed}) AND submittedDate:[{window.start_at:%Y%m%d%H%M} TO {last_minute:%Y%m%d%H%M}]"


def paper_from_result(result: arxiv.Result) -> Paper:
    """A ``Paper`` from what the ``arxiv`` package read.

    Raises
    ------
    ValueError
        If a field that a paper must have is absent or malformed.
    """
    arxiv_id, version = parse_entry_id(result.entry_id)
    primary = result.primary_category or ""
    comment = one_line(result.comment) if result.comment else None
    abstract = one_line(result.summary)
    return Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=one_line(result.title),
        abstract=abstract,
        authors=tuple(name for author in result.authors if (name := one_line(author.name))),
        primary_category=primary,
        # The primary one first, as arXiv's other services list them.
        categories=categories_among((primary, *result.categories)),
        submitted_at=result.published,
        updated_at=result.updated,
        comment=comment,
        doi=result.doi or None,
        journal_ref=one_line(result.journal_ref) if result.journal_ref else None,
        is_withdrawn=says_withdrawn(comment, abstract),
        source="api",
    )


def read_feed(body: bytes, url: str) -> _Feed:
    """An Atom feed that is whole. Entries that the ``arxiv`` package would drop, or break at, are named and taken out.

    Raises
    ------
    SourceFormatError
        If the body is not well-formed, not an arXiv feed, or cut off.
    SourceRejected
        If the feed is arXiv's way of saying that the question is wrong.
    """
    root = parse_xml(body, url, "Atom")
    n_total, updated = root.findtext(f"{_OPENSEARCH}totalResults"), root.findtext(f"{_ATOM}updated")
    if root.tag != f"{_ATOM}feed" or n_total is None or updated is None:
        raise SourceFormatError(f"arXiv's answer is <{etree.QName(root).localname}>, not an Atom feed", url=url)
    entries = root.findall(f"{_ATOM}entry")
    unreadable = []
    for position, entry in enumerate(entries, 1):
        entry_id = entry.findtext(f"{_ATOM}id") or ""
        if "/api/errors" in entry_id:
            reason = one_line(entry.findtext(f"{_ATOM}summary") or "no reason given")
            raise SourceRejected(f"arXiv rejects the question: {reason}", url=url)
        if (problem := _problem_of(entry)) is not None:
            unreadable.append(f"{entry_id or f'entry {position}'}: {problem}")
            root.remove(entry)
    try:
        readable = etree.tostring(root) if unreadable else body
        return _Feed(int(n_total), len(entries), tuple(unreadable), _instant(updated), readable)
    except ValueError as error:
        raise SourceFormatError(f"arXiv's feed header cannot be read ({error})", url=url) from error


def _problem_of(entry: etree._Element) -> str | None:
    for name in ("id", "published", "updated"):
        text = entry.findtext(f"{_ATOM}{name}")
        if not text:
            return f"no <{name}>"
        if name != "id":
            try:
                _instant(text)
            except (ValueError, OverflowError):
                return f"<{name}> is not a time: {one_line(text)[:40]!r}"
    return None


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text.strip())
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
