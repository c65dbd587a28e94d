"""A draft of a technique as a block of the taxonomy file."""

from __future__ import annotations

import json
from collections.abc import Sequence

from domain.week import Week


def technique_toml(
    *,
    key: str,
    name: str,
    strong: Sequence[str],
    exclude: Sequence[str],
    matches: Sequence[str],
    n_papers: int,
    first_week: Week,
) -> str:
    """The block that an operator appends to the taxonomy file, after reading it.

    Examples
    --------
    >>> print(
    ...     technique_toml(
    ...         key="agent_skill",
    ...         name="Agent skills",
    ...         strong=["agent skills"],
    ...         exclude=[],
    ...         matches=["On Agent Skills"],
    ...         n_papers=88,
    ...         first_week=Week.parse("2026-W10"),
    ...     )
    ... )
    # From the emerging term "agent skills", first listed in 2026-W10; 88 papers were read. Check every line, try the
    # block with `papertide technique try FILE`, then append it to the taxonomy file that the setting "taxonomy" names.
    [[technique]]
    key = "agent_skill"
    name = "Agent skills"
    definition = "Work on or with agent skills."  # write what is counted, in one sentence
    strong = ["agent skills"]
    weak = []  # words that count only beside the others
    exclude = []  # longer phrases that papers of other categories alone hold
    matches = ["On Agent Skills"]
    misses = []
    """
    return "\n".join(
        [
            f'# From the emerging term "{_one_line(strong[0])}", first listed in {first_week}; {n_papers:,} papers were'
            " read. Check every line, try the",
            "# block with `papertide technique try FILE`, then append it to the taxonomy file that the setting"
            ' "taxonomy" names.',
            "[[technique]]",
            f"key = {_toml(key)}",
            f"name = {_toml(name)}",
            f"definition = {_toml(f'Work on or with {strong[0]}.')}  # write what is counted, in one sentence",
            f"strong = {_list(strong)}",
            "weak = []  # words that count only beside the others",
            f"exclude = {_list(exclude)}  # longer phrases that papers of other categories alone hold",
            f"matches = {_list(matches)}",
            "misses = []",
        ]
    )


def _list(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(_toml, texts))}]"


def _toml(text: str) -> str:
    """A TOML basic string; JSON's escapes are among those of TOML."""
    return json.dumps(_one_line(text), ensure_ascii=False).replace("\x7f", "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
