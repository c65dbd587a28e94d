"""Bounces and complaints that mail servers send back.

Delivery reports follow RFC 3464 and RFC 6533, complaints RFC 5965, and Exim and qmail write plain text. A report counts
only if it names one of our Message-IDs, whose random part is secret; so nobody can end another reader's subscription
with a forged report.
"""

from __future__ import annotations

import base64
import html
import logging
import quopri
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.errors import MissingHeaderBodySeparatorDefect
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from domain.errors import UsageError
from mail.failures import Failure, ServerText, failure_of
from mail.unreachable_readers import suppress_unreachable
from store.database import Database
from store.deliveries import note_report, subscriber_of_message
from store.suppressed_addresses import suppress

if TYPE_CHECKING:
    from runtime.settings import Settings

_log = logging.getLogger("papertide.bounces")

MAX_REPORT_BYTES = 128 * 1024
"""How much of a report is read; its findings come before the returned mail."""


_MAX_PARTS, _MAX_DEPTH = 50, 4
_MAX_HEADER, _MAX_CONTENT_HEADER, _MAX_DECODED = 10_000, 998, 1_000
"""Characters of a header, of one that describes a part (a longest line of RFC 5322; its parameters take the parser the
square of their length), and of one whose encoded words are decoded."""


class _BoundedHeaders(Compat32):
    """Reads no more of a header than a mail server writes; a longer one is cut.

    The older parser policy, because the newer one fails on malformed addresses, and a report may contain anything.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """The name and the value of a header, from its first characters."""
        is_of_part = sourcelines[0][:8].lower() == "content-"
        head = "".join(sourcelines)[: _MAX_CONTENT_HEADER if is_of_part else _MAX_HEADER]
        return super().header_source_parse([head if ":" in head else f"{head}:"])

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - the parent's parameter
        """The value as it came; the parent makes an object of each value with a byte outside ASCII."""
        return value


_BOUNDED_HEADERS = _BoundedHeaders()

# What takes the parser time, and how much of it is read: lines, each of which may be a header; empty lines and lines
# that may separate parts; and parts of parts, whose ends are looked for in every line.
_BOUNDS = (
    (re.compile(rb"\r\n|\r|\n"), 4_000),
    (re.compile(rb"(?:\r\n|\r|\n)(?=--|\r|\n)"), 600),
    (re.compile(rb"content-type:[ \t]*(?:\r?\n[ \t]+)?multipart/", re.IGNORECASE), 30),
)


def _bounded(content: bytes) -> bytes:
    """The beginning of a report, where its findings are."""
    content = content[:MAX_REPORT_BYTES]
    for pattern, n_read in _BOUNDS:
        last = next(islice(pattern.finditer(content), n_read, None), None)
        content = content if last is None else content[: last.start()]
    return content


@dataclass(frozen=True)
class Report:
    """What a report says about one of our mails.

    ``kind`` is ``failed`` if the address takes no mail, and ``complaint`` if its reader reported ours as unwanted: both
    end a subscription. ``passing`` is a failure that may not last. ``other`` is a failure that is about our mail, a
    delay, a receipt, or no report at all. ``message_key`` is the random part of our Message-ID, empty if the report
    names none of ours. ``status`` is the enhanced status that decided, empty if none did; ``why`` is one line.
    ``is_refusal`` says that the mail did not arrive, so that its being accepted before is no success.
    """

    kind: Literal["failed", "passing", "complaint", "other"]
    message_key: str
    status: str = ""
    why: str = ""
    is_refusal: bool = False


def our_domains(settings: Settings) -> tuple[str, ...]:
    """The domains of our Message-IDs: the sender's, and the web service's host, which older mails used."""
    host = urlsplit(settings.service.base_url).hostname
    return (settings.mail.domain, host) if host and host != settings.mail.domain else (settings.mail.domain,)


def read_report(content: bytes, *, domains: Collection[str]) -> Report:
    """What a mail in the bounce folder says. Its content is not trusted.

    ``domains`` are those that our Message-IDs may end with.
    """
    try:
        return _read(_bounded(content), domains)
    except Exception:  # noqa: BLE001 - anybody can send a mail that breaks the parser; the next ones must still be read
        _log.warning("a bounce report cannot be read")
        return Report("other", "", "", "the mail cannot be read")


def _read(content: bytes, domains: Collection[str]) -> Report:
    message = message_from_bytes(content, policy=_BOUNDED_HEADERS)
    parts = [
        (part.get_content_type(), _source(part))
        for part in _own_parts(message)
        if part.get_content_maintype() not in _PICTURES_AND_SOUND
    ]
    key = _our_message_key(message, [text for _, text in parts], domains)
    explanation = _explanation(parts)
    for part in islice(message.walk(), _MAX_PARTS):
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            return _feedback(_source(part), key)
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            report = _delivery_status(_source(part), key, explanation=explanation)
            if report is not None:
                return report
    return _plain_text(message, key, explanation)


_COMPLAINTS = {
    "abuse": "the reader reported the mail as unwanted",
    "opt-out": "the reader asked their mail provider to unsubscribe them",
}
_OTHER_FEEDBACK = {
    "auth-failure": "a report about mail authentication (RFC 6591), not from the reader",
    "dmarc": "a report about mail authentication, not from the reader",
    "not-spam": "the reader reported the mail as wanted",
}


def _feedback(text: str, key: str) -> Report:
    """A feedback report (RFC 5965). Only a reader's own wish counts: fraud, virus and unknown types do not."""
    fields: dict[str, str] = {}
    for block in _blocks(text):
        for name, value in block.items():
            fields.setdefault(name, value)
    kind = fields.get("feedback-type", "").partition("(")[0].strip().lower()
    if kind in _COMPLAINTS:
        return Report("complaint", key, "", _COMPLAINTS[kind])
    return Report("other", key, "", _OTHER_FEEDBACK.get(kind, "a feedback report that is no complaint"))


_MILDEST_FIRST = ("other", "passing", "failed")
_MAX_RECIPIENTS, _MAX_REPLIES = 20, 8_000
"""Recipients of one mail, and characters of what servers replied about all of them."""


def _delivery_status(text: str, key: str, *, explanation: str) -> Report | None:
    """The mildest failure of all recipients: an address may expand to several, and one that works is enough.

    ``None`` if the report names no recipient. ``explanation`` is the text for people beside it.
    """
    named = (block for block in _blocks(text) if not block.keys().isdisjoint(("action", "status")))
    recipients = list(islice(named, _MAX_RECIPIENTS + 1))
    if len(recipients) > _MAX_RECIPIENTS:
        return Report("other", key, "", f"a report about more than {_MAX_RECIPIENTS} recipients")
    told = ServerText(explanation)
    found = [_recipient(block, key, told, max_reply=_MAX_REPLIES // len(recipients)) for block in recipients]
    return min(found, key=lambda report: (report.is_refusal, _MILDEST_FIRST.index(report.kind)), default=None)


_NOT_REFUSED = {
    "delayed": "a delay: the mail may still arrive",
    "delivered": "a report that the mail was delivered or relayed",
    "relayed": "a report that the mail was delivered or relayed",
    "expanded": "a report that the mail was delivered or relayed",
}
"""The actions of RFC 3464 besides ``failed``. Some servers write other words, all for a failure."""


def _recipient(fields: dict[str, str], key: str, explanation: ServerText, *, max_reply: int) -> Report:
    status, action = fields.get("status", ""), fields.get("action", "failed").partition("(")[0].strip().lower()
    if action in _NOT_REFUSED:
        return Report("other", key, failure_of(status).status, _NOT_REFUSED[action])
    reply = fields.get("diagnostic-code", "")[:max_reply]
    failure = failure_of(status, reply)
    # Where neither the status nor the server's reply gives the reason, the text for people may; without a reply, it may
    # also say that a failure passes.
    told = failure_of(status, explanation)
    softens = failure.kind == "failed" and told.kind == "passing" and not reply
    return _refusal(told if failure.is_unclear or softens else failure, key)


def _refusal(failure: Failure, key: str) -> Report:
    return Report(failure.kind, key, failure.status, failure.why, is_refusal=failure.status[:1] != "2")


_BOUNCE_FROM = re.compile(r"mailer-daemon|mail delivery|postmaster", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned (?:e?mail|to sender)|failure notice"
    r"|delivery (?:failure|problem|report|status|error|has failed)|mail (?:failed|error)"
    r"|(?:could|can) ?not be delivered|non-?delivery|delivery failed|message status"
    r"|unzustellbar|zustellung|nicht zugestellt|non remis|échec|non distribu|no (?:se puede )?entrega|não entregue"
    r"|mancat[ao] (?:consegna|recapito)|onbestelbaar|недоставл|не доставлен|退信|退回|无法|配信|配達|전송되지|반송",
    re.IGNORECASE,
)
_BOUNCE_TEXT = re.compile(
    r"created automatically by mail delivery software|qmail-send program|wasn't able to deliver your message"
    r"|did not reach (?:the following|some or all)|delivery to the following recipients? (?:has )?failed"
    r"|addresses had (?:permanent )?(?:fatal|delivery)|transcript of session follows",
    re.IGNORECASE,
)
# In lower case.
_DELAY_TEXT = re.compile(
    r"has not yet been delivered|this is a warning message|continue to attempt delivery|wird weiter(?:hin)? versucht"
    r"|notification \(delay"
    r"|\b(?:warning: (?:message\b.{0,50}delayed|could not send)|still trying\b|has been (?:delayed|postponed)"
    r"|(?<!not )will (?:continue|keep|be retried|retry)\b"
    r"|(?<!further )(?<!more )(?<!further delivery )(?<!more delivery )attempts will (?:continue|be made))"
)
# Where the returned mail begins: from there on the text is ours.
_COPY_BEGINS = re.compile(
    r"^[ \t>]*(?:--(?!.{0,160}\bnot\b).{0,160}(?:\bcopy\b|original|forwarded|headers|message).*"
    r"|(?:return-path|received|message-id|delivered-to):.*|content-type: *(?:message/|text/rfc822).*)$",
    re.IGNORECASE | re.MULTILINE,
)
# Lines about our mail inside the text: its subject may hold any word. And those between MIME parts, where the header
# that names the parts was lost.
_QUOTED_FIELD = re.compile(
    r"^[ \t>|]*(?:subject|to|cc|from|date|sent|betreff|an|von|gesendet|objet|asunto|assunto|oggetto|тема|件名|主[题題]"
    r"|content-[a-z-]+|mime-version) ?[:：].*$",
    re.IGNORECASE | re.MULTILINE,
)


def _explanation(parts: Sequence[tuple[str, str]]) -> str:
    """The text for people of a report, without the copy of our mail and what it quotes of its headers."""
    plain = [text for kind, text in parts if kind == "text/plain"]
    text = "\n".join(plain or [_without_tags(text) for kind, text in parts if kind == "text/html"])
    text = text[:_MAX_EXPLANATION]
    return _QUOTED_FIELD.sub("", _COPY_BEGINS.split(text, maxsplit=1)[0])


_MAX_EXPLANATION = 16_000
"""How many characters of the text for people are read; the reason comes first."""
_TAG = re.compile(r"<[a-z/!][^<>]{0,1000}>", re.IGNORECASE)


def _without_tags(text: str) -> str:
    return html.unescape(_TAG.sub(" ", text)[:_MAX_EXPLANATION])


def _plain_text(message: Message, key: str, text: str) -> Report:
    """A report in plain text: the failure comes first, then a copy of our mail."""
    subject = _header_text(str(message.get("Subject", "")))
    is_bounce = (
        message.get_content_type() == "multipart/report"
        or _BOUNCE_FROM.search(str(message.get("From", "")))
        or "X-Failed-Recipients" in message
        or _BOUNCE_SUBJECT.search(subject)
        or _BOUNCE_TEXT.search(text)
    )
    if not is_bounce:
        return Report("other", key, "", "not a bounce report")
    if _DELAY_TEXT.search(f"{subject}\n{text}".lower()):
        return Report("other", key, "", "a delay: the mail may still arrive")
    return _refusal(failure_of("", _without_tags(text)), key)


def _header_text(value: str) -> str:
    """A header with its encoded words decoded (RFC 2047)."""
    return "".join(
        _decoded(text, charset or "") if isinstance(text, bytes) else text
        for text, charset in decode_header(value[:_MAX_DECODED])
    )


def _own_parts(message: Message) -> Iterator[Message]:
    """The first parts of a mail, without those of attached mails."""
    waiting, n_parts = [message], 0
    while waiting and n_parts < _MAX_PARTS:
        part, n_parts = waiting.pop(), n_parts + 1
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(inner for inner in reversed(payload) if isinstance(inner, Message))
        else:
            yield part


def _source(part: Message, *, depth: int = 0) -> str:
    """The decoded text of a part; for an attached mail, its headers and body, to a depth that mail servers use."""
    if depth > _MAX_DEPTH:
        return ""
    payload = part.get_payload()
    if isinstance(payload, list):
        text = "\n\n".join(_message_source(inner, depth=depth + 1) for inner in payload if isinstance(inner, Message))
    else:
        text = str(payload)
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    is_encoded = encoding in ("base64", "quoted-printable")
    if not is_encoded and not text.isascii():  # then the parser has decoded it
        return text.replace("\r\n", "\n")
    raw = text.encode("utf-8", "surrogateescape")
    if is_encoded:
        raw = quopri.decodestring(raw) if encoding == "quoted-printable" else _from_base64(raw)
    return _decoded(raw, str(part.get_param("charset", ""))).replace("\r\n", "\n")


# Character sets that mails are written in. Python has further codecs, some of them slow.
_CHARSET = re.compile(
    r"iso-8859-\d{1,2}|windows-125\d|cp125\d|koi8-[ru]|gb2312|gbk|gb18030|big5|shift_jis|euc-(?:jp|kr)|iso-2022-(?:jp|kr)"
    r"|ks_c_5601-1987",
    re.IGNORECASE,
)


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset if _CHARSET.fullmatch(charset) else "utf-8", "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")


def _from_base64(raw: bytes) -> bytes:
    """As much as can be decoded: the text may be cut off anywhere."""
    raw = raw.translate(None, _NO_BASE64)
    raw = raw[: len(raw) - (len(raw) % 4 == 1)]
    return base64.b64decode(raw + b"=" * (-len(raw) % 4))


_NO_BASE64 = re.sub(rb"[A-Za-z0-9+/]", b"", bytes(range(256)))


def _message_source(message: Message, *, depth: int) -> str:
    """An attached mail as it came: an encoded one may break its lines in the middle of a header."""
    is_broken = any(isinstance(defect, MissingHeaderBodySeparatorDefect) for defect in message.defects)
    head = "\n".join(f"{name}: {value}" for name, value in message.items())
    return head + ("\n" if is_broken else "\n\n") + _source(message, depth=depth)


_FOLD = re.compile(r"\n[ \t]+")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """The fields of each block of header lines by lower-case name; the first of each name counts."""
    for block in _BLANK_LINE.split(text):
        fields: dict[str, str] = {}
        for line in _FOLD.sub(" ", block.strip("\n")).split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        yield fields


def _our_message_key(message: Message, texts: Sequence[str], domains: Collection[str]) -> str:
    """The key of the mail that a report is about: from the returned mail or headers, else from the report's headers.

    The key is secret, so wherever it stands, the report is about that mail: as the Message-ID, the envelope id
    (RFC 3461), or the bounce address of that mail.
    """
    ends = "|".join(re.escape(domain.lower()) for domain in domains)
    message_id = re.compile(rf"(?<![0-9a-f])([0-9a-f]{{16,64}})\.digest@(?:{ends})(?![\w-]|\.\w)")
    own = "\n".join(f"{name}: {value}" for name, value in message.items() if name.lower() != "message-id")
    for text in (*texts, own):
        lower = text.lower()
        found = message_id.search(lower) if ".digest@" in lower else None
        if match := found or _BOUNCE_ADDRESS.search(lower):
            return match[1]
    return ""


_PICTURES_AND_SOUND = frozenset({"image", "audio", "video"})
_BOUNCE_ADDRESS = re.compile(r"\+([0-9a-f]{16,64})@")
"""The end of the local part of a bounce address that names the mail; see ``mail.bounce_subaddress``."""


MAX_REPORTS = 2_000
MAX_READING_S = 60.0
"""How many reports are read at a time, and for how long; anybody can fill the folder."""


def read_bounces(
    db: Database,
    folder: Path,
    *,
    domains: Collection[str],
    now: datetime,
    max_reports: int = MAX_REPORTS,
    max_s: float = MAX_READING_S,
    timer: Callable[[], float] = time.monotonic,
) -> dict[str, int]:
    """Read the reports in a Maildir or a folder of ``.eml`` files, act on each, and move it to the read ones.

    What is beyond ``max_reports`` or ``max_s`` is left for the next time.

    Returns
    -------
    The number of reports of each kind; ``ignored`` are those that name no mail of ours, or cannot be read.

    Raises
    ------
    UsageError
        If the folder cannot be read.
    """
    counts: Counter[str] = Counter()
    until = timer() + max_s
    for content in _new_reports(folder, may_read=lambda: counts.total() < max_reports and timer() < until):
        report = read_report(content, domains=domains)
        reader = subscriber_of_message(db, report.message_key) if report.message_key else None
        if reader is None:
            counts["ignored"] += 1
            continue
        if report.kind == "complaint":
            suppress(db, reader.address, "complained", now=now)
        elif report.is_refusal:
            note_report(db, report.message_key, report.kind)
            suppress_unreachable(db, reader, report.kind, now=now)
        counts[report.kind] += 1
    return dict(counts)


def report_bytes(file: Path) -> bytes:
    """The first ``MAX_REPORT_BYTES`` of a file."""
    with file.open("rb") as stream:
        return stream.read(MAX_REPORT_BYTES)


def _new_reports(folder: Path, *, may_read: Callable[[], bool]) -> Iterator[bytes]:
    """The unread reports, while one more ``may_read``; each is moved to the read ones when the next is asked for."""
    if not folder.is_dir():
        raise UsageError(f"mail.bounce_folder = {str(folder)!r} is not a folder")
    if (folder / "new").is_dir() and (folder / "cur").is_dir():
        for file in sorted(path for path in (folder / "new").iterdir() if not path.name.startswith(".")):
            if not may_read():
                return
            if (content := _readable(file)) is None:
                continue
            yield content
            file.replace(folder / "cur" / f"{file.name.partition(':')[0]}:2,S")  # Maildir's flag for a seen mail
        return
    for file in sorted(folder.glob("*.eml")):
        if not may_read():
            return
        if (content := _readable(file)) is None:
            continue
        yield content
        done = folder / "read"
        done.mkdir(exist_ok=True)
        file.replace(done / file.name)


def _readable(file: Path) -> bytes | None:
    """The start of a file; ``None`` if it is no file or cannot be read, which must not hold up the others."""
    try:
        return report_bytes(file) if file.is_file() else None
    except OSError:
        _log.warning("a file in the bounce folder cannot be read")
        return None
