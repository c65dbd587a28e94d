"""The finding of a paper stands wherever the paper is listed, and text from outside stays text in it."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient
from lxml import etree
from lxml import html as lxml_html

from tests.service.web.conftest import LAST_WEEK

LISTS = (
    "/papers?term=diffusion",
    "/topics/1",
    "/search?q=diffusion+model",
    "/names/1",
    "/papers/2606.00001",
    f"/digests/{LAST_WEEK}",
    f"/digests/{LAST_WEEK}/technique-diffusion",
    f"/digests/{LAST_WEEK}/all-papers",
)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_shows_what_its_papers_found(web: TestClient, path: str) -> None:
    page = lxml_html.document_fromstring(web.get(path).text)
    findings = page.xpath("//*[@class='finding']")
    assert findings
    for finding in findings:
        assert finding.xpath("*") == [], "a finding holds no markup"
        assert finding.get("dir") == "auto"
        assert 2 < len(finding.text_content()) <= 250


@pytest.mark.parametrize("path", ["/papers?term=diffusion&limit=3", "/search?q=diffusion+model&limit=3"])
def test_the_api_has_the_finding_word_for_word(web: TestClient, path: str) -> None:
    answer = web.get(f"/api/v1{path}").json()
    for listed in answer.get("papers", answer.get("results")):
        paper = web.get(f"/api/v1/papers/{listed['arxiv_id']}").json()
        assert listed["finding"] == paper["finding"]
        assert listed["finding"] in paper["abstract"]


def test_a_feed_has_the_finding_as_summary_and_the_abstract_as_content(web: TestClient) -> None:
    items = web.get("/feeds/search.json?q=diffusion+model").json()["items"]
    assert items
    assert all(item["content_html"].startswith("<p>“") and item["content_html"].count("<p>") == 2 for item in items)
    feed = etree.fromstring(web.get("/feeds/search.atom?q=diffusion+model").content)
    spaces = {"a": "http://www.w3.org/2005/Atom"}
    for entry in feed.xpath("//a:entry", namespaces=spaces):
        (summary,) = entry.xpath("a:summary/text()", namespaces=spaces)
        (content,) = entry.xpath("a:content/text()", namespaces=spaces)
        assert summary.startswith("“")
        assert len(content) > len(summary) - 4
