"""SQL conditions on papers: which are watched, listed, standing, and in a window."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, select

from domain.harvest import Window
from store.schema import paper, paper_category


def categories_key(categories: Collection[str]) -> str:
    """The watched categories as one value: sorted, so that their order in the settings does not matter."""
    return " ".join(sorted(set(categories)))


IS_NOT_WITHDRAWN = paper.c.is_withdrawn.is_(False)
"""A paper is not withdrawn; a condition for statements that ask ``paper``."""


def is_watched(categories: Collection[str]) -> ColumnElement[bool]:
    """A paper is listed under any of the categories and stands: what every count, list and search is about."""
    return is_listed(categories) & IS_NOT_WITHDRAWN


def is_listed(categories: Collection[str]) -> ColumnElement[bool]:
    """A paper is listed under any of the categories, withdrawn or not: what arXiv's own counts are about."""
    # EXISTS, not IN: SQLite once walked the list of all watched papers for each row of a join, for minutes.
    listed = select(paper_category.c.category).where(
        paper_category.c.arxiv_id == paper.c.arxiv_id, paper_category.c.category.in_(sorted(set(categories)))
    )
    return listed.correlate(paper).exists()


def is_in_window(window: Window) -> ColumnElement[bool]:
    return (paper.c.submitted_at >= window.start_at) & (paper.c.submitted_at < window.end_at)
