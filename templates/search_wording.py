"""English about search results: why a paper was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

NAMED_IN_QUERY = "named in the query"


def reasons_found(similarity: float | None, words_in: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """How near in meaning a paper is, and the words of the query in each of its fields.

    Parameters
    ----------
    similarity : cosine of query and paper, ``None`` if it is not embedded.
    words_in : words by field, such as ``title``; fields without any are left out.

    Examples
    --------
    >>> reasons_found(0.714, {"title": ["graph", "networks"], "abstract": []})
    ('meaning: similarity 0.71', 'title: graph, networks')
    """
    near = () if similarity is None else (f"meaning: similarity {similarity:.2f}",)
    return near + tuple(f"{field}: {', '.join(words)}" for field, words in words_in.items() if words)
