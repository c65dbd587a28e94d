"""Splitting an author line takes time in proportion to its length."""

from __future__ import annotations

import time

import pytest

from ingest.author_lines import split_authors


@pytest.mark.parametrize("line", ["(" * 50_000 + ")" * 50_000, " " * 100_000 + "x", "(" * 100_000, "a (b) " * 16_000])
def test_long_lines_are_split_in_time(line: str) -> None:
    began = time.thread_time()
    split_authors(line)
    assert time.thread_time() - began < 0.5  # the quadratic way took minutes


def test_brackets_without_a_partner_stay() -> None:
    assert split_authors("Ada Example (A (B) C), Ben) Sample, Cy (Cyan") == ("Ada Example", "Ben) Sample", "Cy (Cyan")
