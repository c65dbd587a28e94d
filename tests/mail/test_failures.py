"""One rule classifies refusals: only an address that takes no mail ends a subscription."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.issues_and_deliveries import DeliveryOutcome
from mail.failures import failure_of, is_lasting


@pytest.mark.parametrize(
    ("status", "diagnostic"),
    [
        ("5.1.1", ""),
        ("5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist."),
        ("5.1.1", "smtp; 550 5.1.1 <spam@example.org>: user unknown"),
        ("5.1.1 (bad destination mailbox)", ""),
        ("5.1.2", ""),
        ("5.1.3", "smtp; 553 5.1.3 bad syntax"),
        ("5.1.6", ""),
        ("5.1.10", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; recipient not found by SMTP address lookup"),
        ("5.2.1", "smtp; 550 5.2.1 the mailbox is disabled"),
        ("5.4.4", "X-Postfix; Host or domain name not found. Name service error for name=gone.example"),
        ("5.4.1", "smtp;550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
        ("5.4.310", "smtp; 550 5.4.310 DNS domain gone.example does not exist"),
        ("5.0.0", "smtp; 550 5.1.1 <ada@example.org>: user unknown"),
        ("5.1.0", "smtp; 550 5.1.1 no such user"),
        ("5.5.0", "smtp; 550 5.1.1 no such user"),
        ("5.5.0", "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable"),
        ("5.3.0", "smtp; 550 5.3.0 <ada@example.org>... User unknown"),
        ("5.0.0", "smtp; 550 No such user here"),
        ("", "550 5.1.1 user unknown"),
        ("", "Sorry, no mailbox here by that name. (#5.1.1)"),
        ("", "Sorry, I couldn't find any host named gone.example. (#5.1.2)"),
        ("", "550 User unknown in relay recipient table"),
        ("", "Unrouteable address"),
    ],
)
def test_an_address_that_takes_no_mail_has_failed(status: str, diagnostic: str) -> None:
    assert failure_of(status, diagnostic).kind == "failed"


@pytest.mark.parametrize(
    ("status", "diagnostic"),
    [
        ("5.2.2", "smtp; 552 5.2.2 over quota"),
        ("5.2.0", ""),
        ("5.2.1", "smtp; 550 5.2.1 the user you are trying to contact is receiving mail at a rate that prevents it"),
        ("5.2.1", "smtp; 550 5.2.1 too many messages for this mailbox"),
        ("5.2.1", "smtp; 450 4.2.1 receiving mail too quickly"),
        ("5.2.1", "smtp; 550 5.2.1 mailbox temporarily disabled"),
        ("5.1.1", "smtp; 552 5.1.1 mailbox is full"),
        ("5.1.1", "smtp; 450 5.1.1 address not verified yet"),
        ("5.2.122", ""),
        ("5.3.1", ""),
        ("5.3.2", ""),
        ("5.4.1", "smtp; no answer from host"),
        ("5.4.7", "smtp; delivery time expired"),
        ("4.1.1", "smtp; 450 4.1.1 unverified address"),
        ("4.2.2", ""),
        ("4.4.7", ""),
        ("4.7.1", "smtp; 450 4.7.1 greylisted"),
        ("5.0.0", "smtp; 550 mailbox full"),
        ("", "retry timeout exceeded"),
    ],
)
def test_a_full_mailbox_a_rate_limit_and_a_temporary_failure_may_pass(status: str, diagnostic: str) -> None:
    assert failure_of(status, diagnostic).kind == "passing"


@pytest.mark.parametrize(
    ("status", "diagnostic"),
    [
        ("5.1.0", ""),
        ("5.1.0", "smtp; 550 5.1.0 sender rejected"),
        ("5.1.4", ""),
        ("5.1.7", ""),
        ("5.1.8", "smtp; 553 5.1.8 sender address rejected: sender domain does not resolve"),
        ("4.1.8", "smtp; 450 4.1.8 sender address rejected: domain not found"),
        ("5.1.1", "smtp; 550 5.1.1 Sender address rejected: user unknown"),
        ("5.1.1", "smtp; 550 5.1.1 blocked using zen.spamhaus.org"),
        ("5.1.1", "smtp; 550 5.7.1 message refused"),
        ("5.2.3", ""),
        ("5.3.4", ""),
        ("5.5.1", ""),
        ("5.6.0", ""),
        ("5.7.0", "smtp; 550 5.7.0 user unknown to our policy"),
        ("5.7.1", "smtp; 554 5.7.1 recipient address rejected: access denied"),
        ("5.7.26", ""),
        ("4.7.0", "smtp; 421 4.7.0 poor reputation"),
        ("5.0.0", ""),
        ("5.0.0", "smtp; 550 relay not permitted"),
        ("5.0.0", "smtp; 550 Requested action not taken: mailbox unavailable; invalid DNS MX or A resource record"),
        ("5.9.9", ""),
        ("2.0.0", ""),
        ("rubbish", "rubbish"),
        ("", "550 refused, you are 203.5.1.1"),
        ("", "554 unsupported client 5.1.1.7"),
        ("", ""),
    ],
)
def test_a_refusal_of_our_mail_our_sender_or_by_policy_ends_nothing(status: str, diagnostic: str) -> None:
    assert failure_of(status, diagnostic).kind == "other"


def test_the_deciding_status_and_the_reason_are_in_our_own_words() -> None:
    failure = failure_of("5.0.0", "smtp; 550 5.1.1 <ada@example.org>: user unknown\nevil line")
    assert (failure.status, failure.why) == ("5.1.1", "no such mailbox")


def test_a_4xx_reply_code_is_temporary_whatever_follows_it() -> None:
    assert failure_of("", "5.1.1 no such user", reply_code=450).kind == "passing"
    assert failure_of("", "5.1.1 no such user", reply_code=550).kind == "failed"


# -- failures that may pass

_NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
_KINDS: tuple[Literal["accepted", "failed", "passing", "other"], ...] = ("accepted", "failed", "passing", "other")


@st.composite
def _histories(draw: st.DrawFn) -> list[DeliveryOutcome]:
    """The outcomes of up to twelve issues, newest first, one to twenty days apart."""
    at, outcomes = _NOW - draw(st.integers(0, 30)) * _DAY, []
    for kind in draw(st.lists(st.sampled_from(_KINDS), max_size=12)):
        outcomes.append(DeliveryOutcome(at, kind))
        at -= draw(st.integers(1, 20)) * _DAY
    return outcomes


def _ends_by_definition(outcomes: Sequence[DeliveryOutcome], now: datetime) -> bool:
    """The rule as docs/subscriptions.md states it: the newest failure and some first one with all that it asks for."""
    failed = [o.at for o in outcomes if o.kind == "passing"]
    for last, first in ((failed[0], at) for at in failed[1:]):
        between = [o for o in outcomes if first <= o.at <= last]
        if (
            sum(o.kind == "passing" for o in between) >= 3
            and last - first >= timedelta(days=21)
            and all(o.kind != "accepted" for o in between)
            and not any(o.kind == "accepted" and o.at > last and now - o.at >= timedelta(days=7) for o in outcomes)
        ):
            return True
    return False


@settings(max_examples=2_000, deadline=None)
@given(_histories())
def test_passing_failures_end_a_subscription_exactly_if_they_last(outcomes: list[DeliveryOutcome]) -> None:
    assert is_lasting(outcomes, now=_NOW) == _ends_by_definition(outcomes, _NOW)


@given(_histories())
def test_failures_about_our_mail_or_sender_change_nothing(outcomes: list[DeliveryOutcome]) -> None:
    without = [o for o in outcomes if o.kind != "other"]
    assert is_lasting(outcomes, now=_NOW) == is_lasting(without, now=_NOW)
    assert not is_lasting([replace(o, kind="other") for o in outcomes], now=_NOW)


@given(_histories(), st.integers(0, 12))
def test_an_accepted_mail_starts_the_count_again(outcomes: list[DeliveryOutcome], place: int) -> None:
    at = outcomes[place - 1].at if 0 < place <= len(outcomes) else _NOW
    newer = [o for o in outcomes if o.at > at]
    accepted = DeliveryOutcome(at, "accepted")
    older = [o for o in outcomes if o.at <= at]
    if newer and not any(o.kind == "passing" for o in newer):
        return
    if is_lasting([*newer, accepted, *older], now=_NOW):
        assert is_lasting(newer, now=_NOW) or (not newer and _NOW - at < timedelta(days=7))
