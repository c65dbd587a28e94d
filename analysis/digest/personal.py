"""A reader's own part of a digest, from what they follow; pure, and the same whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from analysis.search.ranking import fused_ranks
from analysis.trends.shares import share_of
from domain.digest import Digest, ListedPaper, TermLine, TopicLine, short_authors
from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper
from domain.personal import FollowedLine, PersonalPart
from domain.subscription import Follow, Issue
from domain.topics import AssignedPaper
from domain.week import Week

N_WEEKS_BEFORE = 4
_RANKED = 60
"""Papers looked at for one search or topic: many times what any mail lists."""
_NEARLY = 0.07
"""How far below the line a similarity may be and still be called nearly there."""
_WORDS_COUNT = 0.08
"""What it is worth that a paper has every word of a search, in similarity."""
_RANKINGS_KEPT = 2_048
_NOWHERE = float("nan")
_STOP_WORDS = frozenset("a an and are as at be by for from in into is it of on or over the to under using with".split())


class PersonalSettings(BaseModel):
    """The group ``personal`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_papers: int = Field(default=8, ge=1, le=30, description="Papers listed at most in a reader's own part.")
    n_below: int = Field(default=3, ge=0, le=10, description="Papers listed at most as just below the line.")
    min_similarity: float = Field(
        default=0.40, ge=0, le=1, description="Similarity to a saved search below which a paper is not listed for it."
    )


@dataclass(frozen=True, eq=False)
class IssueMaterial:
    """Everything that the readers' parts of one issue are made from.

    ``embeddings`` and ``papers`` are of the issue's weeks; a paper may lack an embedding. ``assigned`` are the
    papers of each topic, closest to its centre first. ``counts`` gives adopting papers by (kind, key) and week,
    kind being technique, theme, topic or category; ``totals`` the papers of each week held. ``names`` gives the
    name of everything that is still found, by (kind, key). ``digest`` is that of the newest week.
    """

    issue: Issue
    digest: Digest
    papers: Mapping[ArxivId, Paper]
    embeddings: Embeddings
    assigned: Mapping[int, Sequence[AssignedPaper]]
    names: Mapping[tuple[str, str], str]
    counts: Mapping[tuple[str, str], Mapping[Week, int]]
    totals: Mapping[Week, int]


@dataclass(frozen=True)
class _Found:
    """A paper among those closest to one thing that is followed."""

    arxiv_id: ArxivId
    rank: int
    closeness: float
    is_above: bool
    has_words: bool = False


class PersonalComposer:
    """Composes readers' parts of one issue; rankings that readers share are made once.

    ``vector_of`` gives a saved search as the embedding model reads it, ``None`` where that is not known.
    """

    def __init__(
        self,
        material: IssueMaterial,
        settings: PersonalSettings,
        vector_of: Callable[[str], NDArray[np.float32] | None],
    ) -> None:
        self.material = material
        self.settings = settings
        self.vector_of = vector_of
        # Bounded, so that ten thousand readers with searches of their own take no more memory than a hundred.
        self._ranked = lru_cache(maxsize=_RANKINGS_KEPT)(self._ranking)
        digest = material.digest
        self._line_of: dict[tuple[str, str], TermLine | TopicLine] = {
            **{(x.kind, x.key): x for x in (*digest.techniques, *digest.themes)},
            **{("topic", str(x.topic_id)): x for x in digest.topics},
        }

    def compose(self, follows: Sequence[Follow], *, sent_before: Collection[ArxivId]) -> PersonalPart:
        """One reader's part; nothing that was sent to them before is listed."""
        lines = tuple(self._line(f) for f in follows if f.kind != "search")
        asking = [f for f in follows if f.kind in ("search", "topic")]
        rankings = {f: self._ranked(f) for f in asking}
        known = {found.arxiv_id for ranking in rankings.values() for found in ranking if found.is_above}
        fresh = {
            f: [found for found in ranking if found.arxiv_id not in sent_before] for f, ranking in rankings.items()
        }
        above = list(fused_ranks([[x.arxiv_id for x in ranking if x.is_above] for ranking in fresh.values()] or [[]]))
        chosen, rest = above[: self.settings.n_papers], above[self.settings.n_papers :]
        listed = [self._listed(i, self._reason(i, fresh)) for i in chosen]
        below = [
            self._listed(i, f"{_ordinal(len(chosen) + n)} in your list, which ends at {len(chosen)}; " + why)
            for n, i in enumerate(rest[: self.settings.n_below], 1)
            if (why := self._reason(i, fresh))
        ]
        for i, why in self._nearly(fresh, set(above)):
            if len(below) < self.settings.n_below:
                below.append(self._listed(i, why))
        return PersonalPart(
            lines=lines,
            papers=tuple(listed),
            below=tuple(below),
            n_found=len(above),
            n_sent_before=len(known & set(sent_before)),
            asks_for_papers=bool(asking),
        )

    # -- what moved

    def _line(self, follow: Follow) -> FollowedLine:
        material = self.material
        key = (follow.kind, follow.key)
        weeks = material.issue.weeks
        name = material.names.get(key)
        if name is None:
            return FollowedLine(follow.kind, follow.key, follow.key, share_of(0, 0), _NOWHERE, gone=True)
        counts = material.counts.get(key, {})
        n = sum(material.totals.get(w, 0) for w in weeks)
        before = [weeks[0].plus(-i) for i in range(1, N_WEEKS_BEFORE + 1)]
        is_held = all(material.totals.get(w) for w in before)
        usual = sum(counts.get(w, 0) for w in before) / len(before) if is_held else _NOWHERE
        line = self._line_of.get(key)
        return FollowedLine(
            follow.kind,
            follow.key,
            name,
            now=share_of(sum(counts.get(w, 0) for w in weeks), n),
            usual=usual,
            change=line.against_recent if line is not None and len(weeks) == 1 else None,
            slug=line.slug if line is not None and len(weeks) == 1 else "",
            call=line.call if line is not None and len(weeks) == 1 else None,
        )

    # -- new papers

    def _ranking(self, follow: Follow) -> tuple[_Found, ...]:
        if follow.kind == "topic":
            assigned = self.material.assigned.get(int(follow.key), ()) if follow.key.isdecimal() else ()
            return tuple(_Found(a.arxiv_id, n, a.similarity, True) for n, a in enumerate(assigned[:_RANKED], 1))
        vector, embeddings = self.vector_of(follow.key), self.material.embeddings
        if vector is None or not len(embeddings):
            return ()
        cosines = embeddings.vectors @ vector
        n_wanted = min(_RANKED, len(cosines))
        rows = np.argpartition(-cosines, n_wanted - 1)[:n_wanted].tolist()
        words = _words(follow.key)
        scored = []
        for row in rows:
            arxiv_id = embeddings.ids[row]
            cosine = float(cosines[row])
            has_words = bool(words) and words <= _words(self._text(arxiv_id))
            scored.append((cosine + _WORDS_COUNT * has_words, cosine, arxiv_id, has_words))
        scored.sort(key=lambda x: (-x[0], x[2]))
        line = self.settings.min_similarity
        return tuple(
            _Found(arxiv_id, n, cosine, score >= line, has_words)
            for n, (score, cosine, arxiv_id, has_words) in enumerate(scored, 1)
            if score >= line - _NEARLY
        )

    def _text(self, arxiv_id: ArxivId) -> str:
        paper = self.material.papers[arxiv_id]
        return f"{paper.title} {paper.abstract}"

    def _nearly(self, fresh: Mapping[Follow, Sequence[_Found]], above: set[ArxivId]) -> list[tuple[ArxivId, str]]:
        """Papers below the similarity that a search asks for, closest first, each once."""
        nearly = sorted(
            (-x.closeness, x.arxiv_id, f)
            for f, ranking in fresh.items()
            for x in ranking
            if not x.is_above and x.arxiv_id not in above
        )
        reasons: dict[ArxivId, str] = {}
        for closeness, arxiv_id, f in nearly:
            line = self.settings.min_similarity
            reasons.setdefault(
                arxiv_id, f"similarity {-closeness:.2f} to your search “{f.key}”; the line is at {line:.2f}"
            )
        return list(reasons.items())

    def _reason(self, arxiv_id: ArxivId, fresh: Mapping[Follow, Sequence[_Found]]) -> str:
        """Why a paper is there: the follow that it is closest to, then the others."""
        places = sorted(
            (x.rank, n, f, x)
            for n, (f, ranking) in enumerate(fresh.items())
            for x in ranking
            if x.arxiv_id == arxiv_id and x.is_above
        )
        reasons = [self._place(f, x) for _, _, f, x in places]
        return "; ".join([reasons[0], *(f"also {reason}" for reason in reasons[1:3])])

    def _place(self, follow: Follow, found: _Found) -> str:
        period = "week" if self.material.issue.frequency == "weekly" else "month"
        rank = "closest" if found.rank == 1 else f"{_ordinal(found.rank)} closest"
        if follow.kind == "topic":
            name = self.material.names.get(("topic", follow.key), follow.key)
            n = len(self.material.assigned[int(follow.key)])
            return f"{rank} to the centre of your topic “{name}”, of the {period}'s {n:,}"
        n = len(self.material.embeddings)
        words = ", and all its words" if found.has_words else ""
        return (
            f"{rank} to your search “{follow.key}”, of the {period}'s {n:,} papers "
            f"(similarity {found.closeness:.2f}{words})"
        )

    def _listed(self, arxiv_id: ArxivId, reason: str) -> ListedPaper:
        paper = self.material.papers[arxiv_id]
        return ListedPaper(arxiv_id, paper.title, short_authors(paper.authors), paper.primary_category, reason)


def _words(text: str) -> frozenset[str]:
    parts = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return frozenset(parts) - _STOP_WORDS


def _ordinal(n: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    suffix = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"
