"""A reader's own part of an issue: what moved among the things they follow, and the papers that are new to them.

Papers are ranked by the scores of every search (``analysis.search.paper_scores``); a topic's by their similarity to its
centroid. What is new is decided by ``analysis.search.new_papers``, as in feeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from analysis.search.described_text import described_text
from analysis.search.new_papers import NewPapers, new_papers
from analysis.search.ranking import fused_ranks
from analysis.search.search_conditions import found_by
from analysis.search.search_query import parsed_query
from analysis.search.semantic_search import PaperSearch
from analysis.trends.shares import share_of
from domain.digest import N_RECENT_WEEKS, Digest, ListedPaper
from domain.digest_facts import FollowMatch
from domain.digest_wording_protocol import PersonalWording
from domain.errors import UsageError
from domain.issues_and_deliveries import Issue
from domain.packed_stems import stem_number, stem_numbers
from domain.paper import ArxivId, Paper
from domain.personal_digest import FollowedLine, FollowedPapers, PersonalPart, ScoreThreshold
from domain.search_query import content_words
from domain.subscription import Follow
from domain.trend_calls import TrendCall
from domain.week import Week, weeks_before

_N_RANKINGS_CACHED = 2_048


class PersonalSettings(BaseModel):
    """The group ``personal`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share_of_best: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Mails and feeds bring papers whose score for a search or topic is at least this share of the best "
        "of the eight weeks before, where the reader has chosen no number of papers a week.",
    )
    n_papers: int = Field(
        default=40,
        ge=1,
        le=100,
        description="Most papers listed in a reader's own part of a mail; how many more are new is stated there.",
    )


@dataclass(frozen=True, eq=False)
class IssueMaterial:
    """Everything that the readers' parts of one issue are composed from.

    Attributes
    ----------
    issue : which weeks it covers.
    digest : of the newest week.
    papers : that may be new to a reader: those of the issue's weeks, and those of earlier weeks that came since the
        issue before.
    names : the name of each technique, theme, topic and category that still exists, by kind and key.
    counts : papers that adopt it, by kind and key, then by week; for categories, papers listed in it.
    totals : the papers of each week held.
    calls : the trend calls of the digest's week, by kind and key; of a named thing, by its number.
    findings : the finding of each paper that was read.
    """

    issue: Issue
    digest: Digest
    papers: Mapping[ArxivId, Paper]
    names: Mapping[tuple[str, str], str]
    counts: Mapping[tuple[str, str], Mapping[Week, int]]
    totals: Mapping[Week, int]
    calls: Mapping[tuple[str, str], TrendCall] = field(default_factory=dict)
    findings: Mapping[ArxivId, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FollowedName:
    """A named thing that a reader follows, as the ledger has it now.

    Attributes
    ----------
    name_id, name : its number and how it is shown; what it was merged into, if it was.
    introducing, using : papers that introduce it, and others that use it; newest first, of whatever week.
    counts : papers that introduce or use it, by week.
    """

    name_id: int
    name: str
    introducing: tuple[ArxivId, ...]
    using: tuple[ArxivId, ...]
    counts: Mapping[Week, int]


@dataclass(frozen=True)
class _Ranked:
    """A paper that is new for one search, topic or name, and its place among all of them."""

    arxiv_id: ArxivId
    rank: int
    similarity: float
    has_all_words: bool = False
    introduces: bool = False


@dataclass(frozen=True)
class _Ranking:
    """The papers that are new for one search, topic or name, best first."""

    papers: tuple[_Ranked, ...] = ()
    n_below: int = 0
    threshold: ScoreThreshold | None = None


class PersonalComposer:
    """Composes readers' parts of one issue; rankings that readers share are made once.

    Parameters
    ----------
    material : what is known of the issue's weeks.
    settings : how many papers are listed.
    load_search : gives the search over all papers; it is asked when a reader first follows a search or topic.
    load_name : gives what is known of a named thing by the key of its follow; ``None`` if lists leave it out.
    min_similarity : the least cosine of a paper that a search finds by its meaning, as for every search.
    wording : puts into words why a paper is listed.
    """

    def __init__(
        self,
        material: IssueMaterial,
        settings: PersonalSettings,
        load_search: Callable[[], PaperSearch],
        load_name: Callable[[str], FollowedName | None],
        wording: PersonalWording,
        *,
        min_similarity: float,
    ) -> None:
        self.material = material
        self.settings = settings
        self.wording = wording
        self._load_search = load_search
        self._min_similarity = min_similarity
        # Bounded, so that ten thousand readers with searches of their own take no more memory than a hundred.
        self._followed_name = lru_cache(maxsize=_N_RANKINGS_CACHED)(load_name)
        self._ranking = lru_cache(maxsize=_N_RANKINGS_CACHED)(self._rank)
        digest = material.digest
        self._slug_of: dict[tuple[str, str], str] = {
            **{(line.kind, line.key): line.slug for line in (*digest.techniques, *digest.themes)},
            **{("topic", str(line.topic_id)): line.slug for line in digest.topics},
        }

    def compose(
        self, follows: Sequence[Follow], *, sent_before: Collection[ArxivId], decided: Collection[ArxivId] = ()
    ) -> PersonalPart:
        """One reader's part: every paper of theirs, but none that was sent before or decided, and none twice.

        A paper that several follows find stands with the one where it ranks best. Where there is no room for all, those
        that rank best, in several follows or in one, are listed (reciprocal rank fusion).
        """
        rankings = {follow: self._ranking(follow) for follow in follows if follow.brings_papers}
        unsent = {
            follow: [ranked for ranked in ranking.papers if ranked.arxiv_id not in sent_before]
            for follow, ranking in rankings.items()
        }
        fresh = {follow: [r for r in ranked if r.arxiv_id not in decided] for follow, ranked in unsent.items()}
        fused = list(fused_ranks([[ranked.arxiv_id for ranked in new] for new in fresh.values()] or [[]]))
        chosen = frozenset(fused[: self.settings.n_papers])
        places = self._places(fresh)
        return PersonalPart(
            lines=tuple(self._line(follow) for follow in follows if follow.kind != "search"),
            found=tuple(
                FollowedPapers(
                    follow=follow,
                    name=self._name(follow),
                    papers=tuple(
                        self._listed(ranked.arxiv_id, places[ranked.arxiv_id])
                        for ranked in new
                        if ranked.arxiv_id in chosen and places[ranked.arxiv_id][0][0] == follow
                    ),
                    threshold=rankings[follow].threshold,
                    n_new=len(new),
                    n_elsewhere=sum(
                        ranked.arxiv_id in chosen and places[ranked.arxiv_id][0][0] != follow for ranked in new
                    ),
                    n_left_out=sum(ranked.arxiv_id not in chosen for ranked in new),
                    n_below=rankings[follow].n_below,
                    n_sent_before=len(rankings[follow].papers) - len(unsent[follow]),
                    n_decided=len(unsent[follow]) - len(new),
                )
                for follow, new in fresh.items()
            ),
        )

    # -- what moved

    def _line(self, follow: Follow) -> FollowedLine:
        material = self.material
        key = (follow.kind, follow.key)
        weeks = material.issue.weeks
        followed = self._followed_name(follow.key) if follow.kind == "name" else None
        name = material.names.get(key) if followed is None else followed.name
        if name is None:
            return FollowedLine(follow.kind, follow.key, follow.key, share_of(0, 0), math.nan, gone=True)
        counts = material.counts.get(key, {}) if followed is None else followed.counts
        n = sum(material.totals.get(w, 0) for w in weeks)
        before = weeks_before(weeks[0], N_RECENT_WEEKS)
        n_before = [material.totals.get(w, 0) for w in before]
        call_key = key if followed is None else ("name", str(followed.name_id))
        return FollowedLine(
            follow.kind,
            follow.key,
            name,
            now=share_of(sum(counts.get(w, 0) for w in weeks), n),
            before=sum(counts.get(w, 0) for w in before) / sum(n_before) if all(n_before) else math.nan,
            slug=self._slug_of.get(key, "") if len(weeks) == 1 else "",
            call=material.calls.get(call_key) if len(weeks) == 1 else None,
        )

    # -- new papers

    @cached_property
    def _search(self) -> PaperSearch:
        return self._load_search()

    def _rank(self, follow: Follow) -> _Ranking:
        """The papers of the issue that are above the threshold of a search or topic, or introduce or use a name."""
        if follow.kind == "name":
            return self._papers_of_name(follow.key)
        search = self._search
        index = search.index
        among = np.zeros(len(index), dtype=bool)
        among[[index.row_of[i] for i in self.material.papers if i in index.row_of]] = True
        if not among.any():
            return _Ranking()
        if follow.kind == "topic":
            found = index.topic_id == (int(follow.key) if follow.key.isdecimal() else -1)
            new = self._new(index.similarity, found, among, follow)
            return self._as_ranking(new, index.similarity)
        try:
            scores, ranked_by, found = found_by(search, follow.key, min_similarity=self._min_similarity)
            text = parsed_query(follow.key).text
        except UsageError:  # a search without a word finds nothing
            return _Ranking()
        new = self._new(scores, found, among, follow, ranked_by)
        cosines = search.similarities(described_text(text)) if text and search.has_vectors else np.zeros_like(scores)
        stems = {stem_number(word) for word in content_words(text)}
        return self._as_ranking(new, cosines, stems=stems)

    def _papers_of_name(self, key: str) -> _Ranking:
        """All papers of the issue that introduce or use a named thing, introducing ones first, then newest first."""
        followed = self._followed_name(key)
        if followed is None:
            return _Ranking()
        introducing, using = (
            [i for i in ids if i in self.material.papers] for ids in (followed.introducing, followed.using)
        )
        papers = tuple(
            _Ranked(arxiv_id, rank, math.nan, introduces=rank <= len(introducing))
            for rank, arxiv_id in enumerate([*introducing, *using], 1)
        )
        return _Ranking(papers)

    def _new(
        self,
        scores: NDArray[np.float32],
        found: NDArray[np.bool_],
        among: NDArray[np.bool_],
        follow: Follow,
        ranked_by: NDArray[np.float32] | None = None,
    ) -> NewPapers:
        index = self._search.index
        return new_papers(
            scores,
            found,
            ids=index.ids,
            day=index.day,
            among=among,
            per_week=follow.per_week,
            share_of_best=self.settings.share_of_best,
            last_closed=self.material.issue.last_week,
            ranked_by=ranked_by,
        )

    def _as_ranking(
        self, new: NewPapers, similarities: NDArray[np.float32], *, stems: Collection[int] = ()
    ) -> _Ranking:
        ids = self._search.index.ids
        papers = tuple(
            _Ranked(ids[row], rank, float(similarities[row]), self._has_all(ids[row], stems))
            for rank, row in enumerate(new.rows, 1)
        )
        return _Ranking(papers, new.n_below, new.newest_threshold)

    def _has_all(self, arxiv_id: ArxivId, stems: Collection[int]) -> bool:
        """Whether a paper has every word of a search, in any form."""
        paper = self.material.papers[arxiv_id]
        return bool(stems) and set(stems) <= set(stem_numbers(f"{paper.title} {paper.abstract}"))

    def _places(self, fresh: Mapping[Follow, Sequence[_Ranked]]) -> dict[ArxivId, list[tuple[Follow, _Ranked]]]:
        """Which follows find each paper, the one where it ranks best first."""
        places: dict[ArxivId, list[tuple[Follow, _Ranked]]] = {}
        for follow, new in fresh.items():
            for ranked in new:
                places.setdefault(ranked.arxiv_id, []).append((follow, ranked))
        return {i: sorted(found, key=lambda place: place[1].rank) for i, found in places.items()}

    def _listed(self, arxiv_id: ArxivId, places: Sequence[tuple[Follow, _Ranked]]) -> ListedPaper:
        matches = [
            FollowMatch(
                follow.kind if follow.kind in ("topic", "name") else "search",
                self._name(follow),
                ranked.rank,
                ranked.similarity,
                ranked.has_all_words,
                ranked.introduces,
            )
            for follow, ranked in places
        ]
        reason = self.wording.listed(matches)
        finding = self.material.findings.get(arxiv_id, "")
        return ListedPaper.of(self.material.papers[arxiv_id], reason, finding)

    def _name(self, follow: Follow) -> str:
        followed = self._followed_name(follow.key) if follow.kind == "name" else None
        return self.material.names.get((follow.kind, follow.key), follow.key) if followed is None else followed.name
