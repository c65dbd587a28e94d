"""Import stage: reads arXiv's metadata snapshot into the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.errors import UsageError
from domain.paper import ArxivId, Paper
from domain.progress import Progress
from ingest.harvest import plan_harvest
from ingest.merge_records import merged_record
from ingest.snapshot import SnapshotLine, read_snapshot
from store.database import Database
from store.papers import apply_harvest, known_papers

_BATCH = 2000
_MAX_NAMED = 20  # bad lines in one report; a file that is not a snapshot has millions


@dataclass
class SkippedLines:
    """How many lines of a file could not be read, and the first of them."""

    n: int = 0
    first: str = ""


def import_snapshot(
    db: Database, path: Path, categories: tuple[str, ...], skipped: SkippedLines, *, clock: Callable[[], datetime]
) -> Iterator[Progress]:
    """Store the watched papers of a metadata snapshot, one transaction for ``_BATCH`` of them.

    Lines that cannot be read are skipped, reported, and counted in ``skipped``. Importing a snapshot twice changes
    nothing, so an interrupted import can simply be repeated.

    Raises
    ------
    UsageError
        If the file cannot be read, or is cut off; the papers before that are stored.
    """
    batch: list[SnapshotLine] = []
    bad: list[SnapshotLine] = []
    n_lines = n_papers = n_read_mb = 0
    n_bytes = path.stat().st_size if path.exists() else 0

    def bad_lines() -> str:
        more = f" and {len(bad) - _MAX_NAMED:,} more" if len(bad) > _MAX_NAMED else ""
        lines = "; ".join(f"line {line.number} skipped: {line.problem}" for line in bad[:_MAX_NAMED])
        bad.clear()
        return lines + more

    n_mb = n_bytes // 2**20 + 1
    # One batch is stored while the next is read: SQLite and the disk do not need Python meanwhile.
    with ThreadPoolExecutor(1, thread_name_prefix="import") as writer:
        storing: Future[int] | None = None
        try:
            for line in read_snapshot(path, categories, now=clock()):
                n_lines = line.number
                if line.problem is not None:
                    bad.append(line)
                    skipped.n += 1
                    skipped.first = skipped.first or f"line {line.number} ({line.problem})"
                if line.paper is not None:
                    batch.append(line)
                if len(batch) + len(bad) >= _BATCH:
                    if storing is not None:
                        n_papers += storing.result()
                        yield Progress("import", min(n_read_mb, n_mb), n_mb, "MB", bad_lines())
                    storing, batch = writer.submit(_store_batch, db, batch, clock()), []
                    n_read_mb = line.n_bytes // 2**20
        except UsageError:  # the file is cut off here; what came before is good
            if storing is not None:
                storing.result()
            _store_batch(db, batch, clock())
            raise
        if storing is not None:
            n_papers += storing.result()
            yield Progress("import", min(n_read_mb, n_mb), n_mb, "MB", bad_lines())
        n_papers += _store_batch(db, batch, clock())
    if bad:
        yield Progress("import", n_bytes // 2**20, n_mb, "MB", bad_lines())
    yield Progress("import", n_mb, n_mb, "MB", f"{n_papers:,} watched papers in {n_lines:,} lines")


def _store_batch(db: Database, lines: list[SnapshotLine], seen_at: datetime) -> int:
    once: dict[ArxivId, Paper] = {}
    for p in (line.paper for line in lines if line.paper is not None):
        # A paper that appears twice in a batch must not be inserted twice.
        once[p.arxiv_id] = merged_record(once[p.arxiv_id], p) if p.arxiv_id in once else p
    versions = [version for line in lines for version in line.versions]
    plan = plan_harvest(once.values(), known_papers(db, list(once)), versions)
    apply_harvest(db, plan, None, seen_at=seen_at)
    return len(once)
