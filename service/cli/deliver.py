"""Command `deliver`: sends the issues that are due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import PapertideError
from service.cli.context import open_context
from service.cli.output_options import open_mail_service

if TYPE_CHECKING:
    from mail.service import MailService
    from runtime.context import AppContext
    from scheduler.run_due_jobs import Ended


def answer_requests(mail_service: MailService) -> None:
    """Reply to all waiting requests from the subscription form."""
    for _ in mail_service.answer_requests():
        pass


def deliver(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent; send nothing.")] = False,
    uncertain: Annotated[
        bool, typer.Option("--list", help="List deliveries that may or may not have arrived.")
    ] = False,
    arrived: Annotated[
        list[int] | None,
        typer.Option(help="Number of such a delivery that has arrived, by the mail server's log."),
    ] = None,
    again: Annotated[
        list[int] | None, typer.Option(help="Number of such a delivery that has not arrived, to send it again.")
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="List the newest refused mails with the server's replies.")
    ] = False,
) -> None:
    """Send every due issue once to every reader, including what is left of an issue that was given up."""
    from mail.deliveries_for_operator import (
        refused_deliveries,
        reopen_given_up,
        resolve_uncertain,
        uncertain_deliveries,
    )

    with open_context(ctx) as context:
        mail_service = open_mail_service(context)
        for delivery_id in arrived or ():
            resolve_uncertain(context, delivery_id, arrived=True)
        for delivery_id in again or ():
            resolve_uncertain(context, delivery_id, arrived=False)
        if uncertain:
            for delivery, address in uncertain_deliveries(context):
                typer.echo(f"{delivery.delivery_id}  {delivery.issue}  {address}  {delivery.message_key}")
            return
        if refused:
            for delivery, address in refused_deliveries(context):
                typer.echo(f"{delivery.delivery_id}  {delivery.issue}  {address}  {delivery.state}: {delivery.problem}")
            return
        if dry_run:
            _print_due(context, mail_service)
            return
        reopen_given_up(context)
        ended = deliver_due(context)
        print_deliveries(context, ended)
        check_deliveries(ended)
        if not ended:
            due = ", ".join(mail_service.due_issues())
            typer.echo(f"{due}: another process is sending, or it will be tried later" if due else "nothing is due")


def deliver_due(context: AppContext) -> list[Ended]:
    """Send what is due; returns how each issue ended."""
    from mail.deliveries_for_operator import DELIVERY_JOB
    from scheduler.job_list import jobs_of
    from scheduler.run_due_jobs import run_due

    job = next(job for job in jobs_of(open_mail_service(context)) if job.name == DELIVERY_JOB)
    return list(run_due(context.db, job, clock=context.now))


def print_deliveries(context: AppContext, ended: Sequence[Ended]) -> None:
    """Print a line for each issue: how many of its mails are in which state."""
    from mail.deliveries_for_operator import count_deliveries

    counts = count_deliveries(context) if ended else {}
    for end in ended:
        states = ", ".join(f"{n} {state}" for state, n in sorted(counts.get(end.period, {}).items()))
        typer.echo(f"{end.period}: {states or 'no subscriber gets it by mail'}")


def check_deliveries(ended: Iterable[Ended]) -> None:
    """Raise the first failure among deliveries.

    Raises
    ------
    PapertideError
        If one failed; it will be tried again.
    """
    for end in ended:
        if end.state in ("failed", "given up"):
            raise PapertideError(": ".join(filter(None, (end.period, end.message, end.detail))))


def _print_due(context: AppContext, mail_service: MailService) -> None:
    from mail.deliveries_for_operator import count_unsent
    from templates.number_text import plain_plural

    due = mail_service.due_issues()
    for name in due:
        n_unsent = count_unsent(context, name)
        typer.echo(f"{name}: {plain_plural(n_unsent, 'mail')} would be sent")
    if not due:
        typer.echo("nothing is due")
