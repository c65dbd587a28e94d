"""Deliveries of issues to subscribers, and their states.

    due -> claimed -> handing -> sent
     ^        |          |-----> uncertain     outcome unknown; sent again only if the operator says so
     |--------|          |-----> failed        refused permanently, or too often
    due/claimed -------------> skipped         the subscriber paused or unsubscribed in the meantime

A delivery is *handing* from just before the mail's last byte is sent until the server's answer is stored. If the
process dies while a delivery is due or claimed, nothing was sent, and it is due again. If it dies while the delivery
is handing, the server may have the mail, and the delivery becomes *uncertain*. It is not sent again: a reader who
misses a mail can read the page, but a mail sent twice cannot be undone. An operator can resolve it either way from the
mail server's log.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Exists, Row, exists, func, insert, or_, select, update

from domain.errors import FailureKind, UsageError
from domain.issues_and_deliveries import Delivery, DeliveryOutcome, DeliveryState, Issue
from domain.paper import ArxivId
from domain.subscription import Subscriber, TokenPurpose
from store.database import Database
from store.schema import delivery, mailing, subscriber, subscription_request, suppression
from store.subscriber_tokens import store_tokens
from store.subscribers import subscriber_from_row
from store.suppressed_addresses import suppression_keys

_OPEN = ("due", "claimed")
_ROWS_PER_INSERT = 2_000


@dataclass(frozen=True)
class Claim:
    """The exclusive right to send a delivery.

    The key distinguishes this claim from a later one: once another process has claimed the delivery, a delayed sender
    can no longer change it.
    """

    delivery_id: int
    key: str


def plan_issue(db: Database, issue: Issue, *, new_key: Callable[[], str], now: datetime) -> int | None:
    """Create the deliveries of an issue, once; returns their number, ``None`` if the issue was planned before.

    Every active subscriber of the issue's frequency gets one.
    """
    with db.write() as connection:
        if connection.execute(select(exists().where(mailing.c.issue == str(issue)))).scalar_one():
            return None
        readers = (
            connection.execute(
                select(subscriber.c.subscriber_id)
                .where(subscriber.c.state == "active", subscriber.c.frequency == issue.frequency)
                .order_by(subscriber.c.subscriber_id)
            )
            .scalars()
            .all()
        )
        connection.execute(insert(mailing).values(issue=str(issue), planned_at=now, n_readers=len(readers)))
        for start in range(0, len(readers), _ROWS_PER_INSERT):
            connection.execute(
                insert(delivery),
                [
                    {
                        "subscriber_id": subscriber_id,
                        "issue": str(issue),
                        "state": "due",
                        "message_key": new_key(),
                        "papers": [],
                        "n_tries": 0,
                        "changed_at": now,
                        "problem": "",
                    }
                    for subscriber_id in readers[start : start + _ROWS_PER_INSERT]
                ],
            )
    return len(readers)


def planned_issues(db: Database) -> dict[str, int]:
    """Planned issues with their numbers of subscribers."""
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(select(mailing.c.issue, mailing.c.n_readers))}


def previous_issue_planned_at(db: Database, issue: Issue) -> datetime | None:
    """When the newest issue of the same frequency before this one was planned; ``None`` if none was."""
    with db.read() as connection:
        planned = connection.execute(select(mailing.c.issue, mailing.c.planned_at)).all()
    before = [(Issue.parse(name), at) for name, at in planned]
    same = [
        (of.last_week, at) for of, at in before if of.frequency == issue.frequency and of.last_week < issue.last_week
    ]
    return max(same)[1] if same else None


def recover_after_crash(db: Database, *, resend_is_safe: bool, now: datetime) -> int:
    """Reset the deliveries that a dead process left claimed or handing; returns the number that became uncertain.

    The caller must hold the delivery lease. With ``resend_is_safe`` the same mail sent twice leaves one, as with
    files of the same name, so nothing becomes uncertain.
    """
    with db.write() as connection:
        connection.execute(update(delivery).where(delivery.c.state == "claimed").values(state="due", changed_at=now))
        handing = update(delivery).where(delivery.c.state == "handing")
        if resend_is_safe:
            connection.execute(handing.values(state="due", changed_at=now))
            return 0
        problem = "the process ended between handing the mail over and the server's answer"
        return connection.execute(handing.values(state="uncertain", problem=problem, changed_at=now)).rowcount


def deliveries_due(
    db: Database, issue: str, *, now: datetime, limit: int, after: int = 0
) -> list[tuple[Delivery, Subscriber]]:
    """Deliveries of an issue that may be tried now, with their subscribers, by id, from ``after`` on."""
    c = delivery.c
    query = (
        select(delivery)
        .where(c.issue == issue, c.state == "due", c.delivery_id > after)
        .where(or_(c.next_try_at.is_(None), c.next_try_at <= now))
        .order_by(c.delivery_id)
        .limit(limit)
    )
    with db.read() as connection:
        due = [_delivery(row) for row in connection.execute(query)]
        of_due = select(subscriber).where(subscriber.c.subscriber_id.in_([d.subscriber_id for d in due]))
        readers = {row.subscriber_id: subscriber_from_row(row) for row in connection.execute(of_due)}
    return [(d, readers[d.subscriber_id]) for d in due]


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        subscriber_id=row.subscriber_id,
        issue=row.issue,
        state=row.state,
        message_key=row.message_key,
        n_tries=row.n_tries,
        papers=tuple(ArxivId(i) for i in row.papers),
        problem=row.problem,
    )


def claim_delivery(
    db: Database, of: Delivery, *, address: str, tokens: dict[TokenPurpose, str], now: datetime
) -> Claim | None:
    """Claim one delivery, and store the tokens of its links; ``None`` if the claim fails.

    The claim fails if another process has it. It also fails, and the delivery is skipped, if the subscriber is no
    longer active or their address is suppressed.
    """
    claim_key = secrets.token_hex(16)
    is_active = exists().where(subscriber.c.subscriber_id == delivery.c.subscriber_id, subscriber.c.state == "active")
    is_suppressed = exists().where(suppression.c.address_hash.in_(suppression_keys(db, address)))
    is_due = (delivery.c.delivery_id == of.delivery_id) & (delivery.c.state == "due")
    with db.write() as connection:
        claim = update(delivery).where(is_due, is_active, ~is_suppressed)
        if connection.execute(claim.values(state="claimed", claim_key=claim_key, changed_at=now)).rowcount == 1:
            store_tokens(connection, of.subscriber_id, tokens, now=now)
            return Claim(of.delivery_id, claim_key)
        connection.execute(
            update(delivery)
            .where(is_due, ~is_active | is_suppressed)
            .values(state="skipped", problem="the reader paused or left", changed_at=now)
        )
        return None


def mark_handing(db: Database, claim: Claim, *, papers: Sequence[ArxivId], now: datetime) -> bool:
    """Record that the mail is about to be handed over; False if another process has claimed the delivery.

    The write is flushed to the disk: if a loss of power undid it, the mail would be sent twice.
    """
    return _change_state(db, claim, of=("claimed",), to="handing", durable=True, papers=list(papers), changed_at=now)


def mark_sent(db: Database, claim: Claim, *, now: datetime) -> None:
    """Record that the server accepted the mail."""
    _change_state(db, claim, of=("handing",), to="sent", problem="", failure="", next_try_at=None, changed_at=now)


def mark_uncertain(db: Database, claim: Claim, *, problem: str, now: datetime) -> None:
    """Record that the mail was handed over and no answer came."""
    _change_state(db, claim, of=("handing",), to="uncertain", problem=problem, changed_at=now)


def mark_refused(
    db: Database,
    claim: Claim,
    *,
    problem: str,
    failure: FailureKind = "other",
    next_try_at: datetime | None,
    counts: bool = True,
    now: datetime,
) -> None:
    """Record that the server refused the mail, and what that is about; without ``next_try_at`` it is not tried again.

    With ``counts`` false the try is not counted, because the fault was not with this delivery.
    """
    _change_state(
        db,
        claim,
        of=("claimed", "handing"),
        to="failed" if next_try_at is None else "due",
        problem=problem,
        failure=failure,
        next_try_at=next_try_at,
        papers=[],
        n_tries=delivery.c.n_tries + int(counts),
        changed_at=now,
    )


def resolve_uncertain(db: Database, delivery_id: int, *, arrived: bool, now: datetime) -> None:
    """Resolve an uncertain delivery: either it arrived, or it is due again.

    Raises
    ------
    UsageError
        If the delivery is not uncertain.
    """
    values: dict[str, Any] = {"problem": "", "changed_at": now} if arrived else {"papers": [], "changed_at": now}
    change = update(delivery).where(delivery.c.delivery_id == delivery_id, delivery.c.state == "uncertain")
    with db.write() as connection:
        settled = connection.execute(change.values(state="sent" if arrived else "due", **values)).rowcount == 1
    if not settled:
        raise UsageError(f"delivery {delivery_id} is not uncertain; `papertide deliver --list` shows those that are")


def _change_state(
    db: Database,
    claim: Claim,
    *,
    of: Sequence[DeliveryState],
    to: DeliveryState,
    durable: bool = False,
    **values: Any,
) -> bool:
    c = delivery.c
    is_ours = (c.delivery_id == claim.delivery_id) & (c.claim_key == claim.key)
    change = update(delivery).where(is_ours, c.state.in_(list(of)))
    with db.write(durable=durable) as connection:
        return connection.execute(change.values(state=to, **values)).rowcount == 1


def open_deliveries(db: Database, issue: str) -> tuple[int, datetime | None]:
    """Number of open deliveries of an issue, and when the next may be tried."""
    query = select(func.count(), func.min(delivery.c.next_try_at)).where(
        delivery.c.issue == issue, delivery.c.state.in_(_OPEN)
    )
    with db.read() as connection:
        n, at = connection.execute(query).one()
    return n, at


def open_issues(db: Database) -> list[str]:
    """Issues with open deliveries, in the order they were planned."""
    query = (
        select(mailing.c.issue)
        .where(exists().where(delivery.c.issue == mailing.c.issue, delivery.c.state.in_(_OPEN)))
        .order_by(mailing.c.planned_at, mailing.c.issue)
    )
    with db.read() as connection:
        return list(connection.execute(query).scalars())


def mails_waiting(db: Database) -> tuple[int, datetime | None]:
    """Number of issue mails and of replies to the form that wait to be sent, and since when the oldest waits."""
    requests = subscription_request.c
    queues = (
        select(func.count(), func.min(mailing.c.planned_at))
        .join_from(delivery, mailing)
        .where(delivery.c.state.in_(_OPEN)),
        select(func.count(), func.min(requests.asked_at)).where(requests.state == "waiting"),
    )
    with db.read() as connection:
        rows = [connection.execute(queue).one() for queue in queues]
    return sum(n for n, _ in rows), min((at for _, at in rows if at is not None), default=None)


def delivery_counts(db: Database) -> dict[str, dict[str, int]]:
    """Number of deliveries by issue and state."""
    query = select(delivery.c.issue, delivery.c.state, func.count()).group_by(delivery.c.issue, delivery.c.state)
    counts: dict[str, dict[str, int]] = {issue: {} for issue in planned_issues(db)}
    with db.read() as connection:
        for issue, state, n in connection.execute(query):
            counts.setdefault(issue, {})[state] = n
    return counts


def uncertain_deliveries(db: Database) -> list[tuple[Delivery, str]]:
    """Uncertain deliveries with their addresses, oldest first."""
    query = (
        select(delivery, subscriber.c.address)
        .join(subscriber, subscriber.c.subscriber_id == delivery.c.subscriber_id)
        .where(delivery.c.state == "uncertain")
        .order_by(delivery.c.delivery_id)
    )
    with db.read() as connection:
        return [(_delivery(row), row.address) for row in connection.execute(query)]


def refused_deliveries(db: Database, *, limit: int) -> list[tuple[Delivery, str]]:
    """Deliveries that the mail server refused, with their addresses, newest first."""
    query = (
        select(delivery, subscriber.c.address)
        .join(subscriber, subscriber.c.subscriber_id == delivery.c.subscriber_id)
        .where(delivery.c.state.in_(["due", "failed"]), delivery.c.problem != "")
        .order_by(delivery.c.changed_at.desc(), delivery.c.delivery_id)
        .limit(limit)
    )
    with db.read() as connection:
        return [(_delivery(row), row.address) for row in connection.execute(query)]


def papers_sent_to(db: Database, subscriber_id: int) -> frozenset[ArxivId]:
    """Papers in the personal parts of all mails that a subscriber got or may have got."""
    query = select(delivery.c.papers).where(
        delivery.c.subscriber_id == subscriber_id, delivery.c.state.in_(["handing", "sent", "uncertain"])
    )
    with db.read() as connection:
        return frozenset(ArxivId(i) for papers in connection.execute(query).scalars() for i in papers)


def _accepted_since(at: ColumnElement[datetime] | datetime, until: ColumnElement[datetime] | None = None) -> Exists:
    """Whether the mail server accepted any mail in this period."""
    other = delivery.alias("other")
    taken = exists().where(other.c.state.in_(["sent", "uncertain"]), other.c.changed_at >= at)
    return taken if until is None else taken.where(other.c.changed_at <= until)


def any_accepted(db: Database, issue: str) -> bool:
    """Whether the mail server has accepted any mail since an issue was planned."""
    planned_at = select(mailing.c.planned_at).where(mailing.c.issue == issue).scalar_subquery()
    with db.read() as connection:
        return bool(connection.execute(select(_accepted_since(planned_at))).scalar_one())


def note_report(db: Database, message_key: str, failure: FailureKind) -> None:
    """Record what a report says of a mail that the server had accepted: that it did not arrive, and why."""
    c = delivery.c
    accepted = update(delivery).where(c.message_key == message_key, c.state.in_(["sent", "uncertain"]))
    with db.write() as connection:
        connection.execute(accepted.values(failure=failure))


def delivery_outcomes(db: Database, subscriber_id: int) -> list[DeliveryOutcome]:
    """How a subscriber's deliveries ended since the last change of the subscription, newest first, at most 100.

    A refusal while the server accepted no mail at all is ``other``, because it says nothing about the subscriber. So
    is one whose reason was not recorded. A reader who changes the subscription uses a link from a mail that arrived.
    """
    c = delivery.c
    server_worked = _accepted_since(mailing.c.planned_at, c.changed_at).label("server_worked")
    query = (
        select(c.state, c.changed_at, c.failure, server_worked)
        .join(mailing, mailing.c.issue == c.issue)
        .join(subscriber, subscriber.c.subscriber_id == c.subscriber_id)
        .where(c.subscriber_id == subscriber_id, c.state.in_(["sent", "uncertain", "failed"]))
        .where(c.changed_at >= subscriber.c.changed_at)
        .order_by(c.delivery_id.desc())
        .limit(100)
    )
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [DeliveryOutcome(row.changed_at, _outcome_of(row)) for row in rows]


def _outcome_of(row: Row[Any]) -> Literal["accepted", "failed", "passing", "other"]:
    if row.state != "failed":
        return row.failure or "accepted"
    return row.failure if row.failure and row.server_worked else "other"


def subscriber_of_message(db: Database, message_key: str) -> Subscriber | None:
    """The subscriber whose delivery has this key in its Message-ID."""
    query = (
        select(subscriber)
        .join(delivery, delivery.c.subscriber_id == subscriber.c.subscriber_id)
        .where(delivery.c.message_key == message_key)
    )
    with db.read() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else subscriber_from_row(row)
