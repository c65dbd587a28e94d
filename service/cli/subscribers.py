"""Commands under `papertide subscribers`: add, confirm, list, pause, remove, allow and export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import UsageError
from domain.week import iso_instant
from service.cli.context import open_context
from service.cli.deliver import answer_requests
from service.cli.options import FollowOption, FormatOption, JsonOption, open_mail_service, print_json

if TYPE_CHECKING:
    from domain.subscription import Subscriber
    from runtime.context import AppContext


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
    from domain.subscription import normalised_address
    from mail.subscriptions import checked_preferences
    from store.subscribers import add_request, suppression_reason

    with open_context(ctx) as context:
        normal = normalised_address(address)
        preferences = checked_preferences(context, frequency, mail_format, follow or ())
        if reason := suppression_reason(context.db, normal):
            raise UsageError(f"{normal} is suppressed ({reason}); `papertide subscribers allow` ends that")
        add_request(context.db, normal, preferences, network="command line", now=context.now())
        answer_requests(open_mail_service(context))
        typer.echo(f"asked {normal} to confirm")


@subscribers_app.command("confirm")
def subscribers_confirm(ctx: typer.Context, address: _Address) -> None:
    """Confirm for somebody who has told you so in another way; from then on they get digests."""
    from store.subscribers import confirm, suppression_reason

    with open_context(ctx) as context:
        reader = _reader(context, address)
        if reason := suppression_reason(context.db, reader.address):
            raise UsageError(f"{reader.address} is suppressed ({reason}); `papertide subscribers allow` ends that")
        confirm(context.db, reader.subscriber_id, None, now=context.now())
        typer.echo(f"{reader.address} gets {reader.preferences.frequency} digests from now on")


@subscribers_app.command("list")
def subscribers_list(
    ctx: typer.Context,
    state: Annotated[str | None, typer.Option(help="pending, active, paused or unsubscribed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List all subscribers with what they follow."""
    from store.subscribers import subscribers

    states = ("pending", "active", "paused", "unsubscribed")
    if state is not None and state not in states:
        raise UsageError(f"--state {state}: allowed are {', '.join(states)}")
    with open_context(ctx) as context:
        found = list(subscribers(context.db, state))  # type: ignore[arg-type]  # checked above
    if as_json:
        print_json([_as_json(reader) for reader in found])
        return
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
    from store.subscribers import change_state

    with open_context(ctx) as context:
        reader = _reader(context, address)
        of, to = ("paused", "active") if resume else ("active", "paused")
        if not change_state(context.db, reader.subscriber_id, to=to, of=[of], now=context.now()):  # type: ignore[arg-type, list-item]
            raise UsageError(f"{reader.address} is {reader.state}, not {of}")
        typer.echo(f"{reader.address} is {to}")


@subscribers_app.command("remove")
def subscribers_remove(
    ctx: typer.Context,
    address: _Address,
    block: Annotated[bool, typer.Option("--block", help="Never mail the address again, not even to confirm.")] = False,
) -> None:
    """Delete a subscriber: address, preferences, links, and the record of what was sent."""
    from domain.subscription import normalised_address
    from store.subscribers import delete_subscriber, subscriber_by_address, suppress

    with open_context(ctx) as context:
        normal = normalised_address(address)
        reader = subscriber_by_address(context.db, normal)
        if reader is None and not block:
            raise UsageError(f"{normal} has no subscription")
        if block:
            suppress(context.db, normal, "blocked", now=context.now())
        if reader is not None:
            delete_subscriber(context.db, reader.subscriber_id)
        typer.echo(f"{normal} is deleted" + (" and blocked" if block else ""))


@subscribers_app.command("allow")
def subscribers_allow(ctx: typer.Context, address: _Address) -> None:
    """Take an address off the list of suppressed addresses."""
    from domain.subscription import normalised_address
    from store.subscribers import allow

    with open_context(ctx) as context:
        normal = normalised_address(address)
        if not allow(context.db, normal):
            raise UsageError(f"{normal} is not suppressed")
        typer.echo(f"{normal} can subscribe again")


@subscribers_app.command("export")
def subscribers_export(ctx: typer.Context, address: _Address) -> None:
    """Print all that is stored about one subscriber, as JSON."""
    from store.subscribers import subscriber_export

    with open_context(ctx) as context:
        print_json(subscriber_export(context.db, _reader(context, address).subscriber_id))


def _reader(context: AppContext, address: str) -> Subscriber:
    from domain.subscription import normalised_address
    from store.subscribers import subscriber_by_address

    normal = normalised_address(address)
    reader = subscriber_by_address(context.db, normal)
    if reader is None:
        raise UsageError(f"{normal} has no subscription; `papertide subscribers list` lists all")
    return reader


def _as_json(reader: Subscriber) -> dict[str, Any]:
    return {
        "address": reader.address,
        "state": reader.state,
        "frequency": reader.preferences.frequency,
        "format": reader.preferences.mail_format,
        "follows": [str(f) for f in reader.preferences.follows],
        "confirmed_at": iso_instant(reader.confirmed_at, timespec="auto") if reader.confirmed_at else None,
    }
