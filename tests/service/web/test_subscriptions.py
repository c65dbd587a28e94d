"""Subscription pages: a GET changes nothing, responses reveal nothing, and input stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from domain.mail_message import MailMessage
from mail.service import LINK_PATHS, MailService
from runtime.cached_context import CachedContext
from runtime.context import AppContext
from runtime.lease import registered_scheduler
from runtime.settings import Settings
from service.web.app import make_app
from service.web.job_metrics import JobMetrics
from store.schema import metadata
from store.subscribers import subscriber_by_address

ADA = "ada@example.org"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class Post:
    """A way for mails to leave that remembers them."""

    handing_again_is_safe = True

    def __init__(self) -> None:
        self.messages: list[MailMessage] = []

    def send(self, mail: MailMessage, *, now: object, before_commit: object) -> bool:
        self.messages.append(mail)
        return True

    def close(self) -> None:
        pass


class Site:
    """The web service of an empty installation, and the post mail_service behind it."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data_dir=folder)
        self.context = AppContext(settings)
        self.post = Post()
        self.mail_service = MailService(self.context, transport=lambda: self.post, sleep=lambda _: None)
        self.client = TestClient(make_app(settings, CachedContext(settings)))

    def ask(self, address: str = ADA, **form: str) -> int:
        return int(self.client.post("/subscribe", data={"address": address, **form}).status_code)

    def answer(self) -> list[MailMessage]:
        before = len(self.post.messages)
        for _ in self.mail_service.answer_requests():
            pass
        return self.post.messages[before:]

    def link(self, mail: MailMessage, purpose: str) -> str:
        found = re.search(rf"({re.escape(LINK_PATHS[purpose])}/[\w-]+)", mail.text)  # type: ignore[index]
        assert found is not None
        return found[1]

    def state(self) -> str | None:
        reader = subscriber_by_address(self.context.db, ADA)
        return reader.state if reader else None

    def everything(self) -> str:
        with self.context.db.read() as connection:
            tables = [
                t for t in metadata.sorted_tables if t.name.startswith(("subscri", "deliver", "suppr", "mailing"))
            ]
            return repr([connection.execute(select(t)).all() for t in tables])


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.context.db.close()


def _subscribed(site: Site, **form: str) -> str:
    """A confirmed reader; returns the address of their own page."""
    site.ask(**form)
    [question] = site.answer()
    assert site.client.post(site.link(question, "confirm")).status_code == 200
    site.client.post("/subscriptions/link", data={"address": ADA})
    [mail] = site.answer()
    return site.link(mail, "manage")


def test_a_reader_subscribes_confirms_changes_pauses_exports_and_deletes(site: Site) -> None:
    page = _subscribed(site, searches="graph networks\n\n test-time scaling ", frequency="monthly", format="text")
    reader = subscriber_by_address(site.context.db, ADA)
    assert reader is not None
    assert (reader.state, reader.preferences.frequency, reader.preferences.mail_format) == ("active", "monthly", "text")
    assert reader.preferences.of("search") == ("graph networks", "test-time scaling")
    shown = site.client.get(page)
    assert shown.status_code == 200
    assert "graph networks" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["referrer-policy"] == "same-origin"
    site.client.post(page, data={"frequency": "weekly", "follow": ["technique:diffusion", "category:cs.CL"]})
    assert [str(f) for f in subscriber_by_address(site.context.db, ADA).preferences.follows] == [  # type: ignore[union-attr]
        "technique:diffusion",
        "category:cs.CL",
    ]
    site.client.post(page, data={"action": "pause"})
    assert site.state() == "paused"
    assert json.loads(site.client.get(page + "/data.json").text)["address"] == ADA
    site.client.post(page, data={"action": "delete"})
    assert site.state() is None
    assert site.client.get(page).status_code == 404


def test_a_reader_chooses_how_many_papers_a_week_a_search_brings(site: Site) -> None:
    page = _subscribed(site, searches="graph networks: large")
    field = "per_week:search:graph networks: large"
    assert f'name="{field}" type="number" min="1" max="100" value=""' in site.client.get(page).text
    site.client.post(page, data={"searches": "graph networks: large", field: "12"})
    [follow] = subscriber_by_address(site.context.db, ADA).preferences.follows  # type: ignore[union-attr]
    assert (follow.key, follow.per_week) == ("graph networks: large", 12)
    shown = site.client.get(page).text
    assert f'name="{field}" type="number" min="1" max="100" value="12"' in shown
    assert "/feeds/search.atom?q=graph+networks%3A+large&amp;per_week=12" in shown
    for bad in ("0", "101", "many", "-3"):
        assert site.client.post(page, data={"searches": "graph networks: large", field: bad}).status_code == 422


def test_the_form_says_whether_anybody_sends(site: Site) -> None:
    def says_nobody_sends() -> list[bool]:
        pages = site.client.get("/subscribe"), site.client.post("/subscribe", data={"address": ADA})
        return ["sends no mail at the moment" in page.text for page in pages]

    assert says_nobody_sends() == [True, True]
    with registered_scheduler(site.context.db, clock=site.context.clock):
        assert says_nobody_sends() == [False, False]


def test_nothing_is_on_its_way_if_it_could_not_be_stored(site: Site) -> None:
    with registered_scheduler(site.context.db, clock=site.context.clock):
        site.client.get("/subscribe")
    file = site.context.settings.data_dir / "papertide.sqlite"
    file.replace(file.with_name("elsewhere.sqlite"))
    answer = site.client.post("/subscribe", data={"address": ADA})
    assert answer.status_code == 503
    assert "on its way" not in answer.text


def test_an_unknown_action_changes_nothing(site: Site) -> None:
    page = _subscribed(site, searches="graph networks")
    before = site.everything()
    for action in ("resubscribe!", "PAUSE", "save\x00"):
        refused = site.client.post(page, data={"action": action})
        assert refused.status_code == 422
        assert "is no action of this page" in refused.text
    assert site.everything() == before


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
    ],
)
def test_a_form_on_a_page_of_another_site_is_refused(site: Site, headers: dict[str, str], is_taken: bool) -> None:
    page = _subscribed(site, searches="graph networks")
    site.client.headers["Host"] = "testserver"
    before = site.everything()
    for path, data in ((page, {"action": "pause"}), ("/subscribe", {"address": "ben@example.org"})):
        answer = site.client.post(path, data=data, headers=headers)
        assert (answer.status_code == 200) == is_taken
        assert is_taken or answer.status_code == 403
    assert (site.everything() == before) == (not is_taken)


def test_opening_every_link_of_every_mail_changes_nothing(site: Site) -> None:
    site.ask()
    [question] = site.answer()
    links = [site.link(question, purpose) for purpose in ("confirm", "block")]
    before = site.everything()
    for link in links:
        for method in ("get", "head"):
            assert getattr(site.client, method)(link).status_code == 200
    assert site.client.options(links[0]).status_code == 405
    assert site.everything() == before
    assert site.state() == "pending"
    for link in links:
        assert "<form" in site.client.get(link).text


def test_one_click_unsubscribe_needs_no_cookie_or_redirect(site: Site) -> None:
    _subscribed(site)
    reader = subscriber_by_address(site.context.db, ADA)
    assert reader is not None
    from store.subscriber_tokens import add_tokens

    add_tokens(site.context.db, reader.subscriber_id, {"unsubscribe": "t" * 32}, now=site.context.now())
    link = LINK_PATHS["unsubscribe"] + "/" + "t" * 32
    answered = site.client.post(link, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert answered.status_code == 200
    assert site.state() == "unsubscribed"
    assert site.client.post(link).status_code == 200


def test_the_form_responds_the_same_for_known_unknown_and_blocked_addresses(site: Site) -> None:
    page = _subscribed(site)
    from store.suppressed_addresses import suppress

    suppress(site.context.db, "blocked@example.org", "blocked", now=site.context.now())
    answers = {
        (r.status_code, r.text, tuple(sorted((k, v) for k, v in r.headers.items() if k != "date")))
        for where in ("/subscribe", "/subscriptions/link")
        for a in (ADA, "new@example.org", "blocked@example.org")
        for r in [site.client.post(where, data={"address": a})]
    }
    assert len(answers) == 1
    assert page


def test_a_network_with_too_many_requests_is_told_to_wait(site: Site) -> None:
    statuses = [site.ask(f"r{n}@example.org") for n in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    refused = site.client.post("/subscribe", data={"address": ADA})
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    "address", ["", "x", EVIL, "a@b\r\nBcc: eve@example.org", "a@example.org\x00", "é@example.org"]
)
def test_an_invalid_address_is_reported_on_the_form_as_text(site: Site, address: str) -> None:
    answered = site.client.post("/subscribe", data={"address": address})
    assert answered.status_code == 422
    assert "<script>alert" not in answered.text
    assert "<img src=x" not in answered.text
    assert site.answer() == []


def test_a_search_with_markup_stays_text_everywhere(site: Site) -> None:
    page = _subscribed(site, searches=EVIL)
    shown = site.client.get(page).text
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    "follow", ["technique:magic", "planet:mars", "topic:999", "search:" + "x" * 300, "category:cs.XX"]
)
def test_an_unknown_follow_is_refused_with_a_reason(site: Site, follow: str) -> None:
    answered = site.client.post("/subscribe", data={"address": ADA, "follow": follow})
    assert answered.status_code == 422
    assert 'role="alert"' in answered.text


@pytest.mark.parametrize(
    "token", ["x", "a" * 32, "a" * 199, "..%2f..%2fetc", "%00", "%0d%0aSet-Cookie:x", "' OR 1=1 --"]
)
@pytest.mark.parametrize("purpose", ["confirm", "manage", "unsubscribe", "block"])
def test_a_guessed_token_opens_nothing(site: Site, token: str, purpose: str) -> None:
    for method in ("get", "post"):
        answered = getattr(site.client, method)(f"{LINK_PATHS[purpose]}/{token}")  # type: ignore[index]
        assert answered.status_code in (404, 422)
        assert "set-cookie" not in answered.headers


def test_a_huge_form_is_refused(site: Site) -> None:
    assert site.client.post("/subscribe", data={"address": ADA, "searches": "x" * 100_000}).status_code == 422
    many = "&".join(f"follow=search:{n}" for n in range(2000))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert site.client.post("/subscribe", content=many, headers=headers).status_code == 422


def test_the_form_has_labels_and_works_without_scripts(site: Site) -> None:
    page = site.client.get("/subscribe").text
    assert page.count("<h1") == 1
    ids = set(re.findall(r'<(?:input|textarea)[^>]* id="([^"]+)"', page))
    assert ids
    assert ids <= set(re.findall(r'<label for="([^"]+)"', page))
    assert "technique:diffusion" in page


def test_metrics_count_failing_jobs_and_readers_only_if_the_settings_say_so(site: Site) -> None:
    from store.job_runs import finish_run, start_run

    _subscribed(site)
    start_run(site.context.db, "backup", "2026-06-23T04:00Z", now=site.context.now())
    finish_run(
        site.context.db,
        "backup",
        "2026-06-23T04:00Z",
        state="failed",
        message="full",
        now=site.context.now(),
        n_tries=2,
    )
    metrics = site.client.get("/metrics").text
    for private in ("papertide_readers", "papertide_deliveries", "papertide_mails_waiting"):
        assert private not in metrics
    settings = site.context.settings
    service = settings.service.model_copy(update={"metrics_count_readers": True})
    counting = CachedContext(settings.model_copy(update={"service": service}), db=site.context.db)
    counted = {
        (s.name, *s.labels.values()): s.value for family in JobMetrics(counting).collect() for s in family.samples
    }
    assert counted["papertide_readers", "active"] == 1
    assert counted["papertide_mails_waiting",] == 0
    assert 'papertide_job_failures{job="backup",period="2026-06-23T04:00Z",state="failed"} 2.0' in metrics
    assert site.client.get("/api/v1/status").json()["troubled"][0]["message"] == "full"


def test_a_readers_token_is_in_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from domain.errors import StoreError

    def busy(*_: object, **__: object) -> None:
        raise StoreError("the database is locked")

    site = Site(tmp_path)
    monkeypatch.setattr("mail.subscriptions.token_use", busy)
    assert site.client.get(f"/subscriptions/manage/{'t' * 32}").status_code == 503
    assert "the database failed" in caplog.text
    assert "t" * 32 not in caplog.text
