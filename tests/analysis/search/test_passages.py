"""The passage is a sentence of the abstract, word for word, and its marks are words of the query."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.search.passages import MAX_LENGTH, PassageFinder
from domain.packed_stems import stem_number

WEIGHTS = {stem_number("graphs"): 1.0, stem_number("pruning"): 3.0}


@pytest.mark.parametrize(
    ("abstract", "passage"),
    [
        ("We study graphs. Pruning helps. Graphs again.", "Pruning helps."),
        ("Nothing here. Nor there.", "Nothing here."),
        ("Graphs, e.g. trees. More graphs.", "Graphs, e.g. trees."),
        ("", ""),
    ],
)
def test_the_sentence_whose_words_weigh_most_is_chosen(abstract: str, passage: str) -> None:
    assert PassageFinder(WEIGHTS).best_passage(abstract).text == passage


def test_words_are_marked_in_any_case_and_with_accents() -> None:
    weights = {stem_number("erdos"): 2.0, stem_number("graphs"): 1.0}
    found = PassageFinder(weights).best_passage("No word. GRAPHS of Erdős_graph, not subgraphs.")
    assert [found.text[start:end] for start, end in found.marks] == ["GRAPHS", "Erdős", "graph"]


def test_a_long_sentence_is_cut_around_its_words_outside_of_formulas() -> None:
    found = PassageFinder(WEIGHTS).best_passage("word " * 200 + "graphs $" + "x + " * 10 + "y$ " + "word " * 200)
    assert len(found.text) <= MAX_LENGTH
    assert found.text.count("$") % 2 == 0
    assert [found.text[start:end] for start, end in found.marks] == ["graphs"]


@given(st.text(max_size=900))
def test_a_passage_is_part_of_the_abstract(abstract: str) -> None:
    found = PassageFinder(WEIGHTS).best_passage(abstract)
    assert found.text in abstract
    assert all(0 <= start < end <= len(found.text) for start, end in found.marks)
