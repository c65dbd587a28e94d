"""A command asks the service that answers from the same data, and no other."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from domain.errors import UsageError
from runtime.running_service import announced, ask, with_address_of_service
from runtime.settings import Settings, load_settings


class _Service(BaseHTTPRequestHandler):
    ready: ClassVar[bool] = True
    status: ClassVar[int] = 200
    body: ClassVar[Any] = {"total": 3}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        if self.path == "/readyz":
            self.send_response(200 if self.ready else 503)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.asked.append(self.path)
        body = json.dumps(self.body).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    monkeypatch.setattr(_Service, "asked", [])
    server = HTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _settings(folder: Path, port: int = 8000, **other: object) -> Settings:
    return load_settings(None, {}, {"data_dir": folder, "service.port": port, **other})


def test_the_service_of_the_same_folder_is_asked(service: HTTPServer, tmp_path: Path) -> None:
    with announced(_settings(tmp_path, service.server_port, **{"service.host": "0.0.0.0"})):
        found = ask(_settings(tmp_path), "/api/v1/search", [("q", "a b"), ("since", None), ("category", "cs.LG")])
    assert found == {"total": 3}
    assert _Service.asked == ["/api/v1/search?q=a+b&category=cs.LG"]


def test_a_service_that_has_ended_is_not_asked(service: HTTPServer, tmp_path: Path) -> None:
    with announced(_settings(tmp_path, service.server_port)):
        pass
    assert ask(_settings(tmp_path), "/", []) is None
    assert _Service.asked == []
    assert list(tmp_path.iterdir()) == []


def test_links_in_mails_begin_with_the_port_of_the_running_service(tmp_path: Path) -> None:
    def address(**other: object) -> str:
        return with_address_of_service(_settings(tmp_path, **other)).service.address

    assert address() == "http://127.0.0.1:8000"
    with announced(_settings(tmp_path, 8123)):
        assert address() == "http://127.0.0.1:8123"
        assert address(**{"service.base_url": "https://papertide.example"}) == "https://papertide.example"


def test_a_service_that_was_killed_is_not_waited_for(tmp_path: Path) -> None:
    with announced(_settings(tmp_path, 9)):
        assert ask(_settings(tmp_path), "/", []) is None


def test_a_service_that_is_still_loading_is_not_waited_for(
    service: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Service, "ready", False)
    with announced(_settings(tmp_path, service.server_port)):
        assert ask(_settings(tmp_path), "/", []) is None
    assert _Service.asked == []


@pytest.mark.parametrize(
    "other", [{"categories": ["cs.CL"]}, {"now": "2026-06-23T12:00:00Z"}, {"database_url": "sqlite:///other.sqlite"}]
)
def test_a_service_with_other_settings_is_not_asked(
    service: HTTPServer, tmp_path: Path, other: dict[str, object]
) -> None:
    with announced(_settings(tmp_path, service.server_port)):
        assert ask(_settings(tmp_path, **other), "/", []) is None
    assert _Service.asked == []


def test_no_password_is_in_the_file(service: HTTPServer, tmp_path: Path) -> None:
    url = "postgresql://papertide:secret@host/papers"
    with announced(_settings(tmp_path, service.server_port, database_url=url)):
        assert "secret" not in (tmp_path / "service.json").read_text()
        assert (tmp_path / "service.json").stat().st_mode & 0o077 == 0


def test_the_service_explains_a_wrong_question(
    service: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Service, "status", 422)
    monkeypatch.setattr(_Service, "body", {"error": {"code": "cannot_be_answered", "message": "there is no topic 7"}})
    with announced(_settings(tmp_path, service.server_port)), pytest.raises(UsageError, match="there is no topic 7"):
        ask(_settings(tmp_path), "/", [])


@pytest.mark.parametrize("status", [429, 503, 500])
def test_a_service_that_cannot_answer_now_leaves_it_to_the_command(
    service: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(_Service, "status", status)
    with announced(_settings(tmp_path, service.server_port)):
        assert ask(_settings(tmp_path), "/", []) is None


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"host": 1, "port": "x", "answers_as": ""}'])
def test_a_damaged_file_is_no_service(tmp_path: Path, content: str) -> None:
    (tmp_path / "service.json").write_text(content)
    assert ask(_settings(tmp_path), "/", []) is None
