"""The API keeps to its description, its bounds and its one shape of errors."""

from __future__ import annotations

import csv
import io
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import validate

from domain.errors import UsageError
from ingest.harvest import plan_harvest
from queries.parameters import TrendRequest
from queries.trends import trend_answer
from runtime.cached_context import CachedContext
from runtime.service_settings import ServiceSettings
from runtime.similarity_batcher import SimilarityBatcher
from service.web.app import make_app
from service.web.rate_limit import RateLimit, network_of
from service.web.server import serve
from store.papers import apply_harvest
from templates.term_wording import curve_names, curve_titles
from tests.conftest import MONDAY
from tests.service.web.conftest import HOSTILE, LAST_WEEK, N_WEEKS, PER_WEEK, make_context

ROUTES = (
    "/digests",
    f"/digests/{LAST_WEEK}",
    "/trends?term=diffusion",
    "/topics",
    "/topics/1",
    "/papers",
    "/papers/2606.00003",
    "/search?q=diffusion+model",
    "/status",
)


def test_the_description_is_valid_openapi(web: TestClient) -> None:
    document = web.get("/api/v1/openapi.json").json()
    validate(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method == "get", path
            assert {"200", "422", "429", "503"} <= set(operation["responses"]), path
            assert operation["responses"]["422"]["content"]["application/json"]["schema"] == {
                "$ref": "#/components/schemas/ErrorBody"
            }


@pytest.mark.parametrize("route", ROUTES)
def test_an_answer_is_what_its_model_says(web: TestClient, route: str) -> None:
    from pydantic import TypeAdapter

    response = web.get(f"/api/v1{route}")
    assert response.status_code == 200, response.text
    path = route.partition("?")[0]
    models = {r.path: r.response_model for r in _api_routes(web)}
    best = next(
        model
        for template, model in models.items()
        if _matches(template.removeprefix("/api/v1"), path) and model is not None
    )
    TypeAdapter(best).validate_python(response.json())


def _api_routes(web: TestClient) -> list[Any]:
    from service.web.api import router

    return list(router.routes)


def _matches(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    return len(parts) == len(given) and all(t.startswith("{") or t == g for t, g in zip(parts, given, strict=True))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/trends", 422, "cannot_be_answered"),
        ("/trends?term=technique:foo", 422, "cannot_be_answered"),
        ("/trends?term=rl&by=day", 422, "cannot_be_read"),
        ("/trends?" + "&".join(f"term=text:w{i}" for i in range(9)), 422, "cannot_be_answered"),
        ("/trends?term=" + "x" * 200, 422, "cannot_be_answered"),
        ("/trends?term=rl&since=2026-13-40", 422, "cannot_be_answered"),
        ("/search", 422, "cannot_be_read"),
        ("/search?q=" + "x" * 501, 422, "cannot_be_read"),
        ("/search?q=x&limit=101", 422, "cannot_be_read"),
        ("/search?q=x&cursor=-1", 422, "cannot_be_read"),
        ("/papers?topic=nothing", 422, "cannot_be_answered"),
        ("/topics/7777", 404, "not_found"),
        ("/topics/one", 422, "cannot_be_read"),
        ("/digests/2020-W01", 404, "not_found"),
        ("/papers/x", 404, "not_found"),
        ("/cards/zzzz", 404, "not_found"),
        ("/claims?term=foobarbaz", 422, "cannot_be_answered"),
        ("/nothing", 404, "not_found"),
    ],
)
def test_every_error_has_one_shape(web: TestClient, path: str, status: int, code: str) -> None:
    response = web.get(f"/api/v1{path}")
    assert response.status_code == status, response.text
    body = response.json()
    assert set(body) == {"error"}
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert set(body["error"]) <= {"code", "message", "allowed"}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/trends?term=rl&since=2026-13-40", "2026-13-40"),
        ("/trends?since=2026-13-40", "2026-13-40"),
        ("/trends?term=rl&since=2026-06&until=2026-05", "2026-06"),
        ("/trends?term=foobarbaz", "no paper has it in its words"),
        ("/trends?term=technique:foo", "foo"),
        ("/standards?week=2026-W99", "2026-W99&#39;; that year has no such week"),
        ("/claims?term=foobarbaz", "no paper has it in its words"),
        ("/claims?quantity=nothing", "nothing"),
    ],
)
def test_a_page_whose_question_is_wrong_answers_422_and_says_why(web: TestClient, path: str, message: str) -> None:
    for _ in range(2):  # drawn, then from the cache
        answer = web.get(path)
        assert answer.status_code == 422
        assert message in answer.text
        assert "<form" in answer.text or path.startswith("/standards")
        assert answer.headers["cache-control"] == "no-store"


def test_claims_of_words_that_no_paper_holds_do_not_promise_any(web: TestClient) -> None:
    page = web.get("/claims?term=text:foobarbaz")
    assert page.status_code == 200
    assert f"None of the {N_WEEKS * PER_WEEK} papers read of this time holds this term." in page.text
    assert "The next run reads" not in page.text


def test_a_card_that_there_is_not_points_to_no_shell_command(web: TestClient) -> None:
    message = web.get("/api/v1/cards/zzzz").json()["error"]["message"]
    assert message == "no technique, theme or name is called 'zzzz'; as words it has a trend, 'text:zzzz'"


def test_a_question_at_the_end_of_a_message_gets_no_stop(web: TestClient) -> None:
    page = web.get("/trends?terms=diffusion").text
    assert "did you mean &#39;term&#39;?</p>" in page


def test_trends_say_whether_only_primary_categories_count(web: TestClient) -> None:
    assert web.get("/api/v1/trends?term=rl&category=cs.LG&primary=true").json()["primary"] is True
    assert web.get("/api/v1/trends?term=rl&category=cs.LG").json()["primary"] is False


def test_a_wrong_choice_is_told_what_is_allowed(web: TestClient) -> None:
    error = web.get("/api/v1/trends?term=rl&by=day").json()["error"]
    assert error["allowed"] == ["week", "month", "quarter", "year"]


def test_pages_of_a_list_hold_every_paper_once(web: TestClient) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = web.get(f"/api/v1/papers?limit=40&cursor={cursor}").json()
        assert page["total"] == N_WEEKS * PER_WEEK
        seen += [paper["arxiv_id"] for paper in page["papers"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == N_WEEKS * PER_WEEK
    assert seen == sorted(seen, reverse=True)


def test_a_search_keeps_to_its_filters_and_its_order(web: TestClient) -> None:
    answer = web.get("/api/v1/search?q=diffusion&topic=1&since=2026-05-18&sort=oldest&limit=50").json()
    days = [r["submitted_at"] for r in answer["results"]]
    assert answer["total"] == len(days) > 0
    assert days == sorted(days)
    assert min(days) >= "2026-05-18"
    by_term = web.get("/api/v1/search?q=measured&term=gnn&limit=50").json()["results"]
    for found in by_term:
        detections = web.get(f"/api/v1/papers/{found['arxiv_id']}").json()["detections"]
        assert any(d["key"] == "gnn" and d["level"] >= 2 for d in detections)


def test_what_is_far_in_meaning_is_found_by_its_words_alone(web: TestClient) -> None:
    floor = ServiceSettings().min_similarity
    for query in ("graph", "sourdough"):
        results = web.get(f"/api/v1/search?q={query}&limit=100").json()["results"]
        assert len(results) < N_WEEKS * PER_WEEK
        assert all(r["similarity"] >= floor or len(r["why"]) > 1 for r in results)


def test_a_search_by_primary_category_finds_only_papers_of_it(web: TestClient) -> None:
    for path in ("/api/v1/search?q=diffusion+model&limit=100", "/api/v1/papers?limit=100"):
        listed, primary = (web.get(f"{path}&category=cs.CV{more}").json()["total"] for more in ("", "&primary=true"))
        assert listed > 0
        assert primary == 0  # every paper here is primarily of cs.LG
    assert web.get("/search.csv?q=diffusion&category=cs.CV&primary=true").headers["X-Total-Count"] == "0"
    assert "No papers match this search" in web.get("/search?q=diffusion&category=cs.CV&primary=true").text
    assert not web.get("/feeds/search.json?q=diffusion&category=cs.CV&primary=true").json()["items"]


def test_a_description_counts_by_meaning_and_its_points_lead_to_as_many_papers(web: TestClient) -> None:
    words = "meaning:graph neural network for molecules"
    [series] = web.get("/api/v1/trends", params={"term": words}).json()["series"]
    assert (series["kind"], series["term"]) == ("meaning", words.removeprefix("meaning:"))
    for point in series["points"]:
        asked = {"term": words, "since": point["start"], "until": point["end"]}
        assert web.get("/api/v1/papers", params=asked).json()["total"] == point["k"]
    assert "meaning" in web.get("/trends.csv", params={"term": words}).text
    assert web.get("/trends.png", params={"term": words}).status_code == 200
    refused = web.get("/api/v1/trends", params={"term": "meaning:?!"})
    assert (refused.status_code, refused.json()["error"]["message"]) == (422, "there is no word in '?!'")


def test_curves_of_one_word_asked_in_two_ways_have_two_names(context: CachedContext) -> None:
    question = TrendRequest(("text:graph", "meaning:graph", "gnn"), "", "", "week", "adopts", (), primary=False)
    assert curve_names(trend_answer(context, question).series) == [
        "graph (words)",
        "graph (by meaning)",
        "Graph neural networks",
    ]


def test_a_picture_names_what_each_term_was_taken_for(context: CachedContext) -> None:
    question = TrendRequest(("graphs", "exact:graph", "gnn"), "", "", "week", "adopts", (), primary=False)
    assert curve_titles(trend_answer(context, question).series) == [
        "graphs (words, singular or plural)",
        "graph (words as written)",
        "Graph neural networks (technique)",
    ]


@pytest.mark.parametrize("scale", ["auto", "shared", "log", "index", "panels"])
def test_the_axis_of_a_chart_is_chosen_in_its_address(web: TestClient, scale: str) -> None:
    page = web.get(f"/trends?term=diffusion&term=text:molecules&scale={scale}")
    assert page.status_code == 200
    assert page.text.count('class="trend ') == 2
    assert (f"scale={scale}" in page.text) == (scale != "auto")
    assert web.get("/trends?term=diffusion&scale=square").status_code == 422


def test_strangers_text_comes_back_as_it_was(web: TestClient) -> None:
    for number, words in enumerate(HOSTILE, 1):
        paper = web.get(f"/api/v1/papers/2606.{number:05d}").json()
        assert paper["title"] == words
        assert paper["withdrawn"] is False


def test_the_csv_holds_what_the_json_says_and_no_formula(web: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(web.get("/trends.csv?term=diffusion").text)))
    points = web.get("/api/v1/trends?term=diffusion").json()["series"][0]["points"]
    assert [(r["start"], int(r["k"])) for r in rows] == [(p["start"], p["k"]) for p in points]
    papers = list(csv.reader(io.StringIO(web.get("/papers.csv").text)))
    assert len(papers) == 1 + N_WEEKS * PER_WEEK
    assert not any(cell[:1] in "=+-@" for row in papers for cell in row if cell)


def test_a_term_is_no_formula_in_the_csv(web: TestClient) -> None:
    rows = list(csv.DictReader(io.StringIO(web.get("/trends.csv", params={"term": "text:=cmd|calc"}).text)))
    assert {row["term"] for row in rows} == {"'=cmd|calc"}


def test_a_file_of_papers_says_how_many_there_are(web: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("papers", "search"):
        monkeypatch.setattr(f"service.web.{module}.MAX_EXPORT", 5)
    n_found = web.get("/api/v1/search?q=graph").json()["total"]
    for path, n in (
        ("/papers.csv?category=cs.LG", N_WEEKS * PER_WEEK),
        ("/search.csv?category=cs.LG&q=graph", n_found),
    ):
        for response in (web.get(path), web.get(path)):  # the second is not drawn again
            assert len(list(csv.reader(io.StringIO(response.text)))) == 1 + 5
            assert response.headers["x-total-count"] == str(n) != "5"


def test_a_set_of_papers_comes_in_every_form(web: TestClient) -> None:
    assert web.get("/search.bib?q=diffusion").text.count("@misc") > 3
    assert web.get("/search.ris?q=diffusion").text.count("TY  - UNPB") > 3
    records = json.loads(web.get("/search.csl?q=diffusion").text)
    assert all(r["type"] == "article" for r in records)
    assert "@misc" in web.get("/papers/2606.00001.bib").text
    assert web.get("/papers/2606.99999.bib").status_code == 404


def test_pictures_of_trends_are_drawn(web: TestClient) -> None:
    assert web.get("/trends.png?term=diffusion").content.startswith(b"\x89PNG")
    assert web.get("/trends.svg?term=diffusion&term=text:alert").text.startswith("<svg")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("papers?limit=abc", "limit: it must be a whole number"),
        ("papers?limit=0", "limit: it must be at least 1"),
        ("search", "q: it is missing"),
        ("trends?by=day&term=x", "by: it must be 'week', 'month', 'quarter' or 'year'"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(web: TestClient, query: str, message: str) -> None:
    assert web.get(f"/api/v1/{query}").json()["error"]["message"] == message


def test_who_asks_too_much_is_told_when_to_come_again() -> None:
    now = 0.0
    limit = RateLimit(60, clock=lambda: now)
    assert [limit.wait_s("192.0.2.1") for _ in range(30)] == [0.0] * 30
    assert limit.wait_s("192.0.2.1") == pytest.approx(1)
    assert limit.wait_s("192.0.2.2") == 0
    now = 2.0
    assert [limit.wait_s("192.0.2.1") for _ in range(2)] == [0.0, 0.0]
    assert limit.wait_s("192.0.2.1") > 0
    assert RateLimit(0).wait_s("192.0.2.1", 1000) == 0


def test_an_ipv6_household_is_one_network() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("::ffff:192.0.2.7") == network_of("192.0.2.7")


def test_too_many_requests_are_refused_in_the_one_shape(context: Any) -> None:
    strict = context.settings.model_copy(update={"service": ServiceSettings(requests_per_minute=4)})
    client = TestClient(make_app(strict, context))
    answers = [client.get("/api/v1/topics") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 429, 429]
    assert answers[2].json()["error"]["code"] == "too_many_requests"
    assert int(answers[2].headers["retry-after"]) >= 1
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("service", "host", "headers", "status"),
    [
        ({}, "127.0.0.1:8000", {}, 200),
        ({}, "localhost:8000", {"Sec-Fetch-Site": "none"}, 200),
        ({}, "127.0.0.1:8000", {"Sec-Fetch-Site": "cross-site"}, 429),
        ({}, "papertide.example", {}, 429),
        ({}, "127.0.0.1:8000", {"X-Forwarded-For": "192.0.2.1"}, 429),
        ({"trusted_proxies": ("127.0.0.1",)}, "127.0.0.1:8000", {}, 429),
        ({"base_url": "https://papertide.example"}, "127.0.0.1:8000", {}, 429),
        ({"host": "0.0.0.0"}, "127.0.0.1:8000", {}, 429),
    ],
)
@pytest.mark.parametrize("limit", ["requests_per_minute", "work_s_per_minute"])
def test_only_the_own_user_of_a_loopback_service_has_no_limits(
    context: Any, service: dict[str, Any], host: str, headers: dict[str, str], status: int, limit: str
) -> None:
    few = 4 if limit == "requests_per_minute" else 0.02
    settings = context.settings.model_copy(update={"service": ServiceSettings(**{limit: few}, **service)})
    own = CachedContext(settings, db=context.db, encoder=context.encoder)
    client = TestClient(make_app(settings, own), base_url=f"http://{host}", client=("127.0.0.1", 50000))
    pages = [client.get(f"/search?q=word{n}", headers=headers) for n in range(20)]
    assert pages[-1].status_code == status


def test_a_question_that_takes_too_long_is_refused_in_one_line(context: Any, web: TestClient) -> None:
    hurried = context.settings.service.model_copy(update={"query_s": 1e-6})
    client = TestClient(make_app(context.settings.model_copy(update={"service": hurried}), context))
    refused = client.get("/api/v1/papers?term=text:mea*+OR+prop*")
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "takes_too_long")
    page = client.get("/papers?term=text:mea*+OR+prop*")
    assert page.status_code == 422
    assert "The query takes too long; use fewer terms" in page.text
    assert web.get("/api/v1/papers?term=text:mea*+OR+prop*").status_code == 200
    busy = client.get("/api/v1/papers")
    assert (busy.status_code, busy.json()["error"]["code"]) == (503, "busy")
    assert "terms" not in busy.json()["error"]["message"]


def test_papers_that_nobody_has_read_yet_are_not_listed_as_none(tmp_path: Path, make_paper: Any) -> None:
    context = make_context(tmp_path, filled=False)
    apply_harvest(context.db, plan_harvest([make_paper(1, title="A diffusion model")], {}), None, seen_at=MONDAY)
    answer = TestClient(make_app(context.settings, context)).get("/api/v1/papers?term=diffusion")
    assert answer.status_code == 422
    assert "papertide analyse" in answer.json()["error"]["message"]
    context.db.close()


def test_queries_that_come_together_get_each_its_own_answer() -> None:
    index = object()
    began, go_on, passes = threading.Event(), threading.Event(), list[int]()

    def compare_all(queries: Any, _: Any) -> Any:
        passes.append(len(queries))
        began.set()
        go_on.wait(5)
        return queries

    together = SimilarityBatcher(compare_all)
    found: dict[int, float] = {}
    readers = [
        threading.Thread(
            target=lambda n=n: found.update({n: float(together.compare(np.array([n], np.float32), index)[0])})
        )
        for n in range(12)
    ]
    for reader in readers:
        reader.start()
        if reader is readers[0]:
            began.wait(5)
    while len(together._waiting) < 11:
        time.sleep(0.001)
    go_on.set()
    for reader in readers:
        reader.join(5)
    assert found == {n: float(n) for n in range(12)}
    assert passes == [1, 8, 3]


def test_a_port_that_is_taken_is_reported_in_one_line(context: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        service = context.settings.service.model_copy(update={"port": taken.getsockname()[1]})
        with pytest.raises(UsageError, match="choose another with --port"):
            serve(context.settings.model_copy(update={"service": service}))
