"""Encodes a mail as RFC 5322 bytes.

Some of its text comes from outside: titles from arXiv, addresses and searches from readers. It reaches headers only
through ``EmailMessage``, which refuses line breaks, after everything that could be one is removed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from domain.mail_message import InlineImage, MailMessage
from domain.subscription import sanitized_line
from runtime.mail_settings import MailSettings

_MAX_SUBJECT = 200


_PLAIN_URL = re.compile(r"[!-;=?-~]{1,900}")
"""Printable ASCII without spaces and angle brackets that fits on one line of a mail (RFC 5322, 2.1.1)."""


def message_id(key: str, settings: MailSettings) -> str:
    """The Message-ID of a mail with this key; the same at every try."""
    return f"<{key}.digest@{settings.domain}>"


def bounce_address(key: str, settings: MailSettings) -> str:
    """Where mail servers send reports about the mail with this key."""
    address = settings.bounce_to or settings.sender
    if not settings.bounce_subaddress:
        return address
    local, _, domain = address.rpartition("@")
    return f"{local}+{key}@{domain}"


def message_bytes(message: MailMessage, settings: MailSettings, *, now: datetime) -> bytes:
    """The mail as it is sent, with CRLF line ends and before SMTP's dot-stuffing.

    Raises
    ------
    ValueError
        If an address or a header cannot be written safely; the message must not be sent.
    """
    head = EmailMessage(policy=SMTP)
    head["From"] = Address(settings.sender_name, addr_spec=settings.sender)
    head["To"] = Address(addr_spec=message.to)
    head["Subject"] = sanitized_line(message.subject)[:_MAX_SUBJECT]
    head["Date"] = format_datetime(now)
    head["Message-ID"] = message_id(message.message_key, settings)
    if settings.reply_to:
        head["Reply-To"] = Address(addr_spec=settings.reply_to)
    head["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe_url:
        head["List-Id"] = f"Papertide digest <{settings.list_name}>"
        head["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        head["Precedence"] = "bulk"
    head["MIME-Version"] = "1.0"
    lines = bytes(head).rstrip(b"\r\n")
    if message.unsubscribe_url:
        lines += b"\r\n" + _unsubscribe_line(message.unsubscribe_url)
    return lines + b"\r\n" + _body(message)


def _unsubscribe_line(url: str) -> bytes:
    """The header ``List-Unsubscribe``, on one line.

    ``EmailMessage`` would write a URL longer than 78 characters as encoded words, which RFC 2369 does not allow and
    mail programs do not read.
    """
    if not _PLAIN_URL.fullmatch(url):
        raise ValueError(f"a mail header cannot contain this URL: {url!r}")
    return f"List-Unsubscribe: <{url}>".encode("ascii")


def _body(message: MailMessage) -> bytes:
    """The MIME tree: alternative(text, related(html, pictures)).

    Written by hand, because ``EmailMessage`` spends more time encoding the pictures that all mails share than it takes
    to compose a mail. Boundaries are derived from the content, so the same message gives the same bytes.
    """
    mark = hashlib.sha256(f"{message.message_key}\n{message.text}\n{message.html}".encode()).hexdigest()[:32]
    text = _text_part("text/plain", message.text)
    if not message.html:
        return text
    html = _text_part("text/html", message.html)
    if message.pictures:
        pictures = [_picture_part(p) for p in message.pictures]
        html = _multipart('related; type="text/html"', f"=_{mark}r", [html, *pictures])
    return _multipart("alternative", f"=_{mark}a", [text, html])


def _text_part(kind: str, text: str) -> bytes:
    head = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    return head.encode("ascii") + binascii.b2a_qp(lines.encode(), istext=True)


@lru_cache(maxsize=64)
def _picture_part(picture: InlineImage) -> bytes:
    head = (
        f"Content-Type: image/png; name={picture.name}.png\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{picture.name}@papertide>\r\n"
        f"Content-Disposition: inline; filename={picture.name}.png\r\n\r\n"
    )
    return head.encode("ascii") + base64.encodebytes(picture.png).replace(b"\n", b"\r\n")


def _multipart(kind: str, boundary: str, parts: list[bytes]) -> bytes:
    line = f"--{boundary}".encode("ascii")
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode("ascii") + body + line + b"--\r\n"
