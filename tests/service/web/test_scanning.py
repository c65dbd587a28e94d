"""A scan on the web: without scripts, by no GET, and by nobody else's link."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from sqlalchemy import select

from domain.claim import Claim
from domain.detections import Evidence
from domain.paper import ArxivId
from domain.paper_claims import PaperClaims
from domain.subscription import Follow, Preferences
from pipeline.claims import reader_id
from queries import collections as records
from queries.scanning import scan_page, start_scan
from runtime.cached_context import CachedContext
from service.web.app import make_app
from store.claims import add_claims
from store.papers import papers_in_order
from store.saved_searches import query_vectors
from store.schema import metadata, name_mention
from store.subscriber_tokens import add_tokens
from store.subscribers import add_pending, confirm
from templates.scanning_wording import facts_lines
from tests.service.web.conftest import NOW, make_context

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachedContext]:
    """A service with a public address."""
    context = make_context(tmp_path_factory.mktemp("scan"))
    yield context
    context.db.close()


@pytest.fixture
def local(shared: CachedContext, tmp_path: Path) -> Iterator[TestClient]:
    """The same papers, served on one's own machine."""
    service = shared.settings.service.model_copy(update={"base_url": "", "hosts": ()})
    settings = shared.settings.model_copy(update={"service": service})
    context = CachedContext(settings, db=shared.db, encoder=shared.encoder)
    client = TestClient(make_app(settings, context), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000))
    yield client
    client.post("/scan", data={"action": "delete"})


def _started(client: TestClient, base: str = "/scan", **more: str) -> str:
    form = {"action": "start", "seeds": "2606.00001\n2606.00004", **more}
    answer = client.post(base, data=form, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def _everything(context: CachedContext) -> str:
    with context.db.read() as connection:
        return repr([connection.execute(select(t)).all() for t in metadata.sorted_tables if t.name != "lease"])


def _papers(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r'name="paper" value="([^"]+)"', text)))


def test_a_week_is_worked_through_without_scripts(local: TestClient) -> None:
    start = local.post("/scan", data={"action": "start", "for": "graphs", "seeds": f"2606.00001\n{EVIL}"})
    assert 'value="graphs"' in start.text
    assert "begun" not in start.text
    assert "1\N{NO-BREAK SPACE}paper added. Not stored here:" in start.text
    assert EVIL not in start.text
    here = _started(local)
    first = local.get(here)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    assert "0 kept, 0 skipped." in first.text
    seen: list[str] = []
    for verdict in ("keep", "skip", "undecided", "keep"):
        page = local.get(here + "?n=1").text
        [paper] = _papers(page)
        [choice] = re.findall(r'name="choice" value="([^"]+)"', page)
        seen.append(paper)
        assert local.post(here + "?n=1", data={"action": verdict, "paper": paper, "choice": choice}).status_code == 200
    assert len(set(seen)) == 4
    assert not set(seen) & set(_papers(local.get(here + "?n=20").text))
    assert "4 of" in local.get(here).text
    local.post(here, data={"action": "undo"})
    assert seen[-1] in _papers(local.get(here + "?n=20").text)
    local.post(here, data={"action": "collect", "paper": seen[0], "collection": f"to [read] {EVIL}", "note": "why\nso"})
    page = local.get("/scan").text
    assert EVIL not in page
    [address] = re.findall(r'"(/scan/collections/\d+\.md)"', page)
    assert "\n  why\n  so\n" in local.get(address).text
    assert r"\[read\]" in local.get(address).text
    for form in ("bib", "ris", "csl"):
        assert seen[0] in local.get(address.replace(".md", f".{form}")).text
        assert seen[0] in local.get(f"/scan/kept.{form}").text
    data = json.loads(local.get("/scan/data.json").text)
    assert [d["verdict"] for d in data["decisions"]] == ["keep", "skip", "undecided"]
    local.post("/scan", data={"action": "delete"})
    assert not any(json.loads(local.get("/scan/data.json").text).values())


def test_a_paper_shows_what_it_claims_names_and_links(local: TestClient, shared: CachedContext) -> None:
    here = _started(local, seeds="\n".join(f"2606.0000{number}" for number in (1, 2, 3, 4)))
    before = local.get(here + "?n=20").text
    assert "Claims:" not in before
    with shared.db.read() as connection:
        using = set(
            connection.execute(select(name_mention.c.arxiv_id).where(name_mention.c.counted_role == "uses")).scalars()
        )
    shown = _papers(before)
    assert set(shown) & using
    assert before.count("Uses: <a href=") == len(set(shown) & using)
    paper, other = shown[:2]
    of_reader = reader_id(shared.claim_reader, shared.rule_finder, shared.domain_finder)
    place = Evidence("abstract", 0, 2)
    claim = Claim("We", "speed", "times", 2.0, 2.0, "", False, place)
    found = PaperClaims(ArxivId(paper), (claim,), place, "https://github.com/a/b", ())
    add_claims(shared.db, of_reader, [found, PaperClaims(ArxivId(other), (), None, None, ())])
    articles = {_papers(text)[0]: text for text in local.get(here + "?n=20").text.split("<article")[1:]}
    assert f"Claims: <q>{_abstract(shared, paper)[:2]}…</q> (speed)" in articles[paper]
    assert 'href="https://github.com/a/b" rel="nofollow noopener">code</a>' in articles[paper]
    assert "Claims:" not in articles[other]
    scan = scan_page(shared, records.reader_of(shared, None) or 0, int(here.rpartition("/")[2]), n=20)
    [line, *_] = facts_lines(next(p for p in scan.papers if p.arxiv_id == paper))
    assert line.startswith("Claims: ")
    add_claims(shared.db, of_reader, [PaperClaims(ArxivId(paper), (), None, None, ())])


def _abstract(context: CachedContext, arxiv_id: str) -> str:
    [found] = papers_in_order(context.db, [ArxivId(arxiv_id)])
    return found.abstract


def test_a_scan_can_be_of_papers_with_some_facets_alone(local: TestClient, shared: CachedContext) -> None:
    here = _started(local, has="technique:diffusion")
    page = local.get(here + "?n=20").text
    index = shared.paper_search.index
    adopting = {index.ids[row] for row in index.facets.rows_of(("technique", "diffusion")).tolist()}
    assert "Only papers with " in page
    assert 0 < len(_papers(page)) <= 20
    assert set(_papers(page)) <= adopting
    everything = local.get(_started(local) + "?n=20").text
    assert not set(_papers(everything)) <= adopting
    data = json.loads(local.get("/scan/data.json").text)
    assert [scan["has"] for scan in data["scans"]] == [[], ["technique:diffusion"]]
    assert not set(data["scans"][1]["pool"]) - adopting
    refused = local.post("/scan", data={"action": "start", "has": "fact:paid"})
    assert refused.status_code == 422
    assert "There is no fact" in refused.text or "there is no fact" in refused.text


def test_a_scan_says_what_it_looks_for_and_starts_again_without_what_others_kept(local: TestClient) -> None:
    here = _started(local)
    first = local.get(here).text
    assert "Looks for papers like 2\N{NO-BREAK SPACE}papers that you named." in first
    assert "Start again" not in first
    [paper, *_] = _papers(first)
    local.post(here, data={"action": "keep", "paper": paper, "choice": "best"})
    assert "leave out the 1\N{NO-BREAK SPACE}paper kept in earlier scans" in local.get("/scan").text
    carried = local.get(_started(local)).text
    assert "2\N{NO-BREAK SPACE}papers that you named and 1\N{NO-BREAK SPACE}paper kept in other scans." in carried
    form = carried.partition('<form class="inline"')[2].partition("</form>")[0]
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]+)"', form)
    again = local.post("/scan", data={**dict(hidden), "action": "start"})
    assert again.status_code == 200
    assert "Looks for papers like 2\N{NO-BREAK SPACE}papers that you named." in again.text
    assert "1\N{NO-BREAK SPACE}paper decided in other scans is not shown again" in again.text
    refused = local.post("/scan", data={"action": "start", "leave_out": "mutes"})
    assert (refused.status_code, "cannot be left out" in refused.text) == (422, True)


def test_to_go_on_with_a_scan_for_words_needs_no_model(local: TestClient, shared: CachedContext) -> None:
    class NoEncoder:
        model_id = shared.encoder.model_id

        def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
            raise AssertionError(f"the model was asked for {texts}")

        encode_queries = encode

    here = local.post("/scan", data={"action": "start", "for": "graph networks"}, follow_redirects=False)
    without = CachedContext(shared.settings, db=shared.db, encoder=NoEncoder())
    reader, number = records.reader_of(shared, None) or 0, int(here.headers["location"].rpartition("/")[2])
    assert scan_page(without, reader, number).looks_for == ("graph networks",)
    start_scan(without, reader, follows=[Follow("search", "graph networks")])
    assert shared.query_model_id is not None
    assert list(query_vectors(shared.db, shared.query_model_id, ["graph networks"])) == ["graph networks"]
    local.post("/scan", data={"action": "delete"})
    assert query_vectors(shared.db, shared.query_model_id, ["graph networks"]) == {}


def test_a_refused_form_keeps_what_was_typed(local: TestClient) -> None:
    form = {"action": "start", "since": "June", "until": "2026-06-21", "for": '"graphs"', "has": "fact:code"}
    page = local.post("/scan", data=form)
    assert page.status_code == 422
    assert "ot a day: &#39;June&#39;" in page.text
    for kept in ('value="June"', 'value="2026-06-21"', 'value="&#34;graphs&#34;"', 'value="fact:code" checked'):
        assert kept in page.text
    refused = local.post("/scan", data={"action": "start", "for": "graphs", "seeds": "[{"})
    assert 'value="graphs"' in refused.text
    assert ">[{</textarea>" in refused.text


def test_a_scan_can_be_of_a_category_and_an_author(local: TestClient) -> None:
    form = {"action": "start", "seeds": "2606.00001\n2606.00004", "category": "cs.LG", "author": "Ben O'Neil"}
    page = local.post("/scan", data=form)
    assert page.status_code == 200
    assert "Only papers listed under cs.LG, by Ben O&#39;Neil." in page.text
    data = json.loads(local.get("/scan/data.json").text)["scans"][0]
    assert (data["categories"], data["author"]) == (["cs.LG"], "Ben O'Neil")
    nobody = local.post("/scan", data=form | {"author": "Nobody Known"})
    assert nobody.status_code == 422
    assert "meets the filters" in nobody.text
    assert 'value="Nobody Known"' in nobody.text
    unknown = local.post("/scan", data=form | {"category": "cs.XX"})
    assert (unknown.status_code, "cs.XX" in unknown.text) == (422, True)


def test_no_get_changes_anything(local: TestClient, shared: CachedContext) -> None:
    here = _started(local)
    before = _everything(shared)
    for path in (
        "/scan",
        here,
        f"{here}?n=1&order=best",
        f"{here}/decided",
        "/scan/data.json",
        "/scan/kept.bib",
        "/scan/99",
        "/scan/as/nobody",
    ):
        local.get(path)
    assert _everything(shared) == before


def test_mutes_hide_papers_until_they_end(local: TestClient) -> None:
    here = _started(local)
    local.post(here, data={"mute": "category:cs.LG"})
    assert "Every paper of these days is decided or muted" in local.get(here).text
    local.post("/scan", data={"action": "unmute", "mute": "category:cs.LG"})
    assert _papers(local.get(here).text)


@pytest.mark.parametrize(
    "data",
    [
        {"action": "keep", "paper": "2606.00001", "choice": "best"},
        {"action": "keep", "paper": "2606.99999", "choice": "best"},
        {"action": "dance"},
        {"mute": "category:nothing"},
        {"action": "collect", "paper": "2606.00090", "collection": "x" * 81},
    ],
)
def test_what_makes_no_sense_changes_nothing(local: TestClient, shared: CachedContext, data: dict[str, str]) -> None:
    here = _started(local)
    before = _everything(shared)
    answer = local.post(here, data=data)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert _everything(shared) == before


def test_one_form_takes_words_and_papers_and_names_the_scan(local: TestClient, shared: CachedContext) -> None:
    here = _started(local, **{"for": "graph networks"})
    title = papers_in_order(shared.db, [ArxivId("2606.00001")])[0].title
    heading = re.search(r"<h1[^>]*>(.*?)</h1>", unescape(local.get(here).text))
    assert heading is not None
    assert "“graph networks” and papers like “" in heading[1]
    assert title[:20] in heading[1]
    assert "and 1 more" in heading[1]
    start = unescape(local.get("/scan").text)
    assert f"“graph networks” and papers like “{title[:20]}" in start
    assert start.rindex('value="start"') > start.index('id="seeds"')


def test_the_last_day_alone_is_refused_in_a_line(local: TestClient) -> None:
    page = local.post("/scan", data={"action": "start", "for": "graphs", "until": "2026-W25"})
    assert page.status_code == 422
    assert "is given without the first; give the first day of the scan too" in page.text
    assert 'value="graphs"' in page.text


def test_what_was_decided_is_listed_and_can_be_changed(local: TestClient, shared: CachedContext) -> None:
    here = _started(local)
    papers = _papers(local.get(here + "?n=2").text)
    for paper in papers:
        local.post(here, data={"action": "keep", "paper": paper, "choice": "best"})
    titles = [p.title for p in papers_in_order(shared.db, [ArxivId(paper) for paper in papers])]
    undo = re.search(r'value="undo"[^>]*>(.*?)</button>', unescape(local.get(here).text))
    assert undo is not None
    assert undo[1].startswith(f"Undo: kept “{titles[1][:20]}")
    page = local.get(f"{here}/decided").text
    assert _papers(page) == papers[::-1]
    assert "2\N{NO-BREAK SPACE}papers kept of 2 decided" in page
    changed = local.post(f"{here}/decided", data={"action": "skip", "paper": papers[0]})
    assert changed.status_code == 200
    assert "1\N{NO-BREAK SPACE}paper kept of 2 decided" in changed.text
    data = json.loads(local.get("/scan/data.json").text)
    assert [d["verdict"] for d in data["decisions"]] == ["skip", "keep"]
    for form in ({"action": "skip", "paper": "2606.00001"}, {"action": "dance", "paper": papers[0]}):
        refused = local.post(f"{here}/decided", data=form)
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
    assert json.loads(local.get("/scan/data.json").text)["decisions"] == data["decisions"]


def test_random_picks_are_explained_beside_a_way_without_them(local: TestClient) -> None:
    here = _started(local)
    assert "Best papers only" in local.get(here).text
    for _ in range(8):
        page = local.get(here + "?n=1").text
        [paper], [choice] = _papers(page), re.findall(r'name="choice" value="([^"]+)"', page)
        local.post(here, data={"action": "skip", "paper": paper, "choice": choice})
    page = local.get(here).text
    assert "The best seem to be found, so 80\N{NO-BREAK SPACE}% of the next papers are picked at random" in page
    assert f'<a href="{here}?order=best">Best papers first</a>' in page
    best = local.get(f"{here}?n=5&order=best").text
    assert set(re.findall(r'name="choice" value="([^"]+)"', best)) == {"best"}
    assert f'<a href="{here}?n=5">Mix random picks in again</a>' in best
    assert f'action="{here}?n=5&amp;order=best"' in best


def test_only_this_machine_has_a_local_reader(local: TestClient, shared: CachedContext) -> None:
    here = _started(local)
    app = local.app
    strangers = (
        TestClient(app, base_url="http://127.0.0.1", client=("192.0.2.1", 5)),
        TestClient(app, base_url="http://evil.example", client=("127.0.0.1", 5)),
        TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 5), headers={"X-Forwarded-For": "192.0.2.1"}),
        TestClient(make_app(shared.settings, shared), base_url="http://127.0.0.1", client=("127.0.0.1", 5)),
    )
    for stranger in strangers:
        assert "opened by the link to your subscription" in stranger.get("/scan").text
        assert stranger.get(here).status_code == 404
        assert stranger.get("/scan/data.json").status_code == 404
        assert stranger.post("/scan", data={"action": "delete"}).status_code == 404
    assert local.get(here).status_code == 200


def test_a_form_of_another_site_is_refused(local: TestClient) -> None:
    here = _started(local)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert local.post(here, data={"action": "undo"}, headers=headers).status_code == 403


def test_a_link_opens_its_own_readers_scans_alone(shared: CachedContext) -> None:
    client = TestClient(make_app(shared.settings, shared))
    tokens = []
    for name in ("ada", "ben"):
        reader = add_pending(
            shared.db, f"{name}@example.org", Preferences(follows=(Follow("search", "graph"),)), now=NOW
        )
        confirm(shared.db, reader.subscriber_id, None, now=NOW)
        tokens.append(_token(shared, reader.subscriber_id))
    ada, ben = (f"/scan/as/{token}" for token in tokens)
    here = _started(client, ada)
    assert client.get(here).status_code == 200
    number = here.rpartition("/")[2]
    assert client.get(f"{ben}/{number}").status_code == 404
    [paper] = _papers(client.get(f"{here}?n=1").text)
    client.post(here, data={"action": "collect", "paper": paper, "collection": "mine"})
    [address] = re.findall(rf'"{ada}(/collections/\d+\.md)"', client.get(ada).text)
    assert client.get(ada + address).status_code == 200
    assert client.get(ben + address).status_code == 404
    client.post(f"{ben}/{number}", data={"action": "keep", "paper": paper, "choice": "best"})
    assert json.loads(client.get(f"{ada}/data.json").text)["decisions"] == []
    assert client.get("/scan/as/" + "x" * 32).status_code == 404


def _token(context: CachedContext, subscriber_id: int) -> str:
    token = f"{subscriber_id:032d}"
    add_tokens(context.db, subscriber_id, {"manage": token}, now=NOW)
    return token
