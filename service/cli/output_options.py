"""Options and output helpers shared by the commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import UsageError

if TYPE_CHECKING:
    from mail.service import MailService
    from runtime.context import AppContext


WeeksOption = Annotated[int | None, typer.Option(min=1, help="Closed weeks to look back; 12 by default.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON; docs/json.md describes it.")]


def require_one_of(options: dict[str, bool]) -> None:
    chosen = [name for name, given in options.items() if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other")


def require_folder_for(path: Path, name: str = "--out") -> None:
    """Refuse a file or folder to write whose own folder does not exist, which is likely mistyped."""
    folder = path.expanduser().parent
    if not folder.is_dir():
        raise UsageError(f"{name} {path}: there is no folder {folder}; make it first, or correct the path")


def print_json(answer: Any) -> None:
    from domain.record_to_json import json_value

    typer.echo(json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False, default=json_value))


def print_json_line(answer: Any) -> None:
    from domain.record_to_json import json_value

    typer.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False, default=json_value))


FormatOption = Annotated[str, typer.Option("--format", help="html or text.")]
FollowOption = Annotated[
    list[str] | None,
    typer.Option(
        help="technique:KEY, theme:KEY, topic:NUMBER, category:NAME, name:NAME or search:WORDS; may be "
        "repeated. search/12:WORDS brings about 12 new papers a week, and topic/12:NUMBER too.",
        metavar="KIND:WHAT",
    ),
]


def open_mail_service(context: AppContext) -> MailService:
    from mail.service import MailService

    return MailService(context)
