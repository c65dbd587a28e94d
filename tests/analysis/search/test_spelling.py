"""Only rare words are taken for mistyped ones, and only common words are suggested."""

from __future__ import annotations

import pytest

from analysis.search.spelling import Vocabulary

WORDS = Vocabulary({"quantization": 500, "quantile": 90, "mamba": 80, "transformer": 900, "rare": 3, "gpt4": 300})


@pytest.mark.parametrize(
    ("word", "n_holding", "meant"),
    [
        ("quantizaton", 0, "quantization"),
        ("qunatization", 0, "quantization"),
        ("transfomer", 1, "transformer"),
        ("mamab", 0, "mamba"),
        ("samba", 2, None),
        ("mamba", 80, None),
        ("gp4", 0, None),
        ("gpt5", 0, None),
        ("wholly", 0, None),
        ("学習", 0, None),
    ],
)
def test_a_rare_word_near_a_common_one_was_perhaps_meant(word: str, n_holding: int, meant: str | None) -> None:
    assert WORDS.meant_instead(word, n_holding=n_holding) == meant
