"""Published digests. What is published stays: a correction is a new revision beside the old one."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select

from domain.detections import Evidence
from domain.digest import DetectedPaper, Digest, DigestEdition, PaperList, SharePoint
from domain.errors import StoreError
from domain.paper import ArxivId, Paper
from domain.week import Week
from store.database import Database
from store.papers import known_papers
from store.schema import digest as digest_table


@dataclass(frozen=True)
class PublishedDigest:
    """One published revision, with the lists behind its numbers."""

    edition: DigestEdition
    revision: int
    published_at: datetime


FORMAT = 1
"""Of what is stored. A new field of ``Digest`` gets a default, so that digests stored before it still open; anything
else is a new format, and reading keeps knowing the old ones."""


@dataclass(frozen=True)
class DigestSummary:
    """A published digest in short, its newest revision."""

    week: Week
    revision: int
    first_published_at: datetime
    published_at: datetime
    sentence: str
    n_papers: int
    complete: bool


_DIGEST = TypeAdapter(Digest)
_SERIES = TypeAdapter(tuple[SharePoint, ...])


def publish_digest(db: Database, edition: DigestEdition, *, now: datetime) -> int:
    """Store an edition as its week's newest revision; returns the revision, 1 for the first."""
    ids = {p.arxiv_id for paper_list in edition.paper_lists for p in paper_list.papers}
    content = _packed(edition, known_papers(db, ids))
    week = edition.digest.week.monday
    with db.write() as connection:
        newest = select(func.max(digest_table.c.revision)).where(digest_table.c.week_start == week)
        revision: int = (connection.execute(newest).scalar_one() or 0) + 1
        connection.execute(
            digest_table.insert().values(week_start=week, revision=revision, content=content, published_at=now)
        )
    return revision


def newest_digest(db: Database, week: Week) -> PublishedDigest | None:
    """The newest revision of a week's digest; ``None`` where none is published."""
    return digest_revision(db, week, None)


def digest_revision(db: Database, week: Week, revision: int | None) -> PublishedDigest | None:
    """One revision of a week's digest, the newest where none is named; ``None`` where it was never published.

    Titles and abstracts of listed papers are today's. Where a paper's words are others than the digest counted, its
    evidence is left out, because it would mark the wrong ones.

    Raises
    ------
    StoreError
        If it was stored by a newer Papertide.
    """
    question = (
        select(digest_table)
        .where(digest_table.c.week_start == week.monday)
        .order_by(digest_table.c.revision.desc())
        .limit(1)
    )
    if revision is not None:
        question = question.where(digest_table.c.revision == revision)
    with db.read() as connection:
        row = connection.execute(question).one_or_none()
    if row is None:
        return None
    stored = json.loads(zlib.decompress(row.content))
    if stored.get("format") != FORMAT:
        raise StoreError(
            f"the digest of {week} is stored in a form that this Papertide does not know; install the newer"
        )
    papers = known_papers(db, {ArxivId(entry[0]) for paper_list in stored["lists"] for entry in paper_list["papers"]})
    edition = DigestEdition(
        _DIGEST.validate_python(stored["digest"]), tuple(_unpacked_list(entry, papers) for entry in stored["lists"])
    )
    return PublishedDigest(edition, row.revision, row.published_at)


def revisions_of(db: Database, week: Week) -> list[tuple[int, datetime]]:
    """Every revision of a week's digest with the instant it was published, oldest first."""
    question = (
        select(digest_table.c.revision, digest_table.c.published_at)
        .where(digest_table.c.week_start == week.monday)
        .order_by(digest_table.c.revision)
    )
    with db.read() as connection:
        return [(row.revision, row.published_at) for row in connection.execute(question)]


def digest_summaries(db: Database) -> list[DigestSummary]:
    """Every published digest in short, oldest week first."""
    question = select(digest_table).order_by(digest_table.c.week_start, digest_table.c.revision)
    found: dict[Week, DigestSummary] = {}
    with db.read() as connection:
        for row in connection.execute(question.execution_options(yield_per=10)):
            content = json.loads(zlib.decompress(row.content))["digest"]
            week = Week(row.week_start)
            first = found[week].first_published_at if week in found else row.published_at
            headline, complete = content["headline"], content["completeness"]["complete"]
            found[week] = DigestSummary(
                week, row.revision, first, row.published_at, headline["sentence"], headline["n_papers"], complete
            )
    return list(found.values())


def published_weeks(db: Database) -> list[Week]:
    """Every week with a digest, oldest first."""
    question = select(digest_table.c.week_start).distinct().order_by(digest_table.c.week_start)
    with db.read() as connection:
        return [Week(monday) for monday in connection.execute(question).scalars()]


def published_at(db: Database) -> dict[Week, datetime]:
    """When the newest digest of each week was published."""
    question = select(digest_table.c.week_start, func.max(digest_table.c.published_at)).group_by(
        digest_table.c.week_start
    )
    with db.read() as connection:
        return {Week(monday): at for monday, at in connection.execute(question)}


def _text_checksum(p: Paper) -> int:
    """A number that changes with title or abstract."""
    return zlib.crc32(f"{p.title}\n{p.abstract}".encode())


def _packed(edition: DigestEdition, papers: Mapping[ArxivId, Paper]) -> bytes:
    lists = [
        {
            "slug": paper_list.slug,
            "heading": paper_list.heading,
            "definition": paper_list.definition,
            "with_abstracts": paper_list.with_abstracts,
            "series": _SERIES.dump_python(paper_list.series, mode="json"),
            "topics": paper_list.topics,
            "papers": [
                [
                    p.arxiv_id,
                    _text_checksum(papers[p.arxiv_id]),
                    p.level,
                    [[e.field, e.start, e.end] for e in p.evidence],
                    p.topic_id,
                ]
                for p in paper_list.papers
            ],
        }
        for paper_list in edition.paper_lists
    ]
    whole = {"format": FORMAT, "digest": _DIGEST.dump_python(edition.digest, mode="json"), "lists": lists}
    return zlib.compress(json.dumps(whole).encode())  # NaN is written as NaN: this text is only for ourselves


def _unpacked_list(stored: Mapping[str, Any], papers: Mapping[ArxivId, Paper]) -> PaperList:
    listed = []
    for arxiv_id, words, level, evidence, topic_id in stored["papers"]:
        p = papers[ArxivId(arxiv_id)]
        places = tuple(Evidence(*place) for place in evidence) if _text_checksum(p) == words else ()
        listed.append(DetectedPaper.of(p, level, places, topic_id=topic_id, with_abstract=stored["with_abstracts"]))
    return PaperList(
        slug=stored["slug"],
        heading=stored["heading"],
        definition=stored["definition"],
        papers=tuple(listed),
        series=_SERIES.validate_python(stored["series"]),
        with_abstracts=stored["with_abstracts"],
        topics=tuple((topic_id, label) for topic_id, label in stored["topics"]),
    )
