"""Named things in papers: benchmarks, datasets, models, methods and tools, and what a paper does with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.detections import Evidence

NameKind = Literal["benchmark", "dataset", "model", "method", "tool"]
NameRole = Literal["introduces", "uses", "mentions"]

NAME_KINDS: tuple[NameKind, ...] = ("benchmark", "dataset", "model", "method", "tool")


@dataclass(frozen=True)
class NameMention:
    """A named thing in the title and abstract of one paper.

    ``surface`` is the name as it first stands there. ``role`` is the highest that holds: the paper presents the thing,
    works with it, or only speaks of it. ``evidence`` holds where the name stands. ``confidence`` is the probability in
    [0, 1] that this is a name, and ``kind_confidence`` that a name is of this kind.
    """

    surface: str
    kind: NameKind
    role: NameRole
    evidence: tuple[Evidence, ...]
    confidence: float
    kind_confidence: float
