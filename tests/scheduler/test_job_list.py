"""Which jobs an installation has."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.harvest import HarvestedWindow
from domain.paper import FIRST_MADE_UP, ArxivId
from ingest.harvest import plan_harvest, window_of
from ingest.settings import ArxivSettings
from mail.service import MailService
from queries.status import status
from runtime.context import AppContext
from runtime.settings import Settings
from scheduler.job_list import jobs_of
from store.papers import apply_harvest
from tests.conftest import PaperMaker

NOW = datetime(2026, 8, 4, 12, tzinfo=UTC)
ASK_ARXIV = {"harvest", "digest", "changes"}
SAMPLE_URL = "http://127.0.0.1:9/api/query"


@pytest.mark.parametrize(
    ("number", "url", "asks"),
    [
        (FIRST_MADE_UP, None, False),
        (FIRST_MADE_UP, SAMPLE_URL, True),
        (1, None, True),
    ],
)
def test_no_job_asks_arxiv_where_the_stored_papers_are_made_up(
    tmp_path: Path, make_paper: PaperMaker, number: int, url: str | None, asks: bool
) -> None:
    arxiv = ArxivSettings() if url is None else ArxivSettings(api_url=url, oai_url=url)
    with AppContext(Settings(data_dir=tmp_path, now=NOW, arxiv=arxiv)) as context:
        paper = make_paper(arxiv_id=ArxivId(f"2606.{number:05d}"))
        held = HarvestedWindow(window_of(paper.week), context.settings.categories, (paper,), 1, None, NOW)
        apply_harvest(context.db, plan_harvest((paper,), {}), held, seen_at=NOW)
        names = {job.name for job in jobs_of(MailService(context))}
        assert names >= {"delivery", "clean up", "backup"}
        assert (names & ASK_ARXIV) == (ASK_ARXIV if asks else set())
        due = [line.split()[0] for line in status(context).due]
        assert ({"harvest", "digest"} <= set(due)) is asks
