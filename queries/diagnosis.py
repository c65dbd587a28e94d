"""Whether everything that Papertide needs is there, and what to do where it is not."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from analysis.sentence_encoder import model_name
from domain.errors import PapertideError, SourcePaused
from domain.week import iso_instant, last_closed_week
from ingest.harvest import window_of
from ingest.query_api_client import ArxivClient
from mail.smtp_transport import SmtpTransport
from queries.results import Check, CheckState, Diagnosis
from runtime.context import AppContext, papertide_version
from runtime.settings import Settings
from store.database import DatabaseHealth, database_health
from store.embeddings import embedding_counts
from store.papers import holds_made_up
from store.windows import newest_week_held

FREE_PROBLEM, FREE_WARNING = 200 * 2**20, 2 * 2**30
"""Free bytes of the disk below which something is wrong, or soon will be."""
CLOCK_TOLERANCE = timedelta(minutes=10)
ANSWER_AGE = timedelta(hours=26)
"""How old an answer of arXiv may be: its query service keeps answers for a day."""
RELEASED_AT = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
"""No machine that runs this has an earlier time."""


def diagnosis(settings: Settings, *, offline: bool) -> Diagnosis:
    """A check of each thing that Papertide needs. Nothing is created or migrated.

    Parameters
    ----------
    settings : all settings.
    offline : send nothing to arXiv and to the mail server. Otherwise arXiv is sent one request, through the rate
        limiter that all processes of the database share.
    """
    health, database = _database(settings)
    is_open = health is not None and health.schema_version == health.expected_version and health.damage is None
    with AppContext(settings, create=False) as context:
        of_data = context if is_open else None
        checks = (
            _settings(settings),
            _versions(),
            _shared_packages(packages_distributions()),
            database,
            _model(settings, of_data),
            _disk(settings.data_dir, health),
            _clock(context, of_data),
            *(_arxiv(settings, of_data) if not offline else (_skipped("arxiv"),)),
            _mail(settings, offline=offline),
        )
    return Diagnosis(_worst(checks), checks)


def settings_problem(message: str) -> Diagnosis:
    """The diagnosis where the settings cannot be read, so that nothing else can be checked."""
    return Diagnosis("problem", (Check("settings", "problem", message, "correct it; docs/settings.md lists them all"),))


def _worst(checks: tuple[Check, ...]) -> CheckState:
    states = {check.state for check in checks}
    return "problem" if "problem" in states else "warning" if "warning" in states else "ok"


def _skipped(name: str) -> Check:
    return Check(name, "ok", "not asked, because of --offline", "")


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:,.1f} GB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:,.0f} MB"


def _settings(settings: Settings) -> Check:
    if not settings.arxiv.contact:
        advice = "set arxiv.contact to your mail address, so that arXiv can write to you before it blocks you"
        return Check("settings", "warning", "read; arxiv.contact is empty", advice)
    return Check("settings", "ok", f"read; {len(settings.categories)} categories, data in {settings.data_dir}", "")


def _versions() -> Check:
    found = f"papertide {papertide_version()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    wrong = []
    for line in requires("papertide") or ():
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(installed, prereleases=True):
            wrong.append(f"{requirement.name} is {installed}, not {requirement.specifier}")
    if wrong:
        return Check(
            "versions", "problem", f"{found}; {', '.join(wrong[:5])}", "install Papertide again: `make install`"
        )
    return Check("versions", "ok", found, "")


def _shared_packages(by_package: Mapping[str, Sequence[str]]) -> Check:
    """Whether another distribution has a package of the same name as one of ours; distributions by package."""
    shared = [
        f"{package} ({', '.join(sorted(set(names) - {'papertide'}))})"
        for package, names in sorted(by_package.items())
        if "papertide" in names and set(names) != {"papertide"}
    ]
    if shared:
        advice = "install Papertide into an environment of its own"
        return Check(
            "packages", "problem", f"other distributions have packages of the same name: {', '.join(shared)}", advice
        )
    return Check("packages", "ok", "no other distribution has a package of the same name", "")


def _database(settings: Settings) -> tuple[DatabaseHealth | None, Check]:
    try:
        health = database_health(settings.store_url)
    except PapertideError as error:
        return None, Check("database", "problem", str(error), "check database_url, data_dir and their permissions")
    if health.size_bytes is None:
        return health, Check("database", "warning", "there is none yet", "`papertide run` or `papertide up` makes it")
    what = f"{health.kind}, {_size(health.size_bytes)}, schema {health.schema_version or 'none'}"
    if health.damage is not None:
        return health, Check(
            "database", "problem", f"{what}; damaged: {health.damage}", "restore a backup: `papertide restore`"
        )
    if health.schema_version != health.expected_version:
        is_newer = (health.schema_version or "") > health.expected_version
        advice = (
            "install the newer Papertide" if is_newer else "`papertide status` brings it up to date; back it up first"
        )
        state: CheckState = "problem" if is_newer else "warning"
        return health, Check("database", state, f"{what}, this Papertide has {health.expected_version}", advice)
    return health, Check("database", "ok", f"{what}, sound", "")


def _model(settings: Settings, context: AppContext | None) -> Check:
    try:
        name = model_name(settings.embedding)
    except PapertideError as error:
        return Check("model", "problem", str(error), "`make install`, or correct embedding.model")
    counts = embedding_counts(context.db) if context else {}
    stored = context.embedding_model_id if context else None
    number_type = stored.rpartition("/")[2] if stored else f"{settings.embedding.number_type}, chosen on first use"
    if counts and stored is None:
        others = ", ".join(sorted(counts))
        advice = "use the stored model again, or another data_dir: otherwise every paper is embedded again"
        return Check("model", "warning", f"{name}; the stored vectors are of {others}", advice)
    return Check("model", "ok", f"{name}, sha256 as expected, {number_type}", "")


def _disk(folder: Path, health: DatabaseHealth | None) -> Check:
    place = next((path for path in (folder, *folder.absolute().parents) if path.is_dir()), None)
    if place is None or not os.access(place, os.W_OK):
        return Check("disk", "problem", f"{folder} cannot be written", "give the user that runs Papertide the folder")
    free, size = shutil.disk_usage(place).free, (health.size_bytes or 0) if health else 0
    found = f"{_size(free)} free at {folder}"
    if free < FREE_PROBLEM:
        return Check("disk", "problem", found, "free some space; nothing stored is lost meanwhile")
    if free < max(FREE_WARNING, 2 * size):
        return Check("disk", "warning", found, "free some space: a backup and an upgrade need as much as the database")
    return Check("disk", "ok", found, "")


def _clock(context: AppContext, of_data: AppContext | None) -> Check:
    now = context.clock()
    if context.settings.now is not None:
        return Check(
            "clock", "warning", f"the setting now is {iso_instant(context.now())}", "remove it to live in the present"
        )
    newest = newest_week_held(of_data.db, context.settings.categories) if of_data else None
    is_made_up = of_data is not None and holds_made_up(of_data.db)
    if now < RELEASED_AT or (newest is not None and not is_made_up and now < newest.start_at):
        return Check("clock", "problem", f"{iso_instant(now)} is before what is stored", "set the clock; use NTP")
    return Check("clock", "ok", iso_instant(now), "")


def _arxiv(settings: Settings, context: AppContext | None) -> tuple[Check, ...]:
    """Whether arXiv answers, and whether its clock agrees with ours; one request."""
    if context is not None and not context.can_harvest:
        return (Check("arxiv", "ok", "not asked: the stored papers are the demo's", ""),)
    once = settings.arxiv.model_copy(update={"max_tries": 1})
    limiter = context.rate_limiter if context is not None else None
    client = ArxivClient(once, product=f"papertide/{papertide_version()}", rate_limiter=limiter)
    now = context.clock() if context is not None else AppContext(settings).clock()
    try:
        page = client.page(window_of(last_closed_week(now)), settings.categories, start=0, size=1)
    except SourcePaused as error:
        return (Check("arxiv", "warning", str(error), "wait until then; Papertide does so by itself"),)
    except PapertideError as error:
        advice = "check the network, a proxy, and arxiv.api_url; `papertide status` lists what arXiv answered"
        return (Check("arxiv", "problem", str(error), advice),)
    finally:
        client.close()
    answers = Check("arxiv", "ok", f"answers; {page.n_total:,} papers in the last closed week", "")
    if not -ANSWER_AGE < page.answered_at - now < CLOCK_TOLERANCE:
        found = f"arXiv's clock has {iso_instant(page.answered_at)}, this machine's {iso_instant(now)}"
        return answers, Check("clock of arXiv", "warning", found, "set this machine's clock; use NTP")
    return (answers,)


def _mail(settings: Settings, *, offline: bool) -> Check:
    mail = settings.mail
    if mail.transport == "folder":
        return Check("mail", "ok", f"not sent: mails are written to {settings.data_dir / 'mail'}", "")
    server = f"{mail.host}:{mail.port}"
    if offline:
        return Check("mail", "ok", f"{server}, not asked, because of --offline", "")
    try:
        SmtpTransport(mail).check()
    except PapertideError as error:
        return Check(
            "mail", "problem", str(error), "check mail.host, mail.port, mail.security, mail.user and mail.password"
        )
    return Check("mail", "ok", f"{server} accepts the login" if mail.user else f"{server} answers", "")
