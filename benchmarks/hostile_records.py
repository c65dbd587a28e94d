"""Whether hostile records of arXiv's three sources are refused in time, one by one.

    python -m benchmarks.hostile_records [--examples 10000]

Hypothesis makes records with wrong types, huge numbers, dates from year 1 to 9999, control characters, brackets and
braces without end, deep nesting and long fields, and puts them into snapshot lines, Atom feeds and OAI-PMH answers,
there beside a good record. Bars: no exception but the documented ones, the good record is always kept, and no record
takes more than 50 ms by the clock of a quiet machine. A record that does is read twice more and counts with its fastest
time; the processor's time beside it tells whether other work held it up. Each source's first record is shown apart,
because it also pays for what is loaded on first use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.reading_time import ReadingTime, reading_time
from domain.errors import SourceError
from domain.week import Week
from ingest.harvest import window_of
from ingest.http_session import MAX_BYTES
from ingest.oai_client import read_page
from ingest.query_api_client import ArxivClient, Page
from ingest.settings import ArxivSettings
from ingest.snapshot import _read_line

MAX_S = 0.050
_NOW = datetime(2026, 6, 23, tzinfo=UTC)
_WEEK = window_of(Week.parse("2026-W25"))
_GOOD = "2606.00001"
_SHORT = 1000  # characters of a field that is repeated
_MAX_LINE = 2**21  # longer lines are not read

_UNITS = (
    *("(", ")", "()", "((x)", "{", "}", "\\'e", "\\", " ", "\t", "a, ", " and ", ";", "&", "<", "x", "\x00", "\x0c"),
    *("é", "$", "&#x1;", "[", "Withdrawn ", "this paper has been ", "v", "9", "2606.00002 "),
)
_DATES = (
    *("Mon, 1 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Tue, 16 Jun 2026 10:00:00 GMT"),
    *("Tue, 16 Jun 2026 10:00:00 -9999", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-06-16T10:00:00Z"),
    "2026-06-16T10:00:00+23:59",
)
_MARKUP = ("<a>" * 300 + "</a>" * 300, "<a>" * 5000, "]]>", "&nope;", "<!--", "<![CDATA[")
_runs = st.builds(
    lambda unit, n: unit * n,
    st.sampled_from(_UNITS),
    st.sampled_from([0, 1, 3, 50, 3000, 16_000, 150_000, 250_000]),
)
_texts = st.one_of(st.text(max_size=60), _runs, st.builds(lambda a, b: a + b, _runs, st.text(max_size=9)))
_dates = st.one_of(st.sampled_from(_DATES), _texts)
_numbers = st.one_of(st.sampled_from(["v1", "v0", "v-1", "v" + "9" * 24, "v" + "9" * 5000, "1e5"]), _texts)
_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), _texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
_FIELDS = "id title abstract authors authors_parsed categories comments doi journal-ref versions".split()


@dataclass
class Outcome:
    """What became of the records."""

    n: Counter[str] = field(default_factory=Counter)
    first: dict[str, ReadingTime] = field(default_factory=dict)
    slowest: dict[str, tuple[ReadingTime, str]] = field(default_factory=dict)
    refused: set[tuple[str, int]] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def run(self, source: str, record: object, read: Callable[[], bool]) -> None:
        """Read one record; ``read`` says whether the good record beside it was kept."""
        self.n[source] += 1
        kept: list[bool] = []
        try:
            took = reading_time(lambda: kept.append(self._is_kept(source, read)), slow_s=MAX_S)
        except Exception as error:  # noqa: BLE001 - whatever else comes is what we look for
            self.failures.append(f"{source}: {type(error).__name__} for {str(record)[:200]!r}")
            return
        if source not in self.first:
            self.first[source] = took
        elif source not in self.slowest or took.wall_s > self.slowest[source][0].wall_s:
            self.slowest[source] = took, str(record)[:120]
        if not all(kept):
            self.failures.append(f"{source}: the good record is lost beside {str(record)[:200]!r}")

    def _is_kept(self, source: str, read: Callable[[], bool]) -> bool:
        try:
            return read()
        except SourceError:
            self.refused.add((source, self.n[source]))
            return True  # the whole answer is refused, with a line for the operator


@st.composite
def _snapshot_fields(draw: Callable[[Any], Any]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": "2606.00002",
        "title": "A title",
        "abstract": "Some words.",
        "authors": "Ada Example",
        "categories": "cs.LG",
        "versions": [{"version": "v1", "created": "Tue, 16 Jun 2026 10:00:00 GMT"}],
    }
    for name in draw(st.lists(st.sampled_from(_FIELDS), min_size=1, max_size=3, unique=True)):
        if name == "versions" and draw(st.booleans()):
            record[name] = [
                {"version": draw(_numbers), "created": draw(_dates)} for _ in range(draw(st.integers(0, 3)))
            ]
        else:
            record[name] = draw(st.one_of(_texts, _json))
    return record


_nested = st.sampled_from(["", "[" * 100_000, '{"a":' * 100_000, "[" * 900 + "]" * 900, "\x00" * 1000, "1" * 6000])
_xml_texts = st.one_of(_texts, _texts.map(escape), st.sampled_from(_MARKUP))


def _atom(fields: tuple[str, str, str, str, int]) -> bytes:
    title, summary, published, author, n_authors = fields
    entry = (
        "<entry><id>http://arxiv.org/abs/{}v1</id><published>{}</published><updated>{}</updated><title>{}</title>"
        '<summary>{}</summary>{}<arxiv:primary_category term="cs.LG"/><category term="cs.LG"/></entry>'
    )
    at = "2026-06-16T10:00:00Z"
    good = entry.format(_GOOD, at, at, "A title", "Some words.", "<author><name>Ada Example</name></author>")
    bad = entry.format(
        "2606.00002",
        published,
        published,
        title,
        summary,
        f"<author><name>{author}</name></author>" * (n_authors if len(author) < _SHORT else 1),
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" '
        'xmlns:arxiv="http://arxiv.org/schemas/atom"><updated>2026-06-22T00:00:00Z</updated>'
        f"<opensearch:totalResults>2</opensearch:totalResults>{bad}{good}</feed>"
    ).encode("utf-8", "replace")


def _oai(fields: tuple[str, str, str, str, int]) -> bytes:
    title, abstract, date, authors, n_versions = fields
    record = (
        "<record><header><identifier>oai:arXiv.org:{0}</identifier></header><metadata>"
        '<arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{0}</id>{1}<title>{2}</title><authors>{3}</authors>'
        "<categories>cs.LG</categories><abstract>{4}</abstract></arXivRaw></metadata></record>"
    )
    version = '<version version="v1"><date>{}</date></version>'
    good = record.format(
        _GOOD, version.format("Tue, 16 Jun 2026 10:00:00 GMT"), "A title", "Ada Example", "Some words."
    )
    bad = record.format(
        "2606.00002", version.format(date) * (n_versions if len(date) < _SHORT else 1), title, authors, abstract
    )
    return (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-06-22T00:00:00Z</responseDate>'
        f"<ListRecords>{bad}{good}</ListRecords></OAI-PMH>"
    ).encode("utf-8", "replace")


class _OneAnswer:
    """A session that has one answer."""

    def __init__(self, body: bytes, check: Callable[[bytes, str], None]) -> None:
        self._body = body
        self._check = check

    def get(self, url: str) -> requests.Response:
        self._check(self._body, url)
        response = requests.Response()
        response.status_code = requests.codes.ok
        response._content = self._body
        return response

    def with_retries(self, request: Callable[[], Page]) -> Page:
        return request()


def _read_atom(body: bytes) -> bool:
    client = ArxivClient(ArxivSettings(), product="benchmark", clock=lambda: _NOW)
    client._session = _OneAnswer(body, client._check_feed)  # type: ignore[assignment]
    page = client.page(_WEEK, ("cs.LG",), start=0, size=10)
    return any(p.arxiv_id == _GOOD for p in page.papers)


def try_records(n_examples: int) -> Outcome:
    """Read ``n_examples`` hostile records, a third from each source."""
    outcome = Outcome()
    some = settings(
        max_examples=n_examples // 3,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    xml = st.tuples(
        _xml_texts, _xml_texts, st.one_of(_dates, _xml_texts), _xml_texts, st.sampled_from([0, 1, 1, 3, 2000])
    )

    @some
    @given(_snapshot_fields(), _nested)
    def snapshot(record: dict[str, Any], nested: str) -> None:
        line = json.dumps(record).encode() if not nested else f'{{"id": {nested}'.encode()
        if len(line) < _MAX_LINE:
            outcome.run("snapshot", line, lambda: _read_line(1, line, {"cs.LG"}, now=_NOW) is not None)

    @some
    @given(xml)
    def atom(fields: tuple[str, str, str, str, int]) -> None:
        body = _atom(fields)
        if len(body) > MAX_BYTES:
            return
        outcome.run("Atom", fields, lambda: _read_atom(body))

    @some
    @given(xml)
    def oai(fields: tuple[str, str, str, str, int]) -> None:
        body = _oai(fields)
        if len(body) > MAX_BYTES:
            return

        def is_kept() -> bool:
            return any(p.arxiv_id == _GOOD for p in read_page(body, "url", "arXivRaw", now=_NOW).papers)

        outcome.run("OAI-PMH", fields, is_kept)

    for read in (snapshot, atom, oai):
        read()
    return outcome


def main() -> None:
    """Try, print, and end with 1 if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=10_000)
    outcome = try_records(parser.parse_args().examples)
    refused = Counter(source for source, _ in outcome.refused)
    for source, n in sorted(outcome.n.items()):
        took, record = outcome.slowest[source]
        print(f"{source}: {n:,}, {refused[source]:,} times the whole answer refused, first {outcome.first[source]}")
        print(f"  slowest {took}: {record!r}")
    print(f"failures: {len(outcome.failures)}")
    for failure in outcome.failures[:10]:
        print(f"  {failure}")
    sys.exit(bool(outcome.failures) or max(took.wall_s for took, _ in outcome.slowest.values()) > MAX_S)


if __name__ == "__main__":
    main()
