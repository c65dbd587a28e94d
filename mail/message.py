"""Mails as bytes, and the two ways that they leave: into a folder, or to a mail server.

A letter's words come from outside in part: titles from arXiv, addresses and searches from readers. They reach headers
only through ``EmailMessage``, which refuses a line break, after everything that could be one is taken out.
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

from domain.subscription import MailMessage, Picture, clean_text
from runtime.mail_settings import MailSettings

_MAX_SUBJECT = 200


_PLAIN_URL = re.compile(r"[!-;=?-~]{1,900}")
"""Printable ASCII without blanks and angle brackets, in one line of a mail (RFC 5322, 2.1.1)."""


def message_id(key: str, settings: MailSettings) -> str:
    """The Message-ID of a mail with this key; the same at every try."""
    return f"<{key}.digest@{settings.domain}>"


def message_bytes(letter: MailMessage, settings: MailSettings, *, now: datetime) -> bytes:
    """The mail as it goes over the wire, with CRLF, without the dots that SMTP adds.

    Raises
    ------
    ValueError
        If an address or a header could not be written safely; the letter is then not sent.
    """
    head = EmailMessage(policy=SMTP)
    head["From"] = Address(settings.sender_name, addr_spec=settings.sender)
    head["To"] = Address(addr_spec=letter.to)
    head["Subject"] = clean_text(letter.subject)[:_MAX_SUBJECT]
    head["Date"] = format_datetime(now)
    head["Message-ID"] = message_id(letter.message_key, settings)
    if settings.reply_to:
        head["Reply-To"] = Address(addr_spec=settings.reply_to)
    head["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe_url:
        head["List-Id"] = f"Papertide digest <{settings.list_name}>"
        head["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        head["Precedence"] = "bulk"
    head["MIME-Version"] = "1.0"
    lines = bytes(head).rstrip(b"\r\n")
    if letter.unsubscribe_url:
        lines += b"\r\n" + _unsubscribe_line(letter.unsubscribe_url)
    return lines + b"\r\n" + _body(letter)


def _unsubscribe_line(url: str) -> bytes:
    """The header ``List-Unsubscribe``, in one line.

    ``EmailMessage`` would write an address that does not fit into 78 characters as encoded words, which RFC 2369
    does not allow and mail programs do not read.
    """
    if not _PLAIN_URL.fullmatch(url):
        raise ValueError(f"not an address that a mail's header can hold: {url!r}")
    return f"List-Unsubscribe: <{url}>".encode("ascii")


def _body(letter: MailMessage) -> bytes:
    """The MIME tree: alternative(text, related(html, pictures)).

    Written out, because ``EmailMessage`` takes longer to encode the pictures that all mails share than composing a
    mail takes. Boundaries are made from the content, so that the same letter gives the same bytes.
    """
    mark = hashlib.sha256(f"{letter.message_key}\n{letter.text}\n{letter.html}".encode()).hexdigest()[:32]
    text = _text_part("text/plain", letter.text)
    if not letter.html:
        return text
    html = _text_part("text/html", letter.html)
    if letter.pictures:
        pictures = [_picture_part(p) for p in letter.pictures]
        html = _multipart('related; type="text/html"', f"=_{mark}r", [html, *pictures])
    return _multipart("alternative", f"=_{mark}a", [text, html])


def _text_part(kind: str, text: str) -> bytes:
    head = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    lines = "\r\n".join(text.splitlines()) + "\r\n"
    return head.encode("ascii") + binascii.b2a_qp(lines.encode(), istext=True)


@lru_cache(maxsize=64)
def _picture_part(picture: Picture) -> bytes:
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
