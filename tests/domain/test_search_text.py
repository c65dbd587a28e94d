"""Text and queries as search reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.paper import pasted_names
from domain.search_text import indexed_text, search_words


@pytest.mark.parametrize(
    "spelling", ["Erdős", "Erd\\H{o}s", "ERDOS", "Erdo\u030bs", "Ｅrdős", "\\emph{Erd\\H os}", "erdos"]
)
def test_spellings_of_one_word_are_one_word(spelling: str) -> None:
    assert search_words(spelling) == ["erdos"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Kurdyka-{\\L}ojasiewicz", ["kurdyka", "lojasiewicz"]),
        ("eﬃcient Straße", ["efficient", "strasse"]),
        (r"$\alpha$-mixing in $\mathcal{O}(n^2)$", ["α", "mixing", "in", "o", "n2"]),
        ("d_model", ["d", "model"]),
    ],
)
def test_words_are_those_that_readers_see(text: str, words: list[str]) -> None:
    assert search_words(text) == words


@given(st.text(max_size=40))
def test_the_index_holds_the_words_of_the_text(text: str) -> None:
    indexed = indexed_text(text)
    assert search_words(text if indexed is None else indexed) == search_words(text)


@pytest.mark.parametrize(
    "query",
    [
        "2606.01846",
        " arXiv:2606.01846v3 ",
        "arXiv: 2606.01846 [cs.LG]",
        "https://arxiv.org/abs/2606.01846v1",
        "arxiv.org/pdf/2606.01846v2.pdf",
        "http://export.arxiv.org/abs/2606.01846",
        "https://arxiv.org/html/2606.01846v1#S2",
        "https://doi.org/10.48550/arXiv.2606.01846",
        "10.48550/ARXIV.2606.01846",
    ],
)
def test_a_paper_is_named_in_any_form_that_people_paste(query: str) -> None:
    assert pasted_names(query) == (("id", "2606.01846"),)


def test_old_identifiers_lists_and_dois_are_names() -> None:
    assert pasted_names("cs/0601001v2, math.GT/0309136") == (("id", "cs/0601001"), ("id", "math.GT/0309136"))
    assert pasted_names("doi:10.1000/XYZ.1") == (("doi", "10.1000/xyz.1"),)


@pytest.mark.parametrize("query", ["scaling 2606.01846", "2606", "diffusion models", "https://example.org/2606.01846"])
def test_other_queries_name_no_paper(query: str) -> None:
    assert pasted_names(query) == ()
