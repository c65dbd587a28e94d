"""arXiv's OAI-PMH over HTTP: questions as URLs, answers as records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from lxml import etree

from domain.errors import SourceFormatError, SourceListExpired, SourceRejected, SourceUnavailable
from domain.paper import ArxivId, Paper, PaperVersion, categories_among, one_line, parse_arxiv_id, says_withdrawn
from ingest.authors import split_authors
from ingest.dates import instant_of
from ingest.http_session import ArxivHttpSession, parse_xml
from ingest.oai_sync import FORMATS, OaiFormat, OaiPage
from ingest.rate_limiter import RateLimiter
from ingest.settings import ArxivSettings

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_NAMESPACES: dict[OaiFormat, str] = {name: f"{{http://arxiv.org/OAI/{name}/}}" for name in FORMATS}
_WITHDRAWN = "I"  # the source type of a version that has no source


class OaiClient:
    """Asks arXiv's OAI-PMH for lists, one request at a time through ``gate``, its own where none is given."""

    def __init__(self, settings: ArxivSettings, *, product: str, gate: RateLimiter | None = None) -> None:
        self._url = settings.oai_url
        self._session = ArxivHttpSession(
            settings,
            product=product,
            base_url=settings.oai_url,
            accept="text/xml, application/xml",
            check=read_header,
            gate=gate,
            source="oai",
        )

    def first_page(self, set_name: str, metadata_format: OaiFormat, *, from_date: date) -> OaiPage:
        """The begin of the list of everything in a set that changed on ``from_date`` or later.

        That nothing did is believed only when a second answer says so too.

        Raises
        ------
        SourceUnavailable, SourceRejected
            As ``ArxivSession.retrying`` says.
        """
        question = {"metadataPrefix": metadata_format, "set": set_name, "from": from_date.isoformat()}
        page = self._list(question, metadata_format)
        return page if page.n_records else self._list(question, metadata_format)

    def next_page(self, token: str, metadata_format: OaiFormat) -> OaiPage:
        """Where a list goes on.

        Raises
        ------
        SourceListExpired
            If it does not: it must be begun again.
        SourceUnavailable, SourceRejected
            As ``ArxivSession.retrying`` says.
        """
        page = self._list({"resumptionToken": token}, metadata_format)
        if page.token == token or not page.n_records:
            raise SourceUnavailable("arXiv's list does not go on although its token said so", url=self._url)
        return page

    def _list(self, question: Mapping[str, str], metadata_format: OaiFormat) -> OaiPage:
        url = f"{self._url}?{urlencode({'verb': 'ListRecords', **question})}"
        response = self._session.retrying(lambda: self._session.get(url))
        return read_page(response.content, url, metadata_format)


def read_header(body: bytes, url: str) -> None:
    """Nothing, if the body is a whole answer to ``ListRecords``.

    Raises
    ------
    SourceFormatError
        If the body is not well-formed, cut off, not OAI-PMH, or a list without a record.
    SourceListExpired, SourceRejected
        If it is OAI-PMH's way of refusing the token, or the question.
    """
    _listed(body, url)


def _listed(body: bytes, url: str) -> tuple[datetime, etree._Element | None]:
    """When the answer was given, and the list in it; ``None`` where OAI-PMH says that it is empty."""
    root = parse_xml(body, url, "OAI-PMH")
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
            return at, None
        if code == "badResumptionToken":
            raise SourceListExpired(f"arXiv no longer knows where its list was to go on: {reason}", url=url)
        raise SourceRejected(f"arXiv rejects the question: {code}, {reason}", url=url)
    listed = root.find(f"{_OAI}ListRecords")
    if listed is None or listed.find(f"{_OAI}record") is None:
        # OAI-PMH has another way to say that nothing matches, so this is a fault.
        raise SourceFormatError("arXiv's answer holds no record and does not say why", url=url)
    return at, listed


def read_page(body: bytes, url: str, metadata_format: OaiFormat) -> OaiPage:
    """What an answer to ``ListRecords`` tells.

    Raises
    ------
    SourceFormatError, SourceListExpired, SourceRejected
        As ``read_header`` says.
    """
    answered_at, listed = _listed(body, url)
    if listed is None:
        return OaiPage(0, answered_at)
    papers: list[Paper] = []
    versions: list[PaperVersion] = []
    authors: dict[ArxivId, tuple[str, ...]] = {}
    deleted: list[ArxivId] = []
    unreadable: list[str] = []
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
            told = _Record(described, _NAMESPACES[metadata_format])
            if metadata_format == "arXiv":
                authors[told.arxiv_id] = told.authors_apart()
            else:
                paper, between = told.paper()
                papers.append(paper)
                versions += between
        except (ValueError, OverflowError) as error:
            unreadable.append(f"{name}: {error}")
    token = one_line(listed.findtext(f"{_OAI}resumptionToken") or "") or None
    return OaiPage(
        n_records=len(records),
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
    """The metadata of one record; every question raises ``ValueError`` where a field is absent or malformed."""

    element: etree._Element
    namespace: str

    def text(self, name: str) -> str | None:
        return one_line(self.element.findtext(f"{self.namespace}{name}") or "") or None

    def required(self, name: str) -> str:
        text = self.text(name)
        if text is None:
            raise ValueError(f"no <{name}>")
        return text

    @property
    def arxiv_id(self) -> ArxivId:
        return parse_arxiv_id(self.required("id"))

    def authors_apart(self) -> tuple[str, ...]:
        names = []
        for author in self.element.iterfind(f"{self.namespace}authors/{self.namespace}author"):
            parts = (author.findtext(f"{self.namespace}{part}") for part in ("forenames", "keyname", "suffix"))
            names.append(one_line(" ".join(filter(None, parts))))
        return tuple(filter(None, names))

    def paper(self) -> tuple[Paper, list[PaperVersion]]:
        versions = [self._version(version) for version in self.element.iterfind(f"{self.namespace}version")]
        if not versions:
            raise ValueError("no <version>")
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
            # The mark is not always set, so the paper's own words count too.
            is_withdrawn=one_line(source_type or "") == _WITHDRAWN or says_withdrawn(comment, abstract),
            source="oai",
        )
        return paper, versions[1:-1]

    def _version(self, version: etree._Element) -> PaperVersion:
        number, at = version.get("version", ""), version.findtext(f"{self.namespace}date")
        if at is None:
            raise ValueError(f"version {number!r} has no <date>")
        return PaperVersion(self.arxiv_id, int(number.removeprefix("v")), instant_of(one_line(at)))
