"""What a term of a trend is taken for, and what else it can mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.errors import UsageError
from domain.trends import TermSeries
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
        if one.n_papers is None:
            assert one.kind == "meaning"
        else:
            assert one.n_papers == sum(p.k for p in chosen.points)


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
