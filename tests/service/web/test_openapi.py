"""Every answer of the API fits its description: no field is undeclared, none that is promised is missing."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from domain.arxiv_rate_limit import RequestOutcome
from domain.claim import Claim
from domain.detections import Evidence
from domain.harvest import HarvestedWindow, OaiPass
from domain.paper import ArxivId
from domain.paper_claims import PaperClaims
from domain.standards_and_failure_modes import RuleMention
from domain.topics import TopicDrift
from domain.trend_calls import CallScore, FittedChange, TrendCall
from ingest.harvest import plan_harvest, window_of
from pipeline import stages
from pipeline.claims import reader_id
from runtime.cached_context import CachedContext
from service.web.app import make_app
from store.arxiv_rate_limit import StoredLimiterState
from store.claims import add_claims
from store.job_runs import finish_run, start_run
from store.oai_passes import apply_page
from store.papers import apply_harvest
from store.topics import add_drift
from store.trend_calls import add_calls, add_scores, stored_calls
from tests.conftest import PaperMaker
from tests.service.web.conftest import LAST_WEEK, NOW, add_listed_terms, make_context

ROUTES = (
    "/digests",
    "/digests?limit=1&cursor=1",
    "/digests/{week}",
    "/trends?term=diffusion&term=theme:efficiency&term=topic:1&term=text:propose&term=meaning:graph+networks",
    "/trends?term=diffusion&by=quarter&level=mentions&category=cs.CV",
    "/topics",
    "/topics?limit=2",
    "/topics/{topic_id}",
    "/names",
    "/names?kind=benchmark&view=new&q=bench&sort=newest&limit=2",
    "/names?view=new&week={week}",
    "/names/{name_id}",
    "/papers?limit=3",
    "/papers?term=name:SoupBench",
    "/papers?term=text:propose",
    "/papers/{arxiv_id}",
    "/search?q=diffusion+model&limit=3",
    "/search?q=sourdough",
    "/calls",
    "/calls?week={week}",
    "/emerging",
    "/emerging?week={week}",
    "/claims?limit=3",
    "/claims?term=diffusion&savings=true&quantity=speed",
    "/standards",
    "/standards?week={week}",
    "/cards/{term}",
    "/papers?has=technique:diffusion&has=fact:code",
    "/status",
)
"""Every route, each at least once with everything that it can hold."""

PARTS = {"term": "diffusion", "week": str(LAST_WEEK), "topic_id": "1", "name_id": "1", "arxiv_id": "2606.00004"}


@pytest.fixture(scope="module")
def full_context(tmp_path_factory: pytest.TempPathFactory, make_paper: PaperMaker) -> Iterator[CachedContext]:
    """A database in which no list of the status, of calls or of topics is empty."""
    context = make_context(tmp_path_factory.mktemp("full"))
    db, categories = context.db, context.settings.categories
    late = make_paper(9_000, submitted_at=LAST_WEEK.start_at, updated_at=LAST_WEEK.start_at)
    seen_at = LAST_WEEK.end_at + timedelta(days=40)
    came = HarvestedWindow(window_of(LAST_WEEK), categories, (late,), 13, None, seen_at)
    apply_harvest(db, plan_harvest([late], {}), came, seen_at=seen_at)
    for _ in (*stages.detect(context), *stages.claims(context), *stages.tables(context)):
        pass
    here = Evidence("abstract", 0, 2)
    claim = Claim("We", "speed", "times", 2.0, 2.0, "", False, here)
    rules = (RuleMention("standard", "gdpr", (here,)), RuleMention("failure_mode", "drift", (here,)))
    read = PaperClaims(ArxivId(PARTS["arxiv_id"]), (claim,), here, "https://github.com/a/b", rules)
    add_claims(db, reader_id(context.claim_reader, context.rule_finder, context.domain_finder), [read])
    passed = OaiPass("cs:cs:LG", "arXivRaw", since=LAST_WEEK.monday, pass_from=LAST_WEEK.monday)
    apply_page(db, plan_harvest([], {}), passed, seen_at=NOW)
    url = "http://127.0.0.1/api/query"
    outcomes = (
        RequestOutcome("api", url, NOW, "usable", 200, 0.5, 12, None),
        RequestOutcome("api", url, NOW, "unreached", None, 0.5, 0, "cannot reach it"),
    )
    limiter_state = StoredLimiterState(db)
    for outcome in outcomes:
        limiter_state.change(lambda state: state, outcome)
    for job, state in (("harvest", "done"), ("backup", "failed")):
        start_run(db, job, "all", now=NOW)
        finish_run(db, job, "all", state=state, message="as told", now=NOW)
    week = LAST_WEEK.plus(-20)
    change = FittedChange(week.plus(-11), week, 0.02, 0.04, 0.02, 0.01, 0.03, 0.99)
    call = TrendCall(week, "technique", "gnn", "rising", 0.01, 0.04, 0.02, 90, change)
    add_calls(db, [call], made_with="growth-1", made_at=week.end_at)
    scores = (CallScore(8, True, 0.05), CallScore(12, None, None))
    add_scores(db, [(kept.call_id, s) for kept in stored_calls(db, week=week) for s in scores], scored_at=NOW)
    add_listed_terms(db)
    model = context.topic_model
    assert model is not None
    add_drift(db, model.topic_model_id, [TopicDrift(LAST_WEEK, 12, 0.1, 0.5, 0.01, 1.2)])
    yield context
    db.close()


@pytest.fixture(scope="module")
def document(full_context: CachedContext) -> dict[str, Any]:
    """The OpenAPI document, in which an object may hold nothing that is not declared."""
    client = TestClient(make_app(full_context.settings, full_context))
    strict: dict[str, Any] = copy.deepcopy(client.get("/api/v1/openapi.json").json())
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return strict


def _problems(document: dict[str, Any], schema: dict[str, Any], answer: object) -> list[str]:
    validator = Draft202012Validator({**schema, "components": document["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(answer)]


def _answer_schema(document: dict[str, Any], path: str, status: int) -> dict[str, Any]:
    responses = document["paths"][f"/api/v1{path}"]["get"]["responses"]
    schema: dict[str, Any] = responses[str(status)]["content"]["application/json"]["schema"]
    return schema


def test_every_route_is_tried(document: dict[str, Any]) -> None:
    assert {f"/api/v1{route.partition('?')[0]}" for route in ROUTES} == set(document["paths"])


@pytest.mark.parametrize("route", ROUTES)
def test_an_answer_holds_what_is_declared_and_nothing_else(
    full_context: CachedContext, document: dict[str, Any], route: str
) -> None:
    client = TestClient(make_app(full_context.settings, full_context))
    response = client.get(f"/api/v1{route.format(**PARTS)}")
    assert response.status_code == 200, response.text
    schema = _answer_schema(document, route.partition("?")[0], 200)
    assert _problems(document, schema, response.json()) == []


def test_the_database_of_these_tests_leaves_no_list_empty(full_context: CachedContext) -> None:
    client = TestClient(make_app(full_context.settings, full_context))
    status = client.get("/api/v1/status").json()
    assert [name for name, value in status.items() if value in ([], {}, None)] == []
    assert status["arxiv"]["problems"]
    assert any(week["late"] and week["late"]["n"] for week in status["weeks"])
    [call] = client.get("/api/v1/calls").json()["calls"]
    assert len(call["scores"]) == 2
    topic = client.get("/api/v1/topics/1").json()
    assert [name for name, value in topic.items() if value == []] == []
    paper = client.get(f"/api/v1/papers/{PARTS['arxiv_id']}").json()
    assert [name for name, value in paper.items() if value == []] == []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/trends?term=rl&by=day", 422), ("/trends", 422), ("/topics/7777", 404), (f"/search?q={'x' * 4096}", 414)],
)
def test_an_error_has_the_declared_form(
    full_context: CachedContext, document: dict[str, Any], path: str, status: int
) -> None:
    response = TestClient(make_app(full_context.settings, full_context)).get(f"/api/v1{path}")
    assert response.status_code == status
    template = path.partition("?")[0].replace("7777", "{topic_id}")
    assert _problems(document, _answer_schema(document, template, status), response.json()) == []


def test_a_field_that_is_not_declared_is_found(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["NewestCall"]
    assert _problems(document, schema, {"week": "2026-W25", "verdict": "rising", "change": None, "wave": None}) == []
    assert _problems(document, schema, {"week": "2026-W25", "verdict": "rising", "change": None, "new": 1})
    assert _problems(document, schema, {"week": "2026-W25", "change": None})
    assert _problems(document, schema, {"week": "June", "verdict": "rising", "change": None})
