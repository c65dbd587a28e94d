"""How many papers of primary cs.CL write of language models, year by year, as the commands say it.

    python -m benchmarks.language_model_papers [--shared ../shared] [--data FOLDER] [--out docs/language-models.md]

Writes every paper listed under cs.CL of ``arxiv/cs-CL-history`` and ``arxiv/recent`` as arXiv's metadata snapshot has
them, reads the file with ``papertide import`` into a folder of its own (kept and used again with ``--data``), and asks
``papertide trends``. The counts are compared with plain regular expressions over the same lines.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.source_agreement import as_on_kaggle

CATEGORY = "cs.CL"
FIRST_YEAR = 2013
TERMS: dict[str, str] = {
    "language model*": r"\blanguage[\W_]+model\w*",
    "large language model*": r"\blarge[\W_]+language[\W_]+model\w*",
    "LLM OR LLMs": r"\bLLMs?\b",
    "BERT*": r"\bBERT\w*",
    "GPT*": r"\bGPT\w*",
    "transformer*": r"\btransformer\w*",
    "language model* OR LLM OR LLMs OR BERT* OR GPT* OR transformer*": (
        r"\b(?:language[\W_]+model\w*|LLMs?\b|BERT\w*|GPT\w*|transformer\w*)"
    ),
}
"""Terms as ``papertide trends`` takes them, and what a plain search would look for."""


def papers(shared: Path) -> Iterator[tuple[dict[str, Any], datetime]]:
    """The shared lines listed under cs.CL, each with its first submission; the sets join at 1 June 2025."""
    for folder in ("cs-CL-history", "recent"):
        for path in sorted((shared / "arxiv" / folder).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    told = json.loads(line)
                    first = datetime.fromisoformat(told["published"])
                    if CATEGORY in told["categories"]:
                        yield told, first if first.tzinfo else first.replace(tzinfo=UTC)


def by_expressions(shared: Path) -> tuple[Counter[int], dict[str, Counter[int]]]:
    """Papers of primary cs.CL, and those that match each term's expression, by ISO year of submission."""
    n: Counter[int] = Counter()
    k: dict[str, Counter[int]] = {term: Counter() for term in TERMS}
    expressions = {term: re.compile(expression, re.IGNORECASE) for term, expression in TERMS.items()}
    for told, first in papers(shared):
        if told["primary_category"] != CATEGORY:
            continue
        year = first.astimezone(UTC).isocalendar().year
        n[year] += 1
        # The full-text index takes an underscore for a blank.
        texts = [told[field].replace("_", " ") for field in ("title", "abstract")]
        for term, expression in expressions.items():
            k[term][year] += any(expression.search(text) is not None for text in texts)
    return n, k


def main() -> None:
    """Import, ask, compare, and print; with ``--out`` also into a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with arxiv/")
    parser.add_argument("--data", type=Path, help="folder of the database; kept and used again")
    parser.add_argument("--out", type=Path, help="also write what is printed, as Markdown")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data = given.data or Path(scratch)
        data.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"PAPERTIDE_DATA_DIR": str(data), "PAPERTIDE_CATEGORIES": CATEGORY}

        def papertide(*arguments: str) -> str:
            began = time.perf_counter()
            command = [sys.executable, "-m", "papertide", *arguments]
            done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            print(f"papertide {arguments[0]}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
            return done.stdout

        if not (data / "papertide.sqlite").exists():
            snapshot = data / "snapshot.json"
            with snapshot.open("w", encoding="utf-8") as written:
                for told, first in papers(given.shared):
                    written.write(json.dumps(as_on_kaggle(told, first)) + "\n")
            papertide("import", str(snapshot))
        asked = [f"text:{term}" for term in TERMS]
        scope = ("--by", "year", "--category", CATEGORY, "--primary", "--since", str(FIRST_YEAR))
        answer = json.loads(papertide("trends", *asked, *scope, "--json"))
    n_expected, k_expected = by_expressions(given.shared)
    lines = [
        "# Language models in primary cs.CL",
        "",
        "Written by `python -m benchmarks.language_model_papers --out docs/language-models.md`; do not edit.",
        "",
        f"The denominator is every paper whose primary category is {CATEGORY}, by the ISO year in which its first "
        "version was submitted. A paper counts if its title or abstract contains the words. Intervals are Wilson's at "
        "95 % and cover sampling only. After `papertide import` of the papers, this command gives the figures:",
        "",
        "```sh",
        f"papertide trends {' '.join(f'{chr(34)}{term}{chr(34)}' for term in asked)} {' '.join(scope)}",
        "```",
    ]
    apart: list[int] = []
    n_by_year: Counter[int] = Counter()
    for series in answer["series"]:
        term = series["term"]
        lines += [
            "",
            f"## {term}",
            "",
            "| year | papers | with the words | share | interval |",
            "| --- |" + " --- |" * 4,
        ]
        for point in series["points"]:
            year = datetime.fromisoformat(point["end"]).isocalendar().year
            note = "" if point["n"] == 0 or _is_whole(point) else f" ({point['start']} to {point['end']})"
            lines.append(
                f"| {year}{note} | {point['n']:,} | {point['k']:,} | {point['share']:.2%} "
                f"| {point['low']:.2%} to {point['high']:.2%} |"
            )
            apart.append(abs(point["k"] - k_expected[term][year]))
            n_by_year[year] = point["n"]
    n_left_out = n_expected.total() - n_by_year.total()
    lines += [
        "",
        "## Check against regular expressions",
        "",
        f"Regular expressions over the same titles and abstracts give the same count in {apart.count(0)} of these "
        f"{len(apart)} pairs of a term and a year, and differ by at most {max(apart)} papers. They read "
        f"{n_left_out} more of {n_expected.total():,} papers, which say of themselves that they are withdrawn.",
    ]
    print("\n".join(lines))
    if given.out is not None:
        given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _is_whole(point: dict[str, Any]) -> bool:
    start, end = (datetime.fromisoformat(point[name]) for name in ("start", "end"))
    return start.isocalendar().week == 1 and (end - start).days >= 363


if __name__ == "__main__":
    main()
