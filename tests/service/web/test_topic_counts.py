"""One thing has one count: every place that shows how many papers a topic has shows the same number."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, update
from typer.testing import CliRunner

import papertide
from pipeline import stages
from queries.export import export_public
from queries.new_papers import N_WEEKS as N_FEED_WEEKS
from queries.topics import topics
from runtime.cached_context import CachedContext
from service.cli.main import app
from service.web.app import make_app
from store.schema import paper, weekly_basis
from tests.service.web.conftest import LAST_WEEK, N_WEEKS, PER_WEEK, make_context

WITHDRAWN = 4
"""Number of a paper of the first topic that its authors have withdrawn."""
N_PAPERS = {1: N_WEEKS * PER_WEEK // 4 - 1, 2: N_WEEKS * PER_WEEK // 4, 3: N_WEEKS * PER_WEEK // 4}
"""The planted truth: a quarter of the papers each, less the withdrawn one."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("counts")


@pytest.fixture(scope="module")
def planted(folder: Path) -> Iterator[CachedContext]:
    """A database whose fit has other sizes than the topics have papers, one of them withdrawn."""
    context = make_context(folder)
    with context.db.write() as connection:
        of_number = paper.c.arxiv_id == f"2606.{WITHDRAWN + 1:05d}"
        connection.execute(update(paper).where(of_number).values(is_withdrawn=True))
        connection.execute(delete(weekly_basis))  # as a harvest does
    for stage in (stages.tables(context), stages.publish(context, LAST_WEEK)):
        for _ in stage:
            pass
    yield context
    context.db.close()


@pytest.fixture(scope="module")
def client(planted: CachedContext) -> TestClient:
    return TestClient(make_app(planted.settings, planted))


def _numbers(pattern: str, text: str) -> dict[int, int]:
    return {int(topic_id): int(n) for topic_id, n in re.findall(pattern, text, re.DOTALL)}


def test_the_fit_had_other_sizes(planted: CachedContext) -> None:
    assert planted.topic_model is not None
    assert all(t.size != N_PAPERS[t.topic_id] for t in planted.topic_model.topics)


def test_the_lists_of_topics_agree(planted: CachedContext, client: TestClient, folder: Path) -> None:
    assert {t.topic_id: t.n_papers for t in topics(planted)} == N_PAPERS
    api = client.get("/api/v1/topics").json()["topics"]
    assert {t["topic_id"]: t["n_papers"] for t in api} == N_PAPERS
    page = client.get("/topics").text
    row = r'<a class="title" dir="auto" href="/topics/(\d+)">(?:(?!</tr>).)*?<td class="total">(\d+)</td>'
    assert _numbers(row, page) == N_PAPERS
    on_map = r'<a href="/topics/(\d+)" tabindex="-1" aria-label="[^"]*, (\d+)\spapers"'
    assert _numbers(on_map, page) == N_PAPERS
    table = papertide.open(str(folder)).topics()
    assert dict(zip(table["topic_id"], table["n_papers"], strict=True)) == N_PAPERS
    shown = CliRunner().invoke(app, ["--data-dir", str(folder), "topics", "list"]).output
    assert _numbers(r"\n +(\d+) +(\d+)  ", shown) == N_PAPERS


def test_a_topics_page_its_api_its_papers_and_its_curve_agree(client: TestClient) -> None:
    for topic_id, n in N_PAPERS.items():
        answer = client.get(f"/api/v1/topics/{topic_id}").json()
        assert answer["n_papers"] == n
        assert {technique["n"] for technique in answer["techniques"]} <= {n}
        assert sum(point["k"] for point in answer["points"]) == n
        assert f"{n}\xa0papers in all" in client.get(f"/topics/{topic_id}").text
        assert client.get(f"/api/v1/papers?topic={topic_id}").json()["total"] == n
        assert re.search(rf'<h1 class="tool" dir="auto">{n}\spapers', client.get(f"/papers?topic={topic_id}").text)
        feed = client.get(f"/feeds/topics/{topic_id}.json?per_week=50").json()
        assert len(feed["items"]) == sum(point["k"] for point in answer["points"][-N_FEED_WEEKS:])


def test_the_digest_counts_the_papers_of_its_week(client: TestClient) -> None:
    digest = client.get(f"/api/v1/digests/{LAST_WEEK}").json()
    assert digest["all_topics"]
    for line in digest["all_topics"]:
        days = f"since={LAST_WEEK.monday}&until={LAST_WEEK.sunday}"
        assert client.get(f"/api/v1/papers?topic={line['topic_id']}&{days}").json()["total"] == line["share"]["k"]


def test_the_export_agrees(planted: CachedContext, tmp_path: Path) -> None:
    for _ in export_public(planted, tmp_path):
        pass
    with (tmp_path / "topics.csv").open(encoding="utf-8", newline="") as file:
        assert {int(row["topic_id"]): int(row["n_papers"]) for row in csv.DictReader(file)} == N_PAPERS
    weeks = [LAST_WEEK.plus(-n) for n in range(N_WEEKS)]
    lines = [
        line
        for week in weeks
        for line in (tmp_path / "papers" / f"{week}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert {topic_id: sum(f'"topic_id": {topic_id},' in line for line in lines) for topic_id in N_PAPERS} == N_PAPERS


def test_a_second_topic_is_shown_and_marked_but_counts_nothing(client: TestClient) -> None:
    listed = client.get("/api/v1/papers?limit=100").json()["papers"]
    papers = [client.get(f"/api/v1/papers/{paper['arxiv_id']}").json() for paper in listed]
    without = [p for p in papers if p["topic"] is None]
    assert len(papers) - len(without) == sum(N_PAPERS.values())
    assert all(p["also_near"] is not None for p in without)
    assert all(p["also_near"] != p["topic"] for p in papers)
    page = client.get(f"/papers/{without[0]['arxiv_id']}").text
    assert "none; the nearest is" in page
    assert "(not counted there)" in page
    near = client.get(f"/api/v1/topics/{without[0]['also_near']['topic_id']}").json()
    assert near["also_near"]
    counted = client.get(f"/api/v1/papers?topic={near['topic_id']}&limit=100").json()["papers"]
    assert not {p["arxiv_id"] for p in near["also_near"]} & {p["arxiv_id"] for p in counted}
    assert "not counted here" in client.get(f"/topics/{near['topic_id']}").text
