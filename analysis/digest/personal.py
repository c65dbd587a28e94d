"""A reader's own part of an issue: what moved among the things they follow, and the papers closest to them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field

from analysis.search.ranking import fused_ranks
from analysis.search.semantic_search import NearestPapers
from analysis.trends.shares import share_of
from domain.digest import Digest, ListedPaper, TermLine, TopicLine
from domain.digest_facts import FollowMatch
from domain.digest_wording_protocol import PersonalWording
from domain.embeddings import Embeddings
from domain.issues_and_deliveries import Issue
from domain.paper import ArxivId, Paper
from domain.paper_query import PaperQuery
from domain.personal_digest import FollowedLine, PersonalPart
from domain.subscription import Follow
from domain.topics import AssignedPaper
from domain.week import Week, weeks_before

N_WEEKS_BEFORE = 4
"""What is usual for a followed term is its mean over so many weeks before the issue's."""
_N_RANKED = 60
"""Papers ranked for one search or topic: many times what any mail lists."""
_NEAR_MISS = 0.07
"""How far below the least similarity a paper may be and still be listed as just below it."""
_ALL_WORDS_BONUS = 0.08
"""Added to the similarity of a paper that has every word of a search."""
_N_RANKINGS_CACHED = 2_048
_STOP_WORDS = frozenset("a an and are as at be by for from in into is it of on or over the to under using with".split())


class PersonalSettings(BaseModel):
    """The group ``personal`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_papers: int = Field(default=8, ge=1, le=30, description="Most papers listed in a reader's own part.")
    n_below: int = Field(default=3, ge=0, le=10, description="Most papers listed as just below the threshold.")
    min_similarity: float = Field(
        default=0.40, ge=0, le=1, description="Least similarity to a saved search for a paper to be listed."
    )


@dataclass(frozen=True, eq=False)
class IssueMaterial:
    """Everything that the readers' parts of one issue are composed from.

    Attributes
    ----------
    issue : which weeks it covers.
    digest : of the newest week.
    papers, embeddings : of the issue's weeks; a paper may lack an embedding.
    assigned : the papers of each topic, closest to its centroid first.
    names : the name of each technique, theme, topic and category that still exists, by kind and key.
    counts : papers that adopt it, by kind and key, then by week; for categories, papers listed in it.
    totals : the papers of each week held.
    """

    issue: Issue
    digest: Digest
    papers: Mapping[ArxivId, Paper]
    embeddings: Embeddings
    assigned: Mapping[int, Sequence[AssignedPaper]]
    names: Mapping[tuple[str, str], str]
    counts: Mapping[tuple[str, str], Mapping[Week, int]]
    totals: Mapping[Week, int]

    @property
    def query(self) -> PaperQuery:
        """The papers of the issue's weeks."""
        return PaperQuery(since=self.issue.weeks[0].monday, until=self.issue.weeks[-1].sunday)


@dataclass(frozen=True)
class _Ranked:
    """A paper among those closest to one search or topic; ``is_listed`` where it is similar enough to be listed."""

    arxiv_id: ArxivId
    rank: int
    similarity: float
    is_listed: bool
    has_all_words: bool = False


class PersonalComposer:
    """Composes readers' parts of one issue; rankings that readers share are made once.

    Parameters
    ----------
    material : what is known of the issue's weeks.
    settings : how many papers are listed, and how similar they must be.
    search : finds the issue's papers that are nearest to a saved search.
    wording : puts into words why a paper is listed.
    """

    def __init__(
        self,
        material: IssueMaterial,
        settings: PersonalSettings,
        search: NearestPapers,
        wording: PersonalWording,
    ) -> None:
        self.material = material
        self.settings = settings
        self.search = search
        self.wording = wording
        # Bounded, so that ten thousand readers with searches of their own take no more memory than a hundred.
        self._ranking = lru_cache(maxsize=_N_RANKINGS_CACHED)(self._rank)
        digest = material.digest
        self._line_of: dict[tuple[str, str], TermLine | TopicLine] = {
            **{(line.kind, line.key): line for line in (*digest.techniques, *digest.themes)},
            **{("topic", str(line.topic_id)): line for line in digest.topics},
        }

    def compose(self, follows: Sequence[Follow], *, sent_before: Collection[ArxivId]) -> PersonalPart:
        """One reader's part; nothing that was sent to them before is listed.

        Papers that several follows find come first (reciprocal rank fusion).
        """
        lines = tuple(self._line(follow) for follow in follows if follow.kind != "search")
        with_papers = [follow for follow in follows if follow.kind in ("search", "topic")]
        rankings = {follow: self._ranking(follow) for follow in with_papers}
        found = {ranked.arxiv_id for ranking in rankings.values() for ranked in ranking if ranked.is_listed}
        fresh = {
            follow: [ranked for ranked in ranking if ranked.arxiv_id not in sent_before]
            for follow, ranking in rankings.items()
        }
        listable = list(
            fused_ranks([[x.arxiv_id for x in ranking if x.is_listed] for ranking in fresh.values()] or [[]])
        )
        chosen, rest = listable[: self.settings.n_papers], listable[self.settings.n_papers :]
        frequency, n_below = self.material.issue.frequency, self.settings.n_below
        papers = [self._listed(i, self.wording.listed(self._matches(i, fresh), frequency)) for i in chosen]
        below = [
            self._listed(
                i, self.wording.past_the_limit(len(chosen) + n, len(chosen), self._matches(i, fresh), frequency)
            )
            for n, i in enumerate(rest[:n_below], 1)
        ]
        near_misses = self._near_misses(fresh, set(listable))[: n_below - len(below)]
        below += [self._listed(i, reason) for i, reason in near_misses]
        return PersonalPart(
            lines=lines,
            papers=tuple(papers),
            below=tuple(below),
            n_found=len(listable),
            n_sent_before=len(found & set(sent_before)),
            asks_for_papers=bool(with_papers),
        )

    # -- what moved

    def _line(self, follow: Follow) -> FollowedLine:
        material = self.material
        key = (follow.kind, follow.key)
        weeks = material.issue.weeks
        name = material.names.get(key)
        if name is None:
            return FollowedLine(follow.kind, follow.key, follow.key, share_of(0, 0), math.nan, gone=True)
        counts = material.counts.get(key, {})
        n = sum(material.totals.get(w, 0) for w in weeks)
        before = weeks_before(weeks[0], N_WEEKS_BEFORE)
        is_held = all(material.totals.get(w) for w in before)
        usual = sum(counts.get(w, 0) for w in before) / len(before) if is_held else math.nan
        line = self._line_of.get(key)
        return FollowedLine(
            follow.kind,
            follow.key,
            name,
            now=share_of(sum(counts.get(w, 0) for w in weeks), n),
            usual=usual,
            slug=line.slug if line is not None and len(weeks) == 1 else "",
            call=line.call if line is not None and len(weeks) == 1 else None,
        )

    # -- new papers

    def _rank(self, follow: Follow) -> tuple[_Ranked, ...]:
        """The papers closest to a search or topic, best first, down to those just below the least similarity."""
        if follow.kind == "topic":
            assigned = self.material.assigned.get(int(follow.key), ()) if follow.key.isdecimal() else ()
            return tuple(_Ranked(a.arxiv_id, n, a.similarity, True) for n, a in enumerate(assigned[:_N_RANKED], 1))
        words = _words(follow.key)
        scored = []
        for near in self.search.nearest(follow.key, self.material.query, limit=_N_RANKED):
            has_all_words = bool(words) and words <= _words(self._text(near.arxiv_id))
            score = near.similarity + _ALL_WORDS_BONUS * has_all_words
            scored.append((score, near.similarity, near.arxiv_id, has_all_words))
        scored.sort(key=lambda x: (-x[0], x[2]))
        least = self.settings.min_similarity
        return tuple(
            _Ranked(arxiv_id, n, cosine, score >= least, has_all_words)
            for n, (score, cosine, arxiv_id, has_all_words) in enumerate(scored, 1)
            if score >= least - _NEAR_MISS
        )

    def _text(self, arxiv_id: ArxivId) -> str:
        paper = self.material.papers[arxiv_id]
        return f"{paper.title} {paper.abstract}"

    def _near_misses(
        self, fresh: Mapping[Follow, Sequence[_Ranked]], listable: Collection[ArxivId]
    ) -> list[tuple[ArxivId, str]]:
        """Papers just below the least similarity, closest first, each once, with the reason."""
        nearest = sorted(
            (-ranked.similarity, ranked.arxiv_id, follow)
            for follow, ranking in fresh.items()
            for ranked in ranking
            if not ranked.is_listed and ranked.arxiv_id not in listable
        )
        reasons: dict[ArxivId, str] = {}
        for negated, arxiv_id, follow in nearest:
            reason = self.wording.too_dissimilar(follow.key, -negated, self.settings.min_similarity)
            reasons.setdefault(arxiv_id, reason)
        return list(reasons.items())

    def _matches(self, arxiv_id: ArxivId, fresh: Mapping[Follow, Sequence[_Ranked]]) -> list[FollowMatch]:
        """What lists a paper: the follow that it is closest to, then the others."""
        places = sorted(
            (ranked.rank, n, follow, ranked)
            for n, (follow, ranking) in enumerate(fresh.items())
            for ranked in ranking
            if ranked.arxiv_id == arxiv_id and ranked.is_listed
        )
        return [self._match(follow, ranked) for _, _, follow, ranked in places]

    def _match(self, follow: Follow, ranked: _Ranked) -> FollowMatch:
        if follow.kind == "topic":
            name = self.material.names.get(("topic", follow.key), follow.key)
            n_papers = len(self.material.assigned[int(follow.key)])
            return FollowMatch("topic", name, ranked.rank, n_papers, ranked.similarity)
        n_papers = len(self.material.embeddings)
        return FollowMatch("search", follow.key, ranked.rank, n_papers, ranked.similarity, ranked.has_all_words)

    def _listed(self, arxiv_id: ArxivId, reason: str) -> ListedPaper:
        return ListedPaper.of(self.material.papers[arxiv_id], reason)


def _words(text: str) -> frozenset[str]:
    """The words of a text in lower case, without stop words."""
    parts = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return frozenset(parts) - _STOP_WORDS
