"""The papers that a digest lists with its themes and topics, each for a stated reason."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from analysis.digest.counts_by_week import WeekTables
from analysis.digest.inputs import DigestSettings, WeekMaterial
from analysis.digest.practice import N_FINDINGS, findings_of_themes
from analysis.trends.share_differences import are_unusual
from domain.detections import ADOPTS, IS_ABOUT, Detection, Term
from domain.digest import ListedPaper, TopicAdoption
from domain.digest_facts import MainContribution, NearCentre, PaperReason, ShowsTerm
from domain.digest_wording_protocol import DigestWording
from domain.paper import ArxivId, Paper
from domain.topics import AssignedPaper
from domain.week import Week

MIN_UNUSUAL = 4
"""Papers of a term in a topic below which they are not called more than usual."""
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
        self._read = material.read
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

    def for_themes(self, themes: Sequence[Term]) -> dict[str, tuple[ListedPaper, ...]]:
        """The findings of each theme, chosen by ``analysis.digest.practice``, by its key."""
        chosen = findings_of_themes(
            [term.key for term in themes],
            self._papers,
            self._detections,
            self._topic_of,
            self._read,
            n=min(self._n_papers, N_FINDINGS),
        )
        return {
            term.key: tuple(self._listed(self._papers[a], self._contribution(term, a)) for a in chosen[term.key])
            for term in themes
        }

    def _contribution(self, term: Term, arxiv_id: ArxivId) -> MainContribution:
        facts = self._read.facts.get(arxiv_id)
        if facts is None:
            return MainContribution(term.name)
        return MainContribution(term.name, facts.largest_saving, bool(facts.claims), facts.has_code, facts.venue)

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
        n_papers : papers of a week in which topics are counted, 0 where it is not embedded.
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
        n=tables.n_placed(week),
        n_before=sum(tables.n_placed(w) for w in recent),
        false_discovery_rate=false_discovery_rate,
    )
    unusual: dict[tuple[str, str], list[TopicAdoption]] = {key: [] for key in places}
    for (key, place), is_more in zip(tried, are_more, strict=True):
        if is_more:
            unusual[key].append(place)
    return {key: tuple(sorted(found, key=lambda place: place.k_usual - place.k)) for key, found in unusual.items()}


def _can_be_unusual(place: TopicAdoption) -> bool:
    return place.k >= MIN_UNUSUAL and not math.isnan(place.k_usual)
