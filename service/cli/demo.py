"""The demo: the product on the sample corpus, which a server on loopback gives out as arXiv would."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import UsageError
from domain.week import CLOSE_LAG, Week
from ingest.settings import ArxivSettings
from runtime.context import AppContext
from runtime.settings import Settings
from sample.corpus import make_corpus
from sample.server import SampleArxiv

LAST_WEEK = Week.parse("2026-W25")
N_WEEKS = 26


def run_demo(out: Path | None) -> None:
    """Harvest the sample corpus over HTTP, analyse it, and write its newest digest.

    Everything lies in ``out``, or in a new folder of the system's temporary one; nothing else is touched.
    """
    from service.cli.run import run_and_write

    if out is not None and out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty; made-up papers must not come among real ones, give an empty folder")
    folder = out or Path(tempfile.mkdtemp(prefix="papertide-demo-"))
    typer.echo(f"The demo works in {folder}; its papers are made up, its arithmetic is not.")
    corpus = make_corpus(last_week=LAST_WEEK, n_weeks=N_WEEKS)
    now = LAST_WEEK.end_at + CLOSE_LAG
    with SampleArxiv(corpus.papers, now=now) as arxiv:
        # Made here and nowhere else: no setting of this machine reaches the demo.
        settings = Settings(
            data_dir=folder, weeks=N_WEEKS, now=now, arxiv=ArxivSettings(api_url=arxiv.api_url, delay_s=0)
        )
        context = AppContext(settings)
        try:
            run_and_write(context)
        finally:
            context.db.close()
    # As a reader can type it, whether or not the environment is on the path.
    command = f"{shlex.quote(sys.argv[0])} --data-dir {shlex.quote(str(folder))}"
    typer.echo(f'Ask it: {command} trends diffusion gnn\n        {command} search "quantized language models"')


def demo(
    out: Annotated[Path | None, typer.Option(help="Folder to keep; a throw-away one by default.")] = None,
) -> None:
    """The whole product on a made-up corpus, offline, in a throw-away folder."""
    from service.cli.demo import run_demo

    run_demo(out)
