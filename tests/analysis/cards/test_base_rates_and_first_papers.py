"""Comparisons with all papers, and the papers to start with."""

from __future__ import annotations

from analysis.cards.base_rates import compared
from analysis.cards.first_papers import first_of_name, first_of_term
from domain.paper import ArxivId

A, B, C, D = (ArxivId(f"2606.0000{i}") for i in range(1, 5))


def test_a_share_is_compared_only_where_its_papers_tell() -> None:
    assert compared([60, 10, 0, 30], 200, [300, 500, 100, 1500], 10_000) == ("more", "same", "same", "same")
    assert compared([0], 200, [2000], 10_000) == ("less",)
    assert compared([5], 20, [50], 10_000) == ("few",)
    assert compared([1], 200, [2], 10_000) == ("few",)
    assert compared([], 200, [], 10_000) == ()
    assert compared([200], 200, [200], 200) == ("few",)


def test_a_survey_comes_first_and_then_an_accepted_paper_with_code() -> None:
    candidates = [(A, "A strong method"), (B, "A Survey of methods"), (C, "Another method"), (D, "One more")]
    first = first_of_term(candidates, {C, D}, {D})
    assert [(p.arxiv_id, p.reason) for p in first] == [(B, "survey"), (D, "accepted_with_code")]
    assert [(p.arxiv_id, p.reason) for p in first_of_term(candidates, {C}, {A})] == [(B, "survey"), (C, "accepted")]
    assert [(p.arxiv_id, p.reason) for p in first_of_term([(A, "x"), (C, "y")], (), ())] == [
        (A, "strongest"),
        (C, "strongest"),
    ]
    assert first_of_term([], (), ()) == ()


def test_a_name_starts_with_the_paper_that_introduces_it() -> None:
    uses = [(B, "newest"), (C, "older")]
    assert [(p.arxiv_id, p.reason) for p in first_of_name((A, "new"), uses, {C}, {C})] == [
        (A, "introduces"),
        (C, "accepted_with_code"),
    ]
    assert [(p.arxiv_id, p.reason) for p in first_of_name(None, uses, (), ())] == [(B, "newest"), (C, "newest")]
