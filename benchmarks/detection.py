"""Measure the detector that ships, beside one regular expression per label, and its speed.

    python -m benchmarks.detection           accuracy on dev.jsonl and dev2.jsonl, mentions, and speed
    python -m benchmarks.detection speed     speed alone, on the newest papers of arxiv/recent; updates the scores file

``--shared`` is the folder with ``gold/`` and ``arxiv/``, by default ``../shared``. ``training/`` fits the detector and
writes its model card.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from analysis.trends.shares import share_of
from training.arxiv_texts import newest_texts
from training.detector_fit_report import report_lines
from training.evaluate_detector import (
    SCORES,
    accuracy_of,
    adopted_by_detector,
    adopted_by_expressions,
    measure_detector,
    papers_per_second,
)
from training.labels import LABELS, TECHNIQUES, read_labelled

MENTIONS_BAR = 0.25


def measure_speed(shared: Path) -> None:
    """Print the speed on the newest month of ``arxiv/recent`` and write it to the scores file."""
    month, texts = newest_texts(shared, n_texts=2000)
    speed = papers_per_second(Detector(load_taxonomy()), texts)
    print(f"{speed:,} papers/s on one core, {len(texts):,} papers of {month} together")
    scores = json.loads(SCORES.read_text(encoding="utf-8")) | {"papers_per_second": speed}
    SCORES.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def comparison_lines(detector: Detector, shared: Path, shipped: dict[str, Any]) -> Iterator[str]:
    """Both test sets and their pool: macro F1, and the share of mentions called adoption, beside the expressions."""
    sets = {name: read_labelled(shared / "gold" / f"{name}.jsonl") for name in ("dev", "dev2")}
    sets["both"] = [*sets["dev"], *sets["dev2"]]
    yield f"\n{'':24}{'techniques':>11}{'themes':>8}{'mentions of techniques called adoption':>42}"
    for name, papers in sets.items():
        for judge, adopts in (
            ("detector", adopted_by_detector(detector, papers)),
            ("expressions", adopted_by_expressions(papers)),
        ):
            at = accuracy_of(adopts, papers)
            share = share_of(at.n_called_adoption, at.n_mentions)
            yield (
                f"{name:12}{judge:12}{at.techniques_f1:11.3f}{at.themes_f1:8.3f}"
                f"{share.k:>16} of {share.n:>3}: {share.share:.2f} ({share.low:.2f} to {share.high:.2f})"
            )
    mentions = [shipped["labels"][key]["cross_validated"].get("mentions") for key in TECHNIQUES]
    if all(mentions):
        called, labelled = (sum(one[name] for one in mentions) for name in ("said_adopts", "labelled"))
        yield f"cross-validated on the fitting abstracts: {called:.0f} of {labelled}: {called / labelled:.3f}"
    yield f"bar for mentions: {MENTIONS_BAR}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurements; 1 where there are no labelled abstracts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", choices=("measure", "speed"), default="measure")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and arxiv/")
    options = parser.parse_args(arguments)
    if options.command == "speed":
        measure_speed(options.shared)
        return 0
    if not (options.shared / "gold" / "dev.jsonl").exists():
        print(f"no labelled abstracts under {options.shared}; name the folder with --shared", file=sys.stderr)
        return 1
    report = measure_detector(Detector(load_taxonomy()), options.shared)
    shipped = json.loads(SCORES.read_text(encoding="utf-8"))
    if shipped["detector_id"] == report["detector_id"]:
        for label in LABELS:
            report["labels"][label]["cross_validated"] = shipped["labels"][label]["cross_validated"]
    print("\n".join(report_lines(report)))
    print("\n".join(comparison_lines(Detector(load_taxonomy()), options.shared, shipped)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
