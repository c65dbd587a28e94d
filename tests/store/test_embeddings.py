"""Vectors keep their values, papers and order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper
from domain.week import Week
from store.database import Database
from store.embeddings import (
    add_embeddings,
    count_without_embedding,
    embedded_since,
    embedding_counts,
    embeddings_by_id,
    embeddings_of,
    ids_without_embedding,
)

Stored = Callable[..., Database]
Make = Callable[..., Paper]


def _unit_rows(n: int, n_dims: int = 7, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, n_dims)).astype(np.float32)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def test_vectors_are_returned_bit_for_bit_in_the_requested_order(stored: Stored, make_paper: Make) -> None:
    papers = [make_paper(i) for i in range(4)]
    db = stored(*papers)
    ids = tuple(p.arxiv_id for p in papers)
    vectors = _unit_rows(4)
    add_embeddings(db, Embeddings(ids, vectors, "m"))
    back = embeddings_by_id(db, "m", [ids[2], ArxivId("9999.99999"), ids[0]])
    assert back.ids == (ids[2], ids[0])
    np.testing.assert_array_equal(back.vectors, vectors[[2, 0]])
    assert back.model_id == "m"


def test_vectors_of_a_range_come_by_submission(stored: Stored, make_paper: Make) -> None:
    weeks = [Week.parse(f"2026-W{number}") for number in (23, 24, 25)]
    papers = [make_paper(9 - i, submitted_at=week.start_at) for i, week in enumerate(weeks)]
    unwatched = make_paper(1, primary_category="math.OC", categories=("math.OC",))
    db = stored(*papers, unwatched)
    ids = tuple(p.arxiv_id for p in papers)
    add_embeddings(db, Embeddings((*reversed(ids), unwatched.arxiv_id), _unit_rows(4), "m"))
    assert embeddings_of(db, "m", categories=["cs.LG"]).ids == ids
    assert embeddings_of(db, "m", categories=["cs.LG"], first=weeks[1]).ids == ids[1:]
    assert embeddings_of(db, "m", categories=["cs.LG"], last=weeks[1]).ids == ids[:2]


def test_models_do_not_see_each_others_vectors(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1), make_paper(2))
    add_embeddings(db, Embeddings((make_paper(1).arxiv_id,), _unit_rows(1), "one"))
    add_embeddings(db, Embeddings((make_paper(2).arxiv_id,), _unit_rows(1, 3), "other"))
    assert ids_without_embedding(db, "one") == [make_paper(2).arxiv_id]
    assert (count_without_embedding(db, "one"), count_without_embedding(db, "third")) == (1, 2)
    assert embeddings_of(db, "other", categories=["cs.LG"]).vectors.shape == (1, 3)
    assert embedding_counts(db) == {"one": 1, "other": 1}


def test_a_vector_made_again_takes_the_place_of_the_old(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    ids = (make_paper(1).arxiv_id,)
    for seed in (1, 2):
        add_embeddings(db, Embeddings(ids, _unit_rows(1, seed=seed), "m"))
    np.testing.assert_array_equal(embeddings_by_id(db, "m", list(ids)).vectors, _unit_rows(1, seed=2))


def test_papers_without_a_vector_come_oldest_first(stored: Stored, make_paper: Make) -> None:
    db = stored(*(make_paper(i) for i in (3, 1, 2)))
    assert ids_without_embedding(db, "m") == [make_paper(i).arxiv_id for i in (1, 2, 3)]


def test_nothing_stored_is_no_vectors(database: Database) -> None:
    assert len(embeddings_of(database, "m", categories=["cs.LG"])) == 0
    add_embeddings(database, Embeddings((), np.zeros((0, 3), np.float32), "m"))
    assert embedding_counts(database) == {}


def test_the_embedded_span_is_the_newest_run_of_weeks_with_vectors(stored: Stored, make_paper: Make) -> None:
    weeks = [Week.parse(f"2026-W{number}") for number in (17, 18, 20, 21, 22)]  # none in week 19
    papers = [make_paper(10 * w + i, submitted_at=week.start_at) for w, week in enumerate(weeks) for i in range(3)]
    db = stored(*papers)
    ids = [p.arxiv_id for p in papers]
    assert embedded_since(db, ["m"]) is None
    add_embeddings(db, Embeddings((ids[0], *ids[3:8], *ids[9:11]), _unit_rows(8), "m"))
    # Week 17 has a vector for one of three papers, week 22 has none yet.
    assert embedded_since(db, ["m"]) == weeks[1]
    assert embedded_since(db, ["another", "m"]) == weeks[1]
    assert embedded_since(db, ["another"]) is None
    assert embedded_since(db, []) is None
    assert ids_without_embedding(db, "m", since=weeks[2]) == [ids[8], *ids[11:]]
    assert count_without_embedding(db, "m", since=weeks[2]) == 5
    assert count_without_embedding(db, None, since=weeks[4]) == 3
