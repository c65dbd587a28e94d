"""A name as people type it finds its author, and no other."""

from __future__ import annotations

import pytest

from analysis.search.author_match import authors_named, is_named
from domain.author_name import AuthorName
from domain.search_text import search_words

ADA = AuthorName("van der Müller", "Ada Maria")
SINGLE = AuthorName("S", "Abhi Example")


@pytest.mark.parametrize("name", ["Ada Müller", "muller ada", "Müller, A.", "A. M. van der Müller", "Ada X. Müller"])
def test_order_initials_accents_and_missing_parts_do_not_matter(name: str) -> None:
    assert is_named(search_words(name), ADA)


@pytest.mark.parametrize("name", ["Ada Maria", "Ada Miller", "Bob Müller", "Ada Müller Smith", "van der", "A. M."])
def test_another_name_is_another_author(name: str) -> None:
    assert not is_named(search_words(name), ADA)


def test_an_author_listed_with_initials_is_found_by_the_full_name() -> None:
    assert is_named(["ada", "muller"], AuthorName("Müller", "A."))
    assert not is_named(["siam", "head"], SINGLE)


def test_only_words_of_one_author_together_are_a_name() -> None:
    authors = ["Ada Example", "Wei Müller"]
    assert not authors_named(["ada", "muller"], authors, ())
    assert authors_named(["example"], authors, ()) == [AuthorName("Example", "Ada")]
