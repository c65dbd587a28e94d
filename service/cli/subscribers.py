"""Commands under `papertide subscribers`: add, confirm, list, pause, remove, allow and export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import UsageError
from domain.week import iso_instant
from domain.wrong_value import did_you_mean
from service.cli.context import open_context
from service.cli.deliver import answer_requests
from service.cli.output_options import FollowOption, FormatOption, JsonOption, open_mail_service, print_json

if TYPE_CHECKING:
    from domain.subscription import Subscriber


# What a command imports, it imports when it runs: `papertide --help` should not wait for pandas.

subscribers_app = typer.Typer(help="Manage mail subscribers.", no_args_is_help=True, rich_markup_mode=None)


_Address = Annotated[str, typer.Argument(help="The subscriber's address.")]
_Frequency = Annotated[str, typer.Option(help="weekly or monthly.")]


@subscribers_app.command("add")
def subscribers_add(
    ctx: typer.Context,
    address: _Address,
    frequency: _Frequency = "weekly",
    mail_format: FormatOption = "html",
    follow: FollowOption = None,
) -> None:
    """Ask somebody to confirm a subscription: they get one mail, and nothing more until they confirm."""
    from domain.mail_address import normalised_address
    from mail.subscriptions import invite
    from queries.follows import checked_preferences

    with open_context(ctx, create=True) as context:
        normal = normalised_address(address)
        invite(context, normal, checked_preferences(context, frequency, mail_format, follow or ()))
        answer_requests(open_mail_service(context))
        typer.echo(f"asked {normal} to confirm")


@subscribers_app.command("confirm")
def subscribers_confirm(ctx: typer.Context, address: _Address) -> None:
    """Confirm for somebody who has told you so in another way; from then on they get digests."""
    from mail.subscriptions import confirm_for

    with open_context(ctx) as context:
        reader = confirm_for(context, address)
        typer.echo(f"{reader.address} gets {reader.preferences.frequency} digests from now on")


@subscribers_app.command("list")
def subscribers_list(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="pending, active, paused or unsubscribed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List all subscribers with what they follow."""
    from mail.subscriptions import all_subscribers

    states = ("pending", "active", "paused", "unsubscribed")
    if state is not None and state not in states:
        raise UsageError(f"--state {state}{did_you_mean(state, states, 'allowed are ' + ', '.join(states))}")
    with open_context(ctx) as context:
        found = all_subscribers(context, state)  # type: ignore[arg-type]  # checked above
    if as_json:
        print_json([_as_json(reader) for reader in found])
        return
    if not found:
        typer.echo(f"no subscriber is {state}" if state else "no subscribers yet")
    for reader in found:
        follows = ", ".join(str(f) for f in reader.preferences.follows) or "nothing in particular"
        p = reader.preferences
        typer.echo(f"{reader.address}  {reader.state}  {p.frequency}, {p.mail_format}; follows {follows}")


@subscribers_app.command("pause")
def subscribers_pause(
    ctx: typer.Context,
    address: _Address,
    resume: Annotated[bool, typer.Option("--resume", help="End the pause.")] = False,
) -> None:
    """Pause a subscription: nothing is sent until it is resumed."""
    from mail.subscriptions import pause
    from mail.subscriptions import resume as end_pause

    with open_context(ctx) as context:
        reader = (end_pause if resume else pause)(context, address)
        typer.echo(f"{reader.address} is {'active' if resume else 'paused'}")


@subscribers_app.command("remove")
def subscribers_remove(
    ctx: typer.Context,
    address: _Address,
    block: Annotated[bool, typer.Option("--block", help="Never mail the address again, not even to confirm.")] = False,
) -> None:
    """Delete a subscriber: address, preferences, links, and the record of what was sent."""
    from mail.subscriptions import remove

    with open_context(ctx) as context:
        normal = remove(context, address, block=block)
        typer.echo(f"{normal} is deleted" + (" and blocked" if block else ""))


@subscribers_app.command("allow")
def subscribers_allow(ctx: typer.Context, address: _Address) -> None:
    """Take an address off the list of suppressed addresses."""
    from mail.subscriptions import end_suppression

    with open_context(ctx) as context:
        typer.echo(f"{end_suppression(context, address)} can subscribe again")


@subscribers_app.command("export")
def subscribers_export(ctx: typer.Context, address: _Address) -> None:
    """Print all that is stored about one subscriber, as JSON."""
    from mail.subscriptions import data_of

    with open_context(ctx) as context:
        print_json(data_of(context, address))


def _as_json(reader: Subscriber) -> dict[str, Any]:
    return {
        "address": reader.address,
        "state": reader.state,
        "frequency": reader.preferences.frequency,
        "format": reader.preferences.mail_format,
        "follows": [str(f) for f in reader.preferences.follows],
        "confirmed_at": iso_instant(reader.confirmed_at, timespec="auto") if reader.confirmed_at else None,
    }
