"""Names of authors in parts, and what is no author."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.author_name import AuthorName, is_team, parsed_name, real_authors, real_names


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Ada Example", ("Example", "Ada", "")),
        ("Ada M. van der Example", ("van der Example", "Ada M.", "")),
        ("Bo Van Sample", ("Van Sample", "Bo", "")),
        ("Nguyen Van Sample", ("Sample", "Nguyen Van", "")),
        ("Cy Example Jr.", ("Example", "Cy", "Jr.")),
        ("Cy Example, III", ("Example", "Cy", "III")),
        ("Dora Sample e Example", ("Sample e Example", "Dora", "")),
        ("Eva de Example Neto", ("de Example Neto", "Eva", "")),
        ("Fay Other de Sample Example", ("de Sample Example", "Fay Other", "")),
        ("Fay de la Sample Example", ("de la Sample Example", "Fay", "")),
        ("Jean de Dieu Example", ("Example", "Jean de Dieu", "")),
        ("Plato", ("Plato", "", "")),
        ("Example Team", ("Example Team", "", "")),
        ("Tides of Science Consortium", ("Tides of Science Consortium", "", "")),
        ("Example Labs Inc.", ("Example Labs Inc.", "", "")),
    ],
)
def test_a_name_in_one_string_is_read_in_parts(text: str, parts: tuple[str, str, str]) -> None:
    assert parsed_name(text) == AuthorName(*parts)


@pytest.mark.parametrize("name", ["Ada Lab", "Bo Center", "Cy Team-Sample", "Wen Ai", "Research Example"])
def test_family_names_that_look_like_teams_are_people(name: str) -> None:
    assert not is_team(name)


@pytest.mark.parametrize(
    ("names", "authors"),
    [
        (["Example Team", ":", "Ada Example", "and Bo Sample"], ["Example Team", "Ada Example", "Bo Sample"]),
        (["Ada Example and", "et al", "et al.", "and", "others", ""], ["Ada Example"]),
        (["Ada Example and Bo Sample"], ["Ada Example", "Bo Sample"]),
        (["Tides and Waves Team"], ["Tides and Waves Team"]),
        (["Team of Ada, Ben and Cy"], ["Team of Ada, Ben and Cy"]),
        (["Department of Tides and Waves"], ["Department of Tides and Waves"]),
        (["Tide Lab of Example and Ada Sample"], ["Tide Lab of Example", "Ada Sample"]),
        (["Example Team and Ada"], ["Example Team", "Ada"]),
        (["Ada Example", "Jr."], ["Ada Example Jr."]),
        ([r"{\'E}va S{\o}mple", "Ad\\~ele~Example*"], ["Éva Sømple", "Adẽle Example"]),
        (["Cy Example--Sample"], ["Cy Example--Sample"]),
    ],
)
def test_what_is_no_author_is_left_out(names: list[str], authors: list[str]) -> None:
    assert [author.text for author in real_authors(AuthorName(name) for name in names)] == authors


def test_parts_from_arxiv_stay_as_they_are() -> None:
    given = AuthorName("Sample Example", "Ada")
    assert real_authors([given]) == (given,)
    assert real_authors([AuthorName("and", "Ada Example")]) == (AuthorName("Example", "Ada"),)


_WORDS = (
    "Ada Example And and et al. others with Team TEAM research Labs Inc. inc, de la A. Neto & Li é A.B. x_y 3 *".split()
)
_NAMES = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=12).flatmap(
    lambda words: st.sampled_from([" ", "  ", ", "]).map(lambda between: between.join(words))
)


@given(_NAMES)
def test_a_name_given_whole_reads_the_same_as_its_parts(name: str) -> None:
    assert real_names([name]) == tuple(author.text for author in real_authors([AuthorName(name)]))
