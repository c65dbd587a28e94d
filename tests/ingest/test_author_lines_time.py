"""Splitting an author line takes time in proportion to its length."""

from __future__ import annotations

import time

import pytest

from ingest.author_lines import split_authors
from ingest.record_bounds import MAX_AUTHOR_LINE, MAX_AUTHORS, check_length


@pytest.mark.parametrize("line", ["(" * 50_000 + ")" * 50_000, " " * 100_000 + "x", "(" * 100_000, "a (b) " * 16_000])
def test_long_lines_are_split_in_time(line: str) -> None:
    began = time.thread_time()
    split_authors(line)
    assert time.thread_time() - began < 0.5  # the quadratic way took minutes


def test_brackets_without_a_partner_stay() -> None:
    assert split_authors("Ada Example (A (B) C), Ben) Sample, Cy (Cyan") == ("Ada Example", "Ben) Sample", "Cy (Cyan")


@pytest.mark.parametrize("name", ["A. B.", "a", "\\'{e}", "&#x1"])
def test_more_authors_than_any_paper_has_are_refused_before_they_are_read(name: str) -> None:
    assert len(split_authors(", ".join([name] * 200))) in (0, 200)
    with pytest.raises(ValueError, match="number of authors"):
        split_authors(", ".join([name] * (MAX_AUTHORS + 1)))


def test_more_tex_than_any_field_has_is_refused() -> None:
    check_length("the author line", "x" * 100_000, MAX_AUTHOR_LINE)
    check_length("the author line", "\\'{e}" * 4000, MAX_AUTHOR_LINE)
    for sign in "\\{":
        with pytest.raises(ValueError, match="backslashes"):
            check_length("the author line", sign * 100_000, MAX_AUTHOR_LINE)
