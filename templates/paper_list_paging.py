"""The pages of a long list of papers, and the one or two lines that a list shows of an abstract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from domain.detections import Evidence
from templates.marked_text import marked

PAPERS_A_PAGE = 50
_EXCERPT = 170
"""Characters of an abstract in a list: two lines on a wide page."""
_BEFORE_EVIDENCE = 60

Section = Mapping[str, Any]
"""A section of a list with its ``groups``, each with its ``papers``."""


@dataclass(frozen=True)
class ContentsLine:
    """A section or group of a list, with the page on which it begins; ``level`` is 0 for a section, 1 for a group."""

    anchor: str
    heading: str
    n: int
    page: int
    level: int


def n_pages(sections: Sequence[Section]) -> int:
    """How many pages the sections take, at least one."""
    return max(1, -(-sum(len(papers) for _, _, papers in _runs(sections)) // PAPERS_A_PAGE))


def contents(sections: Sequence[Section]) -> tuple[ContentsLine, ...]:
    """Every section and group in order; groups without a heading are left out."""
    lines: list[ContentsLine] = []
    at, seen = 0, set()
    for section, group, papers in _runs(sections):
        page = at // PAPERS_A_PAGE + 1
        if section["anchor"] not in seen:
            seen.add(section["anchor"])
            lines.append(ContentsLine(section["anchor"], section["heading"], section["n"], page, 0))
        if group["heading"]:
            lines.append(ContentsLine(group["anchor"], group["heading"], len(papers), page, 1))
        at += len(papers)
    return tuple(lines)


def sections_of_page(sections: Sequence[Section], page: int) -> list[dict[str, Any]]:
    """The sections and groups of one page, with its papers; ``continued`` marks those that began on an earlier one.

    ``n`` stays the number of all papers of a section or group.
    """
    first, last = (page - 1) * PAPERS_A_PAGE, page * PAPERS_A_PAGE
    shown: list[dict[str, Any]] = []
    at = 0
    section_starts: dict[str, int] = {}
    for section, group, papers in _runs(sections):
        section_starts.setdefault(section["anchor"], at)
        part = papers[max(first - at, 0) : max(last - at, 0)]
        if part:
            if not shown or shown[-1]["anchor"] != section["anchor"]:
                continued = section_starts[section["anchor"]] < first
                shown.append({**section, "groups": [], "continued": continued})
            shown[-1]["groups"].append({**group, "papers": part, "n": len(papers), "continued": at < first})
        at += len(papers)
    return shown


def _runs(sections: Sequence[Section]) -> Iterator[tuple[Section, Mapping[str, Any], Sequence[Any]]]:
    for section in sections:
        for group in section["groups"]:
            yield section, group, group["papers"]


def excerpt(abstract: str, evidence: Sequence[Evidence]) -> Markup:
    """The beginning of an abstract, or what is around its first evidence, with evidence marked.

    Examples
    --------
    >>> excerpt("We train a diffusion model.", [Evidence("abstract", 11, 20)])
    Markup('We train a <mark>diffusion</mark> model.')
    """
    first = min((words.start for words in evidence), default=0)
    last_word = max((words.end for words in evidence if words.start == first), default=0)
    start = 0 if last_word <= _EXCERPT - 20 else _word_from(abstract, first - _BEFORE_EVIDENCE)
    end = len(abstract) if len(abstract) <= start + _EXCERPT + 20 else _word_from(abstract, start + _EXCERPT)
    inside = [
        replace(words, start=words.start - start, end=words.end - start)
        for words in evidence
        if start <= words.start and words.end <= end
    ]
    text = marked(abstract[start:end].rstrip(), inside)
    return Markup("{}{}{}").format("… " if start else "", text, " …" if end < len(abstract) else "")


def _word_from(text: str, at: int) -> int:
    """Where a word begins near a place, outside of a formula."""
    if text.count("$", 0, at) % 2:
        closing = text.find("$", at)
        at = closing + 1 if closing >= 0 else at
    found = re.compile(r"\s").search(text, at)
    return found.end() if found else len(text)
