"""A paper as one row of a list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from domain.paper import Paper
from domain.paper_arrays import PaperIndex
from queries.results import PaperLine
from runtime.context import AppContext
from store.claims import findings_of
from store.papers import papers_in_order

N_LISTED = 10


def paper_lines(context: AppContext, papers: Sequence[Paper]) -> tuple[PaperLine, ...]:
    """Papers in a list, in their order."""
    findings = findings_of(context.db, [p.arxiv_id for p in papers])
    return tuple(
        PaperLine(p.arxiv_id, p.title, p.authors, p.primary_category, p.submitted_at, p.url, findings.get(p.arxiv_id))
        for p in papers
    )


def papers_at_rows(context: AppContext, index: PaperIndex, rows: NDArray[np.int64]) -> list[Paper]:
    """The papers at the first rows of an index."""
    return papers_in_order(context.db, [index.ids[row] for row in rows[:N_LISTED].tolist()])
