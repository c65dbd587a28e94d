"""Pages, answers and feeds of named things."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient

from domain.week import Week
from templates.links import WebLinks


def test_the_list_the_page_the_papers_and_the_trend_agree_on_the_count(web: TestClient) -> None:
    [listed] = web.get("/api/v1/names?q=soup").json()["names"]
    assert (listed["name"], listed["kind"], listed["n_uses"], listed["n_mentions"]) == ("SoupBench", "benchmark", 12, 4)
    one = web.get(f"/api/v1/names/{listed['name_id']}").json()
    assert one["n_uses"] == 12
    assert sum(point["k"] for point in one["points"]) == 12
    assert web.get("/api/v1/papers?term=name:SoupBench").json()["total"] == 12
    assert web.get("/api/v1/papers?term=name:SoupBench&level=mentions").json()["total"] == 4
    assert web.get("/api/v1/papers?term=name:SoupBench&level=about").json()["total"] == 1
    [series] = web.get("/api/v1/trends?term=name:soup-bench").json()["series"]
    assert (series["term"], series["kind"], sum(p["k"] for p in series["points"])) == ("SoupBench", "name", 12)


@pytest.mark.parametrize("level", ["mentions", "adopts", "about"])
def test_the_numbers_of_a_trend_of_a_name_open_as_many_papers_at_every_level(web: TestClient, level: str) -> None:
    [series] = web.get(f"/api/v1/trends?term=name:SoupBench&level={level}").json()["series"]
    counts = [point["k"] for point in series["points"]]
    assert any(counts)
    page = web.get(f"/trends?term=name:SoupBench&level={level}").text
    links = dict.fromkeys(html.unescape(link) for link in re.findall(r'href="(/papers\?[^"]*since=[^"]*)"', page))
    assert [web.get(f"/api/v1{link}").json()["total"] for link in links] == counts


def test_a_name_is_found_however_it_is_spelled(web: TestClient) -> None:
    for asked in ("soup", "bench", "soup-bench", "Soup Bench", "SOUPBENCH", "soup_be", "SoupBenchs"):
        found = web.get("/api/v1/names", params={"q": asked}).json()["names"]
        assert [one["name"] for one in found] == ["SoupBench"], asked
    for other in ("soup-pot", "soups"):
        assert web.get("/api/v1/names", params={"q": other}).json()["names"] == [], other


def test_a_trend_of_a_name_can_be_limited_to_categories(web: TestClient) -> None:
    everywhere = web.get("/api/v1/trends?term=name:SoupBench").json()["series"][0]
    in_vision = web.get("/api/v1/trends?term=name:SoupBench&category=cs.CV").json()["series"][0]
    n = [sum(p["k"] for p in series["points"]) for series in (everywhere, in_vision)]
    assert 0 < n[1] < n[0]


def test_pages_show_the_name_with_its_history(web: TestClient) -> None:
    page = web.get("/names?kind=benchmark").text
    assert "SoupBench" in page
    assert "lower bound" in page
    one = web.get("/names/1").text
    assert "introduced" in one
    assert "Only mentioned by" in one


def test_an_empty_list_says_so_in_a_line(web: TestClient) -> None:
    page = web.get("/names?view=taken-up").text
    assert "None was taken up by other teams within 26 weeks of its introduction." in page
    assert web.get("/api/v1/names?kind=tool").json()["names"] == []


def test_an_unknown_name_is_refused_in_one_line(web: TestClient) -> None:
    assert web.get("/names/99").status_code == 404
    answer = web.get("/api/v1/trends?term=name:Nothing")
    assert answer.status_code == 422
    assert "no paper holds a name 'Nothing'" in answer.json()["error"]["message"]


def test_feeds_of_a_name_and_of_a_kind(web: TestClient) -> None:
    papers = web.get("/feeds/names/1.json").json()
    assert papers["title"] == "Papertide: SoupBench"
    assert len(papers["items"]) == 12
    assert web.get("/feeds/names/benchmarks.atom").status_code == 200
    assert web.get("/feeds/names/nothings.atom").status_code in (404, 422)


def test_a_names_page_leads_to_a_form_that_follows_it_by_mail(web: TestClient) -> None:
    assert "/subscribe?follow=name%3A%231" in web.get("/names/1").text
    form = web.get("/subscribe?follow=name%3A%231")
    assert form.status_code == 200
    assert 'value="name:#1" checked> <bdi>SoupBench (benchmark)</bdi>' in form.text
    assert 'value="technique:diffusion" checked' in web.get("/subscribe?follow=technique:diffusion").text
    wrong = web.get("/subscribe?follow=name:%3Cb%3E")
    assert wrong.status_code == 422
    assert "<b>" not in wrong.text


def test_a_form_follows_names_by_their_spelling(web: TestClient) -> None:
    answer = web.post("/subscribe", data={"address": "ada@example.org", "names": "soup-bench\n"})
    assert answer.status_code == 200
    answer = web.post("/subscribe", data={"address": "ada@example.org", "names": "Nothing"})
    assert answer.status_code == 422
    assert "No paper holds a name" in answer.text


def test_names_of_an_earlier_week_are_listed_where_a_digest_links_them(web: TestClient) -> None:
    [listed] = web.get("/api/v1/names?q=soup").json()["names"]
    week = Week.parse(listed["introduced_week"])
    answer = web.get("/api/v1/names", params={"view": "new", "kind": "benchmark", "week": str(week)}).json()
    assert [one["name"] for one in answer["names"]] == ["SoupBench"]
    page = web.get(WebLinks().names("new", "benchmark", week)).text
    assert f"1\N{NO-BREAK SPACE}name, introduced in {week}" in page
    assert "SoupBench" not in web.get(WebLinks().names("new", "dataset", week)).text


def test_a_week_of_a_list_that_is_not_of_a_week_is_refused(web: TestClient) -> None:
    for view in ("all", "rising", "fading"):
        answer = web.get(f"/api/v1/names?view={view}&week=2026-W20")
        assert answer.status_code == 422
        assert "view=new or view=taken-up" in answer.json()["error"]["message"]
