"""What bounce reports do to a subscription: ours beside ``flufl.bounce`` on its own samples, and on invented forms.

    python -m benchmarks.bounces [--all] [--seed 7] [--variations 40] [--errors]

**Samples.** The reports in the source package of ``flufl.bounce`` (Apache 2), which pip downloads into the user's
cache folder once. Labels start from ``flufl.bounce``'s own expected results: what it expects to fail permanently is
*hard*, the rest *soft*. It does not ask for the reason, so ``SOFT`` and ``UNCLEAR`` below correct that by reading: a
full mailbox, a time-out, a loop, a relay or a refusal of the content is soft, and a report that says "permanent" with
no reason is *unclear* and shown apart. Half of the samples, by a hash of their names, were used to improve the rule;
the figures are those of the other half.

The samples do not name our mails, so two things are measured apart. *Classified* is what the rule says of a sample as
it is. *Acted on* also needs our Message-ID: it is written where the sample names the mail, which is every
``Message-ID`` line of the returned copy, ``Original-Envelope-Id``, ``In-Reply-To`` and ``References``, and where the
sample's collectors wrote that they removed the message. A sample without any of them names no mail, and counts as not
acted on. With ``mail.bounce_subaddress`` the address that such a report is sent to names the mail; the row "one bounce
address for each mail" shows what then is acted on.

**Invented forms** vary the reason, the address, the line ends and where the Message-ID stands; none of their text
comes from a real report.

The bars: at least .90 of the hard ones acted on, at most .03 of the soft ones ending anything.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
import subprocess
import sys
import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from random import Random

from flufl.bounce import all_failures

from benchmarks.bounce_forms import FORMS, made_report
from mail.bounces import read_report

VERSION = "6.0.0"
CACHE = Path.home() / ".cache" / "papertide" / "benchmarks"
DOMAIN = "papertide.example"
KEY = "0123456789abcdef" * 2
MESSAGE_ID = f"<{KEY}.digest@{DOMAIN}>"

SOFT = frozenset(
    """aol_01 bounce_01 dsn_01 dsn_02 dsn_03 dsn_04 dsn_09 hotpop_01 netscape_01 newmailru_01 postfix_02 postfix_03
    postfix_04 postfix_05 qmail_02 qmail_06 qmail_07 sendmail_01 simple_02 simple_07 simple_09 simple_14 simple_18
    simple_38 simple_42 simple_44 simple_45 smtp32_01 smtp32_02 yahoo_01 yahoo_02 yahoo_04""".split()
)
"""Permanent to ``flufl.bounce``, but by their text a full mailbox, a time-out, a loop, a policy or our own mail."""
UNCLEAR = frozenset(
    """bounce_03 caiwireless_01 dumbass_01 microsoft_03 qmail_01 simple_01 simple_10 simple_16 simple_17 simple_20
    simple_24 simple_31 simple_32 sina_01 smtp32_03 smtp32_05 yahoo_12""".split()
)
"""Permanent to ``flufl.bounce``, without any reason in their text."""
HARD = frozenset({"simple_43"})
"""Not recognised by ``flufl.bounce``, but by their text an address that does not exist."""


@dataclass(frozen=True)
class Sample:
    """One report: what it is called, what is right, and its bytes."""

    name: str
    label: str
    content: bytes

    @property
    def is_reported(self) -> bool:
        """Whether it belongs to the half that the rule was not improved on."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 2 == 1


def samples() -> list[Sample]:
    """The samples of ``flufl.bounce`` with their labels."""
    found = []
    with tarfile.open(_source_package()) as package:
        for member in package.getmembers():
            stream = package.extractfile(member) if "/tests/data/" in member.name else None
            if stream is not None and member.name.endswith(".txt"):
                name, content = Path(member.name).stem, stream.read()
                found.append(Sample(name, _label(name, content), content))
    return sorted(found, key=lambda sample: sample.name)


def _source_package() -> Path:
    file = CACHE / f"flufl_bounce-{VERSION}.tar.gz"
    if not file.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        options = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(CACHE)]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", *options, f"flufl.bounce=={VERSION}"], check=True
        )
    return file


def _label(name: str, content: bytes) -> str:
    if name in UNCLEAR:
        return "unclear"
    return "hard" if name in HARD or (name not in SOFT and by_flufl(content)) else "soft"


def by_flufl(content: bytes) -> bool:
    """Whether ``flufl.bounce`` finds an address that fails permanently, and nothing that fails for now."""
    temporary, permanent = all_failures(message_from_bytes(content))
    return bool(permanent) and not temporary


def by_ours(content: bytes) -> bool:
    """Whether the rule says that the address takes no mail."""
    return read_report(content, domains=[DOMAIN]).kind == "failed"


def acted_on(content: bytes) -> bool:
    """Whether ours would end the subscription at once: the rule says so, and our mail is found."""
    report = read_report(content, domains=[DOMAIN])
    return report.kind == "failed" and report.message_key == KEY


_REMOVED = re.compile(
    rb"^.*(?:(?:message|header|content) (?:content |header )?removed|\[original message\]).*$",
    re.IGNORECASE | re.MULTILINE,
)
_MESSAGE_ID = re.compile(
    rb"^([ \t>]*(?:message-id|original-envelope-id):)[^\n]*(?:\n[ \t]+<[^\n]*)?", re.IGNORECASE | re.MULTILINE
)
_ABOUT = re.compile(rb"^((?:in-reply-to|references|x-original-message-id):)[^\n]*", re.IGNORECASE | re.MULTILINE)
_TO = re.compile(rb"^((?:x-original-to|delivered-to|to):)[^\n]*", re.IGNORECASE | re.MULTILINE)


def with_our_message_id(content: bytes) -> bytes | None:
    """The sample as if it were about our mail; ``None`` if it returns nothing of the mail."""
    content = content.replace(b"\r\n", b"\n")
    head, blank, body = content.partition(b"\n\n")
    ours = MESSAGE_ID.encode()
    returned = b"From: digest@" + DOMAIN.encode() + b"\nSubject: the week\nMessage-ID: " + ours
    changed = _REMOVED.sub(returned, body)
    changed = _MESSAGE_ID.sub(lambda match: match[1] + b" " + ours, changed)
    about = _ABOUT.sub(lambda match: match[1] + b" " + ours, head)
    return None if (about, changed) == (head, body) else about + blank + changed


def to_our_address(content: bytes) -> bytes:
    """The sample as it came if each of our mails had its own bounce address."""
    head, blank, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    address = f"bounces+{KEY}@{DOMAIN}".encode()
    return _TO.sub(lambda match: match[1] + b" " + address, head) + blank + body


def _share(hits: int, of: int) -> str:
    return f"{hits:4d} of {of:4d}  {hits / of:5.3f}" if of else "   0 of    0      -"


def _rows(reports: list[Sample], judges: dict[str, Callable[[bytes], bool]]) -> Iterator[str]:
    for label in ("hard", "soft", "unclear"):
        of = [sample for sample in reports if sample.label == label]
        for judge, ends in judges.items():
            yield f"  {label:8s} {judge:39s} {_share(sum(ends(s.content) for s in of), len(of))}"


def _print_samples(found: list[Sample], *, which: str, show_errors: bool) -> None:
    print(f"\nSamples of flufl.bounce {VERSION}, {which}: {len(found)}; how many would end a subscription")
    named = {s.name: with_our_message_id(s.content) for s in found}
    n_nowhere = sum(content is None for content in named.values())
    print(*_rows(found, {"ours, classified": by_ours, "flufl.bounce, any permanent": by_flufl}), sep="\n")
    of = {s.content: named[s.name] for s in found}
    print(
        *_rows(found, {"ours, acted on": lambda content: (own := of[content]) is not None and acted_on(own)}), sep="\n"
    )
    print(*_rows(found, {"ours, one bounce address for each mail": lambda c: acted_on(to_our_address(c))}), sep="\n")
    with_place = [s for s in found if named[s.name] is not None]
    print(f"  {n_nowhere} name no mail, so that nothing can name ours; of the others:")
    print(*_rows(with_place, {"ours, acted on": lambda content: acted_on(of[content] or b"")}), sep="\n")
    if show_errors:
        for sample in found:
            report = read_report(sample.content, domains=[DOMAIN])
            if (report.kind == "failed") != (sample.label == "hard"):
                print(f"    {sample.name}: {sample.label}, ours says {report.kind} {report.status}: {report.why}")


def _print_forms(*, seed: int, variations: int, show_errors: bool) -> None:
    print(f"\nInvented forms, {variations} variations each, seed {seed}; how many end a subscription")
    print(f"  {'form':28s} {'hard, ours':22s} {'hard, flufl.bounce':22s} {'soft, ours':22s} soft, flufl.bounce")
    totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for form in FORMS:
        random, cells = Random(f"{seed} {form}"), []
        for label in ("hard", "soft"):
            reports = [made_report(form, label == "hard", MESSAGE_ID, random) for _ in range(variations)]
            for judge, ends in (("ours", acted_on), ("flufl.bounce", by_flufl)):
                n = sum(ends(report) for report in reports)
                total = totals[label, judge]
                total[0], total[1] = total[0] + n, total[1] + len(reports)
                cells.append(_share(n, len(reports)))
            if show_errors:
                for report in reports:
                    if acted_on(report) != (label == "hard"):
                        found = read_report(report, domains=[DOMAIN])
                        print(f"--- {form}, {label}: {found}\n{report.decode('utf-8', 'replace')}")
                        break
        print(f"  {form:28s} " + " ".join(f"{cell:22s}" for cell in cells))
    print(f"  {'all':28s} " + " ".join(f"{_share(*totals[key]):22s}" for key in sorted(totals)))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="also print the half that the rule was improved on")
    parser.add_argument("--errors", action="store_true", help="list what is judged wrongly in the half used, and forms")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--variations", type=int, default=40)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    found = samples()
    used = [s for s in found if not s.is_reported]
    if arguments.all or arguments.errors:
        _print_samples(used, which="the half used to improve the rule", show_errors=arguments.errors)
    _print_samples([s for s in found if s.is_reported], which="the half reported", show_errors=False)
    _print_forms(seed=arguments.seed, variations=arguments.variations, show_errors=arguments.errors)


if __name__ == "__main__":
    main()
