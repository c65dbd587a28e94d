"""A saved search gives the same papers in the same order wherever it is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import papertide
from domain.issues_and_deliveries import Issue
from domain.subscription import Follow, Preferences
from mail.service import MailService
from runtime.context import AppContext
from runtime.settings import Settings
from service.cli import main
from service.web.app import make_app
from tests.service.web.conftest import LAST_WEEK, NOW, WordEncoder, make_context

QUERIES = (
    "graph neural network",
    "diffusion model for images",
    "agent",
    "molecules of a graph in 40 tasks",
    "graph -part",
    '"reinforcement learning agent"',
    "author:example diffusion",
    "title:molecules",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    with make_context(folder):
        return folder


@pytest.fixture(scope="module")
def settings(folder: Path) -> Settings:
    return Settings(data_dir=folder, now=NOW)


@pytest.fixture(scope="module")
def web(folder: Path) -> Iterator[TestClient]:
    from runtime.cached_context import CachedContext

    with CachedContext(Settings(data_dir=folder, now=NOW), encoder=WordEncoder()) as context:
        yield TestClient(make_app(context.settings, context))


def _in_order(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"26\d\d\.\d{5}", text)))


@pytest.mark.parametrize("query", QUERIES)
def test_page_api_feed_mail_command_line_and_python_give_the_same_papers(
    query: str,
    folder: Path,
    settings: Settings,
    web: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("analysis.sentence_encoder.load_encoder", lambda *_, **__: WordEncoder())
    of_week: dict[str, Any] = {"q": query, "since": str(LAST_WEEK), "limit": 100}
    api = [found["arxiv_id"] for found in web.get("/api/v1/search", params=of_week).json()["results"]]
    assert api

    page = web.get("/search", params=of_week).text
    assert _in_order(page[page.index("<ol") :])[: len(api)] == api

    monkeypatch.setenv("PAPERTIDE_NOW", NOW.isoformat())
    options = ["--data-dir", str(folder), "search", query, "--since", str(LAST_WEEK), "--json"]
    monkeypatch.setattr("sys.argv", ["papertide", *options])
    with suppress(SystemExit):
        main.main()
    answer = json.loads(capsys.readouterr().out)
    assert [found["arxiv_id"] for found in answer["results"]] == api[:20]

    with papertide.open(folder) as data:
        assert data.search(query, since=str(LAST_WEEK), limit=100)["arxiv_id"].tolist() == api

    for per_week in (None, 2, 100):
        with AppContext(settings, encoder=WordEncoder()) as context:
            follows = (Follow("search", query, per_week),)
            mail = MailService(context).preview(Issue("weekly", LAST_WEEK), Preferences(follows=follows))
        of_reader = mail.text[mail.text.index("New papers: ") : mail.text.index("WHAT IS MOVING")]
        mailed = _in_order(of_reader)
        assert mailed == api[: len(mailed)]

        feed = web.get("/feeds/search.json", params={"q": query} | ({"per_week": per_week} if per_week else {})).json()[
            "items"
        ]
        of_feed = [item["id"][-10:] for item in feed if item["date_published"] >= str(LAST_WEEK.monday)]
        assert sorted(of_feed) == sorted(mailed)
