"""Rate limits: a token bucket for each network."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_NETWORKS = 10_000
"""Buckets kept; the least recently used one makes room."""


def network_of(address: str) -> str:
    """The network that shares a bucket: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


class RateLimit:
    """At most ``per_minute`` tokens a minute for each network, half of them at once; 0 is no limit."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._most = max(1.0, per_minute / 2)
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens left, and when

    def wait_s(self, address: str, cost: float = 1.0) -> float:
        """0 after taking ``cost`` tokens; else, with nothing taken, the seconds until there are enough."""
        if not self._per_second:
            return 0.0
        cost = min(cost, self._most)
        with self._lock:
            network, tokens, now = self._left(address)
            wait = 0.0 if tokens >= cost else (cost - tokens) / self._per_second
            self._keep(network, tokens if wait else tokens - cost, now)
        return wait

    def charge(self, address: str, cost: float) -> None:
        """Take ``cost`` tokens, even where there are fewer; the debt is at most a full bucket."""
        if not self._per_second:
            return
        with self._lock:
            network, tokens, now = self._left(address)
            self._keep(network, max(-self._most, tokens - cost), now)

    def tokens(self, address: str) -> float:
        """The tokens that a network has left; infinite without a limit."""
        if not self._per_second:
            return math.inf
        with self._lock:
            return self._left(address)[1]

    def _left(self, address: str) -> tuple[str, float, float]:
        network, now = network_of(address), self._clock()
        tokens, at = self._buckets.get(network, (self._most, now))
        return network, min(self._most, tokens + (now - at) * self._per_second), now

    def _keep(self, network: str, tokens: float, now: float) -> None:
        self._buckets[network] = (tokens, now)
        self._buckets.move_to_end(network)
        if len(self._buckets) > MOST_NETWORKS:
            self._buckets.popitem(last=False)
