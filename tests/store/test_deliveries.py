"""Each issue goes once to each reader, whatever process dies."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import pytest

from domain.errors import UsageError
from domain.issues_and_deliveries import Delivery, Issue
from domain.paper import ArxivId
from domain.subscription import Follow, Preferences, Subscriber
from domain.week import Week
from store.database import Database
from store.deliveries import (
    Claim,
    any_accepted,
    claim_delivery,
    deliveries_due,
    delivery_counts,
    delivery_outcomes,
    mark_handing,
    mark_refused,
    mark_sent,
    mark_uncertain,
    open_deliveries,
    open_issues,
    papers_sent_to,
    plan_issue,
    planned_issues,
    recover_after_crash,
    resolve_uncertain,
    subscriber_of_message,
    uncertain_deliveries,
)
from store.reading_records import add_reader, add_scan
from store.saved_searches import (
    add_query_vectors,
    delete_unused_query_vectors,
    followed_searches,
    query_vectors,
    scanned_searches,
)
from store.subscriber_tokens import token_use
from store.subscribers import add_pending, change_state, confirm, delete_subscriber
from store.suppressed_addresses import suppress

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)
ISSUE = Issue("weekly", Week.parse("2026-W25"))
NAME = str(ISSUE)


@pytest.fixture
def keys() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):016x}"


def _reader(db: Database, name: str, preferences: Preferences | None = None) -> Subscriber:
    reader = add_pending(db, f"{name}@example.org", preferences or Preferences(), now=NOW)
    confirm(db, reader.subscriber_id, None, now=NOW)
    return reader


def _due(db: Database, now: datetime = NOW) -> list[Delivery]:
    return [delivery for delivery, _ in deliveries_due(db, NAME, now=now, limit=10)]


_tokens = count()


def _claim(db: Database, delivery: Delivery, reader: Subscriber, token: str = "") -> Claim:
    claim = _try_to_claim(db, delivery, reader, token)
    assert claim is not None
    return claim


def _try_to_claim(db: Database, delivery: Delivery, reader: Subscriber, token: str = "") -> Claim | None:
    tokens = {"unsubscribe": token or f"token-{next(_tokens)}"}
    return claim_delivery(db, delivery, address=reader.address, tokens=tokens, now=NOW)  # type: ignore[arg-type]


def test_an_issue_goes_to_those_who_are_active_and_read_this_often_and_is_planned_once(
    database: Database, keys: Callable[[], str]
) -> None:
    _reader(database, "weekly")
    _reader(database, "monthly", Preferences(frequency="monthly"))
    add_pending(database, "pending@example.org", Preferences(), now=NOW)
    paused = _reader(database, "paused")
    change_state(database, paused.subscriber_id, to="paused", of=["active"], now=NOW)
    assert plan_issue(database, ISSUE, new_key=keys, now=NOW) == 1
    _reader(database, "late")
    assert plan_issue(database, ISSUE, new_key=keys, now=NOW) is None
    assert [r.address for _, r in deliveries_due(database, NAME, now=NOW, limit=10)] == ["weekly@example.org"]
    assert planned_issues(database) == {NAME: 1}
    assert plan_issue(database, Issue.parse("2026-06"), new_key=keys, now=NOW) == 1


def test_a_delivery_goes_from_due_to_sent_and_remembers_its_papers(database: Database, keys: Callable[[], str]) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    assert open_issues(database) == [NAME]
    [delivery] = _due(database)
    claim = _claim(database, delivery, reader, "leave")
    assert token_use(database, "leave", "unsubscribe", now=NOW) is not None
    assert _due(database) == []
    assert papers_sent_to(database, reader.subscriber_id) == frozenset()
    assert mark_handing(database, claim, papers=[ArxivId("2606.00001")], now=NOW)
    mark_sent(database, claim, now=NOW)
    assert papers_sent_to(database, reader.subscriber_id) == {"2606.00001"}
    assert open_deliveries(database, NAME) == (0, None)
    assert open_issues(database) == []
    assert delivery_counts(database) == {NAME: {"sent": 1}}
    found = subscriber_of_message(database, delivery.message_key)
    assert found is not None
    assert found.address == "ada@example.org"


def test_two_senders_never_hold_the_same_delivery(database: Database, keys: Callable[[], str]) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    [delivery] = _due(database)
    with ThreadPoolExecutor(4) as pool:
        claims = list(pool.map(lambda _: _try_to_claim(database, delivery, reader), range(8)))
    [claim] = [claim for claim in claims if claim is not None]
    with ThreadPoolExecutor(4) as pool:
        handed = list(pool.map(lambda _: mark_handing(database, claim, papers=[], now=NOW), range(8)))
    assert sum(handed) == 1


@pytest.mark.parametrize("leaves", ["paused", "unsubscribed", "suppressed", "deleted"])
def test_who_leaves_between_planning_and_sending_gets_nothing(
    database: Database, keys: Callable[[], str], leaves: str
) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    [delivery] = _due(database)
    if leaves == "deleted":
        delete_subscriber(database, reader.subscriber_id)
    elif leaves == "suppressed":
        suppress(database, reader.address, "complained", now=NOW)
    else:
        change_state(database, reader.subscriber_id, to=leaves, of=["active"], now=NOW)  # type: ignore[arg-type]
    assert not _try_to_claim(database, delivery, reader)
    assert _due(database) == []
    assert open_deliveries(database, NAME) == (0, None)


def test_a_sender_that_died_before_handing_over_leaves_its_deliveries_due(
    database: Database, keys: Callable[[], str]
) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    [delivery] = _due(database)
    _claim(database, delivery, reader)
    assert recover_after_crash(database, resend_is_safe=False, now=NOW) == 0
    assert [d.delivery_id for d in _due(database)] == [delivery.delivery_id]


def test_a_sender_that_was_frozen_until_another_took_over_changes_nothing(
    database: Database, keys: Callable[[], str]
) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    [delivery] = _due(database)
    frozen = _claim(database, delivery, reader)
    recover_after_crash(database, resend_is_safe=False, now=NOW)
    claim = _claim(database, delivery, reader)
    assert not mark_handing(database, frozen, papers=[], now=NOW)
    assert mark_handing(database, claim, papers=[], now=NOW)
    mark_refused(database, frozen, problem="450 later", next_try_at=NOW, now=NOW)
    assert _due(database) == []
    mark_sent(database, claim, now=NOW)
    assert delivery_counts(database) == {NAME: {"sent": 1}}


def test_a_sender_that_died_while_handing_over_leaves_an_uncertain_delivery_that_a_person_settles(
    database: Database, keys: Callable[[], str]
) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    [delivery] = _due(database)
    claim = _claim(database, delivery, reader)
    mark_handing(database, claim, papers=[ArxivId("2606.00001")], now=NOW)
    assert recover_after_crash(database, resend_is_safe=False, now=NOW) == 1
    assert _due(database) == []
    assert [(d.state, address) for d, address in uncertain_deliveries(database)] == [("uncertain", "ada@example.org")]
    assert papers_sent_to(database, reader.subscriber_id) == {"2606.00001"}
    resolve_uncertain(database, delivery.delivery_id, arrived=False, now=NOW)
    assert [d.message_key for d in _due(database)] == [delivery.message_key]
    assert papers_sent_to(database, reader.subscriber_id) == frozenset()
    with pytest.raises(UsageError, match="not uncertain"):
        resolve_uncertain(database, delivery.delivery_id, arrived=True, now=NOW)


def test_a_folder_may_be_handed_the_same_mail_again(database: Database, keys: Callable[[], str]) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    [delivery] = _due(database)
    claim = _claim(database, delivery, reader)
    mark_handing(database, claim, papers=[], now=NOW)
    assert recover_after_crash(database, resend_is_safe=True, now=NOW) == 0
    assert len(_due(database)) == 1


def test_a_passing_failure_is_tried_again_later_and_a_permanent_one_is_not(
    database: Database, keys: Callable[[], str]
) -> None:
    reader, other = _reader(database, "ada"), _reader(database, "ben")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    delivery, others = _due(database)
    claim = _claim(database, delivery, reader)
    later = NOW + timedelta(minutes=5)
    mark_refused(database, claim, problem="450 later", next_try_at=later, now=NOW)
    assert _due(database) == [others]
    assert open_deliveries(database, NAME) == (2, later)
    again, _ = _due(database, later)
    assert again.n_tries == 1
    claim = _claim(database, again, reader)
    mark_handing(database, claim, papers=[], now=NOW)
    mark_refused(database, claim, problem="552 full", failure="passing", next_try_at=None, now=NOW)
    assert open_deliveries(database, NAME) == (1, None)
    assert not any_accepted(database, NAME)
    assert [o.kind for o in delivery_outcomes(database, reader.subscriber_id)] == ["other"]
    claim = _claim(database, others, other)
    mark_handing(database, claim, papers=[], now=NOW)
    mark_sent(database, claim, now=NOW)
    assert any_accepted(database, NAME)
    assert [o.kind for o in delivery_outcomes(database, reader.subscriber_id)] == ["passing"]


def test_an_uncertain_delivery_is_not_due(database: Database, keys: Callable[[], str]) -> None:
    reader = _reader(database, "ada")
    plan_issue(database, ISSUE, new_key=keys, now=NOW)
    [delivery] = _due(database)
    claim = _claim(database, delivery, reader)
    mark_handing(database, claim, papers=[], now=NOW)
    mark_uncertain(database, claim, problem="time-out", now=NOW)
    assert _due(database, NOW + timedelta(days=30)) == []
    resolve_uncertain(database, delivery.delivery_id, arrived=True, now=NOW)
    assert delivery_counts(database) == {NAME: {"sent": 1}}


def test_vectors_of_active_readers_searches_are_stored_and_deleted_with_them(
    database: Database, keys: Callable[[], str]
) -> None:
    reader = _reader(database, "ada", Preferences(follows=(Follow("search", "b", 12), Follow("search", "a"))))
    assert followed_searches(database) == ["a", "b"]
    vector = np.array([0.6, 0.8], dtype=np.float32)
    add_query_vectors(database, "model", {"a": vector})
    add_query_vectors(database, "model", {"a": vector})
    found = query_vectors(database, "model", ["a", "b"])
    assert list(found) == ["a"]
    assert np.array_equal(found["a"], vector)
    assert delete_unused_query_vectors(database, followed_searches(database)) == 0
    delete_subscriber(database, reader.subscriber_id)
    assert delete_unused_query_vectors(database, followed_searches(database)) == 1


def test_the_searches_of_scans_are_known(database: Database) -> None:
    reader_id, day = add_reader(database, None, now=NOW), NOW.date()
    for follows in (["search:b", "topic:1"], ["search:a"]):
        add_scan(database, reader_id, since=day, until=day, follows=follows, seeds=[], pool=[], seed=1, now=NOW)
    assert scanned_searches(database) == ["a", "b"]
