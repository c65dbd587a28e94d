"""Author lines as typed by submitters, split into names."""

from __future__ import annotations

import re

from domain.author_name import real_names
from domain.paper import one_line
from domain.tex_as_text import with_letters
from ingest.record_bounds import MAX_AUTHORS, check_number

_BETWEEN = re.compile(r"\s*[,;:]\s*|\s*\\and\b\s*")
_COMPLETES_THE_NAME_BEFORE = re.compile(
    r"(?P<completes>(?:jr|sr|ii|iii|iv|inc|ltd|llc|gmbh|corp|co)\.?)(?:\s+(?:and|&)\s+(?P<next>.+))?", re.IGNORECASE
)
"""What belongs to the name before the comma, and the name that *and* joins to it."""


def split_authors(line: str) -> tuple[str, ...]:
    r"""The names of an author line, in order, without affiliations and with TeX accents as letters.

    Prefer the structured names of arXiv if there are any: a line can often be split in more than one way.

    Raises
    ------
    ValueError
        If there are more than ``MAX_AUTHORS``.

    Examples
    --------
    >>> split_authors(r"Izaak Neri (1), D. Knuth, Jr. and \'Edgar Rold\'an ((1) King's College, London)")
    ('Izaak Neri', 'D. Knuth Jr.', 'Édgar Roldán')
    """
    line = one_line(_without_brackets(with_letters(line)))
    names: list[str] = []
    for name in _BETWEEN.split(line):
        if names and (completes := _COMPLETES_THE_NAME_BEFORE.fullmatch(name)):
            names[-1] = f"{names[-1]} {completes['completes']}"
            names += filter(None, [completes["next"]])
        elif name:
            names.append(name)
    if names:
        check_number("number of authors", len(names), MAX_AUTHORS)
    return real_names(names)


def _without_brackets(line: str) -> str:
    """The line with a space for each pair of brackets and what is in it; a bracket without a partner stays."""
    opened: list[int] = []  # positions in ``kept``
    kept: list[str] = []
    for character in line:
        if character == "(":
            opened.append(len(kept))
        elif character == ")" and opened:
            del kept[opened.pop() :]
            character = " "
        kept.append(character)
    return "".join(kept)
