"""Requests from the subscription form, until each is answered by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Insert, delete, func, insert, or_, select, true, update

from domain.mail_address import mailbox_of
from domain.subscription import Preferences
from store.database import REQUESTS_LOCK, Database
from store.schema import subscription_request
from store.subscribers import preference_columns, readable_preferences


@dataclass(frozen=True)
class SubscriptionRequest:
    """A request for the digest or, if ``preferences`` is ``None``, for a link to the subscriber's own page."""

    request_id: int
    address: str
    preferences: Preferences | None
    asked_at: datetime
    n_tries: int


@dataclass(frozen=True)
class RequestLimits:
    """How many requests may be stored within ``window`` of one network, of one site, and in all (0: no limit)."""

    window: timedelta
    of_network: int
    of_site: int
    of_all: int


@dataclass(frozen=True)
class RequestRefused:
    """Which limit a request exceeds, and when there is room again."""

    limit: Literal["network", "site", "all"]
    until: datetime


def add_request(db: Database, address: str, preferences: Preferences | None, *, network: str, now: datetime) -> None:
    """Store a request that no limit applies to."""
    with db.write() as connection:
        connection.execute(_new_request(db, address, preferences, network=network, site=network, now=now))


def add_limited_request(
    db: Database,
    address: str,
    preferences: Preferences | None,
    *,
    network: str,
    site: str,
    limits: RequestLimits,
    now: datetime,
) -> RequestRefused | None:
    """Store a request unless it exceeds a limit; of concurrent ones no more are stored than the limits allow.

    The work is the same for known and unknown addresses, so that timing reveals nothing.
    """
    c = subscription_request.c
    checks: tuple[tuple[Literal["network", "site", "all"], Any, int], ...] = (
        ("network", c.network == db.keyed_hash(network), limits.of_network),
        ("site", c.site == db.keyed_hash(site), limits.of_site),
        ("all", true(), limits.of_all),
    )
    new = _new_request(db, address, preferences, network=network, site=site, now=now)
    with db.write() as connection:
        if not db.is_sqlite:  # SQLite has one writer at a time; here the others must wait to count this one
            connection.execute(select(func.pg_advisory_xact_lock(REQUESTS_LOCK)))
        for limit, condition, most in checks:
            query = (
                select(c.asked_at)
                .where(condition, c.asked_at >= now - limits.window)
                .order_by(c.asked_at.desc())
                .offset(max(most, 1) - 1)
                .limit(1)
            )
            oldest = connection.execute(query).scalar_one_or_none() if most else None
            if oldest is not None:
                return RequestRefused(limit, oldest + limits.window)
        connection.execute(new)
    return None


def _new_request(
    db: Database, address: str, preferences: Preferences | None, *, network: str, site: str, now: datetime
) -> Insert:
    return insert(subscription_request).values(
        address=address,
        mailbox=db.keyed_hash(mailbox_of(address)),
        network=db.keyed_hash(network),
        site=db.keyed_hash(site),
        preferences=preference_columns(preferences) if preferences is not None else None,
        asked_at=now,
        state="waiting",
        n_tries=0,
        problem="",
    )


def count_answers_tried(db: Database, address: str, *, since: datetime) -> int:
    """Number of answers since an instant to the mailbox of an address, under any alias, sent or refused by its server.

    Otherwise a mail server that refuses an address could be asked about it without end.
    """
    c = subscription_request.c
    query = select(func.count()).where(
        c.mailbox == db.keyed_hash(mailbox_of(address)),
        c.state.in_(["handing", "sent"]) | ((c.state == "dropped") & (c.n_tries > 0)),
        c.asked_at >= since,
    )
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def waiting_requests(db: Database, *, now: datetime, limit: int) -> list[SubscriptionRequest]:
    """Requests to be answered now, oldest first."""
    c = subscription_request.c
    query = (
        select(subscription_request)
        .where(c.state == "waiting", or_(c.next_try_at.is_(None), c.next_try_at <= now))
        .order_by(c.request_id)
        .limit(limit)
    )
    with db.read() as connection:
        return [
            SubscriptionRequest(
                row.request_id,
                row.address,
                readable_preferences(**row.preferences) if row.preferences else None,
                row.asked_at,
                row.n_tries,
            )
            for row in connection.execute(query)
        ]


def claim_request(db: Database, request_id: int) -> bool:
    """Claim the right to answer a request. After a crash it stays unanswered, and the person may ask again."""
    claim = (
        update(subscription_request)
        .where(subscription_request.c.request_id == request_id, subscription_request.c.state == "waiting")
        .values(state="handing")
    )
    with db.write() as connection:
        return connection.execute(claim).rowcount == 1


def finish_request(
    db: Database,
    request_id: int,
    *,
    state: str,
    problem: str = "",
    next_try_at: datetime | None = None,
    counts: bool = True,
) -> None:
    """Record the outcome of a request: ``sent``, ``dropped``, or ``waiting`` for another try.

    With ``counts`` false the try is not counted, because the fault was not with this request.
    """
    change = (
        update(subscription_request)
        .where(subscription_request.c.request_id == request_id)
        .values(
            state=state, problem=problem, next_try_at=next_try_at, n_tries=subscription_request.c.n_tries + int(counts)
        )
    )
    with db.write() as connection:
        connection.execute(change)


def delete_requests(db: Database, *, asked_before: datetime) -> int:
    """Delete requests older than an instant; returns the number deleted."""
    with db.write() as connection:
        done = connection.execute(delete(subscription_request).where(subscription_request.c.asked_at < asked_before))
        return done.rowcount
