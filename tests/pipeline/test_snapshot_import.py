"""An import of a snapshot: stores everything once, reports bad lines, and survives interruption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from domain.errors import UsageError
from domain.paper import Paper
from domain.progress import Progress
from pipeline import snapshot_import
from pipeline.snapshot_import import SkippedLines
from sample.snapshot import snapshot_line
from store.database import Database
from store.paper_query import Corpus
from store.papers import count_papers, known_papers, versions_of_paper
from store.schema import paper, paper_category, paper_version
from store.search import ids_by_phrases

Make = Callable[..., Paper]
NOW = datetime(2026, 6, 24, 6, tzinfo=UTC)
WATCHED = ("cs.LG", "cs.CL")


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_import, "_BATCH", 4)


def _import(db: Database, path: Path, skipped: SkippedLines | None = None) -> Iterator[Progress]:
    return snapshot_import.import_snapshot(db, path, WATCHED, skipped or SkippedLines(), clock=lambda: NOW)


def _written(folder: Path, *lines: bytes) -> Path:
    path = folder / "snapshot.json"
    path.write_bytes(b"".join(lines))
    return path


def _everything(db: Database) -> list[list[Any]]:
    with db.read() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.c))]
            for table in (paper_category, paper_version)
        ] + [[tuple(row) for row in connection.execute(select(paper.c.arxiv_id, paper.c.title, paper.c.source))]]


def test_every_watched_paper_is_stored_once_with_its_versions_and_found_by_its_words(
    database: Database, tmp_path: Path, make_paper: Make
) -> None:
    papers = [make_paper(i, version=1 + i % 3, title=f"On subject w{i}") for i in range(11)]
    unwatched = make_paper(50, primary_category="math.OC", categories=("math.OC",))
    list(_import(database, _written(tmp_path, *(snapshot_line(p) for p in (*papers, unwatched)))))
    held = known_papers(database, [p.arxiv_id for p in papers])
    assert list(held.values()) == papers
    assert {p.source for p in held.values()} == {"snapshot"}
    assert count_papers(database) == len(papers)
    assert [v.version for v in versions_of_paper(database, papers[2].arxiv_id)] == [1, 2, 3]
    for i, p in enumerate(papers):
        assert ids_by_phrases(database, [f"w{i}"], Corpus(WATCHED)) == [p.arxiv_id]


def test_an_import_interrupted_after_any_batch_and_repeated_ends_the_same(
    database: Database, tmp_path: Path, make_paper: Make
) -> None:
    papers = [make_paper(i, version=1 + i % 3) for i in range(11)]
    path = _written(tmp_path, *(snapshot_line(p) for p in papers))
    for n_steps in (1, 2, 1):
        steps = _import(database, path)
        for _ in range(n_steps):
            next(steps)
        steps.close()
        assert count_papers(database) % 4 == 0  # whole batches
    list(_import(database, path))
    whole = _everything(database)
    assert list(known_papers(database, [p.arxiv_id for p in papers]).values()) == papers
    list(_import(database, path))
    assert _everything(database) == whole


def test_bad_lines_are_named_with_their_numbers_and_the_rest_is_stored(
    database: Database, tmp_path: Path, make_paper: Make
) -> None:
    good = [snapshot_line(make_paper(i)) for i in range(6)]
    path = _written(
        tmp_path, b"not json\n", *good[:5], b"[]\n", b"\n", good[5], b'{"id": "x", "categories": "cs.LG"}\n'
    )
    skipped = SkippedLines()
    notes = " | ".join(step.note for step in _import(database, path, skipped))
    assert count_papers(database) == 6
    assert (skipped.n, skipped.first.startswith("line 1 (")) == (3, True)
    for words in ("line 1 skipped: ", "line 7 skipped: not a JSON object", "line 10 skipped: no field 'versions'"):
        assert words in notes


def test_a_file_full_of_bad_lines_names_some_and_counts_all(database: Database, tmp_path: Path) -> None:
    skipped = SkippedLines()
    notes = [step.note for step in _import(database, _written(tmp_path, b"{}\n" * 100), skipped)]
    assert (skipped.n, skipped.first) == (100, "line 1 (no field 'categories')")
    assert notes[-1] == "0 watched papers in 100 lines"


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (1, 0, 0, 0, 2), (2, 0, 0, 0, 1)])
def test_a_paper_that_comes_twice_is_stored_in_its_higher_version(
    database: Database, tmp_path: Path, make_paper: Make, order: tuple[int, ...]
) -> None:
    first = make_paper(1)
    second = replace(first, version=2, title="Better", updated_at=NOW - timedelta(days=1))
    lines = [(make_paper(10 + n), first, second)[which] for n, which in enumerate(order)]
    list(_import(database, _written(tmp_path, *map(snapshot_line, lines))))
    assert known_papers(database, [first.arxiv_id])[first.arxiv_id] == second


def test_papers_before_the_end_of_a_truncated_file_are_stored(
    database: Database, tmp_path: Path, make_paper: Make
) -> None:
    import gzip

    body = gzip.compress(b"".join(snapshot_line(make_paper(i)) for i in range(500)))
    path = tmp_path / "snapshot.json.gz"
    path.write_bytes(body[: len(body) // 2])
    with pytest.raises(UsageError, match="damaged"):
        list(_import(database, path))
    assert 0 < count_papers(database) < 500


def test_progress_through_the_file_is_in_mb(database: Database, tmp_path: Path, make_paper: Make) -> None:
    padding = b" " * 400_000 + b"\n"
    path = _written(tmp_path, *(snapshot_line(make_paper(i)).rstrip(b"\n") + padding for i in range(9)))
    steps = list(_import(database, path))
    assert [(s.n_done, s.n_total, s.unit) for s in steps] == [(1, 4, "MB"), (3, 4, "MB"), (4, 4, "MB")]
    assert steps[-1].note == "9 watched papers in 9 lines"
