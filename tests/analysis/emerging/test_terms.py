"""Emerging terms of a made-up corpus: the planted one is found, turns of phrase and single teams are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.detection.taxonomy import load_taxonomy
from analysis.emerging.growth import Compared, growth_tests
from analysis.emerging.phrases import Tokenizer, count_phrases
from analysis.emerging.style import shipped_model
from analysis.emerging.terms import Found, ReadPapers, count_teams, find_terms, known_phrases
from domain.emerging import RECENT_WEEKS, PaperText
from domain.same_subject import Subject, subject
from domain.week import Week
from sample.corpus import SampleCorpus, make_corpus
from sample.planted_phrases import EMERGING_TERM, TURN_OF_PHRASE

LAST = Week.parse("2026-W25")


@pytest.fixture(scope="module")
def corpus() -> SampleCorpus:
    return make_corpus(last_week=LAST)


@pytest.fixture(scope="module")
def papers(corpus: SampleCorpus) -> list[PaperText]:
    read = [
        PaperText(p.arxiv_id, p.week, p.title, p.abstract, p.primary_category, p.author_names) for p in corpus.papers
    ]
    return sorted(read, key=lambda paper: (paper.week, paper.arxiv_id))


def found_in(papers: list[PaperText], week: Week = LAST, known: frozenset[Subject] = frozenset()) -> Found:
    read = ReadPapers.of(papers)
    return find_terms(read, read.count([week]), week, known=known, model=shipped_model())


def test_the_planted_term_is_found_and_the_planted_turn_of_phrase_is_not(papers: list[PaperText]) -> None:
    found = found_in(papers)
    names = [term.name for term in found.terms]
    assert EMERGING_TERM in names
    assert not any("margin" in name for name in names)
    # A style that spreads as fast was tested too.
    read = ReadPapers.of(papers)
    counts = read.count([LAST])
    tests = growth_tests(counts, len(read.tokens.weeks) - 1)
    grown = {counts.text(int(row)) for row in tests.phrase[tests.grows]}
    assert {EMERGING_TERM, TURN_OF_PHRASE} <= grown


def test_later_papers_change_no_list(papers: list[PaperText]) -> None:
    week = LAST.plus(-2)
    with_later, without = found_in(papers, week), found_in([p for p in papers if p.week <= week], week)
    assert with_later == without
    assert without.terms


def test_a_term_that_is_watched_already_is_not_listed(papers: list[PaperText]) -> None:
    found = found_in(papers, known=frozenset([subject(EMERGING_TERM)]))
    assert EMERGING_TERM not in [term.name for term in found.terms]
    assert ("diffusion", "model") in known_phrases(load_taxonomy(), [])
    assert ("echo", "decoding") in known_phrases(load_taxonomy(), ["Echo-decoding"])
    assert subject("quantization") in known_phrases(load_taxonomy(), ["quantisation"])


def test_a_term_of_one_team_is_not_listed(papers: list[PaperText]) -> None:
    boss = papers[0].authors[0]
    of_one = [replace(p, authors=(*p.authors, boss)) if EMERGING_TERM in p.abstract else p for p in papers]
    assert EMERGING_TERM not in [term.name for term in found_in(of_one).terms]


def test_papers_without_known_authors_are_no_team() -> None:
    assert count_teams([(), (), ("erdos|pal",), ("erdos|paul",)], frozenset()) == 1


def test_a_hyphen_stays_in_a_word_and_stop_words_stand_inside_only() -> None:
    tokenizer = Tokenizer()
    week = Week.parse("2026-W20")
    for _ in range(3):
        tokenizer.add("On-Policy Distillation", "A mixture of agents, and the agents of on-policy distillation.", week)
    source = tokenizer.papers()
    counts = count_phrases(source, until=[0], recent_weeks=RECENT_WEEKS, min_papers=3)
    phrases = {counts.text(i) for i in range(len(counts.phrases))}
    assert {"on-policy distillation", "mixture of agents", "agents of on-policy distillation"} <= phrases
    assert not any(phrase.startswith(("of ", "the ")) or phrase.endswith((" of", " the")) for phrase in phrases)
    assert not any("agents and" in phrase or "agents agents" in phrase for phrase in phrases)


def test_counts_are_those_of_a_plain_search(papers: list[PaperText]) -> None:
    read = ReadPapers.of(papers)
    counts = read.count([LAST])
    row = next(i for i in range(len(counts.phrases)) if counts.text(i) == EMERGING_TERM)
    holding = [EMERGING_TERM in f"{p.title}. {p.abstract}".lower() for p in papers]
    assert int(counts.k[row].sum()) == sum(holding)
    assert np.array_equal(np.flatnonzero(holding), counts.papers_of(row, 0, len(read.tokens.weeks)))
    in_title = [EMERGING_TERM in p.title.lower() for p in papers]
    assert counts.title_share(row, 0, len(read.tokens.weeks)) == pytest.approx(sum(in_title) / sum(holding))


def test_growth_is_none_without_papers_before_and_its_bound_is_not() -> None:
    compared = Compared(20, 0, 24_000, 75_000)
    assert compared.growth is None
    assert compared.growth_low > 10
    assert not Compared(20, 80, 24_000, 75_000).is_new_and_grows
    assert not Compared(7, 0, 24_000, 75_000).is_new_and_grows
