"""The warm workshop asks once, forgets when something changes, and keeps within its bounds."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import pytest

from service import warm
from service.warm import Memory


def test_a_value_is_made_once_for_each_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "LOOK_EVERY_S", 0.0)
    state: list[Hashable] = ["before"]
    made: list[str] = []
    memory = Memory(lambda: state[0])

    def make() -> str:
        made.append("x")
        return f"{state[0]} {len(made)}"

    assert [memory.kept("k", make), memory.kept("k", make)] == ["before 1", "before 1"]
    state[0] = "after"
    assert [memory.kept("k", make), memory.kept("k", make)] == ["after 2", "after 2"]


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    memory = Memory(lambda: 0, most=2)
    for key in ("a", "b", "a", "c"):
        memory.kept(key, partial(str, key))
    again: list[str] = []
    for key in ("a", "c", "b"):
        memory.kept(key, partial(again.append, key))
    assert again == ["b"]


def test_a_value_that_cannot_be_made_is_asked_for_again() -> None:
    memory = Memory(lambda: 0)

    def fail() -> str:
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        memory.kept("k", fail)
    assert memory.kept("k", lambda: "made") == "made"
