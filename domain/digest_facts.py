"""What a digest states, before it is put into words.

``analysis`` establishes these facts, ``templates.digest_wording`` words them. An edition stores the finished
sentences, so a published digest reads the same after the wording has changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.claim import ClaimQuantity, SavingSummary
from domain.digest import Completeness, NamedRule
from domain.harvest import Lateness
from domain.trend_calls import FittedChange


@dataclass(frozen=True)
class LeadingTechnique:
    """The measured technique that most papers of the week adopt, and its share in [0, 1]."""

    name: str
    share: float


@dataclass(frozen=True)
class ShareMove:
    """A called move of a share.

    ``change`` is the change that the call tested; ``None`` in calls that do not keep it. ``share`` is this week's
    share, in [0, 1]. ``is_measured`` is false where it is not known how often the term is detected correctly.
    ``is_topic`` tells topics from techniques and themes.
    """

    name: str
    is_rise: bool
    change: FittedChange | None
    share: float
    is_measured: bool = True
    is_topic: bool = False


@dataclass(frozen=True)
class WaveMove:
    """A called move that is a wave of a venue's papers."""

    name: str
    is_rise: bool
    venue: str


@dataclass(frozen=True)
class HeadlineFacts:
    """What the headline states.

    ``lead`` is what it begins with: the slug of a move's line, or one of "names", "terms", "introduced" and "leader".
    ``leader`` is ``None`` where too few papers are held for any share. ``begun`` are the moves that no digest of the
    last weeks told, ``continuing`` those that one of them did, each the farthest first, topics last; a continuing move
    that led the last digest comes after the others. ``is_first`` says that there is no such digest, so that every move
    is ``begun``. ``has_calls`` says whether there were weeks enough to call any technique, be it steady.
    ``n_weeks_held`` are the weeks held of the half year that calls look at. Moves that are a venue's wave do not lead;
    ``wave_move`` is the largest of them. ``new_terms`` are words that newly spread, ``taken_up`` names that other teams
    now use. ``introduced`` are some of the week's ``n_introduced`` new benchmarks and datasets. ``has_untold`` says
    that a technique or theme moves that is not told: too few papers this week, or its subject is told by another line.
    """

    lead: str
    leader: LeadingTechnique | None
    begun: tuple[ShareMove, ...]
    continuing: tuple[ShareMove, ...]
    has_calls: bool
    n_weeks_held: int
    is_first: bool = False
    wave_move: WaveMove | None = None
    new_terms: tuple[str, ...] = ()
    taken_up: tuple[str, ...] = ()
    introduced: tuple[str, ...] = ()
    n_introduced: int = 0
    has_untold: bool = False


@dataclass(frozen=True)
class FurtherFacts:
    """What the sentences after the headline state; what the headline has told is not told again.

    ``rising`` and ``falling`` are names whose use newly moves. ``introduced`` and ``made`` are some of the week's new
    benchmarks and datasets, and of its models and tools. Of ``n_read`` papers ``n_with_saving`` claim a saving, most
    often ``saving``; ``n_with_code`` link code and ``n_naming`` name a standard.
    """

    introduced: tuple[str, ...] = ()
    n_introduced: int = 0
    made: tuple[str, ...] = ()
    n_made: int = 0
    n_read: int = 0
    n_with_saving: int = 0
    saving: SavingSummary | None = None
    n_with_code: int = 0
    n_naming: int = 0
    standard: NamedRule | None = None
    failure_mode: NamedRule | None = None
    rising: tuple[str, ...] = ()
    falling: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoteFacts:
    """What the notes state: limits of a digest that its numbers alone do not show.

    ``lateness`` is ``None`` where no paper is known to have come late. ``n_weeks_held`` is ``None`` where the half
    year of the curves is held whole; ``n_weeks_of_topics`` is ``None`` where topics are counted over as many weeks,
    and not over fewer because earlier papers are not embedded. ``no_topic_called`` says that there are topics but none
    has enough papers or weeks for a call. ``holds_last_year`` says whether the same weeks of last year are held.
    ``unmeasured`` are the names of the techniques and themes whose detection has no measured accuracy. ``weeks_later``
    is how many whole weeks after the week closed the digest was made.
    """

    completeness: Completeness
    lateness: Lateness | None
    n_weeks_held: int | None
    no_topic_called: bool
    holds_last_year: bool
    unmeasured: tuple[str, ...]
    weeks_later: int = 0
    n_weeks_of_topics: int | None = None


@dataclass(frozen=True)
class ClaimedSaving:
    """A saving that a paper claims: its factor, or the ends of a range, and whether it is only a bound."""

    quantity: ClaimQuantity
    factor: float
    factor_to: float
    up_to: bool


@dataclass(frozen=True)
class MainContribution:
    """A paper is listed because a theme is its main contribution, with what makes its finding checkable.

    ``saving`` is the largest saving that it claims, ``None`` without one. ``has_claim`` says that it states a result
    with a number, ``venue`` who accepted or published it.
    """

    theme: str
    saving: ClaimedSaving | None = None
    has_claim: bool = False
    has_code: bool = False
    venue: str = ""


@dataclass(frozen=True)
class ShowsTerm:
    """A topic's paper is listed because it evaluates (a theme) or because it is about a technique."""

    kind: Literal["technique", "theme"]
    name: str


@dataclass(frozen=True)
class NearCentre:
    """A topic's paper is listed for its similarity to the centroid; ``is_nearest`` says that no other is as similar."""

    is_nearest: bool


PaperReason = MainContribution | ShowsTerm | NearCentre


@dataclass(frozen=True)
class FollowMatch:
    """How a paper ranks for one saved search, followed topic or named thing.

    ``name`` is the query, the topic's label or the thing's name. ``rank`` counts from 1.
    ``similarity`` is the cosine with the query or the topic's centroid, NaN for a name. ``has_all_words``
    says that the paper holds every word of the query, ``introduces`` that it introduces the named thing and does not
    only use it.
    """

    kind: Literal["search", "topic", "name"]
    name: str
    rank: int
    similarity: float
    has_all_words: bool = False
    introduces: bool = False
