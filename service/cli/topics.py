"""Commands under `papertide topics`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json

if TYPE_CHECKING:
    from queries.results import ListedTopic

topics_app = typer.Typer(help="Fit and list topics.", no_args_is_help=True, rich_markup_mode=None)


@topics_app.command("fit")
def topics_fit(ctx: typer.Context) -> None:
    """Refit topics now, and match them to the existing ones, so that topics keep their ids and names."""
    from domain.week import last_closed_week
    from pipeline import stages
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow

    with open_context(ctx) as context, exclusive_run(context, "topics", "fit") as guarded:
        if context.embedding_model_id is None:
            raise UsageError("nothing is embedded yet; `papertide run` does it")
        follow(guarded(stages.topics(context, last_week=last_closed_week(context.now()), refit=True)))
        follow(guarded(stages.tables(context)))


@topics_app.command("list")
def topics_list(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """The topics, largest first."""
    from queries import topics

    with open_context(ctx) as context:
        found = topics.topics(context)
    if as_json:
        print_json(found)
        return
    if not found:
        raise UsageError("no topics are fitted yet; `papertide run` does it")
    by_area: dict[str, list[ListedTopic]] = {}
    for t in found:
        by_area.setdefault(t.area or "without an area", []).append(t)
    for area, of_area in by_area.items():
        typer.echo(f"{area}: {_counted(len(of_area), 'topic')}, {_counted(sum(t.n_papers for t in of_area), 'paper')}")
        for t in of_area:
            typer.echo(f"{t.topic_id:>5}  {t.n_papers:>6,}  {t.label}  ({', '.join(t.top_terms[:5])})")


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


@topics_app.command("rename")
def topics_rename(
    ctx: typer.Context,
    topic: Annotated[str, typer.Argument(help="The topic: its number or its present label.")],
    name: Annotated[
        str | None, typer.Argument(help="The name to show; without one, the automatic label is restored.")
    ] = None,
) -> None:
    """Rename a topic; the name is shown everywhere and survives refits."""
    from queries.rename_topic import rename_topic

    with open_context(ctx) as context:
        typer.echo(rename_topic(context, topic, name))
