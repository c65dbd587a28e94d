"""Mails that somebody made to be slow to read, or to break the reader of bounces."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.hostile_bounces import hostile_mail, reading_ms
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


@pytest.mark.slow
def test_no_hostile_mail_takes_long() -> None:
    mails = [hostile_mail(Random(seed)) for seed in range(300)]
    # Four times the benchmark's limit, because tests run beside each other.
    assert [seed for seed, mail in enumerate(mails) if reading_ms(mail) > 200 and reading_ms(mail) > 200] == []
