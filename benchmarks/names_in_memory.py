"""The ledger's rules over papers in memory: where names stand, and the things that they stand for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from analysis.names.defining_sentence import is_presented
from analysis.names.facts_and_events import facts_and_events
from analysis.names.paper_nearness import WordNearness
from analysis.names.tagger import NameTagger
from analysis.names.teams import person
from analysis.names.things_of_one_name import Thing, things_of_name
from analysis.names.variants import family_key, name_key
from domain.name_ledger import NameEvent, NameFacts, Sighting
from domain.name_mention import NameMention
from domain.packed_stems import packed_stems, unpacked_stems
from domain.paper import ArxivId, Paper
from domain.week import Week

_ROLES = ("introduces", "uses", "mentions")
_SAMPLE = 5_000

Authors = Callable[[Paper], tuple[str, ...]]


def authors_of(paper: Paper) -> tuple[str, ...]:
    """The authors as the ledger compares them."""
    return tuple(dict.fromkeys(map(person, paper.author_names)))


def each_paper_a_team(paper: Paper) -> tuple[str, ...]:
    """An author of its own for each paper, where authors are missing."""
    return (f"{paper.arxiv_id}|",)


def text_of(paper: Paper) -> str:
    """Title and abstract."""
    return f"{paper.title}\n{paper.abstract}"


def stems_of(paper: Paper) -> list[int]:
    """The stems of title and abstract, each once."""
    stems: list[int] = unpacked_stems([packed_stems(paper.title, paper.abstract, ())])["stem"].tolist()
    return stems


@dataclass
class NamesInMemory:
    """The sightings of names in the papers that were added, by key."""

    tagger: NameTagger
    authors: Authors
    common: Collection[str]
    sample: Sequence[Sequence[int]]
    sightings: dict[str, list[Sighting]] = field(default_factory=lambda: defaultdict(list))
    papers: dict[ArxivId, Paper] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stems: dict[ArxivId, list[int]] = {}
        self._nearness = WordNearness(self._stems, self.sample)

    def add(self, papers: Sequence[Paper]) -> None:
        """Read the names of papers."""
        tagged = self.tagger.tag_texts([(paper.title, paper.abstract) for paper in papers])
        for paper, mentions in zip(papers, tagged, strict=True):
            self.papers[paper.arxiv_id] = paper
            for key, sighting in self._sightings(paper, mentions).items():
                self.sightings[key].append(sighting)

    def things(self, key: str) -> list[Thing]:
        """The things that a name stands for in the papers added."""
        return things_of_name(self.sightings[key], (), common=self.common, nearness=self._near)[0]

    def facts(self, thing: Thing) -> tuple[NameFacts, tuple[NameEvent, ...]]:
        """What the papers say of one thing."""
        return facts_and_events(
            thing.sightings, thing.introductions, common=self.common, key_of=name_key, family_of=family_key
        )

    def _near(self, one: ArxivId, other: ArxivId) -> float:
        for arxiv_id in (one, other):
            if arxiv_id not in self._stems:
                self._stems[arxiv_id] = stems_of(self.papers[arxiv_id])
        return self._nearness(one, other)

    def _sightings(self, paper: Paper, mentions: Iterable[NameMention]) -> dict[str, Sighting]:
        """The paper's names, each once in its highest role."""
        found: dict[str, Sighting] = {}
        for m in sorted(mentions, key=lambda m: _ROLES.index(m.role)):
            key = name_key(m.surface)
            is_heading = any(
                e.field == "title" and e.start == 0 and paper.title[e.end :].lstrip()[:1] == ":" for e in m.evidence
            )
            one = found.get(key)
            if one is not None:
                found[key] = replace(one, is_heading=one.is_heading or is_heading)
            elif key:
                found[key] = Sighting(
                    paper.arxiv_id,
                    Week.containing(paper.submitted_at),
                    m.surface,
                    m.kind,
                    m.role,
                    m.confidence,
                    m.kind_confidence,
                    is_heading,
                    self.authors(paper),
                    None,
                    m.role == "introduces" and (is_heading or is_presented(paper.abstract, m.evidence)),
                )
        return found


def sample_of(papers: Sequence[Paper]) -> list[list[int]]:
    """The stems of papers drawn evenly, which tell how rare a word is."""
    return [stems_of(paper) for paper in papers[:: max(1, len(papers) // _SAMPLE)]]
