"""Command `demo`: the whole product on the sample corpus, served on loopback the way arXiv would."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import UsageError
from service.cli.output_options import require_folder_for

LAST_WEEK = "2026-W25"
N_WEEKS = 26


def demo(
    out: Annotated[Path | None, typer.Option(help="Folder to use and keep; a temporary one by default.")] = None,
) -> None:
    """Try the whole product offline on a made-up corpus, in a temporary folder."""
    from domain.week import CLOSE_LAG, Week
    from ingest.settings import ArxivSettings
    from runtime.context import AppContext
    from runtime.settings import Settings
    from sample.arxiv_server import SampleArxiv
    from sample.corpus import make_corpus
    from service.cli.run import run_and_write

    if out is not None:
        require_folder_for(out)
    if out is not None and out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; use an empty folder, so that made-up papers do not mix with real ones")
    folder = out or Path(tempfile.mkdtemp(prefix="papertide-demo-"))
    typer.echo(f"The demo uses {folder}. Its papers are made up; the analysis is real.")
    last_week = Week.parse(LAST_WEEK)
    corpus = make_corpus(last_week=last_week, n_weeks=N_WEEKS)
    now = last_week.end_at + CLOSE_LAG
    with SampleArxiv(corpus.papers, now=now) as arxiv:
        # Built here, so that no setting of this machine affects the demo.
        settings = Settings(
            data_dir=folder,
            weeks=N_WEEKS,
            history_weeks=0,
            now=now,
            arxiv=ArxivSettings(api_url=arxiv.api_url, delay_s=0),
        )
        with AppContext(settings) as context:
            run_and_write(context)
    # The command as a person can type it, whether or not the environment is on the path.
    command = f"{shlex.quote(sys.argv[0])} --data-dir {shlex.quote(str(folder))}"
    typer.echo(f'Try: {command} trends diffusion gnn\n     {command} search "quantized language models"')
