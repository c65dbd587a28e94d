"""Which papers are meant: one query, evaluated over arrays (``domain.paper_arrays``) or SQL (``store.paper_query``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from domain.detections import ADOPTS, IS_ABOUT, MENTIONS, TermKind
from domain.facet import FACET_KINDS, Facet


@dataclass(frozen=True)
class PaperQuery:
    """Conditions on the watched papers that stand; every condition that is given must hold.

    ``since`` and ``until`` are UTC days of the first version's submission, both included. A paper is in ``categories``
    if it is listed under any of them, with ``primary`` if one of them is its primary category; without categories
    ``primary`` says nothing, and a category that is not watched holds no paper. ``topic_id`` is a topic's id in the
    registry. ``term`` is a technique or theme, and ``levels`` are those at which it must be detected. A paper must have
    every facet of ``has``.

    Raises
    ------
    ValueError
        If one of ``term`` and ``levels`` is given without the other, ``term`` is a topic, a number is out of range, or
        there is no such kind of facet.

    Examples
    --------
    >>> PaperQuery(term=("technique", "diffusion"), levels=(2, 3)).is_open
    False
    >>> PaperQuery(term=("technique", "diffusion"))
    Traceback (most recent call last):
    ValueError: a term needs levels among (1, 2, 3), and levels a term, got ('technique', 'diffusion') at ()
    """

    since: date | None = None
    until: date | None = None
    categories: tuple[str, ...] = ()
    primary: bool = False
    topic_id: int | None = None
    term: tuple[TermKind, str] | None = None
    levels: tuple[int, ...] = ()
    has: tuple[Facet, ...] = ()

    def __post_init__(self) -> None:
        known = (MENTIONS, ADOPTS, IS_ABOUT)
        if (self.term is None) != (not self.levels) or not set(self.levels) <= set(known):
            raise ValueError(f"a term needs levels among {known}, and levels a term, got {self.term} at {self.levels}")
        if self.term is not None and self.term[0] == "topic":
            raise ValueError(f"a topic is asked for by topic_id, got term {self.term}")
        if self.topic_id is not None and self.topic_id < 0:
            raise ValueError(f"a topic's id is 0 or more, got {self.topic_id}")
        for kind, key in self.has:
            if kind not in FACET_KINDS or (kind in ("topic", "name") and not key.isdecimal()):
                raise ValueError(f"a facet is one of {FACET_KINDS} with its key, got {kind}:{key}")

    @property
    def is_open(self) -> bool:
        """Whether every watched paper matches."""
        conditions = (self.since, self.until, self.topic_id, self.term)
        return not self.categories and not self.has and all(condition is None for condition in conditions)


ALL_PAPERS = PaperQuery()
"""Every watched paper."""
