"""A browser does each page's main job: by mouse, by keyboard alone, without scripts; and axe finds nothing."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import uvicorn

from runtime.cached_context import CachedContext
from service.web.app import make_app
from store.job_runs import finish_run, start_run
from tests.service.web.conftest import LAST_WEEK, NOW

sync_api = pytest.importorskip("playwright.sync_api", reason="NOT TESTED in a browser: playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="NOT TESTED in a browser: there is no chromium here")

PAGES = (
    "/",
    "/digests",
    f"/digests/{LAST_WEEK}",
    f"/digests/{LAST_WEEK}/technique-diffusion",
    "/trends?term=diffusion&term=gnn&term=text:propose&term=meaning:molecules",
    "/trends?term=gnn&by=month",
    "/trends?term=gnn&term=text:diffusion&scale=panels",
    "/topics",
    "/topics/2",
    "/names",
    "/names/1",
    "/papers?term=diffusion",
    "/papers/2606.00001",
    "/search?q=diffusion+model",
    "/scan",
    "/methods",
    "/calls",
    "/emerging",
    "/claims",
    "/standards",
    "/status",
    "/about",
    "/api",
    "/nowhere",
)


@pytest.fixture(scope="module")
def address(context: CachedContext) -> Iterator[str]:
    """The service on a socket."""
    with _served(context) as served:
        yield served


@pytest.fixture(scope="module")
def local_address(context: CachedContext) -> Iterator[str]:
    """The same papers as on one's own machine, where there is a reader without a link."""
    service = context.settings.service.model_copy(update={"base_url": "", "hosts": ()})
    settings = context.settings.model_copy(update={"service": service})
    with _served(CachedContext(settings, db=context.db, encoder=context.encoder)) as served:
        yield served


@pytest.fixture
def scan_address(local_address: str) -> str:
    """Where the local reader has read nothing yet."""
    requests.post(
        f"{local_address}/scan", data={"action": "delete"}, headers={"Sec-Fetch-Site": "same-origin"}, timeout=10
    ).raise_for_status()
    return local_address


@contextlib.contextmanager
def _served(context: CachedContext) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(make_app(context.settings, context), port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextlib.contextmanager
def _page(chromium: Any, **how: Any) -> Iterator[Any]:
    """A page on which nothing may go wrong: no script of strangers, no error, no file from elsewhere."""
    context = chromium.new_context(**how)
    page = context.new_page()
    wrong: list[str] = []
    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(f"error {error}"))
    page.on(
        "console", lambda message: wrong.append(message.text) if "Content Security Policy" in message.text else None
    )
    page.on("request", lambda r: None if r.url.startswith("http://127.0.0.1") else wrong.append(r.url))
    yield page
    context.close()
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(address: str, chromium: Any, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="NOT TESTED with axe: not installed")
    with _page(chromium, color_scheme=scheme) as page:
        found = {}
        for path in PAGES:
            page.goto(address + path)
            # What the dark colours can break is contrast; all else is the same page.
            only = {"runOnly": ["color-contrast"]} if scheme == "dark" else None
            results = axe.Axe().run(page, options=only)
            violations = results.response["violations"]
            if violations:
                found[path] = [(v["id"], v["nodes"][0]["html"][:200]) for v in violations]
        assert found == {}


def test_no_page_is_wider_than_the_window(context: CachedContext, address: str, chromium: Any) -> None:
    start_run(context.db, "oai-harvest", "cs", now=NOW)
    message = f"could not read http://127.0.0.1/{'long/' * 12} {'and so on ' * 8}"
    finish_run(context.db, "oai-harvest", "cs", now=NOW, state="failed", message=message)
    with _page(chromium, viewport={"width": 375, "height": 800}) as page:
        wide = {}
        for path in PAGES:
            page.goto(address + path)
            for width in (375, 768, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                found = page.evaluate("document.documentElement.scrollWidth")
                if found > width:
                    wide[path, width] = found
        assert wide == {}


_BROKEN_WORDS = """
    () => [...document.querySelectorAll("th a, th")].flatMap((cell) => [...cell.childNodes]).flatMap((node) => {
        if (node.nodeType != Node.TEXT_NODE) return [];
        return [...node.data.matchAll(/[A-Za-z]+/g)].filter((word) => {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            return new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size > 1;
        }).map((word) => word[0]);
    })
"""


_LONG_CHANGES = """
    () => document.querySelectorAll(".glance td:last-child").forEach((cell) => {
        cell.innerHTML = '<span class="small">+17.1 to +29.8, over 26 weeks, fitted 14.61 to 27.82 %</span>';
    })
"""
"""As a year of many papers has them; the changes of these tests are short."""


def test_no_heading_of_a_table_is_broken_within_a_word(address: str, chromium: Any) -> None:
    with _page(chromium, viewport={"width": 1280, "height": 800}) as page:
        for path in PAGES:
            page.goto(address + path)
            page.evaluate(_LONG_CHANGES)
            for width in (900, 1024, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate(_BROKEN_WORDS) == [], (path, width)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_trend_is_drawn_and_its_points_open_their_papers(address: str, chromium: Any, scripts: bool) -> None:
    with _page(chromium, java_script_enabled=scripts) as page:
        page.goto(f"{address}/trends?term=diffusion")
        page.fill("#add", "graph neural networks")
        page.click("text=Draw")
        assert "term=diffusion" in page.url
        assert page.locator(".chips li").count() == 2
        page.locator("svg.trend.wide a.point").last.click()
        assert "/papers?" in page.url
        assert "paper" in page.locator("h1").inner_text()


def test_a_chart_is_read_by_keyboard_alone(address: str, chromium: Any) -> None:
    with _page(chromium) as page:
        page.goto(f"{address}/trends?term=diffusion")
        page.locator("svg.trend.wide a.point").first.focus()
        first = page.evaluate("document.activeElement.getAttribute('aria-label')")
        page.keyboard.press("ArrowRight")
        second = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert first != second
        assert page.locator(".point-text").inner_text() == second
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        page.wait_for_url("**/papers?**")


def test_a_search_is_made_by_keyboard_alone_and_without_scripts(address: str, chromium: Any) -> None:
    with _page(chromium, java_script_enabled=False) as page:
        page.goto(f"{address}/")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        page.goto(f"{address}/search")
        page.focus("#q")
        page.keyboard.type("graph neural network")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=graph**")
        assert page.locator(".results .paper").count() > 3
        page.locator(".results .title").first.click()
        assert "/papers/" in page.url


@pytest.mark.parametrize("scripts", [True, False])
def test_topics_are_sorted_filtered_and_opened(address: str, chromium: Any, scripts: bool) -> None:
    with _page(chromium, java_script_enabled=scripts) as page:
        page.goto(f"{address}/topics")
        page.select_option("#sort", "name")
        if scripts:  # a choice is taken at once
            page.wait_for_url("**sort=name**")
        page.fill("#q", "diffusion")
        page.click("text=Filter")
        page.wait_for_url("**q=diffusion**")
        assert page.locator(".topic-list tbody tr").count() == 1
        page.locator(".topic-list .title").click()
        page.wait_for_url("**/topics/*")
        assert page.locator("#history").is_visible()


def test_a_digest_leads_from_a_number_to_its_papers(address: str, chromium: Any) -> None:
    with _page(chromium) as page:
        page.goto(f"{address}/")
        page.click("h1 a")
        assert page.url.endswith(f"/digests/{LAST_WEEK}")
        page.locator("table.adoption td a.to-papers, table.brief td a.to-papers").first.click()
        assert f"/digests/{LAST_WEEK}/" in page.url
        page.locator(".abstracts a.title").first.click()
        assert "/papers/" in page.url


@pytest.mark.parametrize("how", ["keyboard", "mouse", "without scripts"])
def test_a_week_is_scanned_and_a_verdict_taken_back(scan_address: str, chromium: Any, how: str) -> None:
    with _page(chromium, java_script_enabled=how != "without scripts") as page:
        page.goto(f"{scan_address}/scan")
        page.fill("#seeds", "2606.00001")
        page.fill("#for", "graph neural network")
        page.click("button[value=start]")
        page.wait_for_url("**/scan/*")
        assert page.locator(".scan-keys").is_visible() == (how != "without scripts")

        def titles() -> list[str]:
            return list(page.locator(".scan-paper h2").all_inner_texts())

        def act(key: str, button: str) -> None:
            with page.expect_navigation():
                if how == "keyboard":
                    page.keyboard.press(key)
                else:
                    page.locator(f"button[value={button}]").first.click()

        before = titles()
        if how == "keyboard":
            for key, at in (("j", "t2"), ("ArrowDown", "t3"), ("k", "t2"), ("ArrowUp", "t1")):
                page.keyboard.press(key)
                assert page.evaluate("document.activeElement.getAttribute('aria-labelledby')") == at
        act("1", "keep")
        assert before[0] not in titles()
        assert "1 kept" in page.locator(".scan-brief").inner_text()
        assert f"Undo: kept “{before[0][:20]}" in page.locator(".scan-undo").inner_text()
        act("u", "undo")
        assert "0 kept" in page.locator(".scan-brief").inner_text()
        assert before[0] in titles()


@pytest.mark.parametrize("screen", [(390, 844), (1280, 900)])
@pytest.mark.parametrize("n", [1, 10])
def test_the_paper_to_decide_and_its_buttons_are_on_the_first_screen(
    scan_address: str, chromium: Any, screen: tuple[int, int], n: int
) -> None:
    width, height = screen
    touch = width < 500
    with _page(chromium, viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch) as page:
        page.goto(f"{scan_address}/scan")
        page.fill("#for", "graph neural network")
        page.click("button[value=start]")
        page.wait_for_url("**/scan/*")
        page.goto(f"{page.url}?n={n}")
        paper = page.locator(".scan-paper").first
        page.locator("button[value=skip]").first.click()
        page.wait_for_load_state()
        while len(paper.locator("h2").inner_text()) > 300:  # a made-up title that fills the screen
            page.locator("button[value=skip]").first.click()
            page.wait_for_load_state()
        for part in ("h2", ".finding", "button[value=keep]", "button[value=skip]"):
            box = paper.locator(part).first.bounding_box() if paper.locator(part).count() else None
            if part == ".finding" and box is None:  # nothing is found in this paper
                continue
            assert box is not None
            assert box["y"] >= 0
            assert box["y"] + box["height"] <= height, part
        assert page.locator(".scan-keys").is_visible() != touch


def test_an_earlier_verdict_is_changed_on_the_page_of_what_was_decided(scan_address: str, chromium: Any) -> None:
    with _page(chromium) as page:
        page.goto(f"{scan_address}/scan")
        page.fill("#for", "diffusion")
        page.click("button[value=start]")
        page.wait_for_url("**/scan/*")
        title = page.locator(".scan-paper h2").first.inner_text()
        page.locator("button[value=keep]").first.click()
        page.get_by_role("link", name="Decided in this scan").click()
        assert title in page.locator(".scan-decided li").first.inner_text()
        page.locator(".scan-decided button[value=skip]").first.click()
        page.wait_for_load_state()
        assert "Skipped" in page.locator(".scan-decided li").first.inner_text()
        page.get_by_role("link", name="Go on with this scan").click()
        assert "0 kept" in page.locator(".scan-brief").inner_text()


def test_axe_finds_nothing_on_a_scan(scan_address: str, chromium: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="NOT TESTED with axe: not installed")
    with _page(chromium, viewport={"width": 375, "height": 800}) as page:
        page.goto(f"{scan_address}/scan")
        page.fill("#for", "diffusion")
        page.click("button[value=start]")
        page.wait_for_url("**/scan/*")
        page.locator("button[value=keep]").first.click()
        page.wait_for_load_state()
        here = page.url
        for path in (here, f"{here}?n=1&order=best", f"{here}/decided", f"{scan_address}/scan"):
            page.goto(path)
            violations = axe.Axe().run(page).response["violations"]
            assert [(v["id"], v["nodes"][0]["html"][:200]) for v in violations] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 375
