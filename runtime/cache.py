"""Values cached for one state of the database."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Literal, TypeVar

_T = TypeVar("_T")


CachePool = Literal["shared", "search", "large"]
"""Where a value is kept: with what many readers ask for, with one reader's search, or with what takes megabytes."""


MOST_KEPT: Mapping[CachePool, int] = {"shared": 512, "search": 256, "large": 6}
"""How many values a pool keeps; the one that nobody asked for the longest makes room."""


class StateCache:
    """Values by key, all of one state of the database; when the state changes they are forgotten."""

    def __init__(
        self, state: Callable[[], Hashable], *, most: int = MOST_KEPT["shared"], look_every_s: float = 0.0
    ) -> None:
        self._ask = state
        self._most = most
        self._look_every_s = look_every_s
        self._lock = threading.Lock()
        self._state: Hashable = None
        self._n_states = 0
        self._looked_at = float("-inf")
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def state(self) -> Hashable:
        """The state that answers are of, looked up again after ``look_every_s`` seconds."""
        if time.monotonic() - self._looked_at < self._look_every_s:
            return self._state
        state = self._ask()
        with self._lock:
            self._looked_at = time.monotonic()
            if state != self._state:
                self._state = state
                self._n_states += 1
                self._values.clear()
                self._making.clear()
            return self._state

    def cached(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The value of a key, made by one thread while others that want it wait."""
        self.state()
        with self._lock:
            if key in self._values:
                found: _T = self._found(key)
                return found
            at = self._n_states
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._values:
                    value: _T = self._found(key)
                    return value
            value = make()
            with self._lock:
                self._making.pop(key, None)
                if at == self._n_states:  # or it may hold what was true before
                    self._values[key] = value
                    if len(self._values) > self._most:
                        self._values.popitem(last=False)
            return value

    def _found(self, key: Hashable) -> Any:
        self._values.move_to_end(key)
        return self._values[key]
