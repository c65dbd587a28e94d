"""What a reader decides while working through papers: verdicts, scans, mutes and collections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from domain.errors import UsageError
from domain.facet import Facet
from domain.paper import ArxivId
from domain.subscription import MAX_SEARCH, sanitized_line

Verdict = Literal["keep", "skip", "undecided"]
VERDICTS: tuple[Verdict, ...] = ("keep", "skip", "undecided")

Choice = Literal["best", "pool", "rest"]
"""How a paper came to be shown: as the best, or drawn at random from the pool or from the papers outside it."""
CHOICES: tuple[Choice, ...] = ("best", "pool", "rest")

LeftOut = Literal["kept", "seeds"]
"""What a new scan may leave out of what the reader said earlier: what other scans decided, or the papers named."""
LEFT_OUT: tuple[LeftOut, ...] = ("kept", "seeds")

MuteKind = Literal["technique", "theme", "topic", "category", "words"]
MUTE_KINDS: tuple[MuteKind, ...] = ("technique", "theme", "topic", "category", "words")

MAX_SEEDS = 2_000
MAX_MUTES = 200
MAX_COLLECTIONS = 200
MAX_NOTE = 4_000
MAX_COLLECTION_NAME = 80


@dataclass(frozen=True, order=True)
class Mute:
    """A reason not to show papers: a technique, theme, topic, category, or words of title or abstract."""

    kind: MuteKind
    key: str

    def __post_init__(self) -> None:
        if self.kind not in MUTE_KINDS:
            raise UsageError(f"{self.kind!r} cannot be muted; mute one of {', '.join(MUTE_KINDS)}")
        if not self.key or len(self.key) > MAX_SEARCH or self.key != sanitized_line(self.key):
            raise UsageError(f"a muted {self.kind} must be one line of 1 to {MAX_SEARCH} characters")

    @classmethod
    def parse(cls, text: str) -> Mute:
        """Read ``technique:diffusion``, ``category:cs.CV`` or ``words:medical imaging``.

        Raises
        ------
        UsageError

        Examples
        --------
        >>> Mute.parse("words: medical  imaging")
        Mute(kind='words', key='medical imaging')
        """
        kind, colon, key = text.partition(":")
        if not colon:
            raise UsageError(f"cannot read {text!r}; write KIND:KEY, where KIND is one of {', '.join(MUTE_KINDS)}")
        return cls(kind.strip(), sanitized_line(key))  # type: ignore[arg-type]  # __post_init__ refuses any other kind

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class Scan:
    """A reader's passage through the papers of some days.

    ``pool`` are the papers that were above the calibrated line when the scan was started; it stays, so that what is
    said of it stays about the same papers. ``seed`` settles the order of random draws. ``follows`` are the searches and
    topics that it was started for, ``seeds`` the papers. It is of the papers that have every facet of ``has``,
    are listed under any of ``categories`` and are by ``author``; without these of all. With
    ``leaves_out_others`` it knows nothing of what other scans decided, and is about none of those papers.
    """

    scan_id: int
    reader_id: int
    since: date
    until: date
    follows: tuple[str, ...]
    seeds: tuple[ArxivId, ...]
    pool: tuple[ArxivId, ...]
    seed: int
    started_at: datetime
    has: tuple[Facet, ...] = ()
    leaves_out_others: bool = False
    categories: tuple[str, ...] = ()
    author: str = ""


@dataclass(frozen=True)
class Decision:
    """A reader's verdict on a paper, and how it came to be shown; ``scan_id`` is that of the scan that showed it."""

    arxiv_id: ArxivId
    scan_id: int
    verdict: Verdict
    choice: Choice
    decided_at: datetime


@dataclass(frozen=True)
class Collection:
    """Papers that a reader put together, and how many they are."""

    collection_id: int
    name: str
    n_papers: int


@dataclass(frozen=True)
class CollectedPaper:
    """A paper of a collection, with the reader's note."""

    arxiv_id: ArxivId
    note: str
    added_at: datetime
