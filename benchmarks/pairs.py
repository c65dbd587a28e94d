"""How often pairs are called by chance, and what is called on real data.

    python -m benchmarks.pairs --data-dir FOLDER [--weeks 50] [--show 10]

Under the null, the facets of every kind are permuted among the papers of each week, kind by kind, so that each keeps
its weekly counts and the facets of one kind their overlap, while nothing of two kinds belongs together. A week is one
whole analysis of a permuted corpus that ends with one of the newest weeks. Beside the rule that ships, the same run
counts the weeks with a false call if nothing were corrected for the number of tests. The pairs called on the data as
they are are listed with some of their papers, to be read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.cards import pairs as pairs_of
from domain.facet import Facet
from domain.paper_arrays import PaperIndex
from domain.paper_facets import PaperFacets
from queries.cards import Span, counted_span
from queries.facet_resolution import facet_names
from runtime.context import AppContext
from runtime.settings import load_settings, process_environment
from store.papers import papers_in_order


def permuted(facets: PaperFacets, span: Span, random: np.random.Generator) -> PaperFacets:
    """The facets with those of each kind given to other papers of the same week, the same ones for a whole kind."""
    moved: dict[Facet, NDArray[np.int32]] = {}
    for kind in pairs_of.PAIRED_KINDS:
        to = np.arange(len(span.is_in))
        for number in range(len(span.weeks)):
            rows = np.flatnonzero(span.week_of == number)
            to[rows] = random.permutation(rows)
        moved |= {key: to[facets.rows_of(key)].astype(np.int32) for key in facets.keys if key[0] == kind}
    return PaperFacets.of(moved)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--weeks", type=int, default=50, help="analyses under the null")
    parser.add_argument("--show", type=int, default=10, help="called pairs to list, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    settings = load_settings(None, process_environment(), {"data_dir": given.data_dir})
    with AppContext(settings, read_only=True, create=False) as context:
        index = context.paper_index
        span = counted_span(context, index)
        columns = [facet for facet in index.facets.keys if facet[0] in pairs_of.PAIRED_KINDS]
        print(f"{span.n} papers of {len(span.weeks)} weeks, {len(columns)} facets")
        _null(index, span, columns, given.weeks, np.random.default_rng(given.seed))
        _called(context, index, span, columns, given.show, np.random.default_rng(given.seed))


def _null(index: PaperIndex, span: Span, columns: list[Facet], n_weeks: int, random: np.random.Generator) -> None:
    n_false, n_uncorrected, n_tested = 0, 0, 0
    changed = 0
    for number in range(n_weeks):
        facets = permuted(index.facets, span, random)
        counts = pairs_of.pair_counts(facets, columns, span.week_of, span.weeks)
        counts = counts.until(span.weeks[-1 - number % 4])
        found = pairs_of.called_pairs(counts)
        n_false += bool(found.called)
        changed += any(change for one in found.called for change, _ in one.changes)
        n_uncorrected += bool(pairs_of.called_pairs(counts, corrected=False).called)
        n_tested = found.n_tested
    print(
        f"null: {n_false} of {n_weeks} weeks with a false pair ({n_tested} pairs tested), {changed} with a false change"
    )
    print(f"      {n_uncorrected} of {n_weeks} if each pair were tested alone at the same level")


def _called(
    context: AppContext, index: PaperIndex, span: Span, columns: list[Facet], n_shown: int, random: np.random.Generator
) -> None:
    found = pairs_of.called_pairs(pairs_of.pair_counts(index.facets, columns, span.week_of, span.weeks))
    moved = sum(change is not None for one in found.called for change, _ in one.changes)
    print(f"\nas it is: {len(found.called)} of {found.n_tested} pairs called, {moved} changes of share in a place")
    names = facet_names(context, columns)
    for at in random.choice(len(found.called), min(n_shown, len(found.called)), replace=False).tolist():
        one = found.called[at]
        first, second = one.facets
        ratio, low, high = one.ratios[0]
        print(
            f"\n{names[first]} ({first[0]}) in {names[second]} ({second[0]}): {one.k_both} of {one.k[1]} papers, "
            f"{ratio:.1f} times as common as elsewhere ({low:.1f} to {high:.1f}), q {one.q_value:.2g}, {one.changes[0]}"
        )
        rows = np.intersect1d(index.facets.rows_of(first), index.facets.rows_of(second))
        rows = rows[span.is_in[rows]]
        some = random.choice(rows, min(4, len(rows)), replace=False).tolist()
        for paper in papers_in_order(context.db, [index.ids[row] for row in some]):
            print(f"    {paper.arxiv_id}  {paper.title}")


if __name__ == "__main__":
    main()
