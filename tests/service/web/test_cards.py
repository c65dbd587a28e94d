"""Cards on pages, in the API and on the command line; each number opens as many papers as it says."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

from analysis.claims.savings import saving_factor
from domain.cards import MIN_SHARE_PAPERS
from domain.claim import Claim
from domain.detections import Evidence
from domain.errors import NotFound
from domain.paper import ArxivId
from domain.paper_claims import PaperClaims
from domain.standards_and_failure_modes import RuleMention
from pipeline import stages
from pipeline.claims import reader_id
from queries.cards import card, card_term, counted_terms
from queries.claims import claim_table, claims
from queries.parameters import PaperRequest
from queries.search import search
from runtime.cached_context import CachedContext
from service.cli.filter_options import facets_asked
from service.web.app import make_app
from store.claims import add_claims, claims_matching, claims_of_paper
from templates.card_wording import card_lines, strongest_sentences
from templates.search_wording import search_notes
from tests.service.web.conftest import LAST_WEEK, N_WEEKS, NOW, PER_WEEK, make_context

_LINK = re.compile(r'<a href="(/papers\?[^"]*)"[^>]*>([\d,]+)(?:\s|\xa0|</a>)')


@pytest.fixture(scope="module")
def read_context(tmp_path_factory: pytest.TempPathFactory) -> CachedContext:
    """The small database with its papers read for claims, some of which were added."""
    context = make_context(tmp_path_factory.mktemp("cards"))
    for _ in (*stages.claims(context), *stages.tables(context)):
        pass
    of_reader = reader_id(context.claim_reader, context.rule_finder, context.domain_finder)
    here = Evidence("abstract", 0, 2)
    claim = Claim("We", "speed", "times", 2.0, 2.0, "", False, here)
    rules = tuple(
        RuleMention(kind, key, (here,))  # type: ignore[arg-type]
        for kind, key in (
            ("claim", "saving"),
            ("claim", "speed"),
            ("fact", "code"),
            ("standard", "gdpr"),
            ("failure_mode", "drift"),
            ("domain", "medicine"),
        )
    )
    papers = [PaperClaims(ArxivId(f"2606.{i:05d}"), (claim,), here, "https://github.com/a/b", rules) for i in (7, 8, 9)]
    add_claims(context.db, of_reader, papers)
    assert claims_of_paper(context.db, ArxivId("2606.00007")) is not None
    return context


@pytest.fixture(scope="module")
def client(read_context: CachedContext) -> TestClient:
    return TestClient(make_app(read_context.settings, read_context), raise_server_exceptions=False)


PAGES = ("/techniques/diffusion", "/techniques/gnn", "/themes/efficiency", "/names/1")


@pytest.mark.parametrize("page", PAGES)
def test_every_number_of_a_card_opens_as_many_papers(client: TestClient, page: str) -> None:
    html = client.get(page).text
    links = [(unescape(address), int(text.replace(",", ""))) for address, text in _LINK.findall(html)]
    assert len(links) >= 4
    for address, number in links:
        answer = client.get(address.replace("/papers?", "/api/v1/papers?"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"] == number, address


@pytest.mark.parametrize("page", [*PAGES, "/techniques", "/themes"])
def test_hostile_titles_stay_text(client: TestClient, page: str) -> None:
    response = client.get(page)
    assert response.status_code == 200
    for forbidden in ("<script>alert", "<img src=x", "onmouseover=alert(4) ="):
        assert forbidden not in response.text


def test_the_list_leads_to_every_card(client: TestClient, read_context: CachedContext) -> None:
    html = client.get("/techniques").text
    for term in read_context.detector.taxonomy.terms:
        assert f'href="/{term.kind}s/{term.key}"' in html
    assert client.get("/").text.count('href="/techniques"')
    shown, _, folded = html.partition('id="themes"')[0].partition("<details>")
    numbers = [int(n) for n in re.findall(r" %, (\d+)\W+papers?", shown.replace("\N{NO-BREAK SPACE}", " "))]
    assert numbers
    assert numbers == sorted(numbers, reverse=True)
    assert "no papers" in folded
    assert "no papers" not in shown


def test_an_unknown_technique_is_not_found(client: TestClient) -> None:
    assert client.get("/techniques/none").status_code == 404
    assert client.get("/themes/diffusion").status_code == 404


def test_the_api_names_what_is_written_most_alike(client: TestClient) -> None:
    answer = client.get("/api/v1/cards/difusion")
    assert answer.status_code == 404
    assert "did you mean 'diffusion'?" in answer.json()["error"]["message"]
    assert client.get("/api/v1/cards/name:%231").json()["name"] == "SoupBench"


def test_a_card_ends_with_the_newest_week_stored(read_context: CachedContext) -> None:
    later = read_context.settings.model_copy(update={"now": NOW + timedelta(weeks=22)})
    months_later = CachedContext(later, db=read_context.db, encoder=read_context.encoder)
    own, listed = card(months_later, "diffusion"), counted_terms(months_later)
    assert own.until == listed.until == LAST_WEEK.sunday
    assert own.n == card(read_context, "diffusion").n


def test_a_card_is_asked_for_by_key_name_or_spelling(read_context: CachedContext) -> None:
    for asked in ("gnn", "Graph neural networks", "technique:gnn", " GNN "):
        assert card_term(read_context, asked) == ("technique", "gnn")
    assert card_term(read_context, "soupbench") == card_term(read_context, "name:#1") == ("name", "1")
    for asked in ("", "topic:1", "nothing like it"):
        with pytest.raises(NotFound):
            card_term(read_context, asked)


def test_the_counters_agree_with_each_other(read_context: CachedContext) -> None:
    for term in ("diffusion", "gnn", "theme:efficiency", "name:SoupBench"):
        found = card(read_context, term)
        assert found.n == N_WEEKS * PER_WEEK
        assert found.n_unread == 0
        for one in (*found.stated, *found.themes, *found.standards, *found.failure_modes):
            assert 0 <= one.k <= min(one.n, one.k_all)
            assert (one.n, one.n_all) == (found.k, found.n)
            assert (one.share is None) == (found.k < MIN_SHARE_PAPERS)
        if found.series:
            assert sum(point.k for point in found.series.points) == found.k


def test_text_holds_what_the_page_says(read_context: CachedContext, client: TestClient) -> None:
    found = card(read_context, "gnn")
    lines = list(card_lines(found))
    page = " ".join(re.sub(r"<[^>]+>", "", unescape(client.get("/techniques/gnn").text)).split())
    for line in lines[:3]:
        assert " ".join(line.split()) in page
    assert len(strongest_sentences(found)) == 2


@pytest.mark.parametrize(
    ("has", "complaint"),
    [
        ("theme:none", "there is no theme"),
        ("domain:none", "known are"),
        ("law", "write a kind and a key"),
        ("name:none", "no paper holds a name"),
        ("fact:", "write a kind and a key"),
    ],
)
def test_an_unknown_facet_is_refused_in_one_line(client: TestClient, has: str, complaint: str) -> None:
    answer: Any = client.get("/api/v1/papers", params={"has": has})
    assert answer.status_code == 422
    assert complaint in answer.json()["error"]["message"]


def test_a_list_says_which_facets_its_papers_have(client: TestClient) -> None:
    html = client.get("/papers", params={"has": ["domain:medicine", "fact:code"]}).text
    assert "3\xa0papers" in html
    assert "with Medicine and health and code" in html
    assert 'name="has" value="fact:code" checked' in html


def test_code_and_acceptance_are_filters_of_search_lists_and_feeds(client: TestClient) -> None:
    every: Any = client.get("/api/v1/search", params={"q": "images", "limit": 100}).json()
    coded: Any = client.get("/api/v1/search", params={"q": "images", "limit": 100, "has": "fact:code"}).json()
    with_code = {"2606.00007", "2606.00008", "2606.00009"}
    found = {p["arxiv_id"] for p in every["results"]} & with_code
    assert found
    assert {p["arxiv_id"] for p in coded["results"]} == found
    both: Any = client.get("/api/v1/search", params={"q": "images", "has": ["fact:code", "fact:accepted"]}).json()
    assert both["total"] == 0
    for page in ("/search?q=images", "/papers?since=2026"):
        html = client.get(page).text
        assert 'name="has" value="fact:code"> links code' in html
        assert 'name="has" value="fact:accepted"> accepted by a venue' in html
    html = client.get("/search?q=images&has=fact:code").text
    assert html.count('value="fact:code" checked') == 1
    assert "/feeds/search.atom?q=images&amp;has=fact%3Acode" in html
    feed: Any = client.get("/feeds/search.json", params={"q": "images", "has": "fact:code", "per_week": 50}).json()
    assert {item["url"].rpartition("/")[2] for item in feed["items"]} <= with_code
    assert client.get("/search?q=images&code=yes").status_code == 422


def test_short_options_of_the_command_line_are_facets() -> None:
    assert facets_asked(["theme:security", "fact:code"], with_code=True, accepted=True) == (
        "theme:security",
        "fact:code",
        "fact:accepted",
    )
    assert facets_asked(None, with_code=False, accepted=False) == ()


@pytest.mark.parametrize(
    ("condition", "reading"),
    [("has:code", "with code"), ("-has:code", "without code"), ("-is:accepted", "not accepted by a venue")],
)
def test_a_query_can_ask_for_code_and_acceptance(client: TestClient, condition: str, reading: str) -> None:
    def found(**given: Any) -> dict[str, Any]:
        answer: Any = client.get("/api/v1/search", params={"limit": 100} | given).json()
        return {p["arxiv_id"]: p for p in answer["results"]} | {"answer": answer}

    plain, narrowed, alone = found(q="images"), found(q=f"images {condition}"), found(q=condition)
    assert reading in narrowed.pop("answer")["reading"]
    assert alone.pop("answer")["reading"].endswith(reading)
    # A fact narrows what a query finds, and makes nothing else near.
    assert narrowed.keys() == (plain.keys() & alone.keys())
    with_code = {"2606.00007", "2606.00008", "2606.00009"}
    assert (with_code == alone.keys()) == (condition == "has:code")
    feed: Any = client.get("/feeds/search.json", params={"q": condition, "per_week": 50}).json()
    newest = {item["url"].rpartition("/")[2] for item in feed["items"]}
    assert newest <= alone.keys() or len(alone) == 100


def test_a_time_in_a_query_narrows_it_as_the_filter_of_days_does(client: TestClient) -> None:
    def found(**given: str) -> dict[str, Any]:
        answer: dict[str, Any] = client.get("/api/v1/search", params={"limit": "100"} | given).json()
        return answer

    def ids(answer: dict[str, Any]) -> list[str]:
        return [p["arxiv_id"] for p in answer["results"]]

    plain = found(q="images")
    days = sorted(p["submitted_at"][:10] for p in plain["results"])
    middle = days[len(days) // 2]
    assert days[0] < middle
    since, until = found(q=f"images since:{middle}"), found(q=f"images -since:{middle}")
    assert ids(since) == ids(found(q="images", since=middle))
    assert sorted(ids(since) + ids(until)) == sorted(ids(plain))
    assert since["reading"].startswith("papers submitted since ")
    assert since["as_words"] == f"text:images since:{middle}"
    year = middle[:4]
    assert found(q=f"images in {year}")["did_you_mean"] == f"images since:{year} until:{year}"
    feed: Any = client.get("/feeds/search.json", params={"q": f"since:{middle}", "per_week": 50}).json()
    assert {item["date_published"][:10] >= middle for item in feed["items"]} <= {True}


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("images in 2026", "images since:2026 until:2026"),
        ("has:code images in 2026", "has:code images since:2026 until:2026"),
        ("author:ada in 2026", "author:ada since:2026 until:2026"),
        ("images since 2026-05", None),
        ("text:images in 2026", None),
        ("images in 2000 steps", None),
        ("images in 2000", None),
        ("images in 2026 steps", None),
    ],
)
def test_page_json_and_terminal_offer_the_same_time(
    read_context: CachedContext, client: TestClient, typed: str, offered: str | None
) -> None:
    assert client.get("/api/v1/search", params={"q": typed}).json()["did_you_mean"] == offered
    page = client.get("/search", params={"q": typed}).text
    notes = search_notes(search(read_context, PaperRequest(typed), limit=1)[0])
    assert ("Did you mean" in page) == (offered is not None)
    assert offered is None or f">{offered}</a>?" in page
    assert [note for note in notes if "did you mean" in note] == ([f"did you mean {offered!r}?"] if offered else [])


def test_claims_are_counted_once_for_each_state_as_they_are_stored(read_context: CachedContext) -> None:
    stored = claims_matching(read_context.db, read_context.corpus)
    answer = claims(read_context, PaperRequest(""))
    assert answer.total == len(stored) >= 3
    assert [(one.arxiv_id, one.quote) for one in answer.claims] == [(s.arxiv_id, s.claim.quote) for s in stored[::-1]]
    assert answer.papers == answer.all_papers
    assert answer.papers.n_with_claims == len({s.arxiv_id for s in stored})
    assert answer.papers.n_with_saving == len({s.arxiv_id for s in stored if saving_factor(s.claim)})
    assert claim_table(read_context) is claim_table(read_context)
