"""Detections keep their evidence, and a paper without any counts as processed."""

from __future__ import annotations

from collections.abc import Callable

from domain.detections import Detection, Evidence, PaperDetections
from domain.paper import Paper
from domain.week import Week
from store.database import Database
from store.detections import (
    add_detections,
    count_without_detections,
    detections_of_week,
    ids_without_detections,
)
from store.weekly import rebuild_weekly_tables, weekly_tables_are_current

Stored = Callable[..., Database]
Make = Callable[..., Paper]
WEEK = Week.parse("2026-W25")
GNN = Detection("technique", "gnn", 3, (Evidence("title", 0, 5), Evidence("abstract", 12, 30)))
SECURITY = Detection("theme", "security", 1, (Evidence("abstract", 2, 4),))


def test_detections_come_back_with_their_evidence(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1), make_paper(2))
    one, two = make_paper(1).arxiv_id, make_paper(2).arxiv_id
    add_detections(db, "d", [PaperDetections(one, (GNN, SECURITY)), PaperDetections(two, ())])
    assert detections_of_week(db, "d", WEEK, ["cs.LG"]) == {one: (GNN, SECURITY)}
    assert detections_of_week(db, "d", WEEK.plus(1), ["cs.LG"]) == {}
    assert detections_of_week(db, "d", WEEK, ["cs.CL"]) == {}
    assert detections_of_week(db, "another", WEEK, ["cs.LG"]) == {}


def test_a_paper_in_which_nothing_was_found_has_been_read(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(2), make_paper(1))
    assert ids_without_detections(db, "d") == [make_paper(1).arxiv_id, make_paper(2).arxiv_id]
    add_detections(db, "d", [PaperDetections(make_paper(1).arxiv_id, ())])
    assert ids_without_detections(db, "d") == [make_paper(2).arxiv_id]
    assert (count_without_detections(db, "d"), count_without_detections(db, "another")) == (1, 2)


def test_reading_again_replaces_what_was_found(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    arxiv_id = make_paper(1).arxiv_id
    for found in ((GNN,), (SECURITY,)):
        add_detections(db, "d", [PaperDetections(arxiv_id, found)])
    assert detections_of_week(db, "d", WEEK, ["cs.LG"]) == {arxiv_id: (SECURITY,)}


def test_new_detections_make_the_weekly_tables_stale(stored: Stored, make_paper: Make) -> None:
    db = stored(make_paper(1))
    rebuild_weekly_tables(db, "d", None, ["cs.LG"], now=WEEK.end_at)
    assert weekly_tables_are_current(db, "d", None, ["cs.LG"])
    add_detections(db, "d", [PaperDetections(make_paper(1).arxiv_id, ())])
    assert not weekly_tables_are_current(db, "d", None, ["cs.LG"])
