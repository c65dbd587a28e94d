"""Claims come back word for word, and a changed text or comment makes a paper unread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from domain.claim import Claim, cuts_of
from domain.detections import Evidence
from domain.paper import ArxivId, Paper
from domain.paper_claims import PaperClaims
from domain.paper_query import PaperQuery
from domain.standards_and_failure_modes import RuleMention
from domain.week import Week
from store.claims import (
    ReadingCounts,
    add_claims,
    claims_matching,
    claims_numbered,
    claims_of_paper,
    count_read_by_week,
    count_readings,
    count_without_claims,
    findings_of,
    ids_naming,
    ids_without_claims,
    papers_read,
    rule_mentions_matching,
    rules_of_papers,
)
from store.database import Database
from store.paper_query import Corpus

Stored = Callable[..., Database]
Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")


def claim_of(paper: Paper, start: int, end: int) -> Claim:
    quote = paper.abstract[start:end]
    cuts = cuts_of(paper.abstract, start, end)
    return Claim(quote, "speed", "times", 2.3, 3.0, "", True, Evidence("abstract", start, end), *cuts)


def read(paper: Paper) -> PaperClaims:
    rules = (RuleMention("standard", "gdpr", (Evidence("title", 0, 4),)),)
    return PaperClaims(
        paper.arxiv_id, (claim_of(paper, 0, 6),), Evidence("abstract", 0, 9), "https://github.com/a/b", rules
    )


def test_what_was_read_comes_back(stored: Stored, make_paper: Make) -> None:
    one, two = make_paper(1), make_paper(2)
    db = stored(one, two)
    add_claims(db, "r", [read(one), PaperClaims(two.arxiv_id, (), None, None, ())])
    assert claims_of_paper(db, one.arxiv_id) == read(one)
    assert claims_of_paper(db, two.arxiv_id) == PaperClaims(two.arxiv_id, (), None, None, ())
    assert claims_of_paper(db, ArxivId("2606.99999")) is None
    assert findings_of(db, [one.arxiv_id, two.arxiv_id]) == {one.arxiv_id: one.abstract[:9]}


def test_papers_of_another_reader_are_read_again(stored: Stored, make_paper: Make) -> None:
    one, two = make_paper(1), make_paper(2)
    db = stored(two, one)
    assert ids_without_claims(db, "r") == [one.arxiv_id, two.arxiv_id]
    add_claims(db, "r", [read(one)])
    assert ids_without_claims(db, "r") == [two.arxiv_id]
    assert (count_without_claims(db, "r"), count_without_claims(db, "next")) == (1, 2)
    add_claims(db, "next", [PaperClaims(one.arxiv_id, (), None, None, ())])
    assert claims_of_paper(db, one.arxiv_id) == PaperClaims(one.arxiv_id, (), None, None, ())


def test_an_older_reading_counts_until_the_newer_is_there(stored: Stored, make_paper: Make) -> None:
    one, two, three = make_paper(1), make_paper(2), make_paper(3)
    db, corpus = stored(one, two, three), Corpus(("cs.LG",), "d")
    add_claims(db, "older", [read(one), read(two)])
    assert count_readings(db, "newer", corpus) == ReadingCounts(n_unread=1, n_older=2)
    assert len(claims_matching(db, corpus)) == len(rules_of_papers(db, corpus)) == 2
    add_claims(db, "newer", [PaperClaims(one.arxiv_id, (), None, None, ())])
    assert count_readings(db, "newer", corpus) == ReadingCounts(n_unread=1, n_older=1)
    assert [(of.arxiv_id, of.reader_id) for of in papers_read(db, corpus)] == [
        (one.arxiv_id, "newer"),
        (two.arxiv_id, "older"),
    ]
    assert ids_naming(db, "standard", "gdpr", corpus) == [two.arxiv_id]
    assert count_readings(db, "newer", corpus, PaperQuery(until=WEEK.plus(-1).monday)) == ReadingCounts(0, 0)


def test_a_changed_comment_makes_a_paper_unread(stored: Stored, make_paper: Make) -> None:
    one = make_paper(1)
    db = stored(one)
    add_claims(db, "r", [read(one)])
    stored(replace(one, comment="Code at https://github.com/a/c", version=2, updated_at=one.updated_at + timedelta(1)))
    assert ids_without_claims(db, "r") == [one.arxiv_id]


def test_claims_and_rules_are_listed_with_their_denominator(stored: Stored, make_paper: Make) -> None:
    one, two = make_paper(1), make_paper(2)
    db = stored(one, two)
    add_claims(db, "r", [read(one), PaperClaims(two.arxiv_id, (), None, None, ())])
    corpus = Corpus(("cs.LG",), "d")
    assert [(of.arxiv_id, of.has_code) for of in papers_read(db, corpus)] == [
        (one.arxiv_id, True),
        (two.arxiv_id, False),
    ]
    (found,) = claims_matching(db, corpus)
    assert claims_numbered(db, [(two.arxiv_id, 0), (one.arxiv_id, 0)]) == {(one.arxiv_id, 0): found}
    assert (found.arxiv_id, found.claim, found.has_code) == (one.arxiv_id, claim_of(one, 0, 6), True)
    (rule,) = rule_mentions_matching(db, "standard", corpus)
    assert (rule.arxiv_id, rule.mention.key) == (one.arxiv_id, "gdpr")
    assert rule_mentions_matching(db, "failure_mode", corpus) == []
    assert rules_of_papers(db, corpus) == [("standard", "gdpr", one.arxiv_id, one.week.monday)]
    assert ids_naming(db, "standard", "gdpr", corpus) == [one.arxiv_id]
    assert ids_naming(db, "standard", "hipaa", corpus) == []
    assert sum(count_read_by_week(db, corpus).values()) == 2
    assert claims_matching(db, corpus, PaperQuery(until=WEEK.plus(-1).monday)) == []
    assert claims_matching(db, corpus, PaperQuery(term=("technique", "gnn"), levels=(2, 3))) == []
