"""The personal part of a digest issue: already selected and ordered."""

from __future__ import annotations

from dataclasses import dataclass

from domain.digest import ListedPaper, Share
from domain.paper import ArxivId
from domain.subscription import FollowKind
from domain.trend_calls import TrendCall


@dataclass(frozen=True)
class FollowedLine:
    """A followed technique, theme, topic or category in the issue's weeks.

    ``now`` is its share over the issue's weeks. ``usual`` is its papers a week over the weeks before, NaN unless all
    are stored. ``slug`` names its paper list in the digest, empty if there is none. ``call`` is its trend call, which
    only a weekly issue has. ``gone`` marks a topic that ended or a technique removed from the taxonomy.
    """

    kind: FollowKind
    key: str
    name: str
    now: Share
    usual: float
    slug: str = ""
    gone: bool = False
    call: TrendCall | None = None


@dataclass(frozen=True)
class PersonalPart:
    """The personal part for one reader.

    ``papers`` holds the best matches, closest first, up to the number in the settings; ``below`` holds the next ones.
    Each has its reason, and none was sent to this reader before. ``n_found`` is the number of candidates,
    ``n_sent_before`` the number left out because they were sent before. ``asks_for_papers`` tells whether the reader
    follows anything that selects papers.
    """

    lines: tuple[FollowedLine, ...] = ()
    papers: tuple[ListedPaper, ...] = ()
    below: tuple[ListedPaper, ...] = ()
    n_found: int = 0
    n_sent_before: int = 0
    asks_for_papers: bool = False

    @property
    def listed(self) -> tuple[ArxivId, ...]:
        """Identifiers of all papers listed, which count as sent."""
        return tuple(p.arxiv_id for p in (*self.papers, *self.below))
