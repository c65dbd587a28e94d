"""Sends mail through an SMTP server."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from datetime import datetime

from domain.errors import DeliveryError, MailServerUnavailable
from domain.mail_message import MailMessage
from domain.subscription import sanitized_line
from mail.failures import failure_of
from mail.message import bounce_address, message_bytes, message_id
from runtime.mail_settings import MailSettings

_MAILS_PER_CONNECTION = 200


class SmtpTransport:
    """Sends over one connection to a mail server, opened on first use and reused for many mails."""

    is_idempotent = False

    def __init__(self, settings: MailSettings, *, context: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._context = context
        self._connection: smtplib.SMTP | None = None
        self._n_sent = 0

    def send(self, message: MailMessage, *, now: datetime, before_commit: Callable[[], bool]) -> bool:
        """Send the mail and wait for the server's reply."""
        content = message_bytes(message, self._settings, now=now)
        smtp = self._connect()
        try:
            self._send_envelope(smtp, message, len(content))
            smtp.send(_dot_stuffed(content))
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._abort()
            raise DeliveryError(
                f"the mail server closed the connection: {_error_text(error)}",
                public="the mail server closed the connection",
            ) from error
        may_commit = False
        try:
            may_commit = before_commit()
        finally:
            if not may_commit:
                self._abort()  # without the final dot, the server discards the mail
        if not may_commit:
            return False
        try:
            # This wait must not end early: a reply that we miss may say that the mail was accepted.
            if smtp.sock is not None:
                smtp.sock.settimeout(self._settings.end_timeout_s)
            smtp.send(_END)
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._abort()
            raise DeliveryError(
                f"the mail server did not reply after the mail was sent: {_error_text(error)}",
                uncertain=True,
                public="the mail server did not reply after a mail was sent",
            ) from error
        if smtp.sock is not None:
            smtp.sock.settimeout(self._settings.timeout_s)
        self._check_reply(code, answer, "a mail")
        self._n_sent += 1
        if self._n_sent >= _MAILS_PER_CONNECTION:
            self.close()
        return True

    def check(self) -> None:
        """Connect and log in, and send nothing.

        Raises
        ------
        MailServerUnavailable
        """
        self._connect()
        self.close()

    def _send_envelope(self, smtp: smtplib.SMTP, mail: MailMessage, size: int) -> None:
        """Send MAIL FROM, RCPT TO and DATA.

        A server that offers delivery status notifications (RFC 3461) gets our Message-ID as the envelope id, which its
        reports repeat, and is asked to return the headers.
        """
        sender = bounce_address(mail.message_key, self._settings)
        options = [f"size={size}"] if smtp.has_extn("size") else []
        if smtp.has_extn("dsn"):
            options += ["RET=HDRS", f"ENVID={message_id(mail.message_key, self._settings).strip('<>')}"]
        code, answer = smtp.mail(sender, options)
        if code != 250:
            self._reset(smtp, code)
            # The sender is refused, so every other mail would be too.
            message = f"the mail server refuses the sender {sender}: {_reply_text(code, answer)}"
            public = f"the mail server refuses the sender ({_public_reply(code, answer)})"
            raise MailServerUnavailable(message, public=public, detail=message)
        code, answer = smtp.rcpt(mail.to)
        if code not in (250, 251):
            self._reset(smtp, code)
            self._check_reply(code, answer, "a recipient")
        code, answer = smtp.docmd("DATA")
        if code != 354:
            self._reset(smtp, code)
            self._check_reply(code, answer, "a mail")

    def _reset(self, smtp: smtplib.SMTP, code: int) -> None:
        """Reset the session after a refusal; after 421 the server closes, so only drop the connection."""
        if code == 421:
            self._abort()
        else:
            smtp.rset()

    def _check_reply(self, code: int, answer: bytes, what: str) -> None:
        """Raise for a reply that is no success, by its first digit (RFC 5321, 4.2.1)."""
        if 200 <= code < 300:
            return
        if code == 421:
            self._abort()
            raise MailServerUnavailable(
                f"the mail server is closing the connection: {_reply_text(code, answer)}",
                public=f"the mail server is closing the connection ({_public_reply(code, answer)})",
            )
        raise DeliveryError(
            f"the mail server refuses {what}: {_reply_text(code, answer)}",
            public=f"the mail server refuses {what} ({_public_reply(code, answer)})",
            permanent=code >= 500,
            kind=failure_of("", answer.decode("utf-8", "replace"), reply_code=code).kind,
        )

    def _connect(self) -> smtplib.SMTP:
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
                # A mail's last line is sent by itself; Nagle's algorithm would hold it back until the server's
                # delayed acknowledgement, 40 ms for each mail.
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            smtp.ehlo_or_helo_if_needed()
            if s.security == "starttls":
                smtp.starttls(context=self._context)  # raises if the server has none: never send in clear text
                smtp.ehlo()
            if s.user:
                smtp.login(s.user, s.password.get_secret_value())
        except smtplib.SMTPNotSupportedError as error:
            message = f"{s.host}:{s.port} offers no STARTTLS, and mail is not sent in clear text; set mail.security"
            public = "the mail server offers no STARTTLS"
            raise MailServerUnavailable(message, public=public, detail=message) from error
        except smtplib.SMTPResponseException as error:
            message = f"cannot reach the mail server {s.host}:{s.port}: {_error_text(error)}"
            public = f"the mail server refuses the connection ({_public_reply(error.smtp_code, _reply_bytes(error))})"
            raise MailServerUnavailable(message, public=public, detail=message) from error
        except (OSError, smtplib.SMTPException) as error:
            message = f"cannot reach the mail server {s.host}:{s.port}: {_error_text(error)}"
            public = "the mail server cannot be reached"
            raise MailServerUnavailable(message, public=public, detail=message) from error
        self._connection, self._n_sent = smtp, 0
        return smtp

    def _abort(self) -> None:
        """Close the connection without QUIT: the state of the session is unknown."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """End the session with QUIT and close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                connection.close()


_END = b".\r\n"
"""The line that ends a mail: until the server gets it, it has not accepted the mail (RFC 5321, 4.1.1.4)."""


def _dot_stuffed(content: bytes) -> bytes:
    """The mail with every leading dot of a line doubled (RFC 5321, 4.5.2), without the line that ends it."""
    content = content.replace(b"\r\n.", b"\r\n..")
    if content.startswith(b"."):
        content = b"." + content
    return content + (b"" if content.endswith(b"\r\n") else b"\r\n")


def _reply_text(code: int, answer: bytes) -> str:
    return f"{code} {sanitized_line(answer.decode('utf-8', 'replace'))[:200]}"


def _error_text(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _reply_text(error.smtp_code, _reply_bytes(error))
    return sanitized_line(str(error))[:200] or type(error).__name__


def _reply_bytes(error: smtplib.SMTPResponseException) -> bytes:
    raw = error.smtp_error
    return raw if isinstance(raw, bytes) else str(raw).encode()


_STATUS = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})(?![\w.])")


def _public_reply(code: int, answer: bytes) -> str:
    """The public part of a reply: its code, and the enhanced status at its start (RFC 3463).

    The text after them is the server's own, and often repeats the refused address.
    """
    status = _STATUS.match(answer)
    return f"{code} {status[1].decode('ascii')}" if status else str(code)
