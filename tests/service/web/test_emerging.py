"""Emerging terms as page, answer and feed."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import feedparser
import pytest
from fastapi.testclient import TestClient

from service.web.app import make_app
from templates.emerging_wording import no_list_text
from tests.service.web.conftest import LAST_WEEK, N_WEEKS, add_listed_terms, make_context


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    context = make_context(tmp_path_factory.mktemp("emerging"))
    add_listed_terms(context.db)
    yield TestClient(make_app(context.settings, context))
    context.db.close()


def test_the_page_shows_new_terms_first_and_links_each_to_its_trend_and_papers(listed: TestClient) -> None:
    page = listed.get("/emerging").text.replace("\u00a0", " ")
    assert page.index("new on the list") < page.index("&lt;b&gt;skills&lt;/b&gt;") < page.index("Still on the list")
    assert "<b>skills" not in page
    assert "/trends?term=text%3Aagent+skills" in page
    assert f"/papers?term=text%3Aagent+skills&amp;since=2026-04-27&amp;until={LAST_WEEK.sunday}" in page
    assert "12 papers</a> of 8 teams in eight weeks, 30 times as often as before (at least 9.2 times)." in page
    assert f'On the list since <a href="/emerging?week={LAST_WEEK.plus(-20)}">' in page


def test_a_past_list_says_how_its_terms_turned_out(listed: TestClient) -> None:
    page = listed.get(f"/emerging?week={LAST_WEEK.plus(-20)}").text
    assert "After 8 weeks it held; After 12 weeks it was unclear".lower() in page.lower()
    assert "1 of 1 held" in page


def test_the_answer_has_the_list_its_record_and_all_lists(listed: TestClient) -> None:
    answer = listed.get("/api/v1/emerging").json()
    assert answer["week"] == str(LAST_WEEK)
    assert [(term["name"], term["is_new"]) for term in answer["terms"]] == [
        ("<b>skills</b>", True),
        ("agent skills", False),
    ]
    assert answer["terms"][1]["papers"] == ["2606.00002", "2606.00001"]
    assert [paper["arxiv_id"] for paper in answer["terms"][1]["newest"]] == ["2606.00002", "2606.00001"]
    assert answer["record"] == [
        {"horizon_weeks": 8, "held": 1, "failed": 0, "unknown": 0},
        {"horizon_weeks": 12, "held": 0, "failed": 0, "unknown": 1},
    ]
    assert [(one["week"], one["n_terms"], one["n_new"]) for one in answer["lists"]] == [
        (str(LAST_WEEK), 2, 1),
        (str(LAST_WEEK.plus(-20)), 1, 1),
    ]


def test_a_week_without_a_list_is_one_line(listed: TestClient) -> None:
    answer = listed.get("/api/v1/emerging?week=2026-W10")
    assert answer.status_code == 422
    message = answer.json()["error"]["message"]
    assert message == f"there is no list of emerging terms for 2026-W10; the newest is that of {LAST_WEEK}"
    assert listed.get("/emerging?week=2026-W60").status_code == 422


def test_the_feed_has_an_entry_for_each_list_with_new_terms(listed: TestClient) -> None:
    feed = feedparser.parse(listed.get("/feeds/emerging.atom").text)
    assert [entry.title for entry in feed.entries] == [
        f"{LAST_WEEK}: <b>skills</b>",
        f"{LAST_WEEK.plus(-20)}: agent skills",
    ]
    assert feed.entries[1].link.endswith(f"/emerging?week={LAST_WEEK.plus(-20)}")
    assert len(listed.get("/feeds/emerging.json").json()["items"]) == 2


def test_without_lists_the_page_says_how_many_weeks_are_needed_and_held(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    context = make_context(tmp_path_factory.mktemp("none"))
    client = TestClient(make_app(context.settings, context))
    answer = client.get("/api/v1/emerging").json()
    assert (answer["week"], answer["weeks_needed"], answer["weeks_held"]) == (None, 16, N_WEEKS)
    page = client.get("/emerging").text
    assert f"There is no list yet: a list needs 16 weeks of papers, and {N_WEEKS} weeks are held" in page
    asked = client.get("/api/v1/emerging?week=2026-W20").json()["error"]["message"]
    assert asked.endswith(f"for 2026-W20: a list needs 16 weeks of papers, and {N_WEEKS} are held")
    context.db.close()


def test_no_run_is_advised_before_enough_weeks_are_held() -> None:
    few, enough = (no_list_text(SimpleNamespace(weeks_needed=16, weeks_held=held)) for held in (12, 16))
    assert "papertide run" not in few
    assert "history_weeks" in few
    assert (
        enough
        == "there is no list yet: a list needs 16 weeks of papers, and 16 weeks are held; `papertide run` makes one"
    )
