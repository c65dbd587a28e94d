"""Client of arXiv's OAI-PMH service, and the parser of its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from lxml import etree

from domain.author_name import AuthorName, real_authors
from domain.errors import ResumptionTokenExpired, SourceFormatError, SourceRejected, SourceUnavailable
from domain.paper import ArxivId, Paper, PaperVersion, categories_among, one_line, parse_arxiv_id, says_withdrawn
from domain.tex_as_text import text_line
from ingest.author_lines import split_authors
from ingest.dates import parse_mail_date
from ingest.http_session import ArxivHttpSession
from ingest.malformed_records import parse_records
from ingest.oai_pass_plan import FORMATS, OaiFormat, OaiPage
from ingest.rate_limiter import RateLimiter
from ingest.record_bounds import (
    MAX_AUTHOR,
    MAX_AUTHORS,
    MAX_DATE,
    MAX_LENGTHS,
    MAX_NOTE,
    MAX_VERSION,
    check_length,
    check_number,
    check_record,
)
from ingest.settings import ArxivSettings

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_NAMESPACES: dict[OaiFormat, str] = {name: f"{{http://arxiv.org/OAI/{name}/}}" for name in FORMATS}
_WITHDRAWN = "I"  # source type of a withdrawn version


class OaiClient:
    """Requests record lists from arXiv's OAI-PMH service; ``rate_limiter`` is a new one by default.

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
        self._url = settings.oai_url
        self._clock = clock
        self._session = ArxivHttpSession(
            settings,
            product=product,
            base_url=settings.oai_url,
            accept="text/xml, application/xml",
            check=check_answer,
            rate_limiter=rate_limiter,
            source="oai",
        )

    def close(self) -> None:
        """Close the connections to arXiv."""
        self._session.close()

    def first_page(self, set_name: str, metadata_format: OaiFormat, *, from_date: date) -> OaiPage:
        """The first page of all records in a set that changed on ``from_date`` or later.

        An empty list is requested a second time before it is believed.

        Raises
        ------
        SourceUnavailable, SourceRejected
            As ``ArxivHttpSession.with_retries`` does.
        """
        arguments = {"metadataPrefix": metadata_format, "set": set_name, "from": from_date.isoformat()}
        page = self._list_records(arguments, metadata_format)
        return page if page.n_records else self._list_records(arguments, metadata_format)

    def next_page(self, token: str, metadata_format: OaiFormat) -> OaiPage:
        """The next page of a list.

        Raises
        ------
        ResumptionTokenExpired
            If the list must be read again from the start.
        SourceUnavailable, SourceRejected
            As ``ArxivHttpSession.with_retries`` does.
        """
        page = self._list_records({"resumptionToken": token}, metadata_format)
        if page.token == token or not page.n_records:
            raise SourceUnavailable("arXiv's list ends although its resumption token promised more", url=self._url)
        return page

    def _list_records(self, arguments: Mapping[str, str], metadata_format: OaiFormat) -> OaiPage:
        url = f"{self._url}?{urlencode({'verb': 'ListRecords', **arguments})}"
        response = self._session.with_retries(lambda: self._session.get(url))
        return read_page(response.content, url, metadata_format, now=self._clock())


def check_answer(body: bytes, url: str) -> None:
    """Check that a body is a complete answer to ``ListRecords``.

    Raises
    ------
    SourceFormatError
        If the body is malformed, truncated, not OAI-PMH, or a list without records.
    ResumptionTokenExpired, SourceRejected
        If it is OAI-PMH's error for an expired token, or for an invalid request.
    """
    _record_list(body, url)


def _record_list(body: bytes, url: str) -> tuple[datetime, etree._Element | None, tuple[str, ...]]:
    """The time of the answer, its list element, ``None`` if no record matches, and its malformed records."""
    root, malformed = parse_records(body, url, "OAI-PMH", "record")
    answered_at = root.findtext(f"{_OAI}responseDate")
    if root.tag != f"{_OAI}OAI-PMH" or answered_at is None:
        raise SourceFormatError(f"arXiv's answer is <{etree.QName(root).localname}>, not OAI-PMH", url=url)
    try:
        at = datetime.fromisoformat(answered_at.strip())
    except ValueError as error:
        raise SourceFormatError(f"arXiv's responseDate cannot be read ({error})", url=url) from error
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if (refusal := root.find(f"{_OAI}error")) is not None:
        code, reason = refusal.get("code", "no code"), one_line(refusal.text or "no reason given")
        if code == "noRecordsMatch":
            return at, None, ()
        if code == "badResumptionToken":
            raise ResumptionTokenExpired(f"arXiv's resumption token has expired: {reason}", url=url)
        raise SourceRejected(f"arXiv rejects the request: {code}, {reason}", url=url)
    listed = root.find(f"{_OAI}ListRecords")
    if listed is None or (listed.find(f"{_OAI}record") is None and not malformed):
        # An empty result has its own error code in OAI-PMH, so this is a fault.
        raise SourceFormatError("arXiv's answer has no record and no error code", url=url)
    return at, listed, malformed


def read_page(body: bytes, url: str, metadata_format: OaiFormat, *, now: datetime | None = None) -> OaiPage:
    """The records of an answer to ``ListRecords``; none may be dated after ``now``, by default the answer's time.

    Raises
    ------
    SourceFormatError, ResumptionTokenExpired, SourceRejected
        As ``check_answer`` does.
    """
    answered_at, listed, malformed = _record_list(body, url)
    if listed is None:
        return OaiPage(0, answered_at)
    papers: list[Paper] = []
    versions: list[PaperVersion] = []
    authors: dict[ArxivId, tuple[AuthorName, ...]] = {}
    deleted: list[ArxivId] = []
    unreadable = list(malformed)
    records = listed.findall(f"{_OAI}record")
    for position, record in enumerate(records, 1):
        name = one_line(record.findtext(f"{_OAI}header/{_OAI}identifier") or f"record {position}")
        try:
            header = record.find(f"{_OAI}header")
            if header is not None and header.get("status") == "deleted":
                deleted.append(parse_arxiv_id(name.removeprefix("oai:arXiv.org:")))
                continue
            described = record.find(f"{_OAI}metadata/{_NAMESPACES[metadata_format]}{metadata_format}")
            if described is None:
                raise ValueError(f"no {metadata_format}")
            fields = _Record(described, _NAMESPACES[metadata_format])
            if metadata_format == "arXiv":
                authors[fields.arxiv_id] = fields.structured_authors()
            else:
                paper, intermediate = fields.paper()
                check_record(paper, intermediate, now=now or answered_at)
                papers.append(paper)
                versions += intermediate
        except (ValueError, OverflowError) as error:
            unreadable.append(f"{name}: {error}")
    token = one_line(listed.findtext(f"{_OAI}resumptionToken") or "") or None
    return OaiPage(
        n_records=len(records) + len(malformed),
        answered_at=answered_at,
        token=token,
        papers=tuple(papers),
        versions=tuple(versions),
        authors=authors,
        deleted=tuple(deleted),
        unreadable=tuple(unreadable),
    )


@dataclass(frozen=True)
class _Record:
    """The metadata of one record; every method raises ``ValueError`` if a field is absent or malformed."""

    element: etree._Element
    namespace: str

    def text(self, name: str) -> str | None:
        text = self.element.findtext(f"{self.namespace}{name}")
        check_length(f"<{name}>", text, MAX_LENGTHS.get(name, MAX_NOTE))
        return text_line(text or "") or None

    def required(self, name: str) -> str:
        text = self.text(name)
        if text is None:
            raise ValueError(f"no <{name}>")
        return text

    @property
    def arxiv_id(self) -> ArxivId:
        return parse_arxiv_id(self.required("id"))

    def structured_authors(self) -> tuple[AuthorName, ...]:
        names = []
        if (authors := self.element.find(f"{self.namespace}authors")) is not None and len(authors) > MAX_AUTHORS:
            raise ValueError(f"{len(authors):,} authors; at most {MAX_AUTHORS:,} are read")
        for author in self.element.iterfind(f"{self.namespace}authors/{self.namespace}author"):
            parts = [author.findtext(f"{self.namespace}{part}") or "" for part in ("keyname", "forenames", "suffix")]
            check_length("an author's name", "".join(parts), MAX_AUTHOR)
            names.append(AuthorName(*parts))
        return real_authors(names)

    def paper(self) -> tuple[Paper, list[PaperVersion]]:
        elements = self.element.findall(f"{self.namespace}version")
        if not elements:
            raise ValueError("no <version>")
        check_number("number of versions", len(elements), MAX_VERSION)
        versions = [self._version(element) for element in elements]
        first, newest = versions[0], versions[-1]
        categories = categories_among(self.required("categories").split())
        if not categories:
            raise ValueError("no category")
        comment, abstract = self.text("comments"), self.required("abstract")
        source_type = self.element.findall(f"{self.namespace}version")[-1].findtext(f"{self.namespace}source_type")
        paper = Paper(
            arxiv_id=self.arxiv_id,
            version=newest.version,
            title=self.required("title"),
            abstract=abstract,
            authors=split_authors(self.text("authors") or ""),
            primary_category=categories[0],  # arXiv lists the primary one first
            categories=categories,
            submitted_at=first.submitted_at,
            updated_at=newest.submitted_at,
            comment=comment,
            doi=self.text("doi"),
            journal_ref=self.text("journal-ref"),
            # The flag is not always set, so the paper's text counts too.
            is_withdrawn=one_line(source_type or "") == _WITHDRAWN or says_withdrawn(comment, abstract),
            source="oai",
        )
        return paper, versions[1:-1]

    def _version(self, version: etree._Element) -> PaperVersion:
        number, at = version.get("version", ""), version.findtext(f"{self.namespace}date")
        if at is None:
            raise ValueError(f"version {number[:20]!r} has no <date>")
        check_length("a version's number", number, 20)
        check_length("a version's date", at, MAX_DATE)
        return PaperVersion(self.arxiv_id, int(number.removeprefix("v")), parse_mail_date(one_line(at)))
