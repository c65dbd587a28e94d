"""The ledger of named things: what is known of each, and the dated events of its life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.name_mention import NameKind, NameRole
from domain.paper import ArxivId
from domain.week import Week

UPTAKE_WEEKS = 26
"""Taken up means used by other teams within this many weeks of the introduction."""
UPTAKE_TEAMS = 3
"""By how many other teams."""
SEVERAL_TEAMS = 5
"""What "several teams" means."""
FADING_USES = 20
"""A name can fade only after this many uses within some half year."""
SHOWN_CONFIDENCE = 0.8
"""Lists show a name only if it is at least this likely to be a name."""
SHOWN_KIND_CONFIDENCE = 0.7
"""And at least this likely to be of its kind."""

NameEventKind = Literal[
    "introduced",
    "used_elsewhere",
    "taken_up",
    "fading",
    "merged",
    "split",
    "renamed",
    "kind_changed",
    "ignored",
    "restored",
]
DERIVED_EVENTS: frozenset[NameEventKind] = frozenset(("introduced", "used_elsewhere", "taken_up"))
"""Events that follow from the papers; the others are calls and decisions of the operator."""


@dataclass(frozen=True)
class Sighting:
    """A name in one paper, with what tells things of one name apart and teams from each other.

    ``authors`` are people as ``analysis.names.teams.person`` writes them; empty where they are unknown. ``is_heading``
    tells whether the title begins with the name and a colon. ``is_presented`` tells, of a paper that introduces it,
    whether its title begins with it or a sentence says that it is presented. ``pinned_to`` is the thing to which an
    operator gave it.
    """

    arxiv_id: ArxivId
    week: Week
    surface: str
    kind: NameKind
    role: NameRole
    confidence: float
    kind_confidence: float
    is_heading: bool = False
    authors: tuple[str, ...] = ()
    pinned_to: int | None = None
    is_presented: bool = True


@dataclass(frozen=True)
class NameEvent:
    """What happened to a named thing in a week; ``arxiv_id`` is the paper by which it did, if one paper did.

    ``used_elsewhere`` is the first use by another team, ``taken_up`` the use by the third other team within 26 weeks.
    """

    kind: NameEventKind
    week: Week
    arxiv_id: ArxivId | None = None
    detail: str = ""


@dataclass(frozen=True)
class StoredNameEvent:
    """An event as it is stored; one that the papers do not support any more was retracted, and stays."""

    event: NameEvent
    noted_at: datetime
    retracted_at: datetime | None


@dataclass(frozen=True)
class NameFacts:
    """What the papers say of one named thing.

    ``surface`` is how it is shown and ``variants`` are all spellings, most frequent first. ``n_uses`` counts papers
    that introduce or use it, ``n_mentions`` those that only mention it. ``n_teams`` is the number of teams that use it,
    the introducers' left out; ``None`` where the authors of the introducing paper are missing. ``n_unknown_teams``
    counts using papers whose authors are missing.
    """

    surface: str
    kind: NameKind
    key: str
    family: str
    variants: tuple[str, ...]
    introduced_by: ArxivId | None
    introduced_week: Week | None
    first_week: Week
    last_week: Week
    confidence: float
    kind_confidence: float
    n_uses: int
    n_mentions: int
    n_teams: int | None
    n_unknown_teams: int


@dataclass(frozen=True)
class KnownName:
    """A registered name, as matching needs it; its id is never given to another thing."""

    name_id: int
    introduced_by: ArxivId | None


@dataclass(frozen=True)
class Name:
    """A named thing in the ledger, with the operator's decisions applied to what is shown.

    ``n_uses`` is 0 where no paper holds it any more; its page and history stay.
    """

    name_id: int
    surface: str
    kind: NameKind
    family: str
    variants: tuple[str, ...]
    introduced_by: ArxivId | None
    introduced_week: Week | None
    first_week: Week
    last_week: Week
    confidence: float
    kind_confidence: float
    n_uses: int
    n_mentions: int
    n_teams: int | None
    n_unknown_teams: int
    used_elsewhere_week: Week | None = None
    taken_up_week: Week | None = None
    fading_week: Week | None = None
    is_ignored: bool = False
    merged_into: int | None = None

    @property
    def is_shown(self) -> bool:
        """Whether lists show it: sure enough to be a name of its kind, held by a paper, and not ignored or merged."""
        return (
            not self.is_ignored
            and self.merged_into is None
            and self.n_uses + self.n_mentions > 0
            and self.confidence >= SHOWN_CONFIDENCE
            and self.kind_confidence >= SHOWN_KIND_CONFIDENCE
        )
