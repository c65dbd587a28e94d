"""SQL conditions on ``paper``: watched, listed, withdrawn, in a window."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, select

from domain.harvest import Window
from store.schema import paper, paper_category


def categories_key(categories: Collection[str]) -> str:
    """The watched categories as one value, sorted, so that their order in the settings does not matter."""
    return " ".join(sorted(set(categories)))


IS_NOT_WITHDRAWN = paper.c.is_withdrawn.is_(False)
"""The paper is not withdrawn."""


def is_watched(categories: Collection[str]) -> ColumnElement[bool]:
    """The paper is listed under one of the categories and not withdrawn; all counts, lists and searches use this."""
    return is_listed(categories) & IS_NOT_WITHDRAWN


def is_listed(categories: Collection[str]) -> ColumnElement[bool]:
    """The paper is listed under one of the categories, withdrawn or not, as in arXiv's own counts."""
    # EXISTS, not IN: with IN, SQLite scanned all watched papers for each row of a join, which took minutes.
    listed = select(paper_category.c.category).where(
        paper_category.c.arxiv_id == paper.c.arxiv_id, paper_category.c.category.in_(sorted(set(categories)))
    )
    return listed.correlate(paper).exists()


def is_in_window(window: Window) -> ColumnElement[bool]:
    """The paper was first submitted in the window."""
    return (paper.c.submitted_at >= window.start_at) & (paper.c.submitted_at < window.end_at)
