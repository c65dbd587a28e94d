"""A cached context never mixes what it knows of two states of the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from domain.errors import StoreError
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex
from ingest.harvest import plan_harvest
from pipeline import stages
from queries.digests import further_sentences, published_digests
from runtime import single_flight_cache as cache
from runtime.cached_context import CHECK_EVERY_S, CachedContext, load_index
from runtime.context import AppContext
from runtime.exclusive_run import exclusive_run
from service.web.app import make_app
from store.papers import apply_harvest, papers_in_order
from store.schema import digest as digest_table
from tests.service.web.conftest import LAST_WEEK, NOW, WordEncoder, make_context

_ASKED = f"term=technique:diffusion&since={LAST_WEEK.monday}&until={LAST_WEEK.sunday}"
PAPERS = f"/api/v1/papers?{_ASKED}"
PAPERS_BY_PAGE = f"{PAPERS}&limit=1"
TREND = f"/api/v1/trends?{_ASKED}"
SEARCH = "/search?q=diffusion+model"


def test_every_pool_is_of_the_same_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(cache, "time", SimpleNamespace(monotonic=lambda: now[0]))
    context = make_context(tmp_path, filled=False)
    before = context.state_cache.state()
    now[0] = 0.75 * CHECK_EVERY_S
    for pool in ("large", "search"):
        assert context.cached("k", lambda: "before", pool=pool) == "before"
    with exclusive_run(context, "run", "2026-W25"):
        pass
    now[0] = 1.25 * CHECK_EVERY_S
    assert context.state_cache.state() != before
    for pool in ("large", "search"):
        assert context.cached("k", lambda: "after", pool=pool) == "after"
    context.db.close()


def test_a_recent_value_is_made_again_whenever_the_state_is_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, n_made = [0.0], count()
    monkeypatch.setattr(cache, "time", SimpleNamespace(monotonic=lambda: now[0]))
    context = make_context(tmp_path, filled=False)
    made = []
    for now[0] in (0.0, 0.9 * CHECK_EVERY_S, 1.1 * CHECK_EVERY_S, 2.0 * CHECK_EVERY_S, 2.2 * CHECK_EVERY_S):
        made.append(context.cached("k", lambda: next(n_made), pool="recent"))
    assert made == [0, 0, 1, 1, 2]
    context.db.close()


def test_what_never_changes_is_kept_when_the_database_changes(tmp_path: Path) -> None:
    n_made = count()
    with make_context(tmp_path, check_every_s=0.0) as context:
        [head] = published_digests(context)
        assert (sentences := further_sentences(context, head))
        shared = context.cached("k", lambda: next(n_made))
        with context.db.write() as connection:
            connection.execute(digest_table.update().values(content=b"not read again"))
        with exclusive_run(context, "run", "2026-W25"):
            pass
        assert context.cached("k", lambda: next(n_made)) != shared
        assert further_sentences(context, head) == sentences


# -- a database that changes while the service runs


@dataclass
class Loading:
    """How the index is loaded: it waits for ``release``, and fails with ``error``."""

    release: threading.Event = field(default_factory=threading.Event)
    error: StoreError | None = None
    n_begun: int = 0
    n_read: int = 0
    n_ended: int = 0

    def __call__(self, context: AppContext) -> PaperIndex:
        self.n_begun += 1
        try:
            index = load_index(context)
            self.n_read += 1
            assert self.release.wait(20)
            if self.error:
                raise self.error
            return index
        finally:
            self.n_ended += 1


@pytest.fixture
def loading() -> Iterator[Loading]:
    """Loads of the index that can be held up."""
    how = Loading()
    how.release.set()
    yield how
    how.release.set()
    _wait_for(lambda: how.n_begun == how.n_ended)


def _make_context(folder: Path, loading: Loading, *, filled: bool = True) -> CachedContext:
    """A context whose every look at the database is a fresh one."""
    return make_context(folder, filled=filled, load_index=loading, check_every_s=0.0)


def _wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)


def _add_paper(context: CachedContext) -> None:
    """What a run of another process does: one more paper on diffusion in the last week, and its numbers."""
    other = AppContext(context.settings, encoder=WordEncoder())
    with exclusive_run(other, "run", str(LAST_WEEK)):
        [known] = papers_in_order(other.db, [ArxivId("2606.00096")])
        abstract = "We propose a diffusion model for images, which denoises them step by step."
        new = replace(known, arxiv_id=ArxivId("2606.09999"), title="A diffusion model for images", abstract=abstract)
        apply_harvest(other.db, plan_harvest([new], {}), None, seen_at=NOW)
        for stage in (stages.embed, stages.detect, stages.tables):
            for _ in stage(other):
                pass
    other.db.close()


def test_nothing_of_the_old_index_is_kept_under_the_new_state(tmp_path: Path, loading: Loading) -> None:
    context = _make_context(tmp_path, loading)
    client = TestClient(make_app(context.settings, context))
    context.preload()
    first = client.get(PAPERS)
    n = first.json()["total"]
    loading.release.clear()
    _add_paper(context)

    during = client.get(PAPERS)  # the first request after the run begins the load and is answered as before
    assert during.json()["total"] == client.get(PAPERS_BY_PAGE).json()["total"] == n
    _wait_for(lambda: loading.n_begun == 2)
    assert client.get(PAPERS, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    state = context.state_cache.state()
    loading.release.set()
    _wait_for(lambda: context.state_cache.state() != state)

    after = client.get(PAPERS, headers={"If-None-Match": during.headers["etag"]})
    assert after.status_code == 200
    assert after.json()["total"] == client.get(PAPERS_BY_PAGE).json()["total"] == n + 1
    [point] = client.get(TREND).json()["series"][0]["points"]
    assert point["k"] == n + 1
    assert loading.n_begun == 2, "it is loaded once for each change"
    context.db.close()


def test_a_service_that_starts_empty_finds_what_another_process_stores(tmp_path: Path, loading: Loading) -> None:
    context = _make_context(tmp_path, loading, filled=False)
    client = TestClient(make_app(context.settings, context))
    context.preload()
    assert "o papers are stored yet" in client.get(SEARCH).text
    loading.release.clear()
    make_context(tmp_path).db.close()
    assert "o papers are stored yet" in client.get(SEARCH).text
    state = context.state_cache.state()
    loading.release.set()
    _wait_for(lambda: context.state_cache.state() != state)

    page = client.get(SEARCH).text
    assert "o papers are stored yet" not in page
    assert "/papers/2606." in page
    assert client.get("/api/v1/topics").json()["total"] == 3
    context.db.close()


def test_a_run_that_ends_while_the_first_index_is_loaded_is_not_missed(tmp_path: Path, loading: Loading) -> None:
    context = _make_context(tmp_path, loading)
    client = TestClient(make_app(context.settings, context))
    loading.release.clear()
    loader = threading.Thread(target=context.preload)
    loader.start()
    _wait_for(lambda: loading.n_read == 1)
    _add_paper(context)
    asked: list[int] = []
    request = threading.Thread(target=lambda: asked.append(client.get(PAPERS).json()["total"]))
    request.start()  # it is of the new state, and may wait for an index that is not
    time.sleep(0.3)
    loading.release.set()
    loader.join(20)
    request.join(20)
    fresh = make_context(tmp_path, filled=False)
    n = TestClient(make_app(fresh.settings, fresh)).get(PAPERS).json()["total"]
    assert asked[0] in (n - 1, n)
    _wait_for(lambda: client.get(PAPERS).json()["total"] == n)
    fresh.db.close()
    context.db.close()


def test_a_load_that_fails_is_tried_again(tmp_path: Path, loading: Loading) -> None:
    context = _make_context(tmp_path, loading)
    client = TestClient(make_app(context.settings, context))
    context.preload()
    n = client.get(PAPERS).json()["total"]
    loading.error = StoreError("the database is locked")
    _add_paper(context)
    assert client.get(PAPERS).json()["total"] == n
    _wait_for(lambda: loading.n_ended == 2)
    assert client.get(PAPERS).json()["total"] == n
    loading.error = None
    _wait_for(lambda: client.get(PAPERS).json()["total"] == n + 1)
    context.db.close()


def test_closing_waits_for_an_index_that_is_being_loaded(tmp_path: Path, loading: Loading) -> None:
    context = _make_context(tmp_path, loading)
    context.preload()
    loading.release.clear()
    _add_paper(context)
    context.state_cache.state()
    _wait_for(lambda: loading.n_read == 2)
    threading.Timer(0.2, loading.release.set).start()
    context.close()
    assert loading.n_ended == 2
