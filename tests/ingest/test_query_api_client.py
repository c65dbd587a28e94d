"""The query API client over real HTTP: requests, retries and validation of answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import SourceError, SourceFormatError, SourceRejected, SourceUnavailable
from domain.harvest import Window
from domain.paper import Paper
from ingest.http_session import retry_after_s
from ingest.query_api_client import ArxivClient, read_feed, search_query
from ingest.settings import ArxivSettings
from sample.arxiv_server import SampleArxiv

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
MONDAY = datetime(2026, 6, 15, tzinfo=UTC)
WINDOW = Window(MONDAY, MONDAY + timedelta(days=7))
Make = Callable[..., Paper]


def _settings(arxiv: SampleArxiv, **other: float) -> ArxivSettings:
    return ArxivSettings.model_validate(
        {"api_url": arxiv.api_url, "delay_s": 0, "max_tries": 2, "timeout_s": 0.5, "page_size": 10} | other
    )


def test_papers_come_back_as_arxiv_has_them(make_paper: Make) -> None:
    papers = (
        make_paper(1, title="A $x < y$ & z", authors=("Ada Example",), comment="9 pages", doi="10.1/x"),
        make_paper(2, version=3, categories=("stat.ML", "cs.LG"), primary_category="stat.ML", journal_ref="J. 1 (2)"),
    )
    with SampleArxiv(papers, now=NOW) as arxiv:
        page = ArxivClient(_settings(arxiv), product="test").page(WINDOW, ("cs.LG",), start=0, size=10)
    assert page.papers == papers
    assert (page.n_total, page.n_entries, page.unreadable, page.answered_at) == (2, 2, (), NOW)


def test_one_page_is_one_request_with_its_bounds(make_paper: Make) -> None:
    with SampleArxiv([make_paper(i) for i in range(9)], now=NOW) as arxiv:
        client = ArxivClient(_settings(arxiv), product="test")
        page = client.page(WINDOW, ("cs.LG", "stat.ML"), start=3, size=4)
        [request] = arxiv.requests
    assert [p.arxiv_id for p in page.papers] == [make_paper(i).arxiv_id for i in (3, 4, 5, 6)]
    asked = {name: value for name, [value] in parse_qs(urlsplit(request).query).items()}
    assert asked["search_query"] == "(cat:cs.LG OR cat:stat.ML) AND submittedDate:[202606150000 TO 202606212359]"
    assert (asked["start"], asked["max_results"], asked["sortBy"], asked["sortOrder"]) == (
        "3",
        "4",
        "submittedDate",
        "ascending",
    )
    assert client.n_requests == 1


@given(start=st.integers(0, 10**6), minutes=st.integers(1, 10**6))
def test_the_query_names_the_first_and_the_last_minute(start: int, minutes: int) -> None:
    window = Window(MONDAY - timedelta(minutes=start), MONDAY - timedelta(minutes=start) + timedelta(minutes=minutes))
    text = search_query(window, ("cs.LG",))
    first, last = text.split("[")[1].rstrip("]").split(" TO ")
    assert datetime.strptime(first, "%Y%m%d%H%M").replace(tzinfo=UTC) == window.start_at
    assert datetime.strptime(last, "%Y%m%d%H%M").replace(tzinfo=UTC) == window.end_at - timedelta(minutes=1)


@pytest.mark.parametrize("kind", ["503", "429", "500", "html", "truncate", "cut", "reset", "stall"])
def test_a_passing_fault_is_tried_again(make_paper: Make, kind: str) -> None:
    with SampleArxiv([make_paper(1)], now=NOW).failing(kind, at=(1,)) as arxiv:  # type: ignore[arg-type]
        client = ArxivClient(_settings(arxiv), product="test")
        assert client.page(WINDOW, ("cs.LG",), start=0, size=10).papers == (make_paper(1),)
        assert client.n_requests == 2


@pytest.mark.parametrize("kind", ["503", "429", "500", "html", "truncate", "cut", "reset"])
def test_a_fault_that_stays_is_an_error_after_max_tries(make_paper: Make, kind: str) -> None:
    with SampleArxiv([make_paper(1)], now=NOW).failing(kind, at=range(1, 9)) as arxiv:  # type: ignore[arg-type]
        client = ArxivClient(_settings(arxiv, max_tries=3), product="test")
        with pytest.raises(SourceUnavailable):
            client.page(WINDOW, ("cs.LG",), start=0, size=10)
        assert client.n_requests == 3


def test_a_rejected_request_is_not_retried(make_paper: Make) -> None:
    with SampleArxiv([make_paper(1)], now=NOW).failing("error", at=(1,)) as arxiv:
        client = ArxivClient(_settings(arxiv), product="test")
        with pytest.raises(SourceRejected, match="could not be completed"):
            client.page(WINDOW, ("cs.LG",), start=0, size=10)
        assert client.n_requests == 1


def test_a_redirect_is_not_followed_past_the_rate_limiter(make_paper: Make) -> None:
    with SampleArxiv([make_paper(1)], now=NOW).failing("moved", at=(1,)) as arxiv:
        client = ArxivClient(_settings(arxiv), product="test")
        moved = r"has moved from http.*/api/query to '/new/api/query': set arxiv\.api_url"
        with pytest.raises(SourceRejected, match=moved):
            client.page(WINDOW, ("cs.LG",), start=0, size=10)
        assert arxiv.n_requests == client.n_requests == 1


def test_a_start_beyond_arxivs_reach_is_refused_with_its_reason(make_paper: Make) -> None:
    with SampleArxiv([make_paper(1)], now=NOW) as arxiv, pytest.raises(SourceRejected, match="start must be") as caught:
        ArxivClient(_settings(arxiv), product="test").page(WINDOW, ("cs.LG",), start=30_001, size=10)
    assert caught.value.status == 400


def test_a_short_retry_after_is_waited_for(make_paper: Make) -> None:
    with SampleArxiv([make_paper(1)], now=NOW).failing("503", at=(1,), arg=1) as arxiv:
        client = ArxivClient(_settings(arxiv), product="test")
        before = datetime.now(UTC)
        client.page(WINDOW, ("cs.LG",), start=0, size=10)
        assert datetime.now(UTC) - before >= timedelta(seconds=1)


def test_an_absurd_retry_after_ends_the_harvest_at_once(make_paper: Make) -> None:
    with SampleArxiv([make_paper(1)], now=NOW).failing("503", at=(1,), arg=10**8) as arxiv:
        client = ArxivClient(_settings(arxiv, max_tries=9), product="test")
        with pytest.raises(SourceUnavailable) as caught:
            client.page(WINDOW, ("cs.LG",), start=0, size=10)
        assert caught.value.retry_after_s == 10**8
        assert client.n_requests == 1


def test_a_closed_port_is_named_with_its_address() -> None:
    with SampleArxiv([], now=NOW) as arxiv:
        settings = _settings(arxiv)
    with pytest.raises(SourceUnavailable, match=r"cannot reach arXiv at http://127\.0\.0\.1.*refused"):
        ArxivClient(settings, product="test").page(WINDOW, ("cs.LG",), start=0, size=10)


@pytest.mark.parametrize("kind", ["no_published", "bad_date"])
def test_an_entry_that_cannot_be_read_is_never_dropped_in_silence(make_paper: Make, kind: str) -> None:
    papers = [make_paper(i) for i in range(3)]
    with SampleArxiv(papers, now=NOW).failing(kind, at=range(1, 9)) as arxiv:  # type: ignore[arg-type]
        try:
            page = ArxivClient(_settings(arxiv), product="test").page(WINDOW, ("cs.LG",), start=0, size=10)
        except SourceError:
            return
    assert page.n_entries == len(page.papers) + len(page.unreadable) == 3
    assert papers[0].arxiv_id in page.unreadable[0]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("1e9", 1e9),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("soon", None),
        ("", None),
        ("Tue, 99 Foo 2026 25:61:00 GMT", None),
        ("nan", 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, now=NOW) == seconds


@given(st.text(max_size=40) | st.from_regex(r"\w{3}, \d{1,5} (Jan|Feb) \d{1,12} \d+:\d+:\d+ ([+-]\d{1,9}|GMT)"))
def test_no_retry_after_header_breaks_the_client(value: str) -> None:
    seconds = retry_after_s(value, now=NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"<feed",
        b'<feed xmlns="http://www.w3.org/2005/Atom"/>',
        b'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">'
        b"<updated>yesterday</updated><o:totalResults>many</o:totalResults></feed>",
    ],
)
def test_what_is_not_arxivs_feed_is_a_format_error(body: bytes) -> None:
    with pytest.raises(SourceFormatError):
        read_feed(body, "http://arxiv.example/")


def test_entities_of_a_feed_are_not_resolved(tmp_path: object) -> None:
    body = b'<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/hostname">]><feed xmlns="http://www.w3.org/2005/Atom">&x;</feed>'
    with pytest.raises(SourceFormatError):
        read_feed(body, "http://arxiv.example/")
