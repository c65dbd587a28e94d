"""Filling of text templates with choices, slots and numbers; ``topics.toml`` describes the notation."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(?P<name>\w+)(?::(?P<low>[\d.]+)-(?P<high>[\d.]+))?\}")
_LOWER_CASE_WORDS = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "under", "with", "without")
)


def slots_of(template: str) -> frozenset[str]:
    """Names of the slots in a template, without numbers, which are drawn."""
    return frozenset(m["name"] for m in _SLOT.finditer(template) if m["low"] is None)


def fill(template: str, slots: Mapping[str, str], rng: np.random.Generator) -> str:
    """The text of a template with choices, slots and numbers filled in.

    A slot's value may contain choices, numbers and slots again.

    Raises
    ------
    KeyError
        If the template has a slot that is not in ``slots``.
    """

    def choose(match: re.Match[str]) -> str:
        options = match[1].split("|")
        return options[int(rng.integers(len(options)))]

    def fill_slot(match: re.Match[str]) -> str:
        if match["low"] is None:
            return slots[match["name"]]
        return _number(match["name"], float(match["low"]), float(match["high"]), rng)

    text = template
    while "[" in text or "{" in text:
        text = _SLOT.sub(fill_slot, _CHOICE.sub(choose, text))
    return text


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[0].upper() + text[1:]


def title_case(text: str) -> str:
    """The text in title case; words with a capital letter stay as they are.

    Examples
    --------
    >>> title_case("text-to-image models of MRI: a few-shot study")
    'Text-to-Image Models of MRI: A Few-Shot Study'
    """
    words = text.split(" ")
    opens = [True] + [word.endswith((":", "?", ".")) for word in words]
    return " ".join(
        word if word in _LOWER_CASE_WORDS and not first else _title_word(word)
        for word, first in zip(words, opens, strict=False)
    )


def _title_word(word: str) -> str:
    first, *others = word.split("-")
    return "-".join([_capital(first), *(part if part in _LOWER_CASE_WORDS else _capital(part) for part in others)])


def _capital(word: str) -> str:
    return word if any(c.isupper() for c in word) else word[:1].upper() + word[1:]


def _number(kind: str, low: float, high: float, rng: np.random.Generator) -> str:
    if kind in ("pct", "x"):
        return f"{rng.uniform(low, high):.1f}"
    if kind == "dec":
        return f"{rng.uniform(low, high):.2f}"
    if kind == "num":
        return str(int(rng.integers(int(low), int(high) + 1)))
    if kind == "k":
        return f"{int(rng.integers(int(low) * 10, int(high) * 10 + 1)) * 100:,}"
    raise KeyError(f"unknown number kind {kind!r}")
