"""The commands about readers, mail, the scheduler and copies of the data."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import PapertideError, UsageError
from service.opened import opened_workshop

if TYPE_CHECKING:
    from domain.subscription import Issue, Preferences, Subscriber
    from service.post_office import PostOffice
    from service.workshop import Workshop

# What a command imports, it imports when it runs: `papertide --help` should not wait for pandas.

subscribers_app = typer.Typer(help="Readers by mail.", no_args_is_help=True, rich_markup_mode=None)
mail_app = typer.Typer(help="Look at mails before they go, and at what came back.", rich_markup_mode=None)
mail_app.info.no_args_is_help = True

_N_REFUSED = 50
_Json = Annotated[bool, typer.Option("--json", help="Print JSON; docs/json.md describes it.")]
_Address = Annotated[str, typer.Argument(help="The reader's address.")]
_Frequency = Annotated[str, typer.Option(help="weekly or monthly.")]
_Format = Annotated[str, typer.Option("--format", help="html or text.")]
_Follow = Annotated[
    list[str] | None,
    typer.Option(
        help="technique:KEY, theme:KEY, topic:NUMBER, category:NAME or search:WORDS; may be repeated.",
        metavar="KIND:WHAT",
    ),
]
_IssueName = Annotated[
    str | None, typer.Option("--issue", help="2026-W25, or 2026-06 for a month's; the newest week's by default.")
]


def register(app: typer.Typer) -> None:
    """Add the commands that stand by themselves."""
    app.command()(deliver)
    app.command()(scheduler)
    app.command()(backup)
    app.command()(restore)
    app.command()(export)


# -- readers


@subscribers_app.command("add")
def subscribers_add(
    context: typer.Context,
    address: _Address,
    frequency: _Frequency = "weekly",
    mail_format: _Format = "html",
    follow: _Follow = None,
) -> None:
    """Ask somebody to confirm a subscription: they get one mail, and nothing more unless they do."""
    from domain.subscription import normalised_address
    from service.subscriptions import checked_preferences
    from store.subscribers import add_request, suppressed_for

    with opened_workshop(context) as shop:
        normal = normalised_address(address)
        preferences = checked_preferences(shop, frequency, mail_format, follow or ())
        if reason := suppressed_for(shop.db, normal):
            raise UsageError(f"{normal} is left alone ({reason}); `papertide subscribers allow` ends that")
        add_request(shop.db, normal, preferences, network="command line", now=shop.now())
        _answer(_office(shop))
        typer.echo(f"asked {normal} to confirm")


@subscribers_app.command("confirm")
def subscribers_confirm(context: typer.Context, address: _Address) -> None:
    """Confirm for somebody who has told you so in another way; from now on they get digests."""
    from store.subscribers import confirm, suppressed_for

    with opened_workshop(context) as shop:
        reader = _reader(shop, address)
        if reason := suppressed_for(shop.db, reader.address):
            raise UsageError(f"{reader.address} is left alone ({reason}); `papertide subscribers allow` ends that")
        confirm(shop.db, reader.subscriber_id, None, now=shop.now())
        typer.echo(f"{reader.address} gets {reader.preferences.frequency} digests from now on")


@subscribers_app.command("list")
def subscribers_list(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="pending, active, paused or unsubscribed.")] = None,
    as_json: _Json = False,
) -> None:
    """Everybody who subscribed, with what they follow."""
    from store.subscribers import subscribers

    states = ("pending", "active", "paused", "unsubscribed")
    if state is not None and state not in states:
        raise UsageError(f"--state {state}: it is one of {', '.join(states)}")
    with opened_workshop(context) as shop:
        found = list(subscribers(shop.db, state))  # type: ignore[arg-type]  # checked above
    if as_json:
        _print_json([_as_json(reader) for reader in found])
        return
    for reader in found:
        follows = ", ".join(str(f) for f in reader.preferences.follows) or "nothing in particular"
        p = reader.preferences
        typer.echo(f"{reader.address}  {reader.state}  {p.frequency}, {p.mail_format}; follows {follows}")


@subscribers_app.command("pause")
def subscribers_pause(
    context: typer.Context,
    address: _Address,
    resume: Annotated[bool, typer.Option("--resume", help="End the pause.")] = False,
) -> None:
    """Send somebody nothing until they resume."""
    from store.subscribers import move

    with opened_workshop(context) as shop:
        reader = _reader(shop, address)
        of, to = ("paused", "active") if resume else ("active", "paused")
        if not move(shop.db, reader.subscriber_id, to=to, of=[of], now=shop.now()):  # type: ignore[arg-type, list-item]
            raise UsageError(f"{reader.address} is {reader.state}, not {of}")
        typer.echo(f"{reader.address} is {to}")


@subscribers_app.command("remove")
def subscribers_remove(
    context: typer.Context,
    address: _Address,
    block: Annotated[bool, typer.Option("--block", help="Never write to the address again, not even to ask.")] = False,
) -> None:
    """Forget somebody: address, preferences, links, and what was sent to them."""
    from domain.subscription import normalised_address
    from store.subscribers import delete_subscriber, subscriber_of, suppress

    with opened_workshop(context) as shop:
        normal = normalised_address(address)
        reader = subscriber_of(shop.db, normal)
        if reader is None and not block:
            raise UsageError(f"{normal} is nobody's here")
        if block:
            suppress(shop.db, normal, "blocked", now=shop.now())
        if reader is not None:
            delete_subscriber(shop.db, reader.subscriber_id)
        typer.echo(f"{normal} is forgotten" + (" and left alone" if block else ""))


@subscribers_app.command("allow")
def subscribers_allow(context: typer.Context, address: _Address) -> None:
    """Take an address off the list of those that are left alone."""
    from domain.subscription import normalised_address
    from store.subscribers import allow

    with opened_workshop(context) as shop:
        normal = normalised_address(address)
        if not allow(shop.db, normal):
            raise UsageError(f"{normal} is not on the list of those that are left alone")
        typer.echo(f"{normal} may be written to again, once somebody asks for it")


@subscribers_app.command("export")
def subscribers_export(context: typer.Context, address: _Address) -> None:
    """Print all that is stored about one reader, as JSON."""
    from store.subscribers import everything_about

    with opened_workshop(context) as shop:
        _print_json(everything_about(shop.db, _reader(shop, address).subscriber_id))


def _reader(shop: Workshop, address: str) -> Subscriber:
    from domain.subscription import normalised_address
    from store.subscribers import subscriber_of

    normal = normalised_address(address)
    reader = subscriber_of(shop.db, normal)
    if reader is None:
        raise UsageError(f"{normal} is nobody's here; `papertide subscribers list` lists all")
    return reader


def _as_json(reader: Subscriber) -> dict[str, Any]:
    return {
        "address": reader.address,
        "state": reader.state,
        "frequency": reader.preferences.frequency,
        "format": reader.preferences.mail_format,
        "follows": [str(f) for f in reader.preferences.follows],
        "confirmed_at": reader.confirmed_at.isoformat().replace("+00:00", "Z") if reader.confirmed_at else None,
    }


# -- mail


def _office(shop: Workshop) -> PostOffice:
    from service.post_office import PostOffice

    return PostOffice(shop)


def _answer(office: PostOffice) -> None:
    for _ in office.answer_requests():
        pass


def _issue(shop: Workshop, name: str | None) -> Issue:
    from domain.subscription import Issue
    from store.digests import published_weeks

    if name is not None:
        return Issue.parse(name)
    weeks = published_weeks(shop.db)
    if not weeks:
        raise UsageError("there is no digest to send yet; `papertide run` makes one")
    return Issue("weekly", weeks[-1])


def _preferences(shop: Workshop, frequency: str, mail_format: str, follow: list[str] | None) -> Preferences:
    from service.subscriptions import checked_preferences

    return checked_preferences(shop, frequency, mail_format, follow or ())


@mail_app.command("preview")
def mail_preview(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="File to write: .eml, or .html and .txt for one part of it.")] = Path(
        "preview.eml"
    ),
    issue: _IssueName = None,
    mail_format: _Format = "html",
    follow: _Follow = None,
) -> None:
    """Write the mail that a reader who follows this would get; nothing is sent."""
    from service.files import write_whole
    from service.mail import message_bytes

    if out.suffix not in (".eml", ".html", ".txt"):
        raise UsageError(f"--out {out}: a mail ends in .eml, its parts in .html and .txt")
    with opened_workshop(context) as shop:
        chosen = _issue(shop, issue)
        letter = _office(shop).preview(chosen, _preferences(shop, chosen.frequency, mail_format, follow))
        html = letter.html
        for picture in letter.pictures:  # in a file there is no mail that they are part of
            data = b64encode(picture.png).decode()
            html = html.replace(f"cid:{picture.name}@papertide", f"data:image/png;base64,{data}")
        parts = {".html": html.encode(), ".txt": letter.text.encode()}
        write_whole(out, parts.get(out.suffix) or message_bytes(letter, shop.settings.mail, now=shop.now()))
    typer.echo(f"written: {out}")


@mail_app.command("test")
def mail_test(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="Where to send it.")],
    issue: _IssueName = None,
    follow: _Follow = None,
) -> None:
    """Send the newest issue to one address as a test, or a short mail where there is no digest yet."""
    from dataclasses import replace

    from domain.subscription import normalised_address
    from store.digests import published_weeks
    from templates.mail import LetterWords

    with opened_workshop(context) as shop:
        normal, office = normalised_address(address), _office(shop)
        if published_weeks(shop.db):
            chosen = _issue(shop, issue)
            letter = office.preview(chosen, _preferences(shop, chosen.frequency, "html", follow))
            # Its links lead nowhere, so it must not promise a click that ends a subscription.
            office.send(replace(letter, to=normal, unsubscribe_url="", subject=f"Test: {letter.subject}"))
        else:
            words = LetterWords("Test of Papertide", "It works", ("Mails from Papertide reach this address.",))
            office.send_words(normal, words)
        where = (
            f"{shop.settings.mail.host}:{shop.settings.mail.port}"
            if shop.settings.mail.transport == "smtp"
            else str(shop.settings.data_dir / "mail")
        )
    typer.echo(f"handed to {where}")


@mail_app.command("bounces")
def mail_bounces(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A Maildir, or a folder of .eml files.")],
) -> None:
    """Read reports of failure, and leave alone the addresses that nobody has."""
    from service.bounces import our_domains, read_bounces

    with opened_workshop(context) as shop:
        counts = read_bounces(shop.db, folder, domains=our_domains(shop.settings), now=shop.now())
    typer.echo(", ".join(f"{n} {what}" for what, n in counts.items()) or "no new reports")


@mail_app.command("explain")
def mail_explain(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Reports as files, one mail in each.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line for each file; docs/json.md describes it.")
    ] = False,
) -> None:
    """Say what each report of failure means for a subscription, and why; nothing is changed."""
    from service.bounces import our_domains, read_report, report_bytes

    with opened_workshop(context) as shop:
        domains = our_domains(shop.settings)
    for file in files:
        try:
            content = report_bytes(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}") from error
        report = read_report(content, domains=domains)
        if as_json:
            answer = {
                "file": str(file),
                "kind": report.kind,
                "key": report.message_key,
                "status": report.status,
                "why": report.why,
            }
            typer.echo(json.dumps(answer, ensure_ascii=False))
            continue
        of = f"our mail {report.message_key}" if report.message_key else "no mail of ours, so it counts for nothing"
        typer.echo(f"{file}: {' '.join(filter(None, (report.kind, report.status)))}: {report.why}; about {of}")


def deliver(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")] = False,
    unsettled: Annotated[
        bool, typer.Option("--list", help="List deliveries of which nobody knows whether they arrived.")
    ] = False,
    arrived: Annotated[
        list[int] | None, typer.Option(help="Such a delivery has arrived, says the mail server's log.")
    ] = None,
    again: Annotated[list[int] | None, typer.Option(help="Such a delivery has not arrived: send it again.")] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="List the newest mails that were not taken, with the server's replies.")
    ] = False,
) -> None:
    """Send what is due, and what is open of an issue that was given up: every issue once to every reader."""
    from store.deliveries import open_issues, refused_deliveries, settle
    from store.deliveries import unsettled as unsettled_deliveries
    from store.runs import reopen_run, runs_of

    with opened_workshop(context) as shop:
        office = _office(shop)
        by_id = {d.delivery_id: (d, address) for d, address in unsettled_deliveries(shop.db)}
        for chosen, did_arrive in ((arrived or [], True), (again or [], False)):
            for delivery_id in chosen:
                settle(shop.db, delivery_id, arrived=did_arrive, now=shop.now())
                if not did_arrive:
                    reopen_run(shop.db, "delivery", by_id[delivery_id][0].issue)
        if unsettled:
            for delivery, address in unsettled_deliveries(shop.db):
                typer.echo(f"{delivery.delivery_id}  {delivery.issue}  {address}  {delivery.message_key}")
            return
        if refused:
            for delivery, address in refused_deliveries(shop.db, limit=_N_REFUSED):
                typer.echo(f"{delivery.delivery_id}  {delivery.issue}  {address}  {delivery.state}: {delivery.problem}")
            return
        if dry_run:
            _say_due(shop, office)
            return
        ledger = runs_of(shop.db, "delivery")
        for issue in open_issues(shop.db):
            if issue in ledger and ledger[issue].state == "given up":
                reopen_run(shop.db, "delivery", issue)
        if not deliver_due(shop):
            due = ", ".join(office.due_issues())
            typer.echo(f"{due}: another process is at it, or it is tried again later" if due else "nothing is due")


def deliver_due(shop: Workshop) -> bool:
    """Send what is due and say what became of it; whether there was anything.

    Raises
    ------
    PapertideError
        If it could not be done; it will be tried again.
    """
    from scheduler.jobs import run_due
    from service.jobs import jobs_of
    from store.deliveries import delivery_counts

    office = _office(shop)
    job = next(job for job in jobs_of(office) if job.name == "delivery")
    ended = list(run_due(shop.db, job, clock=shop.now))
    counts = delivery_counts(shop.db)
    for end in ended:
        states = ", ".join(f"{n} {state}" for state, n in sorted(counts.get(end.period, {}).items()))
        typer.echo(f"{end.period}: {states or 'nobody reads it by mail'}")
    failed = [end for end in ended if end.state in ("failed", "given up")]
    if failed:
        raise PapertideError(": ".join(filter(None, (failed[0].period, failed[0].message, failed[0].detail))))
    return bool(ended)


def _say_due(shop: Workshop, office: PostOffice) -> None:
    from domain.subscription import Issue
    from store.deliveries import open_until, planned_issues
    from store.subscribers import subscribers

    planned = planned_issues(shop.db)
    due = office.due_issues()
    for name in due:
        issue = Issue.parse(name)
        n = (
            open_until(shop.db, name)[0]
            if name in planned
            else sum(r.preferences.frequency == issue.frequency for r in subscribers(shop.db, "active"))
        )
        typer.echo(f"{name}: {n} mails would be sent")
    if not due:
        typer.echo("nothing is due")


# -- the process that does everything


def scheduler(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, and end.")] = False,
) -> None:
    """Do every job when it is due, until it is stopped: harvest, digest, delivery, backup, clean-up."""
    from service.jobs import run_once
    from service.scheduler_process import run_scheduler

    with opened_workshop(context) as shop:
        office = _office(shop)
        if once:
            _answer(office)
            failed = 0
            for ended in run_once(office):
                typer.echo(f"{ended.job} {ended.period}: {ended.state}" + (f", {ended.message}" * bool(ended.message)))
                failed += ended.state in ("failed", "given up")
            if failed:
                raise PapertideError(f"{failed} jobs failed; `papertide status` shows when they are tried again")
            return
        run_scheduler(office)


# -- copies


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; one that is there is replaced.")],
) -> None:
    """Copy the database into one file, while everything runs."""
    from store.backup import back_up

    with opened_workshop(context) as shop:
        back_up(shop.db, file)
    typer.echo(f"backed up to {file}; `papertide restore` brings it back")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `papertide backup` wrote.")],
    with_readers: Annotated[
        bool,
        typer.Option("--with-readers", help="Readers too as they were then; what was sent since may go out again."),
    ] = False,
) -> None:
    """Put a backup in the place of the database, while nothing runs; what was there is kept beside it.

    Readers, and what they were sent, stay as they are now.
    """
    from contextlib import ExitStack, suppress

    from sqlalchemy import make_url

    from domain.errors import StoreError
    from scheduler.lease import nobody_else
    from service.post_office import DELIVERY_LEASE, LETTERS_LEASE
    from service.workshop import LEASE
    from store.backup import keep_readers
    from store.backup import restore as put_back
    from store.database import open_database

    with opened_workshop(context) as shop:
        url = make_url(shop.settings.store_url)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise UsageError("PostgreSQL has its own way: pg_restore --clean --dbname=URL FILE")
        place = Path(url.database)
        with ExitStack() as held:
            if place.exists():
                # Refused while somebody works on it. A damaged database cannot be asked, and is replaced all the same.
                with suppress(StoreError):
                    held.enter_context(nobody_else(shop.db, (LEASE, DELIVERY_LEASE, LETTERS_LEASE), clock=shop.clock))
            if "db" in vars(shop):
                shop.db.close()
            replaced = put_back(file, place)
            open_database(shop.settings.store_url).close()
    typer.echo(f"restored {place} from {file}")
    if with_readers or replaced is None:
        typer.echo("readers are as they were then: look at `papertide deliver --dry-run` before mails go out")
        return
    try:
        n_readers = keep_readers(place, replaced)
    except StoreError as error:
        message = f"readers are as they were then, issues sent since would go out again: {error}"
        raise StoreError(message) from error
    typer.echo(f"{n_readers:,} readers, and what they were sent, stay as they were before")


def export(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="The folder to write into.")],
) -> None:
    """Write all public data as CSV and JSON: papers, detections, topics, weekly counts, digests. No reader is in it."""
    from service.export import export_public

    with opened_workshop(context) as shop:
        for line in export_public(shop, folder):
            typer.echo(line)


def _print_json(answer: Any) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False))
