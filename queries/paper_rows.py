"""A paper as one row of a list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from domain.paper import Paper
from domain.paper_arrays import PaperIndex
from queries.results import PaperLine
from runtime.context import AppContext
from store.papers import papers_in_order

N_LISTED = 10


def paper_line(p: Paper) -> PaperLine:
    """A paper in a list."""
    return PaperLine(p.arxiv_id, p.title, p.authors, p.primary_category, p.submitted_at, p.url)


def papers_at_rows(context: AppContext, index: PaperIndex, rows: NDArray[np.int64]) -> list[Paper]:
    """The papers at the first rows of an index."""
    return papers_in_order(context.db, [index.ids[row] for row in rows[:N_LISTED].tolist()])
