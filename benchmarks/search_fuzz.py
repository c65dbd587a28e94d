"""Queries of every script, operators in any order, and text that nobody would type, through the real search.

    python -m benchmarks.search_fuzz --data-dir FOLDER [--n 5000] [--seed 1]

Printed are how many queries there were of each kind, how many raised an error, and the slowest times. The exit status
is 1 if any raised one or took longer than 500 ms. A query that is empty but for white space is refused, and not counted
as an error. Run it alone on a machine: it measures elapsed time, and prints the processor time beside it.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np

from domain.errors import UsageError
from queries.parameters import MAX_QUERY, PaperRequest
from queries.search import search
from runtime.cached_context import CachedContext
from runtime.settings import Settings
from store.papers import known_papers

MAX_S = 0.5
_SCRIPTS = {
    "Latin": (0x41, 0x24F),
    "Greek": (0x370, 0x3FF),
    "Cyrillic": (0x400, 0x4FF),
    "Armenian": (0x530, 0x58F),
    "Hebrew": (0x590, 0x5FF),
    "Arabic": (0x600, 0x6FF),
    "Devanagari": (0x900, 0x97F),
    "Bengali": (0x980, 0x9FF),
    "Tamil": (0xB80, 0xBFF),
    "Thai": (0xE00, 0xE7F),
    "Tibetan": (0xF00, 0xFFF),
    "Georgian": (0x10A0, 0x10FF),
    "Hangul": (0xAC00, 0xD7A3),
    "Ethiopic": (0x1200, 0x137F),
    "Khmer": (0x1780, 0x17FF),
    "kana": (0x3040, 0x30FF),
    "Han": (0x4E00, 0x9FFF),
    "mathematical": (0x1D400, 0x1D7FF),
    "emoji": (0x1F300, 0x1FAFF),
    "any character": (0x1, 0x10FFFF),
}
_OPERATORS = [
    *('" “ ” - NOT OR AND author: title: name: text: au: -author: -title: ( ) * : \\ $ ^ ~ { } [ ]'.split()),
    "arXiv:",
    "2606.01846",
    "https://arxiv.org/abs/2604.00001v2",
    "cs/0601001",
    "10.48550/arXiv.2604.00001",
]


def _random_query(rng: random.Random, words: list[str], names: list[str]) -> tuple[str, str]:
    """A query with the kind that it is of."""
    kind = rng.choice([*_SCRIPTS, "operators", "operators", "names", "long", "mistyped"])
    if kind in _SCRIPTS:
        low, high = _SCRIPTS[kind]
        runs = [
            "".join(_character(rng, low, high) for _ in range(rng.randint(1, 12))) for _ in range(rng.randint(1, 6))
        ]
        return kind, rng.choice(["", " "]).join(runs)
    if kind == "operators":
        pieces = [rng.choice([*_OPERATORS, rng.choice(words), rng.choice(names)]) for _ in range(rng.randint(1, 14))]
        return kind, "".join(piece + rng.choice(["", " ", " "]) for piece in pieces)
    if kind == "names":
        name = rng.choice(names)
        parts = name.split()
        rng.shuffle(parts)
        return kind, rng.choice([name, f"author:{name}", " ".join(parts), f"{parts[0][0]}. {parts[-1]}", parts[-1]])
    if kind == "mistyped":
        return kind, " ".join(_mistyped(rng, rng.choice(words)) for _ in range(rng.randint(1, 8)))
    return kind, " ".join(rng.choice(words) for _ in range(90))


def _character(rng: random.Random, low: int, high: int) -> str:
    while True:
        character = chr(rng.randint(low, high))
        if unicodedata.category(character) not in ("Cs", "Cn"):
            return character


def _mistyped(rng: random.Random, word: str) -> str:
    at = rng.randrange(len(word))
    return rng.choice([word[:at] + word[at + 1 :], word[:at] + rng.choice("aeioxtz") + word[at:], word]) or word


def main() -> int:
    """Search, count and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--n", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    context = CachedContext(Settings(data_dir=options.data_dir))
    context.preload()
    search(context, PaperRequest("preload"), limit=20)
    rng = random.Random(options.seed)
    papers = known_papers(context.db, rng.sample(list(context.paper_index.ids), 300)).values()
    words = [word for p in papers for word in p.title.split()]
    names = [name for p in papers for name in p.authors]
    took: dict[str, list[tuple[float, float, str]]] = {}
    n_errors = 0
    for _ in range(options.n):
        kind, query = _random_query(rng, words, names)
        began, began_cpu = time.perf_counter(), time.thread_time()
        try:
            search(context, PaperRequest(query[:MAX_QUERY]), limit=20)
        except UsageError as error:
            if query.strip():
                n_errors += 1
                print(f"refused: {query!r}: {error}")
        except Exception as error:  # noqa: BLE001 - what it looks for
            n_errors += 1
            print(f"error: {query!r}: {type(error).__name__}: {error}")
        passed = time.perf_counter() - began, time.thread_time() - began_cpu, query
        took.setdefault(kind, []).append(passed)
    print(f"{options.n:,} queries among {len(context.paper_index):,} papers, seed {options.seed}: {n_errors} errors\n")
    print("| kind | queries | median ms | slowest ms | processor ms of the slowest |\n| --- | --- | --- | --- | --- |")
    for kind, times in sorted(took.items()):
        slowest = max(times)
        median = float(np.median([elapsed for elapsed, _, _ in times]))
        print(f"| {kind} | {len(times)} | {1000 * median:.0f} | {1000 * slowest[0]:.0f} | {1000 * slowest[1]:.0f} |")
    slow = sorted((t for times in took.values() for t in times if t[0] > MAX_S), reverse=True)
    for elapsed, cpu, query in slow[:10]:
        print(f"slow: {1000 * elapsed:.0f} ms, {1000 * cpu:.0f} of the processor: {query[:120]!r}")
    print(f"\n{len(slow)} queries above {1000 * MAX_S:.0f} ms")
    return 1 if n_errors or slow else 0


if __name__ == "__main__":
    sys.exit(main())
