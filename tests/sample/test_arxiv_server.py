"""The sample server works with the arxiv package, and its faults are as documented."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import arxiv
import pytest
import requests
from lxml import etree

from domain.paper import ArxivId, Paper
from domain.week import Week
from sample import SampleArxiv, make_corpus
from sample.arxiv_server import FaultKind
from sample.corpus import WATCHED_CATEGORIES

WEEK = Week.parse("2026-W25")
CLOSED = datetime(2026, 6, 23, 6, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"

PAPERS = make_corpus(last_week=WEEK, n_weeks=2, papers_per_week=120).papers
OF_WEEK = [p for p in PAPERS if p.week == WEEK]


@pytest.fixture
def server() -> Iterator[SampleArxiv]:
    with SampleArxiv(PAPERS, now=CLOSED) as running:
        yield running


def query(week: Week = WEEK, categories: tuple[str, ...] = WATCHED_CATEGORIES) -> str:
    last_minute = week.end_at - timedelta(minutes=1)
    listed = " OR ".join(f"cat:{c}" for c in categories)
    return f"({listed}) AND submittedDate:[{week.start_at:%Y%m%d%H%M} TO {last_minute:%Y%m%d%H%M}]"


def ask(server: SampleArxiv, text: str | None = None, **args: str | int) -> requests.Response:
    params: dict[str, str | int] = {
        "search_query": query() if text is None else text,
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }
    return requests.get(server.api_url, params=params | {"max_results": 10} | args, timeout=5)


def read(answer: requests.Response) -> tuple[int, list[str]]:
    feed = etree.fromstring(answer.content)
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.iter(f"{ATOM}entry")]
    return int(feed.findtext(f"{OPENSEARCH}totalResults")), [i.rsplit("/", 1)[1].partition("v")[0] for i in ids]


def test_the_arxiv_package_finds_every_paper_of_a_week(server: SampleArxiv) -> None:
    client = arxiv.Client(page_size=100, delay_seconds=0, num_retries=0)
    client.query_url_format = server.api_url + "?{}"
    search = arxiv.Search(
        query=query(),
        max_results=None,
        sort_by=arxiv.SortCriterion.SubmittedDate,
        sort_order=arxiv.SortOrder.Ascending,
    )
    results = list(client.results(search))
    assert [r.entry_id for r in results] == [f"http://arxiv.org/abs/{p.arxiv_id}v{p.version}" for p in OF_WEEK]
    for result, paper in zip(results, OF_WEEK, strict=True):
        assert (result.title, result.summary) == (paper.title, paper.abstract)
        assert (result.published, result.updated) == (paper.submitted_at, paper.updated_at)
        assert tuple(a.name for a in result.authors) == paper.authors
        assert (result.primary_category, tuple(result.categories)) == (paper.primary_category, paper.categories)
        assert result.comment == paper.comment
    assert server.n_requests == len(server.requests) == -(-len(OF_WEEK) // 100)
    assert all(path.startswith("/api/query?") for path in server.requests)


def test_pages_cover_the_list_without_overlap_and_state_the_total(server: SampleArxiv) -> None:
    pages = [read(ask(server, start=start, max_results=40)) for start in range(0, len(OF_WEEK), 40)]
    assert {total for total, _ in pages} == {len(OF_WEEK)}
    assert [i for _, ids in pages for i in ids] == [p.arxiv_id for p in OF_WEEK]


def test_descending_order_is_the_reverse(server: SampleArxiv) -> None:
    _, ids = read(ask(server, sortOrder="descending", max_results=2000))
    assert ids == [p.arxiv_id for p in reversed(OF_WEEK)]


def test_categories_match_cross_lists_too(server: SampleArxiv) -> None:
    total, ids = read(ask(server, query(categories=("cs.NE",)), max_results=2000))
    assert ids == [p.arxiv_id for p in OF_WEEK if "cs.NE" in p.categories]
    assert 0 < total < len(OF_WEEK)
    assert read(ask(server, "cat:cs.NE", max_results=2000))[0] > total


def test_both_bounds_of_a_window_include_whole_minutes() -> None:
    at = datetime(2026, 6, 16, 12, 30, tzinfo=UTC)
    times = [at - timedelta(seconds=1), at, at + timedelta(seconds=59), at + timedelta(seconds=60)]
    papers = [
        replace(PAPERS[0], arxiv_id=ArxivId(f"2606.9900{i}"), submitted_at=t, updated_at=t) for i, t in enumerate(times)
    ]
    category = PAPERS[0].primary_category
    with SampleArxiv(papers, now=CLOSED) as server:
        _, ids = read(ask(server, f"(cat:{category}) AND submittedDate:[202606161230 TO 202606161230]"))
    assert ids == ["2606.99001", "2606.99002"]


def test_papers_are_hidden_until_a_day_after_their_submission(server: SampleArxiv) -> None:
    server.now = datetime(2026, 6, 18, 12, tzinfo=UTC)
    answer = ask(server, max_results=2000)
    _, ids = read(answer)
    assert ids == [p.arxiv_id for p in OF_WEEK if p.submitted_at <= server.now - timedelta(days=1)]
    assert 0 < len(ids) < len(OF_WEEK)
    assert "<updated>2026-06-18T12:00:00Z</updated>" in answer.text.split("<entry>")[0]


def test_hostile_text_arrives_as_it_was() -> None:
    hostile = Paper(
        arxiv_id=ArxivId("2606.99001"),
        version=3,
        title='</title><script>alert("1")</script> & ]]> \'',
        abstract="<b>bold</b> &amp; $a<b$ \U0001f600 end",
        authors=("O'Hara <x>", 'Ann "Q" & Co'),
        primary_category="cs.LG",
        categories=("cs.LG",),
        submitted_at=WEEK.start_at,
        updated_at=WEEK.start_at,
        comment="<!-- & -->",
        doi="10.1/<&>",
        journal_ref="J. & <K>",
    )
    with SampleArxiv([hostile], now=CLOSED) as server:
        client = arxiv.Client(delay_seconds=0, num_retries=0)
        client.query_url_format = server.api_url + "?{}"
        (result,) = client.results(arxiv.Search(query=query()))
    assert (result.title, result.summary) == (hostile.title, hostile.abstract)
    assert tuple(a.name for a in result.authors) == hostile.authors
    assert (result.comment, result.doi, result.journal_ref) == (hostile.comment, hostile.doi, hostile.journal_ref)


def test_characters_that_xml_cannot_carry_are_left_out() -> None:
    paper = replace(OF_WEEK[0], title="a\x00b\x0bc\ufffe")
    with SampleArxiv([paper], now=CLOSED) as server:
        feed = etree.fromstring(ask(server).content)
    assert feed.find(f"{ATOM}entry").findtext(f"{ATOM}title") == "abc"


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("all:pineapple", {}),
        ("(cat:cs.LG", {}),
        ("cat:cs.LG AND submittedDate:[20260615 TO 20260621]", {}),
        ("cat:cs.LG AND submittedDate:[202613010000 TO 202613020000]", {}),
        ("cat:cs.LG", {"max_results": 2001}),
        ("cat:cs.LG", {"start": -1}),
        ("cat:cs.LG", {"start": "x"}),
        ("cat:cs.LG", {"sortOrder": "sideways"}),
        ("cat:cs.LG", {"sortBy": "lastUpdatedDate"}),
    ],
)
def test_questions_it_cannot_read_get_an_error_entry(
    server: SampleArxiv, text: str, args: dict[str, str | int]
) -> None:
    answer = ask(server, text, **args)
    assert answer.status_code == 400
    assert etree.fromstring(answer.content).find(f"{ATOM}entry").findtext(f"{ATOM}title") == "Error"


def test_other_paths_are_not_found(server: SampleArxiv) -> None:
    assert requests.get(server.api_url.replace("/api/query", "/rss/cs.LG"), timeout=5).status_code == 404


@pytest.mark.parametrize(("kind", "status"), [("503", 503), ("429", 429), ("500", 500)])
def test_refusals_come_at_the_numbered_request_and_pass(server: SampleArxiv, kind: FaultKind, status: int) -> None:
    server.failing(kind, at=(2,))
    assert [ask(server).status_code for _ in range(3)] == [200, status, 200]


@pytest.mark.parametrize("kind", ["503", "429"])
def test_refusals_have_a_retry_after_only_on_request(server: SampleArxiv, kind: FaultKind) -> None:
    server.failing(kind, at=(1,), arg=7).failing(kind, at=(2,))
    assert ask(server).headers["Retry-After"] == "7"
    assert "Retry-After" not in ask(server).headers


def test_an_html_page_comes_with_status_200(server: SampleArxiv) -> None:
    answer = ask(server.failing("html"))
    assert answer.status_code == 200
    assert answer.text.startswith("<html>")


def test_an_empty_page_has_the_right_total(server: SampleArxiv) -> None:
    assert read(ask(server.failing("empty"))) == (len(OF_WEEK), [])


def test_a_zero_page_denies_that_there_are_papers(server: SampleArxiv) -> None:
    assert read(ask(server.failing("zero"))) == (0, [])


def test_a_truncated_body_ends_inside_an_entry_without_a_transport_error(server: SampleArxiv) -> None:
    answer = ask(server.failing("truncate"))
    assert answer.text.rfind("<entry>") > answer.text.rfind("</entry>")
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.content)


def test_a_cut_connection_is_a_transport_error(server: SampleArxiv) -> None:
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        ask(server.failing("cut"))


def test_a_reset_connection_sends_no_byte(server: SampleArxiv) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        ask(server.failing("reset"))


def test_a_stall_outlasts_the_clients_patience_but_not_the_server(server: SampleArxiv) -> None:
    server.failing("stall", at=(1,), arg=30).failing("stall", at=(2,), arg=0.05)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(server.api_url, params={"search_query": query()}, timeout=0.1)
    started = time.monotonic()
    assert len(read(ask(server))[1]) == 10
    assert time.monotonic() - started >= 0.05


def test_a_lie_adds_to_the_total(server: SampleArxiv) -> None:
    total, ids = read(ask(server.failing("lie", arg=5)))
    assert total == len(OF_WEEK) + 5
    assert len(ids) == 10


def test_an_error_entry_comes_with_status_200(server: SampleArxiv) -> None:
    answer = ask(server.failing("error"))
    assert answer.status_code == 200
    entry = etree.fromstring(answer.content).find(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Error"
    assert entry.findtext(f"{ATOM}id") == "https://arxiv.org/api/errors"


def test_a_shift_repeats_papers_of_the_page_before(server: SampleArxiv) -> None:
    server.failing("shift", at=(2,), arg=3)
    (_, first), (_, second) = read(ask(server)), read(ask(server, start=10))
    assert second[:3] == first[-3:]


def test_an_entry_can_lack_its_submission_time(server: SampleArxiv) -> None:
    entries = etree.fromstring(ask(server.failing("no_published")).content).findall(f"{ATOM}entry")
    assert [e.find(f"{ATOM}published") is None for e in entries] == [True] + [False] * 9


def test_a_submission_time_can_be_malformed(server: SampleArxiv) -> None:
    entries = etree.fromstring(ask(server.failing("bad_date")).content).findall(f"{ATOM}entry")
    with pytest.raises(ValueError, match="does not match"):
        datetime.strptime(entries[0].findtext(f"{ATOM}published"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert entries[1].findtext(f"{ATOM}published").startswith("2026-06-")


def test_faults_chain_and_requests_are_counted_over_the_servers_life(server: SampleArxiv) -> None:
    server.failing("503", at=(1, 3)).failing("zero", at=(2,))
    answers = [ask(server) for _ in range(4)]
    assert [a.status_code for a in answers] == [503, 200, 503, 200]
    assert read(answers[1])[0] == 0
    assert server.n_requests == 4


def test_an_unknown_fault_is_refused(server: SampleArxiv) -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        server.failing("flood")  # type: ignore[arg-type]


def test_the_server_stops_at_the_end_of_its_block() -> None:
    with SampleArxiv([], now=CLOSED) as server:
        url = server.api_url
        with urllib.request.urlopen(f"{url}?{urlencode({'search_query': query()})}") as answer:
            assert answer.status == 200
    with pytest.raises(RuntimeError):
        _ = server.api_url
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url, timeout=1)


def test_a_clock_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone-aware"):
        SampleArxiv([], now=datetime(2026, 6, 23))  # noqa: DTZ001 (the point of the test)
