"""A cache makes each value once, forgets the old state, and keeps within its bytes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from runtime.single_flight_cache import SingleFlightCache, estimated_bytes

MIB = 2**20


def test_a_value_is_made_once_for_each_state() -> None:
    state: list[Hashable] = ["before"]
    made: list[str] = []
    cache = SingleFlightCache(MIB, state=lambda: state[0])

    def make() -> str:
        made.append("x")
        return f"{state[0]} {len(made)}"

    assert [cache.get_or_make("k", make), cache.get_or_make("k", make)] == ["before 1", "before 1"]
    state[0] = "after"
    assert [cache.get_or_make("k", make), cache.get_or_make("k", make)] == ["after 2", "after 2"]


def test_a_value_begun_in_a_state_that_has_passed_is_not_kept() -> None:
    state: list[Hashable] = ["first"]
    cache = SingleFlightCache(MIB, state=lambda: state[0])

    def make() -> str:
        for now in ("second", "first"):
            state[0] = now
            cache.state()
        return "old"

    assert cache.get_or_make("k", make) == "old"
    assert cache.get_or_make("k", lambda: "new") == "new"


def test_nobody_waits_for_a_value_of_an_old_state() -> None:
    state, go_on, began = ["old"], threading.Event(), threading.Event()
    cache = SingleFlightCache(MIB, state=lambda: state[0])

    def slowly() -> str:
        began.set()
        assert go_on.wait(20)
        return "old"

    with ThreadPoolExecutor(1) as threads:
        old = threads.submit(cache.get_or_make, "k", slowly)
        assert began.wait(20)
        state[0] = "new"
        assert cache.get_or_make("k", lambda: "new") == "new"
        go_on.set()
        assert old.result(20) == "old"
    assert cache.get_or_make("k", lambda: "made again") == "new"


def _readers_of(cache: SingleFlightCache, make: Callable[[], str], n: int) -> list[str | None]:
    """What each of ``n`` threads gets that all want one value while it is being made; ``None`` for an error."""

    def read(_: int) -> str | None:
        try:
            return cache.get_or_make("k", make)
        except ValueError:
            return None

    with ThreadPoolExecutor(n) as threads:
        return list(threads.map(read, range(n)))


@pytest.mark.parametrize("max_bytes", [MIB, 0], ids=["kept", "too large to be kept"])
def test_threads_that_want_the_same_value_at_once_share_it(max_bytes: int) -> None:
    cache, asked, n_made = SingleFlightCache(max_bytes), threading.Event(), []

    def make() -> str:
        n_made.append(1)
        asked.wait(0.2)
        return "value"

    assert _readers_of(cache, make, 4) == ["value"] * 4
    assert len(n_made) == 1


def test_a_value_that_could_not_be_made_is_made_for_the_next_reader() -> None:
    cache = SingleFlightCache(MIB)

    def fail() -> str:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        cache.get_or_make("k", fail)
    assert cache.get_or_make("k", lambda: "made") == "made"


def test_those_who_wait_for_a_value_that_could_not_be_made_try_one_at_a_time() -> None:
    cache, asked, tries, at_once = SingleFlightCache(MIB), threading.Event(), [], []

    def make() -> str:
        at_once.append(1)
        assert len(at_once) == 1
        tries.append(1)
        asked.wait(0.1)
        at_once.clear()
        if len(tries) < 3:
            raise ValueError("not now")
        return "value"

    found = _readers_of(cache, make, 6)
    assert (found.count(None), found.count("value")) == (2, 4)
    assert len(tries) == 3


def test_nothing_is_left_of_values_that_could_not_be_made() -> None:
    cache = SingleFlightCache(MIB)

    def fail() -> str:
        raise ValueError("no paper")

    for number in range(100_000):
        with pytest.raises(ValueError):  # noqa: PT011 - it is ours
            cache.get_or_make(("k", number), fail)
    assert not cache._flights
    assert not cache._entries
    assert cache.n_bytes == 0


def _bytes_of_one(n_bytes: int) -> int:
    """What a value of so many bytes takes with its key of one letter."""
    cache = SingleFlightCache(100 * MIB, size_of=len)
    cache.get_or_make("k", lambda: "x" * n_bytes)
    return cache.n_bytes


def test_what_is_too_large_is_made_each_time_and_what_was_asked_for_long_ago_makes_room() -> None:
    cache, made = SingleFlightCache(4 * _bytes_of_one(25), size_of=len), []

    def make(value: str) -> str:
        made.append(value)
        return value

    for value in ("x" * 26, "x" * 26, *(character * 25 for character in "abcdea")):
        assert cache.get_or_make(value[0], partial(make, value)) == value
    assert [value[0] for value in made] == list("xxabcdea")


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    cache = SingleFlightCache(5 * _bytes_of_one(10) - 1, size_of=len)
    made: list[str] = []

    def make(key: str) -> str:
        made.append(key)
        return 10 * key

    for key in "abcdae":
        cache.get_or_make(key, partial(make, key))
    made.clear()
    for key in "acdeb":
        cache.get_or_make(key, partial(make, key))
    assert made == ["b"]


def test_keys_count_too() -> None:
    cache = SingleFlightCache(MIB, size_of=lambda _: 0)
    for number in range(2_000):
        cache.get_or_make((f"/search?q={number:09d}", "x" * 2_000), lambda: "found nothing")
    assert cache.n_bytes <= MIB
    assert 2_000 * len(cache._entries) < MIB
    cache.get_or_make("y" * MIB, lambda: "found nothing")
    assert "y" * MIB not in cache._entries


def test_a_new_state_frees_the_bytes() -> None:
    state = ["before"]
    cache = SingleFlightCache(MIB, state=lambda: state[0])
    cache.get_or_make("k", lambda: "x" * 1_000)
    assert cache.n_bytes > 1_000
    state[0] = "after"
    cache.state()
    assert cache.n_bytes == 0


@dataclass
class _Held:
    rows: np.ndarray
    names: dict[str, tuple[float, ...]]


def test_the_estimate_counts_what_a_value_holds() -> None:
    rows = np.zeros((1_000, 10), dtype=np.float32)
    names = {str(n): (n + 0.5,) for n in range(10_000)}
    exact = sum(sys.getsizeof(k) + sys.getsizeof(v) + sys.getsizeof(v[0]) for k, v in names.items()) + sys.getsizeof(
        names
    )
    assert estimated_bytes(rows) >= 40_000
    assert estimated_bytes(rows[:500]) >= 20_000, "a view counts like a copy"
    assert abs(estimated_bytes(names) - exact) < 0.05 * exact
    held = _Held(rows, names)
    assert abs(estimated_bytes(held) - 40_000 - exact) < 0.05 * exact
    assert estimated_bytes([held, held]) < 1.1 * estimated_bytes(held)


def test_the_estimate_of_what_holds_itself_ends() -> None:
    endless: list[object] = ["x" * 1_000]
    endless.append(endless)
    assert 1_000 < estimated_bytes(endless) < 1_500
