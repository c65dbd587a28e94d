"""A question loads the index of all papers once, and not at all where it needs none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.paper_arrays import PaperIndex
from queries.paper import paper
from queries.papers import papers_matching
from queries.parameters import PaperRequest
from queries.search import search
from queries.topic import topic
from queries.topic_map import topic_map
from queries.topics import all_topics, topic_series
from queries.trends import trends
from runtime.context import AppContext
from store.papers import papers_of_week
from tests.service.web.conftest import LAST_WEEK, WordEncoder, make_context


class CountingContext(AppContext):
    """A context without a cache that counts how often the index is loaded."""

    n_loads = 0

    @property
    def paper_index(self) -> PaperIndex:
        self.n_loads += 1
        return super().paper_index


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountingContext]:
    folder: Path = tmp_path_factory.mktemp("data")
    with make_context(folder) as writer:
        settings = writer.settings
    with CountingContext(settings, encoder=WordEncoder(), read_only=True) as reader:
        yield reader


def _first_paper(context: AppContext) -> str:
    return papers_of_week(context.db, LAST_WEEK, context.settings.categories)[0].arxiv_id


def _trends(context: AppContext, *terms: str) -> object:
    return trends(context, terms, by="week", level="adopts", categories=(), primary=False, since=None, until=None)


@pytest.mark.parametrize(
    ("ask", "n_loads"),
    [
        (lambda c: search(c, PaperRequest("diffusion model"), limit=5), 1),
        (lambda c: search(c, PaperRequest("diffusion model", sort="oldest"), limit=5), 1),
        (lambda c: topic(c, 1), 1),
        (topic_map, 1),
        (topic_series, 1),
        (all_topics, 0),
        (lambda c: paper(c, _first_paper(c)), 1),
        (lambda c: papers_matching(c, PaperRequest("", term="diffusion"), limit=5), 1),
        (lambda c: papers_matching(c, PaperRequest("", term="meaning:images"), limit=5), 1),
        (lambda c: papers_matching(c, PaperRequest("", term="text:images"), limit=5), 0),
        (lambda c: _trends(c, "diffusion", "topic:1", "text:images"), 0),
        (lambda c: _trends(c, "meaning:images"), 1),
        (lambda c: _trends(c, "meaning:images", "meaning:molecules", "meaning:agents"), 1),
    ],
    ids=[
        "search",
        "search by date",
        "topic",
        "map",
        "topic series",
        "topics",
        "paper",
        "papers of a technique",
        "papers by meaning",
        "papers by words",
        "trends",
        "trend by meaning",
        "trends by meaning",
    ],
)
def test_the_index_is_loaded_once_a_question(
    context: CountingContext, ask: Callable[[AppContext], object], n_loads: int
) -> None:
    context.n_loads = 0
    ask(context)
    assert context.n_loads == n_loads
