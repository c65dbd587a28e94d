"""Feeds are valid, keep their ids, and show strangers' text as text."""

from __future__ import annotations

from datetime import date

import feedparser
import pytest
from fastapi.testclient import TestClient
from lxml import etree

from domain.week import Week
from tests.service.web.conftest import LAST_WEEK

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


def test_a_saved_search_brings_what_is_new_and_not_the_best_of_all_time(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.feeds.N_WEEKS", 2)
    entries = feedparser.parse(web.get("/feeds/search.atom?q=graph+network").content).entries
    days = [entry.published[:10] for entry in entries]
    assert len({Week.containing_day(date.fromisoformat(day)) for day in days}) == 2
    assert days == sorted(days, reverse=True)
    assert min(days) >= str(LAST_WEEK.plus(-1).monday)

    def weeks(query: str) -> set[Week]:
        items = web.get(f"/feeds/search.json?q=graph+network&{query}").json()["items"]
        return {Week.containing_day(date.fromisoformat(item["date_published"][:10])) for item in items}

    assert weeks(f"since={LAST_WEEK.plus(-2)}") == {LAST_WEEK.plus(-i) for i in range(3)}
    assert weeks(f"until={LAST_WEEK.plus(-6)}") == {LAST_WEEK.plus(-i) for i in (6, 7)}


def test_a_feed_of_nothing_is_a_valid_feed(empty_web: TestClient) -> None:
    parsed = feedparser.parse(empty_web.get("/feeds/digests.atom").content)
    assert not parsed.bozo
    assert parsed.entries == []
