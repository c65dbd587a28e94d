"""Published digests. A published revision never changes; a correction is a new revision."""

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
from store.claims import findings_of
from store.database import Database
from store.papers import known_papers
from store.schema import digest as digest_table


@dataclass(frozen=True)
class PublishedDigest:
    """A published revision, with the paper lists behind its numbers."""

    edition: DigestEdition
    revision: int
    published_at: datetime


FORMAT = 1
"""Version of the stored form. A new field of ``Digest`` has a default, so that older digests still load. Any other
change needs a new version, and reading must keep supporting the old ones."""


@dataclass(frozen=True)
class DigestSummary:
    """Summary of the newest revision of a published digest."""

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
    """Store an edition as the newest revision of its week; returns the revision, starting at 1."""
    ids = {p.arxiv_id for paper_list in edition.paper_lists for p in paper_list.papers}
    content = _packed(edition, known_papers(db, ids))
    week = edition.digest.week.monday
    with db.write() as connection:
        newest = select(func.max(digest_table.c.revision)).where(digest_table.c.week_start == week)
        revision: int = (connection.execute(newest).scalar_one() or 0) + 1
        connection.execute(
            digest_table.insert().values(
                week_start=week,
                revision=revision,
                content=content,
                published_at=now,
                headline=edition.digest.headline.sentence,
                n_papers=edition.digest.headline.n_papers,
                complete=edition.digest.completeness.complete,
            )
        )
    return revision


def newest_digest(db: Database, week: Week) -> PublishedDigest | None:
    """The newest revision of a week's digest; ``None`` if none is published."""
    return digest_revision(db, week, None)


def digest_revision(db: Database, week: Week, revision: int | None) -> PublishedDigest | None:
    """One revision of a week's digest, by default the newest; ``None`` if it was never published.

    Titles, abstracts and findings of listed papers are the current ones. If a paper's text has changed since, its
    evidence is left out, because its offsets no longer fit.

    Raises
    ------
    StoreError
        If the digest was stored by a newer Papertide.
    """
    query = (
        select(digest_table)
        .where(digest_table.c.week_start == week.monday)
        .order_by(digest_table.c.revision.desc())
        .limit(1)
    )
    if revision is not None:
        query = query.where(digest_table.c.revision == revision)
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    stored = json.loads(zlib.decompress(row.content))
    if stored.get("format") != FORMAT:
        raise StoreError(f"the digest of {week} was stored by a newer Papertide; install the newer version")
    ids = {ArxivId(entry[0]) for paper_list in stored["lists"] for entry in paper_list["papers"]}
    papers, findings = known_papers(db, ids), findings_of(db, ids)
    edition = DigestEdition(
        _DIGEST.validate_python(stored["digest"]),
        tuple(_unpacked_list(entry, papers, findings) for entry in stored["lists"]),
    )
    return PublishedDigest(edition, row.revision, row.published_at)


def revisions_of(db: Database, week: Week) -> list[tuple[int, datetime]]:
    """Every revision of a week's digest with its publication time, oldest first."""
    query = (
        select(digest_table.c.revision, digest_table.c.published_at)
        .where(digest_table.c.week_start == week.monday)
        .order_by(digest_table.c.revision)
    )
    with db.read() as connection:
        return [(row.revision, row.published_at) for row in connection.execute(query)]


def digest_summaries(db: Database) -> list[DigestSummary]:
    """Summaries of all published digests, oldest week first."""
    columns = [column for column in digest_table.c if column.name != "content"]
    query = select(*columns).order_by(digest_table.c.week_start, digest_table.c.revision)
    summaries: dict[Week, DigestSummary] = {}
    with db.read() as connection:
        for row in connection.execute(query):
            week = Week(row.week_start)
            summaries[week] = DigestSummary(
                week=week,
                revision=row.revision,
                first_published_at=summaries[week].first_published_at if week in summaries else row.published_at,
                published_at=row.published_at,
                sentence=row.headline,
                n_papers=row.n_papers,
                complete=row.complete,
            )
    return list(summaries.values())


def further_sentences(db: Database, week: Week, revision: int) -> tuple[str, ...]:
    """The sentences after the headline of a revision; empty in digests of before there were any."""
    query = select(digest_table.c.content).where(
        digest_table.c.week_start == week.monday, digest_table.c.revision == revision
    )
    with db.read() as connection:
        content = connection.execute(query).scalar_one()
    return tuple(json.loads(zlib.decompress(content))["digest"]["headline"].get("more", ()))


def published_weeks(db: Database) -> list[Week]:
    """Every week with a digest, oldest first."""
    query = select(digest_table.c.week_start).distinct().order_by(digest_table.c.week_start)
    with db.read() as connection:
        return [Week(monday) for monday in connection.execute(query).scalars()]


def published_at(db: Database) -> dict[Week, datetime]:
    """Publication time of the newest revision, by week."""
    query = select(digest_table.c.week_start, func.max(digest_table.c.published_at)).group_by(digest_table.c.week_start)
    with db.read() as connection:
        return {Week(monday): at for monday, at in connection.execute(query)}


def _text_checksum(p: Paper) -> int:
    """A checksum of title and abstract."""
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
    stored = {"format": FORMAT, "digest": _DIGEST.dump_python(edition.digest, mode="json"), "lists": lists}
    return zlib.compress(json.dumps(stored).encode())  # NaN is written as NaN; only this module reads it


def _unpacked_list(
    stored: Mapping[str, Any], papers: Mapping[ArxivId, Paper], findings: Mapping[ArxivId, str]
) -> PaperList:
    listed = []
    for arxiv_id, checksum, level, evidence, topic_id in stored["papers"]:
        p = papers[ArxivId(arxiv_id)]
        spans = tuple(Evidence(*span) for span in evidence) if _text_checksum(p) == checksum else ()
        listed.append(
            DetectedPaper.of(
                p,
                level,
                spans,
                topic_id=topic_id,
                with_abstract=stored["with_abstracts"],
                finding=findings.get(p.arxiv_id, ""),
            )
        )
    return PaperList(
        slug=stored["slug"],
        heading=stored["heading"],
        definition=stored["definition"],
        papers=tuple(listed),
        series=_SERIES.validate_python(stored["series"]),
        with_abstracts=stored["with_abstracts"],
        topics=tuple((topic_id, label) for topic_id, label in stored["topics"]),
    )
