"""The rate limiter: one request at a time, waits, and pauses."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from domain.arxiv_rate_limit import LimiterState, RequestOutcome
from domain.errors import SourcePaused, SourceUnavailable
from domain.harvest import Window
from domain.paper import Paper
from ingest.query_api_client import ArxivClient
from ingest.rate_limiter import InProcessLimiterStore, RateLimiter
from ingest.settings import ArxivSettings
from sample.arxiv_server import SampleArxiv

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
MONDAY = datetime(2026, 6, 15, tzinfo=UTC)
WINDOW = Window(MONDAY, MONDAY + timedelta(days=7))
Make = Callable[..., Paper]


class _Time:
    """A clock that advances only by sleeping."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


class _Noting(InProcessLimiterStore):
    def __init__(self) -> None:
        super().__init__()
        self.answers: list[RequestOutcome] = []

    def change(
        self, decide: Callable[[LimiterState], LimiterState], answer: RequestOutcome | None = None
    ) -> LimiterState:
        self.answers += [answer] if answer else []
        return super().change(decide)


def _settings(arxiv: SampleArxiv, **other: float) -> ArxivSettings:
    plain = {"api_url": arxiv.api_url, "delay_s": 0, "max_tries": 2, "timeout_s": 0.5, "page_size": 10}
    return ArxivSettings.model_validate(plain | other)


def _ask(client: ArxivClient) -> None:
    client.page(WINDOW, ("cs.LG",), start=0, size=1)


def test_the_delay_applies_between_requests_but_not_before_the_first(make_paper: Make) -> None:
    time = _Time()
    with SampleArxiv([make_paper(1)], now=NOW) as arxiv:
        settings = _settings(arxiv, delay_s=3)
        client = ArxivClient(
            settings, product="test", rate_limiter=RateLimiter(settings, clock=time.clock, sleep=time.sleep)
        )
        _ask(client)
        assert time.slept == []
        _ask(client)
        assert time.slept == [3]
        time.now += timedelta(seconds=2)
        _ask(client)
        assert time.slept == [3, 1]
        time.now += timedelta(seconds=60)
        _ask(client)
        assert time.slept == [3, 1]


def test_two_clients_with_one_limiter_never_send_at_the_same_time_or_too_soon(make_paper: Make) -> None:
    spans: list[tuple[float, float]] = []

    class Watched(InProcessLimiterStore):
        def change(
            self, decide: Callable[[LimiterState], LimiterState], answer: RequestOutcome | None = None
        ) -> LimiterState:
            if answer is not None:
                spans.append((time.monotonic() - answer.seconds, time.monotonic()))
            return super().change(decide)

    with SampleArxiv([make_paper(1)], now=NOW).failing("stall", at=range(1, 9), arg=0.02) as arxiv:
        settings = _settings(arxiv, delay_s=0.05)
        limiter_store = Watched()
        clients = [
            ArxivClient(settings, product="test", rate_limiter=RateLimiter(settings, limiter_store)) for _ in range(2)
        ]
        threads = [threading.Thread(target=lambda c=c: [_ask(c) for _ in range(4)]) for c in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    spans.sort()
    assert len(spans) == 8
    assert all(b[0] - a[1] >= 0.045 for a, b in itertools.pairwise(spans))


def test_a_permit_of_a_dead_process_is_taken_over_at_once(make_paper: Make) -> None:
    limiter_store = _Noting()
    limiter_store.change(
        lambda _: LimiterState(holder="host:7:1:1", held_until=datetime.now(UTC) + timedelta(minutes=5))
    )
    with SampleArxiv([make_paper(1)], now=NOW) as arxiv:
        settings = _settings(arxiv)
        asked: list[str] = []
        rate_limiter = RateLimiter(settings, limiter_store, has_ended=lambda process: asked.append(process) is None)
        _ask(ArxivClient(settings, product="test", rate_limiter=rate_limiter))
    assert set(asked) == {"host:7:1"}


def test_every_answer_is_noted_with_what_became_of_it(make_paper: Make) -> None:
    limiter_store = _Noting()
    with SampleArxiv([make_paper(1)], now=NOW).failing("503", at=(1,)).failing("error", at=(3,)) as arxiv:
        settings = _settings(arxiv)
        client = ArxivClient(settings, product="test", rate_limiter=RateLimiter(settings, limiter_store))
        _ask(client)
        with pytest.raises(Exception, match="could not be completed"):
            _ask(client)
    assert [(a.outcome, a.status, a.problem is None) for a in limiter_store.answers] == [
        ("refused", 503, False),
        ("usable", 200, True),
        ("rejected", 200, False),
    ]
    assert all(a.n_bytes > 0 and a.seconds > 0 and a.url.startswith(settings.api_url) for a in limiter_store.answers)


def test_after_too_many_refusals_one_line_says_until_when_and_nobody_asks_before(make_paper: Make) -> None:
    with SampleArxiv([make_paper(1)], now=NOW).failing("429", at=range(1, 99)) as arxiv:
        settings = _settings(arxiv, max_tries=9, max_refusals=3)
        rate_limiter = RateLimiter(settings)
        with pytest.raises(SourcePaused, match=r"429; requests are paused until 20\d\d-\d\d-\d\d \d\d:\d\d UTC$"):
            _ask(ArxivClient(settings, product="test", rate_limiter=rate_limiter))
        assert arxiv.n_requests == 3
        with pytest.raises(SourcePaused, match="run again after that"):
            _ask(ArxivClient(settings, product="test", rate_limiter=rate_limiter))
        assert arxiv.n_requests == 3


def test_a_network_outage_does_not_pause_requests() -> None:
    with SampleArxiv([], now=NOW) as arxiv:
        settings = _settings(arxiv, max_tries=9, max_refusals=1)
    limiter_store = _Noting()
    with pytest.raises(SourceUnavailable, match="cannot reach arXiv"):
        _ask(ArxivClient(settings, product="test", rate_limiter=RateLimiter(settings, limiter_store)))
    assert [a.outcome for a in limiter_store.answers] == ["unreached"] * 9
    assert limiter_store.read().closed_until is None


def test_an_answer_that_trickles_is_given_up(make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(20)]
    with SampleArxiv(papers, now=NOW).failing("trickle", at=(1,), arg=0.05) as arxiv:
        settings = _settings(arxiv, answer_s=0.3, max_tries=1)
        began = time.monotonic()
        with pytest.raises(SourceUnavailable, match="longer than"):
            ArxivClient(settings, product="test").page(WINDOW, ("cs.LG",), start=0, size=20)
        assert time.monotonic() - began < 10
