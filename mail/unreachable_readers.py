"""Ends the subscriptions of readers whose address takes no mail."""

from __future__ import annotations

from datetime import datetime

from domain.errors import FailureKind
from domain.subscription import Subscriber
from mail.failures import is_lasting
from store.database import Database
from store.deliveries import delivery_outcomes
from store.suppressed_addresses import suppress


def suppress_unreachable(db: Database, reader: Subscriber, failure: FailureKind, *, now: datetime) -> None:
    """Suppress a reader's address after a stored failure, if it takes no mail.

    The one rule for refusals of the mail server and for reports that come by mail: ``failed`` ends a subscription at
    once, ``passing`` only if such failures have lasted, and ``other`` never.
    """
    if failure == "failed" or (
        failure == "passing" and is_lasting(delivery_outcomes(db, reader.subscriber_id), now=now)
    ):
        suppress(db, reader.address, "bounced", now=now)
