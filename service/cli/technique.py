"""Commands under `papertide technique`: try one before it is added to the taxonomy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import require_folder_for, require_one_of

if TYPE_CHECKING:
    from domain.paper import ArxivId
    from domain.technique_trial import TechniqueTrial

technique_app = typer.Typer(
    help="Try a technique before it is added to the taxonomy.", no_args_is_help=True, rich_markup_mode=None
)


@technique_app.callback()
def technique() -> None:
    """Try a technique before it is added to the taxonomy."""


@technique_app.command("try")
def try_(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="A file with a [[technique]] block, as `papertide emerging adopt` prints it.")
    ],
    key: Annotated[str | None, typer.Option(help="Which technique, where the file holds several.")] = None,
    show: Annotated[
        bool, typer.Option("--show", help="Only show hits, near misses and the papers to judge; ask nothing.")
    ] = False,
    answers: Annotated[
        Path | None, typer.Option(help="Take the answers from this file: an identifier and yes or no a line.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write answers and figures to this file; nothing is written otherwise.")
    ] = None,
) -> None:
    """Show what a technique finds, ask about 40 papers, and estimate its precision and recall.

    20 of the papers are drawn at random within strata, and figures come from these alone. The other 20 are the ones
    nearest the border. The stored papers and the taxonomy stay as they are.
    """
    from queries.technique_trial import technique_trial, trial_answers, trial_estimate
    from templates import technique_trial_wording as wording

    require_one_of({"--show": show, "--answers": answers is not None})
    require_one_of({"--show": show, "--out": out is not None})
    if out is not None:
        require_folder_for(out)
    lines = _lines(answers)
    with open_context(ctx, read_only=True) as context:
        trial = technique_trial(context, file, key)
    if not show and answers is None and not sys.stdin.isatty():
        raise UsageError("nobody can be asked here; give --answers FILE, or --show for the papers to judge")
    for line in wording.trial_lines(trial):
        typer.echo(line)
    if show:
        typer.echo(wording.questions_text(trial))
        for paper in sorted((*trial.drawn, *trial.chosen), key=lambda p: p.arxiv_id):
            for line in wording.paper_lines(paper):
                typer.echo(line)
        return
    given = _asked(trial) if lines is None else trial_answers(trial, lines)
    estimate = trial_estimate(trial, given)
    for line in wording.estimate_lines(trial, estimate):
        typer.echo(line)
    if out is not None:
        from runtime.atomic_write import write_whole

        write_whole(out, wording.answers_file(trial, given, estimate).encode())


def _lines(answers: Path | None) -> list[str] | None:
    if answers is None:
        return None
    try:
        return answers.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {answers}: {getattr(error, 'strerror', None) or error}") from error


def _asked(trial: TechniqueTrial) -> dict[ArxivId, bool]:
    from templates import technique_trial_wording as wording

    # In the order of identifiers, so that nothing tells hits from misses.
    papers = sorted((*trial.drawn, *trial.chosen), key=lambda p: p.arxiv_id)
    typer.echo(wording.questions_text(trial), err=True)
    return {
        paper.arxiv_id: typer.confirm(wording.question(number, len(papers), paper), err=True)
        for number, paper in enumerate(papers, 1)
    }
