"""What a paper's words say about techniques and themes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from domain.paper import ArxivId

TermKind = Literal["technique", "theme", "topic"]
EvidenceField = Literal["title", "abstract"]

MENTIONS = 1
"""A technique is mentioned (background, comparison), or a theme is touched as a secondary aim."""
ADOPTS = 2
"""The authors' own work runs on the technique, or the theme is a main contribution."""
IS_ABOUT = 3
"""The paper is about the technique itself; themes stop at 2."""


@dataclass(frozen=True)
class Evidence:
    """Where in the paper the words stand that a detection rests on.

    ``start`` and ``end`` count characters of the field as ``Paper`` holds it; ``text[start:end]`` are the words.
    """

    field: EvidenceField
    start: int
    end: int


@dataclass(frozen=True)
class Detection:
    """One technique or theme found in one paper, at level 1 to 3, with its evidence.

    ``strength`` is how far the detector's score lies above what the level needs, in log-odds; it orders the papers of
    one term and says nothing across terms. 0 where the level was counted, not scored.
    """

    kind: TermKind
    key: str
    level: int
    evidence: tuple[Evidence, ...]
    strength: float = field(default=0.0, compare=False)

    def __post_init__(self) -> None:
        if not MENTIONS <= self.level <= IS_ABOUT:
            raise ValueError(f"level is 1 to 3, got {self.level} for {self.key}")


@dataclass(frozen=True)
class PaperDetections:
    """Everything found in one paper; no detection means level 0 throughout."""

    arxiv_id: ArxivId
    detections: tuple[Detection, ...]


@dataclass(frozen=True)
class Term:
    """A technique or theme of the taxonomy, as readers meet it.

    ``definition`` says in one sentence what is counted; ``measured`` whether the detector's accuracy on
    it is known.
    """

    kind: TermKind
    key: str
    name: str
    definition: str
    measured: bool
