"""The list of papers behind each number of a digest."""

from __future__ import annotations

from collections import defaultdict

from analysis.digest.material import WeekMaterial
from domain.detections import Detection
from domain.digest import DetectedPaper, Digest, PaperList
from domain.paper import Paper


def paper_lists(material: WeekMaterial, digest: Digest) -> tuple[PaperList, ...]:
    """A list for every number on the page."""
    papers = {p.arxiv_id: p for p in material.papers}
    topic_of = {a.arxiv_id: a.topic_id for a in material.assigned}
    labels = tuple((t.topic_id, t.label) for t in material.topics)
    lists = [
        PaperList(
            slug="all-papers",
            heading=f"All papers of {material.week}",
            definition="Papers first submitted in this week and listed under a watched category, each once.",
            # Thousands of abstracts would make a page of megabytes that nobody reads; titles lead to arXiv.
            papers=tuple(DetectedPaper.of(p, with_abstract=False) for p in material.papers),
            series=(),
            with_abstracts=False,
        )
    ]
    of_term: dict[tuple[str, str], list[tuple[Paper, Detection]]] = defaultdict(list)
    for arxiv_id, found in material.detections.items():
        for d in found:
            if arxiv_id in papers:
                of_term[d.kind, d.key].append((papers[arxiv_id], d))
    for line in (*digest.techniques, *digest.themes):
        detected = sorted(
            of_term[line.kind, line.key], key=lambda pair: (-pair[1].level, -pair[1].strength, pair[0].arxiv_id)
        )
        lists.append(
            PaperList(
                slug=line.slug,
                heading=line.name,
                definition=line.definition,
                papers=tuple(
                    DetectedPaper.of(p, d.level, d.evidence, topic_id=topic_of.get(p.arxiv_id)) for p, d in detected
                ),
                series=line.series,
                topics=tuple(pair for pair in labels if pair[0] in {topic_of.get(p.arxiv_id) for p, _ in detected}),
            )
        )
    by_topic: dict[int | None, list[Paper]] = defaultdict(list)
    for a in sorted(material.assigned, key=lambda a: (-a.similarity, a.arxiv_id)):
        if a.arxiv_id in papers:
            by_topic[a.topic_id].append(papers[a.arxiv_id])
    lists.append(
        PaperList(
            slug="no-topic",
            heading="Papers without a topic",
            definition="Papers that are not close enough to any topic to be counted with it.",
            papers=tuple(DetectedPaper.of(p) for p in by_topic[None]),
            series=(),
        )
    )
    topics = {t.topic_id: t for t in material.topics}
    series = {line.topic_id: line.series for line in digest.topics}
    for topic_id in dict.fromkeys([*series, *(t.topic_id for t in digest.all_topics)]):
        topic = topics[topic_id]
        lists.append(
            PaperList(
                slug=f"topic-{topic_id}",
                heading=topic.label,
                definition=f"Papers closest to this topic: {', '.join(topic.top_terms)}.",
                papers=tuple(DetectedPaper.of(p) for p in by_topic[topic_id]),
                series=series.get(topic_id, ()),
            )
        )
    return tuple(lists)
