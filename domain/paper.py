"""What a paper is here, and how arXiv names one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from domain.week import Week

ArxivId = NewType("ArxivId", str)

_ID = r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})"
_ARXIV_ID = re.compile(rf"^{_ID}$")
_ID_URL = re.compile(rf"^https?://arxiv\.org/abs/(?P<id>{_ID})v(?P<version>[1-9]\d*)$")
_WHITE_SPACE = re.compile(r"\s+")


def parse_arxiv_id(text: str) -> ArxivId:
    """Read an arXiv identifier without version, ``2606.01846`` or ``cs/0601001``.

    Raises
    ------
    ValueError
        If the text is not of either grammar.
    """
    if _ARXIV_ID.match(text) is None:
        raise ValueError(f"not an arXiv identifier: {text!r}")
    return ArxivId(text)


def parse_entry_id(url: str) -> tuple[ArxivId, int]:
    """Split an Atom ``<id>``: ``.../abs/cs/0601001v2`` gives ``("cs/0601001", 2)``.

    Raises
    ------
    ValueError
        If the URL is not an arXiv abstract with a version.
    """
    match = _ID_URL.match(url)
    if match is None:
        raise ValueError(f"not an arXiv abstract URL with a version: {url!r}")
    return ArxivId(match["id"]), int(match["version"])


def one_line(text: str) -> str:
    """The text with every run of white space as one blank: arXiv breaks lines inside titles and abstracts."""
    return _WHITE_SPACE.sub(" ", text).strip()


@dataclass(frozen=True)
class Paper:
    """One arXiv paper as its newest version that we have seen.

    ``submitted_at`` is the first version's submission, so a replacement never moves a paper to
    another week. Title and abstract are one line each, TeX kept as arXiv gives it.
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

    def __post_init__(self) -> None:
        if self.submitted_at.tzinfo is None or self.updated_at.tzinfo is None:
            raise ValueError(f"{self.arxiv_id}: instants must be timezone-aware")
        if not self.title or not self.abstract:
            raise ValueError(f"{self.arxiv_id}: a paper has a title and an abstract")
        if self.primary_category not in self.categories:
            raise ValueError(
                f"{self.arxiv_id}: primary category {self.primary_category!r} is not among {self.categories}"
            )

    @property
    def week(self) -> Week:
        """The week of the first version's submission."""
        return Week.containing(self.submitted_at)

    @property
    def url(self) -> str:
        """The abstract page on arXiv, newest version."""
        return f"https://arxiv.org/abs/{self.arxiv_id}"
