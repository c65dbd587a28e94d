"""The command ``papertide``. Each command parses its options, calls one package, and prints the result."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import PapertideError, UsageError
from domain.subscription import sanitized_line
from domain.wrong_value import did_you_mean, wrong_value
from service.cli.backup import backup, restore
from service.cli.cards import card
from service.cli.claims import claims
from service.cli.context import GlobalOptions
from service.cli.deliver import deliver
from service.cli.demo import demo
from service.cli.detect import detect
from service.cli.digest import digest
from service.cli.doctor import doctor
from service.cli.emerging import emerging_app
from service.cli.export import export
from service.cli.mail import mail_app
from service.cli.mcp import mcp
from service.cli.move import move
from service.cli.names import name_app, names
from service.cli.run import run
from service.cli.safe_terminal import make_terminal_safe
from service.cli.scan import scan
from service.cli.scheduler import scheduler
from service.cli.search import search
from service.cli.stages import analyse, embed, harvest, import_
from service.cli.standards import standards
from service.cli.status import status
from service.cli.subscribers import subscribers_app
from service.cli.technique import technique_app
from service.cli.topics import topics_app
from service.cli.trend_calls import calls
from service.cli.trends import trends
from service.cli.up import up

# What a command imports, it imports when it runs: `papertide --help` should not wait for pandas.

app = typer.Typer(
    name="papertide",
    help="A radar for machine-learning research: adoption, topics and a weekly digest from arXiv's abstracts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


app.add_typer(topics_app, name="topics")
app.add_typer(name_app, name="name")
app.add_typer(emerging_app, name="emerging")
app.add_typer(technique_app, name="technique")
app.add_typer(subscribers_app, name="subscribers")
app.add_typer(mail_app, name="mail")


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"papertide {version('papertide')}")
        raise typer.Exit


@app.callback()
def _common(
    ctx: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings file; papertide.toml by default.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of database and digests.")] = None,
    version: Annotated[  # noqa: ARG001 - it has ended by then; no command need follow it
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    ctx.obj = GlobalOptions(config, data_dir)


COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo,
    "run": run,
    "harvest": harvest,
    "import": import_,
    "embed": embed,
    "analyse": analyse,
    "trends": trends,
    "calls": calls,
    "names": names,
    "claims": claims,
    "standards": standards,
    "card": card,
    "detect": detect,
    "search": search,
    "scan": scan,
    "digest": digest,
    "up": up,
    "status": status,
    "deliver": deliver,
    "scheduler": scheduler,
    "backup": backup,
    "restore": restore,
    "move": move,
    "export": export,
    "mcp": mcp,
    "doctor": doctor,
}
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


_NOT_A_CHOICE = re.compile(r"'(?P<given>[^']*)' is not one of (?P<allowed>'.*)")


def main() -> None:
    """Run the command; an expected error prints one line, with exit status 2 for wrong use, else 1."""
    make_terminal_safe()
    try:
        if status := app(standalone_mode=False):
            sys.exit(status)
    except typer.TyperException as error:  # what was typed cannot be read
        if (help_text := _help_asked(error)) is not None:
            typer.echo(help_text)
            sys.exit(0)
        _complain(_what_is_wrong(error))
        sys.exit(2)
    except UsageError as error:
        _complain(str(error))
        sys.exit(2)
    except PapertideError as error:
        _complain(str(error))
        sys.exit(1)
    except (typer.Abort, KeyboardInterrupt):
        _complain("stopped; everything finished is stored, run again to go on")
        sys.exit(1)
    except BrokenPipeError:
        # The pipe that reads our output was closed, as in `papertide ... | head`; that is no error.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        sys.exit(1)


def _help_asked(error: typer.TyperException) -> str | None:
    """The help, where a command of commands was called alone; the error then has the help as its message."""
    called: typer.Context | None = getattr(error, "ctx", None)
    if called is None or called.get_help() != error.message:
        return None
    return error.message


def _what_is_wrong(error: typer.TyperException) -> str:
    """The message about what was typed; a global option behind its command is told its place."""
    message = error.format_message()
    for problem in getattr(error.__cause__, "errors", list)()[:1]:  # of the library that reads values
        message = message.replace(problem["msg"], wrong_value(problem)).replace("Value error, ", "")
    if choice := _NOT_A_CHOICE.search(message):
        message = message.rstrip(".") + did_you_mean(choice["given"], re.findall(r"'([^']*)'", choice["allowed"]))
    option: str | None = getattr(error, "option_name", None)
    called: typer.Context | None = getattr(error, "ctx", None)
    if option is None or called is None:
        return message
    if option in {name for parameter in called.find_root().command.params for name in parameter.opts}:
        return f"{error.message}; it stands before the command, as in `papertide {option} ... {called.info_name}`"
    return message


def _complain(message: str) -> None:
    typer.echo("papertide: " + sanitized_line(message), err=True)
