"""What is asked of published digests, and of one stored paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import NotFound
from domain.paper import ArxivId
from queries.digests import digest_revisions, newest_digest, published_weeks
from queries.paper import stored_paper
from queries.status import is_sample_corpus, troubled_runs
from runtime.context import AppContext
from tests.service.web.conftest import LAST_WEEK, make_context


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppContext]:
    with make_context(tmp_path_factory.mktemp("data")) as opened:
        yield opened


def test_the_newest_digest_is_the_last_of_its_revisions(context: AppContext) -> None:
    week = published_weeks(context)[-1]
    newest = newest_digest(context, week)
    assert newest is not None
    assert digest_revisions(context, week)[-1] == (newest.revision, newest.published_at)


def test_a_week_that_was_never_published_has_no_digest_and_no_revisions(context: AppContext) -> None:
    week = LAST_WEEK.plus(5)
    assert week not in published_weeks(context)
    assert newest_digest(context, week) is None
    assert digest_revisions(context, week) == []


def test_a_stored_paper_is_found_by_its_identifier_alone(context: AppContext) -> None:
    arxiv_id = context.paper_index.ids[0]
    assert stored_paper(context, arxiv_id).arxiv_id == arxiv_id
    with pytest.raises(NotFound, match=r"the paper 2001\.00001 is not stored here"):
        stored_paper(context, ArxivId("2001.00001"))


def test_a_new_installation_has_no_sample_corpus_and_no_failing_job(tmp_path: Path) -> None:
    from runtime.settings import Settings

    with AppContext(Settings(data_dir=tmp_path)) as context:
        assert not is_sample_corpus(context)
        assert troubled_runs(context) == ()
