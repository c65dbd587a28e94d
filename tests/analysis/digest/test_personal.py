"""A reader's own part: closest first, each with its reason, never one that was sent before."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.digest.personal import IssueMaterial, PersonalComposer, PersonalSettings
from analysis.search.semantic_search import EmbeddingSearch
from domain.digest import Completeness, Digest, Headline, Provenance, Share, TopicCoverage
from domain.embeddings import Embeddings
from domain.issues_and_deliveries import Issue
from domain.paper import ArxivId, Paper
from domain.subscription import Follow
from domain.topics import AssignedPaper
from domain.week import Week
from templates.digest_wording import EnglishPersonalWording

WEEK = Week.parse("2026-W25")
SEARCH = Follow("search", "graph networks")
TOPIC = Follow("topic", "7")
N = 40
Make = Callable[..., Paper]


def _digest() -> Digest:
    nothing = Share(0, 0, math.nan, math.nan, math.nan)
    return Digest(
        week=WEEK,
        categories=("cs.LG",),
        headline=Headline("Nothing moved.", N, math.nan, None),
        completeness=Completeness(True, N, N, None, (), ()),
        techniques=(),
        topics=(),
        themes=(),
        topic_coverage=TopicCoverage(1, nothing),
        notes=(),
        provenance=Provenance("0", "m", "t", "x", 30.0, 0.95, 0.05),
    )


@pytest.fixture
def composer(make_paper: Make) -> PersonalComposer:
    """Forty papers whose similarity to the search falls from 1; every fourth is in topic 7; paper 30 has the words."""
    return _composer(make_paper)


def _composer(make_paper: Make, **settings: float) -> PersonalComposer:
    papers = [make_paper(n, title="On graph networks" if n == 30 else f"Subject {n}") for n in range(N)]
    cosines = np.linspace(1, -0.2, N)
    vectors = np.stack([cosines, np.sqrt(1 - cosines**2)], axis=1).astype(np.float32)
    ids = tuple(p.arxiv_id for p in papers)
    material = IssueMaterial(
        issue=Issue("weekly", WEEK),
        digest=_digest(),
        papers={p.arxiv_id: p for p in papers},
        embeddings=Embeddings(ids, vectors, "m"),
        assigned={7: [AssignedPaper(ids[n], 7, 0.9 - n / 100) for n in range(0, N, 4)]},
        names={("topic", "7"): "graphs", ("category", "cs.LG"): "cs.LG", ("technique", "gnn"): "Graph nets"},
        counts={("category", "cs.LG"): {WEEK.plus(-i): 10 + i for i in range(5)}},
        totals={WEEK.plus(-i): N for i in range(5)},
    )
    queries = {SEARCH.key: np.array([1, 0], dtype=np.float32), "nothing": np.array([-1, 0], dtype=np.float32)}

    def vector_of(query: str) -> NDArray[np.float32] | None:
        return queries.get(query)

    search = EmbeddingSearch(material.embeddings, material.query, vector_of)
    return PersonalComposer(material, PersonalSettings(**settings), search, EnglishPersonalWording())  # type: ignore[arg-type]


def test_the_closest_papers_come_first_each_with_its_reason(composer: PersonalComposer) -> None:
    part = composer.compose([SEARCH], sent_before=())
    assert [p.arxiv_id for p in part.papers] == [f"2606.{n:05d}" for n in range(8)]
    assert part.papers[0].reason == (
        "closest to your search “graph networks”, of the week's 40 papers (similarity 1.00)"
    )
    assert part.papers[1].reason.startswith("2nd closest to your search")
    assert all(p.reason for p in (*part.papers, *part.below))


def test_nothing_that_was_sent_before_is_listed_again_and_the_rest_moves_up(composer: PersonalComposer) -> None:
    first = composer.compose([SEARCH, TOPIC], sent_before=())
    second = composer.compose([SEARCH, TOPIC], sent_before=first.listed)
    assert not set(first.listed) & set(second.listed)
    assert second.papers
    assert second.n_sent_before == len(first.listed)


def test_a_paper_that_several_follows_find_comes_before_those_of_one(composer: PersonalComposer) -> None:
    part = composer.compose([SEARCH, TOPIC], sent_before=())
    assert part.papers[0].arxiv_id == "2606.00000"
    assert "; also closest to the centre of your topic “graphs”, of its 10 papers this week" in part.papers[0].reason
    assert len({p.arxiv_id for p in (*part.papers, *part.below)}) == len(part.papers) + len(part.below)


def test_what_nearly_made_it_says_what_was_missing(make_paper: Make) -> None:
    part = _composer(make_paper, n_papers=30).compose([SEARCH], sent_before=())
    assert len(part.papers) == 20
    assert [p.reason for p in part.below] == [
        "similarity 0.38 to your search “graph networks”; papers are listed from 0.40",
        "similarity 0.35 to your search “graph networks”; papers are listed from 0.40",
    ]
    part = _composer(make_paper, n_papers=2).compose([SEARCH], sent_before=())
    assert part.below[0].reason.startswith("3rd in your list, which has room for 2; 3rd closest to your search")


def test_every_word_of_a_search_makes_up_for_a_little_similarity(make_paper: Make) -> None:
    part = _composer(make_paper, n_papers=30, min_similarity=0.11).compose([SEARCH], sent_before=())
    [found] = [p for p in part.papers if p.arxiv_id == "2606.00030"]
    assert "and it has all the words" in found.reason


def test_without_a_new_paper_the_list_is_empty(composer: PersonalComposer) -> None:
    part = composer.compose([Follow("search", "nothing"), Follow("search", "unread")], sent_before=())
    # The papers most unlike the search are most like its opposite, and that is not very.
    assert part.papers == ()
    assert part.asks_for_papers
    assert not composer.compose([], sent_before=()).asks_for_papers


def test_what_moved_has_its_count_and_what_is_usual(composer: PersonalComposer) -> None:
    category, technique, gone = composer.compose(
        [Follow("category", "cs.LG"), Follow("technique", "gnn"), Follow("topic", "99")], sent_before=()
    ).lines
    assert (category.now.k, category.now.n, category.usual) == (10, 40, 12.5)
    assert (technique.now.k, technique.usual, technique.name) == (0, 0.0, "Graph nets")
    assert gone.gone


@given(st.sets(st.integers(0, N - 1)))
def test_whatever_was_sent_before_is_never_listed(sent: set[int]) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime, timedelta

    at = datetime(2026, 6, 15, tzinfo=UTC)
    plain = Paper(ArxivId("2606.00000"), 1, "T", "A", ("A",), "cs.LG", ("cs.LG",), at, at)

    def make(number: int, **other: object) -> Paper:
        moved = {"submitted_at": at + timedelta(minutes=number), "arxiv_id": ArxivId(f"2606.{number:05d}")}
        return replace(plain, **moved, **other)  # type: ignore[arg-type]

    before = {ArxivId(f"2606.{n:05d}") for n in sent}
    part = _composer(make).compose([SEARCH, TOPIC], sent_before=before)
    assert not before & set(part.listed)
    assert len(part.listed) == len(set(part.listed))
