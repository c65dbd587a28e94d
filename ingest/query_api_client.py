"""Client of arXiv's query API, through the ``arxiv`` package.

The package builds the query and parses entries. It also takes an empty or unreadable answer for the end of the
results, hides the total, sets no time-out and ignores ``Retry-After``. So it runs on our own session, which accepts
only a complete Atom feed and keeps the feed's header.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import arxiv
import requests
from lxml import etree

from domain.author_name import real_names
from domain.errors import SourceFormatError, SourceRejected
from domain.harvest import Window
from domain.paper import ArxivId, Paper, categories_among, one_line, parse_entry_id, says_withdrawn
from domain.tex_as_text import text_line
from ingest.http_session import ArxivHttpSession
from ingest.malformed_records import parse_records
from ingest.rate_limiter import RateLimiter
from ingest.record_bounds import MAX_AUTHOR, MAX_AUTHORS, MAX_LENGTHS, MAX_NOTE, check_length, check_record
from ingest.settings import ArxivSettings

_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_IDS_PER_REQUEST = 100  # they are part of the URL, whose length is limited


@dataclass(frozen=True)
class Page:
    """One page of results.

    ``n_total`` is arXiv's count of all matches. ``n_entries`` counts the entries of this page, including the
    ``unreadable`` ones, each described by its id and problem. ``answered_at`` is arXiv's own clock.
    """

    papers: tuple[Paper, ...]
    n_total: int
    n_entries: int
    unreadable: tuple[str, ...]
    answered_at: datetime


@dataclass(frozen=True)
class _Feed:
    """The header of a feed, and the feed without the entries that the ``arxiv`` package cannot parse."""

    n_total: int
    n_entries: int
    unreadable: tuple[str, ...]
    answered_at: datetime
    readable: bytes


class ArxivClient:
    """Requests papers from arXiv's query API; ``rate_limiter`` is a new one by default.

    No paper may be dated after ``clock``.
    """

    def __init__(
        self,
        settings: ArxivSettings,
        *,
        product: str,
        rate_limiter: RateLimiter | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._feed = _Feed(0, 0, (), datetime.min.replace(tzinfo=UTC), b"")
        self._session = ArxivHttpSession(
            settings,
            product=product,
            base_url=settings.api_url,
            accept="application/atom+xml",
            check=self._check_feed,
            rate_limiter=rate_limiter,
        )

    @property
    def n_requests(self) -> int:
        """Number of requests sent, including retries."""
        return self._session.n_requests

    def close(self) -> None:
        """Close the connections to arXiv."""
        self._session.close()

    def page(self, window: Window, categories: tuple[str, ...], *, start: int, size: int) -> Page:
        """Papers ``start`` to ``start + size`` of a window by submission time, oldest first; no categories mean all.

        Raises
        ------
        SourceUnavailable
            If ``max_tries`` tries gave no complete answer, or arXiv asks for a wait above ``max_wait_s``.
        SourceRejected
            If arXiv rejects the request.
        """
        search = arxiv.Search(
            query=search_query(window, categories),
            max_results=start + size,
            sort_by=arxiv.SortCriterion.SubmittedDate,
            sort_order=arxiv.SortOrder.Ascending,
        )
        return self._session.with_retries(lambda: self._request_page(search, start=start, size=size))

    def papers_by_id(self, ids: Sequence[ArxivId]) -> tuple[Paper, ...]:
        """The current records of these papers; a paper that arXiv does not have is left out.

        Raises
        ------
        SourceUnavailable, SourceRejected
            As ``page`` does.
        """
        found: list[Paper] = []
        for start in range(0, len(ids), _IDS_PER_REQUEST):
            chunk = list(ids[start : start + _IDS_PER_REQUEST])
            search = arxiv.Search(id_list=chunk, max_results=len(chunk))
            page = self._session.with_retries(functools.partial(self._request_page, search, start=0, size=len(chunk)))
            found += [p for p in page.papers if p.arxiv_id in chunk]
        return tuple(found)

    def get(self, url: str, **_: Any) -> requests.Response:
        """Called by the ``arxiv`` package: a complete feed, without the entries that it cannot parse."""
        response = self._session.get(url)
        if self._feed.unreadable:
            response._content = self._feed.readable
        return response

    def _check_feed(self, body: bytes, url: str) -> None:
        self._feed = read_feed(body, url)

    def _request_page(self, search: arxiv.Search, *, start: int, size: int) -> Page:
        client = arxiv.Client(page_size=size, delay_seconds=0, num_retries=0)
        client.query_url_format = self._settings.api_url + "?{}"
        # The package (4.0.2) takes no session and parses no bytes in public, so a private attribute is set, and the
        # feed is parsed twice. That takes 8 ms for a page of 1,000 entries; the delay between requests is 3 s. See
        # docs/decisions.md.
        client._session = self
        results = client.results(search, offset=start)
        first = next(results, None)  # sends the request
        feed = self._feed
        # Take no more than this page has: the package would request the next one.
        n_more = feed.n_entries - len(feed.unreadable) - 1
        found = [] if first is None else [first, *itertools.islice(results, max(0, n_more))]
        papers: list[Paper] = []
        unreadable = list(feed.unreadable)
        for result in found:
            try:
                paper = paper_from_result(result)
                check_record(paper, now=self._clock())
                papers.append(paper)
            except ValueError as error:
                unreadable.append(f"{result.entry_id}: {error}")
        return Page(tuple(papers), feed.n_total, feed.n_entries, tuple(unreadable), feed.answered_at)


def search_query(window: Window, categories: tuple[str, ...]) -> str:
    """The query for a window and categories, all if none are given.

    arXiv's time bounds are whole minutes, both inclusive.
    """
    last_minute = window.end_at - timedelta(minutes=1)
    submitted = f"submittedDate:[{window.start_at:%Y%m%d%H%M} TO {last_minute:%Y%m%d%H%M}]"
    listed = " OR ".join(f"cat:{category}" for category in categories)
    return f"({listed}) AND {submitted}" if listed else submitted


def paper_from_result(result: arxiv.Result) -> Paper:
    """The ``Paper`` of a result of the ``arxiv`` package.

    Raises
    ------
    ValueError
        If a required field is absent or malformed.
    """
    arxiv_id, version = parse_entry_id(result.entry_id)
    primary = result.primary_category or ""
    comment = text_line(result.comment) if result.comment else None
    abstract = text_line(result.summary)
    return Paper(
        arxiv_id=arxiv_id,
        version=version,
        title=text_line(result.title),
        abstract=abstract,
        authors=real_names(author.name for author in result.authors),
        primary_category=primary,
        # Primary category first, as in arXiv's other services.
        categories=categories_among((primary, *result.categories)),
        submitted_at=result.published,
        updated_at=result.updated,
        comment=comment,
        doi=result.doi or None,
        journal_ref=text_line(result.journal_ref) if result.journal_ref else None,
        is_withdrawn=says_withdrawn(comment, abstract),
        source="api",
    )


def read_feed(body: bytes, url: str) -> _Feed:
    """Check that a body is a complete Atom feed, and remove the entries that the ``arxiv`` package cannot parse.

    Raises
    ------
    SourceFormatError
        If the body is malformed outside its entries, truncated, or not an arXiv feed.
    SourceRejected
        If the feed is an error message of arXiv.
    """
    root, malformed = parse_records(body, url, "Atom", "entry")
    n_total, updated = root.findtext(f"{_OPENSEARCH}totalResults"), root.findtext(f"{_ATOM}updated")
    if root.tag != f"{_ATOM}feed" or n_total is None or updated is None:
        raise SourceFormatError(f"arXiv's answer is <{etree.QName(root).localname}>, not an Atom feed", url=url)
    entries = root.findall(f"{_ATOM}entry")
    unreadable = list(malformed)
    for position, entry in enumerate(entries, 1):
        entry_id = entry.findtext(f"{_ATOM}id") or ""
        if "/api/errors" in entry_id:
            reason = one_line(entry.findtext(f"{_ATOM}summary") or "no reason given")
            raise SourceRejected(f"arXiv rejects the request: {reason}", url=url)
        if (problem := _problem_of(entry)) is not None:
            unreadable.append(f"{entry_id or f'entry {position}'}: {problem}")
            root.remove(entry)
    try:
        readable = etree.tostring(root) if unreadable else body
        return _Feed(int(n_total), len(entries) + len(malformed), tuple(unreadable), _instant(updated), readable)
    except ValueError as error:
        raise SourceFormatError(f"arXiv's feed header cannot be read ({error})", url=url) from error


def _problem_of(entry: etree._Element) -> str | None:
    if len(entry) > 2 * MAX_AUTHORS:
        return f"{len(entry):,} elements; at most {2 * MAX_AUTHORS:,} are read"
    try:
        for child in entry.iterchildren(tag=etree.Element):
            name = child.tag.rpartition("}")[2]
            check_length(f"<{name}>", child.text, MAX_LENGTHS.get(name, MAX_NOTE))
            check_length("an author's name", child.findtext(f"{_ATOM}name"), MAX_AUTHOR)
    except ValueError as error:
        return str(error)
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
