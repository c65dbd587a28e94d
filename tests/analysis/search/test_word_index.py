"""Papers ranked by the words of a query."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.search.word_index import K1, PARTS, WordIndex
from domain.packed_stems import STEM_DTYPE, packed_stems, stem_number, stem_numbers, unpacked_stems
from domain.search_query import Field

FIELDS: tuple[Field, ...] = ("text", "title", "author")
TITLES = st.lists(
    st.sampled_from(["", "graph", "graphs of graphs", "a diffusion model", "models", "Erdős"]), max_size=8
)


def _index(*titles: str, abstracts: tuple[str, ...] = (), authors: tuple[str, ...] = ()) -> WordIndex:
    blobs = [
        packed_stems(title, abstracts[n] if n < len(abstracts) else "", [authors[n]] if n < len(authors) else [])
        for n, title in enumerate(titles)
    ]
    return WordIndex(unpacked_stems(blobs), np.array([len(b) // STEM_DTYPE.itemsize for b in blobs], dtype=np.int64))


def test_a_word_in_the_title_or_a_name_counts_more_than_one_in_the_abstract() -> None:
    index = _index("graph", "x", "x", abstracts=("x", "graph", "x"), authors=("", "", "Ada Graph"))
    title, abstract, author = index.scores(stem_numbers("graphs"))
    assert title > abstract > 0
    assert author > abstract


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    index = _index("graph", "graph", "graph", "tensor")
    assert index.scores([stem_number("tensor")])[3] > index.scores([stem_number("graph")])[0]


def test_the_score_of_one_word_is_that_of_bm25() -> None:
    index = _index("x", "y", abstracts=("graph", "z"))
    rarity = math.log1p((2 - 1 + 0.5) / (1 + 0.5))
    assert index.scores([stem_number("graph")]).tolist() == pytest.approx(
        [rarity * 1 * (K1 + 1) / (1 + K1), 0], rel=1e-3
    )


@given(TITLES, st.lists(st.sampled_from(["graph", "model", "erdos", "nowhere"]), max_size=4))
def test_scores_add_up_and_stay_below_their_bound(titles: list[str], words: list[str]) -> None:
    index = _index(*titles)
    stems = [stem_number(word) for word in words]
    scores = index.scores(stems)
    assert scores.shape == (len(titles),)
    assert (scores <= index.greatest_score(stems) + 1e-3).all()
    each = sum((index.scores([stem]) for stem in dict.fromkeys(stems)), np.zeros(len(titles), dtype=np.float32))
    assert scores == pytest.approx(each, rel=1e-5)
    for score, title in zip(scores, titles, strict=True):
        assert (score > 0) == bool(set(stems) & set(stem_numbers(title)))


@given(TITLES, TITLES, TITLES)
def test_how_many_papers_hold_a_word_is_how_many_rows_do(
    titles: list[str], abstracts: list[str], authors: list[str]
) -> None:
    index = _index(*titles, abstracts=tuple(abstracts), authors=tuple(authors))
    for stem in map(stem_number, ("graph", "model", "erdos", "nowhere")):
        of_field = {field: index.holding(stem, field) for field in FIELDS}
        assert {field: index.n_holding(stem, field) for field in FIELDS} == {f: h.sum() for f, h in of_field.items()}
        assert index.n_holding(stem) == (of_field["text"] | of_field["author"]).sum()


@given(TITLES, TITLES, TITLES)
def test_the_parts_that_hold_a_word_are_those_of_each_paper(
    titles: list[str], abstracts: list[str], authors: list[str]
) -> None:
    index = _index(*titles, abstracts=tuple(abstracts), authors=tuple(authors))
    rows = np.arange(len(titles))[::-2]
    stems = [stem_number(word) for word in ("graph", "model", "erdos", "nowhere")]
    found = index.parts_holding(stems, rows)
    assert found.shape == (len(rows), len(stems), len(PARTS))
    for place, row in enumerate(rows.tolist()):
        texts = (titles[row], *(part[row] if row < len(part) else "" for part in (abstracts, authors)))
        held = [set(stem_numbers(text)) for text in texts]
        assert found[place].tolist() == [[stem in one for one in held] for stem in stems]


def test_stems_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 stems, got 0"):
        WordIndex(unpacked_stems([]), np.array([2], dtype=np.int64))
