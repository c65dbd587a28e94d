"""Claims in words."""

from __future__ import annotations

from datetime import date

import pytest
from markupsafe import Markup

from domain.claim import CLAIM_QUANTITIES, Claim, SavingSummary, cuts_of
from domain.detections import Evidence
from domain.week import Week
from queries.results import ClaimLine, ClaimShares
from templates.claim_wording import (
    claim_text,
    factor,
    factors,
    older_reading_text,
    quoted,
    saving_text,
    saving_words,
    shares_text,
    whole_or_cut,
)
from templates.facet_wording import facet_text

ABSTRACT = "We prune weights. Our method is 2x faster, needs half the memory, and\nis simple. It scales."


def of(words: str) -> Claim:
    start = ABSTRACT.index(words)
    end = start + len(words)
    return Claim(
        words, "speed", "times", 2.0, 2.0, "", False, Evidence("abstract", start, end), *cuts_of(ABSTRACT, start, end)
    )


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("We prune weights", "“We prune weights”"),
        ("Our method is 2x faster", "“Our method is 2x faster…”"),
        ("needs half the memory", "“…needs half the memory…”"),
        ("and\nis simple.", "“…and is simple.”"),
        ("It scales.", "“It scales.”"),
    ],
)
def test_a_quote_shows_where_it_is_cut_out_of_its_sentence(words: str, shown: str) -> None:
    assert quoted(of(words)) == shown


def test_a_cut_quote_stays_html() -> None:
    assert whole_or_cut(Markup("2<mark>x</mark>"), of("is 2x faster")) == Markup("…2<mark>x</mark>…")


def test_a_decimal_number_or_an_abbreviation_ends_no_sentence() -> None:
    text = "It reduces cost by approx. 2.5x overall."
    start = text.index("2.5x")
    assert cuts_of(text, start, start + 1) == cuts_of(text, start, len("2.5x") + start) == (True, True)


def test_each_quantity_has_its_own_word_for_a_saving() -> None:
    assert len({saving_words(quantity) for quantity in CLAIM_QUANTITIES}) == len(CLAIM_QUANTITIES)
    assert saving_words("speed") == "a gain in speed"
    assert facet_text(("claim", "memory"), "") == "less memory claimed"


def test_a_claim_says_what_it_saves_and_how_much() -> None:
    quote = of("Our method is 2x faster")
    shown = ClaimLine(
        "2606.00001",
        "A title",
        Week(date(2026, 6, 15)),
        quote.quote,
        "speed",
        "times",
        2.0,
        2.0,
        "",
        False,
        2.0,
        quote.evidence,
        quote.cut_before,
        quote.cut_after,
    )
    assert claim_text(shown) == "a gain in speed, 2.0×: “Our method is 2x faster…”"


@pytest.mark.parametrize(
    ("papers", "others", "words"),
    [
        ((1, 1, 1), None, "1 of 1 paper claims a saving, 1 links code"),
        ((3, 1, 1), None, "1 of 3 papers claims a saving, 1 links code"),
        ((3, 2, 0), None, "2 of 3 papers claim a saving, 0 link code"),
        ((0, 0, 0), (1, 0, 0), "the one paper read of this time does not hold this term"),
        ((0, 0, 0), (2, 0, 0), "none of the 2 papers read of this time holds this term"),
    ],
)
def test_shares_agree_with_one(papers: tuple[int, int, int], others: tuple[int, int, int] | None, words: str) -> None:
    def shares(n: int, n_with_saving: int, n_with_code: int) -> ClaimShares:
        return ClaimShares(n, n_with_saving, n_with_saving, n_with_code, None, None)

    assert shares_text(shares(*papers), shares(*others) if others else None) == words


def test_a_saving_agrees_with_one() -> None:
    one = SavingSummary("energy", 1, 1, 1, None, None, None)
    assert (
        saving_text(one, 1)
        == "1 of 1 paper claims less energy; too few for a median; 1 says only “up to”; 1 links code"
    )


def test_papers_of_an_older_reading_are_told_in_a_line() -> None:
    assert older_reading_text(0) == ""
    assert older_reading_text(1).startswith("1\u00a0paper counts as an earlier version of Papertide read it;")
    assert older_reading_text(2310).startswith("2,310\u00a0papers count as an earlier version of Papertide read them;")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.05, "1.05×"),
        (1.096, "1.1×"),
        (1.667, "1.7×"),
        (4.0, "4.0×"),
        (9.09, "9.1×"),
        (9.96, "10×"),
        (12.5, "12×"),
        (150.4, "150×"),
        (1234.0, "1,234×"),
    ],
)
def test_a_factor_has_the_same_digits_everywhere(value: float, shown: str) -> None:
    assert factor(value) == shown


def test_a_range_of_factors_is_shown_as_one() -> None:
    assert factors(1.8, 10.0) == "1.8× to 10×"
    assert factors(4.0, 4.0) == factors(4.0, None) == "4.0×"
