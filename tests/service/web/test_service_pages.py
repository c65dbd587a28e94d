"""Pages answer, say what they mean to people, and show strangers' text as text."""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from jinja2 import UndefinedError

from domain.paper import FIRST_MADE_UP, Paper
from ingest.harvest import plan_harvest
from queries import term_counts
from runtime.cached_context import CachedContext
from service.web import rendering_ahead, topics
from service.web.app import make_app
from service.web.dependencies import WebContext
from store.papers import apply_harvest
from tests.service.web.conftest import LAST_WEEK, N_WEEKS, PER_WEEK, make_context

Make = Callable[..., Paper]

PAGES = (
    "/",
    "/digests",
    f"/digests/{LAST_WEEK}",
    f"/digests/{LAST_WEEK}/revisions/1",
    f"/digests/{LAST_WEEK}/technique-diffusion",
    "/trends",
    "/trends?term=diffusion&term=gnn&term=topic:1&term=text:propose",
    "/trends?term=meaning:diffusion+of+images&term=text:propose&primary=true&category=cs.LG",
    "/trends?term=diffusion&measure=count&by=month&level=mentions&category=cs.CV",
    "/topics",
    "/topics?q=diffusion&sort=newest",
    "/topics/2",
    "/papers",
    "/papers?term=diffusion&since=2026-06-01&until=2026-W25&level=adopts",
    "/papers?term=meaning:%3Cscript%3Ealert(1)%3C/script%3E",
    "/papers?term=text:alert&category=cs.CV&primary=true",
    *(f"/papers/2606.{number:05d}" for number in range(1, 8)),
    "/search",
    "/search?q=diffusion+model&topic=1&term=gnn&since=2026-05&sort=newest",
    "/search?q=graph&category=cs.LG&primary=true",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/methods",
    "/calls",
    "/emerging",
    "/claims",
    "/standards",
    "/papers?term=standard:gdpr",
    "/status",
    "/about",
    "/api",
)
# Every tag that our own templates write; one that a stranger's text brought would be another, or out of place.
EVENT_HANDLER = re.compile(r"^on[a-z]+$")


class Page(HTMLParser):
    """What a browser would make of a page, as far as these tests ask."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_no_stranger_writes_in_it(web: TestClient, path: str) -> None:
    response = web.get(path)
    assert response.status_code == 200, response.text[:500]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    assert [attrs["src"] for attrs in page.of("script")] == [
        attrs["src"] for attrs in page.of("script") if str(attrs["src"]).startswith("/static/papertide-")
    ]
    assert len(page.of("script")) == 1
    assert page.of("img") == []
    for tag, attrs in page.tags:
        assert not any(EVENT_HANDLER.match(name) for name in attrs), (tag, attrs)
        assert "style" not in attrs, (tag, attrs)
        for name in ("href", "src", "action"):
            assert not str(attrs.get(name, "")).lower().startswith(("javascript:", "data:")), (tag, attrs)
    assert "\u202e" not in response.text
    assert "49" not in re.findall(r"\{\{|\b49\b(?= raw)", response.text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_walked_by_ear_and_by_keyboard(web: TestClient, path: str) -> None:
    page = Page(web.get(path).text)
    [html] = page.of("html")
    assert (html["lang"], html["dir"]) == ("en", "ltr")
    assert len(page.of("main")) == 1
    assert len(page.of("h1")) == 1
    assert ("a", "#content") in [(tag, attrs.get("href")) for tag, attrs in page.tags]
    labelled = {attrs.get("for") for attrs in page.of("label")}
    for field in page.of("input") + page.of("select"):
        assert field.get("type") == "hidden" or field.get("id") in labelled, field
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings)), headings
    for table in re.findall(r"<table.*?</table>", web.get(path).text, re.DOTALL):
        assert "<caption>" in table


@pytest.mark.parametrize("path", [*PAGES, "/nowhere", "/healthz", "/api/v1/status", "/feeds/digests.atom"])
def test_every_answer_keeps_browsers_careful(web: TestClient, path: str) -> None:
    headers = web.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_every_link_of_the_site_leads_somewhere(web: TestClient) -> None:
    seen: set[str] = set()
    waiting = ["/", "/digests", "/trends", "/topics", "/topics/1", "/papers/2606.00001", "/search?q=graph", "/about"]
    while waiting and len(seen) < 150:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        response = web.get(path)
        assert response.status_code == 200, path
        if response.headers["content-type"].startswith("text/html") and path.count("?") == 0:
            links = [attrs.get("href") for tag, attrs in Page(response.text).tags if tag in ("a", "link")]
            waiting += [str(href).partition("#")[0] for href in links if href and href.startswith("/")]


def test_a_page_that_the_reader_has_is_not_sent_again(web: TestClient) -> None:
    first = web.get("/topics")
    again = web.get("/topics", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert web.get("/topics", headers={"If-None-Match": '"another"'}).status_code == 200


def test_what_is_asked_wrongly_is_answered_in_words(web: TestClient) -> None:
    for path, status, words in (
        ("/digests/2020-W01", 404, "no digest of 2020-W01"),
        ("/digests/soon", 404, "write it as 2026-W25"),
        (f"/digests/{LAST_WEEK}/no-such-list", 404, "no list"),
        ("/topics/999", 404, "no topic 999"),
        ("/papers/2606.99999", 404, "not stored here"),
        ("/papers/nonsense", 404, "no arXiv identifier"),
        ("/papers?since=2026-07&until=2026-06", 422, "is after the last"),
        ("/papers?level=sometimes", 422, "Allowed are: mentions, adopts, about"),
        ("/nowhere", 404, "does not exist here"),
    ):
        response = web.get(path)
        page = response.text.replace("&#39;", "'")
        assert response.status_code == status, (path, response.status_code)
        assert words in page, (path, page[-1500:])
        assert "Traceback" not in page


def test_a_search_that_cannot_be_answered_keeps_what_was_typed(web: TestClient) -> None:
    for path, status in (("/search?q=graph&topic=nowhere", 200), ("/trends?term=difusion", 422)):
        response = web.get(path)
        assert response.status_code == status
        assert 'class="problem"' in response.text
    assert "No papers match this search" in web.get("/search?q=???").text
    assert "did you mean" in web.get("/trends?term=difusion").text


def test_a_term_too_many_is_refused_and_the_others_stay(web: TestClient) -> None:
    terms = [f"text:w{number}" for number in range(8)]
    response = web.get("/trends", params={"term": terms, "add": "gnn"})
    assert response.status_code == 422
    assert "9 terms are too many for one chart; give 8 or fewer." in response.text
    kept = [field["value"] for field in Page(response.text).of("input") if field.get("name") == "term"]
    assert kept == terms
    again = web.get("/trends", params={"term": kept, "add": terms[0]})
    assert "too many" not in again.text


def test_a_term_is_added_by_meaning_without_knowing_prefixes(web: TestClient) -> None:
    page = web.get("/trends?term=gnn&add=+drug+design&as=meaning").text
    kept = [field["value"] for field in Page(page).of("input") if field.get("name") == "term"]
    assert kept == ["gnn", "meaning:drug design"]
    assert "by meaning</span>" in page
    listed = web.get("/papers?term=meaning:drug+design").text
    assert "“drug design”, by meaning</h1>" in listed


def test_a_list_longer_than_a_file_says_so(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = web.get("/papers?limit=11").text
    assert "Export: " in whole
    monkeypatch.setattr("service.web.query_params.MAX_EXPORT", 5)
    n_all, n_found = N_WEEKS * PER_WEEK, web.get("/api/v1/search?q=graph").json()["total"]
    for path, first, n in (
        ("/papers?limit=12", "newest", n_all),
        ("/search?limit=12&q=graph", "best", n_found),
        ("/search?limit=12&q=graph&sort=oldest", "oldest", n_found),
    ):
        assert f"Export the {first} 5 of {n}: " in web.get(path).text


def test_a_point_leads_to_as_many_papers_as_it_counts(web: TestClient) -> None:
    points = web.get("/api/v1/trends?term=diffusion&category=cs.CV").json()["series"][0]["points"]
    for point in points[-3:]:
        query = f"term=technique:diffusion&category=cs.CV&since={point['start']}&until={point['end']}"
        assert web.get(f"/api/v1/papers?{query}").json()["total"] == point["k"]


def test_a_week_not_proven_whole_is_drawn_hollow_and_named(web: TestClient) -> None:
    page = web.get("/trends?term=diffusion").text
    assert 'class="dot hollow"' in page
    assert "not proven complete" in page


def test_nothing_but_questions_is_answered(web: TestClient) -> None:
    for path in PAGES[:6]:
        assert web.post(path).status_code == 405
        assert web.delete(path).status_code == 405
    head = web.head("/topics")
    assert (head.status_code, head.content) == (200, b"")


def test_before_the_first_run_every_page_says_so(empty_web: TestClient) -> None:
    for path in ("/", "/digests", "/trends", "/topics", "/papers", "/search?q=anything", "/methods", "/status"):
        response = empty_web.get(path)
        assert response.status_code == 200, (path, response.text[-800:])
    assert "first harvest has not finished" in empty_web.get("/").text
    assert "papertide run" in empty_web.get("/trends").text


def test_the_process_says_how_it_fares(web: TestClient) -> None:
    assert web.get("/healthz").text == "ok\n"
    web.get("/topics/1")
    metrics = web.get("/metrics").text
    assert 'papertide_requests_total{method="GET",route="/topics/{topic_id}",status="200"}' in metrics


def test_files_of_the_pages_have_their_content_in_their_address(web: TestClient) -> None:
    page = web.get("/").text
    for address in re.findall(r'"(/static/papertide-[^"]+)"', page):
        response = web.get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
    assert web.get("/static/papertide-000000000000.css").status_code == 404
    assert web.get("/static/../settings.py").status_code == 404


def test_the_record_of_past_calls_is_a_page_and_an_answer(web: TestClient) -> None:
    page = web.get("/calls").text
    answer = web.get(f"/api/v1/calls?week={LAST_WEEK}").json()
    assert {"week", "record", "calls"} <= set(answer)
    assert {c["week"] for c in answer["calls"]} <= {str(LAST_WEEK)}
    assert "Past calls, and whether they held" in page
    assert web.get("/api/v1/calls?week=2026-W60").json()["error"]["message"].startswith("not a week")
    assert web.get("/calls?week=2026-W60").status_code == 422
    assert "no paper of 2025-W01 is held" in web.get("/api/v1/calls?week=2025-W01").json()["error"]["message"]
    assert web.get("/calls?week=2025-W01").status_code == 422


def test_topic_pages_are_drawn_before_somebody_asks(context: CachedContext, monkeypatch: pytest.MonkeyPatch) -> None:
    web = make_app(context.settings, context)
    monkeypatch.setattr(rendering_ahead, "PAUSE_S", 0.0)
    rendering_ahead.render_ahead(web.state.web, until=threading.Event())
    monkeypatch.setattr(topics, "draw_topic_page", lambda *_: pytest.fail("drawn again"))
    monkeypatch.setattr(term_counts.TermCounter, "count", lambda *_: pytest.fail("counted again"))
    client = TestClient(web)
    assert client.get("/trends?term=technique:diffusion&term=theme:efficiency").status_code == 200
    for topic_id, label in ((1, "image diffusion"), (3, "agents &amp; policies")):
        answer = client.get(f"/topics/{topic_id}")
        assert answer.status_code == 200
        assert label in answer.text


def test_a_page_that_cannot_be_drawn_lets_others_be_drawn(context: CachedContext) -> None:
    web: WebContext = make_app(context.settings, context).state.web
    for _ in range(2 * (os.cpu_count() or 1)):
        with pytest.raises(UndefinedError):
            web.render_long("topic.html", frame=web.frame())
    assert "Search" in TestClient(make_app(context.settings, context)).get("/search?q=graph").text


def test_drawing_ahead_ends_with_the_service(context: CachedContext, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr(rendering_ahead, "draw_topic_page", lambda *_: pytest.fail("drawn after the end"))
    rendering_ahead.render_ahead(make_app(context.settings, context).state.web, until=stopping)


def test_every_page_over_the_demo_says_that_its_papers_are_made_up(tmp_path: Path, make_paper: Make) -> None:
    context = make_context(tmp_path, filled=False)
    demo = make_paper(FIRST_MADE_UP)
    apply_harvest(context.db, plan_harvest([demo], {}), None, seen_at=context.now())
    client = TestClient(make_app(context.settings, context))
    for page in (
        "/",
        "/digests",
        "/trends",
        "/topics",
        "/search",
        f"/papers/{demo.arxiv_id}",
        "/calls",
        "/emerging",
        "/status",
        "/subscribe",
    ):
        assert client.get(page).text.count("Made-up papers.") == 1, page
    context.db.close()


def test_no_page_over_real_papers_calls_them_made_up(web: TestClient) -> None:
    assert "Made-up papers." not in web.get("/topics").text


def test_a_day_that_is_none_is_answered_with_how_days_are_written(web: TestClient) -> None:
    for path in ("/trends?term=diffusion&since=June+2026", "/search?q=graph&until=2026-6"):
        answer = web.get(path)
        assert answer.status_code == 422
        assert "write a day as 2026-05-04, 2026-W19, 2026-05 or 2026" in answer.text


def test_the_list_of_topics_ends_with_the_newest_week_held(context: CachedContext) -> None:
    later = CachedContext(
        context.settings.model_copy(update={"now": context.now() + timedelta(weeks=20)}), encoder=context.encoder
    )
    page = TestClient(make_app(later.settings, later)).get("/topics").text
    assert f'<th scope="col">{LAST_WEEK}</th>' in page
    assert "not held" not in page
    later.db.close()


def test_a_reader_says_which_papers_are_right_and_the_chart_has_intervals(web: TestClient) -> None:
    term = "meaning:diffusion transformer"
    chart = web.get("/trends", params={"term": ["gnn", term], "measure": "count"}).text
    assert "No interval is drawn, because the error of this count is not measured" in chart
    assert "are also in" in chart
    [link] = re.findall(r'href="(/trends/check\?[^"]+)"', chart)
    page = web.get(unescape(link)).text
    n_papers = page.count('<select name="answer">')
    assert 0 < n_papers <= 12
    assert "fewer than the 12 that an interval needs" in page
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    kept = [(name, unescape(value)) for name, value in kept]
    assert ("term", term) in kept
    answers = ["yes"] * 9 + ["no"] * 3 + [""]
    query = [*kept, *(("answer", answer) for answer in answers)]
    moved = web.get("/trends/checked", params=query, follow_redirects=False)
    assert moved.status_code == 303
    checked = web.get(moved.headers["location"]).text
    assert "measure=count" in moved.headers["location"]
    assert "9 of 12 papers read were right (75" in checked
    assert "meaning(9/12):diffusion transformer" in checked
    assert web.get("/trends/checked", params=[*kept, ("answer", "maybe")], follow_redirects=False).status_code == 422
    none = web.get("/trends/checked", params=kept, follow_redirects=False)
    assert "meaning%3Adiffusion" in none.headers["location"]
