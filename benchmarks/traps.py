"""Measure the detector on abstracts that look like a technique or theme and are not, beside a regular expression.

    python -m benchmarks.traps             the share right by kind
    python -m benchmarks.traps --wrong     also the abstracts of part "mend" that the detector gets wrong

``traps.tsv`` holds 150 made-up abstracts in 21 kinds (diffusion MRI, power transformers, "without attention" and the
like), each with the codebook's level of the term that it traps, and 30 that look the same but adopt it, so that a
detector that always says no fails. A third of each kind is held out: drawn once by a fixed seed before anything was
measured. Rules are mended by the other part only, and failures of the held-out part are never listed. All were written
by the people who wrote the rules, so both shares say more about the kinds than about all papers.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from analysis.trends.shares import share_of
from training.baseline import REGULAR_EXPRESSIONS
from training.labels import ADOPTS

TRAPS = Path(__file__).parent / "traps.tsv"
MEND, HELD_OUT = "mend", "held_out"
BAR = 0.95


@dataclass(frozen=True)
class Trap:
    """A made-up abstract with the level of the term that it traps; from ``ADOPTS`` on, it is no trap but adopts it."""

    kind: str
    part: str
    term: str
    level: int
    title: str
    abstract: str

    @property
    def adopts(self) -> bool:
        return self.level >= ADOPTS


@dataclass(frozen=True)
class Judged:
    """A trap, and whether detector and regular expression say that it adopts the term."""

    trap: Trap
    by_detector: bool
    by_expression: bool


def read_traps(path: Path = TRAPS) -> list[Trap]:
    """The abstracts of a tab-separated file with a head line."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Trap(**(row | {"level": int(row["level"])})) for row in rows]


def judge(detector: Detector, traps: Sequence[Trap]) -> list[Judged]:
    """What detector and baseline say of each trap."""
    found = detector.detect_texts([(trap.title, trap.abstract) for trap in traps])
    judged = []
    for trap, detections in zip(traps, found, strict=True):
        expression = re.compile(REGULAR_EXPRESSIONS[trap.term], re.IGNORECASE)
        by_detector = any(d.key == trap.term and d.level >= ADOPTS for d in detections)
        judged.append(Judged(trap, by_detector, bool(expression.search(f"{trap.title}\n{trap.abstract}"))))
    return judged


def _shares(judged: Sequence[Judged]) -> tuple[int, int, int]:
    """Right by the detector, right by the expression, and how many there are."""
    return (
        sum(one.by_detector == one.trap.adopts for one in judged),
        sum(one.by_expression == one.trap.adopts for one in judged),
        len(judged),
    )


def report(judged: Sequence[Judged]) -> list[str]:
    """One line a kind, then the traps and the adopting abstracts of each part."""
    lines = [f"{'right':44}{'detector':>12}{'expression':>12}"]
    for kind in dict.fromkeys(one.trap.kind for one in judged):
        detector, expression, n = _shares([one for one in judged if one.trap.kind == kind])
        lines.append(f"{kind:44}{f'{detector} of {n}':>12}{f'{expression} of {n}':>12}")
    for part in (MEND, HELD_OUT):
        of_part = [one for one in judged if one.trap.part == part]
        for name, own in (
            ("traps", [one for one in of_part if not one.trap.adopts]),
            ("adopting", [one for one in of_part if one.trap.adopts]),
            ("all", of_part),
        ):
            detector, expression, n = _shares(own)
            share, baseline = share_of(detector, n), share_of(expression, n)
            lines.append(
                f"{part:9} {name:9} of {n:3}: detector {share.share:.3f} ({share.low:.2f} to {share.high:.2f}),"
                f" expression {baseline.share:.3f}"
            )
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the shares; 1 where the detector misses the bar on the held-out traps or on all held-out abstracts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wrong", action="store_true", help='list what is wrong in the part "mend"')
    options = parser.parse_args(arguments)
    judged = judge(Detector(load_taxonomy()), read_traps())
    print("\n".join(report(judged)))
    if options.wrong:
        for one in judged:
            if one.trap.part == MEND and one.by_detector != one.trap.adopts:
                print(f"\n{one.trap.kind}: {one.trap.term} {one.trap.level}\n{one.trap.title}\n{one.trap.abstract}")
    held_out = [one for one in judged if one.trap.part == HELD_OUT]
    is_met = True
    for own in (held_out, [one for one in held_out if not one.trap.adopts]):
        detector, _, n = _shares(own)
        is_met = is_met and detector >= BAR * n
    print(f"\nbar {BAR:.2f} on the held-out part: {'met' if is_met else 'missed'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
