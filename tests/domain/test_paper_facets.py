"""Facets keep their papers in order, and count any set of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.facet import Facet
from domain.paper_facets import PaperFacets

N_PAPERS = 20
_FACETS: st.SearchStrategy[Facet] = st.tuples(st.sampled_from(["domain", "theme"]), st.sampled_from("abc"))
_ROWS = st.dictionaries(_FACETS, st.lists(st.integers(0, N_PAPERS - 1)))


@given(_ROWS, st.lists(st.booleans(), min_size=N_PAPERS, max_size=N_PAPERS))
def test_counts_are_those_of_each_facets_rows(rows: dict[Facet, list[int]], among: list[bool]) -> None:
    facets = PaperFacets.of(rows)
    chosen = np.array(among)
    assert list(facets.keys) == sorted(key for key, found in rows.items() if found)
    for facet in [*rows, ("fact", "none")]:
        assert facets.rows_of(facet).tolist() == sorted(set(rows.get(facet, [])))
    counts = facets.counts(chosen)
    assert counts.tolist() == [sum(among[row] for row in set(rows[key])) for key in facets.keys]
