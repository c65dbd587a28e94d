"""Commands under `papertide mail`: preview, test, bounces and explain."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import FollowOption, FormatOption, open_mail_service, require_folder_for

if TYPE_CHECKING:
    from domain.issues_and_deliveries import Issue
    from domain.subscription import Preferences
    from mail.service import MailService
    from runtime.context import AppContext


mail_app = typer.Typer(help="Preview and test mail, and read bounces.", rich_markup_mode=None)
mail_app.info.no_args_is_help = True


_IssueName = Annotated[
    str | None, typer.Option("--issue", help="2026-W25, or 2026-06 for a month; the newest week by default.")
]


def _issue(mail_service: MailService, name: str | None) -> Issue:
    from domain.issues_and_deliveries import Issue

    if name is not None:
        return Issue.parse(name)
    newest = mail_service.newest_issue()
    if newest is None:
        raise UsageError("there is no digest to send yet; `papertide run` makes one")
    return newest


def _preferences(context: AppContext, frequency: str, mail_format: str, follow: list[str] | None) -> Preferences:
    from queries.follows import checked_preferences

    return checked_preferences(context, frequency, mail_format, follow or ())


@mail_app.command("preview")
def mail_preview(
    ctx: typer.Context,
    out: Annotated[Path, typer.Option(help="File to write: .eml, or .html and .txt for one part of it.")] = Path(
        "preview.eml"
    ),
    issue: _IssueName = None,
    mail_format: FormatOption = "html",
    follow: FollowOption = None,
) -> None:
    """Write the mail that a reader with these choices would get; nothing is sent."""
    from mail.message import message_bytes
    from runtime.atomic_write import write_whole

    if out.suffix not in (".eml", ".html", ".txt"):
        raise UsageError(f"--out {out}: use .eml for the whole mail, .html or .txt for one part")
    require_folder_for(out)
    with open_context(ctx) as context:
        mail_service = open_mail_service(context)
        chosen = _issue(mail_service, issue)
        message = mail_service.preview(chosen, _preferences(context, chosen.frequency, mail_format, follow))
        html = message.html
        for picture in message.pictures:  # a single file has no attachments to refer to
            data = b64encode(picture.png).decode()
            html = html.replace(f"cid:{picture.name}@papertide", f"data:image/png;base64,{data}")
        parts = {".html": html.encode(), ".txt": message.text.encode()}
        write_whole(out, parts.get(out.suffix) or message_bytes(message, context.settings.mail, now=context.now()))
        service = context.settings.service
    typer.echo(f"written: {out}")
    if not service.base_url:
        typer.echo(f"its links begin with {service.address}; the setting service.base_url changes that", err=True)


@mail_app.command("test")
def mail_test(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(help="Where to send it.")],
    issue: _IssueName = None,
    follow: FollowOption = None,
) -> None:
    """Send the newest issue to one address as a test, or a short mail if there is no digest yet."""
    from dataclasses import replace

    from domain.mail_address import normalised_address
    from templates.mail_notice_wording import trial_notice

    with open_context(ctx, create=True) as context:
        normal, mail_service = normalised_address(address), open_mail_service(context)
        if mail_service.newest_issue() is not None:
            chosen = _issue(mail_service, issue)
            message = mail_service.preview(chosen, _preferences(context, chosen.frequency, "html", follow))
            # Its links do not work, so the header must not offer to unsubscribe with one click.
            mail_service.send(replace(message, to=normal, unsubscribe_url="", subject=f"Test: {message.subject}"))
        else:
            mail_service.send_notice(normal, trial_notice())
        where = (
            f"{context.settings.mail.host}:{context.settings.mail.port}"
            if context.settings.mail.transport == "smtp"
            else str(context.settings.data_dir / "mail")
        )
    typer.echo(f"sent to {where}")


@mail_app.command("bounces")
def mail_bounces(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A Maildir, or a folder of .eml files.")],
) -> None:
    """Read bounces and complaints, and suppress the addresses that take no mail."""
    from mail.bounces import our_domains, read_bounces

    with open_context(ctx) as context:
        counts = read_bounces(context.db, folder, domains=our_domains(context.settings), now=context.now())
    typer.echo(", ".join(f"{n} {what}" for what, n in counts.items()) or "no new reports")


@mail_app.command("explain")
def mail_explain(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Reports as files, one mail in each.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line for each file; docs/json.md describes it.")
    ] = False,
) -> None:
    """Explain what each bounce or complaint means for a subscription; nothing is changed."""
    from mail.bounces import our_domains, read_report, report_bytes

    with open_context(ctx) as context:
        domains = our_domains(context.settings)
        has_base_url = bool(context.settings.service.base_url)
    n_of_others = 0
    for file in files:
        try:
            content = report_bytes(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}") from error
        report = read_report(content, domains=domains)
        n_of_others += not report.message_key
        if as_json:
            explanation = {
                "file": str(file),
                "kind": report.kind,
                "key": report.message_key,
                "status": report.status,
                "why": report.why,
            }
            typer.echo(json.dumps(explanation, ensure_ascii=False))
            continue
        about = f"our mail {report.message_key}" if report.message_key else "no mail of ours, so it is ignored"
        typer.echo(f"{file}: {' '.join(filter(None, (report.kind, report.status)))}: {report.why}; about {about}")
    if n_of_others and not has_base_url:
        typer.echo(
            f"only mails whose Message-ID ends with @{domains[0]} are recognised as ours, because the setting "
            "service.base_url is not set; give the settings with which the mails were sent (--config)",
            err=True,
        )
