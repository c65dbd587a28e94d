"""A paper query as a SQL condition; ``PaperIndex.matching`` is the same over arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time

from sqlalchemy import ColumnElement, Select, select

from domain.detections import ADOPTS
from domain.facet import Facet
from domain.paper_query import ALL_PAPERS, PaperQuery
from store.schema import detection, name_mention, paper, rule_mention, topic_assignment
from store.sql_conditions import is_watched


@dataclass(frozen=True)
class Corpus:
    """What queries are asked of: the papers in the watched categories, with the detections and topics in use.

    ``detector_id`` is empty and ``topic_model_id`` is ``None`` where there are none; then no paper has a term or topic.
    """

    categories: tuple[str, ...]
    detector_id: str = ""
    topic_model_id: int | None = None


def matches(corpus: Corpus, query: PaperQuery = ALL_PAPERS, *, term_first: bool = False) -> ColumnElement[bool]:
    """Whether a paper of the corpus matches; a condition for statements that ask ``paper``.

    SQLite looks up the term of each paper that matches otherwise, or with ``term_first`` lists all papers of the term.
    The first is faster where the statement also asks for words, the second where it asks for nothing else: 0.2 s
    instead of 1.4 s for a rare term among 140,000 papers.
    """
    condition = is_watched(corpus.categories)
    if query.categories:
        categories = [c for c in query.categories if c in corpus.categories]
        if query.primary:
            condition = paper.c.primary_category.in_(sorted(categories)) & condition
        else:
            condition = is_watched(categories) & condition
    if query.since is not None:
        condition &= paper.c.submitted_at >= datetime.combine(query.since, time(), UTC)
    if query.until is not None:
        condition &= paper.c.submitted_at <= datetime.combine(query.until, time.max, UTC)
    if query.topic_id is not None:
        of_topic = select(topic_assignment.c.arxiv_id).where(
            topic_assignment.c.topic_model_id == corpus.topic_model_id, topic_assignment.c.topic_id == query.topic_id
        )
        condition &= paper.c.arxiv_id.in_(of_topic)
    if query.term is not None:
        kind, key = query.term
        detected = select(detection.c.arxiv_id).where(
            detection.c.detector_id == corpus.detector_id,
            detection.c.kind == kind,
            detection.c.key == key,
            detection.c.level.in_(query.levels),
        )
        if term_first:
            condition &= paper.c.arxiv_id.in_(detected)
        else:
            condition &= detected.where(detection.c.arxiv_id == paper.c.arxiv_id).correlate(paper).exists()
    for facet in query.has:
        condition &= paper.c.arxiv_id.in_(_ids_with(corpus, facet))
    return condition


def _ids_with(corpus: Corpus, facet: Facet) -> Select[tuple[str]]:
    """The papers of a facet."""
    kind, key = facet
    if kind == "topic":
        return select(topic_assignment.c.arxiv_id).where(
            topic_assignment.c.topic_model_id == corpus.topic_model_id, topic_assignment.c.topic_id == int(key)
        )
    if kind == "name":
        return select(name_mention.c.arxiv_id).where(
            name_mention.c.name_id == int(key), name_mention.c.counted_role != "mentions"
        )
    if kind in ("technique", "theme"):
        return select(detection.c.arxiv_id).where(
            detection.c.detector_id == corpus.detector_id,
            detection.c.kind == kind,
            detection.c.key == key,
            detection.c.level >= ADOPTS,
        )
    return select(rule_mention.c.arxiv_id).where(rule_mention.c.kind == kind, rule_mention.c.key == key)
