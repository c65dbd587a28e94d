"""Opens the transport that the settings name, and limits the sending rate."""

from __future__ import annotations

from pathlib import Path

from domain.mail_transport import Transport
from mail.folder_transport import FolderTransport
from mail.smtp_transport import SmtpTransport
from runtime.mail_settings import MailSettings


def open_transport(settings: MailSettings, folder: Path) -> Transport:
    """The transport that the settings name; ``folder`` is where the folder transport writes."""
    return SmtpTransport(settings) if settings.transport == "smtp" else FolderTransport(folder, settings)
