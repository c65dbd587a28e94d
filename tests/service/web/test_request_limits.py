"""What is refused, what is cached under which key, and headers on every response."""

from __future__ import annotations

import html
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from runtime.cached_context import CachedContext
from runtime.service_settings import ServiceSettings
from service.web.app import PAGES_AND_API, make_app
from service.web.dependencies import WebContext
from service.web.known_parameters import KnownParametersRoute
from tests.service.web.conftest import LAST_WEEK, WordEncoder, make_context


def _client(context: CachedContext, **service: Any) -> TestClient:
    settings = context.settings.model_copy(update={"service": context.settings.service.model_copy(update=service)})
    return TestClient(make_app(settings, context), raise_server_exceptions=False)


def _web_of(client: TestClient) -> WebContext:
    web: WebContext = client.app.state.web  # type: ignore[attr-defined]
    return web


# -- unknown parameters


def test_an_unknown_parameter_is_refused_with_the_nearest_name(web: TestClient) -> None:
    answer = web.get("/api/v1/papers?categroy=cs.CV")
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "unknown_parameter"
    assert error["message"] == "there is no parameter 'categroy' here; did you mean 'category'?"
    assert "category" in error["allowed"]
    page = web.get("/trends?terms=diffusion")
    assert page.status_code == 422
    assert page.headers["content-type"].startswith("text/html")
    assert "did you mean 'term'?" in page.text.replace("&#39;", "'").replace("<code>term</code>", "'term'")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/api/v1/trends?topic=4", "there is no parameter 'topic' here; write term=topic:4"),
        ("/api/v1/trends?term=technique:difusion", "did you mean 'technique:diffusion'? They are transformer, "),
        ("/api/v1/trends?term=llm&category=cs.lg", "'cs.lg' is not an arXiv category; did you mean 'cs.LG'?"),
        (
            "/api/v1/trends?term=llm&by=moth",
            "by: it must be 'week', 'month', 'quarter' or 'year'; did you mean 'month'?",
        ),
        ("/api/v1/trends?term=text:", "nothing stands behind 'text:'; write text:test-time scaling for example"),
        ("/api/v1/papers?has=theme:securty", "did you mean 'security'?"),
        ("/api/v1/papers?has=tehme:security", "did you mean 'theme'? Kinds are technique, "),
        ("/api/v1/papers?term=standard:gdrp", "did you mean 'standard:gdpr'? Allowed are standard:eu_ai_act, "),
        ("/api/v1/trends?term=name:SupBench", "no paper holds a name 'SupBench'; did you mean 'SoupBench'?"),
        ("/api/v1/trends?term=molecuels", "no paper has it in its words; did you mean 'molecules'?"),
        ("/api/v1/claims?term=molecuels", "no paper has it in its words; did you mean 'molecules'?"),
        ("/api/v1/papers?term=molecuels", "no paper has it in its words; did you mean 'molecules'?"),
        ("/papers?term=molecuels", "did you mean"),
        ("/names?kind=modle", "Kind: it must be 'benchmark', 'dataset', 'model', 'method' or 'tool'; did you mean"),
        ("/api/v1/claims?quantity=sped", "there is no quantity 'sped'; did you mean 'speed'? Allowed are speed, "),
    ],
)
def test_a_wrong_word_is_refused_with_the_nearest_one(web: TestClient, address: str, words: str) -> None:
    answer = web.get(address)
    assert answer.status_code == 422
    shown = answer.json()["error"]["message"] if address.startswith("/api/") else html.unescape(answer.text)
    assert words in shown


@pytest.mark.parametrize("address", ["/names/SoupBench", "/topics/abc", "/topics/abc.atom"])
def test_an_address_of_another_form_is_that_of_nothing(web: TestClient, address: str) -> None:
    answer = web.get(address)
    assert answer.status_code == 404
    assert f"{address} does not exist here" in answer.text
    assert "_id" not in answer.text


def test_a_mistyped_technique_or_theme_is_not_found_with_the_nearest_one(web: TestClient) -> None:
    for address, meant in (("/techniques/difusion", "diffusion"), ("/themes/securty", "security")):
        answer = web.get(address)
        assert answer.status_code == 404
        assert f"did you mean '{meant}'?" in html.unescape(answer.text)


def test_every_route_refuses_what_it_does_not_know(web: TestClient) -> None:
    routes = [route for module in PAGES_AND_API for route in module.router.routes]
    assert len(routes) > 40
    assert [route for route in routes if not isinstance(route, KnownParametersRoute)] == []
    for path in (
        "/",
        "/status",
        "/healthz",
        "/subscribe",
        "/feeds/digests.atom",
        f"/digests/{LAST_WEEK}",
        "/api/v1/status",
    ):
        assert web.get(f"{path}?x=1").status_code == 422, path


# -- keys of the cache


@pytest.fixture(scope="module")
def loaded_context(context: CachedContext) -> CachedContext:
    """The context with its papers loaded and its state always looked up: the first load begins a new state."""
    loaded = CachedContext(context.settings, db=context.db, encoder=WordEncoder(), check_every_s=0)
    loaded.preload()
    return loaded


SAME = [
    ("/trends?term=diffusion", "/trends?by=week&term=diffusion&term=diffusion&level=adopts&primary=false"),
    ("/papers?category=cs.CV", "/papers?category=cs.CV&category=&term=&limit=20&cursor="),
    ("/search?q=graph", "/search?sort=relevance&q=graph"),
    ("/topics", "/topics?sort=size&q="),
    ("/api/v1/digests", "/api/v1/digests?limit=20"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_question_has_one_page_however_it_is_written(loaded_context: CachedContext, one: str, other: str) -> None:
    client = _client(loaded_context)
    answers = [client.get(path) for path in (one, other)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert len(_web_of(client).page_cache) == 1


DIFFERENT = [
    ("/trends?term=diffusion", ("term=gnn", "since=2026-05", "until=2026-W24", "by=month", "level=mentions",
        "category=cs.CV", "measure=count", "add=graph", "add=graph&as=meaning", "category=cs.CV&primary=true")),
    ("/trends.json?term=diffusion", ("term=gnn", "since=2026-05", "until=2026-W24", "by=month", "level=mentions")),
    ("/papers?term=diffusion", ("since=2026-05", "until=2026-W24", "category=cs.CV", "topic=1", "level=mentions",
        "limit=3", "cursor=2", "category=cs.CV&primary=true")),
    ("/papers.bib?category=cs.LG", ("term=gnn", "since=2026-05", "topic=1")),
    ("/search?q=graph", ("q=image", "sort=newest", "limit=3", "cursor=2", "topic=1", "since=2026-05", "term=gnn")),
    ("/search.ris?q=graph", ("q=image", "sort=newest", "topic=1")),
    ("/feeds/search.atom?q=graph", ("q=image", "topic=1")),
    ("/topics?q=", ("q=agents", "area=none", "sort=name")),
    ("/calls?week=", (f"week={LAST_WEEK}",)),
    ("/emerging?week=", (f"week={LAST_WEEK}",)),
    ("/api/v1/emerging?week=", (f"week={LAST_WEEK}",)),
    ("/api/v1/digests?limit=20", ("limit=1", "cursor=1")),
    ("/api/v1/topics?limit=20", ("limit=1", "cursor=1")),
    ("/api/v1/calls?week=", (f"week={LAST_WEEK}",)),
    ("/api/v1/trends?term=diffusion", ("term=gnn", "by=month", "level=mentions", "category=cs.CV")),
    ("/api/v1/papers?term=diffusion", ("since=2026-05", "limit=3", "cursor=2", "topic=1")),
    ("/api/v1/search?q=graph", ("q=image", "sort=newest", "limit=3", "cursor=2", "topic=1")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "changes"), DIFFERENT, ids=[path for path, _ in DIFFERENT])
def test_every_parameter_is_part_of_the_key(loaded_context: CachedContext, path: str, changes: tuple[str, ...]) -> None:
    client = _client(loaded_context)
    for n, query in enumerate(("", *changes), 1):
        assert client.get(f"{path}&{query}" if query else path).status_code == 200, query
        assert len(_web_of(client).page_cache) == n, query


def test_what_cannot_be_made_leaves_nothing_in_the_cache(context: CachedContext) -> None:
    client = _client(context)
    cache = _web_of(client).page_cache
    before = cache.n_bytes
    for path in ("/digests/2026-W01", "/papers/2606.77777", "/trends.json?term=technique:none", "/status?x=1", "/no"):
        assert client.get(path).status_code in (404, 422)
    assert (cache.n_bytes, len(cache)) == (before, 0)


# -- addresses and hosts


def test_a_long_address_is_refused(web: TestClient) -> None:
    answer = web.get("/search?q=" + "x" * 4096)
    assert answer.status_code == 414
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_another_host_is_refused(context: CachedContext) -> None:
    client = _client(context)
    for host in ("papertide.example", "papertide.example:443", "localhost:8000", "[::1]:8000", "PaperTide.Example"):
        assert client.get("/methods", headers={"Host": host}).status_code == 200, host
    for host in ("evil.example", "papertide.example.evil.example", "", "[", "papertide.example@evil.example:80x"):
        refused = client.get("/methods", headers={"Host": host})
        assert refused.status_code == 421, host
        assert "https://papertide.example" in refused.text
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200
    assert _client(context, base_url="").get("/methods", headers={"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/digests/", "/digests"),
        ("/search/?q=a%20b", "/search?q=a%20b"),
        ("//evil.example/", "/evil.example"),
        ("/%5Cevil.example/", "/%5Cevil.example"),
    ],
)
def test_a_last_slash_is_left_out_without_naming_a_host(context: CachedContext, path: str, location: str) -> None:
    client = _client(context, base_url="")
    answer = client.get(f"http://testserver{path}", headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code == 308
    assert answer.headers["location"] == location


def test_an_unexpected_error_has_the_security_headers(context: CachedContext) -> None:
    app = make_app(context.settings, context)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError

    answer = TestClient(app, raise_server_exceptions=False).get("/broken")
    assert answer.status_code == 500
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


# -- costs


def test_expensive_requests_use_up_an_allowance_of_their_own(context: CachedContext) -> None:
    client = _client(context, work_s_per_minute=2.0)
    paths = [f"/api/v1/papers?term=text:diffusion&limit={n}" for n in range(1, 10)]
    answers = [client.get(path) for path in paths]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 3
    assert refused[0].json()["error"]["code"] == "too_many_requests"
    assert int(refused[0].headers["retry-after"]) >= 1
    assert client.get(paths[0]).status_code == 200, "a page that is held costs nothing"
    assert client.get("/methods").status_code in (200, 429)


def test_forms_have_a_limit_of_their_own(context: CachedContext) -> None:
    client = _client(context, forms_per_minute=4)
    assert [client.post("/subscribe", data={}).status_code for _ in range(4)] == [422, 422, 429, 429]
    assert client.get("/methods").status_code == 200


def test_terms_are_bounded(web: TestClient) -> None:
    short = web.get("/api/v1/trends?term=text:a*+OR+b*")
    assert (short.status_code, short.json()["error"]["code"]) == (422, "cannot_be_answered")
    assert "at least 3 characters before the *" in short.json()["error"]["message"]
    many = web.get("/api/v1/trends?term=text:" + "+OR+".join(f"w{n}" for n in range(25)))
    assert many.status_code == 422
    assert "24 or fewer" in many.json()["error"]["message"]


# -- a database that another process holds


def test_a_form_says_soon_that_the_database_is_held(tmp_path: Path) -> None:
    context = make_context(tmp_path, filled=False)
    client = _client(context)
    client.get("/methods")
    writer = sqlite3.connect(tmp_path / "papertide.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    answer = client.post("/subscribe", data={"address": "ada@papertide.example"})
    assert answer.status_code == 503
    assert "database is busy" in answer.text
    assert time.monotonic() - began < 15, "jobs would wait 30 s"
    assert client.get("/methods").status_code == client.get("/digests").status_code == 200
    writer.close()
    context.db.close()


def test_defaults_bound_the_work_of_a_network() -> None:
    assert ServiceSettings().query_s == 2.0
    assert ServiceSettings().work_s_per_minute > 0
