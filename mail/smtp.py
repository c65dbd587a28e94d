"""Sends mail through an SMTP server."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from datetime import datetime

from domain.errors import DeliveryError, MailServerUnavailable
from domain.subscription import MailMessage, clean_text
from mail.failures import failure_of
from mail.message import message_bytes
from runtime.mail_settings import MailSettings

_MAILS_PER_CONNECTION = 200


class SmtpTransport:
    """One connection to a mail server, opened when it is needed and kept for many mails."""

    handing_again_is_safe = False

    def __init__(self, settings: MailSettings, *, context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._context = context
        self._connection: smtplib.SMTP | None = None
        self._n_sent = 0

    def send(self, letter: MailMessage, *, now: datetime, handing: Callable[[], bool]) -> bool:
        """Hand the mail to the server, up to its answer."""
        content = message_bytes(letter, self._settings, now=now)
        bounces_go_to = self._settings.bounce_to or self._settings.sender
        smtp = self._connected()
        try:
            self._ask(smtp, letter, bounces_go_to, len(content))
            smtp.send(_dotted(content))
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._drop()
            raise DeliveryError(
                f"the mail server ended the conversation: {_words(error)}",
                public="the mail server ended the conversation",
            ) from error
        may_hand_over = False
        try:
            may_hand_over = handing()
        finally:
            if not may_hand_over:
                self._drop()  # the server waits for an end that will not come
        if not may_hand_over:
            return False
        try:
            # The one wait that must not end early: an answer that comes later says that the mail has arrived.
            if smtp.sock is not None:
                smtp.sock.settimeout(self._settings.end_timeout_s)
            smtp.send(_END)
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._drop()
            raise DeliveryError(
                f"no answer came after the mail was handed over: {_words(error)}",
                uncertain=True,
                public="no answer came after a mail was handed over",
            ) from error
        if smtp.sock is not None:
            smtp.sock.settimeout(self._settings.timeout_s)
        self._judge(code, answer, "a mail")
        self._n_sent += 1
        if self._n_sent >= _MAILS_PER_CONNECTION:
            self.close()
        return True

    def _ask(self, smtp: smtplib.SMTP, letter: MailMessage, bounces_go_to: str, size: int) -> None:
        """The conversation before the mail itself; the recipient is asked about last but one."""
        options = [f"size={size}"] if smtp.has_extn("size") else []
        code, answer = smtp.mail(bounces_go_to, options)
        if code != 250:
            self._reset(smtp, code)
            # The sender is refused, so every other mail would be too.
            message = f"the mail server refuses the sender {bounces_go_to}: {_reply(code, answer)}"
            public = f"the mail server refuses the sender ({_codes(code, answer)})"
            raise MailServerUnavailable(message, public=public, detail=message)
        code, answer = smtp.rcpt(letter.to)
        if code not in (250, 251):
            self._reset(smtp, code)
            self._judge(code, answer, "a recipient", about_address=True)
        code, answer = smtp.docmd("DATA")
        if code != 354:
            self._reset(smtp, code)
            self._judge(code, answer, "a mail")

    def _reset(self, smtp: smtplib.SMTP, code: int) -> None:
        """Begin anew after a refusal; a server that closes (421) hears nothing more from us."""
        if code == 421:
            self._drop()
        else:
            smtp.rset()

    def _judge(self, code: int, answer: bytes, what: str, *, about_address: bool = False) -> None:
        """Read the server's answer by its first digit (RFC 5321, 4.2.1)."""
        if 200 <= code < 300:
            return
        if code == 421:
            self._drop()
            raise MailServerUnavailable(
                f"the mail server closes: {_reply(code, answer)}",
                public=f"the mail server closes ({_codes(code, answer)})",
            )
        raise DeliveryError(
            f"the mail server refuses {what}: {_reply(code, answer)}",
            public=f"the mail server refuses {what} ({_codes(code, answer)})",
            permanent=code >= 500,
            bad_address=about_address and code >= 500 and _is_about_the_address(code, answer),
        )

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        s = self._settings
        if self._context is None and s.security != "none":
            self._context = ssl.create_default_context()
        try:
            smtp = (
                smtplib.SMTP_SSL(s.host, s.port, timeout=s.timeout_s, context=self._context)
                if s.security == "tls"
                else smtplib.SMTP(s.host, s.port, timeout=s.timeout_s)
            )
            if smtp.sock is not None:
                # A mail's last line is sent by itself; held back for the answer to what came before it, it would
                # cost 40 ms a mail (Nagle's algorithm against delayed acknowledgement).
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if s.security == "starttls":
                smtp.starttls(context=self._context)  # raises where the server has none: never in clear text
                smtp.ehlo()
            if s.user:
                smtp.login(s.user, s.password.get_secret_value())
        except smtplib.SMTPNotSupportedError as error:
            message = f"{s.host}:{s.port} offers no STARTTLS, and mails are not sent in clear text; set mail.security"
            public = "the mail server offers no STARTTLS"
            raise MailServerUnavailable(message, public=public, detail=message) from error
        except smtplib.SMTPResponseException as error:
            message = f"cannot reach the mail server {s.host}:{s.port}: {_words(error)}"
            public = f"the mail server does not let us in ({_codes(error.smtp_code, _answer(error))})"
            raise MailServerUnavailable(message, public=public, detail=message) from error
        except (OSError, smtplib.SMTPException) as error:
            message = f"cannot reach the mail server {s.host}:{s.port}: {_words(error)}"
            public = "the mail server cannot be reached"
            raise MailServerUnavailable(message, public=public, detail=message) from error
        self._connection, self._n_sent = smtp, 0
        return smtp

    def _drop(self) -> None:
        """Leave without a word: the conversation is in a state that nobody knows."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Say good-bye."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                connection.close()


_END = b".\r\n"
"""The line that ends a mail: a server that did not get it has no mail (RFC 5321, 4.1.1.4)."""


def _dotted(content: bytes) -> bytes:
    """The mail with a dot more before every dot that begins a line (RFC 5321, 4.5.2), up to its end."""
    content = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        content = b"." + content
    return content + (b"" if content.endswith(b"\r\n") else b"\r\n")


def _is_about_the_address(code: int, answer: bytes) -> bool:
    """Whether a refusal says that the address takes no mail, by the rule that reports by mail are read by.

    A refusal that does not say so may be about us: a relay that we may not use answers every address alike, and must
    not end every subscription. An address that nobody has ends after some issues in a row in any case.
    """
    return failure_of("", answer.decode("utf-8", "replace"), reply_code=code).kind == "failed"


def _reply(code: int, answer: bytes) -> str:
    return f"{code} {clean_text(answer.decode('utf-8', 'replace'))[:200]}"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply(error.smtp_code, _answer(error))
    return clean_text(str(error))[:200] or type(error).__name__


def _answer(error: smtplib.SMTPResponseException) -> bytes:
    raw = error.smtp_error
    return raw if isinstance(raw, bytes) else str(raw).encode()


_STATUS = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})(?![\w.])")


def _codes(code: int, answer: bytes) -> str:
    """What of a server's answer anybody may read: its code, and the status that it begins with (RFC 3463).

    The words after them are the server's own, and often repeat the address that was refused.
    """
    status = _STATUS.match(answer)
    return f"{code} {status[1].decode('ascii')}" if status else str(code)
