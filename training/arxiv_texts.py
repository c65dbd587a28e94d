"""Titles and abstracts of arXiv papers: texts for labels without one, and for the n-gram statistics."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path

WATCHED = {"cs.LG", "stat.ML", "cs.CL", "cs.CV", "cs.AI", "cs.NE"}


def arxiv_texts(shared: Path) -> list[dict[str, tuple[str, str]]]:
    """Titles and abstracts of the watched papers by identifier: the recent ones, and cs.CL's history."""
    pools = []
    for folder in ("recent", "cs-CL-history"):
        pool = {}
        for path in sorted((shared / "arxiv" / folder).glob("*.jsonl.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
                    if WATCHED & set(row["categories"]):
                        pool[row["arxiv_id"]] = (row["title"], row["abstract"])
        pools.append(pool)
    return pools


def newest_texts(shared: Path, *, n_texts: int) -> tuple[str, list[tuple[str, str]]]:
    """The newest month's file name, and titles and abstracts of its first ``n_texts`` papers."""
    newest = max((shared / "arxiv" / "recent").glob("*.jsonl.gz"))
    with gzip.open(newest, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return newest.name, [(row["title"], row["abstract"]) for row in rows[:n_texts]]


def unlabelled_texts(
    shared: Path, pools: Sequence[dict[str, tuple[str, str]]], *, n_texts: int, seed: int
) -> list[tuple[str, str]]:
    """Texts for the n-gram statistics: three quarters recent, one quarter of cs.CL's history.

    Abstracts that are labelled in ``train.jsonl`` or ``dev.jsonl`` are left out.
    """
    labelled = {
        json.loads(line)["id"]
        for name in ("train", "dev")
        for line in (shared / "gold" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    }
    chance = random.Random(seed)
    texts = []
    for pool, n in zip(pools, (n_texts * 3 // 4, n_texts // 4), strict=True):
        texts += chance.sample([text for arxiv_id, text in pool.items() if arxiv_id not in labelled], n)
    return texts
