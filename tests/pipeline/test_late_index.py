"""A digest waits for arXiv's index, is published as incomplete in the end, and corrected when the papers come."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import PostponedError
from pipeline import run as pipeline_run
from runtime.context import AppContext
from runtime.settings import Settings
from sample.arxiv_server import SampleArxiv
from sample.corpus import make_corpus
from store.digests import newest_digest
from tests.pipeline.conftest import LAST_WEEK, context_at

pytestmark = pytest.mark.slow


@pytest.fixture
def late_arxiv() -> SampleArxiv:
    """An index without the last three days, three weeks long."""
    corpus = make_corpus(last_week=LAST_WEEK, n_weeks=3, papers_per_week=60)
    reached = LAST_WEEK.end_at - timedelta(days=3)
    arxiv = SampleArxiv([p for p in corpus.papers if p.submitted_at < reached], now=LAST_WEEK.closes_at)
    arxiv.index_end = reached
    arxiv.hidden = [p for p in corpus.papers if p.submitted_at >= reached]  # type: ignore[attr-defined]
    return arxiv


def _context(folder: Path, arxiv: SampleArxiv, now: datetime) -> AppContext:
    arxiv.now = now
    before = context_at(folder, arxiv).settings
    return AppContext(Settings.model_validate({**dict(before), "weeks": 3, "now": now}))


def _state(context: AppContext) -> list[tuple[int, bool] | None]:
    """Revision of each week's newest digest, and whether it calls its week complete."""
    found = [newest_digest(context.db, LAST_WEEK.plus(-i)) for i in (2, 1, 0)]
    return [(d.revision, d.edition.digest.completeness.complete) if d else None for d in found]


def test_a_digest_waits_for_arxivs_index_and_is_corrected_when_its_papers_come(
    late_arxiv: SampleArxiv, tmp_path: Path
) -> None:
    with late_arxiv as arxiv:
        with _context(tmp_path, arxiv, LAST_WEEK.closes_at) as context:
            notes = [step.note for step in pipeline_run.publish_due(context, 3)]
            assert notes[-1].startswith(f"the digest of {LAST_WEEK} waits until 2026-06-29 06:00 UTC at the latest: ")
            assert _state(context) == [(1, True), (1, True), None]  # a first run writes every week that it holds
            oldest = newest_digest(context.db, LAST_WEEK.plus(-2))
            assert oldest is not None
            assert oldest.edition.digest.notes[0].startswith(
                "This digest was made later, 2\N{NO-BREAK SPACE}weeks after its week closed"
            )
            with pytest.raises(PostponedError, match="waits until") as caught:
                list(pipeline_run.publish_week(context, LAST_WEEK))
            assert caught.value.until == context.now() + timedelta(hours=3)
        with _context(tmp_path, arxiv, LAST_WEEK.closes_at + timedelta(days=6)) as context:
            for _ in pipeline_run.publish_due(context, 3):
                pass
            assert _state(context)[-1] == (1, False)
            published = newest_digest(context.db, LAST_WEEK)
            assert published is not None
            assert "index may be behind" in str(published.edition.digest.completeness.problem)
        arxiv.index_end = None
        arxiv._papers = sorted(
            [*arxiv._papers, *arxiv.hidden],  # type: ignore[attr-defined]
            key=lambda p: (p.submitted_at, p.arxiv_id),
        )
        with _context(tmp_path, arxiv, LAST_WEEK.closes_at + timedelta(days=6, hours=12)) as context:
            for _ in pipeline_run.publish_due(context, 3):
                pass
            assert _state(context)[-1] == (2, True)
