"""Bounce reports in every form that mail servers write, and what each means."""

from __future__ import annotations

import base64
import json
import quopri
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from benchmarks.bounce_forms import FORMS, made_report
from mail import bounces
from mail.bounces import MAX_REPORT_BYTES, Report, our_domains, read_bounces, read_report
from runtime.settings import Settings
from service.cli import main
from store.database import open_database

KEY = "ab" * 16
ID = f"<{KEY}.digest@papertide.example>"
SHARED_CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"
OURS = f"From: digest@papertide.example\nTo: ada@example.org\nSubject: 2026-W25\nMessage-ID: {ID}\n"
RETURNED = f"Content-Type: message/rfc822\n\n{OURS}\nwords\n"
FAILED = "Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; ada@example.org\nAction: failed\n"
NO_USER = f"Content-Type: message/delivery-status\n\n{FAILED}Status: 5.1.1\n"


def _multipart(*parts: str, kind: str = "report; report-type=delivery-status", head: str = "", mark: str = "b") -> str:
    body = "".join(f"--{mark}\n{part}\n" for part in parts)
    return f'{head}MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="{mark}"\n\n{body}--{mark}--\n'


def _mail(*parts: str, head: str = "", **other: Any) -> str:
    return _multipart(*parts, head=f"From: MAILER-DAEMON@mx.example.net\nSubject: Undelivered\n{head}", **other)


def _read(mail: str) -> Report:
    return read_report(mail.encode(), domains=["papertide.example"])


def _is_failed(mail: str, key: str = KEY) -> bool:
    report = _read(mail)
    return (report.kind, report.message_key, report.status) == ("failed", key, "5.1.1")


# -- what a report says


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_report_gives_the_failure_its_status_and_our_message_key(line_end: str) -> None:
    report = _read(_mail(NO_USER, RETURNED).replace("\n", line_end))
    assert report == Report("failed", KEY, "5.1.1", "no such mailbox", is_refusal=True)


def test_a_folded_diagnostic_is_read_whole() -> None:
    part = (
        f"Content-Type: message/delivery-status\n\n{FAILED}Status: 5.0.0\nDiagnostic-Code: smtp;\n  550 5.1.1 unknown\n"
    )
    assert _is_failed(_mail(part, RETURNED))


def test_a_delay_and_a_receipt_are_no_failures() -> None:
    for action, status in (("delayed", "4.2.2"), ("delivered", "2.0.0"), ("relayed", "2.1.5")):
        part = NO_USER.replace("failed", action).replace("5.1.1", status)
        report = _read(_mail(part, RETURNED))
        assert (report.kind, report.status) == ("other", status)


def test_an_address_that_expands_to_several_has_not_failed_if_one_gets_the_mail() -> None:
    second = "\nFinal-Recipient: rfc822; ben@example.org\nAction: {}\nStatus: {}\n"
    assert _read(_mail(NO_USER + second.format("delivered", "2.0.0"), RETURNED)).kind == "other"
    assert _read(_mail(NO_USER + second.format("failed", "5.2.2"), RETURNED)).kind == "passing"
    assert _read(_mail(NO_USER + second.format("failed", "5.1.1"), RETURNED)).kind == "failed"


@pytest.mark.parametrize(
    ("feedback", "kind"),
    [
        ("Feedback-Type: abuse", "complaint"),
        ("Feedback-type: ABUSE (spam)", "complaint"),
        ("User-Agent: Reporter/1\nFeedback-Type:\n abuse", "complaint"),
        ("Feedback-Type: opt-out", "complaint"),
        ("Feedback-Type: not-spam", "other"),
        ("Feedback-Type: auth-failure\nAuth-Failure: dmarc", "other"),
        ("Feedback-Type: dmarc", "other"),
        ("Feedback-Type: fraud", "other"),
        ("Feedback-Type: virus", "other"),
        ("Feedback-Type: something new", "other"),
        ("User-Agent: Reporter/1\nVersion: 1", "other"),
        ("", "other"),
    ],
)
def test_only_abuse_and_opt_out_are_complaints(feedback: str, kind: str) -> None:
    part = f"Content-Type: message/feedback-report\n\n{feedback}\n"
    report = _read(_mail(part, RETURNED, kind="report; report-type=feedback-report"))
    assert (report.kind, report.message_key) == (kind, KEY)
    assert report.why


# -- its forms


@pytest.mark.parametrize("inner", ["report; report-type=delivery-status", "mixed"])
def test_a_report_that_a_gateway_wrapped_is_found(inner: str) -> None:
    wrapped = _multipart(NO_USER, RETURNED, kind=inner)
    footer = "Content-Type: text/plain\n\nchecked by a gateway"
    assert _is_failed(_mail(wrapped, footer, kind="mixed", mark="o"))
    assert _is_failed(_mail(NO_USER, RETURNED, footer, kind="mixed"))


def test_a_report_that_was_forwarded_as_a_mail_is_found() -> None:
    inside = "Content-Type: message/rfc822\n\n" + _mail(NO_USER, RETURNED)
    assert _is_failed(_mail("Content-Type: text/plain\n\nsee below", inside, kind="mixed", mark="o"))


@pytest.mark.parametrize("returned", ["message/global", "message/global-headers", "message/rfc822-headers"])
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_the_types_of_rfc_6533_are_read(returned: str, encoding: str) -> None:
    def part(kind: str, text: str) -> str:
        raw = text.encode()
        coded = {"8bit": raw, "base64": base64.encodebytes(raw), "quoted-printable": quopri.encodestring(raw)}[encoding]
        return f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{coded.decode()}"

    status = part("message/global-delivery-status", f"{FAILED.replace('ada', 'ädä')}Status: 5.1.1\n")
    assert _is_failed(_mail(status, part(returned, OURS)))


EXIM = """\
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
Subject: Mail delivery failed: returning message to sender
X-Failed-Recipients: ada@example.org
Auto-Submitted: auto-replied

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ada@example.org
    {}

------ This is a copy of the message, including all the headers. ------

Return-path: <bounces@papertide.example>
{}
550 5.1.1 stands in the digest itself
"""
QMAIL = """\
From: MAILER-DAEMON@mx.example.net
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@example.org>:
{}

--- Below this line is a copy of the message.

Return-Path: <bounces@papertide.example>
{}
"""


@pytest.mark.parametrize(
    ("form", "answer", "kind"),
    [
        (EXIM, "SMTP error from remote mail server after RCPT TO:<ada@example.org>:\n    550 5.1.1 unknown", "failed"),
        (EXIM, "Unrouteable address", "failed"),
        (EXIM, "all relevant MX records point to non-existent hosts", "failed"),
        (EXIM, "mailbox is full: retry timeout exceeded", "passing"),
        (EXIM, "host mx.example.net [192.0.2.1]: 552 5.2.2 over quota", "passing"),
        (EXIM, "SMTP error from remote mail server after MAIL FROM:<b@papertide.example>:\n    550 5.1.0 no", "other"),
        (EXIM, "SMTP error from remote mail server after end of data:\n    554 5.7.1 refused", "other"),
        (QMAIL, "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 user unknown", "failed"),
        (QMAIL, "192.0.2.1 does not like recipient.\nRemote host said: 550 relay not permitted", "other"),
        (QMAIL, "Sorry, no mailbox here by that name. (#5.1.1)", "failed"),
        (QMAIL, "Sorry, I couldn't find any host named gone.example. (#5.1.2)", "failed"),
        (QMAIL, "Remote host said: 550 5.2.1 receiving mail at a rate that prevents delivery", "passing"),
    ],
)
def test_the_plain_text_of_exim_and_qmail_is_read(form: str, answer: str, kind: str) -> None:
    report = _read(form.format(answer, OURS))
    assert (report.kind, report.message_key) == (kind, KEY)


@pytest.mark.parametrize("mark", ["    ", "> "])
def test_our_message_id_is_found_in_a_copy_that_is_indented(mark: str) -> None:
    copy = "".join(f"{mark}{line}\n" for line in OURS.splitlines())
    assert _is_failed(QMAIL.format("Remote host said: 550 5.1.1 user unknown", copy))


def test_exims_warning_of_a_delay_is_no_failure() -> None:
    mail = EXIM.format("450 4.2.2 mailbox full", OURS).replace("could not be delivered", "has not yet been delivered")
    assert _read(mail).kind == "other"


def test_an_out_of_office_reply_is_no_failure() -> None:
    mail = f"From: ada@example.org\nSubject: Away\nAuto-Submitted: auto-replied\nIn-Reply-To: {ID}\n\n550 5.1.1 unknown"
    assert _read(mail).kind == "other"


# -- which mail it is about


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822"])
def test_our_message_id_is_found_in_encoded_headers(encoding: str, kind: str) -> None:
    text = OURS.encode()
    soft_breaks = text.replace(b".digest@", b"=2Edig=\nest@").replace(b": ", b":=20")
    coded = base64.encodebytes(text) if encoding == "base64" else soft_breaks
    part = f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n{coded.decode()}"
    assert _is_failed(_mail(NO_USER, part))


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822", "message/global-headers"])
def test_a_folded_message_id_is_found(kind: str) -> None:
    folded = OURS.replace("Message-ID: ", "Message-ID:\n  ")
    assert _is_failed(_mail(NO_USER, f"Content-Type: {kind}\n\n{folded}"))


@pytest.mark.parametrize("name", ["In-Reply-To", "References", "X-Original-Message-ID", "Original-Message-ID"])
def test_our_message_id_is_found_in_the_headers_of_the_report(name: str) -> None:
    assert _is_failed(_mail(NO_USER, head=f"{name}: <1@example.net>\n {ID}\n"))


def test_our_message_id_is_found_among_the_fields_of_the_delivery_status() -> None:
    assert _is_failed(_mail(NO_USER.replace("\n\nFinal", f"\nX-Original-Message-ID: {ID}\n\nFinal")))


def test_a_key_under_somebody_elses_domain_is_not_ours() -> None:
    assert _is_failed(_mail(NO_USER, RETURNED.replace("papertide.example", "papertide.example.evil.example")), key="")


def test_our_message_ids_end_with_the_senders_domain_or_the_host_of_the_pages() -> None:
    settings = Settings.model_validate(
        {"mail": {"sender": "digest@mail.example"}, "service": {"base_url": "https://papertide.example"}}
    )
    assert our_domains(settings) == ("mail.example", "papertide.example")


# -- its size


def test_no_more_of_a_report_is_read_than_is_allowed(tmp_path: Path) -> None:
    file = tmp_path / "1.eml"
    file.write_bytes(_mail(NO_USER, RETURNED + "x" * 10_000_000).encode())
    content = bounces.report_bytes(file)
    assert len(content) == MAX_REPORT_BYTES
    assert read_report(content, domains=["papertide.example"]).kind == "failed"


def test_content_beyond_the_limit_does_not_count() -> None:
    assert _read(_mail("Content-Type: text/plain\n\n" + "x" * MAX_REPORT_BYTES, NO_USER, RETURNED)).kind == "other"


def test_returned_headers_that_are_cut_off_still_name_our_mail() -> None:
    coded = base64.encodebytes((OURS + "words " * 30_000).encode()).decode()
    part = f"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{coded}"
    for n in range(4):
        assert _is_failed(_mail(NO_USER, part, head="X: " + "x" * n + "\n"))


@pytest.mark.parametrize(
    "text",
    [
        f"Original-Envelope-Id: {KEY}.digest@papertide.example",
        f"To: bounces+{KEY}@papertide.example",
        f"<p>Message-ID: &lt;{KEY}.digest@papertide.example&gt;</p>",
        f"message-id={ID}, relay=mx.example.net",
    ],
)
def test_our_mail_is_named_wherever_its_key_stands(text: str) -> None:
    fields = NO_USER.replace("Reporting-MTA", f"{text}\nReporting-MTA") if text.startswith("Orig") else NO_USER
    head = f"{text}\n" if text.startswith("To") else ""
    assert _is_failed(_mail(f"Content-Type: text/html\n\n{text}\n", fields, head=head))


@pytest.mark.parametrize(
    ("charset", "text", "kind"),
    [
        ("koi8-r", "Такого пользователя нет", "failed"),
        ("iso-2022-jp", "宛先のメールアドレスが見つかりません", "failed"),
        ("gb18030", "收件人不存在", "failed"),
        ("iso-8859-1", "Der Empfänger ist unbekannt", "failed"),
        ("iso-8859-1", "Das Postfach ist voll", "passing"),
        ("punycode", "no such user", "failed"),
        ("", "no such user", "failed"),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_the_text_is_read_in_its_character_set(charset: str, text: str, kind: str, encoding: str) -> None:
    raw = text.encode(charset if charset not in ("", "punycode") else "ascii")
    body = base64.encodebytes(raw) if encoding == "base64" else raw
    head = (
        "From: MAILER-DAEMON@mx.example.net\nSubject: =?utf-8?B?UmU=?=\n"
        f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: {encoding}\n'
    )
    report = read_report(f"{head}In-Reply-To: {ID}\n\n".encode() + body, domains=["papertide.example"])
    assert (report.kind, report.message_key) == (kind, KEY)


def test_headers_between_parts_are_not_the_text() -> None:
    text = "--x\nContent-Type: text/plain;\n\tcharset=us-ascii\n\nThe recipient name is not recognized\n"
    assert _read(f"From: postmaster@example.org\nSubject: Undeliverable\n\n{text}").kind == "failed"


def test_that_nothing_more_is_tried_is_no_delay() -> None:
    text = "No further delivery attempts will be made. The user is unknown."
    assert _read(f"From: postmaster@example.org\nSubject: Delivery failure\n\n{text}\n").kind == "failed"


# -- the command


@pytest.fixture
def explain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[str, str]]:
    """Runs ``papertide mail explain`` with these arguments in an empty folder; what it prints, and its errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PAPERTIDE_SERVICE__BASE_URL", "https://papertide.example")

    def run(*arguments: str) -> tuple[str, str]:
        monkeypatch.setattr("sys.argv", ["papertide", "mail", "explain", *arguments])
        with suppress(SystemExit):
            main.main()
        printed = capsys.readouterr()
        return printed.out, printed.err

    return run


def test_mail_explain_says_what_each_file_means(tmp_path: Path, explain: Callable[..., tuple[str, str]]) -> None:
    Path("1.eml").write_text(_mail(NO_USER, RETURNED))
    Path("2.eml").write_text("Subject: hello\n\nhello")
    assert [json.loads(line) for line in explain("1.eml", "2.eml", "--json")[0].splitlines()] == [
        {"file": "1.eml", "kind": "failed", "key": KEY, "status": "5.1.1", "why": "no such mailbox"},
        {"file": "2.eml", "kind": "other", "key": "", "status": "", "why": "not a bounce report"},
    ]
    assert explain("1.eml")[0] == f"1.eml: failed 5.1.1: no such mailbox; about our mail {KEY}\n"
    assert explain("2.eml")[0].endswith("about no mail of ours, so it is ignored\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.eml", "2.eml"]


def test_mail_explain_says_what_it_recognises_without_the_address_of_the_service(
    explain: Callable[..., tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("1.eml").write_text(_mail(NO_USER, RETURNED))
    assert explain("1.eml")[1] == ""
    monkeypatch.delenv("PAPERTIDE_SERVICE__BASE_URL")
    printed, hint = explain("1.eml", "--json")
    assert json.loads(printed)["key"] == ""
    assert hint.count("\n") == 1
    assert "service.base_url is not set" in hint


def test_mail_explain_names_a_file_that_cannot_be_read(explain: Callable[..., tuple[str, str]]) -> None:
    assert "gone.eml cannot be read" in explain("gone.eml", "--json")[1]


@pytest.mark.parametrize(
    "case", sorted(SHARED_CASES.glob("*/report.eml")) or [None], ids=lambda c: c.parent.name if c else "none"
)
def test_the_shared_cases_match_their_readme(case: Path | None) -> None:
    if case is None:
        pytest.skip(f"{SHARED_CASES} is not here: the shared cases are not tried")
    expected = re.search(r"Expected kind: (\w+)", (case.parent / "README").read_text())
    assert expected
    report = read_report(case.read_bytes(), domains=["papertide.example"])
    assert (report.kind, report.message_key) == (expected[1], KEY)


# -- forms of well-known servers


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_report_is_read(form: str) -> None:
    random = Random(form)
    for is_hard in (True, False) * 12:
        content = made_report(form, is_hard, f"<{KEY}.digest@papertide.example>", random)
        report = read_report(content, domains=["papertide.example"])
        assert (report.kind == "failed") == is_hard, content.decode()
        assert report.message_key == KEY, content.decode()


def test_words_of_our_own_mail_decide_nothing() -> None:
    text = "Your message\n\n  To: ada@example.org\n  Subject: Spam, viruses and policy gradients\n\ndid not reach:\n"
    mail = f"From: postmaster@example.org\nSubject: Undeliverable\n\n{text}ada@example.org\nUnknown recipient\n"
    assert _read(mail).kind == "failed"


def test_the_text_for_people_decides_where_status_and_reply_do_not() -> None:
    fields = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@example.org\nAction: {action}\nStatus: 5.0.0\n"

    def kind(action: str, text: str, subtype: str = "plain") -> str:
        return _read(
            _mail(
                f"Content-Type: text/{subtype}\n\n{text}\n",
                f"Content-Type: message/delivery-status\n\n{fields.format(action=action)}",
                RETURNED,
            )
        ).kind

    assert kind("failed", "a@example.org: domain does not exist") == "failed"
    assert kind("error", "<b>a@example.org</b>: user&nbsp;not found", "html") == "failed"
    assert kind("failed", "L'adresse n'existe pas.") == "failed"
    assert kind("failed", "The mailbox is full; no such user was deleted.") == "passing"
    assert kind("failed", "It could not be delivered.") == "other"
    assert kind("delayed", "User unknown") == "other"


def test_without_a_reply_the_text_says_whether_a_failure_passes() -> None:
    text = "Content-Type: text/plain\n\nThe user is receiving mail at a rate that prevents delivery.\n"
    status = NO_USER.replace("5.1.1", "5.2.1")
    assert _read(_mail(text, status, RETURNED)).kind == "passing"
    assert _read(_mail(text, f"{status}Diagnostic-Code: smtp; 550 5.2.1 disabled\n", RETURNED)).kind == "failed"


def test_a_report_whose_status_names_no_recipient_is_read_by_its_text() -> None:
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n"
    assert _read(_mail("Content-Type: text/plain\n\nno such user here\n", status, RETURNED)).kind == "failed"


@pytest.mark.parametrize(
    "text",
    [
        "has not yet been delivered",
        "Delivery attempts will continue to be made for 5 days; user unknown",
        "delivery has been postponed due to a full mailbox",
    ],
)
def test_a_mail_that_is_still_tried_has_not_failed(text: str) -> None:
    report = _read(f"From: postmaster@example.org\nSubject: Delivery problem\n\nYour mail {text}.\n")
    assert (report.kind, report.is_refusal) == ("other", False)


@pytest.mark.parametrize("is_maildir", [False, True])
def test_only_so_many_reports_are_read_at_a_time(tmp_path: Path, is_maildir: bool) -> None:
    place = tmp_path / "new" if is_maildir else tmp_path
    for made in (tmp_path / "cur", place) if is_maildir else ():
        made.mkdir(parents=True, exist_ok=True)
    for number in range(7):
        (place / f"{number}.eml").write_text("Subject: hello\n\n")
    (place / "3.eml").unlink()
    (place / "3.eml").mkdir()  # no file, and no reason to stop
    db = open_database("sqlite:///:memory:")
    ticks = iter(range(0, 1_000, 10))

    def read(**limits: Any) -> int:
        counts = read_bounces(db, tmp_path, domains=["papertide.example"], now=datetime.now(UTC), **limits)
        return sum(counts.values())

    assert read(max_reports=2) == 2
    assert read(max_s=35, timer=lambda: next(ticks)) == 2
    assert read() == 2
    assert read() == 0
    db.close()
