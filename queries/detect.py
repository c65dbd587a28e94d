"""What is detected in given abstracts: techniques, themes, names, claims, the finding, and a paper's facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from domain.code_link import code_link
from domain.detections import Detection
from domain.errors import UsageError
from domain.venue_mention import venue_mention
from queries.results import DetectResult, FoundName, FoundTerm
from runtime.context import AppContext


@dataclass(frozen=True)
class GivenAbstract:
    """Title and abstract as the caller gave them, with the authors' comment where there is one."""

    id: str | int
    title: str
    abstract: str
    comment: str | None = None


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
            comment = given.get("comment")
            if not (isinstance(title, str) and isinstance(abstract, str) and isinstance(paper_id, str | int)):
                raise TypeError("title and abstract are text, id is text or a number")
            if not isinstance(comment, str | None):
                raise TypeError("comment is text or null")
            str(paper_id).encode()  # half a character is valid JSON, but cannot be printed
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            problems.append(f"line {number} is not a JSON object with id, title and abstract ({error})")
            continue
        yield GivenAbstract(paper_id, title, abstract, comment)
    if problems:
        more = f", and {len(problems) - 1:,} more lines are not" if len(problems) > 1 else ""
        raise UsageError(f"{problems[0]}{more}; the others are answered")


def detect(context: AppContext, given: GivenAbstract) -> DetectResult:
    """What is detected in one abstract."""
    found = context.detector.detect_text(given.title, given.abstract)
    read = context.claim_reader.read(given.abstract)
    rules = context.rule_finder.find(given.title, given.abstract)
    venue = venue_mention(given.comment, given.abstract)
    return DetectResult(
        id=given.id,
        techniques={d.key: _found(d) for d in found if d.kind == "technique"},
        themes={d.key: _found(d) for d in found if d.kind == "theme"},
        names=tuple(
            FoundName(mention.surface, mention.kind, mention.role, mention.evidence)
            for mention in context.tagger.tag_text(given.title, given.abstract)
        ),
        claims=read.claims,
        finding=given.abstract[read.finding.start : read.finding.end] if read.finding else None,
        code=code_link(given.abstract, given.comment),
        accepted=str(venue) if venue is not None and venue.status in ("accepted", "published") else None,
        venue=venue,
        standards={mention.key: mention.evidence for mention in rules if mention.kind == "standard"},
        failure_modes={mention.key: mention.evidence for mention in rules if mention.kind == "failure_mode"},
    )


def _found(d: Detection) -> FoundTerm:
    return FoundTerm(d.level, d.evidence)
