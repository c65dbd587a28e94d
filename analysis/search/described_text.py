"""The text of a query whose meaning is compared."""

from __future__ import annotations

import unicodedata

from domain.tex_as_text import plain_text, with_letters


def described_text(query: str) -> str:
    """The text of a query as the embedding model reads it: TeX as text, ligatures and full-width letters as plain ones.

    Examples
    --------
    >>> described_text(r"ﬂow matching on $\\mathbb{R}^n$")
    'flow matching on ℝⁿ'
    """
    return plain_text(with_letters(unicodedata.normalize("NFKC", query)))
