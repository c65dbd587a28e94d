"""Opens the transport that the settings name, and limits the sending rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from domain.mail import Transport
from mail.folder import FolderTransport
from mail.smtp import SmtpTransport
from runtime.mail_settings import MailSettings


class SendRate:
    """Limits calls to ``per_s`` a second by waiting before each one that would come too early."""

    def __init__(
        self, per_s: float, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None]
    ) -> None:
        self._interval_s = 1 / per_s
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    def wait(self) -> None:
        """Block until the next mail may be sent."""
        now = self._clock()
        if now < self._next:
            self._sleep(self._next - now)
        self._next = max(self._next, now) + self._interval_s


def open_transport(settings: MailSettings, folder: Path) -> Transport:
    """The transport that the settings name; ``folder`` is where the folder transport writes."""
    return SmtpTransport(settings) if settings.transport == "smtp" else FolderTransport(folder, settings)
