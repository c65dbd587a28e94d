"""Threads that make pages which are not cached, shared fairly between networks.

A request is charged the processor time that it is estimated to need, before it waits, and what it took beyond that
afterwards. Requests wait for a thread; the next is always one of the network that has the most of its allowance left,
so that a reader who asks now and then does not wait behind those who ask all the time.
"""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from domain.errors import OverloadedError, TooManyRequests
from runtime.service_settings import ServiceSettings
from service.web.client import LOCAL_USER
from service.web.rate_limit import RateLimit, network_of
from store.database import time_limit

_T = TypeVar("_T")

EXPENSIVE_S = 0.1
"""Requests that are estimated to need more processor time than this, in seconds, are expensive."""
N_EXPENSIVE = max(1, (os.cpu_count() or 1) - 1)
"""Expensive requests that run at once: fewer than there are cores, so that one is left for all others."""
N_EXPENSIVE_PER_NETWORK = 2
"""Expensive requests of one network that run at once."""
N_ORDINARY = max(8, 4 * (os.cpu_count() or 1))
"""Other requests that are made at once: searches that come together are compared with all papers together."""
MOST_WAITING = 64
"""Requests that wait for a thread of one pool."""
MOST_WAITING_PER_NETWORK = 8
"""Requests of one network that wait for a thread of one pool."""
WAIT_S = 10.0
"""How long a request waits for a thread."""
IDLE_S = 30.0
"""How long a thread waits for work before it ends."""
MOST_CHARGED_S = 1.0
"""The most processor time that one request is charged: the first one after a change may load what all others need."""


class WorkPools:
    """The two pools, for expensive requests and for all others, and the allowance of each network."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.allowance = RateLimit(settings.work_s_per_minute)
        self._query_s = settings.query_s or None
        self.expensive = WorkPool("expensive", N_EXPENSIVE, self.allowance.tokens, per_network=N_EXPENSIVE_PER_NETWORK)
        self.ordinary = WorkPool("page", N_ORDINARY, self.allowance.tokens, per_network=N_ORDINARY)

    def submit(self, client: str, cost_s: float, work: Callable[[], _T]) -> Future[_T]:
        """Do work for a client in a thread of the fitting pool.

        Parameters
        ----------
        client : the address of the client, or ``LOCAL_USER``, who has no limits.
        cost_s : the estimated processor time, in seconds.
        work : what is to be done; its database reads are bounded by the setting ``query_s``.

        Raises
        ------
        TooManyRequests
            If the client's network has used up its allowance, or has too many requests waiting.
        OverloadedError
            If too many requests wait. The future raises it too, after ``WAIT_S`` without a thread.
        """
        is_charged = client != LOCAL_USER
        if is_charged and (wait_s := self.allowance.wait_s(client, cost_s)):
            raise TooManyRequests.after(wait_s)

        def measured() -> _T:
            began_s = time.thread_time()
            try:
                with time_limit(self._query_s):
                    return work()
            finally:
                took_s = min(time.thread_time() - began_s, MOST_CHARGED_S)
                if is_charged:
                    self.allowance.charge(client, max(0.0, took_s - cost_s))

        pool = self.expensive if cost_s > EXPENSIVE_S else self.ordinary
        return pool.submit(network_of(client), measured)


@dataclass(eq=False)
class _Waiting:
    network: str
    work: Callable[[], Any]
    future: Future[Any]
    since: float


class WorkPool:
    """Threads that take the waiting work of the network with the most tokens left, the oldest first.

    Parameters
    ----------
    name : of the threads.
    n_threads : how much is done at once.
    tokens : what a network has left.
    per_network : how much is done at once for one network.
    """

    def __init__(self, name: str, n_threads: int, tokens: Callable[[str], float], *, per_network: int) -> None:
        self._name = name
        self._n_threads = n_threads
        self._tokens = tokens
        self._per_network = per_network
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._running: Counter[str] = Counter()
        self._n_started = 0

    @property
    def n_running(self) -> int:
        """How much is done now."""
        return sum(self._running.values())

    @property
    def n_waiting(self) -> int:
        """How much waits for a thread."""
        return len(self._waiting)

    def submit(self, network: str, work: Callable[[], _T]) -> Future[_T]:
        """Do work for a network, in the context of the caller.

        Raises
        ------
        TooManyRequests
            If too much of the network waits.
        OverloadedError
            If too much waits in all, and no other network has fewer tokens left.
        """
        future: Future[_T] = Future()
        work = _in_this_context(work)
        with self._changed:
            of_network = sum(one.network == network for one in self._waiting)
            if of_network >= MOST_WAITING_PER_NETWORK and network != LOCAL_USER:
                raise TooManyRequests.after(1)
            if len(self._waiting) >= MOST_WAITING:
                self._make_room(network)
            self._waiting.append(_Waiting(network, work, future, time.monotonic()))
            if self._n_started < self._n_threads:
                self._n_started += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
            self._changed.notify()
        return future

    def _make_room(self, network: str) -> None:
        """Give up the newest work of the network with the fewest tokens."""
        last = min(reversed(self._waiting), key=lambda one: self._tokens(one.network))
        if self._tokens(last.network) >= self._tokens(network):
            raise OverloadedError()
        self._waiting.remove(last)
        last.future.set_exception(OverloadedError())

    def _run(self) -> None:
        while True:
            with self._changed:
                while (one := self._next()) is None:
                    if not self._changed.wait(IDLE_S) and not self._waiting:
                        self._n_started -= 1
                        return
                self._running[one.network] += 1
            try:
                if one.future.set_running_or_notify_cancel():
                    _fulfil(one)
            finally:
                with self._changed:
                    self._running[one.network] -= 1
                    if not self._running[one.network]:
                        del self._running[one.network]
                    self._changed.notify()
                del one

    def _next(self) -> _Waiting | None:
        """The work to do next, taken out of what waits."""
        oldest = time.monotonic() - WAIT_S
        for late in [one for one in self._waiting if one.since < oldest]:
            self._waiting.remove(late)
            if late.future.set_running_or_notify_cancel():
                late.future.set_exception(OverloadedError())
        ready = [one for one in self._waiting if self._running[one.network] < self._per_network]
        if not ready:
            return None
        best = max(ready, key=lambda one: self._tokens(one.network))  # the first, so the oldest, of several
        self._waiting.remove(best)
        return best


def _in_this_context(work: Callable[[], _T]) -> Callable[[], _T]:
    context = contextvars.copy_context()
    return lambda: context.run(work)


def _fulfil(one: _Waiting) -> None:
    try:
        one.future.set_result(one.work())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
        one.future.set_exception(error)
