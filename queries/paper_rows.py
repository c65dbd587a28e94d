"""A paper as one row of a list."""

from __future__ import annotations

from typing import Any

import numpy as np

from domain.paper import Paper
from domain.week import iso_instant
from runtime.context import AppContext
from store.papers import papers_in_order

N_LISTED = 10


def paper_line(p: Paper) -> dict[str, Any]:
    """A paper in a list."""
    return {
        "arxiv_id": p.arxiv_id,
        "title": p.title,
        "authors": list(p.authors),
        "primary_category": p.primary_category,
        "submitted_at": iso_instant(p.submitted_at),
        "url": p.url,
    }


def papers_at_rows(context: AppContext, rows: np.ndarray) -> list[Paper]:
    index = context.paper_index
    return papers_in_order(context.db, [index.ids[row] for row in rows[:N_LISTED].tolist()])
