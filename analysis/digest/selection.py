"""Papers chosen for a digest, each with the reason it was chosen."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from analysis.digest.material import NOT_A_NUMBER, DigestSettings, WeekMaterial
from analysis.digest.week_tables import WeekTables
from analysis.trends.shares import are_unusual
from domain.detections import ADOPTS, IS_ABOUT, Detection, Term
from domain.digest import ListedPaper, Place, short_authors
from domain.paper import ArxivId, Paper
from domain.topics import AssignedPaper
from domain.week import Week

MIN_UNUSUAL = 4
"""Papers of a term in a topic below which it is not called more than usual."""


class PaperSelection:
    """The papers worth a reader's time, each for a stated reason."""

    def __init__(self, material: WeekMaterial, settings: DigestSettings) -> None:
        self._papers = {p.arxiv_id: p for p in material.papers}
        self._detections = material.detections
        self._settings = settings
        self._names = {(t.kind, t.key): t.name for t in material.terms}
        self._labels = {t.topic_id: t.label for t in material.topics}
        self._recent_places = material.recent_places
        self._place = {a.arxiv_id: a for a in material.assigned}
        self.by_topic: dict[int, list[AssignedPaper]] = defaultdict(list)
        for a in sorted(material.assigned, key=lambda a: (-a.similarity, a.arxiv_id)):
            if a.topic_id is not None and a.arxiv_id in self._papers:
                self.by_topic[a.topic_id].append(a)

    def adopting(self, kind: str, key: str) -> list[tuple[Paper, Detection]]:
        """Papers at level 2 or more, the surest first."""
        found = [
            (self._papers[arxiv_id], d)
            for arxiv_id, ds in self._detections.items()
            for d in ds
            if (d.kind, d.key) == (kind, key) and d.level >= ADOPTS and arxiv_id in self._papers
        ]
        return sorted(found, key=lambda pair: (-pair[1].level, -pair[1].strength, pair[0].arxiv_id))

    def for_term(self, term: Term) -> tuple[ListedPaper, ...]:
        """The strongest papers, no two from the same topic as long as there is a choice."""
        chosen: list[tuple[Paper, Detection]] = []
        rest: list[tuple[Paper, Detection]] = []
        seen: set[int | None] = set()
        for pair in self.adopting(term.kind, term.key):
            place = self._place.get(pair[0].arxiv_id)
            topic_id = place.topic_id if place else None
            (rest if topic_id is not None and topic_id in seen else chosen).append(pair)
            seen.add(topic_id)
        return tuple(listed_paper(p, _evidence_reason(p, d)) for p, d in [*chosen, *rest][: self._settings.n_papers])

    def places(
        self, n_papers: Callable[[Week], int], recent: Sequence[Week]
    ) -> dict[tuple[str, str], tuple[Place, ...]]:
        """For each term the topics that hold its adopting papers, the fullest first."""
        held = all(n_papers(w) for w in recent)
        counts: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for arxiv_id, found in self._detections.items():
            place = self._place.get(arxiv_id)
            if place is None or place.topic_id is None:
                continue
            for d in found:
                if d.level >= ADOPTS:
                    counts[d.kind, d.key][place.topic_id] += 1
        return {
            (kind, key): tuple(
                Place(
                    topic_id,
                    self._labels[topic_id],
                    k,
                    self._recent_places.get((kind, key, topic_id), 0) / len(recent) if held else NOT_A_NUMBER,
                )
                for topic_id, k in sorted(counts[kind, key].items(), key=lambda pair: (-pair[1], pair[0]))
            )
            for kind, key in self._names
        }

    def for_topic(self, topic_id: int) -> tuple[ListedPaper, ...]:
        """The most central paper; one whose main contribution is to evaluate; one that is about a technique."""
        members = [self._papers[a.arxiv_id] for a in self.by_topic[topic_id]]
        chosen: dict[ArxivId, ListedPaper] = {}
        if members:
            chosen[members[0].arxiv_id] = listed_paper(members[0], "closest to the topic's centre this week")
        wanted = (("theme", "evaluation", ADOPTS, "measures it"), ("technique", None, IS_ABOUT, "is about its method"))
        for kind, key, level, words in wanted:
            for p in members:
                match = next(
                    (
                        d
                        for d in self._detections.get(p.arxiv_id, ())
                        if d.kind == kind and key in (None, d.key) and d.level >= level
                    ),
                    None,
                )
                if match is not None and p.arxiv_id not in chosen:
                    chosen[p.arxiv_id] = listed_paper(p, f"{words}: {self._names[match.kind, match.key]}")
                    break
        for p in members:
            if len(chosen) >= self._settings.n_papers:
                break
            chosen.setdefault(p.arxiv_id, listed_paper(p, "next closest to the topic's centre"))
        return tuple(chosen.values())[: self._settings.n_papers]


def unusual_places(
    places: Mapping[tuple[str, str], Sequence[Place]],
    tables: WeekTables,
    week: Week,
    recent: Sequence[Week],
    *,
    false_discovery_rate: float,
) -> dict[tuple[str, str], tuple[Place, ...]]:
    """For each term the topics with more of its papers than the recent weeks led to expect."""
    n_recent = sum(tables.n_papers(w) for w in recent)
    tried = [(key, p) for key, of_term in places.items() for p in of_term if p.k >= MIN_UNUSUAL and p.k_usual >= 0]
    found = are_unusual(
        [p.k for _, p in tried],
        [round(p.k_usual * len(recent)) for _, p in tried],
        n=tables.n_papers(week),
        n_before=n_recent,
        false_discovery_rate=false_discovery_rate,
    )
    unusual: dict[tuple[str, str], list[Place]] = {key: [] for key in places}
    for (key, place), is_unusual in zip(tried, found, strict=True):
        if is_unusual:
            unusual[key].append(place)
    return {key: tuple(sorted(found, key=lambda p: p.k_usual - p.k)) for key, found in unusual.items()}


def _evidence_reason(paper: Paper, d: Detection) -> str:
    """Why a detection ranks first, in the paper's own words: up to three different ones, the title's first."""
    texts = {"title": paper.title, "abstract": paper.abstract}
    words: dict[str, str] = {}
    for e in sorted(d.evidence, key=lambda e: (e.field != "title", e.start)):
        found = texts[e.field][e.start : e.end]
        words.setdefault(found.casefold(), found)
    if not words:
        return "main contribution"
    return "it says " + ", ".join(f"“{found}”" for found in list(words.values())[:3])


def listed_paper(paper: Paper, reason: str) -> ListedPaper:
    return ListedPaper(paper.arxiv_id, paper.title, short_authors(paper.authors), paper.primary_category, reason)
