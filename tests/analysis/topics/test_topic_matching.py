"""The registry: identity through refits, as decisions over values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from analysis.topics.topic_matching import (
    KnownTopic,
    MatchSettings,
    RegistryPlan,
    free_label,
    label_still_fits,
    match_topics,
    shared_papers,
)
from domain.paper import ArxivId
from domain.same_subject import subject
from domain.topics import FittedTopics, Topic, TopicAssignment
from domain.week import Week

BORN = Week(date(2026, 1, 5))
NOW = Week(date(2026, 6, 15))


def directions(n: int, n_dims: int = 32, seed: int = 0) -> NDArray[np.float32]:
    """Directions that are nearly at right angles to each other."""
    rows = np.random.default_rng(seed).normal(size=(n, n_dims))
    q, _ = np.linalg.qr(rows.T)
    return np.ascontiguousarray(q.T[:n], dtype=np.float32)


def between(a: NDArray[np.float32], b: NDArray[np.float32], weight: float = 0.5) -> NDArray[np.float32]:
    mixed = (1 - weight) * a + weight * b
    return (mixed / np.linalg.norm(mixed)).astype(np.float32)


def fitted(centroids: NDArray[np.float32], labels: Sequence[str] | None = None) -> FittedTopics:
    names = tuple(labels or [f"subject{n}" for n in range(len(centroids))])
    return FittedTopics(
        embedding_model_id="m",
        centroids=centroids,
        sizes=tuple(100 - n for n in range(len(centroids))),
        labels=names,
        top_terms=tuple((*name.lower().split(), f"word{n}") for n, name in enumerate(names)),
        floor=0.5,
    )


def known(
    topic_id: int,
    centroid: NDArray[np.float32],
    label: str = "",
    *,
    is_active: bool = True,
    label_is_pinned: bool = False,
) -> KnownTopic:
    topic = Topic(topic_id, label or f"old{topic_id}", ("a", "b"), BORN, 50)
    return KnownTopic(topic, centroid, is_active=is_active, label_is_pinned=label_is_pinned)


def history(plan: RegistryPlan) -> dict[int, tuple[str, ...]]:
    kinds: dict[int, tuple[str, ...]] = {}
    for event in plan.events:
        kinds[event.topic_id] = (*kinds.get(event.topic_id, ()), event.kind)
    return kinds


def test_an_empty_registry_gives_every_topic_a_new_id_from_one() -> None:
    plan = match_topics(fitted(directions(3)), [], week=NOW)
    assert plan.topic_ids == (1, 2, 3)
    assert history(plan) == {1: ("born",), 2: ("born",), 3: ("born",)}
    assert all(topic.born_week == NOW for topic in plan.topics)


def test_a_topic_found_again_keeps_its_id_its_label_and_its_birthday() -> None:
    d = directions(3)
    plan = match_topics(fitted(d[[2, 0, 1]]), [known(4, d[0]), known(9, d[1]), known(5, d[2])], week=NOW)
    assert plan.topic_ids == (5, 4, 9)
    assert [topic.label for topic in plan.topics] == ["old5", "old4", "old9"]
    assert all(topic.born_week == BORN for topic in plan.topics)
    assert set(history(plan).values()) == {("continued",)}


def test_what_changes_with_a_fit_is_taken_over() -> None:
    d = directions(1)
    (topic,) = match_topics(fitted(d, ["machine unlearning"]), [known(4, d[0])], week=NOW).topics
    assert topic.top_terms == ("machine", "unlearning", "word0")
    assert topic.size == 100


def test_ids_of_dormant_topics_are_never_used_again() -> None:
    d = directions(3)
    plan = match_topics(fitted(d[[0, 2]]), [known(1, d[0]), known(8, d[1], is_active=False)], week=NOW)
    assert plan.topic_ids == (1, 9)


def test_a_topic_that_vanishes_goes_dormant() -> None:
    d = directions(3)
    plan = match_topics(fitted(d[:2]), [known(1, d[0]), known(2, d[1]), known(3, d[2])], week=NOW)
    assert plan.retired_ids == (3,)
    assert history(plan)[3] == ("dormant",)


def test_a_topic_already_dormant_stays_so_without_another_event() -> None:
    d = directions(2)
    plan = match_topics(fitted(d[:1]), [known(1, d[0]), known(2, d[1], is_active=False)], week=NOW)
    assert plan.retired_ids == ()
    assert 2 not in history(plan)


def test_a_dormant_topic_that_returns_is_revived_under_its_old_id() -> None:
    d = directions(2)
    plan = match_topics(fitted(d), [known(1, d[0]), known(2, d[1], is_active=False)], week=NOW)
    assert plan.topic_ids == (1, 2)
    assert history(plan)[2] == ("revived",)


def test_a_dormant_topic_cannot_take_an_active_ones_place() -> None:
    d = directions(2)
    near = between(d[0], d[1], 0.25)
    plan = match_topics(fitted(d[:1]), [known(1, near), known(2, d[0], is_active=False)], week=NOW)
    assert plan.topic_ids == (1,)


def test_two_topics_that_become_one_are_merged_into_the_nearer() -> None:
    d = directions(2)
    left, right = between(d[0], d[1], 0.3), between(d[0], d[1], 0.6)
    plan = match_topics(fitted(between(d[0], d[1], 0.4)[None]), [known(1, left), known(2, right)], week=NOW)
    assert plan.topic_ids == (1,)
    (merged,) = [event for event in plan.events if event.kind == "merged"]
    assert (merged.topic_id, merged.other_topic_id) == (2, 1)
    assert plan.retired_ids == (2,)


def test_one_topic_that_becomes_two_continues_as_one_and_splits_off_the_other() -> None:
    d = directions(2)
    parts = np.stack([between(d[0], d[1], 0.3), between(d[0], d[1], 0.6)])
    plan = match_topics(fitted(parts), [known(1, between(d[0], d[1], 0.4))], week=NOW)
    assert plan.topic_ids == (1, 2)
    (split,) = [event for event in plan.events if event.kind == "split"]
    assert (split.topic_id, split.other_topic_id) == (2, 1)


def test_shared_papers_decide_between_topics_that_lie_equally_near() -> None:
    d = directions(2)
    middle = between(d[0], d[1])
    both = fitted(np.stack([middle, between(d[0], d[1], 0.52)]))
    old = [known(1, middle), known(2, middle)]
    plan = match_topics(both, old, week=NOW, shared=np.array([[3, 80], [90, 5]]))
    assert plan.topic_ids == (2, 1)


def test_a_birth_with_papers_of_no_other_topic_is_no_split() -> None:
    d = directions(2)
    parts = np.stack([between(d[0], d[1], 0.3), between(d[0], d[1], 0.6)])
    old = [known(1, between(d[0], d[1], 0.4))]
    plan = match_topics(fitted(parts), old, week=NOW, shared=np.array([[90], [0]]))
    assert history(plan) == {1: ("continued",), 2: ("born",)}


def test_matching_is_one_to_one_even_where_two_topics_want_the_same() -> None:
    d = directions(2)
    wanted = between(d[0], d[1], 0.45)
    two = fitted(np.stack([between(d[0], d[1], 0.44), between(d[0], d[1], 0.2)]))
    plan = match_topics(two, [known(1, wanted), known(2, between(d[0], d[1], 0.7))], week=NOW)
    assert len(set(plan.topic_ids)) == 2


def test_a_label_stays_while_it_is_true_and_changes_when_it_is_not() -> None:
    d = directions(2)
    moved = fitted(between(d[0], d[1], 0.35)[None], ["image editing"])
    kept = match_topics(moved, [known(1, d[0], "text-guided image editing")], week=NOW)
    assert kept.topics[0].label == "text-guided image editing"
    renamed = match_topics(moved, [known(1, d[0], "speech recognition")], week=NOW)
    assert renamed.topics[0].label == "image editing"
    assert history(renamed)[1] == ("continued", "renamed")


def test_a_label_the_operator_chose_never_changes() -> None:
    d = directions(2)
    moved = fitted(between(d[0], d[1], 0.35)[None], ["image editing"])
    plan = match_topics(moved, [known(1, d[0], "Our pictures", label_is_pinned=True)], week=NOW)
    assert plan.topics[0].label == "Our pictures"


def test_a_newborn_with_the_label_of_another_is_told_apart() -> None:
    d = directions(2)
    plan = match_topics(fitted(d, ["federated", "privacy"]), [known(1, d[0], "Privacy")], week=NOW)
    assert [topic.label for topic in plan.topics] == ["Privacy", "privacy (word1)"]


def test_a_newborn_without_words_of_its_own_is_told_apart_by_a_number() -> None:
    assert free_label("sea shells", ("sea", "shells"), {subject("Sea shell")}) == "sea shells 2"
    assert free_label("sea shells", ("sea", "shell", "pearl"), {subject("sea shells")}) == "sea shells (pearl)"


def test_a_label_that_two_topics_claim_stays_with_one() -> None:
    d = directions(2)
    plan = match_topics(fitted(d), [known(1, d[0], "bees"), known(2, d[1], "bees")], week=NOW)
    assert [topic.label for topic in plan.topics] == ["bees", "subject1"]


def test_a_topic_born_at_a_refit_and_its_event_have_the_date_of_its_first_papers() -> None:
    plan = match_topics(fitted(directions(1)), [], week=NOW, begun=[BORN])
    assert plan.topics[0].born_week == BORN
    assert (plan.events[0].week, plan.events[0].detail) == (BORN, f"found in {NOW}, with 100 papers then")


def test_a_label_fits_by_words_in_singular_or_plural() -> None:
    topics = fitted(directions(1), ["LLM agents"])
    assert label_still_fits("LLM agent", 0, topics)
    assert not label_still_fits("protein design", 0, topics)


def test_shared_papers_counts_only_papers_that_had_a_topic_and_have_one() -> None:
    now = TopicAssignment(
        ids=tuple(ArxivId(f"2606.0000{n}") for n in range(5)),
        topic=np.array([0, 0, 1, -1, 0], dtype=np.int32),
        similarity=np.full(5, 0.9, dtype=np.float32),
    )
    shared = shared_papers(now, 3, np.array([7, 9, 9, 7, -1]), [7, 9])
    assert shared.tolist() == [[1, 1], [0, 1], [0, 0]]


def test_wrong_shapes_and_double_ids_are_refused_with_what_came() -> None:
    d = directions(2)
    with pytest.raises(ValueError, match=r"expected shape \(2, 1\), got \(1, 1\)"):
        match_topics(fitted(d), [known(1, d[0])], week=NOW, shared=np.zeros((1, 1), dtype=np.int64))
    with pytest.raises(ValueError, match=r"each topic once"):
        match_topics(fitted(d), [known(1, d[0]), known(1, d[1])], week=NOW)
    with pytest.raises(ValueError, match=r"32 dimensions"):
        match_topics(fitted(d), [known(1, d[0][:16])], week=NOW)


@given(
    seed=st.integers(0, 10_000), n_fitted=st.integers(0, 8), n_known=st.integers(0, 8), min_score=st.floats(0.0, 1.0)
)
def test_every_topic_is_accounted_for_exactly_once(seed: int, n_fitted: int, n_known: int, min_score: float) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n_fitted + n_known, 4)).astype(np.float32)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    old = [known(3 * n + 1, points[n_fitted + n], is_active=bool(rng.integers(2))) for n in range(n_known)]
    new = fitted(points[:n_fitted].reshape(n_fitted, 4))
    plan = match_topics(new, old, week=NOW, settings=MatchSettings(min_score=min_score))

    assert len(plan.topics) == len(set(plan.topic_ids)) == n_fitted
    assert len({topic.label.lower() for topic in plan.topics}) == n_fitted
    active = {k.topic.topic_id for k in old if k.is_active}
    assert active <= set(plan.topic_ids) | set(plan.retired_ids)
    assert not set(plan.topic_ids) & set(plan.retired_ids)
    starts = {event.topic_id for event in plan.events if event.kind != "renamed"}
    assert starts == set(plan.topic_ids) | set(plan.retired_ids)
    assert min(set(plan.topic_ids) - {k.topic.topic_id for k in old}, default=10**6) > 3 * (n_known - 1) + 1
    again = match_topics(new, old[::-1], week=NOW, settings=MatchSettings(min_score=min_score))
    assert again == plan
