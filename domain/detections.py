"""Techniques and themes detected in papers, with their evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from domain.paper import ArxivId

TermKind = Literal["technique", "theme", "topic"]
EvidenceField = Literal["title", "abstract"]

MENTIONS = 1
"""The technique is mentioned (background, comparison), or the theme is a secondary aim."""
ADOPTS = 2
"""The authors' own work runs on the technique, or the theme is a main contribution."""
IS_ABOUT = 3
"""The paper is about the technique itself; themes stop at 2."""


@dataclass(frozen=True)
class Evidence:
    """The span of text that supports a detection.

    ``start`` and ``end`` are character offsets into the field of ``Paper``; the text is ``field[start:end]``.
    """

    field: EvidenceField
    start: int
    end: int


@dataclass(frozen=True)
class Detection:
    """One technique or theme found in one paper, at level 1 to 3, with its evidence.

    ``strength`` is the detector's score above the level's threshold, in log-odds; 0 for levels found by rule. It
    ranks papers of the same term and is not comparable between terms.
    """

    kind: TermKind
    key: str
    level: int
    evidence: tuple[Evidence, ...]
    strength: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        if not MENTIONS <= self.level <= IS_ABOUT:
            raise ValueError(f"level must be 1 to 3, got {self.level} for {self.key}")


@dataclass(frozen=True)
class PaperDetections:
    """All detections in one paper; a term without a detection has level 0."""

    arxiv_id: ArxivId
    detections: tuple[Detection, ...]


@dataclass(frozen=True)
class Term:
    """A technique or theme of the taxonomy.

    ``definition`` is one sentence for readers. ``measured`` tells whether the detector's accuracy on it is known.
    """

    kind: TermKind
    key: str
    name: str
    definition: str
    measured: bool
