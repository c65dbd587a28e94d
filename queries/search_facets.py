"""What the papers of a search are about, counted, so that it can be narrowed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from domain.detections import ADOPTS
from domain.paper_arrays import PaperIndex, day_of
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
    found: list[Facet] = []
    numbers, n_papers = np.unique(index.topic_id[rows], return_counts=True)
    labels = {t.topic_id: t.label for t in all_topics(context)}
    found += _most(
        Facet("topic", str(number), labels[number], n)
        for number, n in zip(numbers.tolist(), n_papers.tolist(), strict=True)
        if number in labels
    )
    names = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    n_adopting = (index.level[rows] >= ADOPTS).sum(axis=0).tolist()
    for kind in ("technique", "theme"):
        found += _most(
            Facet(kind, f"{kind}:{key}", names[kind, key], n)
            for (of_kind, key), n in zip(index.terms, n_adopting, strict=True)
            if of_kind == kind and (kind, key) in names
        )
    n_listed = index.listed[rows].sum(axis=0).tolist()
    found += _most(
        Facet("category", category, category, n) for category, n in zip(index.categories, n_listed, strict=True)
    )
    days, n_of_day = np.unique(index.day[rows], return_counts=True)
    n_of_year: dict[int, int] = {}
    for day, n in zip(days.tolist(), n_of_day.tolist(), strict=True):
        year = day_of(day).year
        n_of_year[year] = n_of_year.get(year, 0) + n
    found += [Facet("year", str(year), str(year), n) for year, n in sorted(n_of_year.items(), reverse=True)]
    return tuple(found)


def _most(values: Iterable[Facet]) -> list[Facet]:
    held = sorted((f for f in values if f.n), key=lambda f: (-f.n, f.name))
    return held[:N_VALUES]
