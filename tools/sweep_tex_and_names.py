r"""Runs every title and abstract, and every author line, of a folder of metadata through TeX and name handling.

``python -m tools.sweep_tex_and_names FOLDER`` reads ``*.jsonl.gz`` files, one paper as a JSON object a line with
``title``, ``abstract`` and, where there are some, ``authors``. It prints crashes, time, and counts by kind of change,
compares accents with pylatexenc and names with nameparser and pybtex, and writes a random sample of changed texts to
read.
"""

from __future__ import annotations

import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.author_name import AuthorName, parsed_name, real_authors
from domain.tex_as_text import pieces, plain_text, with_letters

_AROUND = 40
_PER_KIND = 40


def _papers(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from map(json.loads, lines)


class _Sample:
    """A random sample of changes by kind, in constant memory."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._seen: Counter[str] = Counter()
        self.kept: dict[str, list[tuple[str, str, str]]] = {}

    def offer(self, kind: str, arxiv_id: str, before: str, after: str) -> None:
        kept = self.kept.setdefault(kind, [])
        self._seen[kind] += 1
        if len(kept) < _PER_KIND:
            kept.append((arxiv_id, before, after))
        elif (place := self._random.randrange(self._seen[kind])) < _PER_KIND:
            kept[place] = (arxiv_id, before, after)

    def drawn(self, n: int) -> list[tuple[str, str, str, str]]:
        """``n`` changes, as many of each kind as possible."""
        queues = {kind: self._random.sample(kept, len(kept)) for kind, kept in sorted(self.kept.items())}
        found: list[tuple[str, str, str, str]] = []
        while len(found) < n and any(queues.values()):
            found += [(kind, *queue.pop()) for kind, queue in queues.items() if queue]
        return found[:n]


def main(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False)],
    sample: Annotated[Path | None, typer.Option(help="where to write changes to read")] = None,
    n: Annotated[int, typer.Option(help="how many")] = 300,
    seed: Annotated[int, typer.Option()] = 1,
) -> None:
    """Sweep a folder."""
    kinds: Counter[str] = Counter()
    drawn = _Sample(seed)
    n_texts = n_changed = n_not_stable = n_letters = 0
    crashes: list[str] = []
    seconds = 0.0
    for paper in _papers(folder):
        for field in ("title", "abstract", "comment"):
            raw = " ".join((paper.get(field) or "").split())
            if not raw:
                continue
            n_texts += 1
            began = time.perf_counter()
            try:
                stored = with_letters(raw)
                shown = plain_text(stored)
                seconds += time.perf_counter() - began
                n_letters += stored != raw
                n_changed += shown != raw
                n_not_stable += plain_text(shown) != shown
                if shown == raw:
                    continue
                for piece in pieces(raw):
                    if not piece.kind:
                        continue
                    kinds[piece.kind] += 1
                    around = slice(max(0, piece.start - _AROUND), piece.end + _AROUND)
                    after = (
                        plain_text(raw[: piece.end])[-(_AROUND + len(piece.text)) :] if piece.kind == "brace" else ""
                    )
                    before = raw[around]
                    drawn.offer(
                        piece.kind, paper["arxiv_id"], before, after or f"{piece.text!r} in {plain_text(before)}"
                    )
            except Exception as error:  # noqa: BLE001 - crashes are what is counted
                crashes.append(f"{paper['arxiv_id']} {field}: {error!r}")
    typer.echo(
        f"{n_texts:,} texts, {n_changed:,} changed, {n_letters:,} with TeX letters, {seconds:.1f} s, "
        f"{len(crashes)} crashes"
    )
    typer.echo(f"{n_not_stable:,} texts change when converted a second time")
    for kind, k in kinds.most_common():
        typer.echo(f"  {kind:14} {k:>8,}")
    for crash in crashes[:10]:
        typer.echo(f"  {crash}")
    _sweep_authors(folder)
    if sample is not None:
        with sample.open("w", encoding="utf-8") as out:
            for kind, arxiv_id, before, after in drawn.drawn(n):
                out.write(f"[{kind}] {arxiv_id}\n  - {before}\n  + {after}\n")


def _sweep_authors(folder: Path) -> None:
    """Count what happens to author lines, and how often other parsers find another family name."""
    from nameparser import HumanName
    from pybtex.database import InvalidNameString, Person  # type: ignore[import-untyped]

    n_lines = n_names = n_dropped = n_changed = n_teams = 0
    crashes = 0
    seconds = 0.0
    people: dict[str, str] = {}
    for paper in _papers(folder):
        names = paper.get("authors") or []
        n_lines += bool(names)
        n_names += len(names)
        began = time.perf_counter()
        try:
            found = [real_authors([AuthorName(name)]) for name in names]
        except Exception:  # noqa: BLE001 - crashes are what is counted
            crashes += 1
            continue
        seconds += time.perf_counter() - began
        n_dropped += sum(not authors for authors in found)
        n_changed += sum(
            bool(authors) and [a.text for a in authors] != [name] for name, authors in zip(names, found, strict=True)
        )
        for author in (author for authors in found for author in authors):
            n_teams += author.is_team
            if author.forenames:
                people[author.text] = author.keyname
    differ = {"nameparser": 0, "pybtex": 0}
    drawn = random.Random(1).sample(sorted(people), min(20_000, len(people)))  # noqa: S311 - no secret
    for text in drawn:
        differ["nameparser"] += HumanName(text).last != parsed_name(text).keyname
        try:
            person = Person(text)
            differ["pybtex"] += " ".join([*person.prelast_names, *person.last_names]) != parsed_name(text).keyname
        except InvalidNameString:
            differ["pybtex"] += 1
    typer.echo(
        f"{n_lines:,} author lines with {n_names:,} names, {seconds:.1f} s, {crashes} crashes: {n_dropped:,} are no "
        f"author, {n_changed:,} cleaned, {n_teams:,} one whole name that is a team's"
    )
    for parser, n in differ.items():
        typer.echo(f"  {parser} finds another family name in {n:,} of {len(drawn):,}")


if __name__ == "__main__":
    typer.run(main)
