r"""An abstract as readers see it, with the way back to the characters that are stored."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from domain.tex_as_text import pieces, plain_text


@dataclass(frozen=True)
class ReadableText:
    r"""A text with its TeX as Unicode; spans of it can be traced back to the raw text.

    ``edges`` holds where each piece starts in ``text``, where it starts and ends in the raw text, and whether it is
    verbatim. It is empty where the text had no TeX, so that both are the same.

    Examples
    --------
    >>> readable = ReadableText.of(r"a $3\times$ speed-up")
    >>> readable.text
    'a 3× speed-up'
    >>> readable.raw_span(2, 4)
    (2, 11)
    """

    text: str
    edges: Sequence[tuple[int, int, int, bool]] = ()

    @classmethod
    def of(cls, raw: str) -> ReadableText:
        if plain_text(raw) == raw:
            return cls(raw)
        edges, texts, at = [], [], 0
        for piece in pieces(raw):
            edges.append((at, piece.start, piece.end, piece.verbatim))
            texts.append(piece.text)
            at += len(piece.text)
        return cls("".join(texts), edges)

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the raw text that reads as ``text[start:end]``; a converted piece is taken whole."""
        if not self.edges:
            return start, end
        return self._raw_of(start, is_end=False), self._raw_of(end, is_end=True)

    def _raw_of(self, at: int, *, is_end: bool) -> int:
        # An end belongs to the piece of the character before it.
        key = (at - 1 if is_end and at else at, float("inf"))
        readable_start, raw_start, raw_end, verbatim = self.edges[max(0, bisect_right(self.edges, key) - 1)]
        if verbatim:
            return raw_start + at - readable_start
        return raw_end if is_end else raw_start
