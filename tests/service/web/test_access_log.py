"""The access log: what it says of a request, and what it never says."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from runtime.cached_context import CachedContext
from service.web.access_log import AccessLog, access_logger
from service.web.app import make_app

TOKEN = "kZ3v9QmTn1xYb7Wd5RfLc8PsAh2GjEuK"


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def client(log: io.StringIO) -> TestClient:
    app = FastAPI()

    @app.get("/papers/{arxiv_id}")
    def paper(arxiv_id: str) -> str:
        return arxiv_id

    @app.api_route("/subscriptions/manage/{token}", methods=["GET", "POST"])
    def manage(token: str) -> str:
        return "yours"

    @app.get("/broken")
    def broken() -> None:
        raise ValueError("ada@example.org")

    app.add_middleware(AccessLog, logger=access_logger(log))
    return TestClient(app, raise_server_exceptions=False, client=("192.0.2.17", 50_000))


def _lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_a_line_has_time_level_route_path_status_size_and_duration(client: TestClient, log: io.StringIO) -> None:
    client.get("/papers/2606.00001?q=secret+plans")
    [line] = _lines(log)
    assert line.pop("time").endswith("Z")
    assert 0 <= line.pop("ms") < 60_000
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/papers/{arxiv_id}",
        "path": "/papers/2606.00001",
        "status": 200,
        "bytes": 12,
    }


def test_no_line_has_a_token_a_query_or_an_address(client: TestClient, log: io.StringIO) -> None:
    for method in ("GET", "POST", "HEAD"):
        client.request(method, f"/subscriptions/manage/{TOKEN}", data={"address": "ada@example.org"})
    for path in (f"/subscriptions/mange/{TOKEN}", f"/papers/x?{TOKEN}", "/papers/ada@example.org", "/broken"):
        client.get(path)
    lines = _lines(log)
    assert len(lines) == 7
    text = log.getvalue()
    for secret in (TOKEN, "@", "192.0.2.17"):
        assert secret not in text
    assert [(line["route"], line["status"], line["level"]) for line in lines[3:]] == [
        ("unknown", 404, "warning"),
        ("/papers/{arxiv_id}", 200, "info"),
        ("/papers/{arxiv_id}", 200, "info"),
        ("/broken", 500, "error"),
    ]


def test_a_path_cannot_forge_a_line(client: TestClient, log: io.StringIO) -> None:
    client.get("/papers/x%0A%7B%22level%22:%22error%22%7D")
    assert len(_lines(log)) == 1


def test_what_is_no_request_passes_through(log: io.StringIO) -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(AccessLog(app, logger=access_logger(log))({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == ["lifespan"]
    assert log.getvalue() == ""


@pytest.mark.parametrize("is_on", [True, False])
def test_the_service_writes_the_log_only_if_the_settings_say_so(
    context: CachedContext, capsys: pytest.CaptureFixture[str], is_on: bool
) -> None:
    service = context.settings.service.model_copy(update={"access_log": is_on})
    settings = context.settings.model_copy(update={"service": service})
    client = TestClient(make_app(settings, context))
    for path in ("/healthz", f"/subscriptions/manage/{TOKEN}"):
        client.get(path)
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    places = [(line["route"], line.get("path"), line["status"]) for line in logged]
    expected = [("/healthz", "/healthz", 200), ("/subscriptions/manage/{token}", None, 404)]
    assert places == (expected if is_on else [])
