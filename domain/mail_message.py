"""A mail: its content before it is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class InlineImage:
    """An image inside a mail; ``name`` is the first part of its Content-ID."""

    name: str
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class MailMessage:
    """The content of a mail, before it is encoded.

    ``html`` is empty for a plain-text mail. ``unsubscribe_url`` is empty for a mail that is not sent to a list, such
    as a confirmation.
    """

    to: str
    subject: str
    text: str
    html: str = ""
    pictures: Sequence[InlineImage] = ()
    message_key: str = ""
    unsubscribe_url: str = ""
