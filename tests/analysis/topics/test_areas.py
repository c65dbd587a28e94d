"""Areas over topics, and their names through refits."""

from __future__ import annotations

import numpy as np

from analysis.topics.areas import MAX_AREAS, area_names, area_of_topic, areas_after_refit


def test_topics_of_one_field_share_an_area() -> None:
    rng = np.random.default_rng(0)
    fields = rng.normal(size=(4, 32))
    rows = np.repeat(fields, 4, axis=0) + 0.2 * rng.normal(size=(16, 32))
    area = area_of_topic((rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), [1] * 16)
    assert [len(set(area[4 * n : 4 * n + 4])) for n in range(4)] == [1, 1, 1, 1]
    assert len(set(area.tolist())) == 4


def test_there_are_few_areas_however_many_topics() -> None:
    rows = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    assert int(area_of_topic(rows, [1] * 400).max()) + 1 == MAX_AREAS
    assert area_of_topic(rows[:2], [1, 1]).tolist() == [0, 0]
    assert area_of_topic(rows[:0], []).tolist() == []


def test_an_area_that_stays_mostly_the_same_keeps_its_name() -> None:
    now = ("robots", "robots", "robots", "speech")
    before = ["robot learning", "robot learning", "speech", "speech"]
    labels = ["robot learning and grasping", "robots", "soft hands", "speech"]
    assert areas_after_refit(now, before, (10, 10, 1, 10), labels) == [
        "robot learning",
        "robot learning",
        "robot learning",
        "speech",
    ]


def test_a_new_area_with_the_name_of_one_that_goes_on_is_told_apart() -> None:
    now = ("vision", "images", "images")
    before = [None, "vision", "vision"]
    assert areas_after_refit(now, before, (5, 5, 5), ["sound", "vision", "images"]) == ["vision 2", "vision", "vision"]


def test_a_first_fit_takes_its_own_names_and_a_fit_without_areas_has_none() -> None:
    assert areas_after_refit(("a", "b"), [None, None], (1, 1), ["a", "b"]) == ["a", "b"]
    assert areas_after_refit((), [None, "a"], (1, 1), ["a", "b"]) == [None, None]


def test_an_area_gets_a_new_name_once_the_topics_that_it_names_have_left() -> None:
    now = ("serving and quantization", "serving and quantization", "forecasting")
    before = ["forecasting and serving"] * 3
    labels = ["serving", "quantization", "forecasting"]
    assert areas_after_refit(now, before, (10, 10, 1), labels) == list(now)


def test_an_area_is_named_by_the_topics_that_stand_for_it() -> None:
    planted = {
        "segmentation": 0,
        "pose and gait": 0,
        "speech": 1,
        "translation": 2,
        "parsing": 2,
        "summaries": 2,
        "more parsing": 2,
    }
    rng = np.random.default_rng(1)
    area = np.array(list(planted.values()))
    own = rng.normal(size=(7, 32))
    own[6] = own[4] + 0.01 * rng.normal(size=32)  # says nothing that "parsing" does not say
    rows = 2 * rng.normal(size=(3, 32))[area] + own
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = area_names(area, list(planted), [30, 20, 9, 10, 40, 20, 5], rows.astype(np.float32))
    assert names == ["segmentation and pose"] * 2 + ["speech"] + ["parsing, summaries and translation"] * 4


def test_areas_with_the_same_first_phrases_have_different_names() -> None:
    rows = np.eye(4, dtype=np.float32)
    labels = ["agents and tools", "speech", "agents and memory", "images"]
    names = area_names(np.array([0, 1, 2, 3]), labels, [4, 3, 2, 1], rows)
    assert names == ["agents", "speech", "agents and memory", "images"]
