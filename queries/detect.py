"""Techniques, themes and names of abstracts given by the caller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.detections import Detection
from domain.errors import UsageError
from queries.results import DetectResult, FoundName, FoundTerm
from runtime.context import AppContext


@dataclass(frozen=True)
class GivenAbstract:
    """Title and abstract as the caller gave them."""

    id: str | int
    title: str
    abstract: str


def read_abstracts(lines: Iterable[str]) -> Iterator[GivenAbstract]:
    """The abstracts of JSON lines with ``id``, ``title`` and ``abstract``; empty lines are left out.

    Raises
    ------
    UsageError
        After all that can be read, naming the first line that is not such an object.
    """
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            paper_id, title, abstract = given["id"], given["title"], given["abstract"]
            if not (isinstance(title, str) and isinstance(abstract, str) and isinstance(paper_id, str | int)):
                raise TypeError("title and abstract are text, id is text or a number")
            str(paper_id).encode()  # half a character is valid JSON, but cannot be printed
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            problems.append(f"line {number} is not a JSON object with id, title and abstract ({error})")
            continue
        yield GivenAbstract(paper_id, title, abstract)
    if problems:
        more = f", and {len(problems) - 1:,} more lines are not" if len(problems) > 1 else ""
        raise UsageError(f"{problems[0]}{more}; the others are answered")


def detect(context: AppContext, given: GivenAbstract) -> DetectResult:
    """Techniques, themes and names of one abstract."""
    found = context.detector.detect_text(given.title, given.abstract)
    return DetectResult(
        id=given.id,
        techniques={d.key: _found(d) for d in found if d.kind == "technique"},
        themes={d.key: _found(d) for d in found if d.kind == "theme"},
        names=tuple(
            FoundName(mention.surface, mention.kind, mention.role, mention.evidence)
            for mention in context.tagger.tag_text(given.title, given.abstract)
        ),
    )


def _found(d: Detection) -> FoundTerm:
    return FoundTerm(d.level, d.evidence)
