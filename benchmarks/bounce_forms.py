"""Bounce reports in the forms of well-known servers, all invented, with people and hosts that do not exist.

Each form has its own frame; the reason, the address, the line ends, and where and how our Message-ID is quoted vary.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable
from random import Random

Reason = tuple[str, str]
"""An enhanced status, and what the server says after it."""

NO_MAILBOX: tuple[Reason, ...] = (
    ("5.1.1", "User unknown"),
    ("5.1.1", "<{to}>: Recipient address rejected: User unknown in virtual mailbox table"),
    ("5.1.1", "The email account that you tried to reach does not exist"),
    ("5.1.1", "No such user here"),
    ("5.1.1", "unknown or illegal alias: {to}"),
    ("5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    ("5.2.1", "The email account that you tried to reach is disabled"),
    ("5.1.6", "Recipient no longer on server"),
)
FULL: tuple[Reason, ...] = (
    ("5.2.2", "Mailbox full"),
    ("5.2.2", "The recipient's inbox is out of storage space"),
    ("5.2.2", "<{to}> user is over quota"),
    ("4.2.2", "Quota exceeded (mailbox for user is full)"),
    ("5.2.1", "The user you are trying to contact is receiving mail at a rate that prevents delivery"),
)
OUR_MAIL: tuple[Reason, ...] = (
    ("5.7.1", "Message rejected due to content restrictions"),
    ("5.7.1", "Service unavailable; client host [192.0.2.7] blocked using a block list"),
    ("5.7.26", "Unauthenticated email is not accepted due to the domain's DMARC policy"),
    ("5.1.8", "Sender address rejected: Domain not found"),
    ("5.3.4", "Message size exceeds fixed maximum message size"),
    ("5.2.3", "Message exceeds maximum fixed size"),
    ("4.4.1", "connect to mx.example.net[192.0.2.9]:25: Connection timed out"),
    ("4.4.7", "delivery time expired"),
)
SOFT = FULL + OUR_MAIL
_NAMES = ("ada", "b.lovelace", "chen-wei", "dora+papers", "emil_noether", "f.gauss-99")
_HOSTS = ("example.net", "mail.example.com", "uni.example.edu", "xn--bcher-kva.example")


def _code(status: str) -> str:
    return "550" if status.startswith("5") else "452"


def _returned(message_id: str, to: str, random: Random) -> str:
    """Headers of the returned mail, the Message-ID plain, folded, or in another case."""
    line = random.choice(
        (
            f"Message-ID: {message_id}",
            f"Message-ID:\n {message_id}",
            f"Message-Id: {message_id}",
            f"MESSAGE-ID:\n\t{message_id}",
        )
    )
    lines = [f"From: Papertide <digest@papertide.example>\nTo: {to}", "Subject: [2026-W25] the week", line]
    random.shuffle(lines)
    return "\n".join(lines)


def _mail(head: dict[str, str], body: str) -> str:
    return "\n".join(f"{name}: {value}" for name, value in head.items()) + "\n\n" + body


def _multipart(subtype: str, head: dict[str, str], *parts: tuple[str, str]) -> str:
    body = "".join(f"--mark\n{part_head}\n\n{part}\n" for part_head, part in parts) + "--mark--\n"
    return _mail({**head, "MIME-Version": "1.0", "Content-Type": f'multipart/{subtype}; boundary="mark"'}, body)


def _head(random: Random, sender: str, subject: str) -> dict[str, str]:
    return {
        "Return-Path": "<>",
        "From": sender,
        "To": "bounces@papertide.example",
        "Subject": subject,
        "Message-ID": f"<{random.getrandbits(60):x}@mx.example.net>",
        "Auto-Submitted": "auto-replied",
    }


def _status(to: str, reason: Reason, *, diagnostic: str | None = None, kind: str = "rfc822") -> str:
    status, text = reason
    reply = f"smtp; {_code(status)} {status} {text}" if diagnostic is None else diagnostic
    final = f"Final-Recipient: {kind}; {to}\nAction: failed\nStatus: {status}"
    return f"Reporting-MTA: dns; mx.example.net\n\n{final}" + (f"\nDiagnostic-Code: {reply}" if reply else "")


_Form = Callable[[str, Reason, str, Random], str]
_FORMS: dict[str, _Form] = {}


def _form(name: str) -> Callable[[_Form], _Form]:
    def added(form: _Form) -> _Form:
        _FORMS[name] = form
        return form

    return added


def _encoded_form(name: str, encoding: str, kind: str) -> None:
    def form(to: str, reason: Reason, message_id: str, random: Random) -> str:
        returned = _returned(message_id, to, random) + "\n\n" + "words " * 40
        coded = (
            base64.encodebytes(returned.encode()) if encoding == "base64" else quopri.encodestring(returned.encode())
        ).decode()
        return _multipart(
            "report; report-type=delivery-status",
            _head(random, "mailer-daemon@mx.example.net", "Undeliverable"),
            ("Content-Type: text/plain", "Your mail could not be delivered."),
            ("Content-Type: message/delivery-status", _status(to, reason)),
            (f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}", coded),
        )

    _FORMS[name] = form


@_form("Postfix")
def _postfix(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    reply = f"host mx.{to.partition('@')[2]}[192.0.2.5] said: {_code(status)} {status} {text} (in reply to RCPT TO)"
    return _multipart(
        "report; report-type=delivery-status",
        _head(random, "MAILER-DAEMON@mx.example.net (Mail Delivery System)", "Undelivered Mail Returned to Sender"),
        ("Content-Description: Notification\nContent-Type: text/plain", f"This is the mail system.\n\n<{to}>: {reply}"),
        ("Content-Type: message/delivery-status", _status(to, reason)),
        (
            random.choice(("Content-Type: message/rfc822", "Content-Type: text/rfc822-headers")),
            _returned(message_id, to, random),
        ),
    )


@_form("multipart/mixed")
def _mixed(to: str, reason: Reason, message_id: str, random: Random) -> str:
    return _postfix(to, reason, message_id, random).replace(
        "multipart/report; report-type=delivery-status", "multipart/mixed"
    )


@_form("vague status, Postfix")
def _vague(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    reply = f"smtp; {_code(status)} {status} {text}"
    return _multipart(
        "report; report-type=delivery-status",
        _head(random, "MAILER-DAEMON@mx.example.net", "Undelivered Mail Returned to Sender"),
        ("Content-Type: text/plain", f"<{to}>: {text}"),
        (
            "Content-Type: message/delivery-status",
            _status(to, (random.choice(("5.0.0", "5.5.0")), text), diagnostic=reply),
        ),
        ("Content-Type: message/rfc822", _returned(message_id, to, random)),
    )


@_form("Exim")
def _exim(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    stage = random.choice(("RCPT TO:<{to}>", "end of data")) if status.startswith("5.7") else "RCPT TO:<{to}>"
    reply = f"    SMTP error from remote mail server after {stage.format(to=to)}:\n    {_code(status)} {status} {text}"
    copy = "------ This is a copy of the message, including all the headers. ------"
    return _mail(
        {
            **_head(
                random,
                "Mail Delivery System <Mailer-Daemon@mx.example.net>",
                "Mail delivery failed: returning message to sender",
            ),
            "X-Failed-Recipients": to,
        },
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        f"  {to}\n    host mx.example.net [192.0.2.5]\n{reply}\n\n{copy}\n\n"
        f"{_returned(message_id, to, random)}\n\nwords\n",
    )


@_form("qmail")
def _qmail(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    reply = random.choice(
        (
            f"Remote host said: {_code(status)} {status} {text}",
            f"192.0.2.5 failed after I sent the message.\nRemote host said: {_code(status)} {text} (#{status})",
            f"Sorry, {text} (#{status})",
        )
    )
    return _mail(
        _head(random, "MAILER-DAEMON@mx.example.net", "failure notice"),
        "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message to "
        "the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{to}>:\n{reply}\n\n"
        f"--- Below this line is a copy of the message.\n\n{_returned(message_id, to, random)}\n\nwords\n",
    )


@_form("mail.ru")
def _mail_ru(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    why = {
        "5.1": "Local mailbox {to} is unavailable: user not found",
        "full": "Local mailbox {to} is unavailable: account is full (quota exceeded)",
    }["full" if reason in FULL else "5.1"].format(to=to)
    words = why if reason not in OUR_MAIL else f"{status} {text}"
    return _mail(
        _head(
            random, "Mail Delivery System <Mailer-Daemon@mx.example.ru>", "=?utf-8?B?0J3QtdC00L7RgdGC0LDQstC70LXQvdC+?="
        ),
        "Это письмо создано автоматически сервером, отвечать на него не нужно.\n\nК сожалению, Ваше письмо не может "
        f"быть доставлено одному или нескольким получателям:\n\n{words}\n\n**********************\n\nThis message was "
        "created automatically by mail delivery software. A message that you sent could not be\ndelivered:\n\n"
        f"{words}\n\n------ This is a copy of your message, including all the headers. ------\n\n"
        f"{_returned(message_id, to, random)}\n",
    ).replace("Subject: =?", "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nSubject: =?")


@_form("GMX")
def _gmx(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    return _mail(
        _head(
            random,
            '"GMX Mailer Daemon" <mailer-daemon@gmx.example>',
            "Mail delivery failed: returning message to sender",
        ),
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"
        f'"{to}":\nSMTP error from remote server for RCPT TO command, host: mx.example.net (192.0.2.5) reason: '
        f"{_code(status)} {status} {text}\n\n--- The header of the original message is following. ---\n\n"
        f"{_returned(message_id, to, random)}\n",
    )


@_form("Yahoo")
def _yahoo(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    return _mail(
        _head(random, "MAILER-DAEMON@yahoo.example", "Failure Notice"),
        f"Sorry, we were unable to deliver your message to the following address.\n\n<{to}>:\n"
        + random.choice((f"{_code(status)}: {status} {text}", f"Remote host said: {_code(status)} {status} {text}"))
        + f"\n\n--- Below this line is a copy of the message.\n\n{_returned(message_id, to, random)}\n\nwords\n",
    )


@_form("Microsoft 365")
def _microsoft_365(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    if reason in NO_MAILBOX and random.random() < 0.5:
        status, text = (
            "5.4.1",
            f"Recipient address rejected: Access denied. AS(201806281) [MX.{random.getrandbits(24):X}]",
        )
    reply = f"smtp;{_code(status)} {status} {text}"
    html = f"<html><body><b>{to}</b> wasn't found, or the message couldn't be delivered.<br>{text}</body></html>"
    return _multipart(
        "report; report-type=delivery-status",
        _head(random, "Microsoft Outlook <postmaster@outlook.example>", "Undeliverable: [2026-W25] the week")
        | {"In-Reply-To": message_id, "References": message_id},
        ("Content-Type: text/html; charset=us-ascii", html),
        ("Content-Type: message/delivery-status", _status(to, (status, text), diagnostic=reply)),
        ("Content-Type: message/rfc822", _returned(message_id, to, random)),
    )


@_form("Exchange")
def _exchange(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    reply = (
        f"smtp;{_code(status)} {status} {text}"
        if random.random() < 0.5
        else f"#< #{status} SMTP; {_code(status)} {status} {text}>"
    )
    return _multipart(
        "report; report-type=delivery-status",
        _head(random, "Microsoft Exchange <postmaster@mx.example.net>", "Undeliverable: [2026-W25] the week"),
        ("Content-Type: text/plain", f"Delivery has failed to these recipients:\n\n{to}\n{reply}"),
        ("Content-Type: message/delivery-status", _status(to, reason, diagnostic=reply)),
        ("Content-Type: text/rfc822-headers", _returned(message_id, to, random)),
    )


@_form("RFC 6533")
def _rfc_6533(to: str, reason: Reason, message_id: str, random: Random) -> str:
    coded = quopri.encodestring(_status("löwe@bücher.example", reason, kind="utf-8").encode()).decode()
    return _multipart(
        "report; report-type=global-delivery-status",
        _head(random, "mailer-daemon@mx.example.net", "Undelivered"),
        ("Content-Type: text/plain; charset=utf-8", "It could not be delivered."),
        ("Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: quoted-printable", coded),
        (
            random.choice(("Content-Type: message/global", "Content-Type: message/global-headers")),
            _returned(message_id, to, random),
        ),
    )


def _without_copy_form(name: str, header: str) -> None:
    def form(to: str, reason: Reason, message_id: str, random: Random) -> str:
        value = message_id
        if header == "References":
            value = random.choice((f"<other.1@mx.example.net>\n {message_id}", message_id))
        head = _head(random, "postmaster@mx.example.net", "Delivery Status Notification (Failure)") | {header: value}
        return _multipart(
            "report; report-type=delivery-status",
            head,
            ("Content-Type: text/plain", "Your mail was not delivered."),
            ("Content-Type: message/delivery-status", _status(to, reason)),
        )

    _FORMS[name] = form


for _name, _header in (
    ("only X-Original-Message-ID", "X-Original-Message-ID"),
    ("only In-Reply-To", "In-Reply-To"),
    ("only References", "References"),
):
    _without_copy_form(_name, _header)
for _name, _encoding, _kind in (
    ("base64 copy", "base64", "message/rfc822"),
    ("quoted-printable headers", "quoted-printable", "text/rfc822-headers"),
):
    _encoded_form(_name, _encoding, _kind)

_LOCALISED = (
    ("utf-8", "Unzustellbar: [2026-W25]", "Die E-Mail-Adresse {to} wurde nicht gefunden.", "Das Postfach ist voll."),
    ("iso-8859-1", "Unzustellbar", "Der Empfänger {to} ist unbekannt.", "Ihr Absender wurde gesperrt (Spam)."),
    ("utf-8", "Non remis", "L'adresse {to} est introuvable.", "La boîte de réception est pleine."),
    ("windows-1252", "Non remis", "Utilisateur inconnu : {to}", "Le message est trop volumineux."),
    ("utf-8", "No se puede entregar", "No se encontró la dirección {to}.", "El buzón de {to} está lleno."),
    ("utf-8", "Não entregue", "O endereço {to} não foi encontrado.", "A caixa de correio está cheia."),
    ("utf-8", "Mancato recapito", "L'utente {to} è inesistente.", "La casella di {to} è piena."),
    ("koi8-r", "Недоставленное сообщение", "Пользователь {to} не найден.", "Почтовый ящик {to} переполнен."),
    ("windows-1251", "Недоставлено", "Нет такого пользователя: {to}", "Письмо похоже на спам, отправитель не найден."),
    ("iso-2022-jp", "配信不能", "メールアドレス {to} が見つかりませんでした。", "メールボックスの容量を超えました。"),
    ("gb18030", "退信", "收件人 {to} 不存在。", "收件人 {to} 的邮箱空间不足。"),
    ("euc-kr", "반송", "수신자 {to} 을 찾을 수 없습니다.", "{to} 메일함이 가득 찼습니다."),
)


def _localised(to: str, reason: Reason, message_id: str, random: Random) -> str:
    """A report for people in their language and its character set, without a status; the copy is an attachment."""
    charset, subject, hard, soft = random.choice(_LOCALISED)
    text = base64.encodebytes((hard if reason in NO_MAILBOX else soft).format(to=to).encode(charset)).decode()
    coded = base64.b64encode(subject.encode()).decode()
    return _multipart(
        "mixed",
        _head(random, "postmaster@mx.example.net", f"=?utf-8?B?{coded}?="),
        (f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64", text),
        (
            "Content-Type: application/octet-stream; name=mail.eml\nContent-Transfer-Encoding: base64",
            base64.encodebytes(_returned(message_id, to, random).encode()).decode(),
        ),
    )


_FORMS["localised"] = _localised


@_form("sendmail transcript")
def _sendmail(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    return _mail(
        _head(random, "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>", "Returned mail: see transcript"),
        "The original message was received at Mon, 22 Jun 2026 06:00:00 GMT\nfrom localhost\n\n"
        f"   ----- The following addresses had permanent fatal errors -----\n<{to}>\n    (reason: {_code(status)} "
        f"{status} {text})\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.net.:\n"
        f">>> DATA\n<<< {_code(status)} {status} {text}\n\n   ----- Original message follows -----\n\n"
        f"{_returned(message_id, to, random)}\n\nwords\n",
    )


@_form("Domino")
def _domino(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    name = to.partition("@")[0]
    why = f"User {name} ({to}) not listed in Domino Directory" if reason in NO_MAILBOX else text
    return _multipart(
        "report; report-type=delivery-status",
        _head(random, "Postmaster@mx.example.net", "DELIVERY FAILURE: " + why),
        (
            "Content-Type: text/plain",
            f"Your message\n\n  Subject: the week\n\nwas not delivered to:\n\n  {to}\n\nbecause:\n\n  {why}\n",
        ),
        (
            "Content-Type: message/delivery-status",
            _status(to, ("5.0.0" if reason in NO_MAILBOX else status, text), diagnostic=f"X-Notes; {why}"),
        ),
        ("Content-Type: message/rfc822", _returned(message_id, to, random)),
    )


@_form("GroupWise")
def _groupwise(to: str, reason: Reason, message_id: str, random: Random) -> str:
    why = "user not found" if reason in NO_MAILBOX else reason[1]
    return _multipart(
        "mixed",
        _head(random, "Mailer-Daemon@mx.example.net", "Message status - undeliverable"),
        (
            "Content-Type: text/plain",
            f"The message that you sent was undeliverable to the following:\n\t{to} ({why})\n",
        ),
        ("Content-Type: message/rfc822", _returned(message_id, to, random)),
    )


@_form("Gmail")
def _gmail(to: str, reason: Reason, message_id: str, random: Random) -> str:
    status, text = reason
    why = "the address couldn't be found, or is unable to receive mail" if reason in NO_MAILBOX else text
    html = (
        f"<html><style>p {{}}</style><h1>Address</h1><p>Your message wasn't delivered to <b>{to}</b> because {why}.</p>"
    )
    plain = f"** Address **\n\nYour message wasn't delivered to {to} because {why}.\n"
    is_told = random.random() < 0.5
    return _multipart(
        "report; report-type=delivery-status",
        _head(random, "Mail Delivery Subsystem <mailer-daemon@gmail.example>", "Delivery Status Notification (Failure)")
        | {"References": message_id, "In-Reply-To": message_id, "X-Failed-Recipients": to},
        ("Content-Type: text/plain", plain) if is_told else ("Content-Type: text/html", html),
        (
            "Content-Type: message/delivery-status",
            _status(
                to,
                reason,
                diagnostic=f"smtp; {_code(status)}-{status} {text} Please try\n {_code(status)} double-checking",
            )
            if is_told and reason in NO_MAILBOX
            else _status(to, ("5.0.0" if reason in NO_MAILBOX else status, text), diagnostic=""),
        ),
        ("Content-Type: message/rfc822", _returned(message_id, to, random)),
    )


@_form("Exchange 5.5")
def _exchange_5_5(to: str, reason: Reason, message_id: str, random: Random) -> str:
    why = "The recipient name is not recognized" if reason in NO_MAILBOX else reason[1]
    return _multipart(
        "mixed",
        _head(random, "System Administrator <postmaster@mx.example.net>", "Undeliverable: the week in spam filters"),
        (
            "Content-Type: text/plain",
            f"Your message\n\n  To:      {to}\n  Subject: the week in spam filters\n  Sent:    Mon, 22 Jun 2026\n\n"
            f"did not reach the following recipient(s):\n\n{to} on Mon, 22 Jun 2026 06:00:00\n    {why}\n",
        ),
        ("Content-Type: message/rfc822", _returned(message_id, to, random)),
    )


@_form("only the envelope id")
def _envelope_id(to: str, reason: Reason, message_id: str, random: Random) -> str:
    fields = _status(to, reason).replace("\n\n", f"\nOriginal-Envelope-Id: {message_id.strip('<>')}\n\n", 1)
    return _multipart(
        "report; report-type=delivery-status",
        _head(random, "postmaster@mx.example.net", "Delivery Report"),
        ("Content-Type: text/plain", "It was not delivered."),
        ("Content-Type: message/delivery-status", fields),
    )


FORMS = tuple(_FORMS)
"""The names of the forms."""


def made_report(form: str, is_hard: bool, message_id: str, random: Random) -> bytes:
    """A report in one of the ``FORMS`` about the mail with this Message-ID."""
    to = f"{random.choice(_NAMES)}@{random.choice(_HOSTS)}"
    status, text = random.choice(NO_MAILBOX if is_hard else SOFT)
    report = _FORMS[form](to, (status, text), message_id, random).replace("{to}", to)
    return report.replace("\n", random.choice(("\n", "\r\n"))).encode()
