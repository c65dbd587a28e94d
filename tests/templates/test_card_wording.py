"""Sentences of evidence cards say what their counters say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from domain.cards import Card, Comparison, FacetCount
from domain.claim import SavingSummary
from templates.card_wording import facet_sentence, named_sentence, plain_text, saving_sentences, shown_named

CARD = Card(
    kind="technique",
    key="rag",
    name="Retrieval-augmented generation",
    name_kind=None,
    definition="",
    defined_by=None,
    since=date(2026, 3, 30),
    until=date(2026, 6, 21),
    k=200,
    n=4000,
    n_unread=0,
    share=0.05,
    low=0.044,
    high=0.057,
    corrected=None,
    corrected_low=None,
    corrected_high=None,
    series=None,
    places=(),
    n_pairs_tested=0,
    stated=(),
    savings=(),
    themes=(),
    evaluated_on=(),
    runs_on=(),
    standards=(),
    failure_modes=(),
    first_papers=(),
    n_older_reading=0,
)


@pytest.mark.parametrize(
    ("comparison", "words"),
    [
        ("more", "50 of 200 (25.0 %, 19.5 to 31.4 %) claim a saving, more often than all papers (400, 10.0 %)."),
        ("less", "50 of 200 (25.0 %, 19.5 to 31.4 %) claim a saving, less often than all papers (400, 10.0 %)."),
        (
            "same",
            "50 of 200 (25.0 %, 19.5 to 31.4 %) claim a saving, not clearly more or less often than all papers "
            "(400, 10.0 %).",
        ),
        (
            "few",
            "50 of 200 (25.0 %, 19.5 to 31.4 %) claim a saving; too few papers to compare with all (400, 10.0 %).",
        ),
    ],
)
def test_a_share_stands_beside_that_of_all_papers(comparison: Comparison, words: str) -> None:
    facet = FacetCount("claim", "saving", "", 50, 200, 0.25, 0.195, 0.314, 400, 4000, 0.1, comparison)
    assert plain_text(facet_sentence(CARD, facet)).replace("\N{NO-BREAK SPACE}", " ") == words


def test_a_standard_stands_with_all_that_name_it() -> None:
    facet = FacetCount("standard", "gdpr", "GDPR", 5, 200, 0.025, 0.01, 0.057, 9, 4000, 0.002, "more")
    words = "GDPR: 5 of the 9 papers that name it; more often than in all papers."
    assert plain_text(named_sentence(CARD, facet)).replace("\N{NO-BREAK SPACE}", " ") == words


def test_savings_of_few_papers_share_a_sentence() -> None:
    many = SavingSummary("speed", 32, 4, 0, 3.18, 1.66, 10.0)
    few = [SavingSummary(quantity, k, 0, 0, None, None, None) for quantity, k in (("money", 6), ("energy", 1))]
    found = replace(CARD, savings=(many, *few))
    sentences = [plain_text(one).replace("\N{NO-BREAK SPACE}", " ") for one in saving_sentences(found)]
    assert sentences == [
        "32 of 200 papers claim a gain in speed; the middle half claimed 1.7× to 10×, median 3.2×; "
        "4 say only “up to”; none links code.",
        "Fewer than ten papers each: money 6, energy 1.",
    ]


def test_what_one_or_two_papers_name_is_not_shown() -> None:
    facets = [FacetCount("standard", str(k), "", k, 200, 0, 0, 0, 9, 4000, 0, "same") for k in (4, 3, 2)]
    assert [one.k for one in shown_named(facets)] == [4, 3]
