"""Work of several networks is shared fairly, and bounded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from domain.errors import OverloadedError, TooManyRequests
from runtime.service_settings import ServiceSettings
from service.web import page_threads
from service.web.page_threads import EXPENSIVE_S, MOST_WAITING, MOST_WAITING_PER_NETWORK, WorkPool, WorkPools
from service.web.rate_limit import RateLimit


class Blocker:
    """Work that runs until it is released, and notes the order in which it began."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun: list[str] = []
        self.n_at_once = self.most_at_once = 0
        self._lock = threading.Lock()

    def work(self, name: str) -> Callable[[], str]:
        def run() -> str:
            with self._lock:
                self.begun.append(name)
                self.n_at_once += 1
                self.most_at_once = max(self.most_at_once, self.n_at_once)
            self.go.wait(10)
            with self._lock:
                self.n_at_once -= 1
            return name

        return run

    def wait_for(self, n: int) -> None:
        end = time.monotonic() + 10
        while len(self.begun) < n:
            assert time.monotonic() < end
            time.sleep(0.002)


def test_the_network_with_the_most_left_is_next() -> None:
    left = {"greedy": 0.1, "other": 1.0, "new": 3.0}
    pool, blocker = WorkPool("test", 1, left.__getitem__, per_network=1), Blocker()
    futures: list[Future[str]] = [pool.submit("greedy", blocker.work("greedy 1"))]
    blocker.wait_for(1)
    for network, name in (("greedy", "greedy 2"), ("other", "other 1"), ("new", "new 1"), ("other", "other 2")):
        futures.append(pool.submit(network, blocker.work(name)))
    blocker.go.set()
    assert [future.result(10) for future in futures] == ["greedy 1", "greedy 2", "other 1", "new 1", "other 2"]
    assert blocker.begun == ["greedy 1", "new 1", "other 1", "other 2", "greedy 2"]


def test_so_much_runs_at_once_in_all_and_for_one_network() -> None:
    pool, blocker = WorkPool("test", 3, lambda _: 1.0, per_network=2), Blocker()
    futures = [pool.submit("one", blocker.work(f"one {n}")) for n in range(4)]
    blocker.wait_for(2)
    time.sleep(0.05)
    assert blocker.begun == ["one 0", "one 1"]
    futures += [pool.submit(network, blocker.work(network)) for network in ("two", "three")]
    blocker.wait_for(3)
    time.sleep(0.05)
    assert blocker.begun[2:] == ["two"]
    blocker.go.set()
    assert len({future.result(10) for future in futures}) == 6
    assert blocker.most_at_once == 3


def test_a_network_with_too_much_waiting_is_refused() -> None:
    pool, blocker = WorkPool("test", 1, lambda _: 1.0, per_network=1), Blocker()
    pool.submit("one", blocker.work("first"))
    blocker.wait_for(1)
    for _ in range(MOST_WAITING_PER_NETWORK):
        pool.submit("one", blocker.work("more"))
    with pytest.raises(TooManyRequests):
        pool.submit("one", blocker.work("too many"))
    blocker.go.set()


def test_a_full_pool_gives_up_what_the_greediest_wants() -> None:
    left: dict[str, float] = {}
    pool, blocker = WorkPool("test", 1, lambda network: left.get(network, 1.0), per_network=1), Blocker()
    pool.submit("first", blocker.work("first"))
    blocker.wait_for(1)
    left["network 3"] = 0.0
    futures = [pool.submit(f"network {n}", blocker.work(str(n))) for n in range(MOST_WAITING)]
    late = pool.submit("late", blocker.work("late"))
    with pytest.raises(OverloadedError):
        futures[3].result(10)
    with pytest.raises(OverloadedError):
        pool.submit("another", blocker.work("another"))
    blocker.go.set()
    assert late.result(10) == "late"


def test_what_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_threads, "WAIT_S", 0.05)
    pool, blocker = WorkPool("test", 1, lambda _: 1.0, per_network=1), Blocker()
    pool.submit("one", blocker.work("one"))
    blocker.wait_for(1)
    waiting = pool.submit("two", blocker.work("two"))
    time.sleep(0.1)
    blocker.go.set()
    with pytest.raises(OverloadedError):
        waiting.result(10)
    assert blocker.begun == ["one"]


def test_errors_of_the_work_are_raised_where_it_is_awaited() -> None:
    def fail() -> None:
        raise KeyError("x")

    pool = WorkPool("test", 1, lambda _: 1.0, per_network=1)
    with pytest.raises(KeyError):
        pool.submit("one", fail).result(10)
    assert pool.submit("one", lambda: 7).result(10) == 7


def test_work_is_charged_before_it_waits_and_the_rest_afterwards() -> None:
    pools = WorkPools(ServiceSettings(work_s_per_minute=4.0))  # two seconds at once

    def compute() -> None:
        end = time.thread_time() + 0.3
        while time.thread_time() < end:
            pass

    pools.submit("192.0.2.1", EXPENSIVE_S + 0.05, compute).result(10)
    assert 1.65 < pools.allowance.tokens("192.0.2.1") < 1.95
    pools.submit("192.0.2.1", 1.6, lambda: None).result(10)
    with pytest.raises(TooManyRequests) as refused:
        pools.submit("192.0.2.1", 1.0, lambda: None)
    assert 1 <= refused.value.retry_after_s <= 15
    assert pools.submit("192.0.2.2", 1.0, lambda: "other").result(10) == "other"


def test_a_debt_is_at_most_a_full_bucket() -> None:
    now = 0.0
    limit = RateLimit(60, clock=lambda: now)
    limit.charge("192.0.2.1", 1000)
    assert limit.tokens("192.0.2.1") == -30
    now = 31.0
    assert limit.wait_s("192.0.2.1") == 0
    assert RateLimit(0).tokens("192.0.2.1") == float("inf")
