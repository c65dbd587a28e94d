"""How long bounce reports take to read that somebody made to be slow or to break the reader.

    python -m benchmarks.hostile_bounces [--mails 10000] [--seed 7] [--limit-ms 50]

Each mail is put together from pieces that are costly for parsers and patterns: deep nesting, many parts, long lines,
endless folds, wrong encodings, unclosed marks, our own Message-ID in odd places, and random bytes; up to 300 kB. Or it
has one thing thousands of times: recipients, fields, parameters, headers, parts in parts, character references.

The limit is for one call of ``read_report`` by the clock of a quiet machine. A mail that takes half of it is read
twice more and counts with its fastest time; the processor's time beside it tells whether other work held it up. The
first mail is shown apart, because it also pays for what is loaded on first use. Ends with status 1 if one takes longer
or raises.
"""

from __future__ import annotations

import argparse
import base64
import logging
import sys
from collections.abc import Callable
from random import Random

from benchmarks.reading_time import ReadingTime, reading_time
from mail.bounces import MAX_REPORT_BYTES, read_report

DOMAIN = "papertide.example"
_MESSAGE_ID = f"<{'ab' * 16}.digest@{DOMAIN}>".encode()
_LINES = (
    b"Message-ID: " + _MESSAGE_ID,
    b"References: " + b"<x@y> " * 50 + _MESSAGE_ID,
    b"Final-Recipient: rfc822; a@b.example",
    b"Action: failed",
    b"Status: 5.1.1",
    b"Status: 5." + b"9" * 500,
    b"Diagnostic-Code: smtp; 550 " + b"user " * 200,
    b"From: MAILER-DAEMON@x.example",
    b"Subject: =?utf-8?B?" + b"A" * 3_000 + b"?=",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Type: text/plain; charset=" + b"x" * 200,
    b"X-Failed-Recipients: " + b"a@b.example, " * 100,
    b"-" * 160,
    b"-----" + b" -" * 400,
    b"> " * 300,
    b" " * 2_000,
    b"user " * 400 + b"unknown",
    b"no mailbox " * 200,
    b"<" * 1_500,
    b"<a " * 400,
    b"a@" * 1_000,
    b"mailbox " + b"is " * 300 + b"full",
    b"&amp;" * 300,
    b"5.1." * 400,
    b"550-" * 400,
    b"--b",
    b"--b--",
    b"=" * 400,
    b"\xff\xfe\x00" * 200,
    "не существует ".encode() * 60,
)
_TYPES = (
    b"multipart/report; boundary=b",
    b"multipart/mixed; boundary=b",
    b"multipart/mixed",
    b"message/rfc822",
    b"message/delivery-status",
    b"message/feedback-report",
    b"message/global-delivery-status",
    b"text/rfc822-headers",
    b"text/plain",
    b"text/html",
    b"; ; ;",
)


def _multipart(*parts: bytes, kind: bytes = b"report") -> bytes:
    head = b"Content-Type: multipart/" + kind + b"; boundary=b\nSubject: Undelivered Mail Returned to Sender\n\n"
    return head + b"".join(b"--b\n" + part + b"\n" for part in parts) + b"--b--\n"


def _part(kind: bytes, text: bytes, *, is_encoded: bool = False) -> bytes:
    if is_encoded:
        return b"Content-Type: " + kind + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(text)
    return b"Content-Type: " + kind + b"\n\n" + text


def _recipients(random: Random) -> bytes:
    words = random.choice((b"user ", b"unknown user that ", b"host ", b"postfach box ", "адрес ".encode())) * 900
    reply = random.choice((b"", b"Diagnostic-Code: smtp; 550 " + words[: random.choice((20, 600, 4_000))] + b"\n"))
    blocks = (b"Status: 5.0.0\n" + reply + b"\n") * random.choice((1, 20, 500, 8_000))
    status = _part(b"message/delivery-status", blocks, is_encoded=random.random() < 0.5)
    return _multipart(_part(b"text/plain", words), status)


def _fields(random: Random) -> bytes:
    fields = b"".join(b"%x:\n\n" % number for number in range(random.choice((20, 2_000, 14_000))))
    return _part(b"message/feedback-report", fields, is_encoded=random.random() < 0.7)


def _parameters(random: Random) -> bytes:
    n = random.choice((5, 100, 9_900))
    numbered = b"".join(b"charset*%d*=a%%20;" % number for number in range(min(n, 600)))
    one = random.choice((b'text/plain; "' + b";" * n, b"text/plain; " + numbered, b'multipart/mixed; "' + b";" * n))
    return _multipart(*[_part(one, b"Text.")] * random.choice((1, 12, 100)), kind=b"mixed")


def _headers(random: Random) -> bytes:
    return random.choice((b"a:b\n", b"a:\xff\n", b":\n")) * random.choice((50, 3_000, 43_000)) + b"\nText.\n"


def _parts_in_parts(random: Random) -> bytes:
    numbers = range(random.choice((3, 30, 290)))
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in numbers)
    return opened + random.choice((b"x\n", b"--x\n", b"yyyyyyyyy\n")) * random.choice((100, 50_000))


def _references(random: Random) -> bytes:
    one = random.choice((b"&", b"&a;", b"&" + b"a" * 32, b"&#x41;", b"<b>", b"<b " + b" " * 990))
    return _part(b"text/html", one * (130_000 // len(one)), is_encoded=random.random() < 0.3)


OF_ONE_THING: tuple[Callable[[Random], bytes], ...] = (
    *(_recipients, _fields, _parameters, _headers, _parts_in_parts, _references),
)
"""Mails with thousands of one thing."""


def hostile_mail(random: Random) -> bytes:
    """A mail that is hard to read."""
    if random.random() < 0.2:
        return random.choice(OF_ONE_THING)(random)[:300_000]
    end = random.choice((b"\n", b"\r\n", b"\r", b"\n "))
    pieces = []
    for _ in range(random.randrange(1, 9)):
        kind = random.randrange(6)
        line = random.choice(_LINES)
        if kind == 0:
            pieces.append((b"Content-Type: " + random.choice(_TYPES) + end + end) * random.choice((1, 2, 40, 400)))
        elif kind == 1:
            part = b"--b" + end + b"Content-Type: " + random.choice(_TYPES) + end + end + line + end
            pieces.append(part * random.choice((1, 3, 200, 2_000)))
        elif kind == 2:
            pieces.append((line + end) * random.choice((1, 5, 100, 1_000)))
        elif kind == 3:
            pieces.append(base64.encodebytes(line * random.choice((1, 50))) + end)
        elif kind == 4:
            pieces.append(random.randbytes(random.choice((3, 300, 30_000))))
        else:
            pieces.append(line.replace(b" ", end + b" ") + end + end)
    mail = b"Content-Type: " + random.choice(_TYPES) + end + b"".join(pieces)
    if random.random() < 0.3:  # cut off or damaged somewhere
        at = random.randrange(len(mail))
        mail = mail[:at] + random.randbytes(2) + mail[at + random.randrange(50) :]
    return mail[:300_000]


def report_time(mail: bytes, *, slow_s: float) -> ReadingTime:
    """The time of reading a mail."""
    return reading_time(lambda: read_report(mail, domains=[DOMAIN]), slow_s=slow_s)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--limit-ms", type=float, default=50.0)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    random, limit_s = Random(arguments.seed), arguments.limit_ms / 1000
    mails = ((number, hostile_mail(random)) for number in range(arguments.mails))
    times = [(report_time(mail, slow_s=limit_s / 2), number, len(mail)) for number, mail in mails]
    largest = max(size for _, _, size in times)
    print(f"{len(times):,} mails of up to {largest:,} bytes, of which at most {MAX_REPORT_BYTES:,} are read")
    print(f"  first {times.pop(0)[0]}")
    times.sort(key=lambda one: one[0].wall_s)
    for share in (0.5, 0.95, 0.99):
        print(f"  {share:4.0%} within {times[int(share * (len(times) - 1))][0]}")
    print(f"  slowest {', '.join(f'{took}, mail {number}' for took, number, _ in times[:-4:-1])}")
    sys.exit(times[-1][0].wall_s > limit_s)


if __name__ == "__main__":
    main()
