"""Reports of failure, as mail servers send them: RFC 3464 for mails that could not be delivered, RFC 5965 for
complaints. A report counts only where it names a Message-ID of ours, whose random part nobody else knows; so nobody
can end somebody else's subscription by a made-up report.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Literal

from domain.errors import UsageError
from store.database import Database
from store.deliveries import reader_of_message
from store.subscribers import suppress

_log = logging.getLogger("papertide.bounces")

_MAX_BYTES = 1_000_000
_STATUS = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})")


@dataclass(frozen=True)
class Report:
    """What a report says about one of our mails.

    ``kind`` is ``failed`` where the address will take no mail, ``complaint`` where its reader called ours unwanted,
    ``other`` for delays, receipts and what is no report. ``message_key`` is the random part of our Message-ID, empty
    where the report names none of ours.
    """

    kind: Literal["failed", "complaint", "other"]
    message_key: str
    status: str = ""


def read_report(content: bytes, *, domain: str) -> Report:
    """What a mail in the bounce folder says; whatever it is, it is read without trust."""
    # The older policy: the newer one stumbles over broken addresses, and a report may hold anything.
    message = message_from_bytes(content[:_MAX_BYTES])
    key = _our_key(message, domain)
    if message.get_content_type() != "multipart/report":
        return Report("other", key)
    for part in message.walk():
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            return Report("complaint", key)
        if kind == "message/delivery-status":
            return _delivery_status(part, key)
    return Report("other", key)


def _delivery_status(part: Message, key: str) -> Report:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        action = str(block.get("Action", "")).strip().lower()
        status = str(block.get("Status", "")).strip()
        match = _STATUS.match(status)
        if action == "failed" and match and match[1] == "5" and match[2] in ("1", "2"):
            return Report("failed", key, status)
    return Report("other", key)


def _our_key(message: Message, domain: str) -> str:
    """The key in the Message-ID of the mail that came back, or of the headers that did."""
    ours = re.compile(rf"<([0-9a-f]{{16,64}})\.digest@{re.escape(domain)}>", re.IGNORECASE)
    for part in message.walk():
        if part.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            inside = part.get_payload()
            texts = (
                [str(m.get("Message-ID", "")) for m in inside if isinstance(m, Message)]
                if isinstance(inside, list)
                else []
            )
            texts += [line for line in str(inside).splitlines() if line.lower().startswith("message-id:")]
            for text in texts:
                if match := ours.search(text):
                    return match[1].lower()
    return ""


def read_bounces(db: Database, folder: Path, *, domain: str, now: datetime) -> dict[str, int]:
    """Read every report in a Maildir or a folder of ``.eml`` files, act on it, and put it away as read.

    Returns
    -------
    How many reports of each kind came; ``ignored`` are those that name no mail of ours, or cannot be read.

    Raises
    ------
    UsageError
        If the folder cannot be read.
    """
    counts: Counter[str] = Counter()
    for content in _new_reports(folder):
        try:
            report = read_report(content, domain=domain)
        except Exception:  # noqa: BLE001 - anybody can send a mail that breaks the parser, and others come after it
            _log.warning("a mail in the folder of reports cannot be read, and is put away")
            report = Report("other", "")
        reader = reader_of_message(db, report.message_key) if report.message_key else None
        if reader is None:
            counts["ignored"] += 1
            continue
        if report.kind == "failed":
            suppress(db, reader.address, "bounced", now=now)
        elif report.kind == "complaint":
            suppress(db, reader.address, "complained", now=now)
        counts[report.kind] += 1
    return dict(counts)


def _new_reports(folder: Path) -> Iterator[bytes]:
    """The reports that were not read before; each is put away once the next one is asked for."""
    if not folder.is_dir():
        raise UsageError(f"mail.bounce_folder = {str(folder)!r} is no folder")
    if (folder / "new").is_dir() and (folder / "cur").is_dir():
        for file in sorted(path for path in (folder / "new").iterdir() if not path.name.startswith(".")):
            yield file.read_bytes()
            file.replace(folder / "cur" / f"{file.name.partition(':')[0]}:2,S")  # seen, as mail programs write it
        return
    for file in sorted(folder.glob("*.eml")):
        yield file.read_bytes()
        done = folder / "read"
        done.mkdir(exist_ok=True)
        file.replace(done / file.name)
