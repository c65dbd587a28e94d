"""The papers that a digest lists with its themes and topics, each for a stated reason."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from analysis.digest.counts_by_week import WeekTables
from analysis.digest.inputs import DigestSettings, WeekMaterial
from analysis.trends.share_differences import are_unusual
from domain.detections import ADOPTS, IS_ABOUT, Detection, Term
from domain.digest import ListedPaper, TopicAdoption
from domain.digest_facts import NearCentre, PaperReason, SaysWords, ShowsTerm
from domain.digest_wording_protocol import DigestWording
from domain.paper import ArxivId, Paper
from domain.topics import AssignedPaper
from domain.week import Week

MIN_UNUSUAL = 4
"""Papers of a term in a topic below which they are not called more than usual."""
_N_QUOTED = 3
"""Words of a paper that are shown at most as the reason it is listed."""
_WANTED_OF_TOPIC: tuple[tuple[Literal["technique", "theme"], str | None, int], ...] = (
    ("theme", "evaluation", ADOPTS),
    ("technique", None, IS_ABOUT),
)
"""Kind, key (any where ``None``) and least level of what a topic's papers should show."""


class PaperSelection:
    """Chooses the papers of one week that are worth a reader's time."""

    def __init__(self, material: WeekMaterial, settings: DigestSettings, wording: DigestWording) -> None:
        self._papers = {paper.arxiv_id: paper for paper in material.papers}
        self._detections = material.detections
        self._findings = material.findings
        self._n_papers = settings.n_papers
        self._wording = wording
        self._names = {(term.kind, term.key): term.name for term in material.terms}
        self._labels = {topic.topic_id: topic.label for topic in material.topics}
        self._recent_places = material.recent_places
        self._topic_of = {assigned.arxiv_id: assigned.topic_id for assigned in material.assigned}
        self._by_topic: dict[int, list[AssignedPaper]] = defaultdict(list)
        for assigned in sorted(material.assigned, key=lambda assigned: (-assigned.similarity, assigned.arxiv_id)):
            if assigned.topic_id is not None and assigned.arxiv_id in self._papers:
                self._by_topic[assigned.topic_id].append(assigned)

    def for_term(self, term: Term) -> tuple[ListedPaper, ...]:
        """The strongest papers that adopt a term, no two from the same topic as long as there is a choice."""
        chosen: list[tuple[Paper, Detection]] = []
        rest: list[tuple[Paper, Detection]] = []
        seen: set[int | None] = set()
        for paper, detection in self._adopting(term.kind, term.key):
            topic_id = self._topic_of.get(paper.arxiv_id)
            (rest if topic_id is not None and topic_id in seen else chosen).append((paper, detection))
            seen.add(topic_id)
        return tuple(
            self._listed(paper, SaysWords(_quoted(paper, detection)))
            for paper, detection in [*chosen, *rest][: self._n_papers]
        )

    def for_topic(self, topic_id: int) -> tuple[ListedPaper, ...]:
        """Papers of a topic, each different in kind as long as there is a choice.

        The closest to its centroid; one whose main contribution is evaluation; one that is about a technique; then
        the next closest.
        """
        members = [self._papers[assigned.arxiv_id] for assigned in self._by_topic[topic_id]]
        chosen: dict[ArxivId, ListedPaper] = {}
        if members:
            chosen[members[0].arxiv_id] = self._listed(members[0], NearCentre(is_nearest=True))
        for kind, key, level in _WANTED_OF_TOPIC:
            for paper in members:
                shown = self._shown(paper, kind, key, level)
                if shown is not None and paper.arxiv_id not in chosen:
                    chosen[paper.arxiv_id] = self._listed(paper, ShowsTerm(kind, self._names[kind, shown.key]))
                    break
        for paper in members:
            if len(chosen) >= self._n_papers:
                break
            chosen.setdefault(paper.arxiv_id, self._listed(paper, NearCentre(is_nearest=False)))
        return tuple(chosen.values())[: self._n_papers]

    def places(
        self, n_papers: Callable[[Week], int], recent: Sequence[Week]
    ) -> dict[tuple[str, str], tuple[TopicAdoption, ...]]:
        """For each term the topics that hold its adopting papers, the fullest first.

        Parameters
        ----------
        n_papers : papers of a week, 0 where it is not held.
        recent : the weeks that tell how many are usual; where one is not held, ``k_usual`` is NaN.
        """
        held = all(n_papers(week) for week in recent)
        counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for arxiv_id, found in self._detections.items():
            topic_id = self._topic_of.get(arxiv_id)
            if topic_id is None:
                continue
            for detection in found:
                if detection.level >= ADOPTS:
                    counts[detection.kind, detection.key][topic_id] += 1
        return {
            (kind, key): tuple(
                TopicAdoption(
                    topic_id,
                    self._labels[topic_id],
                    k,
                    self._recent_places.get((kind, key, topic_id), 0) / len(recent) if held else math.nan,
                )
                for topic_id, k in sorted(counts[kind, key].items(), key=lambda pair: (-pair[1], pair[0]))
            )
            for kind, key in self._names
        }

    def _adopting(self, kind: str, key: str) -> list[tuple[Paper, Detection]]:
        """Papers at level 2 or more, the surest first."""
        found = [
            (self._papers[arxiv_id], detection)
            for arxiv_id, detections in self._detections.items()
            for detection in detections
            if (detection.kind, detection.key) == (kind, key) and detection.level >= ADOPTS and arxiv_id in self._papers
        ]
        return sorted(found, key=lambda pair: (-pair[1].level, -pair[1].strength, pair[0].arxiv_id))

    def _shown(self, paper: Paper, kind: str, key: str | None, level: int) -> Detection | None:
        """The paper's first detection of a kind, of a key if one is given, at a level or above."""
        return next(
            (
                detection
                for detection in self._detections.get(paper.arxiv_id, ())
                if detection.kind == kind and key in (None, detection.key) and detection.level >= level
            ),
            None,
        )

    def _listed(self, paper: Paper, reason: PaperReason) -> ListedPaper:
        return ListedPaper.of(paper, self._wording.paper_reason(reason), self._findings.get(paper.arxiv_id, ""))


def unusual_places(
    places: Mapping[tuple[str, str], Sequence[TopicAdoption]],
    tables: WeekTables,
    week: Week,
    recent: Sequence[Week],
    *,
    false_discovery_rate: float,
) -> dict[tuple[str, str], tuple[TopicAdoption, ...]]:
    """For each term the topics with more of its papers than the recent weeks led to expect, the largest excess first.

    All terms and topics are tested together (``analysis.trends.share_differences.are_unusual``).
    """
    tried = [(key, place) for key, found in places.items() for place in found if _can_be_unusual(place)]
    are_more = are_unusual(
        [place.k for _, place in tried],
        [round(place.k_usual * len(recent)) for _, place in tried],
        n=tables.n_papers(week),
        n_before=sum(tables.n_papers(w) for w in recent),
        false_discovery_rate=false_discovery_rate,
    )
    unusual: dict[tuple[str, str], list[TopicAdoption]] = {key: [] for key in places}
    for (key, place), is_more in zip(tried, are_more, strict=True):
        if is_more:
            unusual[key].append(place)
    return {key: tuple(sorted(found, key=lambda place: place.k_usual - place.k)) for key, found in unusual.items()}


def _can_be_unusual(place: TopicAdoption) -> bool:
    return place.k >= MIN_UNUSUAL and not math.isnan(place.k_usual)


def _quoted(paper: Paper, detection: Detection) -> tuple[str, ...]:
    """The paper's own words that a detection rests on: different ones, the title's first."""
    texts = {"title": paper.title, "abstract": paper.abstract}
    words: dict[str, str] = {}
    for e in sorted(detection.evidence, key=lambda e: (e.field != "title", e.start)):
        found = texts[e.field][e.start : e.end]
        words.setdefault(found.casefold(), found)
    return tuple(words.values())[:_N_QUOTED]
