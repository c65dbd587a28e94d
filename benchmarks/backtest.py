"""Thirteen years of cs.CL, week by week with only the past visible: what would have been called, and did it hold?

    python -m benchmarks.backtest [--shared ../shared] [--out docs/record.md]

Reads ``arxiv/cs-CL-history``, counts words in titles and abstracts by week, and makes the calls of every week from the
27th on, beside Kleinberg's bursts and a plain four-week ratio. The words below were chosen today, with hindsight, and
so are the terms that stand beside them to be tested and to be called wrongly; what is not chosen with hindsight is when
they are called. All rules are judged alike (``benchmarks/trend_call_rivals.py``).
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.trends.trend_calls import COOLING_WITHIN_WEEKS, TermCounts, make_calls
from benchmarks.trend_call_rivals import alarms, four_week_ratio, held, kleinberg_bursts, share_of_weeks
from domain.trend_calls import UPWARD, WINDOW_WEEKS
from domain.week import Week, weeks_between

FDR = 0.05
HOLDS_WEEKS = 26
FIRST, LAST = Week(date(2013, 1, 7)), Week(date(2025, 5, 19))

ADOPTED: dict[str, str] = {
    "BERT-style encoders": r"(?-i:\b\w*BERT\w*\b)|masked language model",
    "prompting and in-context learning": r"\bprompt(?:s|ing|ed|-based)?\b|\bin-context\b",
    "chain of thought": r"\bchain[- ]of[- ]thoughts?\b|(?-i:\bCoT\b)",
    "retrieval-augmented generation": r"\bretrieval[- ]augment\w+|(?-i:\bRAGs?\b)",
    "instruction tuning": r"\binstruction[- ](?:fine-?)?tun\w+|\binstruction[- ]follow\w+",
    "LoRA and parameter-efficient tuning": r"(?-i:\b(?:Q?LoRA|PEFT)\b)|\b(?:parameter[- ]efficient|prefix[- ]tuning)\b",
    "LLM agents": r"\b(?:LLM|language model)s?[- ](?:based |powered )?(?:multi-)?agents?\b|\bagentic\b",
    "test-time scaling": r"\b(?:test|inference)[- ]time (?:scal|comput)\w+",
}
BESIDE = """word embeddings?|\\bLSTMs?\\b|\\bGRUs?\\b|sequence[- ]to[- ]sequence|\\battention\\b|\\btransformers?\\b
machine translation|sentiment|named entity|question answering|summari[sz]ation|dialogue|\\bpars[ie]
speech recognition|knowledge graphs?|topic model|multilingual|low[- ]resource|\\bbias|hate speech|fact[- ]check|covid
code generation|hallucinat|human feedback|\\bdiffusion|mixture[- ]of[- ]experts|quanti[sz]ation|long[- ]context
reinforcement learning|graph neural|convolutional|ontolog|\\bcorpus\\b|grammar|part[- ]of[- ]speech|crowdsourc
support vector|twitter|medical"""


def count_words(
    folder: Path, patterns: Sequence[re.Pattern[str]]
) -> tuple[list[Week], NDArray[np.int64], NDArray[np.int64]]:
    """The weeks, the papers of each, and by pattern those that match."""
    weeks = list(weeks_between(FIRST, LAST))
    place = {week.monday: i for i, week in enumerate(weeks)}
    n = np.zeros(len(weeks), dtype=np.int64)
    k = np.zeros((len(patterns), len(weeks)), dtype=np.int64)
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                paper = json.loads(line)
                day = date.fromisoformat(paper["published"][:10])
                text = f"{paper['title']} {paper['abstract']}"
                column = place.get(date.fromordinal(day.toordinal() - day.weekday()))
                if column is not None:
                    n[column] += 1
                    k[:, column] += [pattern.search(text) is not None for pattern in patterns]
    return weeks, n, k


def our_calls(counts: TermCounts, first: int) -> tuple[NDArray[np.bool_], int]:
    """Where ours are rising or emerging; and how many calls of movement of any kind there were."""
    up = np.zeros(counts.k.shape, dtype=bool)
    n_moves = 0
    for column in range(first, len(counts.weeks)):
        recently = up[:, max(0, column - COOLING_WITHIN_WEEKS) : column].any(axis=1)
        called_up = {term for term, was in zip(counts.terms, recently.tolist(), strict=True) if was}
        calls = make_calls(
            counts, counts.weeks[column], called_up=called_up, false_discovery_rate=FDR, with_intervals=False
        )
        up[:, column] = [call.verdict in UPWARD for call in calls]
        n_moves += sum(call.is_movement for call in calls)
    return up, n_moves


def main() -> None:
    """Count, call, judge, and print; with ``--out`` also into a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="Folder with arxiv/cs-CL-history.")
    parser.add_argument("--out", type=Path, help="Also write what is printed, as Markdown.")
    given = parser.parse_args()
    started = time.perf_counter()
    beside = BESIDE.replace("\n", "|").split("|")
    names = [*ADOPTED, *beside]
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in (*ADOPTED.values(), *beside)]
    weeks, n, k = count_words(given.shared / "arxiv" / "cs-CL-history", patterns)
    counted = time.perf_counter()
    counts = TermCounts(tuple(weeks), n, n >= 10, tuple(("query", name) for name in names), k)
    ours, n_moves = our_calls(counts, WINDOW_WEEKS)
    called = time.perf_counter()
    rules = {
        "Papertide": ours,
        "Kleinberg bursts": kleinberg_bursts(k, n, first=WINDOW_WEEKS),
        "four-week ratio": four_week_ratio(k, n),
    }
    lines = [
        "# The record of a backtest",
        "",
        "Written by `python -m benchmarks.backtest --out docs/record.md`; do not edit.",
        "",
        f"{int(n.sum()):,} papers listed under cs.CL, {weeks[0]} to {weeks[-1]}. Calls are made for every week from "
        f"the {WINDOW_WEEKS + 1}th on, from its past alone, for {len(names)} terms together, at a false-discovery rate "
        f"of {FDR:.0%}. Each rule sees the same counts.",
        "",
        "## First calls",
        "",
        "*called*: the first week in which a rule called the term rising (Papertide: rising or emerging) and the "
        f"share held for {HOLDS_WEEKS} weeks (*: too new to be judged). *to 1 %* and *to 5 %*: the weeks from the call "
        "until the term first reached that share of cs.CL over thirteen weeks (negative: the call came later). Some "
        "words are older than their present meaning: a share of 1 % in 2013 is two papers in thirteen weeks.",
        "",
        f"| term | 1 % reached | 5 % reached | {' | '.join(f'{rule}: called, to 1 %, to 5 %' for rule in rules)} |",
        "| --- | --- | --- |" + " --- |" * len(rules),
    ]
    for term, name in enumerate(ADOPTED):
        reached = [_reached(k[term], n, level) for level in (0.01, 0.05)]
        cells = [_when(rule[term], k[term], n, weeks, reached) for rule in rules.values()]
        dates = [str(weeks[r]) if r is not None else "never" for r in reached]
        lines.append(f"| {name} | {' | '.join(dates)} | {' | '.join(cells)} |")
    n_years = (len(weeks) - WINDOW_WEEKS) / 52.18
    lines += [
        "",
        "## False alarms",
        "",
        "An alarm is a call of rising after 13 weeks without one. It was false if the share over four weeks, "
        f"{HOLDS_WEEKS} weeks later, was nearer to its value before the rise than to its value at the call.",
        "",
        "| rule | alarms | judged | false | false per year |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rule, found in rules.items():
        found = found.copy()
        found[:, :WINDOW_WEEKS] = False
        judged = [held(k[term], n, week, after_weeks=HOLDS_WEEKS) for term, week in alarms(found)]
        told = [outcome for outcome in judged if outcome is not None]
        n_false = told.count(False)
        share = f" ({n_false / len(told):.0%})" if told else ""
        lines.append(f"| {rule} | {len(judged)} | {len(told)} | {n_false}{share} | {n_false / n_years:.1f} |")
    lines += [
        "",
        f"Papertide called a movement of any kind {n_moves:,} times in "
        f"{(len(weeks) - WINDOW_WEEKS) * len(names):,} pairs of a week and a term.",
    ]
    print("\n".join(lines))
    print(
        f"\ncounted in {counted - started:.0f} s, called in {called - counted:.0f} s "
        f"({1000 * (called - counted) / (len(weeks) - WINDOW_WEEKS):.0f} ms a week)"
    )
    if given.out is not None:
        given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _reached(k: NDArray[np.int64], n: NDArray[np.int64], level: float) -> int | None:
    return next((w for w in range(WINDOW_WEEKS, len(n)) if share_of_weeks(k, n, w, 13) >= level), None)


def _when(
    calls: NDArray[np.bool_],
    k: NDArray[np.int64],
    n: NDArray[np.int64],
    weeks: Sequence[Week],
    reached: Sequence[int | None],
) -> str:
    outcomes = {w: held(k, n, w, after_weeks=HOLDS_WEEKS) for w in np.flatnonzero(calls).tolist() if w >= WINDOW_WEEKS}
    first = next((w for w, outcome in outcomes.items() if outcome is not False), None)
    if first is None:
        return "never"
    called = f"{weeks[first]}{'*' * (outcomes[first] is None)}"
    return ", ".join([called, *(f"{r - first:+d}" if r is not None else "-" for r in reached)])


if __name__ == "__main__":
    main()
