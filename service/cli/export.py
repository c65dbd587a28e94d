"""Command `export`: all public data as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.context import open_context
from service.cli.output_options import require_folder_for


def export(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to write into.")],
) -> None:
    """Write all public data as CSV and JSON: papers, detections, topics, weekly counts, digests; no subscriber data."""
    from queries.export import export_public

    require_folder_for(folder, "FOLDER")
    with open_context(ctx) as context:
        for line in export_public(context, folder):
            typer.echo(line)
