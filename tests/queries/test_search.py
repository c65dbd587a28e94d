"""What people paste and type into the search finds what they mean, in any script, and says how it was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.search.search_conditions import papers_by
from analysis.search.semantic_search import IndexSearch
from analysis.search.word_index import WordIndex
from domain.embeddings import Embeddings
from domain.errors import UsageError
from domain.harvest import HarvestedWindow
from domain.paper import ArxivId, Paper
from domain.paper_arrays import PaperIndex
from ingest.harvest import plan_harvest, window_of
from queries.parameters import PaperRequest
from queries.results import SearchResult
from queries.search import search
from runtime.cached_context import CachedContext
from runtime.context import AppContext, StoredPaperText
from store.embeddings import add_embeddings
from store.papers import apply_harvest
from templates.search_wording import search_notes
from tests.service.web.conftest import LAST_WEEK, MODEL_ID, NOW, WordEncoder, make_context

Titles = Mapping[int, tuple[str, tuple[str, ...]]]
"""Title and authors of each paper by number."""
TITLES: Titles = {
    1: ("Flow matching for images", ("Ada Example", "Wei Müller")),
    2: ("Matching the flow of images", ("A. Example",)),
    3: ("A survey of flow matching", ("Müller Ada",)),
    4: ("Graph networks", ("Bo Long",)),
    5: ("Long graph networks of molecules", ("Chen Di",)),
    6: ("Graphs and quantization", ("Eve Foe",)),
    7: ("Quantization of networks", ("Eve Foe", "Ada Example")),
    8: ("Quantization once more", ("Gil Hue",)),
    9: ("強化学習 in short", ("Ким Ли",)),
}


def _papers(titles: Titles) -> tuple[Paper, ...]:
    at = LAST_WEEK.start_at
    return tuple(
        Paper(
            arxiv_id=ArxivId(f"2606.{number:05d}"),
            version=1,
            title=title,
            abstract=f"We study {title}. Nothing else is in it.",
            authors=authors,
            primary_category="cs.LG",
            categories=("cs.LG",),
            submitted_at=at,
            updated_at=at,
            doi="10.1000/ABC" if number == 4 else None,
        )
        for number, (title, authors) in titles.items()
    )


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachedContext]:
    with _opened(tmp_path_factory.mktemp("data"), TITLES) as opened:
        yield opened


@contextmanager
def _opened(folder: Path, titles: Titles) -> Iterator[CachedContext]:
    with make_context(folder, filled=False) as opened:
        papers = _papers(titles)
        came = HarvestedWindow(window_of(LAST_WEEK), opened.settings.categories, papers, len(papers), None, NOW)
        apply_harvest(opened.db, plan_harvest(papers, {}), came, seen_at=NOW)
        vectors = WordEncoder().encode([f"{p.title} {p.abstract}" for p in papers])
        add_embeddings(opened.db, Embeddings(tuple(p.arxiv_id for p in papers), vectors, MODEL_ID))
        yield opened


def _answer(context: CachedContext, query: str, **given: Any) -> SearchResult:
    return search(context, PaperRequest(query, **given), limit=50)[0]


def _found(context: CachedContext, query: str) -> list[int]:
    return [int(paper.arxiv_id.partition(".")[2]) for paper in _answer(context, query).results]


@pytest.mark.parametrize(
    "typed",
    [
        "2606.00004",
        "arXiv:2606.00004v2",
        "https://arxiv.org/pdf/2606.00004v1.pdf",
        "10.48550/arXiv.2606.00004",
        "https://doi.org/10.1000/abc",
        "[2606.00004] Graph networks",
    ],
)
def test_an_identifier_or_address_puts_its_paper_first(context: CachedContext, typed: str) -> None:
    assert _found(context, typed)[0] == 4


def test_the_reading_names_a_paper_that_is_not_stored(context: CachedContext) -> None:
    answer = _answer(context, "2601.12345")
    assert answer.total == 0
    assert "2601.12345 (not stored here" in answer.reading


@pytest.mark.parametrize(
    ("typed", "first"),
    [("Of flow matching", 3), ("matching the flow", 2), ("flow matching for images", 1)],
)
def test_the_words_of_a_title_in_their_order_find_it_first(context: CachedContext, typed: str, first: int) -> None:
    assert _found(context, typed)[0] == first


def test_a_title_typed_word_for_word_leaves_the_others_close(context: CachedContext) -> None:
    answer = _answer(context, "of flow matching")
    places = [paper.is_close for paper in answer.results]
    assert places == sorted(places, reverse=True)
    assert {paper.arxiv_id for paper in answer.results if paper.is_close} == {f"2606.0000{n}" for n in (1, 2, 3)}
    assert all(0 < paper.score <= 1 for paper in answer.results)


@pytest.mark.parametrize("typed", ["Ada Example", "example ada", "Example, A.", "papers by Ada Example"])
def test_an_authors_name_finds_their_papers_and_no_others(context: CachedContext, typed: str) -> None:
    answer = _answer(context, typed)
    assert sorted(_found(context, typed)) == [1, 2, 7]
    assert answer.reading == "papers by Ada Example or A. Example"
    assert answer.as_words == f"text:{typed}"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("author:foe", [6, 7]),
        ("author:muller", [1, 3]),
        ("Müller, Ada", [3]),
        ('author:"Eve Foe" graphs', [6, 7]),
        ("author:eve foe graphs", [6, 7]),
        ("author:foe -author:example", [6]),
        ("Eve Foe", [6, 7]),
        ("author:nobody", []),
    ],
)
def test_names_are_a_filter(context: CachedContext, typed: str, found: list[int]) -> None:
    assert sorted(_found(context, typed)) == found


@pytest.mark.parametrize(("typed", "found"), [("Müller", [1, 3]), ("foe", [6, 7])])
def test_a_family_name_that_hardly_any_text_holds_is_an_author(
    context: CachedContext, typed: str, found: list[int]
) -> None:
    answer = _answer(context, typed)
    assert sorted(_found(context, typed)) == found
    assert answer.reading == f"papers by anybody named {typed}"


class _NoAuthors(StoredPaperText):
    def author_lists(self, ids: Sequence[ArxivId]) -> NoReturn:
        raise AssertionError(f"looked up the authors of {len(ids)} papers")


def test_authors_are_looked_up_only_where_a_word_is_one_in_full(context: CachedContext) -> None:
    index = context.paper_index
    search = IndexSearch(
        index, lambda text: context.similarities(text, index), lambda: context.word_index(index), _NoAuthors(context)
    )
    assert not papers_by(search, "applied aspects")[0].any()  # A. Example has the initial of both
    with pytest.raises(AssertionError, match="authors of 3 papers"):
        papers_by(search, "ada example")


def test_words_that_are_also_a_name_stay_words_where_more_papers_mean_them(context: CachedContext) -> None:
    assert _answer(context, "long").reading == ""
    assert _answer(context, "text:Ada Example").reading.startswith("all of")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ('"flow matching"', [1, 3]),
        ('"flow matching" -survey', [1]),
        ('title:flow NOT "flow matching"', [2]),
        ("title:graph", [4, 5, 6]),
        ('title:"graph networks"', [4, 5]),
        ("molecule OR survey", [3, 5]),
        ('"no such phrase at all"', []),
    ],
)
def test_phrases_minus_or_and_fields_do_what_people_expect(
    context: CachedContext, typed: str, found: list[int]
) -> None:
    assert sorted(_found(context, typed)) == found


@pytest.mark.parametrize("bound", ["since", "until"])
@pytest.mark.parametrize(
    ("time", "is_one"),
    [
        ("0", False),
        ("1", False),
        ("0000", False),
        ("0001", True),
        ("9998", True),
        ("9999", False),
        ("9999-11", True),
        ("9999-12", False),
        ("9999-12-31", True),
        ("9999-W52", False),
        ("2026-13", False),
        ("2026-02-30", False),
        ("2026-W53", True),
        ("2026-W54", False),
    ],
)
def test_a_bound_that_is_no_time_is_words(context: CachedContext, bound: str, time: str, is_one: bool) -> None:
    answer = _answer(context, f"graph {bound}:{time}")
    assert answer.reading.startswith(f"papers submitted {bound}") == is_one
    assert is_one or (answer.reading, bool(answer.total)) == ("", True)


def test_a_mistyped_word_is_read_as_the_common_one_if_no_paper_has_it(context: CachedContext) -> None:
    answer = _answer(context, "quantizaton")
    assert answer.did_you_mean == "quantization"
    assert answer.is_corrected
    assert not any("did you mean" in note for note in search_notes(answer))
    assert answer.reading == "“quantization”; no paper contains “quantizaton”"
    assert {6, 7, 8} <= set(_found(context, "quantizaton"))
    assert _answer(context, answer.as_words).did_you_mean is None


def test_a_word_that_papers_hold_is_corrected_only_by_offer_and_not_beside_an_author(tmp_path: Path) -> None:
    titles = dict.fromkeys(range(10, 80), ("Quantization with code", ("Eve Foe",))) | {9: ("Quantizaton", ("Eve Foe",))}
    with _opened(tmp_path, titles) as context:
        for typed, offered in (
            ("quantizaton", "quantization"),
            ("quantizaton has:code", "quantization has:code"),
            ("author:foe, quantizaton", None),
            ("author:foe quantizaton in 2026", "author:foe quantizaton since:2026 until:2026"),
        ):
            answer = _answer(context, typed)
            assert (answer.did_you_mean, answer.is_corrected) == (offered, False)
            notes = [note for note in search_notes(answer) if "did you mean" in note]
            assert notes == ([f"did you mean {offered!r}?"] if offered else [])


def test_words_that_no_paper_holds_are_named_although_papers_are_found_by_meaning(context: CachedContext) -> None:
    assert _answer(context, "graph xyzzyplugh").words_in_no_paper == ("xyzzyplugh",)
    assert _answer(context, "xyzzyplugh").words_in_no_paper == ("xyzzyplugh",)
    assert _answer(context, "graph").words_in_no_paper == ()
    assert _answer(context, "quantizaton").words_in_no_paper == ()  # it is read as quantization


def test_filters_and_order_apply_to_conditions_too(context: CachedContext) -> None:
    assert _answer(context, "Ada Example", categories=("cs.CV",)).total == 0
    newest = [p.arxiv_id for p in _answer(context, "title:graph", sort="newest").results]
    assert newest == sorted(newest, reverse=True)


def test_pages_of_a_search_hold_each_paper_once(context: CachedContext) -> None:
    question = PaperRequest("2606.00004 graph networks quantization flow")
    whole = [p.arxiv_id for p in search(context, question, limit=50)[0].results]
    pages = [search(context, question, limit=2, offset=at)[0] for at in range(0, len(whole), 2)]
    assert [p.arxiv_id for page in pages for p in page.results] == whole
    assert {page.total for page in pages} == {len(whole)} == {len(set(whole))}


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(min_size=1, max_size=60))
def test_no_text_is_an_error(context: CachedContext, typed: str) -> None:
    if not typed.strip():
        with pytest.raises(UsageError, match="the query is empty"):
            _answer(context, typed)
        return
    answer = _answer(context, typed)
    assert answer.total == len(answer.results) <= len(TITLES)


def test_a_script_without_spaces_is_found_as_a_word(context: CachedContext) -> None:
    assert _found(context, "強化学習")[0] == 9
    assert _found(context, "Ким Ли") == [9]


def test_close_papers_come_first_and_the_rest_hold_some_words(context: CachedContext) -> None:
    answer = _answer(context, "graph networks")
    assert 0 < answer.n_close < answer.total
    assert [p.is_close for p in answer.results] == sorted((p.is_close for p in answer.results), reverse=True)
    assert answer.n_close == sum(p.is_close for p in answer.results)
    assert _answer(context, "author:foe").n_close == 2


def test_a_facet_counts_the_close_papers_that_its_filter_leaves(context: CachedContext) -> None:
    answer = _answer(context, "quantization of networks")
    assert {facet.field for facet in answer.facets} >= {"category", "year"}
    for facet in answer.facets:
        if facet.field == "category":
            assert _answer(context, "quantization of networks", categories=(facet.value,)).n_close == facet.n


def test_the_passage_has_the_words_of_the_query_marked(context: CachedContext) -> None:
    found = _answer(context, "molecules").results[0]
    assert found.passage == "We study Long graph networks of molecules."
    assert [found.passage[start:end] for start, end in found.marks] == ["molecules"]


def test_a_search_without_a_cache_reads_the_papers_words_once(
    context: CachedContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[PaperIndex] = []
    plain = AppContext(context.settings, clock=context.clock, db=context.db, encoder=WordEncoder())
    words_of = AppContext.word_index

    def counted(self: AppContext, index: PaperIndex) -> WordIndex:
        read.append(index)
        return words_of(self, index)

    monkeypatch.setattr(AppContext, "word_index", counted)
    assert search(plain, PaperRequest("graph networks"), limit=5)[0].total
    assert len(read) == 1
