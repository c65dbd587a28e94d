"""The part of a digest that is one reader's own: already chosen, ordered and worded."""

from __future__ import annotations

from dataclasses import dataclass

from domain.calls import TrendCall
from domain.digest import Change, ListedPaper, Share
from domain.paper import ArxivId
from domain.subscription import FollowKind


@dataclass(frozen=True)
class FollowedLine:
    """What a followed technique, theme, topic or category did in the issue's weeks.

    ``now`` is its share over the issue's weeks, ``usual`` how many papers a week it had over the weeks before, NaN
    where they are not all held. ``change`` is the digest's own comparison, with its verdict, where the digest of a
    single week makes one. ``slug`` names the list of its papers in the digest, empty where there is none.
    ``call`` says which way it goes, from half a year, where the digest has one.
    ``gone`` says that it is no longer found: a topic that ended, a technique taken out of the taxonomy.
    """

    kind: FollowKind
    key: str
    name: str
    now: Share
    usual: float
    change: Change | None = None
    slug: str = ""
    gone: bool = False
    call: TrendCall | None = None


@dataclass(frozen=True)
class PersonalPart:
    """What a reader asked for.

    ``papers`` are at most as many as the settings say, closest first, ``below`` those that nearly made it, each with
    its reason. None of them was sent to this reader before. ``n_found`` is how many there were to choose from;
    ``n_sent_before`` how many were left out because the reader had them.
    """

    lines: tuple[FollowedLine, ...] = ()
    papers: tuple[ListedPaper, ...] = ()
    below: tuple[ListedPaper, ...] = ()
    n_found: int = 0
    n_sent_before: int = 0
    asks_for_papers: bool = False

    @property
    def listed(self) -> tuple[ArxivId, ...]:
        """The papers that the reader has seen once this is sent."""
        return tuple(p.arxiv_id for p in (*self.papers, *self.below))
