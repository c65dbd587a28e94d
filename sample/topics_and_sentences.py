"""Topics and sentence templates of the sample corpus, read from the TOML files beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

# Slots that a topic may omit; it then adopts no technique whose sentences need them.
OPTIONAL_SLOTS = ("data", "generated", "nodes", "llm_task", "rl_goal", "compressed", "sequence")


@dataclass(frozen=True)
class SampleTopic:
    """A planted topic: its weight, what its papers adopt, and its phrases.

    Attributes
    ----------
    weight : frequency relative to the other topics.
    born : first frame week of the topic; ``None`` if it always exists.
    homonym_of : technique whose words the topic uses in another sense.
    inherent, themes : levels of every paper of the topic.
    affinity : relative readiness to adopt each technique.
    phrases : lists of phrases to draw from.
    words : slots with a single value.
    """

    key: str
    name: str
    weight: float
    born: int | None
    homonym_of: str | None
    categories: tuple[tuple[str, ...], ...]
    inherent: Mapping[str, int]
    affinity: Mapping[str, float]
    themes: Mapping[str, int]
    phrases: Mapping[str, tuple[str, ...]]
    words: Mapping[str, str]


@dataclass(frozen=True)
class Sentences:
    """Sentence templates: ``frames`` by their role, ``techniques`` and ``themes`` by key and level name."""

    frames: Mapping[str, tuple[str, ...]]
    techniques: Mapping[str, Mapping[str, tuple[str, ...]]]
    themes: Mapping[str, Mapping[str, tuple[str, ...]]]


_PHRASES = ("task", "focus", "challenge", "problem", "approach", "detail", "plain", "bench", "gain", "closing", "title")


@cache
def sample_topics() -> tuple[SampleTopic, ...]:
    """All planted topics, in the file's order."""
    return tuple(_topic(table) for table in _read("topics.toml")["topic"])


@cache
def sample_sentences() -> Sentences:
    """All sentence templates."""
    read = _read("sentences.toml")

    def banks(table: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
        return {name: tuple(templates) for name, templates in table.items()}

    return Sentences(
        frames=banks(read["frames"]),
        techniques={key: banks(table) for key, table in read["technique"].items()},
        themes={key: banks(table) for key, table in read["theme"].items()},
    )


def _topic(table: Mapping[str, Any]) -> SampleTopic:
    return SampleTopic(
        key=table["key"],
        name=table["name"],
        weight=float(table["weight"]),
        born=table.get("born"),
        homonym_of=table.get("homonym_of"),
        categories=tuple(tuple(line.split()) for line in table["categories"]),
        inherent=table.get("inherent", {}),
        affinity=table.get("affinity", {}),
        themes=table.get("themes", {}),
        phrases={name: tuple(table[name]) for name in _PHRASES},
        words={name: table[name] for name in OPTIONAL_SLOTS if name in table},
    )


def _read(file_name: str) -> dict[str, Any]:
    return tomllib.loads(files("sample").joinpath(file_name).read_text(encoding="utf-8"))
