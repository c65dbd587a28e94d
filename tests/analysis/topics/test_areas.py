"""Areas over topics, and their names through refits."""

from __future__ import annotations

import numpy as np

from analysis.topics.areas import MAX_AREAS, area_of_topic, areas_after_refit, extended_name


def test_topics_of_one_field_share_an_area() -> None:
    rng = np.random.default_rng(0)
    fields = rng.normal(size=(4, 32))
    rows = np.repeat(fields, 4, axis=0) + 0.2 * rng.normal(size=(16, 32))
    area = area_of_topic((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))
    assert [len(set(area[4 * n : 4 * n + 4])) for n in range(4)] == [1, 1, 1, 1]
    assert len(set(area.tolist())) == 4


def test_there_are_few_areas_however_many_topics() -> None:
    rows = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    assert int(area_of_topic(rows).max()) + 1 == MAX_AREAS
    assert area_of_topic(rows[:2]).tolist() == [0, 0]
    assert area_of_topic(rows[:0]).tolist() == []


def test_an_area_that_stays_mostly_the_same_keeps_its_name() -> None:
    now = ("robots", "robots", "robots", "speech")
    before = ["robot learning", "robot learning", "speech", "speech"]
    assert areas_after_refit(now, before, (10, 10, 1, 10)) == [
        "robot learning",
        "robot learning",
        "robot learning",
        "speech",
    ]


def test_a_new_area_with_the_name_of_one_that_goes_on_is_told_apart() -> None:
    now = ("vision", "images", "images")
    before = [None, "vision", "vision"]
    assert areas_after_refit(now, before, (5, 5, 5)) == ["vision 2", "vision", "vision"]


def test_a_first_fit_takes_its_own_names_and_a_fit_without_areas_has_none() -> None:
    assert areas_after_refit(("a", "b"), [None, None], (1, 1)) == ["a", "b"]
    assert areas_after_refit((), [None, "a"], (1, 1)) == [None, None]


def test_an_areas_name_is_widened_by_a_topic_of_other_words() -> None:
    assert extended_name("LLM agents", ["coding agents", "agents and tools", "prompt injection"]) == (
        "LLM agents and prompt injection"
    )
    assert extended_name("graphs", ["graph networks"]) == "graphs"
