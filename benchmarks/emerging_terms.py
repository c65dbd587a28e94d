"""How many terms that became common were listed early, and how many listed phrases are terms.

    python -m benchmarks.emerging_terms reference [--shared ../shared]
    python -m benchmarks.emerging_terms listed [--shared ../shared] [--rule ratio]
    python -m benchmarks.emerging_terms report [--shared ../shared]

``reference`` prints every phrase that is in at most 5 papers of one quarter and in at least 30 two quarters later; a
phrase that only came to be written with a hyphen ("coding-agent") is none. It uses nothing of the product. The list was
read without knowing what the product lists, and ``emerging_terms_reference.tsv`` says of each phrase whether it is a
term (t), a turn of phrase or general word (s), or a part of a longer term or an artefact of notation (p).

``listed`` prints every phrase that was ever listed in the weeks reported, in random order and without anything else.
``emerging_terms_listed.tsv`` says of each whether it is a term or style, as read from that list.

``report`` makes the list of every week with only the past visible, and compares it with both. Beside it stands a rule
that divides the share of four weeks by that of the weeks before, on the same phrases.

The rules and the model of style were tuned on weeks before 2026; only later weeks are reported.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from analysis.detection.taxonomy import load_taxonomy
from analysis.emerging.growth import MAX_SHARE_BEFORE, MIN_PAPERS, spans
from analysis.emerging.phrases import PhraseCounts, folded
from analysis.emerging.style import shipped_model
from analysis.emerging.terms import ReadPapers, find_terms, known_phrases
from domain.trend_calls import BEFORE_WEEKS, NOW_WEEKS, WINDOW_WEEKS
from domain.week import Week
from training.fit_emerging_style import read_papers

WATCHED = frozenset("cs.LG stat.ML cs.CL cs.CV cs.AI cs.NE".split())
QUARTERS = (("2025-Q3", "2026-Q1"), ("2025-Q4", "2026-Q2"))
AT_MOST, AT_LEAST, MAX_WORDS = 5, 30, 4
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*|[^a-z0-9\s-]")
_EDGE = frozenset(
    "a about above across after all also an and any are as at be been being between both but by can could does each "
    "for from has have how if in into is it its may more most must no not of on only or other our over same should "
    "show shows so some such than that the their them then there these they this those through to under up use used "
    "using via was we were what when where whether which while who why will with within without would yet".split()
)


def papers_of(shared: Path) -> Iterator[dict[str, object]]:
    """The watched papers, in order of submission within each month."""
    for path in sorted((shared / "arxiv" / "recent").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if WATCHED & set(row["categories"]):
                    yield row


def quarter_of(published: str) -> str:
    """The quarter of an instant, such as ``2025-Q3``."""
    at = datetime.fromisoformat(published)
    return f"{at.year}-Q{(at.month + 2) // 3}"


def phrases_in(texts: Sequence[str], n: int, parts: set[str] | None) -> set[str]:
    """Runs of ``n`` words of a paper, whose first and last ``n - 1`` words are among ``parts``."""
    found = set()
    for text in texts:
        words = _WORD.findall(text.lower())
        for i in range(len(words) - n + 1):
            run = words[i : i + n]
            if not all(word[0].isalnum() for word in run):
                continue
            if parts is not None and (" ".join(run[1:]) not in parts or " ".join(run[:-1]) not in parts):
                continue
            found.add(" ".join(run))
    return found


def counts_of(papers: Sequence[Sequence[str]], wanted: set[str] | None, n: int, parts: set[str] | None) -> Counter[str]:
    """Papers that hold each phrase of ``n`` words."""
    counted: Counter[str] = Counter()
    for texts in papers:
        found = phrases_in(texts, n, parts)
        counted.update(found if wanted is None else found & wanted)
    return counted


def reference_phrases(before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]) -> dict[str, tuple[int, int]]:
    """Phrases in at most ``AT_MOST`` papers before and at least ``AT_LEAST`` after, with both counts."""
    found: dict[str, tuple[int, int]] = {}
    parts: set[str] | None = None
    for n in range(1, MAX_WORDS + 1):
        now = {phrase: k for phrase, k in counts_of(after, None, n, parts).items() if k >= AT_LEAST}
        then = counts_of(before, set(now), n, parts)
        for phrase, k in now.items():
            words = phrase.split()
            is_whole = words[0] not in _EDGE and words[-1] not in _EDGE and any(c.isalpha() for c in phrase)
            if is_whole and then[phrase] <= AT_MOST:
                found[phrase] = (then[phrase], k)
        parts = set(now)
    without_hyphens = [[text.lower().replace("-", " ") for text in texts] for texts in before]
    for phrase in [phrase for phrase in found if "-" in phrase]:
        pattern = re.compile(rf"\b{re.escape(phrase.replace('-', ' '))}\b")
        if sum(any(pattern.search(text) for text in texts) for texts in without_hyphens) > AT_MOST:
            del found[phrase]
    return found


def print_reference(shared: Path) -> None:
    """Print the reference phrases of each pair of quarters, alphabetically, without any count."""
    of_quarter: dict[str, list[tuple[str, str]]] = {}
    for row in papers_of(shared):
        of_quarter.setdefault(quarter_of(str(row["published"])), []).append((str(row["title"]), str(row["abstract"])))
    for first, last in QUARTERS:
        for phrase in sorted(reference_phrases(of_quarter[first], of_quarter[last])):
            print(f"{last}\t{phrase}")


FIRST, LAST = Week.parse("2026-W02"), Week.parse("2026-W25")
HOLDS_WEEKS = 12
RATIO_WEEKS, RATIO = 4, 3.0
"""The rival: in four weeks at least this many times the share of the half year before."""
ASKED = ("on-policy distillation", "agent skills", "OpenClaw", "world action models")
REFERENCE = Path(__file__).with_name("emerging_terms_reference.tsv")
LISTED = Path(__file__).with_name("emerging_terms_listed.tsv")
RATIO_LISTED = Path(__file__).with_name("emerging_terms_ratio.tsv")


@dataclass(frozen=True)
class Listing:
    """A phrase when it was listed for the first time; ``row`` is its place among the counted phrases."""

    phrase: str
    name: str
    week: Week
    row: int


class Backtest:
    """The lists of all weeks, each made with only the past visible."""

    def __init__(self, shared: Path) -> None:
        self.read = ReadPapers.of(read_papers(shared, LAST, with_authors=True))
        weeks = [week for week in self.read.tokens.weeks[15:] if week <= LAST]
        self.counts: PhraseCounts = self.read.count(weeks)
        self.weeks = weeks
        self._row = {folded(self.counts.text(i)): i for i in range(len(self.counts.phrases))}

    def by_product(self) -> dict[str, Listing]:
        """What the product lists, by phrase, when it does so first."""
        known = known_phrases(load_taxonomy(), ())
        first: dict[str, Listing] = {}
        for week in self.weeks:
            for term in find_terms(self.read, self.counts, week, known=known, model=shipped_model()).terms:
                first.setdefault(term.phrase, Listing(term.phrase, term.name, week, self._row[term.phrase]))
        return first

    def by_ratio(self) -> dict[str, Listing]:
        """What a ratio of shares lists: at least ``MIN_PAPERS`` papers in four weeks, rare before, and risen."""
        first: dict[str, Listing] = {}
        k, n = self.counts.k, self.counts.n
        for week in self.weeks:
            at = self.read.tokens.weeks.index(week)
            now = slice(at - RATIO_WEEKS + 1, at + 1)
            before = slice(max(0, now.start - WINDOW_WEEKS), now.start)
            k_now, k_before = k[:, now].sum(axis=1), k[:, before].sum(axis=1)
            share, share_before = k_now / n[now].sum(), k_before / n[before].sum()
            rises = (k_now >= MIN_PAPERS) & (share_before <= MAX_SHARE_BEFORE) & (share >= RATIO * share_before)
            for row in np.flatnonzero(rises).tolist():
                phrase = folded(self.counts.text(row))
                first.setdefault(phrase, Listing(phrase, self.counts.text(row), week, row))
        return first

    def n_at(self, listing: Listing) -> int:
        """Papers of the eight weeks that end when a phrase was listed first."""
        recent, _ = spans(self.read.tokens.weeks.index(listing.week))
        return int(self.counts.k[listing.row, recent].sum())

    def held(self, listing: Listing) -> bool | None:
        """Whether a phrase held twelve weeks after it was listed, by the rule of calls; ``None`` if it is too early."""
        at = self.read.tokens.weeks.index(listing.week)
        then = at + HOLDS_WEEKS
        if then >= len(self.read.tokens.weeks):
            return None
        k, n = self.counts.k[listing.row], self.counts.n
        first = max(0, at - WINDOW_WEEKS + 1)
        n_before = min(BEFORE_WEEKS, (at + 1 - first) // 2)
        before = _share(k, n, first, first + n_before - 1)
        now = _share(k, n, at - NOW_WEEKS + 1, at)
        if now <= before:
            return None
        return _share(k, n, then - NOW_WEEKS + 1, then) > (now + before) / 2

    def week_reached(self, row: int, n_papers: int) -> Week | None:
        """The first week that ends thirteen weeks with this many papers of a phrase."""
        k = self.counts.k[row].astype(np.int64)
        total = np.convolve(k, np.ones(13, dtype=np.int64))[: len(k)]
        reached = np.flatnonzero(total >= n_papers)
        return self.read.tokens.weeks[int(reached[0])] if len(reached) else None

    def row_of(self, phrase: str) -> int | None:
        """The place of a phrase among those counted."""
        return self._row.get(phrase)


def _share(k: NDArray[np.int32], n: NDArray[np.int64], first: int, last: int) -> float:
    return float(k[first : last + 1].sum() / n[first : last + 1].sum())


def reference_terms() -> dict[str, set[str]]:
    """The terms of the reference, folded, by their later quarter."""
    of_quarter: dict[str, set[str]] = {}
    for line in REFERENCE.read_text(encoding="utf-8").splitlines():
        quarter, phrase, label = line.split("\t")
        if label == "t":
            of_quarter.setdefault(quarter, set()).add(folded(phrase))
    return of_quarter


def judged(path: Path) -> dict[str, bool]:
    """Whether each phrase that was read is a term."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return {phrase: label == "term" for label, phrase in rows}


def in_report(listings: dict[str, Listing]) -> list[Listing]:
    """The listings of the weeks reported."""
    return [of for of in listings.values() if FIRST <= of.week <= LAST]


def covering(phrase: str, listings: dict[str, Listing]) -> Listing | None:
    """The first listing of a phrase, or of a longer or shorter one that has all its words in a row."""
    padded = f" {phrase} "
    found = [of for of in listings.values() if padded in f" {of.phrase} " or f" {of.phrase} " in padded]
    return min(found, key=lambda of: of.week, default=None)


def share_text(k: int, n: int) -> str:
    """``k`` of ``n`` with a Wilson interval."""
    low, high = proportion_confint(k, n, method="wilson") if n else (float("nan"), float("nan"))
    return f"{k} of {n}, {k / max(1, n):.2f} (95 %: {low:.2f} to {high:.2f})"


def report(backtest: Backtest, name: str, listings: dict[str, Listing], path: Path) -> None:
    """Print recall, lead, precision and what held of one rule."""
    print(f"\n{name}")
    exact, near, leads = 0, 0, []
    terms = {(quarter, phrase) for quarter, of in reference_terms().items() for phrase in of}
    missed = []
    for _, phrase in sorted(terms):
        row = backtest.row_of(phrase)
        reached = backtest.week_reached(row, AT_LEAST) if row is not None else None
        listing = listings.get(phrase)
        exact += listing is not None
        listing = listing or covering(phrase, listings)
        near += listing is not None
        if listing is None:
            missed.append(phrase)
        elif reached is not None:
            leads.append(listing.week.weeks_until(reached))
    print(f"  recall, the phrase itself: {share_text(exact, len(terms))}")
    print(f"  recall, or a phrase around or in it: {share_text(near, len(terms))}; missed: {', '.join(missed)}")
    if leads:
        early = sum(lead > 0 for lead in leads)
        lead = statistics.median(leads)
        print(f"  lead before 30 papers a quarter: median {lead} weeks; {early} of {len(leads)} earlier")
    chosen = in_report(listings)
    if path.is_file():
        of = judged(path)
        read = [of[listing.phrase] for listing in chosen if listing.phrase in of]
        print(f"  precision of what was read: {share_text(sum(read), len(read))}; {len(chosen)} phrases listed")
    else:
        print(f"  {len(chosen)} phrases listed, none read")
    held = [backtest.held(listing) for listing in chosen]
    decided = [one for one in held if one is not None]
    print(f"  held after {HOLDS_WEEKS} weeks: {share_text(sum(decided), len(decided))}")


def main() -> None:
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("reference", "listed", "report"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--rule", choices=("product", "ratio"), default="product")
    given = parser.parse_args()
    if given.command == "reference":
        print_reference(given.shared)
        return
    backtest = Backtest(given.shared)
    if given.command == "listed":
        listings = backtest.by_product() if given.rule == "product" else backtest.by_ratio()
        phrases = [(of.phrase, of.name) for of in in_report(listings)]
        random.Random(18).shuffle(phrases)
        print("\n".join(f"{phrase}\t{name}" for phrase, name in phrases))
        return
    product = backtest.by_product()
    report(backtest, "Papertide", product, LISTED)
    report(
        backtest,
        f"Ratio of {RATIO_WEEKS} weeks to the half year before, at least {RATIO:g}",
        backtest.by_ratio(),
        RATIO_LISTED,
    )
    print()
    for term in ASKED:
        listing = product.get(folded(term)) or covering(folded(term), product)
        if listing is None:
            print(f"  {term}: never listed")
        else:
            n_papers = backtest.n_at(listing)
            print(f"  {term}: listed in {listing.week} as {listing.name!r}, at {n_papers} papers in eight weeks")


if __name__ == "__main__":
    main()
