"""Rare words find papers, common ones only order them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from analysis.search.telling_query_words import FEW_MATCHES, MOST_MATCHES, telling_words


def test_the_rarest_word_always_finds_papers() -> None:
    assert telling_words({"learning": 90_000, "model": 80_000}, n_papers=100_000) == (["model"], ["learning"])


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 5_000), max_size=8), st.integers(0, 200_000))
def test_telling_words_match_few_papers_together_and_no_word_is_lost(counts: dict[str, int], n_papers: int) -> None:
    telling, others = telling_words(counts, n_papers=n_papers)
    assert sorted(telling + others) == sorted(word for word, n in counts.items() if n)
    in_order = [counts[word] for word in telling + others]
    assert in_order == sorted(in_order)
    if len(telling) > 1:
        assert sum(counts[word] for word in telling) <= max(FEW_MATCHES, MOST_MATCHES * n_papers)
