"""Tune how the packaged embedding model reads queries, over papers' vectors that stay as they are.

    python -m training.fit_query_encoder --database FILE [--out FOLDER] [--epochs 3] [--seed 0] [--map-only]

``FILE`` is a ``papertide.sqlite`` in which ``papertide run`` has embedded the weeks 2026-W14 to W25.
``search_requests.tsv`` holds one request for each of 15,000 of their papers, written from the abstract in other
words; the papers of ``benchmarks/known_papers.tsv`` are not among them. For each of these papers a few words of its
title and abstract are a request too, so that hurried keywords are still read well. Fitted are low-rank additions to the
linear maps of each layer (Hu et al. 2021), by the softmax over all papers' cosines, so that every other paper is a
negative. The papers' vectors are constants. One request in ten, chosen by the hash of its paper's id, is held out and
reported before and after.

Then a linear map of the queries' vectors is fitted on the written requests alone, against the papers' vectors less
their mean, as a search compares them. ``--map-only`` fits it again over the additions as they are.

Writes ``query_encoder.npz``.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.search.described_text import described_text
from analysis.search.query_encoder import ADDITIONS, MAP, N_DIMS, TUNED_MODEL, QueryEncoder
from analysis.sentence_encoder import packaged_model_folder
from domain.paper import ArxivId, Paper
from domain.search_query import content_words
from store.database import open_database
from store.embeddings import embedding_counts, embeddings_of
from store.papers import known_papers

REQUESTS = Path(__file__).with_name("search_requests.tsv")
TUNED_MODULES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The linear maps of each layer that get an addition."""
RANK = 8
BATCH = 64
MAX_TOKENS = 64
LEARNING_RATE = 1e-3
TEMPERATURE = 0.05
MAP_BATCH = 256
MAP_NEGATIVES = 4096
"""Papers drawn for each step, beside those of the batch."""
MAP_EPOCHS = 5
MAP_TEMPERATURE = 0.02
MAP_DECAY = 1e-2
"""The weight of the squared distance between the map and the identity."""

Request = tuple[str, int]
"""A request and the row of its paper."""


def linear_map(layer: nn.Module, path: str) -> nn.Linear:
    """The linear map of a transformer's layer at a path such as ``attention.self.query``."""
    found: nn.Linear = layer.get_submodule(path)  # type: ignore[assignment]
    return found


class Addition(nn.Module):
    """A linear map with a low-rank addition, which begins as zero."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        self.down = nn.Parameter(torch.randn(RANK, linear.in_features) / math.sqrt(linear.in_features))
        self.up = nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, inputs: Tensor) -> Tensor:
        """The map's output and the addition's."""
        output: Tensor = self.linear(inputs) + (inputs @ self.down.T) @ self.up.T
        return output


class QueryModel:
    """The packaged model with additions; only these are fitted."""

    def __init__(self) -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = str(packaged_model_folder())
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder, attn_implementation="eager")  # half the time backwards
        self._model.eval()
        self._model.requires_grad_(requires_grad=False)
        self.additions: dict[str, Addition] = {}
        for number, layer in enumerate(self._model.encoder.layer):
            for path in TUNED_MODULES:
                added = Addition(linear_map(layer, path))
                parent, _, name = path.rpartition(".")
                setattr(layer.get_submodule(parent) if parent else layer, name, added)
                self.additions[f"{number}.{path}"] = added

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors ``(n_texts, n_dims)``: the mean over the tokens, as sentence-transformers takes it."""
        tokens = self._tokenizer(list(texts), padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        hidden = self._model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1).float()
        return nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)

    def arrays(self) -> dict[str, NDArray[np.float16]]:
        """The additions, ``KEY.down`` of ``(rank, n_in)`` and ``KEY.up`` of ``(n_out, rank)``."""
        return {
            f"{key}.{name}": getattr(added, name).detach().numpy().astype(np.float16)
            for key, added in self.additions.items()
            for name in ("down", "up")
        }


def read_requests(rows: dict[ArxivId, int]) -> tuple[list[Request], list[Request]]:
    """The requests whose papers are embedded: those to fit on, and those held out."""
    fit: list[Request] = []
    held_out: list[Request] = []
    for line in REQUESTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        arxiv_id, request = line.split("\t")
        if (row := rows.get(ArxivId(arxiv_id))) is not None:
            (held_out if hashlib.sha256(arxiv_id.encode()).digest()[0] < 26 else fit).append((request, row))
    return fit, held_out


def keyword_requests(rows: dict[ArxivId, int], papers: Iterable[Paper], seed: int) -> list[Request]:
    """Hurried keywords for each paper: one to three words of its title and two or three of its abstract."""
    drawn, requests = random.Random(seed), []
    for paper in papers:
        title, abstract = list(content_words(paper.title)), list(content_words(paper.abstract))
        words = drawn.sample(title, min(len(title), drawn.randint(1, 3)))
        words += drawn.sample(abstract, min(len(abstract), drawn.randint(2, 3)))
        requests.append((" ".join(dict.fromkeys(words)), rows[paper.arxiv_id]))
    return requests


def fit_query_encoder(
    vectors: NDArray[np.float32], fit: list[Request], held_out: list[Request], *, epochs: int, seed: int
) -> QueryModel:
    """The model after ``epochs`` passes over the requests; prints how it finds those held out after each pass."""
    torch.manual_seed(seed)
    shuffled = random.Random(seed)
    papers, model = torch.from_numpy(vectors), QueryModel()
    short = papers.to(torch.bfloat16)  # exact enough for a gradient, and fast where the processor has it
    weights = [w for added in model.additions.values() for w in (added.down, added.up)]
    optimizer = torch.optim.AdamW(weights, lr=LEARNING_RATE, weight_decay=0.01)
    n_steps = len(fit) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=epochs * n_steps, pct_start=0.1
    )
    began = time.monotonic()
    print(f"  before: {_found(model, papers, held_out)}", flush=True)
    for epoch in range(epochs):
        shuffled.shuffle(fit)
        losses = []
        for start in range(0, n_steps * BATCH, BATCH):
            batch = fit[start : start + BATCH]
            with torch.autocast("cpu", dtype=torch.bfloat16):
                cosines = nn.functional.linear(model([text for text, _ in batch]), short)
            loss = nn.functional.cross_entropy(cosines.float() / TEMPERATURE, torch.tensor([row for _, row in batch]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        took = time.monotonic() - began
        print(
            f"  {epoch + 1} of {epochs}, {took:.0f} s, loss {np.mean(losses):.3f}: {_found(model, papers, held_out)}",
            flush=True,
        )
    return model


def fit_query_map(
    queries: NDArray[np.float32], rows: Sequence[int], vectors: NDArray[np.float32], *, seed: int
) -> NDArray[np.float16]:
    """The map ``(n_dims, n_dims)`` by which queries come nearest to their papers, less the mean of all papers.

    Fitted by the softmax over the papers of a batch and some that are drawn, and held to the identity.

    Parameters
    ----------
    queries : vectors of requests, ``(n_requests, n_dims)``, at least ``MAP_BATCH``.
    rows : the row of each request's paper.
    vectors : of all papers, ``(n_papers, n_dims)``.
    seed : of the order and of the papers drawn.
    """
    drawn = torch.Generator().manual_seed(seed)
    texts, own_rows = torch.from_numpy(queries), torch.tensor(rows)
    papers = nn.functional.normalize(torch.from_numpy(vectors - vectors.mean(axis=0)), dim=1)
    fitted = nn.Parameter(torch.eye(N_DIMS))
    optimizer = torch.optim.Adam([fitted], lr=LEARNING_RATE)
    n_steps = len(texts) // MAP_BATCH
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=MAP_EPOCHS * n_steps)
    own = torch.eye(MAP_BATCH, MAP_BATCH + MAP_NEGATIVES, dtype=torch.bool)
    for epoch in range(MAP_EPOCHS):
        losses = []
        order = torch.randperm(len(texts), generator=drawn)
        for start in range(0, n_steps * MAP_BATCH, MAP_BATCH):
            batch = order[start : start + MAP_BATCH]
            among = torch.cat([own_rows[batch], torch.randint(len(papers), (MAP_NEGATIVES,), generator=drawn)])
            cosines = nn.functional.normalize(texts[batch] @ fitted, dim=1) @ papers[among].T
            cosines = cosines.masked_fill((among == own_rows[batch].unsqueeze(1)) & ~own, -torch.inf)
            loss = nn.functional.cross_entropy(cosines / MAP_TEMPERATURE, torch.arange(MAP_BATCH))
            optimizer.zero_grad()
            (loss + MAP_DECAY * (fitted - torch.eye(N_DIMS)).square().sum()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        print(f"  map, {epoch + 1} of {MAP_EPOCHS}: loss {np.mean(losses):.3f}", flush=True)
    return fitted.detach().numpy().astype(np.float16)


def _encoded(encoder: QueryEncoder, requests: Sequence[Request]) -> NDArray[np.float32]:
    """The vectors of requests as a search reads them; those of like length are read together."""
    texts = [described_text(text) for text, _ in requests]
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    vectors = np.empty((len(texts), N_DIMS), dtype=np.float32)
    vectors[order] = encoder.encode([texts[at] for at in order])
    return vectors


def _reader(encoder: QueryEncoder) -> Callable[[Sequence[str]], Tensor]:
    return lambda texts: torch.from_numpy(encoder.encode(texts))


@torch.no_grad()
def _found(read: Callable[[Sequence[str]], Tensor], papers: Tensor, requests: Sequence[Request]) -> str:
    ranks: list[int] = []
    for start in range(0, len(requests), BATCH):
        batch = requests[start : start + BATCH]
        cosines = read([text for text, _ in batch]) @ papers.T
        own = cosines[torch.arange(len(batch)), torch.tensor([row for _, row in batch])]
        ranks += ((cosines > own.unsqueeze(1)).sum(1) + 1).tolist()
    found = np.array(ranks)
    reached = ", ".join(f"first {n} {(found <= n).mean():.3f}" for n in (10, 20))
    return f"{reached}, mean of 1 / rank {(1 / found).mean():.3f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, fit, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", type=Path, required=True, help="papertide.sqlite with embedded papers")
    parser.add_argument("--categories", nargs="+", default=["cs.LG", "stat.ML", "cs.CL", "cs.CV", "cs.AI", "cs.NE"])
    parser.add_argument("--out", type=Path, default=ADDITIONS.parent, help="folder to write to")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--map-only", action="store_true", help="keep the packaged additions and fit only the map")
    options = parser.parse_args(arguments)
    with closing(open_database(f"sqlite:///{options.database}", read_only=True)) as db:
        model_id = next((known for known in embedding_counts(db) if known.startswith(f"{TUNED_MODEL}/")), None)
        if model_id is None:
            print(f"{options.database} has no vectors of {TUNED_MODEL}; `papertide run` makes them", file=sys.stderr)
            return 1
        embedded = embeddings_of(db, model_id, categories=options.categories)
        papers = known_papers(db, list(embedded.ids))
    rows = {arxiv_id: row for row, arxiv_id in enumerate(embedded.ids)}
    written, held_out = read_requests(rows)
    of_fit = {row for _, row in written}
    print(f"{len(written):,} requests to fit on, {len(held_out):,} held out, {len(rows):,} papers")
    if options.map_only:
        additions = packaged_additions()
    else:
        both = written + keyword_requests(rows, (p for i, p in papers.items() if rows.get(i) in of_fit), options.seed)
        fitted = fit_query_encoder(embedded.vectors, both, held_out, epochs=options.epochs, seed=options.seed)
        additions = fitted.arrays()
    write_additions(options.out, additions | {MAP: np.eye(N_DIMS, dtype=np.float16)})
    unmapped = QueryEncoder(packaged_model_folder(), options.out / ADDITIONS.name)
    fitted_map = fit_query_map(
        _encoded(unmapped, written), [row for _, row in written], embedded.vectors, seed=options.seed
    )
    write_additions(options.out, additions | {MAP: fitted_map})
    mapped = QueryEncoder(packaged_model_folder(), options.out / ADDITIONS.name)
    centred = nn.functional.normalize(torch.from_numpy(embedded.vectors - embedded.vectors.mean(axis=0)), dim=1)
    for name, encoder in (("without", unmapped), ("with", mapped)):
        print(f"  {name} the map: {_found(_reader(encoder), centred, held_out)}")
    return 0


def packaged_additions() -> dict[str, NDArray[np.float16]]:
    """The packaged additions, without the map."""
    with np.load(ADDITIONS, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files if key not in ("version", MAP)}


def write_additions(folder: Path, arrays: dict[str, Any]) -> None:
    """Write the additions with a version that is the hash of their numbers."""
    digest = hashlib.sha256(b"".join(arrays[key].tobytes() for key in sorted(arrays))).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / ADDITIONS.name, version=np.array(f"q{digest[:8]}"), **arrays)


if __name__ == "__main__":
    sys.exit(main())
