"""The detector's scores as a table for the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from training.labels import LABELS


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """One line a label with F1, precision and recall at the adoption level, then the averages and the speed."""
    yield f"detector {report['detector_id']}"
    yield f"{report['n_dev']} abstracts of dev.jsonl at the adoption level, 95 % bootstrap intervals; CV on train.jsonl"
    yield (
        f"{'label':16}{'F1':>6} {'interval':>12}{'prec.':>7}{'recall':>7}{'regex':>7}{'CV F1':>7}"
        f"{'>=1 F1':>8}{'=3 F1':>7}"
    )
    for label in LABELS:
        entry = report["labels"][label]
        at = entry["dev"]["2"]
        cross = entry.get("cross_validated", {}).get("2", {}).get("f1", float("nan"))
        about = f"{entry['dev']['3']['f1']:7.2f}" if "3" in entry["dev"] else ""
        yield (
            f"{label:16}{at['f1']:6.2f} {at['f1_low']:6.2f}-{at['f1_high']:.2f}{at['precision']:7.2f}"
            f"{at['recall']:7.2f}{entry['regex']['f1']:7.2f}{cross:7.2f}{entry['dev']['1']['f1']:8.2f}{about}"
        )
    drawn = {key: entry["stratified"] for key, entry in report["labels"].items() if "stratified" in entry}
    for key, by_level in drawn.items():
        at = by_level["2"]
        yield (
            f"{key:24}{at['f1']:6.2f} {at['f1_low']:6.2f}-{at['f1_high']:.2f}{at['precision']:7.2f}{at['recall']:7.2f}"
            f"   >=1 {by_level['1']['f1']:.2f}   =3 {by_level['3']['f1']:.2f}   of {at['n']} drawn, cross-validated"
        )
    if drawn:
        mean = sum(by_level["2"]["f1"] for by_level in drawn.values()) / len(drawn)
        yield f"macro of these {len(drawn)}: {mean:.3f}"
    for group in ("techniques", "themes"):
        at, regex = report["macro"][group], report["macro"][f"{group}_regex"]
        yield (
            f"macro {group:10}{at['f1']:6.3f} {at['f1_low']:6.2f}-{at['f1_high']:.2f}"
            f"   regular expressions {regex['f1']:.3f}"
        )
    yield f"{report['papers_per_second']:,} papers/s on one core"
