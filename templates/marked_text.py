r"""Text as HTML: titles and abstracts, with TeX as MathML and evidence marked, and messages with code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from markupsafe import Markup

from domain.detections import Evidence
from domain.tex_as_text import pieces
from domain.tex_as_text import plain_text as readable
from templates.escaping import escaped
from templates.mathml import mathml

__all__ = ["marked", "readable"]


def _cut(raw: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[bool, Markup]]:
    """Consecutive texts as HTML, each with whether it is inside a span; a converted piece is never cut."""
    for piece in pieces(raw):
        if not piece.verbatim:
            shown = None if piece.formula is None else mathml(piece.formula)
            is_marked = any(start < piece.end and piece.start < end for start, end in spans)
            yield is_marked, escaped(piece.text) if shown is None else shown
            continue
        edges = {piece.start, piece.end}
        edges.update(edge for span in spans for edge in span if piece.start < edge < piece.end)
        for low, high in pairwise(sorted(edges)):
            yield any(start <= low and high <= end for start, end in spans), escaped(raw[low:high])


def marked(raw: str, evidence: Sequence[Evidence] = ()) -> Markup:
    r"""The text as HTML for a page, with the words of the evidence in ``<mark>``.

    TeX reads as plain text where that says the same, otherwise as MathML, and where that fails as it stands.
    ``evidence`` counts characters of ``raw``; a formula that it touches is marked whole.

    Examples
    --------
    >>> raw = r"A $3\times$ faster <diffusion> model"
    >>> marked(raw, [Evidence("title", 20, 29)])
    Markup('A 3× faster &lt;<mark>diffusion</mark>&gt; model')
    """
    spans = [(words.start, words.end) for words in evidence]
    shown = ((is_marked, text) for is_marked, text in _cut(raw, spans) if text)
    html = []
    for is_marked, run in groupby(shown, key=lambda part: part[0]):
        text = "".join(text for _, text in run)
        html.append(f"<mark>{text}</mark>" if is_marked else text)
    return Markup("".join(html))  # noqa: S704  each part is printable and escaped


def in_brief(text: str, most: int = 240) -> str:
    """A sentence as one readable line, cut after a word where it is longer than ``most`` characters.

    Examples
    --------
    >>> in_brief("It is 2.3$\\\\times$ faster than the strongest baseline.", 24)
    'It is 2.3× faster than…'
    """
    line = " ".join(readable(text).split())
    if len(line) <= most:
        return line
    return line[:most].rsplit(" ", 1)[0].rstrip(",;:") + "…"


def sentence(text: str) -> str:
    """A message as a sentence: with a capital at its start and a stop at its end.

    Examples
    --------
    >>> sentence("there is no parameter 'terms' here; did you mean 'term'?")
    "There is no parameter 'terms' here; did you mean 'term'?"
    """
    return text[:1].upper() + text[1:] + ("" if text.endswith(("?", ".", "!")) else ".")


def with_code(text: str) -> Markup:
    """A text as HTML, with the parts between backquotes as code."""
    parts = [escaped(part) for part in text.split("`")]
    if len(parts) % 2 == 0:  # a backquote without its partner
        return escaped(text)
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(parts))
