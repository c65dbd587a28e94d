"""Weeks before those of a run are counted in the background, the newest first, and never embedded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from domain.errors import SourceError
from domain.progress import Progress
from domain.week import Week
from ingest.settings import ArxivSettings
from mail.service import MailService
from pipeline import run as pipeline_run
from pipeline import stages
from pipeline.history_plan import history_of, next_history_week
from queries.status import status
from runtime.context import AppContext
from runtime.settings import Settings
from sample.arxiv_server import SampleArxiv
from sample.corpus import SampleCorpus, make_corpus
from scheduler.job_list import jobs_of
from scheduler.run_due_jobs import run_due
from store.embeddings import embedding_counts
from store.job_runs import runs_of
from store.papers import count_papers
from store.weekly import complete_weeks, rebuild_weekly_tables, weekly_counts
from templates.harvest_wording import history_reach
from tests.pipeline.conftest import LAST_WEEK, NOW

N_WEEKS, N_HISTORY = 2, 5
FIRST = LAST_WEEK.plus(1 - N_HISTORY)

Opened = Callable[..., AppContext]


@pytest.fixture(scope="module")
def corpus() -> SampleCorpus:
    return make_corpus(last_week=LAST_WEEK, n_weeks=8, papers_per_week=30)


@pytest.fixture
def arxiv(corpus: SampleCorpus) -> Iterator[SampleArxiv]:
    with SampleArxiv(corpus.papers, now=NOW) as server:
        yield server


@pytest.fixture
def opened(arxiv: SampleArxiv, tmp_path: Path) -> Iterator[Opened]:
    """Opens contexts of one folder, whose newest weeks are harvested and digested, without topics."""
    contexts: list[AppContext] = []

    def open_context(**settings: object) -> AppContext:
        plain = {
            "data_dir": tmp_path,
            "weeks": N_WEEKS,
            "history_weeks": N_HISTORY,
            "now": NOW,
            "arxiv": ArxivSettings(api_url=arxiv.api_url, delay_s=0, page_size=50, max_tries=1),
        }
        contexts.append(AppContext(Settings.model_validate(plain | settings)))
        return contexts[-1]

    context = open_context()
    for stage in (stages.harvest(context, N_WEEKS), stages.detect(context), stages.tables(context)):
        list(stage)
    list(stages.publish(context, LAST_WEEK))
    yield open_context
    for context in contexts:
        context.close()


def counts(context: AppContext) -> pd.DataFrame:
    return weekly_counts(context.db)


def recounted(context: AppContext) -> pd.DataFrame:
    rebuild_weekly_tables(
        context.db, context.detector.detector_id, None, context.settings.categories, now=context.now()
    )
    return counts(context)


def weeks_asked_for(arxiv: SampleArxiv, n_before: int) -> list[Week]:
    days = [unquote(request).partition("submittedDate:[")[2][:8] for request in arxiv.requests[n_before:]]
    mondays = [Week.containing_day(pd.Timestamp(day).date()) for day in days if day]
    return list(dict.fromkeys(mondays))


def test_earlier_weeks_are_counted_the_newest_first_and_not_embedded(
    opened: Opened, arxiv: SampleArxiv, corpus: SampleCorpus
) -> None:
    context, n_before = opened(), len(arxiv.requests)
    notes = [step.note for step in pipeline_run.extend_history(context) if step.note]
    assert weeks_asked_for(arxiv, n_before) == [LAST_WEEK.plus(-2), LAST_WEEK.plus(-3), LAST_WEEK.plus(-4)]
    assert [note.partition(":")[0] for note in notes] == [str(LAST_WEEK.plus(-i)) for i in (2, 3, 4)]
    assert notes[0].endswith(f"counted back to {LAST_WEEK.plus(-2)}: 3 of 5 weeks; next: {LAST_WEEK.plus(-3)}")
    assert complete_weeks(context.db, context.settings.categories) >= {LAST_WEEK.plus(-i) for i in range(N_HISTORY)}
    assert count_papers(context.db) == sum(paper.week >= FIRST for paper in corpus.papers)
    assert not embedding_counts(context.db)
    found = status(context)
    assert found.history.first_week == FIRST
    assert found.history.next_week is None
    assert not any("detect" in line for line in found.due)
    assert found.embeddings.since == LAST_WEEK.plus(-1)
    assert found.embeddings.missing == sum(paper.week >= LAST_WEEK.plus(-1) for paper in corpus.papers)
    assert next_history_week(context) is None
    assert list(pipeline_run.extend_history(context)) == []


def test_counting_only_the_added_week_gives_the_same_as_counting_all(opened: Opened) -> None:
    context = opened()
    list(pipeline_run.extend_history(context))
    added = counts(context)
    assert added["week_start"].min() == pd.Timestamp(FIRST.monday)
    pd.testing.assert_frame_equal(added, recounted(context))


@pytest.mark.parametrize("n_steps", [1, 2, 4])
def test_a_history_that_is_cut_again_and_again_ends_whole(
    opened: Opened, corpus: SampleCorpus, arxiv: SampleArxiv, n_steps: int
) -> None:
    """Each cut leaves what a kill between two transactions leaves."""
    for _ in range(30):
        context = opened()
        steps: Iterator[Progress] = iter(pipeline_run.extend_history(context))
        done = [step for _, step in zip(range(n_steps), steps, strict=False)]
        steps.close()  # type: ignore[attr-defined]
        if not done and next_history_week(context) is None:
            break
    context = opened()
    for stage in (stages.detect(context), stages.names(context), stages.claims(context), stages.tables(context)):
        list(stage)  # as every run does; papers of the last week may be left
    assert history_of(context).n_weeks == N_HISTORY
    assert count_papers(context.db) == sum(paper.week >= FIRST for paper in corpus.papers)
    pd.testing.assert_frame_equal(counts(context), recounted(context))


def test_weeks_that_were_imported_are_only_proven(opened: Opened, arxiv: SampleArxiv) -> None:
    whole = opened(weeks=N_HISTORY)
    list(stages.harvest(whole, N_HISTORY))
    with whole.db.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM harvest_window WHERE start_at < '{LAST_WEEK.plus(-1).monday}'")
    context, n_before = opened(), len(arxiv.requests)
    assert history_of(context).n_weeks == N_HISTORY
    list(pipeline_run.extend_history(context))
    assert all("max_results=1" in request for request in arxiv.requests[n_before:])
    assert complete_weeks(context.db, context.settings.categories) >= {LAST_WEEK.plus(-i) for i in range(N_HISTORY)}


def test_history_ends_where_arxiv_has_no_earlier_papers(opened: Opened) -> None:
    context = opened(history_weeks=40)
    list(pipeline_run.extend_history(context))
    assert history_of(context).n_weeks == 8
    assert history_reach(history_of(context)).endswith("8 of 40 weeks; arXiv has no earlier papers in these categories")
    assert next_history_week(context) is None


def test_an_arxiv_that_fails_ends_the_history_and_what_was_counted_stays(opened: Opened, arxiv: SampleArxiv) -> None:
    context = opened()
    n = len(arxiv.requests)
    arxiv.failing("html", at=range(n + 1, n + 40))
    with pytest.raises(SourceError, match="2 weeks in a row"):
        list(pipeline_run.extend_history(context))
    assert [w.problem is None for w in status(context).weeks] == [True] * N_WEEKS
    assert len(status(context).open_windows) == 2


@pytest.mark.parametrize("changed", [{"history_weeks": 0}, {"history_weeks": N_WEEKS}])
def test_history_can_be_switched_off(opened: Opened, arxiv: SampleArxiv, changed: dict[str, int]) -> None:
    context, n_before = opened(**changed), len(arxiv.requests)
    assert list(pipeline_run.extend_history(context)) == []
    assert len(arxiv.requests) == n_before


def test_the_job_waits_for_other_work_and_then_counts_to_the_end(opened: Opened) -> None:
    context = opened()
    jobs = {job.name: job for job in jobs_of(MailService(context))}
    history = jobs.pop("history")
    assert list(run_due(context.db, history, clock=context.now)) == []  # the harvest is due
    for job in jobs.values():
        if job.name not in ("harvest", "digest", "changes"):
            list(run_due(context.db, job, clock=context.now))
    others = [job for job in jobs.values() if job.name in ("harvest", "digest", "changes")]
    assert others
    alone = next(job for job in jobs_of(_WithoutArxivJobs(context)) if job.name == "history")
    ended = list(run_due(context.db, alone, clock=context.now))
    assert [e.state for e in ended] == ["done"]
    assert history_of(context).n_weeks == N_HISTORY
    assert {record.state for record in runs_of(context.db, "history").values()} == {"done"}


class _WithoutArxivJobs(MailService):
    """An installation whose other jobs are never due."""

    def __init__(self, context: AppContext) -> None:
        never = context.settings.schedule.model_copy(
            update={"harvest": "0 0 29 2 *", "changes": "", "backup": "", "clean_up": "0 0 29 2 *"}
        )
        settings = context.settings.model_copy(update={"schedule": never})
        super().__init__(AppContext(settings, db=context.db))
