"""The personal part of a digest issue: already selected and ordered."""

from __future__ import annotations

import math
from dataclasses import dataclass

from domain.digest import ListedPaper, Share
from domain.paper import ArxivId
from domain.subscription import Follow, FollowKind
from domain.trend_calls import TrendCall
from domain.week import Week


@dataclass(frozen=True)
class FollowedLine:
    """A followed technique, theme, topic, category or named thing in the issue's weeks.

    ``now`` is its share over the issue's weeks, ``before`` that over the ``N_RECENT_WEEKS`` before, NaN unless all of
    them are stored. ``slug`` names its paper list in the digest, empty if there is none. ``call`` is its trend call,
    which only a weekly issue has. ``gone`` marks a topic that ended, a technique removed from the taxonomy, or a name
    that the ledger leaves out.
    """

    kind: FollowKind
    key: str
    name: str
    now: Share
    before: float
    slug: str = ""
    gone: bool = False
    call: TrendCall | None = None


@dataclass(frozen=True)
class ScoreThreshold:
    """The least score of a paper that is new to a reader, and how it was set.

    With ``per_week`` it is the score that so many papers a week reached from ``first_week`` to ``last_week``, on
    average; otherwise it is a share of the best score of these weeks, ``share_of_best``. ``score`` is ``None`` where
    every paper found is new: no more were found than are wanted, or no week is held to set it on, and then the weeks
    are ``None`` too. ``n_per_week`` is how many papers of these weeks reach it, a week.
    """

    per_week: int | None
    share_of_best: float
    score: float | None
    first_week: Week | None = None
    last_week: Week | None = None
    n_per_week: float = math.nan


@dataclass(frozen=True)
class FollowedPapers:
    """The new papers of one saved search, topic or named thing.

    ``papers`` are best first, each with its reason; a paper that several follows find is in the one where it ranks
    best. ``threshold`` is that of the newest week, ``None`` if the week holds no paper and for
    a named thing, which brings every paper that introduces or uses it. ``n_new`` counts the papers
    that reach their threshold and were neither sent nor decided before, ``n_elsewhere`` those of them that another
    follow lists, ``n_left_out`` those that the mail has no room for. ``n_below`` counts the papers found that score
    less, ``n_sent_before`` those that the reader has, and ``n_decided`` the others that they kept or skipped in a scan.
    """

    follow: Follow
    name: str
    papers: tuple[ListedPaper, ...]
    threshold: ScoreThreshold | None
    n_new: int
    n_elsewhere: int = 0
    n_left_out: int = 0
    n_below: int = 0
    n_sent_before: int = 0
    n_decided: int = 0


@dataclass(frozen=True)
class PersonalPart:
    """The personal part for one reader: what they follow, its news, and new papers of searches, topics and names."""

    lines: tuple[FollowedLine, ...] = ()
    found: tuple[FollowedPapers, ...] = ()

    @property
    def listed(self) -> tuple[ArxivId, ...]:
        """Identifiers of all papers listed, each once, which count as sent."""
        return tuple(paper.arxiv_id for of in self.found for paper in of.papers)
