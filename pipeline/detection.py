"""Detection stage: finds techniques and themes in every stored paper that has no detections yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from domain.detections import PaperDetections
from domain.paper import Paper
from domain.progress import Progress
from store.database import Database
from store.detections import add_detections, ids_without_detections
from store.papers import papers_in_order

BATCH = 2000


def detect_missing(
    db: Database,
    detector_id: str,
    detect: Callable[[Sequence[Paper]], Sequence[PaperDetections]],
    *,
    batch: int = BATCH,
) -> Iterator[Progress]:
    """Detect techniques and themes in every stored paper that this detector has not processed, batch by batch."""
    ids = ids_without_detections(db, detector_id)
    for start in range(0, len(ids), batch):
        papers = papers_in_order(db, ids[start : start + batch])
        add_detections(db, detector_id, detect(papers))
        yield Progress("detect", min(start + batch, len(ids)), len(ids), "papers")
