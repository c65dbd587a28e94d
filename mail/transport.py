"""Chooses the transport the settings ask for, and limits the sending rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from domain.mail import Transport
from mail.folder import FolderTransport
from mail.smtp import SmtpTransport
from runtime.mail_settings import MailSettings


class SendRate:
    """At most so many calls a second: waits before a call that would come too early."""

    def __init__(
        self, per_s: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None]
    ) -> None:
        self._gap = 1 / per_s
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    def wait(self) -> None:
        """Come back when the next may go."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._gap


def open_transport(settings: MailSettings, folder: Path) -> Transport:
    """The way that the settings choose."""
    return SmtpTransport(settings) if settings.transport == "smtp" else FolderTransport(folder, settings)
