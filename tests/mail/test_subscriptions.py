"""What the operator does with subscriptions, by address."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import UsageError
from domain.subscription import Preferences, Subscriber
from mail.subscriptions import (
    all_subscribers,
    confirm_for,
    count_subscribers,
    data_of,
    end_suppression,
    invite,
    pause,
    remove,
    resume,
    subscriber_of,
)
from runtime.context import AppContext
from runtime.settings import Settings
from store.subscribers import add_pending
from store.subscription_requests import waiting_requests
from store.suppressed_addresses import suppression_reason

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[AppContext]:
    with AppContext(Settings(data_dir=tmp_path, now=NOW)) as opened:
        yield opened


def _pending(context: AppContext, address: str) -> Subscriber:
    return add_pending(context.db, address, Preferences("monthly"), now=NOW)


def test_an_invitation_waits_as_a_request_until_it_is_answered(context: AppContext) -> None:
    assert invite(context, " Ada@Example.org ", Preferences("monthly")) == "ada@example.org"
    [request] = waiting_requests(context.db, now=NOW, limit=10)
    assert (request.address, request.preferences) == ("ada@example.org", Preferences("monthly"))
    assert all_subscribers(context) == []


def test_confirming_for_a_reader_keeps_their_preferences(context: AppContext) -> None:
    _pending(context, "ada@example.org")
    assert confirm_for(context, "ada@EXAMPLE.org").preferences.frequency == "monthly"
    reader = subscriber_of(context, "ada@example.org")
    assert (reader.state, reader.preferences, reader.confirmed_at) == ("active", Preferences("monthly"), NOW)
    assert count_subscribers(context)["active"] == 1


def test_a_suppressed_address_can_be_neither_invited_nor_confirmed_until_it_is_allowed(context: AppContext) -> None:
    remove(context, "ada@example.org", block=True)
    _pending(context, "ada@example.org")
    words = r"ada@example\.org is suppressed \(blocked\); `papertide subscribers allow` ends that"
    with pytest.raises(UsageError, match=words):
        invite(context, "ada@example.org", Preferences())
    with pytest.raises(UsageError, match=words):
        confirm_for(context, "ada@example.org")
    assert subscriber_of(context, "ada@example.org").state == "pending"
    assert waiting_requests(context.db, now=NOW, limit=10) == []
    assert end_suppression(context, "ada@example.org") == "ada@example.org"
    confirm_for(context, "ada@example.org")
    with pytest.raises(UsageError, match=r"ada@example\.org is not suppressed"):
        end_suppression(context, "ada@example.org")


def test_only_an_active_subscription_is_paused_and_only_a_paused_one_resumed(context: AppContext) -> None:
    _pending(context, "ada@example.org")
    with pytest.raises(UsageError, match=r"ada@example\.org is pending, not active"):
        pause(context, "ada@example.org")
    confirm_for(context, "ada@example.org")
    with pytest.raises(UsageError, match=r"ada@example\.org is active, not paused"):
        resume(context, "ada@example.org")
    pause(context, "ada@example.org")
    assert [reader.address for reader in all_subscribers(context, "paused")] == ["ada@example.org"]
    resume(context, "ada@example.org")
    assert [reader.address for reader in all_subscribers(context, "active")] == ["ada@example.org"]


def test_removing_deletes_a_reader_and_blocks_only_when_told_to(context: AppContext) -> None:
    for address in ("ada@example.org", "ben@example.org"):
        _pending(context, address)
    remove(context, "ada@example.org")
    remove(context, "ben@example.org", block=True)
    assert all_subscribers(context) == []
    assert suppression_reason(context.db, "ada@example.org") is None
    assert suppression_reason(context.db, "ben@example.org") == "blocked"
    with pytest.raises(UsageError, match=r"ada@example\.org has no subscription$"):
        remove(context, "ada@example.org")
    assert remove(context, "cyd@example.org", block=True) == "cyd@example.org"


def test_everything_stored_about_a_reader_is_found_by_address(context: AppContext) -> None:
    _pending(context, "ada@example.org")
    assert data_of(context, "ada@example.org")["address"] == "ada@example.org"
    with pytest.raises(UsageError, match="`papertide subscribers list` lists all"):
        data_of(context, "ben@example.org")
