"""Author lines as typed by submitters, split into names."""

from __future__ import annotations

import re

from domain.paper import one_line

_INNERMOST_BRACKETS = re.compile(r"\([^()]*\)")
_BETWEEN = re.compile(r"\s*[,;]\s*(?:(?:and|&)\s+)?|\s+(?:and|&)\s+|(?<=ollaboration):\s*", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:jr|sr|[ivx]{2,4})\.?", re.IGNORECASE)
_MACRO = re.compile(r"\\(?:[A-Za-z]+|.)?")
_ACCENTS = frozenset(
    f"\\{name}" for name in "' ` ^ \" ~ = . c u v H d b r k t ss ae AE oe OE aa AA o O l L i j dh DH th TH".split()
)


def split_authors(line: str) -> tuple[str, ...]:
    r"""The names of an author line, in order, without affiliations and with TeX accents as letters.

    Prefer the structured names of arXiv if there are any: a line can often be split in more than one way.

    Examples
    --------
    >>> split_authors(r"Izaak Neri (1), D. Knuth, Jr. and \'Edgar Rold\'an ((1) King's College, London)")
    ('Izaak Neri', 'D. Knuth Jr.', 'Édgar Roldán')
    """
    while (shorter := _INNERMOST_BRACKETS.sub(" ", line)) != line:
        line = shorter
    names: list[str] = []
    for part in _BETWEEN.split(line):
        name = one_line(_without_tex(part))
        if _SUFFIX.fullmatch(name) and names:
            names[-1] = f"{names[-1]} {name}"
        elif name:
            names.append(name)
    return tuple(names)


def _without_tex(name: str) -> str:
    if ("\\" not in name and "{" not in name) or not _ACCENTS.issuperset(_MACRO.findall(name)):
        return name
    from pylatexenc.latex2text import LatexNodes2Text  # takes 0.5 s to import, rarely needed

    return str(LatexNodes2Text(strict_latex_spaces=True).latex_to_text(name, tolerant_parsing=True))
