"""A local server that imitates arXiv's query API and OAI-PMH, with faults on demand.

It implements what a harvest needs: papers of some categories, submitted between two minutes, in pages.

    GET /api/query?search_query=(cat:cs.LG OR cat:cs.CL) AND submittedDate:[202606150000 TO 202606212359]
                  &start=0&max_results=100&sortBy=submittedDate&sortOrder=ascending

OAI-PMH is at ``/oai``; see ``sample/oai.py``.

arXiv's announcement schedule is simplified: a paper is visible one day after its submission.
"""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Literal, Self, get_args
from urllib.parse import parse_qs, urlsplit

from domain.paper import Paper
from sample.oai import list_records, without_records

FaultKind = Literal[
    "503",
    "429",
    "500",
    "html",
    "empty",
    "zero",
    "truncate",
    "cut",
    "reset",
    "stall",
    "lie",
    "error",
    "shift",
    "no_published",
    "bad_date",
    "406",
    "trickle",
    "no_id",
    "no_abstract",
    "moved",
]

ANNOUNCED_AFTER = timedelta(days=1)
MAX_PAGE = 2000
MAX_START = 30_000

_QUERY = re.compile(
    r"(?:(?P<opened>\()?(?P<categories>cat:[\w.-]+(?: OR cat:[\w.-]+)*)(?(opened)\))(?: AND (?=s)|$))?"
    r"(?:submittedDate:\[(?P<first>\d{12}) TO (?P<last>\d{12})\])?"
)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATOM = "application/atom+xml; charset=utf-8"
_OAI = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class _Fault:
    kind: FaultKind
    at: frozenset[int]
    arg: float | None


@dataclass(frozen=True)
class _Answer:
    status: int
    body: str
    content_type: str = _ATOM
    headers: tuple[tuple[str, str], ...] = ()


class SampleArxiv:
    """A server of arXiv's APIs over some papers, on a free port of 127.0.0.1, running inside a ``with`` block.

    ``now`` is the server's clock, and may be changed while the server runs. It appears in the feed, and papers
    submitted less than a day before it are hidden. ``oai_page_size`` is the number of records per OAI-PMH page.
    ``requests`` lists the path and query of every request, in order. A query without categories counts one paper more,
    for all that arXiv has in other categories, if its window begins before ``index_end``, by default a day before
    ``now``.

    Examples
    --------
    >>> with SampleArxiv([], now=datetime(2026, 6, 23, 6, tzinfo=UTC)) as arxiv:
    ...     arxiv.api_url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(self, papers: Iterable[Paper], *, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("now must be timezone-aware")
        self.now = now
        self.oai_page_size = 100
        self.index_end: datetime | None = None
        self.requests: list[str] = []
        self._papers = sorted(papers, key=lambda paper: (paper.submitted_at, paper.arxiv_id))
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def failing(self, kind: FaultKind, at: Collection[int] = (1,), *, arg: float | None = None) -> Self:
        """Fail at some requests, counted from 1; returns the server itself, so that calls can be chained.

        ======================  ==========================================================================
        ``503``, ``429``        the status, with ``Retry-After: arg`` if ``arg`` is given
        ``500``                 the status with an HTML page
        ``html``                status 200 with an HTML page
        ``empty``               the right total, but no entries
        ``zero``                total 0 and no entries, although papers match
        ``truncate``            a body that ends inside an entry, with a matching length header
        ``cut``                 the connection closed halfway through the body
        ``reset``               the connection reset before any byte
        ``stall``               ``arg`` seconds (default 1) of silence before the right answer
        ``lie``                 a total that is too large by ``arg`` (default 1)
        ``error``               status 200 with an Atom entry titled "Error"
        ``shift``               ``arg`` (default 1) papers of the previous page are repeated, displacing the last ones
        ``no_published``        the page's first entry lacks its submission time
        ``bad_date``            the page's first entry has a submission time that is not a date
        ``406``                 the status, which arXiv sends to clients that send too many requests
        ``trickle``             the right answer in chunks of 100 bytes, ``arg`` seconds (default 1) apart
        ``no_id``               the page's first entry lacks its identifier
        ``no_abstract``         the page's last entry has an empty abstract
        ``moved``               status 301 to the same path and query under ``/new``
        ======================  ==========================================================================
        """
        if kind not in get_args(FaultKind):
            raise ValueError(f"unknown fault {kind!r}; use one of {', '.join(get_args(FaultKind))}")
        self._faults.append(_Fault(kind, frozenset(at), arg))
        return self

    @property
    def api_url(self) -> str:
        """URL of the query API: ``http://127.0.0.1:PORT/api/query``."""
        if self._server is None:
            raise RuntimeError("the server runs only inside its with block")
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/query"

    @property
    def oai_url(self) -> str:
        """URL of OAI-PMH: ``http://127.0.0.1:PORT/oai``."""
        return self.api_url.removesuffix("/api/query") + "/oai"

    @property
    def n_requests(self) -> int:
        """Number of requests received."""
        return len(self.requests)

    def __enter__(self) -> Self:
        handler = type("_BoundHandler", (_Handler,), {"arxiv": self})
        self._closing.clear()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="sample-arxiv", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
        self._server = self._thread = None

    def _begin(self, path: str) -> _Fault | None:
        with self._lock:
            self.requests.append(path)
            n = len(self.requests)
        return next((fault for fault in self._faults if n in fault.at), None)

    def _answer(self, path: str, fault: _Fault | None) -> _Answer:
        """The answer to one request; the handler simulates faults of the connection itself."""
        kind = fault.kind if fault else None
        arg = fault.arg if fault else None
        if kind in ("503", "429"):
            headers = (("Retry-After", str(int(arg))),) if arg is not None else ()
            return _Answer(int(kind), "Rate exceeded." if kind == "429" else "Try later.", "text/plain", headers)
        if kind == "moved":
            return _Answer(301, "Moved Permanently", "text/plain", (("Location", f"/new{path}"),))
        if kind == "406":
            return _Answer(406, "Not Acceptable", "text/plain")
        if kind in ("500", "html"):
            page = "<html><head><title>arXiv</title></head><body><h1>Temporarily unavailable</h1><br></body></html>"
            return _Answer(500 if kind == "500" else 200, page, "text/html; charset=utf-8")
        if kind == "stall":
            self._closing.wait(1.0 if arg is None else arg)
        if kind == "error":
            return _Answer(200, _error_feed("the search could not be completed", self.now))
        url = urlsplit(path)
        args = {name: values[-1] for name, values in parse_qs(url.query).items()}
        announced = [p for p in self._papers if p.submitted_at <= self.now - ANNOUNCED_AFTER]
        if url.path == "/oai":
            if kind in ("empty", "zero"):
                return _Answer(200, without_records(self.now), _OAI)
            return _Answer(200, list_records(args, announced, now=self.now, page_size=self.oai_page_size), _OAI)
        if url.path != "/api/query":
            return _Answer(404, "not found", "text/plain")
        try:
            query = _Query.parse(args)
        except ValueError as error:
            return _Answer(400, _error_feed(str(error), self.now))
        found = query.matching(announced)
        total = len(found)
        if query.first is not None and not query.categories and not query.ids:
            total += query.first <= (self.index_end or self.now - ANNOUNCED_AFTER)
        start = query.start
        if kind == "zero":
            total, found = 0, []
        if kind == "empty":
            found = []
        if kind == "lie":
            total += int(arg or 1)
        if kind == "shift":
            start = max(0, start - int(arg or 1))
        entries = [_entry(paper) for paper in found[start : start + query.max_results]]
        if entries and kind == "no_published":
            entries[0] = re.sub(r" *<published>.*</published>\n", "", entries[0])
        if entries and kind == "bad_date":
            entries[0] = re.sub(r"<published>.*</published>", "<published>2026-13-45T99:00:00Z</published>", entries[0])
        if entries and kind == "no_id":
            entries[0] = re.sub(r" *<id>.*</id>\n", "", entries[0])
        if entries and kind == "no_abstract":
            entries[-1] = re.sub(r"<summary>.*</summary>", "<summary></summary>", entries[-1])
        title = f"arXiv Query: search_query={query.text}&start={query.start}&max_results={query.max_results}"
        return _Answer(200, _feed(title, total, query.start, query.max_results, entries, self.now))


@dataclass(frozen=True)
class _Query:
    text: str
    ids: frozenset[str]
    categories: frozenset[str]
    first: datetime | None
    last: datetime | None
    start: int
    max_results: int
    is_descending: bool

    @classmethod
    def parse(cls, args: dict[str, str]) -> _Query:
        """Parse a request's arguments; a ``ValueError`` has the message for arXiv's error entry."""
        text, ids = args.get("search_query", ""), [i for i in args.get("id_list", "").split(",") if i]
        match = _QUERY.fullmatch(text)
        if (match is None or not text) and (text or not ids):
            raise ValueError(f"cannot read the query {text!r}")
        categories = re.findall(r"cat:([\w.-]+)", match["categories"] or "") if match else []
        first, last = (match["first"], match["last"]) if match else (None, None)
        try:
            start, max_results = int(args.get("start", "0")), int(args.get("max_results", "10"))
        except ValueError:
            raise ValueError("start and max_results must be integers") from None
        if not 0 <= max_results <= MAX_PAGE:
            raise ValueError(f"max_results must be between 0 and {MAX_PAGE}")
        if not 0 <= start <= MAX_START:
            raise ValueError(f"start must be between 0 and {MAX_START}")
        # Relevance, arXiv's default, has no effect here: all matches are equally relevant.
        if args.get("sortBy", "relevance") not in ("relevance", "submittedDate"):
            raise ValueError("sortBy must be in: relevance, submittedDate")
        order = args.get("sortOrder", "descending")
        if order not in ("ascending", "descending"):
            raise ValueError("sortOrder must be in: ascending, descending")
        # The last minute is included, up to its 59th second.
        return cls(
            text=text,
            ids=frozenset(ids),
            categories=frozenset(categories),
            first=_minute(first) if first else None,
            last=_minute(last) + timedelta(seconds=59) if last else None,
            start=start,
            max_results=max_results,
            is_descending=order == "descending",
        )

    def matching(self, papers: Iterable[Paper]) -> list[Paper]:
        """The matching papers in the requested order; ``papers`` must be in order of submission."""
        found = [
            paper
            for paper in papers
            if (not self.categories or not self.categories.isdisjoint(paper.categories))
            and (not self.ids or paper.arxiv_id in self.ids)
            and (self.first is None or self.first <= paper.submitted_at)
            and (self.last is None or paper.submitted_at <= self.last)
        ]
        return found[::-1] if self.is_descending else found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    arxiv: SampleArxiv

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing; ``SampleArxiv.requests`` has the requests."""

    def do_GET(self) -> None:
        fault = self.arxiv._begin(self.path)
        if fault and fault.kind == "reset":
            # A linger time of 0 makes the kernel send a reset instead of closing in order.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._close_connection()
            return
        answer = self.arxiv._answer(self.path, fault)
        body = answer.body.encode()
        if fault and fault.kind == "truncate":
            body = body[: _truncation_offset(body)]
        try:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            if fault and fault.kind == "cut":
                self.wfile.write(body[: len(body) // 2])
                self._close_connection()
            elif fault and fault.kind == "trickle":
                for start in range(0, len(body), 100):
                    self.wfile.write(body[start : start + 100])
                    self.arxiv._closing.wait(1.0 if fault.arg is None else fault.arg)
            else:
                self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client gave up, for instance during a stall

    def _close_connection(self) -> None:
        self.close_connection = True
        self.connection.close()


def _minute(digits: str) -> datetime:
    return datetime.strptime(digits, "%Y%m%d%H%M").replace(tzinfo=UTC)


def _truncation_offset(body: bytes) -> int:
    """The offset at which to truncate: inside a summary near the middle, or the middle if there is none."""
    summary = body.find(b"<summary>", len(body) // 2)
    return summary + 60 if summary >= 0 else len(body) // 2


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _xml(text: str) -> str:
    # XML cannot represent some control characters, not even escaped.
    return escape(_NOT_XML.sub("", text))


def _entry(paper: Paper) -> str:
    versioned = f"{paper.arxiv_id}v{paper.version}"
    optional = (("comment", paper.comment), ("journal_ref", paper.journal_ref), ("doi", paper.doi))
    lines = [
        "<entry>",
        f"  <id>http://arxiv.org/abs/{versioned}</id>",
        f"  <title>{_xml(paper.title)}</title>",
        f"  <updated>{_stamp(paper.updated_at)}</updated>",
        f'  <link href="https://arxiv.org/abs/{versioned}" rel="alternate" type="text/html"/>',
        f'  <link href="https://arxiv.org/pdf/{versioned}" rel="related" type="application/pdf" title="pdf"/>',
        f"  <summary>{_xml(paper.abstract)}</summary>",
        *(f'  <category term="{_xml(c)}" scheme="http://arxiv.org/schemas/atom"/>' for c in paper.categories),
        f"  <published>{_stamp(paper.submitted_at)}</published>",
        *(f"  <arxiv:{tag}>{_xml(value)}</arxiv:{tag}>" for tag, value in optional if value),
        f'  <arxiv:primary_category term="{_xml(paper.primary_category)}"/>',
        *(f"  <author><name>{_xml(author)}</name></author>" for author in paper.authors),
        "</entry>",
    ]
    return "".join(line + "\n" for line in lines)


def _error_feed(message: str, now: datetime) -> str:
    entry = (
        "<entry>\n  <id>https://arxiv.org/api/errors</id>\n  <title>Error</title>\n"
        f"  <updated>{_stamp(now)}</updated>\n  <summary>{_xml(message)}</summary>\n"
        "  <author><name>arXiv api core</name></author>\n</entry>\n"
    )
    return _feed("arXiv Search Results", 1, 0, 1, [entry], now)


def _feed(title: str, total: int, start: int, max_results: int, entries: Sequence[str], now: datetime) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">\n'
        "<id>https://arxiv.org/api/sample</id>\n"
        f"<title>{_xml(title)}</title>\n"
        f"<updated>{_stamp(now)}</updated>\n"
        f"<opensearch:itemsPerPage>{max_results}</opensearch:itemsPerPage>\n"
        f"<opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>\n" + "".join(entries) + "</feed>\n"
    )
