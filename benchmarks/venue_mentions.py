"""How well venues are read from comments, beside a plain regular expression, and the waves of each week.

    python -m benchmarks.venue_mentions [--shared ../shared] [--first 2026-W14] [--last 2026-W25]

``venue_labels.csv`` has 240 comments of 2025-09 to 2026-06, drawn at random from those that say more than a number of
pages, labelled by one reader: the venue, its year, its status, and whether it is a meeting held with the conference.
The rule was written with the development half; the other half reports. A venue is right if its name is the label's or
is part of it. The regular expression takes the first word with two capitals before a year.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from analysis.trends.venue_waves import venue_waves
from domain.paper import ArxivId
from domain.venue_mention import venue_mention
from domain.week import Week, weeks_between
from ingest.settings import DEFAULT_CATEGORIES

LABELS = Path(__file__).with_name("venue_labels.csv")
_PLAIN = re.compile(r"\b([A-Z][A-Za-z]*[A-Z][A-Za-z]*)[ '’-]*(20\d\d)\b")


def read_papers(shared: Path) -> Iterator[dict[str, Any]]:
    """Every paper of ``arxiv/recent``."""
    for month in sorted((shared / "arxiv" / "recent").glob("*.jsonl.gz")):
        with gzip.open(month, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def plain(comment: str) -> tuple[str, int | None] | None:
    """The regular expression's venue and year."""
    match = _PLAIN.search(comment)
    return None if match is None else (match[1], int(match[2]))


def ours(comment: str) -> tuple[str, int | None] | None:
    """Our venue and year."""
    found = venue_mention(comment)
    return None if found is None else (found.venue, found.year)


def is_same(venue: str, label: str) -> bool:
    """Whether two names are one venue's: equal, or one is part of the other."""
    a, b = (re.sub(r"\W", "", name).casefold() for name in (venue, label))
    return a == b or (min(len(a), len(b)) > 3 and (a in b or b in a))


def score(comments: dict[str, str]) -> None:
    """Precision and recall of both, by half."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        labels = [row for row in csv.DictReader(file) if row["arxiv_id"] in comments]
    rules: dict[str, Callable[[str], tuple[str, int | None] | None]] = {"ours": ours, "regular expression": plain}
    for half in ("development", "reporting"):
        rows = [row for row in labels if row["half"] == half]
        n_labelled = sum(bool(row["venue"]) for row in rows)
        print(f"{half}: {len(rows)} comments, {n_labelled} name a venue")
        for name, rule in rules.items():
            found = [(rule(comments[row["arxiv_id"]]), row) for row in rows]
            n_found = sum(one is not None for one, _ in found)
            right = [(one, row) for one, row in found if one and row["venue"] and is_same(one[0], row["venue"])]
            n_year = sum(one[1] == (int(row["year"]) if row["year"] else None) for one, row in right)
            print(
                f"  {name:<20} precision {len(right)} of {n_found}, recall {len(right)} of {n_labelled}; "
                f"of these the year is right in {n_year}"
            )
        statuses = [(venue_mention(comments[row["arxiv_id"]]), row) for row in rows if row["venue"]]
        n_right = sum(one is not None and one.status == row["status"] for one, row in statuses)
        print(f"  status right in {n_right} of {n_labelled}")


def waves(named: dict[Week, dict[ArxivId, str]], first: Week, last: Week) -> None:
    """The waves of each week."""
    for week in weeks_between(first, last):
        found = "; ".join(
            f"{wave.venue} {wave.n_papers} (usually {wave.n_usual:g}, a year before "
            f"{'not held' if wave.n_last_year is None else wave.n_last_year})"
            for wave in venue_waves(named, week)
        )
        print(f"{week}: {found or 'none'}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--first", type=Week.parse, default=Week.parse("2026-W14"))
    parser.add_argument("--last", type=Week.parse, default=Week.parse("2026-W25"))
    arguments = parser.parse_args()
    comments: dict[str, str] = {}
    named: dict[Week, dict[ArxivId, str]] = defaultdict(dict)
    for paper in read_papers(arguments.shared):
        comment = paper.get("comment") or ""
        comments[paper["arxiv_id"]] = comment
        if set(DEFAULT_CATEGORIES) & set(paper["categories"]):
            found = venue_mention(comment, paper["abstract"])
            day = date.fromisoformat(paper["published"][:10])
            week = named[Week(day - timedelta(days=day.weekday()))]
            if found is not None:
                week[ArxivId(paper["arxiv_id"])] = found.venue
    score(comments)
    waves(dict(named), arguments.first, arguments.last)


if __name__ == "__main__":
    main()
