"""Transport: the protocol of everything that can send a mail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from domain.subscription import MailMessage


class Transport(Protocol):
    """A way for mails to leave.

    ``send`` calls ``handing`` at the last moment at which it is certain that nobody has the mail; where that gives
    False, the mail is not handed over. ``handing_again_is_safe`` says that the same mail twice is one mail.
    """

    handing_again_is_safe: bool

    def send(self, letter: MailMessage, *, now: datetime, handing: Callable[[], bool]) -> bool:
        """Hand the mail over; whether it was.

        Raises
        ------
        DeliveryError
            If it was not accepted, or nobody knows.
        MailServerUnavailable
            If no mail would be accepted now.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...
