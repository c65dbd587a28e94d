"""Mails that somebody made to be slow to read, or to break the reader of bounces."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.hostile_bounces import OF_ONE_THING, hostile_mail, report_time
from mail.bounces import read_report

KINDS = {"failed", "passing", "complaint", "other"}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=4_000))
def test_any_bytes_are_read_without_an_error(content: bytes) -> None:
    for begin in (b"", b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"):
        assert read_report(begin + content, domains=["papertide.example"]).kind in KINDS


def test_a_header_is_cut_and_the_rest_of_the_report_is_read() -> None:
    report = b"Content-Type: message/feedback-report\n" + b"Feedback-Type" + b"x" * 200_000 + b": abuse\n\nText.\n"
    assert "cannot be read" not in read_report(b"X" * 20_000 + b": y\n" + report, domains=["papertide.example"]).why


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**9))
def test_a_hostile_mail_is_read_without_an_error(seed: int) -> None:
    assert read_report(hostile_mail(Random(seed)), domains=["papertide.example"]).kind in KINDS


SLOW_S = 0.2
"""Four times the benchmark's limit, because tests run beside each other."""


@pytest.mark.parametrize("make", OF_ONE_THING)
def test_a_mail_with_thousands_of_one_thing_does_not_take_long(make: Callable[[Random], bytes]) -> None:
    for seed in range(25):
        assert report_time(make(Random(seed)), slow_s=SLOW_S).processor_s < SLOW_S


@pytest.mark.slow
def test_no_hostile_mail_takes_long() -> None:
    mails = [hostile_mail(Random(seed)) for seed in range(300)]
    times = [report_time(mail, slow_s=SLOW_S).processor_s for mail in mails]
    assert [seed for seed, took_s in enumerate(times) if took_s > SLOW_S] == []


RECIPIENT = b"Final-Recipient: rfc822; a@b.example\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550 no such user here\n\n"
STATUS = b"Content-Type: message/delivery-status\n\n"


@pytest.mark.parametrize(("n_recipients", "kind"), [(1, "failed"), (20, "failed"), (21, "other"), (500, "other")])
def test_a_report_about_more_recipients_than_are_read_ends_no_subscription(n_recipients: int, kind: str) -> None:
    assert read_report(STATUS + RECIPIENT * n_recipients, domains=["papertide.example"]).kind == kind


def test_one_recipient_that_took_the_mail_counts_among_many() -> None:
    relayed = b"Final-Recipient: rfc822; b@b.example\nAction: relayed\nStatus: 2.0.0\n\n"
    report = read_report(STATUS + RECIPIENT * 19 + relayed, domains=["papertide.example"])
    assert (report.kind, report.is_refusal) == ("other", False)


@pytest.mark.parametrize(
    "headers", [b"Message-ID: <%s.digest@papertide.example>\n", b"Message-ID: <%s.DIGEST@Papertide.Example>\n"]
)
def test_our_message_is_found_behind_long_and_many_headers_of_the_returned_mail(headers: bytes) -> None:
    key = "ab" * 16
    copy = (
        b"Received: by mx\n" * 60 + b"X-Long: " + b"x" * 20_000 + b"\n" + headers % key.upper().encode() + b"\nText\n"
    )
    report = b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n" + copy + b"--b--\n"
    assert read_report(report, domains=["papertide.example"]).message_key == key


def test_a_boundary_that_stands_late_in_its_header_is_found() -> None:
    head = b"Content-Type: multipart/report; note=" + b"x" * 700 + b"; report-type=delivery-status; boundary=b\n\n"
    report = head + b"--b\n" + STATUS + RECIPIENT.replace(b"5.0.0", b"5.1.1") + b"--b--\n"
    assert read_report(report, domains=["papertide.example"]).kind == "failed"
