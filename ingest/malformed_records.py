"""XML answers in which single records are malformed: the records are named, and the rest is read.

One control character, a bare ``&`` or too deep a nesting makes a whole answer unreadable to an XML parser. Then each
record is parsed by itself. An answer that is malformed outside its records, such as one cut off, stays refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from domain.errors import SourceFormatError
from domain.paper import one_line
from ingest.http_session import parse_xml

_NAME = re.compile(rb"<(?:id|identifier)>\s*([!-;=?-~]{1,100})")
_ROOT = re.compile(rb"<(?![?!])([A-Za-z:-]{1,40})[^<>]*>")
_MAX_REASON = 200
_MAX_RECORD = 2**19
"""Bytes of a record that are parsed; those of the largest collaborations have half of it."""


def parse_records(body: bytes, url: str, kind: str, tag: str) -> tuple[etree._Element, tuple[str, ...]]:
    """The root of an answer without its malformed records, and their names with what is wrong.

    Parameters
    ----------
    kind : the expected format, for the error.
    tag : name of the element that holds a record, such as ``entry``.

    Raises
    ------
    SourceFormatError
        If the answer is malformed outside its records, or truncated.
    """
    body, too_long = _without(body, tag.encode(), _length_problem) if len(body) > _MAX_RECORD else (body, ())
    try:
        return parse_xml(body, url, kind), too_long
    except SourceFormatError:
        kept, malformed = _without(body, tag.encode(), _syntax_problem)
        if not malformed:
            raise
        return parse_xml(kept, url, kind), (*too_long, *malformed)


def _length_problem(record: bytes, *_: bytes) -> str | None:
    if len(record) <= _MAX_RECORD:
        return None
    return f"{len(record):,} bytes; at most {_MAX_RECORD:,} are read"


def _syntax_problem(record: bytes, before: bytes, after: bytes) -> str | None:
    try:
        parse_xml(before + record + after, "", "XML")
    except SourceFormatError as error:
        reason = "".join(c if c.isprintable() else " " for c in str(error.__cause__))
        return one_line(reason)[:_MAX_REASON]
    return None


def _without(
    body: bytes, tag: bytes, problem_of: Callable[[bytes, bytes, bytes], str | None]
) -> tuple[bytes, tuple[str, ...]]:
    """The answer without the records that have a problem, and their names with it.

    ``problem_of`` gets a record, the answer's beginning up to its root, and its end.
    """
    starts = [match.start() for match in re.finditer(rb"<%s[\s>]" % tag, body)]
    root = _ROOT.search(body, 0, starts[0]) if starts else None
    if root is None:
        return body, ()
    before, after, close = body[: root.end()], b"</%s>" % root[1], b"</%s>" % tag
    kept, named = [body[: starts[0]]], []
    for position, (start, until) in enumerate(zip(starts, [*starts[1:], len(body)], strict=True), 1):
        end = body.find(close, start, until)
        if end < 0 and until == len(body):
            return body, ()  # truncated
        end = until if end < 0 else end + len(close)
        record = body[start:end]
        if (problem := problem_of(record, before, after)) is None:
            kept.append(record)
        else:
            name = _NAME.search(record)
            named.append(f"{name[1].decode() if name else f'{tag.decode()} {position}'}: {problem}")
        kept.append(body[end:until])
    return b"".join(kept), tuple(named)
