"""Shares of five names in two quarters, the ledger beside readings of 40 abstracts each, and first uses of benchmarks.

    python -m benchmarks.name_shares [--shared ../shared] [--first-uses] [--draw]

Reads all of ``arxiv/recent``, cs.RO included. A name's papers are those that introduce or use it, all its spellings
together. Beside the ledger stands a plain string match: the name, as written in ``NAMES``, anywhere in title or
abstract. ``name_readings.tsv`` holds what one reader found with the codebook in abstracts drawn at random (``--draw``
lists them) from those of both quarters that hold the name loosely: variants and false friends included.

``--first-uses`` also counts, of the benchmarks of one word that the ledger says were introduced from June to December
2025 by papers that present a benchmark, how many another team used within 26 weeks. A plain string match beside it
looks for the same names as words in papers of no common author; another for what stands before the colon of a title
that holds "benchmark".
"""

from __future__ import annotations

import argparse
import csv
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from analysis.names.tagger import NameTagger
from analysis.names.teams import common_keys
from analysis.names.things_of_one_name import Thing
from analysis.names.variants import name_key, spelled_out
from analysis.trends.shares import share_of
from benchmarks.names_in_memory import NamesInMemory, authors_of, sample_of, text_of
from benchmarks.service import read_papers
from domain.name_ledger import SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE, UPTAKE_WEEKS
from domain.paper import ArxivId, Paper
from domain.trend_periods import PERIODS
from domain.week import Week

READINGS = Path(__file__).with_name("name_readings.tsv")
NAMES = {
    "LIBERO": r"libero",
    "LoCoMo": r"lo[\s-]?co[\s-]?mo(?!ti|to)",
    "Qwen3-8B": r"qwen[\W_]?3\b.{0,40}?(?<![.\d])8[\W_]?b\b",
    "GPT-4o": r"gpt[\W_]?4[\W_]?o(?![a-ln-z])",
    "AIME 2024": r"(?:aime(?<!\waime)(?!d\b)|american invitational)",
}
"""The names, each with what finds every paper that may hold it in lower case, and its false friends."""
QUARTERS = (date(2025, 7, 1), date(2026, 4, 1))
N_READ = 40
FIRST, LAST = Week(date(2025, 6, 2)), Week(date(2025, 12, 22))
"""The weeks of the introductions; every one is followed by 26 weeks."""
_CAPITALISED = re.compile(r"[\w'’‐‑–-]*[A-Z][\w'’‐‑–+*@-]*(?: \d[\w.-]*)?")
_PRESENTED = re.compile(r"(?:introduc|present|propos|releas|construct|develop|curat|creat)[^.]{0,200}bench")
_HEADING = re.compile(r"\s*([^\s:]+)\s*:")
_WORD = re.compile(r"[\w+*@.-]*\w[+*]*")


def quarter(paper: Paper) -> date:
    """The first day of the quarter that the paper's week belongs to."""
    return PERIODS["quarter"].first_day(Week.containing(paper.submitted_at).monday)


def loosely(name: str) -> re.Pattern[str]:
    """Finds every paper that may hold the name."""
    return re.compile(NAMES[name], re.DOTALL)


def drawn(name: str, candidates: Sequence[Paper]) -> list[ArxivId]:
    """The papers to read: 20 of the first quarter, or all if fewer, and the rest of 40 of the second."""
    first, second = (sorted(p.arxiv_id for p in candidates if quarter(p) == q) for q in QUARTERS)
    chance = random.Random(f"18 {name}")
    of_first = sorted(chance.sample(first, min(N_READ // 2, len(first))))
    return [*of_first, *sorted(chance.sample(second, N_READ - len(of_first)))]


def read_readings() -> dict[str, dict[ArxivId, str]]:
    """By name and paper what the reader found: a role, or ``none``."""
    found: dict[str, dict[ArxivId, str]] = defaultdict(dict)
    with READINGS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            found[row["name"]][ArxivId(row["arxiv_id"])] = row["role"]
    return found


def roles_of(names: NamesInMemory, name: str) -> dict[ArxivId, str]:
    """The counted role of every paper of the thing that most papers of this name hold."""
    things = names.things(name_key(name))
    if not things:
        return {}
    most = max(things, key=lambda thing: len(thing.sightings))
    presenting = set(most.introductions)
    return {
        s.arxiv_id: "uses" if s.role == "introduces" and s.arxiv_id not in presenting else s.role
        for s in most.sightings
    }


def users(roles: Mapping[ArxivId, str]) -> set[ArxivId]:
    """The papers that introduce or use."""
    return {arxiv_id for arxiv_id, role in roles.items() if role in ("introduces", "uses")}


def percent(k: int, n: int) -> str:
    """A share with its interval and what it counts."""
    if not n:
        return "none of 0"
    s = share_of(k, n)
    return f"{100 * s.share:.3g} % ({100 * s.low:.3g} to {100 * s.high:.3g}), {k:,} of {n:,}"


def print_shares(names: NamesInMemory, papers: Sequence[Paper]) -> None:
    """The share of each name in each quarter, by both."""
    by_quarter: dict[date, list[Paper]] = defaultdict(list)
    for paper in papers:
        by_quarter[quarter(paper)].append(paper)
    for name in NAMES:
        of_ledger = users(roles_of(names, name))
        print(name)
        for q in QUARTERS:
            n = len(by_quarter[q])
            k = sum(p.arxiv_id in of_ledger for p in by_quarter[q])
            k_string = sum(name in text_of(p) for p in by_quarter[q])
            print(f"  quarter from {q}: ledger {percent(k, n)}; string match {percent(k_string, n)}")


def print_readings(names: NamesInMemory, papers: Mapping[ArxivId, Paper]) -> None:
    """Precision and recall of both against the readings."""
    sums = {rule: [0, 0, 0] for rule in ("ledger", "string match")}
    for name, readings in read_readings().items():
        using, roles = users(readings), roles_of(names, name)
        found = {
            "ledger": users(roles) & readings.keys(),
            "string match": {i for i in readings if name in text_of(papers[i])},
        }
        print(f"{name}: {len(readings)} abstracts read, {len(using)} introduce or use it")
        for rule, ids in found.items():
            n_right = len(ids & using)
            sums[rule] = [a + b for a, b in zip(sums[rule], (n_right, len(ids), len(using)), strict=True)]
            print(f"  {rule:<13} precision {percent(n_right, len(ids))}; recall {percent(n_right, len(using))}")
        wrong = [*sorted(found["ledger"] - using), "missed:", *sorted(using - found["ledger"])]
        print(f"  {'ledger':<13} wrong: {' '.join(wrong)}")
    for rule, (n_right, n_found, n_using) in sums.items():
        print(f"all: {rule:<13} precision {percent(n_right, n_found)}; recall {percent(n_right, n_using)}")


@dataclass(frozen=True)
class Introduced:
    """A benchmark, the paper that introduces it, and whether another team used it in time by the ledger."""

    surface: str
    paper: Paper
    is_used: bool = False


def introduced_benchmarks(names: NamesInMemory) -> list[Introduced]:
    """The benchmarks of one word that the ledger says were introduced in the weeks."""
    found = []
    for key in list(names.sightings):
        if any(s.role == "introduces" and s.kind == "benchmark" for s in names.sightings[key]):
            found += [one for thing in names.things(key) if (one := _introduced(names, thing)) is not None]
    return found


def _introduced(names: NamesInMemory, thing: Thing) -> Introduced | None:
    if not thing.introductions:
        return None
    facts, events = names.facts(thing)
    week = facts.introduced_week
    is_listed = facts.confidence >= SHOWN_CONFIDENCE and facts.kind_confidence >= SHOWN_KIND_CONFIDENCE
    if week is None or not FIRST <= week <= LAST or facts.kind != "benchmark" or not is_listed:
        return None
    if facts.introduced_by is None or len(facts.surface.split()) != 1:
        return None
    is_used = any(e.kind == "used_elsewhere" and week.weeks_until(e.week) <= UPTAKE_WEEKS for e in events)
    return Introduced(facts.surface, names.papers[facts.introduced_by], is_used)


def headed_benchmarks(papers: Iterable[Paper]) -> list[Introduced]:
    """The one-word beginnings of titles before a colon, of papers with "benchmark" in the title."""
    found = []
    for paper in papers:
        heading = _HEADING.match(paper.title)
        if heading and "benchmark" in paper.title.casefold() and FIRST <= _week(paper) <= LAST:
            found.append(Introduced(heading[1], paper))
    return found


def n_matched(introduced: Sequence[Introduced], papers: Iterable[Paper]) -> int:
    """How many stand as a word in a paper of no common author within 26 weeks."""
    by_surface: dict[str, list[Introduced]] = defaultdict(list)
    for one in introduced:
        by_surface[one.surface].append(one)
    used: set[ArxivId] = set()
    for paper in papers:
        for word in set(_WORD.findall(text_of(paper))) & by_surface.keys():
            used |= {one.paper.arxiv_id for one in by_surface[word] if _may_use(paper, one.paper)}
    return sum(one.paper.arxiv_id in used for one in introduced)


def _may_use(paper: Paper, introducing: Paper) -> bool:
    weeks = _week(introducing).weeks_until(_week(paper))
    is_other = paper.arxiv_id != introducing.arxiv_id and not set(paper.authors) & set(introducing.authors)
    return is_other and 0 <= weeks <= UPTAKE_WEEKS


def _week(paper: Paper) -> Week:
    return Week.containing(paper.submitted_at)


def print_first_uses(names: NamesInMemory, papers: Sequence[Paper]) -> None:
    """First uses by another team, by the ledger and by the string match."""
    read_missing(names, (p for p in papers if FIRST <= _week(p) <= LAST and presents_benchmark(p)))
    keys = {name_key(one.surface) for one in introduced_benchmarks(names)}
    read_missing(names, (p for p in papers if holds_any(p, keys)))
    introduced = introduced_benchmarks(names)
    headed = headed_benchmarks(papers)
    n = len(introduced)
    print(f"of {n:,} one-word benchmarks introduced {FIRST} to {LAST}, another team used within {UPTAKE_WEEKS} weeks:")
    print(f"  ledger: {percent(sum(one.is_used for one in introduced), n)}")
    print(f"  string match of the same names: {percent(n_matched(introduced, papers), n)}")
    print(f"  string match of headings: {percent(n_matched(headed, papers), len(headed))}")


def presents_benchmark(paper: Paper) -> bool:
    """Whether the title, or a sentence of the abstract that presents something, holds "bench"."""
    return "bench" in paper.title.lower() or _PRESENTED.search(paper.abstract.lower()) is not None


def holds_any(paper: Paper, keys: set[str]) -> bool:
    """Whether a capitalised word of a paper, or its part before a hyphen, has one of the keys."""
    words = set(_CAPITALISED.findall(text_of(paper)))
    words |= {part for word in words for part in (word.rsplit("-", 1)[0], word.split(" ")[0])}
    spelled = set(map(spelled_out, words))
    return not keys.isdisjoint(spelled) or not keys.isdisjoint(word.removesuffix("s") for word in spelled)


def read_missing(names: NamesInMemory, papers: Iterable[Paper]) -> None:
    """Read the names of papers that were not read."""
    names.add([p for p in papers if p.arxiv_id not in names.papers])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="Folder with arxiv/recent.")
    parser.add_argument("--first-uses", action="store_true", help="Also count first uses of benchmarks.")
    parser.add_argument("--draw", action="store_true", help="Only list the abstracts to read.")
    given = parser.parse_args()
    papers = list(read_papers(given.shared / "arxiv" / "recent"))
    by_name = {name: [p for p in papers if loosely(name).search(text_of(p).lower())] for name in NAMES}
    if given.draw:
        for name, candidates in by_name.items():
            print(f"{name}\t{' '.join(drawn(name, candidates))}")
        return
    common = common_keys(person for paper in papers for person in authors_of(paper))
    names = NamesInMemory(NameTagger(), authors_of, common, sample_of(papers))
    for candidates in by_name.values():
        read_missing(names, candidates)
    print_shares(names, papers)
    print_readings(names, {p.arxiv_id: p for p in papers})
    if given.first_uses:
        print_first_uses(names, papers)


if __name__ == "__main__":
    main()
