"""arXiv papers, their identifiers, categories and withdrawal notices."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType

from domain.author_name import AuthorName, parsed_name
from domain.week import Week

ArxivId = NewType("ArxivId", str)

_ID = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})"
_ARXIV_ID = re.compile(_ID, re.ASCII)
_ID_URL = re.compile(rf"https?://arxiv\.org/abs/(?P<id>{_ID})v(?P<version>[1-9]\d*)", re.ASCII)
_CATEGORY = re.compile(r"[a-z][a-z-]*(?:\.[A-Za-z-]+)?")
# Withdrawn from a conference is not withdrawn from arXiv.
_FROM_ELSEWHERE = r"(?! (?:by the authors? )?(?:from|prior to|before)\b(?! (?:the )?arxiv))"
_WITHDRAWN = (
    r"(?:this|the|our) (?:paper|submission|article|manuscript|preprint|work|version|report|note|entry) "
    rf"(?:has been|have been|was|is|has) (?:now |temporarily )?withdrawn\b{_FROM_ELSEWHERE}"
)
_COMMENT_SAYS_WITHDRAWN = re.compile(
    rf"\b{_WITHDRAWN}|^\W*(?:(?:paper|article|submission) )?withdrawn\b{_FROM_ELSEWHERE}", re.IGNORECASE
)
_ABSTRACT_SAYS_WITHDRAWN = re.compile(
    rf"^\W*(?:{_WITHDRAWN}|withdrawn(?:\W*$|[.,;:]| by | due to | because ))", re.IGNORECASE
)

PaperSource = Literal["api", "oai", "snapshot"]
"""The source of a record: the query API, OAI-PMH, or the metadata snapshot."""


def parse_arxiv_id(text: str) -> ArxivId:
    """Read an arXiv identifier without version, ``2606.01846`` or ``cs/0601001``.

    Raises
    ------
    ValueError
        If the text has neither form.
    """
    if _ARXIV_ID.fullmatch(text) is None:
        raise ValueError(f"not an arXiv identifier: {text!r}")
    return ArxivId(text)


def parse_entry_id(url: str) -> tuple[ArxivId, int]:
    """Split an Atom ``<id>``: ``.../abs/cs/0601001v2`` gives ``("cs/0601001", 2)``.

    Raises
    ------
    ValueError
        If the URL is not that of an arXiv abstract with a version.
    """
    match = _ID_URL.fullmatch(url)
    if match is None:
        raise ValueError(f"not an arXiv abstract URL with a version: {url!r}")
    return ArxivId(match["id"]), int(match["version"])


_SITES = r"(?:(?:www|export|browse)\.)?(?:arxiv|alphaxiv)\.org|ar5iv(?:\.labs\.arxiv)?\.org|(?:huggingface|hf)\.co"
_PASTED_ID = re.compile(
    rf"(?:(?:https?://)?(?:{_SITES})/[a-z-]+/|(?:https?://)?(?:dx\.)?doi\.org/10\.48550/arxiv\.|"
    rf"(?:doi:\s*)?10\.48550/arxiv\.|arxiv:\s*)?(?P<id>{_ID})(?:v\d+)?(?:\.pdf)?/?(?:[?#]\S*)?",
    re.IGNORECASE,
)
_PASTED_DOI = re.compile(r"(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?(?P<doi>10\.\d{4,9}/\S+)", re.IGNORECASE)
_BETWEEN_PASTED = re.compile(r"[\s,;]+|\[[a-z-]+(?:\.[a-z-]+)?\]", re.IGNORECASE)
_SPACED_PREFIX = re.compile(r"\b(arxiv|doi):\s+", re.IGNORECASE)


def pasted_names(text: str) -> tuple[tuple[Literal["id", "doi"], str], ...]:
    """The papers that a text names by identifier, address at arXiv or DOI; none if it holds anything else.

    Examples
    --------
    >>> pasted_names("arXiv:2606.01846v2, https://doi.org/10.1000/182")
    (('id', '2606.01846'), ('doi', '10.1000/182'))
    >>> pasted_names("see 2606.01846")
    ()
    """
    names: list[tuple[Literal["id", "doi"], str]] = []
    for word in _BETWEEN_PASTED.split(_SPACED_PREFIX.sub(r"\1:", text)):
        if not word:
            continue
        bare = word.strip("<>()\"'.")
        if match := _PASTED_ID.fullmatch(bare):
            found = match["id"].lower()
            archive, dot, subject = found.partition("/")[0].partition(".")
            names.append(
                ("id", f"{archive}{dot}{subject.upper()}/{found.partition('/')[2]}" if "/" in found else found)
            )
        elif match := _PASTED_DOI.fullmatch(bare):
            names.append(("doi", match["doi"].lower()))
        else:
            return ()
    return tuple(dict.fromkeys(names))


FIRST_MADE_UP = 90_001
"""First number of the sample corpus in every month; arXiv, with about 30,000 papers a month, never reached it."""


def is_made_up(arxiv_id: ArxivId) -> bool:
    """Whether a paper belongs to the sample corpus; pages must not present or link it as a real one.

    Examples
    --------
    >>> is_made_up(ArxivId("2606.90001")), is_made_up(ArxivId("2606.01846")), is_made_up(ArxivId("cs/0601001"))
    (True, False, False)
    """
    _, _, number = arxiv_id.partition(".")
    return number.isdecimal() and int(number) >= FIRST_MADE_UP


def one_line(text: str) -> str:
    """The text with each run of white space as one space; arXiv breaks lines inside titles and abstracts."""
    return " ".join(text.split())


def categories_among(terms: Iterable[str]) -> tuple[str, ...]:
    """The terms that have the form of an arXiv category, in order, without duplicates.

    The query API mixes in MSC and ACM classes and other words of the authors.

    Examples
    --------
    >>> categories_among(["cs.LG", "68T05", "hep-th", "Secondary", "I.2.6"])
    ('cs.LG', 'hep-th')
    """
    return tuple(dict.fromkeys(term for term in terms if _CATEGORY.fullmatch(term) is not None))


def says_withdrawn(comment: str | None, abstract: str) -> bool:
    """Whether the comment or abstract states that the paper is withdrawn from arXiv.

    The query API and the snapshot have no other sign of withdrawal. A comment may contain a full sentence ("This paper
    has been withdrawn by the author due to ...") or start with the word ("Withdrawn. ..."); an abstract must start
    with either. Withdrawal from something else, such as a conference, does not count. Other wordings ("needs to be
    withdrawn") are not recognised.

    Examples
    --------
    >>> says_withdrawn("This paper has been withdrawn by the author due to an error in equation 1", "We study ...")
    True
    >>> says_withdrawn("9 pages. This paper was withdrawn from the IJCAI 2025 proceedings", "We study ...")
    False
    """
    if comment is not None and _COMMENT_SAYS_WITHDRAWN.search(comment) is not None:
        return True
    return _ABSTRACT_SAYS_WITHDRAWN.match(abstract) is not None


@dataclass(frozen=True)
class PaperVersion:
    """One version of a paper and when it was submitted."""

    arxiv_id: ArxivId
    version: int
    submitted_at: datetime


@dataclass(frozen=True)
class Paper:
    """One arXiv paper in the newest version seen.

    ``submitted_at`` is the submission of the first version, so a replacement never moves a paper to another week.
    ``title`` and ``abstract`` are one line each, with letters as letters and all other TeX as arXiv gives it.
    ``author_parts`` are the parts of each of ``authors`` if arXiv gave them apart, otherwise it is empty. Withdrawn
    papers stay stored but are neither counted nor listed. Neither ``source`` nor ``author_parts`` takes part
    in comparison.
    """

    arxiv_id: ArxivId
    version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    primary_category: str
    categories: tuple[str, ...]
    submitted_at: datetime
    updated_at: datetime
    comment: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    is_withdrawn: bool = False
    source: PaperSource = field(default="api", compare=False)
    author_parts: tuple[AuthorName, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.submitted_at.tzinfo is None or self.updated_at.tzinfo is None:
            raise ValueError(f"{self.arxiv_id}: instants must be timezone-aware")
        if not self.title or not self.abstract:
            raise ValueError(f"{self.arxiv_id}: a paper has a title and an abstract")
        if self.primary_category not in self.categories:
            raise ValueError(
                f"{self.arxiv_id}: primary category {self.primary_category!r} is not among {self.categories}"
            )

        if self.author_parts and tuple(name.text for name in self.author_parts) != self.authors:
            raise ValueError(f"{self.arxiv_id}: the parts of the names are not those of the authors")

    @property
    def author_names(self) -> tuple[AuthorName, ...]:
        """The parts of each author's name: arXiv's, or read from the name where arXiv gave it whole."""
        return self.author_parts or tuple(parsed_name(author) for author in self.authors)

    @property
    def week(self) -> Week:
        """The week of the first version's submission."""
        return Week.containing(self.submitted_at)

    @property
    def url(self) -> str:
        """The abstract page on arXiv, newest version."""
        return f"https://arxiv.org/abs/{self.arxiv_id}"
