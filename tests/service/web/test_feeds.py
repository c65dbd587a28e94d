"""Feeds are valid, keep their ids, and show strangers' text as text."""

from __future__ import annotations

from datetime import date

import feedparser
import pytest
from fastapi.testclient import TestClient
from lxml import etree

from domain.week import Week
from tests.service.web.conftest import LAST_WEEK, N_WEEKS

FEEDS = ("/feeds/digests", "/feeds/topics/2", "/feeds/search?q=diffusion+model", "/feeds/search?q=<script>%26")
ATOM = "{http://www.w3.org/2005/Atom}"


def _address(feed: str, form: str) -> str:
    path, _, query = feed.partition("?")
    return f"{path}.{form}" + (f"?{query}" if query else "")


@pytest.mark.parametrize("feed", FEEDS)
def test_an_atom_feed_is_read_without_complaint(web: TestClient, feed: str) -> None:
    response = web.get(_address(feed, "atom"))
    assert response.status_code == 200
    parsed = feedparser.parse(response.content)
    assert not parsed.bozo, parsed.get("bozo_exception")
    assert parsed.version == "atom10"
    assert parsed.entries
    assert len({entry.id for entry in parsed.entries}) == len(parsed.entries)


@pytest.mark.parametrize("feed", FEEDS)
def test_an_atom_feed_holds_what_rfc_4287_asks_for(web: TestClient, feed: str) -> None:
    root = etree.fromstring(web.get(_address(feed, "atom")).content)
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
    assert root.find(f"{ATOM}author/{ATOM}name") is not None
    [own] = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    assert own.get("href").startswith("https://papertide.example/feeds/")
    for entry in root.findall(f"{ATOM}entry"):
        for name in ("id", "title", "updated", "published", "summary"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1
        assert all(child.tag.startswith(ATOM) for child in entry.iter())


@pytest.mark.parametrize("feed", FEEDS)
def test_the_json_feed_has_the_same_entries(web: TestClient, feed: str) -> None:
    content = web.get(_address(feed, "json")).json()
    assert content["version"] == "https://jsonfeed.org/version/1.1"
    parsed = feedparser.parse(web.get(_address(feed, "atom")).content)
    assert [item["id"] for item in content["items"]] == [entry.id for entry in parsed.entries]
    for item in content["items"]:
        assert item["url"].startswith("https://papertide.example/")
        assert "<script" not in item["content_html"]


def test_a_feed_that_the_reader_has_is_not_sent_again(web: TestClient) -> None:
    first = web.get("/feeds/digests.atom")
    assert web.get("/feeds/digests.atom", headers={"If-None-Match": first.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("form", ['W/{0}"', '{0}-gzip"', 'W/{0}-gzip"', '{0};br"', '{0}--gzip"'])
def test_an_etag_with_the_marks_of_a_proxy_is_known(web: TestClient, form: str) -> None:
    etag = web.get("/feeds/digests.atom").headers["etag"].rstrip('"')
    given = {"If-None-Match": f'"another", {form.format(etag)}'}
    assert web.get("/feeds/digests.atom", headers=given).status_code == 304
    assert web.get("/feeds/digests.atom", headers={"If-None-Match": f'{etag}x"'}).status_code == 200


def test_a_digest_keeps_its_name_in_the_feed(web: TestClient) -> None:
    [entry] = feedparser.parse(web.get("/feeds/digests.atom").content).entries
    assert entry.id == f"tag:papertide.example,2026-01-01:digest:{LAST_WEEK}"
    assert entry.link == f"https://papertide.example/digests/{LAST_WEEK}"


def test_the_summary_of_a_digest_goes_on_where_its_title_ends(web: TestClient) -> None:
    [entry] = feedparser.parse(web.get("/feeds/digests.atom").content).entries
    headline = web.get(f"/api/v1/digests/{LAST_WEEK}").json()["headline"]
    assert entry.title == f"{LAST_WEEK}: {headline['sentence']}"
    assert headline["more"]
    assert entry.summary == f"{headline['n_papers']:,} papers. {' '.join(headline['more'])}"


def _weeks(web: TestClient, query: str) -> set[Week]:
    items = web.get(f"/feeds/search.json?q=graph+network&per_week=100&{query}").json()["items"]
    return {Week.containing_day(date.fromisoformat(item["date_published"][:10])) for item in items}


def test_a_saved_search_brings_what_is_new_and_not_the_best_of_all_time(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queries.new_papers.N_WEEKS", 2)
    entries = feedparser.parse(web.get("/feeds/search.atom?q=graph+network&per_week=100").content).entries
    days = [entry.published[:10] for entry in entries]
    assert days == sorted(days, reverse=True)
    assert _weeks(web, "") == {LAST_WEEK, LAST_WEEK.plus(-1)}


def test_a_day_in_an_old_link_narrows_a_feed_and_never_freezes_it(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queries.new_papers.N_WEEKS", 2)
    assert _weeks(web, f"since={LAST_WEEK.plus(-5)}") == {LAST_WEEK, LAST_WEEK.plus(-1)}
    assert _weeks(web, f"since={LAST_WEEK}") == {LAST_WEEK}
    assert _weeks(web, f"until={LAST_WEEK.plus(-6)}") == {LAST_WEEK.plus(-i) for i in (6, 7)}
    page = web.get(f"/search?q=graph&since={LAST_WEEK}&category=cs.CV").text
    assert "/feeds/search.atom?q=graph&amp;category=cs.CV" in page


@pytest.mark.parametrize("feed", ["/feeds/search.json?q=graph+network", "/feeds/topics/2.json?"])
def test_a_feed_brings_about_as_many_papers_a_week_as_wanted_and_says_so(web: TestClient, feed: str) -> None:
    one, default = (web.get(f"{feed}{more}").json() for more in ("&per_week=1", ""))
    assert "Set to about 1 a week: papers with a score of at least" in one["description"]
    assert "Set to all near the best" in default["description"]
    assert 0 < len(one["items"]) <= 2 * N_WEEKS
    assert "scored less" in one["description"]
    assert web.get(f"{feed}&per_week=0").status_code == 422


def test_a_feed_of_nothing_is_a_valid_feed(empty_web: TestClient) -> None:
    parsed = feedparser.parse(empty_web.get("/feeds/digests.atom").content)
    assert not parsed.bozo
    assert parsed.entries == []
