"""Writes each mail to a file in a folder instead of sending it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from domain.errors import MailServerUnavailable
from domain.subscription import MailMessage
from mail.message import message_bytes
from runtime.mail_settings import MailSettings


class FolderTransport:
    """Each mail is a file, named by its key: written twice, it is there once."""

    handing_again_is_safe = True

    def __init__(self, folder: Path, settings: MailSettings) -> None:
        self._folder = folder
        self._settings = settings

    def send(self, letter: MailMessage, *, now: datetime, handing: Callable[[], bool]) -> bool:
        """Write the file; it appears whole or not at all."""
        content = message_bytes(letter, self._settings, now=now)
        if not handing():
            return False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(self._folder / f"{letter.message_key}.eml")
        except OSError as error:
            message = f"cannot write into {self._folder}: {error.strerror}"
            public = "the folder of mails cannot be written"
            raise MailServerUnavailable(message, public=public, detail=message) from error
        return True

    def close(self) -> None:
        """Nothing is kept open."""
