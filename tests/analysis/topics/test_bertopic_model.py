"""Fitting topics, on papers whose topics are planted, and assigning papers to them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.topics.assignment import assign_topics, nearest_centroids
from analysis.topics.bertopic_model import (
    MAX_MEMBERS_LEFT_OUT,
    TopicSettings,
    calibrated_floor,
    continued_topics,
    count_words,
    distinctive_terms,
    fit_topics,
    library_versions,
    mean_vectors,
    refined_topics,
)
from domain.embeddings import Embeddings
from domain.paper import ArxivId
from domain.topics import FittedTopics

N_TOPICS, N_EACH, N_STRAY, N_DIMS = 6, 60, 40, 48
SUBJECTS = ("honey bees", "snow flakes", "sea shells", "wild horses", "river boats", "glass bells")


def planted(seed: int = 3) -> tuple[list[str], Embeddings, np.ndarray]:
    """Texts, vectors and true topics of papers around six subjects, with strays that belong to none."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(N_TOPICS, N_DIMS))
    truth = np.concatenate([np.repeat(np.arange(N_TOPICS), N_EACH), np.full(N_STRAY, -1)])
    noise = rng.normal(size=(len(truth), N_DIMS))
    vectors = np.where(truth[:, None] >= 0, centres[truth] + 0.5 * noise, noise)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    filler = [f"filler{n}" for n in range(40)]
    texts = []
    for number, topic in enumerate(truth):
        subject = SUBJECTS[topic] if topic >= 0 else "odds ends"
        body = " ".join(rng.choice(filler, size=12))
        texts.append(f"On {subject} {number}. We propose {subject} with {body} and more {subject}.")
    ids = tuple(ArxivId(f"2606.{number:05d}") for number in range(len(truth)))
    return texts, Embeddings(ids, vectors.astype(np.float32), "test-model"), truth


def digest(topics: FittedTopics) -> str:
    """A hash of every number and word of a fit."""
    words = repr((topics.embedding_model_id, topics.sizes, topics.labels, topics.top_terms, topics.floor))
    return hashlib.sha256(topics.centroids.tobytes() + words.encode()).hexdigest()


def print_digest() -> None:
    """What the second process of the determinism test runs."""
    texts, embeddings, _ = planted()
    sys.stdout.write(digest(fit_topics(texts, embeddings, TopicSettings())))


@pytest.fixture(scope="module")
def fit() -> FittedTopics:
    texts, embeddings, _ = planted()
    return fit_topics(texts, embeddings, TopicSettings())


def test_planted_topics_are_found_and_named(fit: FittedTopics) -> None:
    _, embeddings, truth = planted()
    assert len(fit) == N_TOPICS
    assert set(fit.labels) == set(SUBJECTS)
    assigned = assign_topics(embeddings, fit)
    subjects = np.array([SUBJECTS.index(label) for label in fit.labels])
    found = np.where(assigned.topic >= 0, subjects[assigned.topic], -1)
    assert (found[truth >= 0] == truth[truth >= 0]).mean() >= 0.95
    assert (found[truth < 0] == -1).mean() >= 0.6


def test_topics_come_largest_first_with_unit_centroids(fit: FittedTopics) -> None:
    assert list(fit.sizes) == sorted(fit.sizes, reverse=True)
    assert fit.centroids.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(fit.centroids, axis=1), 1.0, rtol=1e-6)
    assert fit.embedding_model_id == "test-model"


def test_top_terms_are_the_subjects_words_without_filler_or_boilerplate(fit: FittedTopics) -> None:
    for label, terms in zip(fit.labels, fit.top_terms, strict=True):
        assert set(label.split()) == set(terms[:2])
        assert "propose" not in terms


def test_the_order_of_the_papers_changes_nothing(fit: FittedTopics) -> None:
    texts, embeddings, _ = planted()
    order = np.random.default_rng(0).permutation(len(texts))
    shuffled = Embeddings(tuple(embeddings.ids[i] for i in order), embeddings.vectors[order], embeddings.model_id)
    assert digest(fit_topics([texts[i] for i in order], shuffled, TopicSettings())) == digest(fit)


@pytest.mark.slow
def test_another_process_fits_the_same_number_for_number(fit: FittedTopics) -> None:
    here = Path(__file__)
    code = f"import sys; sys.path[:0] = [{str(here.parent)!r}, {str(here.parents[3])!r}]\n"
    code += "from test_bertopic_model import print_digest; print_digest()"
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "OMP_NUM_THREADS": "1"}
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300, env=environment
    )
    assert other.returncode == 0, other.stderr
    assert other.stdout == digest(fit)


@pytest.mark.parametrize("n_papers", [0, 1, 2, 30, 61])
def test_a_tiny_corpus_gives_few_topics_or_none_and_never_fails(n_papers: int) -> None:
    texts, embeddings, _ = planted()
    few = Embeddings(embeddings.ids[:n_papers], embeddings.vectors[:n_papers], embeddings.model_id)
    topics = fit_topics(texts[:n_papers], few, TopicSettings())
    assert len(topics) <= 5
    assert len(assign_topics(few, topics).topic) == n_papers


@pytest.mark.slow
def test_papers_that_are_all_alike_do_no_harm() -> None:
    texts, embeddings, _ = planted()
    same = Embeddings(embeddings.ids[:120], np.repeat(embeddings.vectors[:1], 120, axis=0), embeddings.model_id)
    assert len(fit_topics(texts[:120], same, TopicSettings())) <= 5


def test_papers_without_words_give_no_topics() -> None:
    _, embeddings, _ = planted()
    assert len(fit_topics([". "] * len(embeddings), embeddings, TopicSettings())) == 0


def test_texts_must_match_vectors_and_ids_be_single() -> None:
    texts, embeddings, _ = planted()
    with pytest.raises(ValueError, match=r"expected 400 texts, one for each vector, got 3"):
        fit_topics(texts[:3], embeddings, TopicSettings())
    twice = Embeddings((embeddings.ids[0],) * 400, embeddings.vectors, embeddings.model_id)
    with pytest.raises(ValueError, match=r"each paper once"):
        fit_topics(texts, twice, TopicSettings())


@pytest.mark.parametrize("wrong", [{"n_neighbors": 1}, {"floor": 1.5}, {"max_topic_share": 0.0}, {"seed": -1}])
def test_a_wrong_setting_is_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        TopicSettings(**wrong)  # type: ignore[arg-type]


def test_a_paper_is_assigned_alike_alone_and_in_any_batch(fit: FittedTopics) -> None:
    _, embeddings, _ = planted()
    whole = assign_topics(embeddings, fit)
    for row in range(0, len(embeddings), 7):
        alone = Embeddings(embeddings.ids[row : row + 1], embeddings.vectors[row : row + 1], embeddings.model_id)
        single = assign_topics(alone, fit)
        assert single.topic[0] == whole.topic[row]
        assert single.similarity[0] == whole.similarity[row]


def test_below_the_floor_a_paper_is_unassigned_but_its_similarity_is_told(fit: FittedTopics) -> None:
    _, embeddings, _ = planted()
    assigned = assign_topics(embeddings, fit)
    assert np.array_equal(assigned.topic == -1, assigned.similarity < np.float32(fit.floor))
    assert np.isfinite(assigned.similarity).all()


def test_vectors_of_another_model_are_refused(fit: FittedTopics) -> None:
    _, embeddings, _ = planted()
    with pytest.raises(ValueError, match=r"'other-model' cannot be compared"):
        assign_topics(Embeddings(embeddings.ids, embeddings.vectors, "other-model"), fit)


def test_without_centroids_nothing_is_near() -> None:
    topic, similarity = nearest_centroids(np.ones((2, 3), dtype=np.float32), np.empty((0, 3), dtype=np.float32))
    assert topic.tolist() == [-1, -1]
    assert similarity.tolist() == [-1.0, -1.0]


def test_the_floor_lies_between_members_and_strangers() -> None:
    _, embeddings, truth = planted()
    floor = calibrated_floor(embeddings.vectors, truth)
    centroids = mean_vectors(embeddings.vectors, truth, N_TOPICS)
    members = truth >= 0
    cosines = embeddings.vectors[members] @ centroids.T
    is_own = np.arange(N_TOPICS) == truth[members][:, None]
    own, nearest_other = cosines[is_own], np.where(is_own, -1.0, cosines).max(axis=1)
    assert (own < floor).mean() == pytest.approx((nearest_other >= floor).mean(), abs=0.02)


def test_where_topics_overlap_the_floor_keeps_most_members() -> None:
    _, embeddings, truth = planted()
    halves = np.where(truth >= 0, 2 * truth + np.arange(len(truth)) % 2, -1)  # each topic cut in two at random
    floor = calibrated_floor(embeddings.vectors, halves)
    members = halves >= 0
    own = np.einsum(
        "ij,ij->i",
        embeddings.vectors[members],
        mean_vectors(embeddings.vectors, halves, 2 * N_TOPICS)[halves[members]],
    )
    assert (own < floor).mean() <= MAX_MEMBERS_LEFT_OUT


def test_a_single_topic_has_a_floor_too() -> None:
    _, embeddings, truth = planted()
    assert 0 < calibrated_floor(embeddings.vectors, np.where(truth == 0, 0, -1)) < 1


def test_refining_brings_members_back_and_gives_up_what_is_too_small() -> None:
    _, embeddings, truth = planted()
    partly = np.where(np.arange(len(truth)) % 3 == 0, truth, -1)
    partly[-1] = N_TOPICS  # one stray as a topic of its own
    labels = refined_topics(embeddings.vectors, partly, 0.5, 10, 3)
    assert labels.max() == N_TOPICS - 1
    assert (labels[truth >= 0] == truth[truth >= 0]).mean() >= 0.95


def test_of_singular_and_plural_only_one_is_a_term() -> None:
    texts = ["graph graphs node"] * 10 + ["sound speech voice"] * 20 + ["graphs edge"] * 10
    words = count_words(texts, 2)
    assert words is not None
    topics = np.repeat([0, 1, 1, 0], 10)
    (graphs, speech) = distinctive_terms(words, topics, 10, [words.vocabulary, words.vocabulary])
    assert [term for term, _ in graphs] == ["graphs", "edge", "node"]
    assert {term for term, _ in speech} == {"sound", "speech", "voice"}


@pytest.mark.parametrize(
    ("n_papers", "n_dense", "n_smallest"), [(100, 15, 10), (4_000, 15, 25), (27_000, 27, 25), (140_000, 30, 116)]
)
def test_what_makes_a_topic_follows_from_the_number_of_papers(n_papers: int, n_dense: int, n_smallest: int) -> None:
    assert TopicSettings().dense_neighbors(n_papers) == n_dense
    assert TopicSettings().smallest_topic(n_papers) == n_smallest
    fixed = TopicSettings(min_samples=4, min_topic_size=40)
    assert (fixed.dense_neighbors(n_papers), fixed.smallest_topic(n_papers)) == (4, 40)


def test_the_versions_that_numbers_depend_on_are_recorded() -> None:
    versions = library_versions()
    assert {"bertopic", "umap-learn", "hdbscan", "numpy"} <= set(versions)
    assert all(versions.values())


def _around(directions: np.ndarray, n_each: list[int], seed: int = 0) -> np.ndarray:
    """Papers close around some directions."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(directions, n_each, axis=0) + 0.05 * rng.normal(size=(sum(n_each), directions.shape[1]))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


AXES = np.eye(4, 16)
LEFT, RIGHT = AXES[0] + 0.3 * AXES[1], AXES[0] - 0.3 * AXES[1]


def test_known_topics_go_on_and_regions_that_fit_none_are_added() -> None:
    vectors = _around(AXES[:3], [100, 100, 100])
    regions = np.repeat([1, 0, 2], 100)
    topic = continued_topics(vectors, regions, AXES[:2].astype(np.float32), 0.7, 10, 200)
    assert topic.tolist() == np.repeat([0, 1, 2], 100).tolist()


def test_two_regions_of_a_known_topic_stay_one_unless_it_is_large() -> None:
    two = np.stack([LEFT, RIGHT, AXES[2]])
    small = _around(two, [30, 20, 3950])
    known = np.stack([AXES[0], AXES[2]]).astype(np.float32)
    assert set(continued_topics(small, np.repeat([0, 1, 2], [30, 20, 3950]), known, 0.7, 10, 200)[:50]) == {0}
    large = _around(two, [300, 200, 3500])
    split = continued_topics(large, np.repeat([0, 1, 2], [300, 200, 3500]), known, 0.7, 10, 200)
    assert set(split[:300]) | set(split[300:500]) == {0, 2}
    assert (split[300:500] == 2).all()
    assert set(continued_topics(large, np.repeat([0, 1, 2], [300, 200, 3500]), known, 0.7, 10, 2)) == {0, 1}


def test_a_known_topic_goes_on_without_a_region_while_it_has_papers_and_is_merged_where_its_papers_went() -> None:
    vectors = _around(np.stack([AXES[0], AXES[2]]), [100, 100])
    known = AXES[[0, 2, 3]].astype(np.float32)
    without_region = np.repeat([0, -1], 100)
    assert set(continued_topics(vectors, without_region, known, 0.7, 10, 200)) == {0, 1}
    assert set(continued_topics(vectors, without_region, known, 0.7, 101, 200)) == {-1}

    one_region = _around(np.stack([LEFT, RIGHT]), [150, 60])
    merged = continued_topics(
        one_region, np.zeros(210, dtype=np.int64), np.stack([LEFT, RIGHT]).astype(np.float32), 0.5, 10, 9
    )
    assert set(merged) == {0}


@pytest.mark.slow
def test_a_refit_from_known_topics_gives_them_again_and_does_not_depend_on_the_papers_order() -> None:
    texts, embeddings, _ = planted()
    settings = TopicSettings(min_topic_size=20)
    first = fit_topics(texts, embeddings, settings)
    again = fit_topics(texts, embeddings, settings, before=first.centroids)
    assert len(again) == len(first)
    assert (first.centroids @ again.centroids.T).max(axis=1) == pytest.approx(1.0, abs=1e-3)
    order = np.random.default_rng(1).permutation(len(texts))
    shuffled = Embeddings(tuple(embeddings.ids[i] for i in order), embeddings.vectors[order], embeddings.model_id)
    other = fit_topics([texts[i] for i in order], shuffled, settings, before=first.centroids)
    assert digest(other) == digest(again)
