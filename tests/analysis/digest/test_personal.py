"""A reader's own part: everything above a threshold, best first, each with its reason, never one sent before."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.digest.personal import FollowedName, IssueMaterial, PersonalComposer, PersonalSettings
from analysis.search.semantic_search import IndexSearch
from analysis.search.word_index import WordIndex
from domain.digest import Completeness, Digest, Headline, Provenance, Share, TopicCoverage
from domain.issues_and_deliveries import Issue
from domain.packed_stems import packed_stems, unpacked_stems
from domain.paper import ArxivId, Paper
from domain.paper_arrays import PaperIndex, day_number
from domain.personal_digest import FollowedPapers, PersonalPart
from domain.subscription import Follow
from domain.trend_calls import CallKind, TrendCall
from domain.week import Week
from templates.digest_wording import EnglishPersonalWording
from templates.new_papers_wording import new_papers_text

WEEK = Week.parse("2026-W25")
SEARCH = Follow("search", "graph networks", 6)
TOPIC = Follow("topic", "7", 6)
N = 40
"""Papers of each week; their similarity to the search falls from 1."""
N_BEFORE = 4
"""Weeks before the issue's, each with as many papers."""


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


AT = datetime(2026, 5, 18, 1, tzinfo=UTC)  # the Monday four weeks before the issue's


def _papers() -> list[Paper]:
    """Five weeks of forty papers, oldest first; paper 30 of the last week has the words of the search."""
    plain = Paper(ArxivId("2606.00000"), 1, "T", "A", ("A",), "cs.LG", ("cs.LG",), AT, AT)
    return [
        replace(
            plain,
            arxiv_id=ArxivId(f"26{5 + (w == N_BEFORE):02d}.{100 * w + n:05d}"),
            title="A graph network" if (w, n) == (N_BEFORE, 30) else f"Subject {n}",
            submitted_at=AT + timedelta(weeks=w, minutes=n),
        )
        for w in range(N_BEFORE + 1)
        for n in range(N)
    ]


def _search(papers: Sequence[Paper]) -> IndexSearch:
    n_weeks = N_BEFORE + 1
    number = np.tile(np.arange(N), n_weeks)
    cosines = np.tile(np.linspace(1, -0.2, N), n_weeks).astype(np.float32)
    index = PaperIndex(
        ids=tuple(p.arxiv_id for p in papers),
        day=np.array([day_number(p.submitted_at.date()) for p in papers], dtype=np.int32),
        categories=("cs.LG",),
        listed=np.ones((len(papers), 1), dtype=bool),
        primary=np.zeros(len(papers), dtype=np.int16),
        topic_id=np.where(number % 4 == 0, 7, -1).astype(np.int32),  # every fourth is in topic 7
        similarity=(0.9 - number / 100).astype(np.float32),
        terms=(),
        level=np.zeros((len(papers), 0), dtype=np.int8),
        vectors=np.ones((len(papers), 2), dtype=np.float32),
    )
    blobs = [packed_stems(p.title, p.abstract, ()) for p in papers]
    counts = np.array([len(unpacked_stems([blob])) for blob in blobs], dtype=np.int64)

    def compare(text: str) -> NDArray[np.float32]:
        return cosines if text == SEARCH.key else np.full(len(papers), 0.01, dtype=np.float32)

    return IndexSearch(index, compare, lambda: WordIndex(unpacked_stems(blobs), counts))


def _name(papers: Sequence[Paper]) -> FollowedName:
    """A name that paper 8 of the last week introduces, and that papers 39 and 0 of it and two before it use."""
    ids = [paper.arxiv_id for paper in papers]
    last = N * N_BEFORE
    using = (ids[last + 39], ids[last], ids[last - 1], ids[0])
    return FollowedName(3, "GraphBench", (ids[last + 8],), using, {WEEK: 3, WEEK.plus(-1): 1, WEEK.plus(-4): 1})


def _composer(
    *,
    late: int = 0,
    issue: Issue = Issue("weekly", WEEK),  # noqa: B008
    calls: Mapping[tuple[str, str], TrendCall] = MappingProxyType({}),
    **settings: int,
) -> PersonalComposer:
    """The composer of an issue, with so many papers of the week before that came late."""
    papers = _papers()
    of_issue = papers[N * N_BEFORE - late :]
    material = IssueMaterial(
        issue=issue,
        calls=calls,
        digest=_digest(),
        papers={p.arxiv_id: p for p in of_issue},
        names={("topic", "7"): "graphs", ("category", "cs.LG"): "cs.LG", ("technique", "gnn"): "Graph nets"},
        counts={("category", "cs.LG"): {WEEK.plus(-i): 10 + i for i in range(5)}},
        totals={WEEK.plus(-i): N for i in range(5)},
    )
    return PersonalComposer(
        material,
        PersonalSettings(**settings),
        lambda: _search(papers),
        {"#3": _name(papers)}.get,
        EnglishPersonalWording(),
        min_similarity=0.3,
    )


@pytest.fixture
def composer() -> PersonalComposer:
    return _composer()


def _plain(found: FollowedPapers) -> str:
    """What a mail says of the papers of a follow, with plain spaces."""
    return " ".join(new_papers_text(found, "weekly").split())


def _numbers(part: PersonalPart, place: int = 0) -> list[int]:
    """Which papers of the last week a part lists for its first, second ... search or topic."""
    return [int(paper.arxiv_id[5:]) - 100 * N_BEFORE for paper in part.found[place].papers]


def test_every_paper_above_the_threshold_is_listed_best_first_with_its_reason(composer: PersonalComposer) -> None:
    part = composer.compose([SEARCH], sent_before=())
    # Six a week had the score of paper 5 before; all the words of a search make up for little similarity.
    assert _numbers(part) == [0, 1, 2, 3, 4, 30, 5]
    [found] = part.found
    assert found.papers[0].reason == "similarity 1.00"
    assert found.papers[5].reason == "similarity 0.08, with all the words"
    assert found.threshold is not None
    assert (found.threshold.per_week, found.threshold.first_week, found.threshold.last_week) == (
        6,
        WEEK.plus(-4),
        WEEK.plus(-1),
    )
    assert (found.n_new, found.n_left_out, found.n_sent_before) == (7, 0, 0)
    assert found.n_below == 17  # down to similarity 0.3


@pytest.mark.parametrize(("per_week", "n"), [(1, 1), (3, 3), (12, 13)])
def test_about_as_many_papers_come_as_a_reader_wants(composer: PersonalComposer, per_week: int, n: int) -> None:
    search, topic = replace(SEARCH, per_week=per_week), replace(TOPIC, per_week=per_week)
    assert len(composer.compose([search], sent_before=()).listed) == n
    assert len(composer.compose([topic], sent_before=()).listed) == min(10, per_week)


def test_without_a_number_every_paper_near_the_best_comes(composer: PersonalComposer) -> None:
    [found] = composer.compose([replace(TOPIC, per_week=None)], sent_before=()).found
    assert len(found.papers) == 10
    assert found.threshold is not None
    assert found.threshold.score == pytest.approx(0.45)


def test_nothing_that_was_sent_before_is_listed_again_and_the_rest_is_counted(composer: PersonalComposer) -> None:
    first = composer.compose([SEARCH, TOPIC], sent_before=())
    again = composer.compose([SEARCH, TOPIC], sent_before=first.listed)
    assert again.listed == ()
    assert [found.n_sent_before for found in again.found] == [7, 6]
    some = composer.compose([SEARCH], sent_before=first.listed[:2])
    assert not set(some.listed) & set(first.listed[:2])
    assert some.found[0].n_sent_before == 2


def test_nothing_decided_is_listed_and_the_decided_are_counted(composer: PersonalComposer) -> None:
    every = composer.compose([SEARCH], sent_before=()).listed
    [found] = composer.compose([SEARCH], sent_before=every[:2], decided=every[1:4]).found
    assert tuple(paper.arxiv_id for paper in found.papers) == every[4:]
    assert (found.n_new, found.n_sent_before, found.n_decided) == (3, 2, 2)
    assert _plain(found).endswith(
        "2 papers you have been sent before. 2 more papers were left out because you kept or skipped them in a scan."
    )


def test_a_paper_that_several_follows_find_stands_where_it_ranks_best(composer: PersonalComposer) -> None:
    part = composer.compose([SEARCH, TOPIC], sent_before=())
    assert len(set(part.listed)) == len(part.listed)
    search, topic = part.found
    assert _numbers(part, 0) == [0, 1, 2, 3, 30, 5]
    assert _numbers(part, 1) == [4, 8, 12, 16, 20]
    assert (search.n_elsewhere, topic.n_elsewhere) == (1, 1)
    assert topic.papers[0].reason.startswith("similarity ")
    assert topic.papers[0].reason.endswith(" to the topic's centre; also 5th for your search “graph networks”")
    assert search.papers[0].reason.endswith("; also 1st for your topic “graphs”")


def test_every_new_paper_that_introduces_or_uses_a_followed_name_is_listed(composer: PersonalComposer) -> None:
    name = Follow("name", "#3")
    part = composer.compose([name], sent_before=())
    assert _numbers(part) == [8, 39, 0]
    [found], [line] = part.found, part.lines
    assert [paper.reason for paper in found.papers] == ["introduces GraphBench", "uses GraphBench", "uses GraphBench"]
    assert found.threshold is None
    assert _plain(found) == "3 new papers this week that introduce or use it."
    assert (line.name, line.now.k, line.before) == ("GraphBench", 3, 2 / (4 * N))


def test_a_paper_of_a_name_and_a_search_is_listed_once(composer: PersonalComposer) -> None:
    search, name = composer.compose([SEARCH, Follow("name", "#3")], sent_before=()).found
    assert search.papers[0].reason.endswith("; also uses GraphBench, which you follow")
    assert (len(name.papers), name.n_new, name.n_elsewhere) == (2, 3, 1)


def test_a_name_without_a_new_paper_says_so_in_a_line(composer: PersonalComposer) -> None:
    name = Follow("name", "#3")
    every = composer.compose([name], sent_before=()).listed
    [found] = composer.compose([name], sent_before=(), decided=every).found
    assert _plain(found) == (
        "No new papers this week that introduce or use it. "
        "3 more papers were left out because you kept or skipped them in a scan."
    )
    gone = composer.compose([Follow("name", "#99")], sent_before=())
    assert gone.lines[0].gone
    assert gone.listed == ()


def test_what_a_mail_has_no_room_for_is_counted() -> None:
    part = _composer(n_papers=3).compose([SEARCH, TOPIC], sent_before=())
    assert len(part.listed) == 3
    for found in part.found:
        assert found.n_new == len(found.papers) + found.n_elsewhere + found.n_left_out


def test_papers_of_earlier_weeks_that_came_late_are_new_against_the_threshold_of_their_week() -> None:
    part = _composer(late=N).compose([SEARCH], sent_before=())
    assert len(part.listed) == 7 + 6
    assert part.found[0].threshold is not None
    assert part.found[0].threshold.last_week == WEEK.plus(-1)


def test_without_a_new_paper_the_list_is_empty(composer: PersonalComposer) -> None:
    nothing, no_word = Follow("search", "nothing"), Follow("search", "?!")
    for found in composer.compose([nothing, no_word, Follow("topic", "99")], sent_before=()).found:
        assert found.papers == ()
        assert found.n_new == 0
    assert composer.compose([], sent_before=()).found == ()


def test_no_search_is_loaded_for_readers_who_follow_no_papers() -> None:
    def load() -> IndexSearch:
        raise AssertionError("the search was loaded")

    composer = PersonalComposer(
        _composer().material, PersonalSettings(), load, lambda _: None, EnglishPersonalWording(), min_similarity=0.3
    )
    assert composer.compose([Follow("category", "cs.LG")], sent_before=()).lines


def test_what_moved_has_its_count_and_its_share_before(composer: PersonalComposer) -> None:
    category, technique, gone = composer.compose(
        [Follow("category", "cs.LG"), Follow("technique", "gnn"), Follow("topic", "99")], sent_before=()
    ).lines
    assert (category.now.k, category.now.n, category.before) == (10, 40, 50 / 160)
    assert (technique.now.k, technique.before, technique.name) == (0, 0.0, "Graph nets")
    assert gone.gone


def test_every_kind_that_gets_calls_has_the_call_of_the_week_and_a_monthly_issue_none() -> None:
    """Names too: their followers must not read that nothing is known of what the same mail calls emerging."""
    follows = [Follow("technique", "gnn"), Follow("topic", "7"), Follow("name", "#3"), Follow("category", "cs.LG")]
    called: list[tuple[CallKind, str]] = [("technique", "gnn"), ("topic", "7"), ("name", "3")]
    calls: dict[tuple[str, str], TrendCall] = {
        (kind, key): TrendCall(WEEK, kind, key, "rising", 0.01, 0.2, 0.1, N) for kind, key in called
    }
    weekly = _composer(calls=calls).compose(follows, sent_before=()).lines
    assert [line.call for line in weekly] == [*calls.values(), None]
    composer = _composer(calls=calls, issue=Issue.parse("2026-06"))
    assert [line.call for line in composer.compose(follows, sent_before=()).lines] == [None] * 4


@given(st.sets(st.integers(0, N - 1)), st.integers(1, 30))
def test_whatever_was_sent_before_is_never_listed_and_all_else_above_the_threshold_is(
    sent: set[int], per_week: int
) -> None:
    follows = [replace(SEARCH, per_week=per_week), replace(TOPIC, per_week=per_week)]
    every = set(_composer().compose(follows, sent_before=()).listed)
    before = {ArxivId(f"2606.{100 * N_BEFORE + n:05d}") for n in sent}
    part = _composer().compose(follows, sent_before=before)
    assert set(part.listed) == every - before
    assert len(part.listed) == len(set(part.listed))
