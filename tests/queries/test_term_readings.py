"""What a term of a trend is taken for, and what else it can mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.errors import UsageError
from domain.trends import TermSeries
from queries.meaning_precision import papers_to_judge
from queries.papers import papers_matching
from queries.parameters import PaperRequest
from queries.rename_topic import rename_topic
from queries.trends import trends
from runtime.cached_context import CachedContext
from tests.service.web.conftest import WordEncoder, make_context


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachedContext]:
    with make_context(tmp_path_factory.mktemp("data")) as opened:
        rename_topic(opened, "1", "image")  # a word of more papers than the topic has
        rename_topic(opened, "2", "pictures of molecules")  # words of no paper
        settings = opened.settings
    with CachedContext(settings, encoder=WordEncoder()) as reader:
        yield reader


def series_of(context: CachedContext, term: str) -> TermSeries:
    answer = trends(context, [term], by="week", level="adopts", categories=(), primary=False, since=None, until=None)
    return answer.series[0]


@pytest.mark.parametrize(
    ("term", "kind"),
    [
        ("diffusion", "technique"),
        ("text:diffusion", "text"),
        ("image", "text"),
        ("topic:image", "topic"),
        ("pictures of molecules", "topic"),
        ("part 7", "text"),
        ("exact:image", "exact"),
        ("meaning:image", "meaning"),
    ],
)
def test_a_term_is_a_technique_or_words_before_it_is_a_topic(context: CachedContext, term: str, kind: str) -> None:
    series = series_of(context, term)
    assert (series.kind, series.asked) == (kind, term)
    [chosen] = [one for one in series.readings if one.chosen]
    assert (chosen.kind, chosen.n_papers) == (kind, sum(p.k for p in series.points))


@pytest.mark.parametrize("term", ["diffusion", "image", "gnn", "topic:image"])
def test_every_reading_has_the_count_that_choosing_it_gives(context: CachedContext, term: str) -> None:
    readings = series_of(context, term).readings
    assert "meaning" in {one.kind for one in readings}
    for one in readings:
        chosen = series_of(context, one.term)
        assert chosen.kind == one.kind
        assert one.n_papers == sum(p.k for p in chosen.points)


def test_by_meaning_is_not_counted_where_the_model_would_have_to_be_loaded(context: CachedContext) -> None:
    with CachedContext(context.settings) as without_model:
        readings = series_of(without_model, "diffusion").readings
    assert [one.n_papers for one in readings if one.kind == "meaning"] == [None]


@pytest.mark.parametrize("term", ["image", "images", "exact:images", "topic:image", "pictures of molecules"])
def test_the_papers_of_a_term_are_those_that_its_trend_counts(context: CachedContext, term: str) -> None:
    total, _ = papers_matching(context, PaperRequest("", term=term), limit=0)
    assert total == sum(p.k for p in series_of(context, term).points)


def test_words_say_which_phrases_are_counted(context: CachedContext) -> None:
    assert series_of(context, "images").phrases == ("images", "image")
    assert series_of(context, "exact:images").phrases == ("images",)
    assert series_of(context, "diffusion").phrases == ()


def test_a_prefix_with_an_unknown_name_is_refused(context: CachedContext) -> None:
    for ask in (lambda: series_of(context, "topic:nothing"), lambda: series_of(context, "technique:image")):
        with pytest.raises(UsageError, match="there is no such"):
            ask()


def test_a_term_in_no_paper_is_drawn_at_zero_beside_the_others(context: CachedContext) -> None:
    answer = trends(
        context,
        ["difusion", "image"],
        by="week",
        level="adopts",
        categories=(),
        primary=False,
        since=None,
        until=None,
    )
    unknown, image = answer.series
    assert unknown.unknown is not None
    assert "did you mean 'diffusion'?" in unknown.unknown
    assert sum(p.k for p in unknown.points) == 0
    assert image.unknown is None
    assert sum(p.k for p in image.points) > 0


def test_terms_of_no_paper_alone_are_refused(context: CachedContext) -> None:
    with pytest.raises(UsageError, match="did you mean 'diffusion'"):
        series_of(context, "difusion")


# -- by meaning, with its error


def test_by_meaning_has_no_interval_and_no_verdict_until_a_dozen_papers_were_read(context: CachedContext) -> None:
    unread, few, read = (
        series_of(context, term)
        for term in (
            "meaning:diffusion transformer",
            "meaning(5/6):diffusion transformer",
            "meaning(9/12):diffusion transformer",
        )
    )
    for series in (unread, few):
        assert {(p.low, p.high) for p in series.points} == {(None, None)}
        assert series.change is None
        assert series.meaning is not None
        assert series.meaning.precision is None
    assert read.meaning is not None
    assert (read.meaning.n_right, read.meaning.n_answers, read.meaning.precision) == (9, 12, 0.75)
    assert all(p.low is not None and p.share is not None and p.low <= p.share for p in read.points)
    assert [p.k for p in read.points] == [p.k for p in unread.points]
    assert series_of(context, "image").meaning is None


def test_by_meaning_shows_its_papers_and_what_it_shares_with_the_other_terms(context: CachedContext) -> None:
    terms = ["meaning:diffusion transformer", "text:diffusion", "meaning:diffusion", "topic:image", "gnn"]
    terms += ["theme:efficiency", "exact:diffusion", "name:SoupBench"]
    answer = trends(context, terms, by="week", level="adopts", categories=(), primary=False, since=None, until=None)
    check = answer.series[0].meaning
    assert check is not None
    assert check.n_papers == sum(p.k for p in answer.series[0].points)
    assert 0 < len(check.samples) <= 5
    of_meaning, ids = papers_matching(context, PaperRequest("", term="meaning:diffusion transformer"), limit=1000)
    assert {hit.arxiv_id for hit in check.samples} <= {p.arxiv_id for p in ids}
    assert of_meaning == check.n_papers
    for overlap, other in zip(check.overlaps, answer.series[1:], strict=True):
        _, papers = papers_matching(context, PaperRequest("", term=other.asked), limit=1000)
        assert overlap.n_papers == len(papers) == sum(p.k for p in other.points)
        assert overlap.n_shared == len({p.arxiv_id for p in papers} & {p.arxiv_id for p in ids})
    assert all(overlap.n_papers for overlap in check.overlaps if overlap.name == "SoupBench")


def test_the_papers_to_judge_are_drawn_from_those_that_are_counted(context: CachedContext) -> None:
    drawn = papers_to_judge(context, "diffusion transformer")
    assert len(drawn) == len({p.arxiv_id for p in drawn}) <= 12
    assert [p.arxiv_id for p in papers_to_judge(context, "diffusion transformer")] == [p.arxiv_id for p in drawn]
    _, counted = papers_matching(context, PaperRequest("", term="meaning:diffusion transformer"), limit=1000)
    assert {p.arxiv_id for p in drawn} <= {p.arxiv_id for p in counted}


@pytest.mark.parametrize("term", ["meaning(13/12):image", "meaning(1/101):image", "text(9/12):image"])
def test_answers_that_cannot_be_are_refused(context: CachedContext, term: str) -> None:
    with pytest.raises(UsageError, match="answers stand before a description only"):
        series_of(context, term)
