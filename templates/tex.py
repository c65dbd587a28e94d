r"""Converts TeX in titles and abstracts to readable Unicode, and keeps track of each word's position.

arXiv leaves TeX as its authors wrote it: ``$\mathcal{O}(n^2)$``, ``\emph{...}``, ``97\%``, and dollars that are
money. A text is cut into pieces, each with its place in the raw text, so that evidence given as raw offsets still
marks the right words after conversion. The result is plain text, never HTML: escaping comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise

from markupsafe import Markup, escape
from pylatexenc.latex2text import LatexNodes2Text

from domain.detections import Evidence


@dataclass(frozen=True)
class Piece:
    """``raw[start:end]`` reads as ``text``; where ``verbatim`` the two are equal, and may be cut anywhere."""

    start: int
    end: int
    text: str
    verbatim: bool


_STYLED = "textbf|textit|textsc|texttt|textrm|textsf|textsl|textmd|textup|text|emph|underline|mbox|url|uline"

_TOKEN = re.compile(
    rf"""
      (?P<math> \$\$ (?P<display> (?: [^$\\] | \\. ){{1,400}} ) \$\$
              | \$   (?P<inline>  (?: [^$\\] | \\. ){{1,400}} ) \$
              | \\\( (?P<round> .{{1,400}}? ) \\\)
              | \\\[ (?P<square> .{{1,400}}? ) \\\] )
    | (?P<opening> \\ (?: {_STYLED} ) \s* \{{ | \\href \s* \{{ [^{{}}]* \}} \s* \{{ | \{{ \\ (?: em|bf|it|tt|sc ) \s )
    | (?P<brace> [{{}}] )
    | (?P<escaped> \\ [%&_$#{{}}] )
    | (?P<blank> \\[, ;:] | (?<=\w) ~ (?=[\w\\$]) )
    | (?P<accent> \\ ['"`^=.] (?: \{{ [A-Za-z] \}} | [A-Za-z] ) )
    | (?P<dash> (?<=[\w$]) ---? (?=[\w$]) | (?<=\s) ---? (?=\s) )
    | (?P<quote> `` | '' )
    """,
    re.VERBOSE | re.DOTALL,
)

_BLANK = {"~": " ", "\\ ": " ", "\\,": "\u202f"}
_DASH = {"--": "–", "---": "—"}
_QUOTE = {"``": "“", "''": "”"}

_RAISED = str.maketrans("0123456789+-=()nidkmtT", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵈᵏᵐᵗᵀ")
_LOWERED = str.maketrans("0123456789+-=()ijknt", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ᵢⱼₖₙₜ")
_SUPERSCRIPT = re.compile(r"\^(?:\{([0-9+\-=()nidkmtT]+)\}|([0-9nidkmtT]))")
_SUBSCRIPT = re.compile(r"_(?:\{([0-9+\-=()ijknt]+)\}|([0-9ijknt]))")

# Commands that pylatexenc knows under another name, and one for a character by its code point.
_RESPELLED = (
    (re.compile(r"\\wide(tilde|hat)\b"), r"\\\1"),
    (re.compile(r"\\[dt]frac\b"), r"\\frac"),
    (re.compile(r"(?<!\\)%"), r"\\%"),
    (re.compile(r"(\\[A-Za-z]+)(?=[^\x00-\x7f])"), r"\1 "),  # arXiv turns \Delta, but not the \tilde before it
    (re.compile(r"\\unicode\{x([0-9A-Fa-f]{2,4})\}"), lambda m: chr(int(m[1], 16))),
)
# Commands that it would convert to text without their meaning.
_BEYOND_TEXT = re.compile(r"\\(?:binom|begin|xrightarrow|xleftarrow|overset|underset|stackrel|substack)\b")

_TO_TEXT = LatexNodes2Text(math_mode="text", strict_latex_spaces="based-on-source")


@lru_cache(maxsize=4096)
def _formula(source: str) -> str:
    """The formula as Unicode, or an empty string if it cannot be converted."""
    if _BEYOND_TEXT.search(source):
        return ""
    for pattern, spelling in _RESPELLED:
        source = pattern.sub(spelling, source)
    # In braces, so that a converted character does not become part of the command before it.
    source = _SUPERSCRIPT.sub(lambda m: "{" + (m[1] or m[2]).translate(_RAISED) + "}", source)
    source = _SUBSCRIPT.sub(lambda m: "{" + (m[1] or m[2]).translate(_LOWERED) + "}", source)
    try:
        return str(_TO_TEXT.latex_to_text(f"${source}$")).strip()
    except Exception:  # noqa: BLE001  a parser of untrusted text fails in many ways; the raw text remains
        return ""


def _is_formula(match: re.Match[str], raw: str) -> bool:
    """Whether dollars enclose a formula, and are not prices as in "$5 to $10"."""
    inner = match["inline"]
    if inner is None:
        return True
    if inner[0].isdigit() and raw[match.end() : match.end() + 1].isdigit():
        return False
    is_tight = not inner[0].isspace() and not inner[-1].isspace()
    return is_tight or re.search(r"[\\^_]", inner) is not None


def _pieces_of_tokens(raw: str) -> Iterator[Piece]:
    """The pieces that differ from the raw text, in order; the text between them is verbatim."""
    at = 0
    closes_style: list[bool] = []  # one entry for each open brace
    while token := _TOKEN.search(raw, at):
        kind, found, at = token.lastgroup, token[0], token.end()
        text = found
        if token["math"] is not None:
            source = token["display"] or token["inline"] or token["round"] or token["square"]
            text = _formula(source) if _is_formula(token, raw) else ""
            if not text:
                at = token.start() + 1
                continue
        elif kind == "opening":
            closes_style.append(True)
            text = ""
        elif kind == "brace":
            if found == "{":
                closes_style.append(False)
            elif closes_style and closes_style.pop():
                text = ""
        elif kind == "escaped":
            text = found[1]
        elif kind == "blank":
            text = _BLANK.get(found, " ")
        elif kind == "accent":
            text = str(_TO_TEXT.latex_to_text(found))
        elif kind == "dash":
            text = _DASH[found]
        elif kind == "quote":
            text = _QUOTE[found]
        if text != found:
            yield Piece(token.start(), token.end(), text, verbatim=False)


def pieces(raw: str) -> Iterator[Piece]:
    """The text as consecutive pieces that cover it."""
    at = 0
    for piece in _pieces_of_tokens(raw):
        if at < piece.start:
            yield Piece(at, piece.start, raw[at : piece.start], verbatim=True)
        yield piece
        at = piece.end
    if at < len(raw):
        yield Piece(at, len(raw), raw[at:], verbatim=True)


def readable(raw: str) -> str:
    r"""The text with its TeX as Unicode; what cannot be converted is left unchanged.

    Examples
    --------
    >>> readable(r"Learning in $\mathcal{O}(n^2)$ time for $5, at 97\% of the \emph{full} cost")
    'Learning in 𝒪(n²) time for $5, at 97% of the full cost'
    """
    return "".join(piece.text for piece in pieces(raw))


def _cut(raw: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[bool, str]]:
    """Consecutive texts, each with whether it is inside a span; a converted piece is never cut."""
    for piece in pieces(raw):
        if not piece.verbatim:
            yield any(start < piece.end and piece.start < end for start, end in spans), piece.text
            continue
        edges = {piece.start, piece.end}
        edges.update(edge for span in spans for edge in span if piece.start < edge < piece.end)
        for low, high in pairwise(sorted(edges)):
            yield any(start <= low and high <= end for start, end in spans), raw[low:high]


def marked(raw: str, evidence: Sequence[Evidence]) -> Markup:
    r"""The readable text as HTML, with the words of the evidence in ``<mark>``.

    ``evidence`` counts characters of ``raw``; a formula that it touches is marked whole.

    Examples
    --------
    >>> raw = r"A $3\times$ faster <diffusion> model"
    >>> marked(raw, [Evidence("title", 20, 29)])
    Markup('A 3× faster &lt;<mark>diffusion</mark>&gt; model')
    """
    spans = [(words.start, words.end) for words in evidence]
    shown = ((is_marked, text) for is_marked, text in _cut(raw, spans) if text)
    html = Markup("")
    for is_marked, run in groupby(shown, key=lambda part: part[0]):
        text = escape("".join(text for _, text in run))
        html += Markup("<mark>{}</mark>").format(text) if is_marked else text
    return html
