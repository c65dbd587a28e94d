"""A cache in which each value is made by one thread while the others that want it wait."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, Literal, TypeVar

_T = TypeVar("_T")
_MIB = 2**20

CachePool = Literal["shared", "search", "large", "recent", "unchanging"]
"""Which cache holds a value: what many readers ask for, one reader's search, what takes megabytes, what a job changes
while it works, which is made again whenever the state of the database is looked up, or what never changes."""

POOL_BYTES: Mapping[CachePool, int] = {
    "shared": 64 * _MIB,
    "search": 32 * _MIB,
    "large": 96 * _MIB,
    "recent": 1 * _MIB,
    "unchanging": 1 * _MIB,
}
"""The bound of each pool. Separate pools keep one reader's searches from pushing out what all readers need."""

_LARGEST_PART = 4
"""A value that takes more than a quarter of the bound is not kept, because it would push out too many others."""
_ENTRY_BYTES = 200
"""What the cache itself needs for a value."""
_N_SAMPLED = 64
_N_SAMPLED_WITHIN = 12
_MAX_DEPTH = 32


class SingleFlightCache:
    """Values by key, bounded in bytes; the one that was not asked for the longest makes room.

    With ``state`` all values belong to one state of the database: when it changes they are forgotten, and a value that
    was begun under an old state is not kept. Safe for several threads.

    Parameters
    ----------
    max_bytes : the bound on all keys and values together. A value larger than a quarter of it is made each time.
    size_of : the bytes of a value; by default the estimate ``estimated_bytes``. Keys are always estimated.
    state : the present state of the database; values that compare equal are the same state.
    check_every_s : how many seconds a state counts as the present one before it is looked up again.
    """

    def __init__(
        self,
        max_bytes: int,
        *,
        size_of: Callable[[Any], int] | None = None,
        state: Callable[[], Hashable] = lambda: None,
        check_every_s: float = 0.0,
    ) -> None:
        self._max_bytes = max_bytes
        self._size_of = size_of or estimated_bytes
        self._look_up_state = state
        self._check_every_s = check_every_s
        self._lock = threading.Lock()
        self._state: Hashable = None
        self._n_states = 0
        self._checked_at = float("-inf")
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._n_bytes = 0
        # By the number of the state too: who asks after a change does not wait for a value of the old state.
        self._flights: dict[tuple[int, Hashable], _Flight[Any]] = {}

    @property
    def n_bytes(self) -> int:
        """The bytes of all keys and values held."""
        return self._n_bytes

    def __len__(self) -> int:
        """How many values are held."""
        return len(self._entries)

    def state(self) -> Hashable:
        """The state of the values held, looked up again after ``check_every_s`` seconds."""
        if self.is_checked:
            return self._state
        state = self._look_up_state()
        with self._lock:
            self._checked_at = time.monotonic()
            if state != self._state:
                self._state = state
                self._n_states += 1
                self._entries.clear()
                self._n_bytes = 0
            return self._state

    def look_up(self) -> tuple[Hashable, float]:
        """The state, and when it was looked up, in seconds of a clock of its own."""
        return self.state(), self._checked_at

    @property
    def is_checked(self) -> bool:
        """Whether the state was looked up within the last ``check_every_s`` seconds."""
        return time.monotonic() - self._checked_at < self._check_every_s

    def held(self, key: Hashable) -> Any | None:
        """The value held for a key under the state last looked up; ``None`` if there is none. It never waits."""
        with self._lock:
            entry = self._entry(key)
        return None if entry is None else entry.value

    def get_or_make(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The value of a key, from ``make`` if it is not held.

        Threads that ask for it meanwhile get the same value. If ``make`` raises, its own caller gets the error, and
        the next of those that wait tries.
        """
        self.state()
        with self._lock:
            if (entry := self._entry(key)) is not None:
                found: _T = entry.value
                return found
            n_state = self._n_states
            flight: _Flight[_T] = self._flights.setdefault((n_state, key), _Flight())
            flight.n_threads += 1
        try:
            with flight.turn:
                if not flight.made:
                    value = make()
                    self._keep(key, value, n_state)
                    flight.made.append(value)
                return flight.made[0]
        finally:
            with self._lock:
                flight.n_threads -= 1
                if not flight.n_threads:
                    del self._flights[n_state, key]

    def _entry(self, key: Hashable) -> _Entry | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def _keep(self, key: Hashable, value: object, n_state: int) -> None:
        entry = _Entry(value, self._size_of(value) + estimated_bytes(key) + _ENTRY_BYTES)
        if entry.n_bytes > self._max_bytes // _LARGEST_PART:
            return
        with self._lock:
            if n_state != self._n_states:  # it may hold what was true before
                return
            self._entries[key] = entry
            self._n_bytes += entry.n_bytes
            while self._n_bytes > self._max_bytes:
                self._n_bytes -= self._entries.popitem(last=False)[1].n_bytes


@dataclass(frozen=True, eq=False)
class _Entry:
    value: Any
    n_bytes: int


@dataclass(eq=False)
class _Flight(Generic[_T]):
    """One value being made; it is forgotten when no thread makes it or waits for it any more."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    made: list[_T] = field(default_factory=list)
    n_threads: int = 0


def estimated_bytes(value: object) -> int:
    """About how many bytes a value takes, with all that it holds.

    Of a long collection about a hundred members are measured, of one within another about a dozen, and the others
    taken to be like them, so that a list of a hundred thousand papers is measured as fast as a short one.

    Examples
    --------
    >>> estimated_bytes("a" * 1000) > 1000
    True
    >>> 0.9 < estimated_bytes([str(n) for n in range(20_000)]) / estimated_bytes([str(n) for n in range(10_000)]) / 2
    True
    """
    return _estimated(value, set(), _MAX_DEPTH)


def _estimated(value: object, seen: set[int], depth: int) -> int:
    if id(value) in seen or not depth:
        return 0
    seen.add(id(value))
    if (n_bytes := getattr(value, "nbytes", None)) is not None:  # an array, which may be a view of another
        return sys.getsizeof(value) + int(n_bytes)
    size = sys.getsizeof(value)
    if isinstance(value, Mapping):
        return size + _of_members(value, len(value), seen, depth) + _of_members(value.values(), len(value), seen, depth)
    if isinstance(value, (list, tuple, set, frozenset)):
        return size + _of_members(value, len(value), seen, depth)
    if (fields := getattr(value, "__dict__", None)) is not None:  # the names of its fields are its class's
        return size + sys.getsizeof(fields) + _of_members(fields.values(), len(fields), seen, depth)
    return size


def _of_members(members: Iterable[object], n: int, seen: set[int], depth: int) -> int:
    step = max(1, n // (_N_SAMPLED if depth == _MAX_DEPTH else _N_SAMPLED_WITHIN))
    sampled = list(islice(members, 0, None, step))
    total = sum(_estimated(member, seen, depth - 1) for member in sampled)
    return total * n // len(sampled) if sampled else 0
