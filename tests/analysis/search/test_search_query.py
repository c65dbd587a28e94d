"""Every text is read as a query, and what people paste and type is read as they mean it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.search.search_query import MAX_CONDITIONS, parsed_query, with_times_as_bounds
from domain.search_query import Condition, SearchQuery
from domain.search_text import search_words


@given(st.text(max_size=200))
def test_every_text_has_a_reading(typed: str) -> None:
    query = parsed_query(typed)
    conditions = [c for group in query.required for c in group] + list(query.excluded)
    assert len(conditions) <= MAX_CONDITIONS
    assert all(search_words(c.words) for c in conditions)


_PIECES = st.sampled_from(
    [
        "has:code",
        "-is:accepted",
        "since:2026-06",
        "until 2026-W25",
        *('- " “ NOT OR AND author: title: name: text: 2606.01846 arXiv: Erdős 学习 обучение تعلم x a-b ( :'.split()),
        "http://arxiv.org/abs/cs/0601001v3",
        "10.48550/arXiv.1706.03762",
        "",
    ]
)


@given(st.lists(_PIECES, max_size=30), st.sampled_from(["", " "]))
def test_operators_in_any_order_have_a_reading(pieces: list[str], between: str) -> None:
    query = parsed_query(between.join(pieces))
    for group in query.required:
        assert group


@given(st.lists(st.from_regex(r"[a-z]{3,9}", fullmatch=True), min_size=1, max_size=8))
def test_words_in_lower_case_are_plain_words(words: list[str]) -> None:
    query = parsed_query(" ".join(words))
    assert query.is_plain
    assert query.text == " ".join(words)


def _conditions(query: SearchQuery) -> list[list[str]]:
    return [[c.words for c in group] for group in query.required]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("2606.90462", ("id", "2606.90462")),
        ("arXiv:2606.90462", ("id", "2606.90462")),
        ("arxiv: 2606.90462v3", ("id", "2606.90462")),
        ("https://arxiv.org/abs/2606.90462v1", ("id", "2606.90462")),
        ("https://www.arxiv.org/pdf/2606.90462v2.pdf", ("id", "2606.90462")),
        ("arxiv.org/html/2606.90462", ("id", "2606.90462")),
        ("https://doi.org/10.48550/arXiv.2606.90462", ("id", "2606.90462")),
        ("10.48550/arXiv.2606.90462", ("id", "2606.90462")),
        ("cs/0601001v2", ("id", "cs/0601001")),
        ("https://arxiv.org/abs/math.gt/0309136", ("id", "math.GT/0309136")),
        ("[2606.90462] A made-up title", ("id", "2606.90462")),
        ("the one at https://arxiv.org/abs/2606.90462v1, please", ("id", "2606.90462")),
        ("doi:10.1000/182", ("doi", "10.1000/182")),
    ],
)
def test_what_names_a_paper_is_read_wherever_it_stands(typed: str, name: tuple[str, str]) -> None:
    assert parsed_query(typed).named == (name,)


@pytest.mark.parametrize(
    ("typed", "required", "excluded", "text"),
    [
        ('"flow matching" images', [["flow matching"]], [], "flow matching images"),
        ("“flow matching” images", [["flow matching"]], [], "flow matching images"),
        ("graphs -survey", [], ["survey"], "graphs"),
        ('graphs -"large language model"', [], ["large language model"], "graphs"),
        ("graphs NOT survey", [], ["survey"], "graphs"),
        ("diffusion OR flow", [["diffusion", "flow"]], [], "diffusion flow"),
        (
            'diffusion OR flow OR "score matching"',
            [["diffusion", "flow", "score matching"]],
            [],
            "diffusion flow score matching",
        ),
        ("a fast OR slow model", [["fast", "slow"]], [], "a fast slow model"),
        ("graphs AND trees", [], [], "graphs trees"),
        ('author:"Ada Example" graphs', [["Ada Example"]], [], "graphs"),
        ("author: ada example", [["ada example"]], [], ""),
        ("-author:ada graphs", [], ["ada"], "graphs"),
        ("title:retrieval", [["retrieval"]], [], "retrieval"),
        ("has:code is:accepted graphs", [["code"], ["accepted"]], [], "graphs"),
        ("graphs -is:accepted", [], ["accepted"], "graphs"),
        ("graphs Has:Code OR is:accepted", [["code", "accepted"]], [], "graphs"),
        ("author:ada has:code", [["ada"], ["code"]], [], ""),
        ("has:codecs is:accepted? has:", [], [], "has:codecs is:accepted? has:"),
        ("diffusion since:2026-06", [["2026-06"]], [], "diffusion"),
        ("diffusion since 2026-06", [["2026-06"]], [], "diffusion"),
        ("Until: 2026-w25, since:2025 graphs", [["2026-W25"], ["2025"]], [], "graphs"),
        ("graphs -since:2026-06-15", [], ["2026-06-15"], "graphs"),
        ("author:ada lee since 2026-06 graphs", [["ada lee"], ["2026-06"]], [], "graphs"),
        ("progress since 2020 in vision", [], [], "progress since 2020 in vision"),
        ("since:2026-13 since:spring", [], [], "since:2026-13 since:spring"),
        ("until 2026-06-31", [], [], "until 2026-06-31"),
        ('"since 2026-06"', [["since 2026-06"]], [], "since 2026-06"),
        ("text:diffusion since 2026-06", [], [], "diffusion since 2026-06"),
        ("name:LoCoMo", [], [], "LoCoMo"),
        ("CoT: a survey", [], [], "CoT: a survey"),
        ("foo:bar", [], [], "foo:bar"),
        ("state-of-the-art -", [], [], "state-of-the-art -"),
        ('"never closed', [], [], '" never closed'),
        ("OR", [], [], "OR"),
        ("graphs OR", [], [], "graphs OR"),
        ("Attention is NOT all you need", [], [], "Attention is NOT all you need"),
        ("TO BE OR NOT TO BE IN THE LOOP", [], [], "TO BE OR NOT TO BE IN THE LOOP"),
        ("text:graphs -survey", [], [], "graphs -survey"),
    ],
)
def test_operators_are_read_as_people_mean_them(
    typed: str, required: list[list[str]], excluded: list[str], text: str
) -> None:
    query = parsed_query(typed)
    assert _conditions(query) == required
    assert [c.words for c in query.excluded] == excluded
    assert query.text == text


def test_a_quoted_name_ends_with_its_quotes() -> None:
    assert parsed_query('author:"ada example" x').required == ((Condition("author", "ada example", is_phrase=True),),)
    assert parsed_query("author:ada example x").required == ((Condition("author", "ada example x"),),)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ada Example", "Ada Example"),
        ("papers by Ada Example", "Ada Example"),
        ("Example, A.", "Example, A."),
        ("ada example 2024", None),
        ("what is a prior", None),
        ("-ada", None),
        ("one two three four five six seven", None),
    ],
)
def test_a_short_plain_query_may_be_a_name(typed: str, name: str | None) -> None:
    assert parsed_query(typed).possible_author == name


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("agents since June 2026", "agents since:2026-06"),
        ("Until 2025, agents", "until:2025, agents"),
        ("diffusion in 2025", "diffusion since:2025 until:2025"),
        ("diffusion in March 2025, again", "diffusion since:2025-03 until:2025-03, again"),
        ("what is new in 2025? ", "what is new since:2025 until:2025"),
        ("diffusion in 2026-W25", "diffusion since:2026-W25 until:2026-W25"),
        ("graphs since 2025 until May 2026", "graphs since:2025 until:2026-05"),
        ("author:ada in 2026", "author:ada since:2026 until:2026"),
        ("has:code diffusion in 2026", "has:code diffusion since:2026 until:2026"),
        ("“flow, in 2025, matching” in 2026", '"flow, in 2025, matching" since:2026 until:2026'),
        ("Until 2025 agents", None),
        ("diffusion in March 2025 again", None),
        ("diffusion in 2025 steps", None),
        ("trained in 2025,000 steps", None),
        ("in 2026-13", None),
        ("in 4096 dimensions", None),
        ("within 2025 steps, 2025 again", None),
        ("diffusion in 2000", None),
        ("diffusion in 9999", None),
        ("diffusion in January 2025", None),
        ("text:diffusion in 2026", None),
        ("2606.01846 in 2026", None),
        ('"diffusion in 2026"', None),
        ("graphs NOT in 2026", None),
        ("graphs OR in 2026", None),
    ],
)
def test_words_that_may_mean_a_time_that_is_held_are_offered_as_one(typed: str, meant: str | None) -> None:
    assert _offered(typed) == meant
    if meant is not None:
        assert _bounds(meant) > _bounds(typed)
        assert _offered(meant) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("diffusion since 2026-05", None),
        ("diffusion since:2026-05", None),
        ("since:2026 until:2026 graphs in 2026", None),
        ("graphs since 2025 until 2026-05", "graphs since:2025 until 2026-05"),
        ("since:2026 graphs in 2026", "since:2026 graphs until:2026"),
    ],
)
def test_a_time_that_is_read_as_one_is_not_offered_again(typed: str, meant: str | None) -> None:
    assert _offered(typed) == meant


PIECES = (
    *"in ın SİNCE Since until 2026 2025-06 9999 ٢٠٢٦ March , ? NOT OR graphs has:code author:ada".split(),
    '"',
    "2026,",
)


@given(st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join))
def test_what_is_offered_asks_for_more_times_than_was_read(typed: str) -> None:
    meant = _offered(typed)
    assert meant is None or _bounds(meant) > _bounds(typed)


def _offered(typed: str) -> str | None:
    """What is offered where papers from February 2025 to 2026 are held."""
    first_held, last_held = date(2025, 2, 1), date(2026, 12, 31)
    return with_times_as_bounds(parsed_query(typed), lambda first, last: first <= last_held and last >= first_held)


def _bounds(typed: str) -> set[Condition]:
    return {c for group in parsed_query(typed).required for c in group if c.field in ("since", "until")}
