"""Full-text search gives the same results on both databases, for any input."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from sqlalchemy import select

from analysis.search.word_index import WordIndex
from domain.packed_stems import stem_number
from domain.paper import ArxivId, Paper
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.phrase_variants import phrases_of_term
from domain.week import Week
from store.database import Database
from store.paper_arrays import load_stems
from store.paper_query import Corpus
from store.papers import count_papers
from store.schema import paper
from store.search import (
    ids_by_phrases,
    ids_holding,
    mondays_of_rows,
    vocabulary,
    weekly_matches,
    words_of,
)

Stored = Callable[..., Database]
Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
CORPUS = Corpus(("cs.LG",))


@pytest.fixture
def library(stored: Stored, make_paper: Make) -> Database:
    return stored(
        make_paper(1, title="Test-time scaling", abstract="We scale at test time, not in training."),
        make_paper(2, title="On training", abstract="Scaling of test sets takes time."),
        make_paper(3, title="Quantized models", abstract="A diffusion model, quantized by us. Test time scaling too."),
        make_paper(4, title="Diffusion", abstract="Denoising, nothing else."),
        make_paper(5, title="Quantization", abstract="Fewer bits.", submitted_at=WEEK.plus(1).start_at),
    )


def _ids(*numbers: int) -> list[ArxivId]:
    return [ArxivId(f"2606.{number:05d}") for number in numbers]


def _ranked(db: Database, words: list[str]) -> list[ArxivId]:
    """The papers that hold any of the words, best first."""
    with db.read() as connection:
        ids = [ArxivId(i) for i in connection.execute(select(paper.c.arxiv_id).order_by(paper.c.arxiv_id)).scalars()]
    scores = WordIndex(*load_stems(db, ids)).scores([stem_number(word) for word in words])
    return [ids[row] for row in np.argsort(-scores, kind="stable") if scores[row] > 0]


@pytest.mark.parametrize(
    ("phrase", "n"),
    [
        ("test-time scaling", 2),
        ("TEST TIME SCALING", 2),
        ("test time", 2),
        ("time test", 0),
        ("quantiz*", 2),
        ("quantized", 1),
        ("diffusion mod*", 1),
        ("scal*", 3),
        ("nowhere", 0),
    ],
)
def test_a_phrase_finds_its_words_in_a_row(library: Database, phrase: str, n: int) -> None:
    assert sum(weekly_matches(library, [phrase], CORPUS).values()) == n


def test_a_paper_with_several_of_the_phrases_counts_once(library: Database) -> None:
    assert weekly_matches(library, ["quantiz*", "diffusion", "test time"], CORPUS) == {WEEK: 3, WEEK.plus(1): 1}


@pytest.mark.parametrize(
    ("corpus", "query"),
    [
        (CORPUS, ALL_PAPERS),
        (CORPUS, PaperQuery(until=WEEK.sunday)),
        (CORPUS, PaperQuery(categories=("cs.LG",), primary=True)),
        (Corpus(()), ALL_PAPERS),
    ],
)
@pytest.mark.parametrize("phrases", [["quantiz*", "diffusion", "test time"], ["time"], ["diffusion"], ["nowhere"]])
def test_counting_by_rows_is_counting(library: Database, phrases: list[str], corpus: Corpus, query: PaperQuery) -> None:
    mondays = mondays_of_rows(library, corpus, query)
    assert (mondays is not None) == library.is_sqlite
    assert weekly_matches(library, phrases, corpus, query, mondays=mondays) == weekly_matches(
        library, phrases, corpus, query
    )


def test_a_paper_that_came_since_the_rows_were_read_is_not_counted(
    library: Database, stored: Stored, make_paper: Make
) -> None:
    mondays = mondays_of_rows(library, CORPUS)
    if mondays is None:
        pytest.skip("only SQLite counts by rows")
    before = weekly_matches(library, ["diffusion"], CORPUS, mondays=mondays)
    stored(make_paper(9, title="Diffusion again"))
    assert weekly_matches(library, ["diffusion"], CORPUS, mondays=mondays) == before
    assert weekly_matches(library, ["diffusion"], CORPUS) != before


@pytest.mark.parametrize(
    "typed",
    ['"', "*", "NEAR(", "a AND b", "'; drop table paper", "!?-", "(", ":*", "a:b", "title:x", "--", "\\", "%", "_"],
)
def test_any_input_is_searched_as_plain_words(library: Database, typed: str) -> None:
    _ranked(library, words_of(typed))
    if words_of(typed):
        weekly_matches(library, [typed], CORPUS)
    else:
        with pytest.raises(ValueError, match="no word"):
            weekly_matches(library, [typed], CORPUS)
    assert count_papers(library) == 5


@pytest.mark.parametrize("typed", ["a AND diffusion", "diffusion) OR (x", 'diffusion"', "NOT diffusion"])
def test_operators_of_the_query_language_are_plain_words(library: Database, typed: str) -> None:
    assert set(_ids(3, 4)) <= set(_ranked(library, words_of(typed)))


def test_words_in_the_title_outrank_words_in_the_abstract(library: Database) -> None:
    assert _ranked(library, ["diffusion"]) == _ids(4, 3)


def test_words_are_found_by_their_stems(library: Database) -> None:
    assert set(_ranked(library, ["quantizing"])) == {*_ids(3, 5)}
    assert set(_ranked(library, ["bit", "set"])) == {*_ids(2, 5)}


def test_all_words_of_a_query_count(library: Database) -> None:
    assert _ranked(library, ["diffusion", "models", "nowhere"]) == _ids(3, 4)


def test_no_words_find_nothing(library: Database) -> None:
    assert _ranked(library, []) == []


def test_a_replaced_paper_is_found_by_its_new_words_only(library: Database, stored: Stored, make_paper: Make) -> None:
    stored(make_paper(4, version=2, title="Flow matching", abstract="Straight paths."))
    assert _ranked(library, ["denoising"]) == []
    assert _ranked(library, ["flow"]) == _ids(4)


def test_letters_with_accents_are_found_as_written(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1, title="Poincaré embeddings"), make_paper(2, title="Groß and small"))
    for typed, number in (("Poincaré", 1), ("poincaré embed*", 1), ("groß", 2), ("GROẞ", 2)):
        assert weekly_matches(db, [typed], CORPUS) == {WEEK: 1}, typed
        assert _ranked(db, words_of(typed)[:1]) == _ids(number), typed


@pytest.mark.parametrize("typed", ["Rényi order", r"R\'enyi order", "RENYI ORDER", "Re\u0301nyi \uff4frder"])
def test_every_spelling_finds_and_counts_every_spelling(stored: Stored, make_paper: Make, typed: str) -> None:
    titles = ("Privacy of Rényi order two", "Renyi order and noise", "The \\emph{Rényi} order, $\\alpha$-mixing")
    db = stored(*(make_paper(number, title=title) for number, title in enumerate(titles, 1)))
    assert weekly_matches(db, [typed], CORPUS) == {WEEK: 3}
    assert len(_ranked(db, words_of(typed))) == 3
    assert weekly_matches(db, ["α-mixing"], CORPUS) == {WEEK: 1}


def test_authors_are_found_but_not_counted(stored: Stored, make_paper: Make) -> None:
    db = stored(
        make_paper(1, authors=("Ada Łovelace",)), make_paper(2, title="Lovelace's notes", authors=("Ben Sample",))
    )
    assert set(_ranked(db, words_of("lovelace"))) == {*_ids(1, 2)}
    assert _ranked(db, words_of("Ada")) == _ids(1)
    assert weekly_matches(db, ["lovelace"], CORPUS) == {WEEK: 1}
    assert weekly_matches(db, ["lovelace"], CORPUS, mondays=mondays_of_rows(db, CORPUS)) == {WEEK: 1}
    assert ids_by_phrases(db, ["lovelac*"], CORPUS) == _ids(2)


def test_a_query_keeps_to_its_days_and_categories(library: Database, stored: Stored, make_paper: Make) -> None:
    stored(
        make_paper(6, title="Test of light", categories=("cs.LG", "cs.CV")),
        make_paper(7, title="Test of sound", primary_category="cs.CV", categories=("cs.CV",)),
    )
    watched = Corpus(("cs.LG", "cs.CV"))

    def found(corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> list[ArxivId]:
        return sorted(ids_by_phrases(library, ["test", "quantization"], corpus, query))

    assert found(CORPUS) == _ids(1, 2, 3, 5, 6)
    assert found(watched, PaperQuery(categories=("cs.CV",))) == _ids(6, 7)
    assert found(watched, PaperQuery(categories=("cs.CV",), primary=True)) == _ids(7)
    assert found(watched, PaperQuery(since=date(2026, 6, 22))) == _ids(5)
    assert found(watched, PaperQuery(until=date(2026, 6, 14))) == []
    assert found(watched, PaperQuery(since=date(2026, 6, 15), until=date(2026, 6, 15))) == _ids(1, 2, 3, 6, 7)


def test_papers_of_a_phrase_come_newest_first(library: Database) -> None:
    assert ids_by_phrases(library, ["quantiz*"], CORPUS) == _ids(5, 3)
    with pytest.raises(ValueError, match="no word"):
        ids_by_phrases(library, ["?"], CORPUS)


@pytest.mark.parametrize(
    ("term", "n"),
    [("MLLM", 2), ("MLLMs", 2), ("exact:MLLM", 1), ("world models", 2), ("exact:world models", 1), ("Qwen3", 2)],
)
def test_words_are_counted_in_singular_and_plural(stored: Stored, make_paper: Make, term: str, n: int) -> None:
    db = stored(
        make_paper(1, title="An MLLM", abstract="We use Qwen3.5 and world models."),
        make_paper(2, title="MLLMs", abstract="We use Qwen 3 and a world model."),
        make_paper(3, title="Worlds", abstract="Models of the world."),
    )
    phrases = phrases_of_term(term)
    for mondays in (None, mondays_of_rows(db, CORPUS)):
        assert sum(weekly_matches(db, phrases, CORPUS, mondays=mondays).values()) == n
    assert len(ids_by_phrases(db, phrases, CORPUS)) == n


def test_a_phrase_is_found_in_title_or_abstract_or_in_the_title_alone(library: Database) -> None:
    assert ids_holding(library, "Test-time scaling") == set(_ids(1, 3))
    assert ids_holding(library, "test time scaling", in_title=True) == set(_ids(1))
    assert ids_holding(library, "nowhere at all") == ids_holding(library, "?!") == frozenset()


def test_the_vocabulary_has_the_words_of_enough_papers(library: Database) -> None:
    n_papers = vocabulary(library, min_papers=2)
    assert n_papers["scaling"] == 3
    assert "denoising" not in n_papers
    assert vocabulary(library, min_papers=1)["denoising"] == 1
