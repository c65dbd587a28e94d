"""One run over a small sample corpus, with the real model, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from pydantic import SecretStr

from analysis.sentence_encoder import EmbeddingSettings, NumberType, load_encoder
from domain.week import CLOSE_LAG, Week
from ingest.settings import ArxivSettings
from pipeline import run as pipeline_run
from runtime.context import AppContext
from runtime.settings import Settings
from sample.arxiv_server import SampleArxiv
from sample.corpus import SampleCorpus, make_corpus

LAST_WEEK = Week.parse("2026-W25")
N_WEEKS = 26
PAPERS_PER_WEEK = 60
NOW = LAST_WEEK.end_at + CLOSE_LAG


@dataclass(frozen=True)
class FinishedRun:
    """A finished run, its inputs, and its requests to arXiv."""

    context: AppContext
    corpus: SampleCorpus
    arxiv: SampleArxiv


def context_at(folder: Path, arxiv: SampleArxiv, *, database_url: str = "") -> AppContext:
    """An application context on its own folder, which harvests from this server."""
    return AppContext(
        Settings(
            data_dir=folder,
            database_url=SecretStr(database_url),
            weeks=N_WEEKS,
            now=NOW,
            arxiv=ArxivSettings(api_url=arxiv.api_url, delay_s=0, page_size=50),
            embedding=EmbeddingSettings(number_type=_number_type(), chunk_size=256),
        )
    )


@cache
def _number_type() -> NumberType:
    """The type that is fast here, tried once: a second trial could end otherwise, and bfloat16 in software is slow."""
    return "bfloat16" if load_encoder(EmbeddingSettings()).model_id.endswith("/bfloat16") else "float32"


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """The corpus of ``N_WEEKS`` weeks, harvested over HTTP and run to its digest."""
    corpus = make_corpus(last_week=LAST_WEEK, n_weeks=N_WEEKS, papers_per_week=PAPERS_PER_WEEK)
    with SampleArxiv(corpus.papers, now=NOW) as arxiv:
        context = context_at(tmp_path_factory.mktemp("run"), arxiv)
        for _ in pipeline_run.publish_due(context, N_WEEKS):
            pass
        yield FinishedRun(context, corpus, arxiv)
        context.db.close()
