"""The planted names: a benchmark that other teams take up, one that nobody takes up, and a model that fades.

A paper that introduces a benchmark gets its title and a sentence that presents it. Papers that use a name get a
sentence that says so, where the abstract has room. Weeks are counted in the frame of ``sample.curves``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from domain.name_mention import NameKind, NameRole

MAX_USE_RATE = 0.7


@dataclass(frozen=True)
class PlantedName:
    """A planted name; ``introduced`` is the frame week of its introducing paper, ``None`` if it is older."""

    name: str
    kind: NameKind
    introduced: int | None


TAKEN_UP = PlantedName("TalvenBench", "benchmark", 6)
"""Used by other teams from the second week after its introduction on."""
LEFT_ALONE = PlantedName("QuorraBench", "benchmark", 8)
"""Used by nobody but its introducers."""
FADING = PlantedName("Ulmenta-7B", "model", None)
"""In the middle of the frame its use falls to a tenth."""
PLANTED = (TAKEN_UP, LEFT_ALONE, FADING)

_USE_SENTENCES: Mapping[str, tuple[str, ...]] = {
    "benchmark": ("We evaluate on the {name} benchmark.", "All systems are tested on {name}."),
    "model": ("We fine-tune {name} for these experiments.", "All experiments run with {name}."),
}


def use_rate(planted: PlantedName, frame_week: int) -> float:
    """The probability that a paper of a frame week uses the name if its abstract has room, as one in eight has."""
    if planted == TAKEN_UP:
        return 0.3 if frame_week >= 8 else 0.0
    if planted == FADING:
        return MAX_USE_RATE * (0.1 + 0.9 / (1 + math.exp((frame_week - 13) / 1.5)))
    return 0.0


def presented(planted: PlantedName) -> tuple[str, str]:
    """The beginning of the title of the introducing paper, and its sentence."""
    return (
        f"{planted.name}: A Benchmark",
        f"We introduce {planted.name}, a benchmark with public tasks and scores.",
    )


def use_sentence(planted: PlantedName, rng: np.random.Generator) -> str:
    """A sentence that says that a paper uses the name."""
    choices = _USE_SENTENCES[planted.kind]
    return choices[int(rng.integers(len(choices)))].format(name=planted.name)


@dataclass(frozen=True)
class NameTruth:
    """A planted name in a paper."""

    name: str
    kind: NameKind
    role: NameRole
