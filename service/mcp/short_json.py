"""Answers as JSON that is short enough for a model's context."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from domain.record_to_json import json_value
from domain.subscription import sanitized_line
from domain.tex_as_text import plain_text

MAX_CHARACTERS = 12_000
"""Characters of one answer at most, about 3,000 tokens."""
MAX_TITLE = 300
"""Characters of a title, name or label."""
MAX_ABSTRACT = 2_500
"""Characters of an abstract; arXiv allows 1,920."""
MAX_AUTHORS = 5
"""Authors that are named."""

_OLDEST_FIRST = frozenset(("points",))
"""Lists whose first elements matter least."""


def clipped(text: str, most: int = MAX_TITLE) -> str:
    """An author's text as one readable line of at most ``most`` characters, without control characters."""
    line = sanitized_line(plain_text(text))
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def short_json(answer: dict[str, Any]) -> str:
    """The answer as JSON of at most ``MAX_CHARACTERS``.

    Where it is longer, its longest lists lose elements: series their oldest, other lists their last. ``left_out`` then
    says how many of which.

    Raises
    ------
    ValueError
        If it is too long without any list.
    """
    whole = json.loads(_written(answer))
    left_out: dict[str, int] = {}
    while len(text := _written(whole | ({"left_out": left_out} if left_out else {}))) > MAX_CHARACTERS:
        found = max(_lists(whole), key=lambda one: len(_written(one[1])), default=None)
        if found is None:
            raise ValueError(f"an answer has at most {MAX_CHARACTERS:,} characters, got {len(text):,} without a list")
        path, longest = found
        n = max(1, len(longest) // 8)
        del longest[slice(n) if path.rpartition(".")[2] in _OLDEST_FIRST else slice(-n, None)]
        left_out[path] = left_out.get(path, 0) + n
    return text


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=json_value)


def _lists(value: Any, path: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Every list that is not empty, with the names that lead to it; rows of a table are whole."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lists(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        yield path, value
        if isinstance(value[0], dict):
            for number, inner in enumerate(value):
                yield from _lists(inner, f"{path}[{number}]")
