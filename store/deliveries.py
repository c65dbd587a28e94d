"""Which issue goes to whom, and what became of it.

    due -> claimed -> handing -> sent
     ^        |          |-----> uncertain     nobody knows; never sent again unless a person says so
     |--------|          |-----> failed        refused for good, or too often
    due/claimed -------------> skipped         the reader paused or left in the meantime

The rule for crashes: a delivery is *handing* from just before the mail's last byte is sent until the server's answer
is stored. A process that dies while it is due or claimed has handed nothing over, so it is due again. One that dies
while it is handing leaves it *uncertain*: the server may have the mail. It is not sent again, because a reader who
misses a mail can read the page, and one who is mailed twice cannot undo it. An operator who looks into the mail
server's log can settle it either way.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Exists, Row, exists, func, insert, or_, select, update

from domain.errors import UsageError
from domain.paper import ArxivId
from domain.subscription import Delivery, DeliveryState, Issue, Subscriber, TokenPurpose
from store.database import Database
from store.schema import delivery, mailing, subscriber, suppression
from store.subscribers import store_tokens, subscriber_from_row, suppression_keys

_OPEN = ("due", "claimed")
_ROWS_PER_INSERT = 2_000


@dataclass(frozen=True)
class Claim:
    """The sole right to send a delivery, once.

    Its key tells this claim from a later one: a sender that was frozen until another took its delivery over can
    change nothing any more.
    """

    delivery_id: int
    key: str


def plan_issue(db: Database, issue: Issue, *, new_key: Callable[[], str], now: datetime) -> int | None:
    """Decide, once and in one transaction, who gets an issue; how many, or ``None`` where it was decided before.

    Everybody who is active now and reads this often.
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
    """Issues whose readers are decided, with how many there were."""
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(select(mailing.c.issue, mailing.c.n_readers))}


def recover_after_crash(db: Database, *, resend_is_safe: bool, now: datetime) -> int:
    """Bring back what a process that died left behind; how many nobody knows about.

    Only for the one who holds the right to deliver. ``resend_is_safe`` says that handing the same mail over again
    leaves one, as files of the same name do.
    """
    with db.write() as connection:
        connection.execute(update(delivery).where(delivery.c.state == "claimed").values(state="due", changed_at=now))
        left = update(delivery).where(delivery.c.state == "handing")
        if resend_is_safe:
            connection.execute(left.values(state="due", changed_at=now))
            return 0
        problem = "the process ended between handing the mail over and the server's answer"
        return connection.execute(left.values(state="uncertain", problem=problem, changed_at=now)).rowcount


def deliveries_due(
    db: Database, issue: str, *, now: datetime, limit: int, after: int = 0
) -> list[tuple[Delivery, Subscriber]]:
    """Deliveries of an issue that may be tried now, with their readers, in a fixed order, from one on."""
    c = delivery.c
    question = (
        select(delivery)
        .where(c.issue == issue, c.state == "due", c.delivery_id > after)
        .where(or_(c.next_try_at.is_(None), c.next_try_at <= now))
        .order_by(c.delivery_id)
        .limit(limit)
    )
    with db.read() as connection:
        due = [_delivery(row) for row in connection.execute(question)]
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
    """Take the sole right to send one delivery, and store the links that its mail carries; ``None`` if we have it not.

    Not where another has it, nor where the reader is not active any more or must not be written to: that is noted
    as skipped.
    """
    claim_key = secrets.token_hex(16)
    is_reader = exists().where(subscriber.c.subscriber_id == delivery.c.subscriber_id, subscriber.c.state == "active")
    left_alone = exists().where(suppression.c.address_hash.in_(suppression_keys(address)))
    is_due = (delivery.c.delivery_id == of.delivery_id) & (delivery.c.state == "due")
    with db.write() as connection:
        claim = update(delivery).where(is_due, is_reader, ~left_alone)
        if connection.execute(claim.values(state="claimed", claim_key=claim_key, changed_at=now)).rowcount == 1:
            store_tokens(connection, of.subscriber_id, tokens, now=now)
            return Claim(of.delivery_id, claim_key)
        connection.execute(
            update(delivery)
            .where(is_due, ~is_reader | left_alone)
            .values(state="skipped", problem="the reader paused or left", changed_at=now)
        )
        return None


def mark_handing(db: Database, claim: Claim, *, papers: Sequence[ArxivId], now: datetime) -> bool:
    """Note that the mail is about to leave our hands; False if somebody took the delivery from us.

    Written through to the disk: a loss of power must not undo it, or the mail would go out twice.
    """
    return _change_state(db, claim, of=("claimed",), to="handing", durable=True, papers=list(papers), changed_at=now)


def mark_sent(db: Database, claim: Claim, *, now: datetime) -> None:
    """The server has the mail."""
    _change_state(db, claim, of=("handing",), to="sent", problem="", next_try_at=None, changed_at=now)


def mark_uncertain(db: Database, claim: Claim, *, problem: str, now: datetime) -> None:
    """The mail left our hands, and no answer came."""
    _change_state(db, claim, of=("handing",), to="uncertain", problem=problem, changed_at=now)


def mark_refused(
    db: Database, claim: Claim, *, problem: str, next_try_at: datetime | None, counts: bool = True, now: datetime
) -> None:
    """The server did not take the mail; without ``next_try_at`` it is not tried again.

    ``counts`` is false where the fault was not this delivery's: its tries are for its own.
    """
    _change_state(
        db,
        claim,
        of=("claimed", "handing"),
        to="failed" if next_try_at is None else "due",
        problem=problem,
        next_try_at=next_try_at,
        papers=[],
        n_tries=delivery.c.n_tries + int(counts),
        changed_at=now,
    )


def resolve_uncertain(db: Database, delivery_id: int, *, arrived: bool, now: datetime) -> None:
    """Say what became of an uncertain delivery: it arrived, or it did not and is due again.

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
    """How many deliveries of an issue are still open, and when the next may be tried."""
    question = select(func.count(), func.min(delivery.c.next_try_at)).where(
        delivery.c.issue == issue, delivery.c.state.in_(_OPEN)
    )
    with db.read() as connection:
        n, at = connection.execute(question).one()
    return n, at


def open_issues(db: Database) -> list[str]:
    """Issues with deliveries that are still open, oldest plan first."""
    question = (
        select(mailing.c.issue)
        .where(exists().where(delivery.c.issue == mailing.c.issue, delivery.c.state.in_(_OPEN)))
        .order_by(mailing.c.planned_at, mailing.c.issue)
    )
    with db.read() as connection:
        return list(connection.execute(question).scalars())


def delivery_counts(db: Database) -> dict[str, dict[str, int]]:
    """How many deliveries of each issue are in which state."""
    question = select(delivery.c.issue, delivery.c.state, func.count()).group_by(delivery.c.issue, delivery.c.state)
    counts: dict[str, dict[str, int]] = {issue: {} for issue in planned_issues(db)}
    with db.read() as connection:
        for issue, state, n in connection.execute(question):
            counts.setdefault(issue, {})[state] = n
    return counts


def uncertain_deliveries(db: Database) -> list[tuple[Delivery, str]]:
    """Uncertain deliveries with their readers' addresses, oldest first."""
    question = (
        select(delivery, subscriber.c.address)
        .join(subscriber, subscriber.c.subscriber_id == delivery.c.subscriber_id)
        .where(delivery.c.state == "uncertain")
        .order_by(delivery.c.delivery_id)
    )
    with db.read() as connection:
        return [(_delivery(row), row.address) for row in connection.execute(question)]


def refused_deliveries(db: Database, *, limit: int) -> list[tuple[Delivery, str]]:
    """Deliveries that the mail server did not take, with their readers' addresses, newest first."""
    question = (
        select(delivery, subscriber.c.address)
        .join(subscriber, subscriber.c.subscriber_id == delivery.c.subscriber_id)
        .where(delivery.c.state.in_(["due", "failed"]), delivery.c.problem != "")
        .order_by(delivery.c.changed_at.desc(), delivery.c.delivery_id)
        .limit(limit)
    )
    with db.read() as connection:
        return [(_delivery(row), row.address) for row in connection.execute(question)]


def papers_sent_to(db: Database, subscriber_id: int) -> frozenset[ArxivId]:
    """Every paper that a reader's personal parts have listed, or may have."""
    question = select(delivery.c.papers).where(
        delivery.c.subscriber_id == subscriber_id, delivery.c.state.in_(["handing", "sent", "uncertain"])
    )
    with db.read() as connection:
        return frozenset(ArxivId(i) for papers in connection.execute(question).scalars() for i in papers)


def _accepted_since(at: ColumnElement[datetime] | datetime, until: ColumnElement[datetime] | None = None) -> Exists:
    """Whether the mail server took a mail, whoever it was for."""
    other = delivery.alias("other")
    taken = exists().where(other.c.state.in_(["sent", "uncertain"]), other.c.changed_at >= at)
    return taken if until is None else taken.where(other.c.changed_at <= until)


def any_accepted(db: Database, issue: str) -> bool:
    """Whether the mail server has taken any mail since an issue's readers were decided."""
    planned_at = select(mailing.c.planned_at).where(mailing.c.issue == issue).scalar_subquery()
    with db.read() as connection:
        return bool(connection.execute(select(_accepted_since(planned_at))).scalar_one())


def consecutive_failures(db: Database, subscriber_id: int) -> int:
    """How many of a reader's newest deliveries failed, up to the last that did not.

    One that failed while the server took no mail from anybody says nothing about its reader, and is passed over.
    """
    was_told = _accepted_since(mailing.c.planned_at, delivery.c.changed_at)
    question = (
        select(delivery.c.state)
        .join(mailing, mailing.c.issue == delivery.c.issue)
        .where(delivery.c.subscriber_id == subscriber_id)
        .where(delivery.c.state.in_(["sent", "uncertain"]) | ((delivery.c.state == "failed") & was_told))
        .order_by(delivery.c.delivery_id.desc())
        .limit(10)
    )
    with db.read() as connection:
        states = list(connection.execute(question).scalars())
    return next((i for i, state in enumerate(states) if state != "failed"), len(states))


def subscriber_of_message(db: Database, message_key: str) -> Subscriber | None:
    """Whose delivery carries this key in its Message-ID."""
    question = (
        select(subscriber)
        .join(delivery, delivery.c.subscriber_id == subscriber.c.subscriber_id)
        .where(delivery.c.message_key == message_key)
    )
    with db.read() as connection:
        row = connection.execute(question).one_or_none()
    return None if row is None else subscriber_from_row(row)
