"""Mails as bytes, in a folder, and over SMTP to a real server on loopback."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.errors import DeliveryError, MailServerUnavailable, StoreError
from domain.mail_message import InlineImage, MailMessage
from mail.folder_transport import FolderTransport
from mail.message import message_bytes
from mail.send_rate import SendRate
from mail.smtp_transport import SmtpTransport
from runtime.mail_settings import MailSettings

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
MAIL = MailMessage(
    to="ada@example.org",
    subject="Diffusion is up [2026-W25]",
    text="Plain words, ≈ 9 %.\n.\n..two dots\n" + "x" * 2000 + "\n",
    html='<!doctype html><html><body><p>Rich words, ≈ 9 %.</p><img src="cid:a@papertide" alt="a"></body></html>',
    pictures=(InlineImage("a", b"\x89PNG" + bytes(500)),),
    message_key=KEY,
    unsubscribe_url="https://papertide.example/subscriptions/unsubscribe/token",
)


class Mailbox:
    """What the server does with a mail; the tests change it."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.mail = self.rcpt = self.data = ""
        self.hang_after_data = threading.Event()
        self.hang = False

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data:
            return self.data
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        if self.hang:
            import asyncio

            await asyncio.sleep(2)
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, file = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    try:
        subprocess.run(
            [*made, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", file],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("NOT TESTED with TLS: openssl cannot make a certificate here")
    return key, file


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Controller]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield controller
    controller.stop()


def _free_port() -> int:
    """A port that nobody listens at: aiosmtpd must be told one, and cannot choose."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _settings(controller: Controller | None = None, **more: Any) -> MailSettings:
    given: dict[str, Any] = {
        "transport": "smtp",
        "host": "127.0.0.1",
        "port": controller.port if controller else 2525,
        "security": "none",
        "sender": "digest@papertide.example",
        "timeout_s": 1.0,
        "end_timeout_s": 1.0,
        **more,
    }
    return MailSettings(**given)


def _yes() -> bool:
    return True


def _parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


# -- the bytes


def test_a_digest_has_the_parts_and_headers_that_mail_programs_and_servers_ask_for() -> None:
    content = message_bytes(MAIL, _settings(), now=NOW)
    message = _parsed(content)
    assert message.get_content_type() == "multipart/alternative"
    plain, related = message.iter_parts()
    assert plain.get_content_type() == "text/plain"
    assert plain.get_content().replace("\r\n", "\n") == MAIL.text
    assert related.get_content_type() == "multipart/related"
    html, picture = related.iter_parts()
    assert html.get_content().rstrip("\r\n") == MAIL.html
    assert picture.get_content() == MAIL.pictures[0].png
    assert picture["Content-ID"] == "<a@papertide>"
    assert picture.get_content_disposition() == "inline"
    assert message["List-Unsubscribe"] == f"<{MAIL.unsubscribe_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "<digest.papertide.example>" in message["List-Id"]
    assert message["Message-ID"] == f"<{KEY}.digest@papertide.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    assert message["Date"].datetime == NOW
    assert message.defects == []
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_the_same_message_gives_the_same_bytes() -> None:
    assert message_bytes(MAIL, _settings(), now=NOW) == message_bytes(MAIL, _settings(), now=NOW)


def test_a_question_to_confirm_carries_no_list_headers() -> None:
    mail = MailMessage(to="ada@example.org", subject="Please confirm", text="words\n", message_key=KEY)
    message = _parsed(message_bytes(mail, _settings(), now=NOW))
    assert message.get_content_type() == "text/plain"
    assert not [name for name in message if name.lower().startswith("list-")]


@pytest.mark.parametrize("evil", ["a\r\nBcc: eve@example.org", "a\nX: y", "a\r\n\r\nbody", "a\x00b", "a\u2028b"])
@pytest.mark.parametrize("field", ["subject", "to", "unsubscribe_url", "message_key"])
def test_no_field_of_a_message_can_add_a_header(field: str, evil: str) -> None:
    mail = replace(MAIL, **{field: evil})
    try:
        content = message_bytes(mail, _settings(), now=NOW)
    except (ValueError, IndexError):
        return
    message = _parsed(content)
    assert message["Bcc"] is None
    assert message["X"] is None
    assert set(message.keys()) <= set(_parsed(message_bytes(MAIL, _settings(), now=NOW)).keys())


@given(st.text(max_size=300))
def test_any_subject_stays_one_header(subject: str) -> None:
    message = _parsed(message_bytes(replace(MAIL, subject=subject), _settings(), now=NOW))
    assert message["Message-ID"] == f"<{KEY}.digest@papertide.example>"
    assert len(message.get_all("Subject")) == 1  # type: ignore[arg-type]
    assert "\n" not in message["Subject"]


@pytest.mark.parametrize("field", ["sender", "reply_to", "sender_name", "list_id", "operator", "host", "user"])
def test_no_setting_can_add_a_header(field: str) -> None:
    with pytest.raises(ValidationError):
        MailSettings(**{field: "a@example.org\r\nBcc: eve@example.org"})


# -- the folder


def test_the_folder_holds_each_mail_once_however_often_it_is_sent(tmp_path: Path) -> None:
    folder = FolderTransport(tmp_path / "mail", MailSettings())
    for _ in range(2):
        assert folder.send(MAIL, now=NOW, before_commit=_yes)
    [file] = (tmp_path / "mail").iterdir()
    assert file.name == f"{KEY}.eml"
    assert not folder.send(MAIL, now=NOW, before_commit=lambda: False)


def test_a_mail_that_cannot_be_written_leaves_no_file_behind(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    (folder / f"{KEY}.eml" / "in the way").mkdir(parents=True)
    with pytest.raises(MailServerUnavailable, match="cannot write"):
        FolderTransport(folder, MailSettings()).send(MAIL, now=NOW, before_commit=_yes)
    assert [path.name for path in folder.iterdir()] == [f"{KEY}.eml"]


def test_only_the_owner_can_read_a_mail_in_the_folder(tmp_path: Path) -> None:
    FolderTransport(tmp_path / "mail", MailSettings()).send(MAIL, now=NOW, before_commit=_yes)
    assert (tmp_path / "mail" / f"{KEY}.eml").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_counts_as_an_unavailable_server(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(MailServerUnavailable):
        FolderTransport(tmp_path / "mail", MailSettings()).send(MAIL, now=NOW, before_commit=_yes)


# -- the server


def test_a_mail_arrives_as_it_was_written_dots_and_all(server: Controller, mailbox: Mailbox) -> None:
    transport = SmtpTransport(_settings(server, bounce_to="bounces@papertide.example"))
    for _ in range(2):
        assert transport.send(MAIL, now=NOW, before_commit=_yes)
    transport.close()
    assert len(mailbox.mails) == 2
    sender, recipients, content = mailbox.mails[0]
    assert (sender, recipients) == ("bounces@papertide.example", ["ada@example.org"])
    assert content == message_bytes(MAIL, _settings(server), now=NOW)


class _WithNotifications(SMTP):
    """A server that offers RFC 3461 and notes what it is asked for."""

    asked: ClassVar[list[str]] = []

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        self.asked.append(arg or "")
        await super().smtp_MAIL(re.sub(r" (?:RET|ENVID)=\S+", "", arg or ""))


class _OffersNotifications(Mailbox):
    async def handle_EHLO(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]


class _NotifyingController(Controller):
    def factory(self) -> SMTP:
        return _WithNotifications(self.handler)


def test_a_server_that_offers_notifications_is_told_which_mail_a_report_is_about() -> None:
    mailbox = _OffersNotifications()
    controller = _NotifyingController(mailbox, hostname="127.0.0.1", port=_free_port())
    controller.start()
    try:
        transport = SmtpTransport(_settings(controller))
        assert transport.send(MAIL, now=NOW, before_commit=_yes)
        transport.close()
    finally:
        controller.stop()
    assert f" RET=HDRS ENVID={KEY}.digest@papertide.example" in _WithNotifications.asked[-1]
    assert len(mailbox.mails) == 1


def test_each_mail_can_have_a_bounce_address_of_its_own(server: Controller, mailbox: Mailbox) -> None:
    settings = _settings(server, bounce_to="bounces@papertide.example", bounce_subaddress=True)
    transport = SmtpTransport(settings)
    assert transport.send(MAIL, now=NOW, before_commit=_yes)
    transport.close()
    assert mailbox.mails[0][0] == f"bounces+{KEY}@papertide.example"


def test_the_unsubscribe_link_is_on_one_header_line_however_long() -> None:
    url = f"https://papertide.a-department.an-institute.example/subscriptions/unsubscribe/{'A' * 32}"
    content = message_bytes(replace(MAIL, unsubscribe_url=url), MailSettings(), now=NOW)
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in content.partition(b"\r\n\r\n")[0] + b"\r\n"
    for wrong in ("https://a.example/>x", "https://a.example/ x", "https://a.example/\r\nBcc: x", "https://é.example/"):
        with pytest.raises(ValueError, match="header"):
            message_bytes(replace(MAIL, unsubscribe_url=wrong), MailSettings(), now=NOW)


def test_a_mail_that_may_not_be_committed_is_not_sent(server: Controller, mailbox: Mailbox) -> None:
    transport = SmtpTransport(_settings(server))
    assert not transport.send(MAIL, now=NOW, before_commit=lambda: False)
    assert mailbox.mails == []
    assert transport.send(MAIL, now=NOW, before_commit=_yes)
    transport.close()
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(
    ("place", "answer", "permanent", "kind"),
    [
        ("rcpt", "550 5.1.1 no such user", True, "failed"),
        ("rcpt", "550 5.2.1 mailbox disabled", True, "failed"),
        ("rcpt", "550 5.2.2 mailbox full", True, "passing"),
        ("rcpt", "550 relay not permitted", True, "other"),
        ("rcpt", "550 5.1.8 bad sender", True, "other"),
        ("rcpt", "550 5.7.1 we do not like you", True, "other"),
        ("rcpt", "450 4.2.1 greylisted", False, "passing"),
        ("rcpt", "452 4.2.2 mailbox full", False, "passing"),
        ("data", "554 5.7.1 spam", True, "other"),
        ("data", "451 4.3.0 try again", False, "passing"),
    ],
)
def test_a_refusal_is_classified_by_its_code(
    server: Controller, mailbox: Mailbox, place: str, answer: str, permanent: bool, kind: str
) -> None:
    setattr(mailbox, place, answer)
    transport = SmtpTransport(_settings(server))
    with pytest.raises(DeliveryError) as caught:
        transport.send(MAIL, now=NOW, before_commit=_yes)
    error = caught.value
    assert (error.permanent, error.kind, error.uncertain) == (permanent, kind, False)
    assert answer[:3] in str(error)
    setattr(mailbox, place, "")
    assert transport.send(MAIL, now=NOW, before_commit=_yes)
    transport.close()


def test_a_server_that_refuses_the_sender_or_closes_is_unavailable(server: Controller, mailbox: Mailbox) -> None:
    transport = SmtpTransport(_settings(server))
    mailbox.mail = "550 5.7.1 sender not allowed"
    with pytest.raises(MailServerUnavailable, match="sender"):
        transport.send(MAIL, now=NOW, before_commit=_yes)
    mailbox.mail, mailbox.rcpt = "", "421 4.3.2 closing"
    with pytest.raises(MailServerUnavailable, match="closing"):
        transport.send(MAIL, now=NOW, before_commit=_yes)
    transport.close()


def test_no_reply_after_the_mail_is_uncertain(server: Controller, mailbox: Mailbox) -> None:
    mailbox.hang = True
    with pytest.raises(DeliveryError) as caught:
        SmtpTransport(_settings(server, end_timeout_s=0.3)).send(MAIL, now=NOW, before_commit=_yes)
    assert caught.value.uncertain
    assert not caught.value.permanent
    assert len(mailbox.mails) == 1


@pytest.fixture
def silent_server() -> Iterator[Callable[[list[bytes]], int]]:
    """A server that says these lines, one for each command, and then nothing; gives its port."""
    sockets: list[socket.socket] = []

    def serve(lines: list[bytes]) -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        sockets.append(listening)

        def talk() -> None:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            sockets.append(connection)
            try:
                for line in lines:
                    connection.sendall(line)
                    connection.recv(4096)
            except OSError:
                return

        threading.Thread(target=talk, daemon=True).start()
        return int(listening.getsockname()[1])

    yield serve
    for one in sockets:
        one.close()


def test_no_reply_before_the_mail_is_a_passing_failure(silent_server: Callable[[list[bytes]], int]) -> None:
    port = silent_server([b"220 hello\r\n", b"250 hello\r\n", b"250 sender ok\r\n"])
    commits: list[bool] = []

    def before_commit() -> bool:
        commits.append(True)
        return True

    with pytest.raises(DeliveryError) as caught:
        SmtpTransport(_settings(port=port, timeout_s=0.3)).send(MAIL, now=NOW, before_commit=before_commit)
    assert not caught.value.permanent
    assert not caught.value.uncertain
    assert commits == []


def test_a_connection_that_breaks_during_the_mail_is_a_passing_failure() -> None:
    """The server has the beginning of the mail and not its end, so nobody has the mail."""
    listening = socket.create_server(("127.0.0.1", 0))
    commits: list[bool] = []

    def talk() -> None:
        connection, _ = listening.accept()
        for line in (b"220 hello\r\n", b"250 hello\r\n", b"250 sender ok\r\n", b"250 reader ok\r\n"):
            connection.sendall(line)
            connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(b"354 go on\r\n")
        connection.recv(4096)
        connection.close()  # with a reset, while most of the mail is still to come

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    port = listening.getsockname()[1]
    long = replace(MAIL, pictures=(InlineImage("a", b"\x89PNG" + bytes(20_000_000)),))
    with pytest.raises(DeliveryError) as caught:
        SmtpTransport(_settings(port=port)).send(long, now=NOW, before_commit=lambda: not commits.append(True))
    thread.join(5)
    listening.close()
    assert (caught.value.permanent, caught.value.uncertain, commits) == (False, False, [])


def test_an_error_while_the_commit_is_stored_leaves_no_partial_mail_on_the_connection(
    server: Controller, mailbox: Mailbox
) -> None:
    def busy() -> bool:
        raise StoreError("the database is locked")

    transport = SmtpTransport(_settings(server))
    with pytest.raises(StoreError):
        transport.send(MAIL, now=NOW, before_commit=busy)
    assert transport.send(MAIL, now=NOW, before_commit=_yes)
    transport.close()
    assert len(mailbox.mails) == 1


def test_a_closed_port_counts_as_an_unavailable_server() -> None:
    port = _free_port()
    with pytest.raises(MailServerUnavailable, match=str(port)):
        SmtpTransport(_settings(port=port)).send(MAIL, now=NOW, before_commit=_yes)


# -- never in clear text


def test_clear_text_is_refused_except_for_this_machine() -> None:
    with pytest.raises(ValidationError, match="clear text"):
        MailSettings(transport="smtp", host="mail.example.org", security="none")
    MailSettings(transport="smtp", host="mail.example.org", security="none", insecure_host_is_meant=True)
    MailSettings(transport="smtp", host="127.0.0.1", security="none")


def test_a_server_without_starttls_gets_no_mail(server: Controller, mailbox: Mailbox) -> None:
    with pytest.raises(MailServerUnavailable, match="STARTTLS"):
        SmtpTransport(_settings(server, security="starttls")).send(MAIL, now=NOW, before_commit=_yes)
    assert mailbox.mails == []


def test_starttls_and_tls_work_and_an_unknown_certificate_is_refused(
    mailbox: Mailbox, certificate: tuple[Path, Path]
) -> None:
    key, file = certificate
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(file, key)
    ours = ssl.create_default_context(cafile=str(file))
    for security, more in (("starttls", {"tls_context": theirs}), ("tls", {"ssl_context": theirs})):
        controller = Controller(mailbox, hostname="127.0.0.1", port=_free_port(), **more)  # type: ignore[arg-type]
        controller.start()
        try:
            settings = _settings(controller, security=security)
            transport = SmtpTransport(settings, context=ours)
            assert transport.send(MAIL, now=NOW, before_commit=_yes)
            transport.close()
            with pytest.raises(MailServerUnavailable, match="certificate"):
                SmtpTransport(settings).send(MAIL, now=NOW, before_commit=_yes)
        finally:
            controller.stop()
    assert len(mailbox.mails) == 2


def test_the_sending_rate_is_limited() -> None:
    at, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        at[0] += seconds

    pace = SendRate(10, clock=lambda: at[0], sleep=sleep)
    for _ in range(21):
        pace.wait()
    assert sum(slept) == pytest.approx(2.0)
    at[0] += 60
    pace.wait()
    assert sum(slept) == pytest.approx(2.0)
