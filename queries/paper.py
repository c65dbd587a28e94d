"""One paper: its metadata, detections, topic and similar papers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.search.semantic_search import NearPaper
from domain.errors import NotFound
from domain.paper import ArxivId, Paper, parse_arxiv_id
from domain.venue_mention import venue_mention
from queries.paper_rows import paper_lines
from queries.results import PaperDetection, PaperResult, PaperVersion, SimilarPaper, TopicName
from queries.topics import all_topics, second_topic_ids
from runtime.context import AppContext
from store.claims import claims_of_paper
from store.detections import detections_of_paper
from store.papers import known_papers, papers_in_order, versions_of_paper

N_SIMILAR = 8


def paper(context: AppContext, arxiv_id: str) -> PaperResult:
    """One paper by its identifier, with or without version.

    Raises
    ------
    NotFound
        If it is not stored, or the text is not an identifier.
    """
    wanted = arxiv_id_of(arxiv_id)
    found = known_papers(context.db, [wanted]).get(wanted)
    if found is None:
        raise NotFound(f"the paper {wanted} is not stored here; it may be outside the watched categories or too old")
    topic, also_near, similar = _place_of(context, wanted)
    read = claims_of_paper(context.db, wanted)
    (line,) = paper_lines(context, [found])
    return PaperResult(
        **vars(line),
        abstract=found.abstract,
        categories=found.categories,
        version=found.version,
        withdrawn=found.is_withdrawn,
        updated_at=found.updated_at,
        comment=found.comment,
        doi=found.doi,
        journal_ref=found.journal_ref,
        versions=tuple(PaperVersion(v.version, v.submitted_at) for v in versions_of_paper(context.db, wanted)),
        detections=_detections(context, wanted),
        topic=topic,
        also_near=also_near,
        similar=similar,
        claims=read.claims if read else (),
        code=read.code if read else None,
        venue=venue_mention(found.comment, found.abstract),
        standards=tuple(rule.key for rule in read.rules if rule.kind == "standard") if read else (),
        failure_modes=tuple(rule.key for rule in read.rules if rule.kind == "failure_mode") if read else (),
    )


def similar_papers(context: AppContext, arxiv_id: ArxivId, *, limit: int) -> tuple[SimilarPaper, ...]:
    """The papers nearest in meaning to a paper, nearest first; none if it is not embedded.

    Raises
    ------
    NotFound
        If it is not stored.
    """
    stored_paper(context, arxiv_id)
    return _similar(context, context.paper_search.nearest_to_paper(arxiv_id, limit=limit) or ())


def stored_papers(context: AppContext, ids: Sequence[ArxivId]) -> list[Paper]:
    """Papers in the order of their identifiers given; those that are not stored are left out."""
    return papers_in_order(context.db, ids)


def stored_paper(context: AppContext, arxiv_id: ArxivId) -> Paper:
    """A paper as arXiv describes it, without what was found in it.

    Raises
    ------
    NotFound
        If it is not stored.
    """
    found = papers_in_order(context.db, [arxiv_id])
    if not found:
        raise NotFound(f"the paper {arxiv_id} is not stored here")
    return found[0]


def arxiv_id_of(text: str) -> ArxivId:
    """Parse an identifier, with or without version.

    Raises
    ------
    NotFound
        If the text is not an identifier.
    """
    try:
        return parse_arxiv_id(re.sub(r"v[1-9]\d*\Z", "", text))
    except ValueError as error:
        raise NotFound(f"{text!r} is no arXiv identifier; they are written 2606.01846 or cs/0601001") from error


def _detections(context: AppContext, arxiv_id: ArxivId) -> tuple[PaperDetection, ...]:
    names = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    return tuple(
        PaperDetection(d.kind, d.key, names[d.kind, d.key], d.level, d.evidence)
        for d in detections_of_paper(context.db, context.detector.detector_id, arxiv_id)
        if (d.kind, d.key) in names
    )


def _place_of(
    context: AppContext, arxiv_id: ArxivId
) -> tuple[TopicName | None, TopicName | None, tuple[SimilarPaper, ...]]:
    """The paper's topic, another that it is near to, and similar papers; none of them if it is not embedded."""
    search = context.paper_search
    nearest = search.nearest_to_paper(arxiv_id, limit=N_SIMILAR)
    if nearest is None:
        return None, None, ()
    row = search.index.row_of[arxiv_id]
    names = {t.topic_id: TopicName(t.topic_id, t.label) for t in all_topics(context)}
    similar = _similar(context, nearest)
    own, other = int(search.index.topic_id[row]), int(second_topic_ids(context, search.index)[row])
    return names.get(own), names.get(other), similar


def _similar(context: AppContext, nearest: Sequence[NearPaper]) -> tuple[SimilarPaper, ...]:
    similarity = {near.arxiv_id: near.similarity for near in nearest}
    return tuple(
        SimilarPaper(**vars(line), similarity=round(similarity[line.arxiv_id], 4))
        for line in paper_lines(context, papers_in_order(context.db, list(similarity)))
    )
