"""When the ledger would have called eleven names of cs.CL taken up, week by week with only the past visible.

    python -m benchmarks.name_backtest [--shared ../shared]

Reads ``arxiv/cs-CL-history``. Each week the ledger's rules see the papers up to that week. Authors are missing there,
so every paper counts as a team of its own. The names were chosen with hindsight, and the tagger's lexicon knows them
from later papers; what is seen week by week is who held them. Beside it stands a plain string match: the first week at
whose end four papers of the last 26 weeks hold the name.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.names.tagger import NameTagger
from analysis.names.variants import name_key
from benchmarks.backtest import FIRST, LAST, count_words
from benchmarks.names_in_memory import NamesInMemory, each_paper_a_team, sample_of, text_of
from benchmarks.service import read_papers
from benchmarks.trend_call_rivals import share_of_weeks
from domain.name_ledger import UPTAKE_TEAMS, UPTAKE_WEEKS
from domain.paper import Paper
from domain.week import Week

NAMES = {
    "SQuAD": "1606.05250",
    "GLUE": "1804.07461",
    "SuperGLUE": "1905.00537",
    "MMLU": "2009.03300",
    "HumanEval": "2107.03374",
    "GSM8K": "2110.14168",
    "BERT": "1810.04805",
    "GPT-3": "2005.14165",
    "LLaMA": "2302.13971",
    "LoRA": "2106.09685",
    "DPO": "2305.18290",
}
"""The names, with the paper that introduces each."""
SHARE, SHARE_WEEKS = 0.01, 13
WATCHED_WEEKS = UPTAKE_WEEKS
"""How long after its call a name is read on, to see whether the call stands."""


@dataclass
class Course:
    """What happened to one name: the week seen, called, and the paper taken for its introduction at the call."""

    seen: Week | None = None
    called: Week | None = None
    introduced_by: str | None = None
    introduced: Week | None = None
    stands: bool = True


def loosely(name: str) -> re.Pattern[str]:
    """Finds every text in lower case whose names may have the key of a name."""
    parts = r"[\s-]?".join(map(re.escape, re.findall(r"[A-Z]*[a-z]+|[A-Z]+|\d", name)))
    return re.compile(rf"{parts.lower()}s?(?![a-z0-9])")


def follow(names: NamesInMemory, papers: Sequence[Paper]) -> dict[str, Course]:
    """The course of each name, week by week; a name is read until some time after its call."""
    courses = {name: Course() for name in NAMES}
    patterns = {name: loosely(name) for name in NAMES}
    by_week: dict[Week, list[Paper]] = defaultdict(list)
    for paper in papers:
        by_week[Week.containing(paper.submitted_at)].append(paper)
    for week in sorted(by_week):
        still = {
            name: patterns[name]
            for name, course in courses.items()
            if course.called is None or course.called.weeks_until(week) <= WATCHED_WEEKS
        }
        names.add([p for p in by_week[week] if any(pattern.search(text_of(p).lower()) for pattern in still.values())])
        for name in still:
            look(names, name, week, courses[name])
    return courses


def look(names: NamesInMemory, name: str, week: Week, course: Course) -> None:
    """Look at a name again if papers of the week hold it."""
    sightings = names.sightings[name_key(name)]
    if not sightings or sightings[-1].week != week:
        return
    course.seen = course.seen or week
    taken_up = [
        thing
        for thing in names.things(name_key(name))
        if thing.introductions and any(event.kind == "taken_up" for event in names.facts(thing)[1])
    ]
    course.stands = bool(taken_up)
    if taken_up and course.called is None:
        first = max(taken_up, key=lambda thing: len(thing.sightings))
        course.called, course.introduced_by = week, first.introductions[0]
        course.introduced = names.facts(first)[0].introduced_week


def string_called(k: NDArray[np.int64], weeks: Sequence[Week]) -> Week | None:
    """The first week at whose end as many papers as an uptake needs, and the introducing one, held the name."""
    lately = np.convolve(k, np.ones(UPTAKE_WEEKS, dtype=np.int64))[: len(k)]
    found = np.flatnonzero(lately > UPTAKE_TEAMS)
    return weeks[int(found[0])] if len(found) else None


def reached(k: NDArray[np.int64], n: NDArray[np.int64], weeks: Sequence[Week]) -> Week | None:
    """The first week over whose thirteen the name stood in 1 % of the papers."""
    at = (w for w in range(SHARE_WEEKS - 1, len(n)) if share_of_weeks(k, n, w, SHARE_WEEKS) >= SHARE)
    return next((weeks[w] for w in at), None)


def before(called: Week | None, common: Week | None) -> str:
    """How many weeks a call came before a name was common; ``never`` was called."""
    if called is None:
        return "never"
    return "not reached" if common is None else f"{called.weeks_until(common):+d}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="Folder with arxiv/cs-CL-history.")
    folder = parser.parse_args().shared / "arxiv" / "cs-CL-history"
    strings = [re.compile(rf"{re.escape(name)}(?<!\w{re.escape(name)})(?!\w)") for name in NAMES]
    weeks, n, k = count_words(folder, strings)
    papers = [p for p in read_papers(folder) if FIRST <= Week.containing(p.submitted_at) <= LAST]
    names = NamesInMemory(NameTagger(), each_paper_a_team, (), sample_of(papers))
    courses = follow(names, papers)
    print(f"{len(papers):,} papers, {weeks[0]} to {weeks[-1]}\n")
    print("| name | first seen | called taken up | introduced by | stood 26 weeks later | string match called | 1 % |"
          " weeks before 1 %: ledger | string match |")  # fmt: skip
    print("| --- " * 9 + "|")
    for row, (name, introduced_by) in enumerate(NAMES.items()):
        course, common, by_string = courses[name], reached(k[row], n, weeks), string_called(k[row], weeks)
        right = "its paper" if course.introduced_by == introduced_by else str(course.introduced_by or "-")
        stood = "-" if course.called is None else "yes" if course.stands else "no"
        cells = (
            name, course.seen or "never", course.called or "never", right, stood, by_string or "never",
            common or "never", before(course.called, common), before(by_string, common),
        )  # fmt: skip
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
