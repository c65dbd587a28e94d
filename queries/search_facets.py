"""What the papers of a search are about, counted, so that it can be narrowed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from domain.detections import ADOPTS
from domain.paper_arrays import PaperIndex
from queries.results import Facet
from queries.topics import all_topics
from runtime.context import AppContext

N_VALUES = 6
"""Values of each field."""


def facets(context: AppContext, index: PaperIndex, rows: NDArray[np.int64]) -> tuple[Facet, ...]:
    """The topics, techniques, themes, categories and years of the papers at some rows, most papers first.

    A technique or theme counts where it is adopted, as the filter does without a level.
    """
    if not len(rows):
        return ()
    numbers, n_papers = np.unique(index.topic_id[rows], return_counts=True)
    n_of_topic = dict(zip(numbers.tolist(), n_papers.tolist(), strict=True))
    topics = (
        (str(t.topic_id), t.label, n_of_topic[t.topic_id]) for t in all_topics(context) if t.topic_id in n_of_topic
    )
    found = _most("topic", topics)
    names = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    n_adopting = (index.level[rows] >= ADOPTS).sum(axis=0).tolist()
    kinds: tuple[Literal["technique", "theme"], ...] = ("technique", "theme")
    for kind in kinds:
        adopted = (
            (f"{kind}:{key}", names[kind, key], n)
            for (of_kind, key), n in zip(index.terms, n_adopting, strict=True)
            if of_kind == kind and (kind, key) in names
        )
        found += _most(kind, adopted)
    n_listed = index.listed[rows].sum(axis=0).tolist()
    found += _most(
        "category", ((category, category, n) for category, n in zip(index.categories, n_listed, strict=True))
    )
    years, n_of_year = np.unique(index.day[rows].astype("datetime64[D]").astype("datetime64[Y]"), return_counts=True)
    newest_first = zip(years.astype(str)[::-1].tolist(), n_of_year[::-1].tolist(), strict=True)
    return (*found, *(Facet("year", year, year, n) for year, n in newest_first))


def _most(
    field: Literal["topic", "technique", "theme", "category"], values: Iterable[tuple[str, str, int]]
) -> list[Facet]:
    """The values, each with its name and how many papers have it, that most papers have."""
    held = sorted((one for one in values if one[2]), key=lambda one: (-one[2], one[1]))
    return [Facet(field, value, name, n) for value, name, n in held[:N_VALUES]]
