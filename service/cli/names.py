"""Command `names`, and the operator's commands under `papertide name`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import UsageError
from domain.name_mention import NAME_KINDS
from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json, require_one_of

if TYPE_CHECKING:
    from queries.names import NameView
    from queries.results import ListedName
    from runtime.context import AppContext

name_app = typer.Typer(
    help="Decide about named things: merge, split, rename, another kind, ignore.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

NameArgument = Annotated[str, typer.Argument(help="The name as papers write it, or its number as in #12.")]


def names(
    ctx: typer.Context,
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(NAME_KINDS)}; all by default.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Introduced in the newest closed week.")] = False,
    taken_up: Annotated[bool, typer.Option("--taken-up", help="Taken up by others in the last half year.")] = False,
    rising: Annotated[bool, typer.Option("--rising", help="Whose use is called rising or emerging.")] = False,
    fading: Annotated[bool, typer.Option("--fading", help="Once frequent, whose use is called falling.")] = False,
    week: Annotated[str | None, typer.Option(help="The week of --new and --taken-up, such as 2026-W25.")] = None,
    search: Annotated[str, typer.Option(help="Only names that hold these words.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most names.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Named things: benchmarks, datasets, models, methods and tools, those that most papers use first."""
    from queries.names import NameRequest, name_page
    from queries.parse_dates import week_named

    views: dict[NameView, bool] = {"new": new, "taken-up": taken_up, "rising": rising, "fading": fading}
    require_one_of({f"--{view}": given for view, given in views.items()})
    if week and not (new or taken_up):
        raise UsageError("--week is that of --new or --taken-up; give one of them")
    known = next((k for k in NAME_KINDS if kind in (k, f"{k}s")), None)
    if kind is not None and known is None:
        raise UsageError(f"{kind!r} is no kind of name; choose one of {', '.join(NAME_KINDS)}")
    view: NameView = next((one for one, given in views.items() if given), "all")
    with open_context(ctx) as context:
        request = NameRequest(known, view, search, week=week_named(week) if week else None)
        found = name_page(context, request, limit=limit)
    if as_json:
        print_json(found)
        return
    if not found.total:
        happened = f"no names are {view.replace('-', ' ')} {f'in {week}' if week else 'now'}"
        typer.echo("no name matches" if search else "no names" if view == "all" else happened)
        return
    width = max(len(n.name) for n in found.names)
    for n in found.names:
        typer.echo(f"{n.name:<{width}}  {n.kind:<9}  {_line(n)}")
    if found.next:
        typer.echo(f"{found.total - len(found.names):,} more; --limit shows more")


def _line(n: ListedName) -> str:
    from templates.number_text import agreeing, plain_plural

    parts = [plain_plural(n.n_uses, "paper")]
    if n.n_teams:
        other = "other " if n.introduced_by else ""
        parts.append(f"{n.n_teams:,} {other}{agreeing(n.n_teams, 'team', 'teams')}")
    if n.introduced_by:
        parts.append(f"introduced {n.introduced_week} by arXiv:{n.introduced_by}")
    else:
        parts.append(f"first seen {n.first_week}")
    if n.taken_up_week:
        parts.append(f"taken up {n.taken_up_week}")
    if n.call and n.call.verdict not in ("steady", "unknown"):
        parts.append(n.call.verdict)
    return ", ".join(parts)


@name_app.command("merge")
def merge(ctx: typer.Context, name: NameArgument, into: NameArgument) -> None:
    """Count one name as another from now on."""
    from queries import name_decisions

    _decide(ctx, lambda context: name_decisions.merge(context, name, into))


@name_app.command("split")
def split(
    ctx: typer.Context,
    name: NameArgument,
    papers: Annotated[list[str], typer.Argument(help="arXiv identifiers of the papers that mean another thing.")],
) -> None:
    """Give some papers of a name to a new name, for good."""
    from queries import name_decisions

    _decide(ctx, lambda context: name_decisions.split(context, name, papers))


@name_app.command("rename")
def rename(
    ctx: typer.Context,
    name: NameArgument,
    to: Annotated[str | None, typer.Argument(help="The name to show; without one, as its papers write it.")] = None,
) -> None:
    """Show a name otherwise."""
    from queries import name_decisions

    _decide(ctx, lambda context: name_decisions.rename(context, name, to))


@name_app.command("kind")
def kind(
    ctx: typer.Context,
    name: NameArgument,
    to: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(NAME_KINDS)}; without one, what its papers say.")
    ] = None,
) -> None:
    """Say which kind a name is of."""
    from queries import name_decisions

    _decide(ctx, lambda context: name_decisions.set_kind(context, name, to))


@name_app.command("ignore")
def ignore(
    ctx: typer.Context,
    name: NameArgument,
    restore: Annotated[bool, typer.Option("--restore", help="Show it again.")] = False,
) -> None:
    """Leave a name out of all lists."""
    from queries import name_decisions

    _decide(ctx, lambda context: name_decisions.ignore(context, name, restore=restore))


@name_app.command("apply")
def apply(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="A TOML file of decisions.")]) -> None:
    """Apply the decisions of a file; those that hold already change nothing."""
    from queries import name_decisions

    with open_context(ctx) as context:
        done = name_decisions.apply_file(context, file)
        for line in done or ["nothing to change"]:
            typer.echo(line)
        _update(context)


@name_app.command("decisions")
def decisions(ctx: typer.Context) -> None:
    """Print the decisions that hold, as a file for `papertide name apply`."""
    from queries import name_decisions

    with open_context(ctx) as context:
        typer.echo(name_decisions.decisions_as_toml(context), nl=False)


def _decide(ctx: typer.Context, decide: Callable[[AppContext], str]) -> None:
    with open_context(ctx) as context:
        typer.echo(decide(context))
        _update(context)


def _update(context: AppContext) -> None:
    """Bring the ledger up to date at once, unless a run is at work, which does it."""
    from domain.errors import BusyError
    from pipeline import stages
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow

    try:
        with exclusive_run(context, "names", "decision") as guarded:
            follow(guarded(stages.names(context)))
    except BusyError:
        typer.echo("a run is at work; the next one counts the papers again")
