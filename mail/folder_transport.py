"""Writes each mail to a file in a folder instead of sending it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from domain.errors import MailServerUnavailable, OutputError
from domain.mail_message import MailMessage
from mail.message import message_bytes
from runtime.atomic_write import write_whole
from runtime.mail_settings import MailSettings


class FolderTransport:
    """Writes each mail to a file named by its key, so a mail that is sent twice is stored once."""

    is_idempotent = True

    def __init__(self, folder: Path, settings: MailSettings) -> None:
        self._folder = folder
        self._settings = settings

    def send(self, message: MailMessage, *, now: datetime, before_commit: Callable[[], bool]) -> bool:
        """Write the file, whole or not at all."""
        content = message_bytes(message, self._settings, now=now)
        if not before_commit():
            return False
        try:
            write_whole(self._folder / f"{message.message_key}.eml", content, mode=0o600)
        except OutputError as error:
            public = "the mail folder cannot be written"
            raise MailServerUnavailable(str(error), public=public, detail=str(error)) from error
        return True

    def close(self) -> None:
        """Do nothing: no file is held open."""
