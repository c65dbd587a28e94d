"""The list of papers behind each number of a digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from analysis.digest.inputs import WeekMaterial
from domain.detections import Detection
from domain.digest import DetectedPaper, Digest, PaperList, TermLine
from domain.digest_wording_protocol import DigestWording
from domain.paper import Paper


def paper_lists(material: WeekMaterial, digest: Digest, wording: DigestWording) -> tuple[PaperList, ...]:
    """A list for every number of a digest.

    Returns
    -------
    All papers of the week; those of each technique and theme, the surest detections first; those without a topic;
    those of each topic, closest to its centroid first.
    """
    words = wording.all_papers(material.week)
    # Thousands of abstracts would make a page of megabytes that nobody reads; titles lead to arXiv.
    all_papers = PaperList(
        slug="all-papers",
        heading=words.heading,
        definition=words.definition,
        papers=tuple(
            DetectedPaper.of(paper, with_abstract=False, finding=material.findings.get(paper.arxiv_id, ""))
            for paper in material.papers
        ),
        series=(),
        with_abstracts=False,
    )
    return (
        all_papers,
        *_lists_of_terms(material, [*digest.techniques, *digest.themes]),
        *_lists_of_topics(material, digest, wording),
    )


def _lists_of_terms(material: WeekMaterial, lines: Iterable[TermLine]) -> list[PaperList]:
    papers = {paper.arxiv_id: paper for paper in material.papers}
    topic_of = {assigned.arxiv_id: assigned.topic_id for assigned in material.assigned}
    found: dict[tuple[str, str], list[tuple[Paper, Detection]]] = defaultdict(list)
    for arxiv_id, detections in material.detections.items():
        for detection in detections:
            if arxiv_id in papers:
                found[detection.kind, detection.key].append((papers[arxiv_id], detection))
    lists = []
    for line in lines:
        detected = sorted(
            found[line.kind, line.key], key=lambda pair: (-pair[1].level, -pair[1].strength, pair[0].arxiv_id)
        )
        topics = {topic_of.get(paper.arxiv_id) for paper, _ in detected}
        lists.append(
            PaperList(
                slug=line.slug,
                heading=line.name,
                definition=line.definition,
                papers=tuple(
                    DetectedPaper.of(
                        paper,
                        detection.level,
                        detection.evidence,
                        topic_id=topic_of.get(paper.arxiv_id),
                        finding=material.findings.get(paper.arxiv_id, ""),
                    )
                    for paper, detection in detected
                ),
                series=line.series,
                topics=tuple((topic.topic_id, topic.label) for topic in material.topics if topic.topic_id in topics),
            )
        )
    return lists


def _lists_of_topics(material: WeekMaterial, digest: Digest, wording: DigestWording) -> list[PaperList]:
    """The papers without a topic, then those of each topic that the digest names, those that moved first."""
    papers = {paper.arxiv_id: paper for paper in material.papers}
    by_topic: dict[int | None, list[Paper]] = defaultdict(list)
    for assigned in sorted(material.assigned, key=lambda assigned: (-assigned.similarity, assigned.arxiv_id)):
        if assigned.arxiv_id in papers:
            by_topic[assigned.topic_id].append(papers[assigned.arxiv_id])

    def listed(paper: Paper) -> DetectedPaper:
        return DetectedPaper.of(paper, finding=material.findings.get(paper.arxiv_id, ""))

    words = wording.papers_without_topic()
    lists = [
        PaperList(
            slug="no-topic",
            heading=words.heading,
            definition=words.definition,
            papers=tuple(map(listed, by_topic[None])),
            series=(),
        )
    ]
    topics = {topic.topic_id: topic for topic in material.topics}
    series = {line.topic_id: line.series for line in digest.topics}
    for topic_id in dict.fromkeys([*series, *(count.topic_id for count in digest.all_topics)]):
        words = wording.papers_of_topic(topics[topic_id].label, topics[topic_id].top_terms)
        lists.append(
            PaperList(
                slug=f"topic-{topic_id}",
                heading=words.heading,
                definition=words.definition,
                papers=tuple(map(listed, by_topic[topic_id])),
                series=series.get(topic_id, ()),
            )
        )
    return lists
