"""Claims come back word for word, and a changed text or comment makes a paper unread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from domain.claim import Claim, cuts_of
from domain.detections import Evidence
from domain.paper import Paper
from domain.paper_claims import PaperClaims
from domain.paper_query import PaperQuery
from domain.standards_and_failure_modes import RuleMention
from domain.week import Week
from store.claims import (
    add_claims,
    claims_matching,
    claims_numbered,
    claims_of_paper,
    count_read_by_week,
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
    assert claims_of_paper(db, "r", one.arxiv_id) == read(one)
    assert claims_of_paper(db, "r", two.arxiv_id) == PaperClaims(two.arxiv_id, (), None, None, ())
    assert claims_of_paper(db, "another", one.arxiv_id) is None
    assert findings_of(db, [one.arxiv_id, two.arxiv_id]) == {one.arxiv_id: one.abstract[:9]}


def test_papers_of_another_reader_are_read_again(stored: Stored, make_paper: Make) -> None:
    one, two = make_paper(1), make_paper(2)
    db = stored(two, one)
    assert ids_without_claims(db, "r") == [one.arxiv_id, two.arxiv_id]
    add_claims(db, "r", [read(one)])
    assert ids_without_claims(db, "r") == [two.arxiv_id]
    assert (count_without_claims(db, "r"), count_without_claims(db, "next")) == (1, 2)
    add_claims(db, "next", [PaperClaims(one.arxiv_id, (), None, None, ())])
    assert claims_of_paper(db, "r", one.arxiv_id) is None


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
    assert [(i, code) for i, _, code in papers_read(db, "r", corpus)] == [
        (one.arxiv_id, True),
        (two.arxiv_id, False),
    ]
    (found,) = claims_matching(db, "r", corpus)
    assert claims_numbered(db, "r", [(two.arxiv_id, 0), (one.arxiv_id, 0)]) == {(one.arxiv_id, 0): found}
    assert claims_numbered(db, "another", [(one.arxiv_id, 0)]) == {}
    assert (found.arxiv_id, found.claim, found.has_code) == (one.arxiv_id, claim_of(one, 0, 6), True)
    (rule,) = rule_mentions_matching(db, "r", "standard", corpus)
    assert (rule.arxiv_id, rule.mention.key) == (one.arxiv_id, "gdpr")
    assert rule_mentions_matching(db, "r", "failure_mode", corpus) == []
    assert rules_of_papers(db, "r", corpus) == [("standard", "gdpr", one.arxiv_id, one.week.monday)]
    assert ids_naming(db, "r", "standard", "gdpr", corpus) == [one.arxiv_id]
    assert ids_naming(db, "r", "standard", "hipaa", corpus) == []
    assert sum(count_read_by_week(db, "r", corpus).values()) == 2
    assert count_read_by_week(db, "another", corpus) == {}
    assert claims_matching(db, "r", corpus, PaperQuery(until=WEEK.plus(-1).monday)) == []
    assert claims_matching(db, "r", corpus, PaperQuery(term=("technique", "gnn"), levels=(2, 3))) == []
    assert claims_matching(db, "another", corpus) == []
