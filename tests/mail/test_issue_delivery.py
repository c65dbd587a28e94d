"""From published digests to mails: one to each reader, and to nobody else."""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from random import Random

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from domain.embeddings import Embeddings
from domain.errors import (
    DeliveryError,
    FailureKind,
    MailServerUnavailable,
    PostponedError,
    StoreError,
    TooManyRequests,
    UsageError,
)
from domain.harvest import HarvestedWindow
from domain.issues_and_deliveries import Issue
from domain.mail_message import MailMessage
from domain.paper import Paper
from domain.subscription import Follow, Preferences, Subscriber
from domain.week import Week
from ingest.harvest import plan_harvest, window_of
from mail.bounces import read_bounces, read_report
from mail.deliveries_for_operator import (
    count_unsent,
    refused_deliveries,
    reopen_given_up,
    resolve_uncertain,
    uncertain_deliveries,
)
from mail.folder_transport import FolderTransport
from mail.service import MailService
from mail.subscriptions import (
    act,
    block,
    change,
    confirm_subscription,
    open_link,
    own_data,
    request_mail,
    unsubscribe,
)
from pipeline import stages
from pipeline.detection import detect_missing
from pipeline.weekly_tables import refresh_tables
from queries.follows import checked_preferences
from runtime.context import AppContext
from runtime.mail_settings import MailSettings
from runtime.settings import Settings
from scheduler.job_list import jobs_of
from scheduler.run_due_jobs import run_due
from store.deliveries import delivery_counts, delivery_outcomes, note_report, papers_sent_to
from store.embeddings import add_embeddings
from store.job_runs import runs_of
from store.papers import apply_harvest
from store.reading_records import add_decision, add_reader, add_scan
from store.schema import digest, job_run
from store.subscribers import add_pending, change_state, confirm, delete_subscriber, subscriber_by_address
from store.suppressed_addresses import suppress, suppression_reason

WEEK = Week.parse("2026-W25")
NOW = WEEK.end_at + timedelta(days=1, hours=12)
MODEL = "test-model@1/float32"
HOSTILE = '<script>alert(1)</script> "quoted" & \u202eturned $\\frac{1}$'
Make = Callable[..., Paper]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory, make_paper: Make) -> Iterator[AppContext]:
    """Six closed weeks of papers with vectors, the newest three with digests. Each test has its own readers."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("context"), now=NOW, mail=MailSettings(sender="digest@papertide.example")
    )
    context = AppContext(settings)
    db, number = context.db, 0
    random = np.random.default_rng(5)
    for n in range(5, -1, -1):
        week = WEEK.plus(-n)
        papers = []
        for i in range(60):
            number += 1
            at = week.start_at + timedelta(hours=i)
            title = HOSTILE if i == 7 else f"A diffusion model for subject {number}" if i % 3 else f"Subject {number}"
            abstract = "We propose a latent diffusion model." if i % 3 else "We look at other things."
            papers.append(make_paper(number, title=title, abstract=abstract, submitted_at=at, updated_at=at))
        came = HarvestedWindow(window_of(week), settings.categories, tuple(papers), len(papers), None, NOW)
        apply_harvest(db, plan_harvest(papers, {}), came, seen_at=NOW)
        vectors = random.normal(size=(len(papers), 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        add_embeddings(db, Embeddings(tuple(p.arxiv_id for p in papers), vectors, MODEL))
    detector = Detector(load_taxonomy(None))
    for _ in detect_missing(db, detector.detector_id, detector.detect):
        pass
    for _ in refresh_tables(db, detector.detector_id, None, settings.categories, now=NOW):
        pass
    for week in (WEEK.plus(-2), WEEK.plus(-1), WEEK):
        for _ in stages.publish(context, week):
            pass
    yield context
    db.close()


class Outbox:
    """A transport that records its mails, and fails as told."""

    is_idempotent = False

    def __init__(self) -> None:
        self.messages: list[MailMessage] = []
        self.before: dict[str, DeliveryError] = {}
        self.after: dict[str, DeliveryError] = {}

    def send(self, mail: MailMessage, *, now: object, before_commit: Callable[[], bool]) -> bool:
        if mail.to in self.before:
            raise self.before[mail.to]
        if not before_commit():
            return False
        if mail.to in self.after:
            raise self.after[mail.to]
        self.messages.append(mail)
        return True

    def close(self) -> None:
        pass

    def to(self, address: str) -> list[MailMessage]:
        return [mail for mail in self.messages if mail.to == address]


class Numbers:
    """Tokens and keys that a seed repeats."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def token(self) -> str:
        return f"{self._random.getrandbits(192):048x}"

    def key(self) -> str:
        return f"{self._random.getrandbits(128):032x}"


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def mail_service(context: AppContext, outbox: Outbox, tmp_path: Path) -> Iterator[MailService]:
    """A mail service on a copy of the database, so that tests do not share readers."""
    from store.backup import back_up

    copy = tmp_path / "papertide.sqlite"
    back_up(context.db, copy)
    settings = context.settings.model_copy(update={"data_dir": tmp_path})
    own = AppContext(settings)
    numbers = Numbers(1)
    yield MailService(
        own,
        transport=lambda: outbox,
        random_token=numbers.token,
        random_key=numbers.key,
        sleep=lambda _: None,
    )
    own.db.close()


def _reader(mail_service: MailService, name: str, *follows: str, mail_format: str = "html") -> Subscriber:
    preferences = Preferences("weekly", mail_format, tuple(Follow.parse(f) for f in follows))  # type: ignore[arg-type]
    reader = add_pending(mail_service.context.db, f"{name}@example.org", preferences, now=NOW)
    confirm(mail_service.context.db, reader.subscriber_id, None, now=NOW)
    return reader


def _deliver(mail_service: MailService) -> list[tuple[str, str]]:
    [job] = [job for job in jobs_of(mail_service) if job.name == "delivery"]
    return [(e.period, e.state) for e in run_due(mail_service.context.db, job, clock=mail_service.context.now)]


def _later(mail_service: MailService, **more: float) -> MailService:
    """The same mail service at another time."""
    context = mail_service.context
    settings = context.settings.model_copy(update={"now": context.now() + timedelta(**more)})
    mail_service.context = AppContext(settings, db=context.db)
    return mail_service


def test_every_active_reader_gets_the_issue_once_and_nobody_else_does(
    mail_service: MailService, outbox: Outbox
) -> None:
    for name in ("ada", "ben"):
        _reader(mail_service, name)
    add_pending(mail_service.context.db, "pending@example.org", Preferences(), now=NOW)
    paused = _reader(mail_service, "paused")
    change_state(mail_service.context.db, paused.subscriber_id, to="paused", of=["active"], now=NOW)
    assert mail_service.due_issues() == ["2026-W25"]
    assert _deliver(mail_service) == [("2026-W25", "done")]
    assert _deliver(mail_service) == []
    assert sorted(mail.to for mail in outbox.messages) == ["ada@example.org", "ben@example.org"]
    assert delivery_counts(mail_service.context.db) == {"2026-W25": {"sent": 2}}


def test_a_passing_failure_is_retried_and_a_bad_address_is_suppressed(
    mail_service: MailService, outbox: Outbox
) -> None:
    for name in ("ada", "ben", "cyd"):
        _reader(mail_service, name)
    outbox.before["ada@example.org"] = DeliveryError("450 later")
    outbox.before["ben@example.org"] = DeliveryError("550 5.1.1 nobody", permanent=True, kind="failed")
    outbox.after["cyd@example.org"] = DeliveryError("no answer", uncertain=True)
    assert _deliver(mail_service) == [("2026-W25", "waiting")]
    # Refused before the server took a mail from anybody: it may refuse everybody.
    assert suppression_reason(mail_service.context.db, "ben@example.org") is None
    assert delivery_counts(mail_service.context.db) == {"2026-W25": {"due": 2, "uncertain": 1}}
    assert _deliver(mail_service) == []
    del outbox.before["ada@example.org"]
    assert _deliver(_later(mail_service, minutes=6)) == [("2026-W25", "done")]
    assert suppression_reason(mail_service.context.db, "ben@example.org") == "bounced"
    assert delivery_counts(mail_service.context.db) == {"2026-W25": {"sent": 1, "failed": 1, "uncertain": 1}}
    assert [mail.to for mail in outbox.messages] == ["ada@example.org"]
    assert [address for _, address in uncertain_deliveries(mail_service.context)] == ["cyd@example.org"]


def test_an_unavailable_server_ends_the_job_and_counts_as_no_ones_failure(
    mail_service: MailService, outbox: Outbox
) -> None:
    for name in ("ada", "ben"):
        _reader(mail_service, name)
    outbox.before["ada@example.org"] = MailServerUnavailable("connection refused")
    assert _deliver(mail_service) == [("2026-W25", "failed")]
    assert outbox.messages == []
    outbox.before.clear()
    assert _deliver(_later(mail_service, minutes=6)) == [("2026-W25", "done")]
    assert len(outbox.messages) == 2


@pytest.mark.slow
def test_an_outage_of_two_days_delays_an_issue_and_loses_no_mail(mail_service: MailService, outbox: Outbox) -> None:
    for name in ("ada", "ben"):
        _reader(mail_service, name)
    outbox.before["ada@example.org"] = MailServerUnavailable("connection refused")
    for _ in range(20):
        assert _deliver(mail_service) == [("2026-W25", "failed")]
        _later(mail_service, hours=6)
    outbox.before.clear()
    assert _deliver(mail_service) == [("2026-W25", "done")]
    assert len(outbox.messages) == 2


def test_a_database_that_is_busy_for_a_moment_loses_no_readers_issue(
    mail_service: MailService, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> bool:
        raise StoreError("the database is locked")

    _reader(mail_service, "ada")
    with monkeypatch.context() as patched:
        patched.setattr("mail.issue_delivery.mark_handing", busy)
        assert _deliver(mail_service) == [("2026-W25", "failed")]
    assert delivery_counts(mail_service.context.db) == {"2026-W25": {"claimed": 1}}
    assert _deliver(_later(mail_service, minutes=6)) == [("2026-W25", "done")]
    assert len(outbox.messages) == 1


def test_a_week_without_a_digest_is_due_even_if_a_later_week_has_one(mail_service: MailService) -> None:
    with mail_service.context.db.write() as connection:
        connection.execute(delete(digest).where(digest.c.week_start == WEEK.plus(-1).monday))
    _later(mail_service, days=7)
    [job] = [job for job in jobs_of(mail_service) if job.name == "digest"]
    assert job.periods(mail_service.context.now(), {}) == ["2026-W24", "2026-W26"]


def _deliver_three(mail_service: MailService, outbox: Outbox) -> Iterator[None]:
    """Three issues, each retried until all its mails are sent or given up."""
    for week in (WEEK.plus(-2), WEEK.plus(-1), WEEK):
        for _ in range(60):
            try:
                for _ in mail_service.deliver(str(week)):
                    pass
                break
            except (PostponedError, MailServerUnavailable):
                _later(mail_service, hours=6)
        yield


def _reasons(
    mail_service: MailService, outbox: Outbox, *, days: float, kinds: list[FailureKind | None]
) -> list[object]:
    """Why Ada's address is suppressed after each of three issues that were refused, or accepted (``None``)."""
    for name in ("ada", "ben"):
        _reader(mail_service, name)
    reasons: list[object] = []
    for week, kind in zip((WEEK.plus(-2), WEEK.plus(-1), WEEK), kinds, strict=True):
        outbox.before.clear()
        if kind is not None:
            outbox.before["ada@example.org"] = DeliveryError("552 5.2.2 full", permanent=True, kind=kind)
        for _ in range(2):  # the first reader's refusal is believed once the server has taken the second's mail
            try:
                for _ in mail_service.deliver(str(week)):
                    pass
                break
            except PostponedError:
                _later(mail_service, minutes=6)
        reasons.append(suppression_reason(mail_service.context.db, "ada@example.org"))
        _later(mail_service, days=days)
    assert len(outbox.to("ben@example.org")) == 3
    return reasons


@pytest.mark.parametrize(
    ("days", "kinds", "reasons"),
    [
        (11, ["passing", "passing", "passing"], [None, None, "bounced"]),
        (10, ["passing", "passing", "passing"], [None, None, None]),
        (22, ["passing", "passing", None], [None, None, None]),
        (22, ["passing", None, "passing"], [None, None, None]),
        (22, ["other", "other", "other"], [None, None, None]),
        (22, ["passing", "other", "passing"], [None, None, None]),
        (1, ["passing", "failed", None], [None, "bounced", "bounced"]),
    ],
)
def test_refusals_that_may_pass_end_a_subscription_only_if_they_last(
    mail_service: MailService,
    outbox: Outbox,
    days: float,
    kinds: list[FailureKind | None],
    reasons: list[object],
) -> None:
    assert _reasons(mail_service, outbox, days=days, kinds=kinds) == reasons


@pytest.mark.parametrize(("days", "reason"), [(11, "bounced"), (10, None)])
def test_reports_of_a_full_mailbox_follow_the_same_rule(
    mail_service: MailService, outbox: Outbox, tmp_path: Path, days: float, reason: str | None
) -> None:
    _reader(mail_service, "ada")
    for week in (WEEK.plus(-2), WEEK.plus(-1), WEEK):
        assert suppression_reason(mail_service.context.db, "ada@example.org") is None
        for _ in mail_service.deliver(str(week)):
            pass
        place = tmp_path / f"{week}.eml"
        place.write_bytes(_dsn(f"<{outbox.messages[-1].message_key}.digest@papertide.example>", status="5.2.2"))
        _later(mail_service, days=5)
        counts = read_bounces(
            mail_service.context.db, tmp_path, domains=["papertide.example"], now=mail_service.context.now()
        )
        assert counts == {"passing": 1}
        _later(mail_service, days=days - 5)
    assert suppression_reason(mail_service.context.db, "ada@example.org") == reason


def test_a_reader_who_changes_the_subscription_can_be_reached(
    mail_service: MailService, outbox: Outbox, tmp_path: Path
) -> None:
    reader = _reader(mail_service, "ada")
    db = mail_service.context.db
    for week in (WEEK.plus(-2), WEEK.plus(-1), WEEK):
        for _ in mail_service.deliver(str(week)):
            pass
        note_report(db, outbox.messages[-1].message_key, "passing")
        _later(mail_service, days=22)
    assert len(delivery_outcomes(db, reader.subscriber_id)) == 3
    change_state(db, reader.subscriber_id, to="paused", of=["active"], now=mail_service.context.now())
    assert delivery_outcomes(db, reader.subscriber_id) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["failed", "passing", "other"])
def test_a_server_that_refuses_everybody_ends_no_subscription(
    mail_service: MailService, outbox: Outbox, kind: FailureKind
) -> None:
    for name in ("ada", "ben"):
        _reader(mail_service, name)
        refused = DeliveryError("550 relay not permitted", permanent=True, kind=kind)
        outbox.before[f"{name}@example.org"] = refused
    assert _deliver(mail_service) == [("2026-W25", "failed")]
    assert "for every reader" in runs_of(mail_service.context.db, "delivery")["2026-W25"].message
    for _ in _deliver_three(mail_service, outbox):
        assert suppression_reason(mail_service.context.db, "ada@example.org") is None
    assert delivery_counts(mail_service.context.db)["2026-W23"] == {"failed": 2}


@pytest.mark.slow
def test_a_relay_that_is_fixed_within_days_costs_nobody_an_issue(mail_service: MailService, outbox: Outbox) -> None:
    for name in ("ada", "ben"):
        _reader(mail_service, name)
        outbox.before[f"{name}@example.org"] = DeliveryError("550 relay not permitted", permanent=True)
    for _ in range(12):
        assert _deliver(mail_service) == [("2026-W25", "failed")]
        _later(mail_service, hours=6)
    outbox.before.clear()
    assert _deliver(mail_service) == [("2026-W25", "done")]
    assert len(outbox.messages) == 2


def test_missed_issues_are_sent_in_order_and_a_new_installation_begins_with_the_newest(
    mail_service: MailService, outbox: Outbox
) -> None:
    from store.deliveries import plan_issue

    assert mail_service.due_issues() == ["2026-W25"]
    plan_issue(mail_service.context.db, Issue("weekly", WEEK.plus(-2)), new_key=lambda: "k", now=NOW)
    assert mail_service.due_issues() == ["2026-W24", "2026-W25"]
    _reader(mail_service, "ada")
    assert _deliver(mail_service) == [("2026-W24", "done"), ("2026-W25", "done")]
    assert ["2026-W24" in mail.subject for mail in outbox.messages] == [True, False]


def test_a_paper_that_came_after_its_weeks_issue_is_in_the_next_and_no_paper_is_in_two(
    mail_service: MailService, outbox: Outbox, make_paper: Make
) -> None:
    from store.deliveries import plan_issue

    context = mail_service.context
    plan_issue(context.db, Issue("weekly", WEEK.plus(-2)), new_key=lambda: "k", now=NOW)
    reader = _reader(mail_service, "ada", "search/5:diffusion model", "search/5:latent diffusion")
    plan_issue(context.db, Issue("weekly", WEEK.plus(-1)), new_key=lambda: "l", now=NOW)
    list(mail_service.deliver(str(WEEK.plus(-1))))
    first = papers_sent_to(context.db, reader.subscriber_id)
    assert first
    at = WEEK.plus(-1).start_at + timedelta(days=3)
    words = "A latent diffusion model that was held"
    late = make_paper(9_999, title=words, abstract=f"{words}.", submitted_at=at, updated_at=at)
    came = HarvestedWindow(window_of(WEEK.plus(-1)), context.settings.categories, (late,), 1, None, NOW)
    apply_harvest(context.db, plan_harvest([late], {}), came, seen_at=NOW + timedelta(hours=1))
    plan_issue(context.db, Issue("weekly", WEEK), new_key=lambda: "m", now=NOW + timedelta(hours=2))
    list(mail_service.deliver(str(WEEK)))
    texts = [mail.text for mail in outbox.to("ada@example.org")]
    assert [late.title in text for text in texts] == [False, True]
    listed = [paper for issue in (WEEK.plus(-1), WEEK) for paper in _papers_of(mail_service, str(issue))]
    assert len(listed) == len(set(listed)) > len(first)


def test_what_a_reader_kept_or_skipped_in_a_scan_is_not_mailed_to_them_but_to_others(
    mail_service: MailService, outbox: Outbox
) -> None:
    db = mail_service.context.db
    ada, ben = (_reader(mail_service, name, "search/5:diffusion model", mail_format="text") for name in ("ada", "ben"))
    listed = mail_service.composer(Issue("weekly", WEEK)).compose(ada.preferences.follows, sent_before=()).listed
    reader_id = add_reader(db, ada.subscriber_id, now=NOW)
    scan_id = add_scan(
        db, reader_id, since=WEEK.monday, until=WEEK.sunday, follows=[], seeds=[], pool=listed, seed=1, now=NOW
    )
    for arxiv_id, verdict in zip(listed, ("keep", "skip", "undecided"), strict=False):
        add_decision(db, reader_id, scan_id, arxiv_id, verdict=verdict, choice="best", now=NOW)
    assert _deliver(mail_service) == [("2026-W25", "done")]
    assert papers_sent_to(db, ada.subscriber_id) == set(listed[2:])
    assert papers_sent_to(db, ben.subscriber_id) == set(listed)
    to_ada, to_ben = (" ".join(outbox.to(f"{name}@example.org")[0].text.split()) for name in ("ada", "ben"))
    assert "2 more papers were left out because you kept or skipped them in a scan." in to_ada
    assert "in a scan" not in to_ben


def _papers_of(mail_service: MailService, issue: str) -> list[str]:
    from store.schema import delivery

    with mail_service.context.db.read() as connection:
        found = connection.execute(select(delivery.c.papers).where(delivery.c.issue == issue)).scalars()
        return [paper for papers in found for paper in papers]


def test_a_mail_has_everything_required_and_stays_small(
    mail_service: MailService, outbox: Outbox, tmp_path: Path
) -> None:
    from html.parser import HTMLParser

    _reader(mail_service, "ada", "technique:diffusion", "category:cs.LG")
    _deliver(mail_service)
    [mail] = outbox.messages
    FolderTransport(tmp_path / "out", mail_service.context.settings.mail).send(
        mail, now=NOW, before_commit=lambda: True
    )
    [file] = (tmp_path / "out").glob("*.eml")
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert len(html.encode()) < 90_000
    assert len(text.splitlines()) > 40
    assert "<script" not in html
    assert "\u202e" not in html + text
    names, tables, images, links, langs = set(), [], [], [], []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            names.add(tag)
            if tag == "table":
                tables.append(given)
            if tag == "img":
                images.append(given)
            if tag == "a":
                links.append(given["href"])
            if "lang" in given:
                langs.append((tag, given["lang"], given.get("dir")))

    Reader().feed(html)
    assert not names & {"script", "form", "link", "svg", "iframe", "object", "video", "input"}
    assert langs[0] == ("html", "en", "ltr")
    assert langs[1] == ("div", "en", "ltr")
    assert sum(table.get("role") == "presentation" for table in tables) == 2
    data_tables = [table for table in tables if table.get("role") != "presentation"]
    # Nothing is called to move here, so no technique has a row or a picture; the reader's own table remains.
    assert html.count("<caption") == len(data_tables) == 1
    assert images == []
    cids = {part["Content-ID"] for part in message.walk() if part.get_content_maintype() == "image"}
    for image in images:
        assert image["alt"]
        assert "%" in str(image["alt"])
        assert f"<{str(image['src']).removeprefix('cid:')}>" in cids
    assert all(str(link).startswith(("http://", "https://")) for link in links)
    assert message["List-Unsubscribe"].strip("<>") in links
    assert message["List-Unsubscribe"].strip("<>") in text
    for part in ("html", "text"):
        assert "diffusion" in (html if part == "html" else text).lower()


def test_a_reader_who_wants_text_gets_only_text(mail_service: MailService, outbox: Outbox) -> None:
    _reader(mail_service, "ada", mail_format="text")
    _deliver(mail_service)
    assert outbox.messages[0].html == ""
    assert outbox.messages[0].pictures == ()


# -- asking, confirming, leaving


def test_the_operator_says_of_an_uncertain_mail_whether_it_arrived(mail_service: MailService, outbox: Outbox) -> None:
    context = mail_service.context
    for name in ("ada", "ben"):
        _reader(mail_service, name)
        outbox.after[f"{name}@example.org"] = DeliveryError("the connection broke", permanent=False, uncertain=True)
    assert _deliver(mail_service) == [("2026-W25", "done")]
    ids = {address: d.delivery_id for d, address in uncertain_deliveries(context)}
    assert sorted(ids) == ["ada@example.org", "ben@example.org"]
    outbox.after.clear()
    resolve_uncertain(context, ids["ada@example.org"], arrived=True)
    assert _deliver(mail_service) == []
    resolve_uncertain(context, ids["ben@example.org"], arrived=False)
    assert count_unsent(context, "2026-W25") == 1
    assert _deliver(mail_service) == [("2026-W25", "done")]
    assert [mail.to for mail in outbox.messages] == ["ben@example.org"]
    with pytest.raises(UsageError, match="is not uncertain"):
        resolve_uncertain(context, ids["ben@example.org"], arrived=False)


def test_what_would_be_sent_is_counted_before_and_after_readers_are_decided(
    mail_service: MailService, outbox: Outbox
) -> None:
    context = mail_service.context
    for name in ("ada", "ben"):
        _reader(mail_service, name)
    assert count_unsent(context, "2026-W25") == 2
    assert count_unsent(context, "2026-06") == 0
    outbox.before["ben@example.org"] = DeliveryError("mailbox full", permanent=False)
    assert _deliver(mail_service) == [("2026-W25", "waiting")]
    assert count_unsent(context, "2026-W25") == 1
    [(refused, address)] = refused_deliveries(context)
    assert (address, refused.problem) == ("ben@example.org", "mailbox full")


def test_an_issue_that_was_given_up_is_sent_again_when_the_operator_says_so(
    mail_service: MailService, outbox: Outbox
) -> None:
    context = mail_service.context
    _reader(mail_service, "ada")
    outbox.before["ada@example.org"] = DeliveryError("mailbox full", permanent=False)
    _deliver(mail_service)
    with context.db.write() as connection:
        connection.execute(update(job_run).values(state="given up", next_try_at=None))
    outbox.before.clear()
    _later(mail_service, days=1)
    context = mail_service.context
    assert _deliver(mail_service) == []
    reopen_given_up(context)
    assert _deliver(mail_service) == [("2026-W25", "done")]
    assert [mail.to for mail in outbox.messages] == ["ada@example.org"]


def _token(mail: MailMessage, purpose: str) -> str:
    _, _, rest = mail.text.partition(f"/subscriptions/{purpose}/")
    return rest.split()[0]


def _request(
    mail_service: MailService, outbox: Outbox, address: str = "ada@example.org", network: str = "192.0.2.1"
) -> list[MailMessage]:
    before = len(outbox.messages)
    request_mail(
        mail_service.context, address, Preferences(follows=(Follow("technique", "diffusion"),)), network=network
    )
    for _ in mail_service.answer_requests():
        pass
    return outbox.messages[before:]


def test_an_unconfirmed_reader_gets_only_the_confirmation_mail(mail_service: MailService, outbox: Outbox) -> None:
    [question] = _request(mail_service, outbox)
    assert question.unsubscribe_url == ""
    assert _deliver(mail_service) == [("2026-W25", "done")]
    assert len(outbox.messages) == 1
    token = _token(question, "confirm")
    assert open_link(mail_service.context, token, "confirm").outcome == "done"
    assert subscriber_by_address(mail_service.context.db, "ada@example.org").state == "pending"  # type: ignore[union-attr]
    assert confirm_subscription(mail_service.context, token).outcome == "done"
    reader = subscriber_by_address(mail_service.context.db, "ada@example.org")
    assert reader is not None
    assert (reader.state, reader.preferences.of("technique")) == ("active", ("diffusion",))
    assert confirm_subscription(mail_service.context, token).outcome == "already"


def test_an_expired_or_forged_token_opens_nothing(mail_service: MailService, outbox: Outbox) -> None:
    [question] = _request(mail_service, outbox)
    token = _token(question, "confirm")
    for wrong in ("", "x", "a" * 5000, token[:-1], token.upper() + "0", "../../etc", "%00", token + "\n"):
        for purpose in ("confirm", "manage", "unsubscribe"):
            assert open_link(mail_service.context, wrong, purpose).outcome == "unknown"  # type: ignore[arg-type]
        assert block(mail_service.context, wrong) == "unknown"
    assert open_link(mail_service.context, token, "manage").outcome == "unknown"
    _later(mail_service, days=7)
    assert confirm_subscription(mail_service.context, token).outcome == "expired"
    assert subscriber_by_address(mail_service.context.db, "ada@example.org").state == "pending"  # type: ignore[union-attr]


def test_an_old_confirmation_link_used_late_undoes_nothing(mail_service: MailService, outbox: Outbox) -> None:
    [first], [second] = _request(mail_service, outbox), _request(mail_service, outbox)
    confirm_subscription(mail_service.context, _token(second, "confirm"))
    reader = subscriber_by_address(mail_service.context.db, "ada@example.org")
    assert reader is not None
    change_state(mail_service.context.db, reader.subscriber_id, to="paused", of=["active"], now=NOW)
    confirm_subscription(mail_service.context, _token(first, "confirm"))
    assert subscriber_by_address(mail_service.context.db, "ada@example.org").state == "paused"  # type: ignore[union-attr]


def test_a_mailbox_cannot_be_flooded_whichever_address_or_network_is_used(
    mail_service: MailService, outbox: Outbox
) -> None:
    for n in range(30):
        _request(mail_service, outbox, f"ada+{n}@example.org", network=f"192.0.2.{n}")
    assert len(outbox.messages) == 3
    _later(mail_service, days=1, minutes=1)
    for n in range(30):
        _request(mail_service, outbox, f"ada+{n}@example.org", network=f"192.0.2.{n}")
    assert len(outbox.messages) == 6


def test_a_network_may_send_ten_requests_an_hour_for_any_addresses(mail_service: MailService, outbox: Outbox) -> None:
    for n in range(10):
        _request(mail_service, outbox, f"reader{n}@example.org")
    with pytest.raises(TooManyRequests) as caught:
        _request(mail_service, outbox, "another@example.org")
    assert 0 < caught.value.retry_after_s <= 3601
    _later(mail_service, hours=1, seconds=2)
    assert len(_request(mail_service, outbox, "another@example.org")) == 1


def test_a_blocked_address_gets_no_confirmation_mail(mail_service: MailService, outbox: Outbox) -> None:
    [question] = _request(mail_service, outbox)
    assert block(mail_service.context, _token(question, "block")) == "done"
    assert confirm_subscription(mail_service.context, _token(question, "confirm")).outcome == "expired"
    _later(mail_service, days=40)
    assert _request(mail_service, outbox) == []


@pytest.mark.parametrize("is_active", [False, True])
def test_the_link_that_blocks_a_mailbox_outlives_the_reader_and_ends_later_subscriptions(
    mail_service: MailService, outbox: Outbox, is_active: bool
) -> None:
    [first] = _request(mail_service, outbox)
    reader = subscriber_by_address(mail_service.context.db, "ada@example.org")
    assert reader is not None
    delete_subscriber(mail_service.context.db, reader.subscriber_id)
    if is_active:
        [second] = _request(mail_service, outbox, "ada+again@example.org")
        confirm_subscription(mail_service.context, _token(second, "confirm"))
    _later(mail_service, days=40)
    assert block(mail_service.context, _token(first, "block")) == "done"
    assert _request(mail_service, outbox, "ada+news@example.org") == []
    again = subscriber_by_address(mail_service.context.db, "ada+again@example.org")
    assert (again.state if again else None) == ("unsubscribed" if is_active else None)
    _later(mail_service, days=801)
    assert block(mail_service.context, _token(first, "block")) == "expired"


def test_a_blocked_mailbox_gets_no_confirmation_mail_at_its_other_addresses(
    mail_service: MailService, outbox: Outbox
) -> None:
    [question] = _request(mail_service, outbox, "ada@gmail.com")
    block(mail_service.context, _token(question, "block"))
    assert _request(mail_service, outbox, "a.d.a+x@gmail.com") == []
    assert _request(mail_service, outbox, "ben@gmail.com")


def test_blocking_another_address_of_a_mailbox_blocks_the_mailbox(mail_service: MailService, outbox: Outbox) -> None:
    [question] = _request(mail_service, outbox, "a.d.a+x@gmail.com")
    block(mail_service.context, _token(question, "block"))
    assert _request(mail_service, outbox, "ada@gmail.com") == []
    assert _request(mail_service, outbox, "ada+y@gmail.com") == []


def test_eight_replies_a_month_are_counted_even_if_the_reader_is_deleted_in_between(
    mail_service: MailService, outbox: Outbox
) -> None:
    for _ in range(10):
        for n in range(3):
            _request(mail_service, outbox, f"ada+{n}@example.org")
        _later(mail_service, days=3)
        [clean_up] = [job for job in jobs_of(mail_service) if job.name == "clean up"]
        list(run_due(mail_service.context.db, clean_up, clock=mail_service.context.now))
    assert len(outbox.messages) == 8


def test_a_reader_who_subscribes_again_gets_a_link_to_manage_and_keeps_their_choices(
    mail_service: MailService, outbox: Outbox
) -> None:
    _reader(mail_service, "ada", "category:cs.LG")
    [mail] = _request(mail_service, outbox)
    assert "already" in mail.text
    token = _token(mail, "manage")
    link = open_link(mail_service.context, token, "manage")
    assert link.reader.preferences.of("category") == ("cs.LG",)
    request_mail(mail_service.context, "stranger@example.org", None, network="192.0.2.9")
    for _ in mail_service.answer_requests():
        pass
    assert len(outbox.messages) == 1


def test_a_reader_can_change_pause_export_leave_and_delete_on_their_page(
    mail_service: MailService, outbox: Outbox
) -> None:
    reader = _reader(mail_service, "ada")
    _deliver(mail_service)
    token = _token(outbox.messages[0], "manage")
    change(mail_service.context, token, Preferences("monthly", "text"))
    assert act(mail_service.context, token, "pause")
    assert not act(mail_service.context, token, "pause")
    data = own_data(mail_service.context, token)
    assert data is not None
    assert (data["state"], data["frequency"], len(data["deliveries"])) == ("paused", "monthly", 1)
    assert json.dumps(data)
    assert act(mail_service.context, token, "resume")
    assert act(mail_service.context, token, "unsubscribe")
    suppress(mail_service.context.db, reader.address, "blocked", now=mail_service.context.now())
    assert not act(mail_service.context, token, "resubscribe")
    assert subscriber_by_address(mail_service.context.db, reader.address).state == "unsubscribed"  # type: ignore[union-attr]
    act(mail_service.context, token, "delete")
    assert subscriber_by_address(mail_service.context.db, reader.address) is None
    assert open_link(mail_service.context, token, "manage").outcome == "unknown"


def test_the_unsubscribe_link_of_any_mail_works_and_is_safe_to_repeat(
    mail_service: MailService, outbox: Outbox
) -> None:
    _reader(mail_service, "ada")
    _deliver(mail_service)
    token = _token(outbox.messages[0], "unsubscribe")
    assert open_link(mail_service.context, token, "unsubscribe").outcome == "done"
    assert subscriber_by_address(mail_service.context.db, "ada@example.org").state == "active"  # type: ignore[union-attr]
    for _ in range(2):
        assert unsubscribe(mail_service.context, token).outcome == "done"
        assert subscriber_by_address(mail_service.context.db, "ada@example.org").state == "unsubscribed"  # type: ignore[union-attr]


def test_only_what_exists_can_be_followed(mail_service: MailService) -> None:
    chosen = checked_preferences(
        mail_service.context, "weekly", "html", ["technique:diffusion", "search:<b>bold</b>", "search:<b>bold</b>"]
    )
    assert [str(f) for f in chosen.follows] == ["technique:diffusion", "search:<b>bold</b>"]
    for wrong in ("technique:magic", "category:math.AG", "topic:99", "topic:x"):
        with pytest.raises(Exception, match=r"no (technique|category|topic)"):
            checked_preferences(mail_service.context, "weekly", "html", [wrong])


# -- bounces


def _dsn(
    message_id: str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    kind: str = "delivery-status",
    feedback: str = "abuse",
) -> bytes:
    fields = (
        f"Feedback-Type: {feedback}\r\nUser-Agent: Reporter/1\r\nVersion: 1"
        if kind == "feedback-report"
        else "Reporting-MTA: dns; example.org\r\n\r\n"
        f"Final-Recipient: rfc822; ada@example.org\r\nAction: {action}\r\nStatus: {status}"
    )
    return (
        f"From: mailer-daemon@example.org\r\nTo: bounces@papertide.example\r\nSubject: Undelivered\r\n"
        f'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n"
        f"--b\r\nContent-Type: message/{kind}\r\n\r\n"
        f"{fields}\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"From: digest@papertide.example\r\nMessage-ID: {message_id}\r\n\r\nwords\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ({}, "bounced"),
        ({"status": "5.2.1"}, "bounced"),
        ({"status": "4.2.2", "action": "delayed"}, None),
        ({"status": "5.7.1"}, None),
        ({"status": "2.0.0", "action": "delivered"}, None),
        ({"status": "5.1.8"}, None),
        ({"status": "5.2.2"}, None),
        ({"status": "5.2.3"}, None),
        ({"kind": "feedback-report"}, "complained"),
        ({"kind": "feedback-report", "feedback": "auth-failure"}, None),
    ],
)
@pytest.mark.parametrize("is_maildir", [False, True])
def test_a_bounce_or_a_complaint_ends_a_subscription(
    mail_service: MailService,
    outbox: Outbox,
    tmp_path: Path,
    report: dict[str, str],
    reason: str | None,
    is_maildir: bool,
) -> None:
    _reader(mail_service, "ada")
    _deliver(mail_service)
    folder = tmp_path / "bounces"
    for name in ("cur", "new", "tmp") if is_maildir else (".",):
        (folder / name).mkdir(parents=True, exist_ok=True)
    place = folder / "new" / "1.host" if is_maildir else folder / "1.eml"
    place.write_bytes(_dsn(f"<{outbox.messages[0].message_key}.digest@papertide.example>", **report))
    counts = read_bounces(mail_service.context.db, folder, domains=["papertide.example"], now=NOW)
    assert sum(counts.values()) == 1
    assert suppression_reason(mail_service.context.db, "ada@example.org") == reason
    assert read_bounces(mail_service.context.db, folder, domains=["papertide.example"], now=NOW) == {}


def test_a_forged_report_ends_no_subscription(mail_service: MailService, outbox: Outbox, tmp_path: Path) -> None:
    _reader(mail_service, "ada")
    _deliver(mail_service)
    folder = tmp_path / "bounces"
    folder.mkdir()
    (folder / "1.eml").write_bytes(_dsn(f"<{'0' * 32}.digest@papertide.example>"))
    (folder / "2.eml").write_bytes(b"\xff\xfe not a mail at all")
    (folder / "3.eml").write_bytes(b"")
    assert read_bounces(mail_service.context.db, folder, domains=["papertide.example"], now=NOW) == {"ignored": 3}
    assert subscriber_by_address(mail_service.context.db, "ada@example.org").state == "active"  # type: ignore[union-attr]


def test_any_bytes_can_be_read_as_a_report() -> None:
    random = Random(3)
    whole = _dsn("<" + "a" * 32 + ".digest@papertide.example>")
    for _ in range(200):
        at = random.randrange(len(whole))
        broken = whole[:at] + random.randbytes(3) + whole[at + random.randrange(40) :]
        assert read_report(broken, domains=["papertide.example"]).kind in ("failed", "passing", "complaint", "other")


@pytest.mark.parametrize("is_maildir", [False, True])
def test_a_mail_that_breaks_the_parser_is_moved_away_and_the_next_ones_are_read(
    mail_service: MailService, tmp_path: Path, is_maildir: bool
) -> None:
    folder = tmp_path / "reports"
    place = folder / "new" if is_maildir else folder
    for made in (folder / "cur", folder / "tmp", place):
        made.mkdir(parents=True, exist_ok=True)
    (place / "1.eml").write_bytes(b"Content-Type: message/rfc822\r\n\r\n" * 2_000)
    (place / "2.eml").write_bytes(b"Subject: hello\r\n\r\n")
    domain = mail_service.context.settings.mail.domain
    assert read_bounces(mail_service.context.db, folder, domains=[domain], now=NOW) == {"ignored": 2}
    assert read_bounces(mail_service.context.db, folder, domains=[domain], now=NOW) == {}


# -- the whole round


def test_every_due_job_runs_once_and_the_database_is_backed_up(
    mail_service: MailService, outbox: Outbox, tmp_path: Path
) -> None:
    _reader(mail_service, "ada")
    names = {"clean up", "backup", "delivery"}
    jobs = [job for job in jobs_of(mail_service) if job.name in names]
    for _ in range(2):
        for job in jobs:
            list(run_due(mail_service.context.db, job, clock=mail_service.context.now))
    assert {name: [r.state for r in runs_of(mail_service.context.db, name).values()] for name in names} == {
        "clean up": ["done"],
        "backup": ["done"],
        "delivery": ["done"],
    }
    [backup] = (tmp_path / "backups").iterdir()
    assert backup.stat().st_size > 100_000
    assert len(outbox.messages) == 1


def test_a_preview_shows_the_mail_a_reader_would_get(mail_service: MailService) -> None:
    mail = mail_service.preview(Issue("weekly", WEEK), Preferences(follows=(Follow("category", "cs.LG"),)))
    assert "cs.LG" in mail.text
    assert "reader@example.org" in mail.html
    assert replace(mail, to="x@example.org").subject == mail.subject
