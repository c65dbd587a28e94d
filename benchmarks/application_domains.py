"""How well application domains are found: precision, and recall within a loose net, beside simpler rules.

    python -m benchmarks.application_domains [--shared ../shared] [--write]

``training/domain_labels.jsonl`` has papers drawn by strata (``training/domain_strata.toml``), read by one reader. Each
stands for as many as its stratum holds per paper drawn (Horvitz and Thompson 1952); intervals resample within strata.
``--write`` stores the figures that cards state, ``analysis/applications/domain_scores.json``. It reads the texts from
``arxiv/recent`` of the shared folder.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.applications.domain_finder import MIN_SCORE, DomainFinder, load_domains
from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from benchmarks.venue_mentions import read_papers

LABELS = Path("training/domain_labels.jsonl")
STRATA = Path("training/domain_strata.toml")
SCORES = Path("analysis/applications/domain_scores.json")
N_RESAMPLES = 2000


@dataclass(frozen=True)
class Read:
    """A labelled paper and domain: its weight, its score, and the level of the theme ``application``."""

    domain: str
    stratum: str
    weight: float
    is_domain: bool
    score: int
    theme_level: int


def labelled(shared: Path, part: str) -> list[Read]:
    """The labels of a part with what is found in their texts."""
    rows = [row for row in map(json.loads, LABELS.read_text(encoding="utf-8").splitlines()) if row["part"] == part]
    strata = tomllib.loads(STRATA.read_text(encoding="utf-8"))
    wanted = {row["id"] for row in rows}
    texts = {paper["arxiv_id"]: paper for paper in read_papers(shared) if paper["arxiv_id"] in wanted}
    n_drawn = Counter((row["domain"] if row["stratum"] != "child" else "", row["stratum"]) for row in rows)
    finder, detector = DomainFinder(load_domains()), Detector(load_taxonomy())
    read = []
    for row in rows:
        text = texts[row["id"]]
        domain, stratum = row["domain"], row["stratum"]
        size = strata["children"] if stratum == "child" else strata.get(part, {}).get(domain, {}).get(stratum, 1)
        scores = finder.scores(text["title"], text["abstract"])
        found = detector.detect_text(text["title"], text["abstract"])
        level = next((d.level for d in found if (d.kind, d.key) == ("theme", "application")), 0)
        score = scores[domain].score if domain in scores else 0
        weight = size / n_drawn["" if stratum == "child" else domain, stratum]
        read.append(Read(domain, stratum, weight, row["is_domain"], score, level))
    return read


def precision_and_recall(read: Sequence[Read], rule: Callable[[Read], bool]) -> tuple[float, float]:
    """Weighted precision, and recall within the net."""
    right = sum(r.weight for r in read if rule(r) and r.is_domain)
    found = sum(r.weight for r in read if rule(r))
    all_right = sum(r.weight for r in read if r.is_domain)
    return right / found if found else float("nan"), right / all_right if all_right else float("nan")


def intervals(read: Sequence[Read], rule: Callable[[Read], bool]) -> tuple[tuple[float, float], tuple[float, float]]:
    """95 % intervals of both, by resampling within domain and stratum."""
    random = np.random.default_rng(0)
    groups: dict[tuple[str, str], list[Read]] = {}
    for r in read:
        groups.setdefault((r.domain, r.stratum), []).append(r)
    drawn = []
    for _ in range(N_RESAMPLES):
        some = [of[i] for of in groups.values() for i in random.integers(len(of), size=len(of))]
        drawn.append(precision_and_recall(some, rule))
    low, high = np.nanpercentile(np.array(drawn), [2.5, 97.5], axis=0)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


RULES: Mapping[str, Callable[[Read], bool]] = {
    "as shipped": lambda r: r.score >= MIN_SCORE,
    "any word": lambda r: r.score >= 1,
    "shipped, gated by the theme": lambda r: r.score >= MIN_SCORE and r.theme_level >= 1,
    "any word, gated by the theme": lambda r: r.score >= 1 and r.theme_level >= 1,
}


def main() -> None:
    """Print the tables; with ``--write`` store the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    read = labelled(given.shared, "measure")
    tops = [r for r in read if r.stratum != "child"]
    for name, rule in RULES.items():
        precision, recall = precision_and_recall(tops, rule)
        of_precision, of_recall = intervals(tops, rule)
        print(
            f"{name:30s} precision {precision:.2f} ({of_precision[0]:.2f} to {of_precision[1]:.2f}), "
            f"recall in the net {recall:.2f} ({of_recall[0]:.2f} to {of_recall[1]:.2f})"
        )
    print("\nby domain: right of the read ones in each stratum (too few for a share of their own)")
    for domain in dict.fromkeys(r.domain for r in tops):
        cells = [
            f"{stratum} {sum(r.is_domain for r in own)} of {len(own)}"
            for stratum in ("high", "low", "net")
            if (own := [r for r in tops if (r.domain, r.stratum) == (domain, stratum)])
        ]
        print(f"  {domain:15s} {', '.join(cells)}")
    children = [r for r in read if r.stratum == "child"]
    print(f"\ndomains below, together: {sum(r.is_domain for r in children)} of {len(children)} right")
    if given.write:
        rule = RULES["as shipped"]
        precision, recall = precision_and_recall(tops, rule)
        of_precision, of_recall = intervals(tops, rule)
        scores = {
            "finder_id": DomainFinder(load_domains()).finder_id,
            "n_read": len(read),
            "precision": round(precision, 3),
            "precision_low": round(of_precision[0], 3),
            "precision_high": round(of_precision[1], 3),
            "recall_in_net": round(recall, 3),
            "recall_in_net_low": round(of_recall[0], 3),
            "recall_in_net_high": round(of_recall[1], 3),
            "children_right": sum(r.is_domain for r in children),
            "children_read": len(children),
        }
        SCORES.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
