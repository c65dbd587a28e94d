"""Subscribers, tokens, requests and suppressions."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from domain.subscription import Follow, Preferences, Subscriber
from store.database import Database
from store.deliveries import plan_issue
from store.schema import subscriber, subscriber_token, subscription_request, suppression
from store.subscriber_tokens import add_tokens, confirm_by_token, delete_expired_tokens, token_use
from store.subscribers import (
    add_pending,
    change_preferences,
    change_state,
    confirm,
    delete_idle_subscribers,
    delete_subscriber,
    subscriber_by_address,
    subscriber_counts,
    subscriber_export,
    subscribers,
)
from store.subscription_requests import (
    RequestLimits,
    add_limited_request,
    add_request,
    claim_request,
    count_answers_tried,
    delete_requests,
    finish_request,
    waiting_requests,
)
from store.suppressed_addresses import allow, suppress, suppression_counts, suppression_reason

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)
ADA = "ada@example.org"
MONTHLY = Preferences("monthly", "text", (Follow("search", "graph networks"), Follow("technique", "diffusion")))


def _ada(db: Database, state: str = "active") -> Subscriber:
    reader = add_pending(db, ADA, Preferences(), now=NOW)
    if state != "pending":
        confirm(db, reader.subscriber_id, None, now=NOW)
        change_state(db, reader.subscriber_id, to=state, of=["active"], now=NOW)  # type: ignore[arg-type]
    found = subscriber_by_address(db, ADA)
    assert found is not None
    return found


def test_a_reader_is_stored_with_everything_they_chose(database: Database) -> None:
    reader = add_pending(database, ADA, MONTHLY, now=NOW)
    assert (reader.state, reader.preferences, reader.confirmed_at) == ("pending", MONTHLY, None)
    assert subscriber_by_address(database, reader.address) == reader
    assert list(subscribers(database, "pending")) == [reader]
    assert list(subscribers(database, "active")) == []
    assert subscriber_counts(database) == {"pending": 1}


def test_a_second_request_does_not_change_an_existing_subscriber(database: Database) -> None:
    before = _ada(database)
    assert add_pending(database, ADA, MONTHLY, now=NOW + timedelta(days=1)) == before


def test_confirming_applies_the_requested_preferences(database: Database) -> None:
    reader = add_pending(database, ADA, Preferences(), now=NOW)
    confirm(database, reader.subscriber_id, MONTHLY, now=NOW + timedelta(hours=1))
    found = subscriber_by_address(database, ADA)
    assert found is not None
    assert (found.state, found.preferences) == ("active", MONTHLY)
    assert found.confirmed_at == NOW + timedelta(hours=1)


def test_preferences_change_and_states_change_only_from_the_given_states(database: Database) -> None:
    reader = _ada(database)
    change_preferences(database, reader.subscriber_id, MONTHLY, now=NOW)
    assert subscriber_by_address(database, ADA).preferences == MONTHLY  # type: ignore[union-attr]
    assert not change_state(database, reader.subscriber_id, to="active", of=["paused"], now=NOW)
    assert change_state(database, reader.subscriber_id, to="paused", of=["active"], now=NOW)
    assert subscriber_by_address(database, ADA).state == "paused"  # type: ignore[union-attr]


def test_a_token_is_nowhere_in_the_database_and_opens_only_its_own_purpose(database: Database) -> None:
    reader = _ada(database)
    add_tokens(database, reader.subscriber_id, {"manage": "secret-secret-secret"}, now=NOW)
    with database.read() as connection:
        stored = connection.execute(select(subscriber_token)).all()
    assert "secret-secret-secret" not in repr(stored)
    assert token_use(database, "secret-secret-secret", "unsubscribe", now=NOW) is None
    assert token_use(database, "secret-secret-secre", "manage", now=NOW) is None
    use = token_use(database, "secret-secret-secret", "manage", now=NOW)
    assert use is not None
    assert (use.subscriber, use.is_used, use.is_expired) == (reader, False, False)


def test_a_confirmation_is_used_once_and_ends_after_a_week(database: Database) -> None:
    reader = _ada(database, "pending")
    add_tokens(database, reader.subscriber_id, {"confirm": "once"}, now=NOW, preferences=MONTHLY)
    use = token_use(database, "once", "confirm", now=NOW)
    assert use is not None
    assert use.preferences == MONTHLY
    assert token_use(database, "once", "confirm", now=NOW + timedelta(days=7)).is_expired  # type: ignore[union-attr]

    def confirms(now: datetime) -> bool:
        return confirm_by_token(database, "once", reader.subscriber_id, MONTHLY, now=now)

    assert not confirms(NOW + timedelta(days=7))
    assert subscriber_by_address(database, ADA).state == "pending"  # type: ignore[union-attr]
    assert confirms(NOW)
    assert subscriber_by_address(database, ADA).state == "active"  # type: ignore[union-attr]
    assert not confirms(NOW)
    assert token_use(database, "once", "confirm", now=NOW).is_used  # type: ignore[union-attr]


def test_a_way_to_leave_outlives_every_mail(database: Database) -> None:
    reader = _ada(database)
    add_tokens(database, reader.subscriber_id, {"unsubscribe": "leave", "manage": "page"}, now=NOW)
    later = NOW + timedelta(days=700)
    assert delete_expired_tokens(database, expired_before=later) == 1
    assert not token_use(database, "leave", "unsubscribe", now=later).is_expired  # type: ignore[union-attr]


def test_requests_wait_in_order_and_are_claimed_once(database: Database) -> None:
    add_request(database, ADA, MONTHLY, network="192.0.2.1", now=NOW)
    add_request(database, "ben@example.org", None, network="192.0.2.1", now=NOW)
    first, second = waiting_requests(database, now=NOW, limit=10)
    assert (first.address, first.preferences, second.preferences) == (ADA, MONTHLY, None)
    assert claim_request(database, first.request_id)
    assert not claim_request(database, first.request_id)
    finish_request(database, first.request_id, state="sent")
    finish_request(database, second.request_id, state="waiting", next_try_at=NOW + timedelta(minutes=5))
    assert waiting_requests(database, now=NOW, limit=10) == []
    [again] = waiting_requests(database, now=NOW + timedelta(minutes=5), limit=10)
    assert again.n_tries == 1


def test_limits_count_a_mailbox_by_all_its_names_and_a_network_by_its_hash(database: Database) -> None:
    for n, tag in enumerate(("", "+a", "+b")):
        add_request(database, f"ada{tag}@example.org", Preferences(), network="192.0.2.1", now=NOW)
        [request] = waiting_requests(database, now=NOW, limit=10)
        finish_request(database, request.request_id, state="sent")
        assert count_answers_tried(database, "ada@example.org", since=NOW) == n + 1
    assert count_answers_tried(database, "ada@example.org", since=NOW + timedelta(seconds=1)) == 0
    assert delete_requests(database, asked_before=NOW + timedelta(days=1)) == 3


def test_requests_are_limited_for_a_network_a_site_and_in_all(database: Database) -> None:
    def ask(network: str, site: str, minutes: int, *, of_all: int = 0) -> str:
        limits = RequestLimits(timedelta(hours=1), of_network=2, of_site=3, of_all=of_all)
        at = NOW + timedelta(minutes=minutes)
        refused = add_limited_request(database, ADA, None, network=network, site=site, limits=limits, now=at)
        return f"{refused.limit} {(refused.until - NOW).seconds // 60}" if refused else "stored"

    assert [ask("a", "s", 0), ask("a", "s", 10), ask("a", "s", 20)] == ["stored", "stored", "network 60"]
    assert [ask("b", "s", 20), ask("c", "s", 21), ask("c", "t", 22)] == ["stored", "site 60", "stored"]
    assert [ask("d", "u", 30, of_all=4), ask("d", "u", 30, of_all=5)] == ["all 60", "stored"]
    assert ask("a", "s", 61) == "stored"


def test_parallel_requests_do_not_pass_the_limit(database: Database) -> None:
    limits = RequestLimits(timedelta(hours=1), of_network=10, of_site=30, of_all=0)

    def ask(number: int) -> bool:
        address = f"reader{number}@example.org"
        return add_limited_request(database, address, None, network="n", site="s", limits=limits, now=NOW) is None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(40))) == 10


def test_a_stored_follow_that_cannot_be_read_holds_up_nobody(database: Database) -> None:
    add_request(database, ADA, Preferences(follows=(Follow("search", "agents"),)), network="n", now=NOW)
    reader = add_pending(database, ADA, Preferences(), now=NOW)
    with database.write() as connection:
        broken = {"frequency": "hourly", "mail_format": "html", "follows": ["nonsense", "search:agents"]}
        connection.execute(update(subscription_request).values(preferences=broken))
        connection.execute(update(subscriber).values(follows=["technique:", "category:cs.CL"]))
    [request] = waiting_requests(database, now=NOW, limit=10)
    assert request.preferences == Preferences(follows=(Follow("search", "agents"),))
    stored = subscriber_by_address(database, reader.address)
    assert stored is not None
    assert stored.preferences.follows == (Follow("category", "cs.CL"),)


def test_a_suppression_outlives_its_subscriber(database: Database) -> None:
    reader = _ada(database)
    suppress(database, ADA, "blocked", now=NOW)
    suppress(database, ADA, "bounced", now=NOW)
    assert subscriber_by_address(database, ADA).state == "unsubscribed"  # type: ignore[union-attr]
    delete_subscriber(database, reader.subscriber_id)
    assert suppression_reason(database, ADA) == "blocked"
    assert suppression_counts(database) == {"blocked": 1}
    with database.read() as connection:
        assert ADA not in repr(connection.execute(select(suppression)).all())
    assert allow(database, ADA)
    assert not allow(database, ADA)
    assert suppression_reason(database, ADA) is None


def test_a_deleted_reader_leaves_nothing_behind(database: Database) -> None:
    from domain.issues_and_deliveries import issues_of
    from domain.week import Week

    reader = _ada(database)
    add_tokens(database, reader.subscriber_id, {"manage": "page"}, now=NOW)
    add_request(database, ADA, Preferences(), network="192.0.2.1", now=NOW)
    plan_issue(database, issues_of(Week.parse("2026-W25"))[0], new_key=lambda: "k", now=NOW)
    told = subscriber_export(database, reader.subscriber_id)
    assert json.dumps(told)
    assert told["address"] == ADA
    assert [d["issue"] for d in told["deliveries"]] == ["2026-W25"]
    delete_subscriber(database, reader.subscriber_id)
    assert subscriber_by_address(database, ADA) is None
    assert token_use(database, "page", "manage", now=NOW) is None
    assert waiting_requests(database, now=NOW, limit=10) == []


def test_those_who_never_confirmed_and_those_who_left_long_ago_are_forgotten(database: Database) -> None:
    add_pending(database, "old@example.org", Preferences(), now=NOW - timedelta(days=9))
    add_pending(database, "new@example.org", Preferences(), now=NOW)
    add_pending(database, "asked@example.org", Preferences(), now=NOW - timedelta(days=9))
    add_request(database, "asked@example.org", Preferences(), network="n", now=NOW)
    left = _ada(database, "unsubscribed")
    n = delete_idle_subscribers(database, pending_before=NOW - timedelta(days=8), unsubscribed_before=left.changed_at)
    assert n == 1
    n = delete_idle_subscribers(
        database, pending_before=NOW - timedelta(days=8), unsubscribed_before=left.changed_at + timedelta(days=1)
    )
    assert n == 1
    assert [r.address for r in subscribers(database)] == ["asked@example.org", "new@example.org"]
