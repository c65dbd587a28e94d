"""Command `doctor`: whether everything that Papertide needs is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import ConfigError
from service.cli.context import GlobalOptions
from service.cli.output_options import JsonOption, print_json

if TYPE_CHECKING:
    from queries.results import Diagnosis


def doctor(
    ctx: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither arXiv nor the mail server.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Settings, versions, database, model, disk, clock, arXiv and mail: one line each, and what to do."""
    answer = _diagnosis(ctx.obj, offline=offline)
    if as_json:
        print_json(answer)
    else:
        for check in answer.checks:
            typer.echo(
                f"{check.state:8} {check.name:10} {check.finding}" + (f"; {check.advice}" if check.advice else "")
            )
    if answer.state == "problem":
        raise typer.Exit(1)


def _diagnosis(given: GlobalOptions, *, offline: bool) -> Diagnosis:
    from queries.diagnosis import diagnosis, settings_problem
    from runtime.settings import load_settings, process_environment

    try:
        settings = load_settings(given.config, process_environment(), {"data_dir": given.data_dir})
    except ConfigError as error:
        return settings_problem(str(error))
    return diagnosis(settings, offline=offline)
