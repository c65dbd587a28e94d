"""Transport: the protocol of everything that sends mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from domain.mail_message import MailMessage


class Transport(Protocol):
    """Sends mail.

    ``send`` calls ``before_commit`` at the last moment at which the mail has certainly not been accepted; if that
    returns False, the mail is not sent. ``is_idempotent`` says that sending the same mail twice delivers it once.
    """

    is_idempotent: bool

    def send(self, message: MailMessage, *, now: datetime, before_commit: Callable[[], bool]) -> bool:
        """Send the mail; returns whether it was sent.

        Raises
        ------
        DeliveryError
            If the mail was not accepted, or the outcome is unknown.
        MailServerUnavailable
            If no mail would be accepted now.
        """
        ...

    def close(self) -> None:
        """Close the connection."""
        ...
