"""Detection stage: finds techniques and themes in every stored paper that has no detections yet."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.detection.detector import Detector
from domain.progress import Progress
from store.database import Database
from store.detections import add_detections, ids_without_detections
from store.papers import papers_in_order

_BATCH = 2000


def detect_missing(db: Database, detector: Detector) -> Iterator[Progress]:
    """Detect techniques and themes in every stored paper that this detector has not processed."""
    ids = ids_without_detections(db, detector.detector_id)
    for start in range(0, len(ids), _BATCH):
        papers = papers_in_order(db, ids[start : start + _BATCH])
        add_detections(db, detector.detector_id, detector.detect(papers))
        yield Progress("detect", min(start + _BATCH, len(ids)), len(ids), "papers")
