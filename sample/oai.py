"""OAI-PMH answers to ``ListRecords`` for sample papers, in the formats ``arXivRaw`` and ``arXiv``.

A resumption token encodes the request and the day, and like arXiv's it expires with the day.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from domain.paper import Paper

_GROUPS = ("cs", "econ", "eess", "math", "q-bio", "q-fin", "stat")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def list_records(args: dict[str, str], papers: Sequence[Paper], *, now: datetime, page_size: int) -> str:
    """The body of an answer over the announced ``papers``; a paper's datestamp is the day of its last update."""
    if args.get("verb") != "ListRecords":
        return _error("badVerb", f"illegal verb {args.get('verb', '')!r}", now)
    offset = 0
    if token := args.get("resumptionToken"):
        try:
            args = json.loads(base64.urlsafe_b64decode(token.encode()))
            offset = int(args["offset"])
        except (ValueError, KeyError, TypeError, binascii.Error):
            return _error("badResumptionToken", "the token is invalid", now)
        if args["day"] != now.date().isoformat():
            return _error("badResumptionToken", "the token has expired", now)
    prefix, wanted, first_day = args.get("metadataPrefix", ""), args.get("set", ""), args.get("from", "")
    if prefix not in ("arXiv", "arXivRaw"):
        return _error("cannotDisseminateFormat", f"no format {prefix!r}", now)
    found = sorted(
        (p for p in papers if wanted in _sets(p) and str(p.updated_at.astimezone(UTC).date()) >= first_day),
        key=lambda p: (p.updated_at.astimezone(UTC).date(), p.arxiv_id),
    )
    if not found:
        return _error("noRecordsMatch", "nothing matches", now)
    records = "".join(_record(p, prefix) for p in found[offset : offset + page_size])
    end = ""
    if offset + page_size < len(found):
        rest = {"metadataPrefix": prefix, "set": wanted, "from": first_day}
        rest |= {"offset": str(offset + page_size), "day": now.date().isoformat()}
        end = f"<resumptionToken>{base64.urlsafe_b64encode(json.dumps(rest).encode()).decode()}</resumptionToken>"
    elif offset:
        end = "<resumptionToken/>"
    return _wrapped(f"<ListRecords>{records}{end}</ListRecords>", now)


def without_records(now: datetime) -> str:
    """An answer that violates OAI-PMH: a list without records and without an error code."""
    return _wrapped("<ListRecords></ListRecords>", now)


def _wrapped(inner: str, now: datetime) -> str:
    stamp = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        f'<responseDate>{stamp}</responseDate><request verb="ListRecords">http://127.0.0.1/oai</request>{inner}</OAI-PMH>\n'
    )


def _error(code: str, message: str, now: datetime) -> str:
    return _wrapped(f'<error code="{code}">{_xml(message)}</error>', now)


def _sets(paper: Paper) -> list[str]:
    sets = []
    for category in paper.categories:
        archive, _, subject = category.partition(".")
        sets.append(":".join(filter(None, (archive if archive in _GROUPS else "physics", archive, subject))))
    return sets


def _xml(text: str) -> str:
    # XML cannot represent some control characters, not even escaped.
    return escape(_NOT_XML.sub("", text))


def _record(paper: Paper, prefix: str) -> str:
    header = (
        f"<header><identifier>oai:arXiv.org:{paper.arxiv_id}</identifier>"
        f"<datestamp>{paper.updated_at.astimezone(UTC).date()}</datestamp>"
        + "".join(f"<setSpec>{s}</setSpec>" for s in _sets(paper))
        + "</header>"
    )
    body = _raw(paper) if prefix == "arXivRaw" else _with_structured_authors(paper)
    return f"<record>{header}<metadata>{body}</metadata></record>\n"


def _raw(paper: Paper) -> str:
    versions = "".join(_version(paper, number) for number in range(1, paper.version + 1))
    return (
        f'<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{paper.arxiv_id}</id>{versions}'
        f"<title>{_xml(paper.title)}</title><authors>{_xml(', '.join(paper.authors))}</authors>{_rest(paper)}"
        "</arXivRaw>"
    )


def _version(paper: Paper, number: int) -> str:
    at = paper.submitted_at if number == 1 else paper.updated_at
    source_type = "I" if paper.is_withdrawn and number == paper.version else "D"
    return (
        f'<version version="v{number}"><date>{format_datetime(at.astimezone(UTC), usegmt=True)}</date>'
        f"<size>9kb</size><source_type>{source_type}</source_type></version>"
    )


def _with_structured_authors(paper: Paper) -> str:
    authors = "".join(
        f"<author><keyname>{_xml(last)}</keyname>"
        + (f"<forenames>{_xml(first)}</forenames>" if first else "")
        + "</author>"
        for first, _, last in (name.rpartition(" ") for name in paper.authors)
    )
    return (
        f'<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{paper.arxiv_id}</id>'
        f"<created>{paper.submitted_at.astimezone(UTC).date()}</created><authors>{authors}</authors>"
        f"<title>{_xml(paper.title)}</title>{_rest(paper)}</arXiv>"
    )


def _rest(paper: Paper) -> str:
    optional = (("comments", paper.comment), ("journal-ref", paper.journal_ref), ("doi", paper.doi))
    return (
        f"<categories>{' '.join(paper.categories)}</categories>"
        + "".join(f"<{tag}>{_xml(value)}</{tag}>" for tag, value in optional if value)
        + f"<abstract>  {_xml(paper.abstract)}\n</abstract>"
    )
