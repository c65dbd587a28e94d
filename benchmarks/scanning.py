"""Simulated readers work through a week: what they find, how sure they can be, and when they may stop.

Run it as ``python -m benchmarks.scanning DATA_DIR``, with a folder of real papers that are embedded. A reader keeps the
papers that hold a phrase; the ranking never sees phrases or words, only vectors. Each run draws a week of
``--papers`` papers and gives five other papers of the phrase as seeds. The order is compared with newest first, with
the mean cosine to the seeds, and with the regression on the seeds without decisions, on the same runs.

With ``--asreview PYTHON``, an interpreter that has ASReview (``python -m venv FOLDER; FOLDER/bin/pip install
asreview``), its default model reads the same weeks, given the same seeds as prior knowledge and the same labels, and
fitted as often. It ranks by the words of title and abstract, and the phrase is one of them. So it runs twice: on the
texts as they are, where the phrase alone gives the relevant papers away, and without the phrase. Our vectors are of the
whole texts, but know no words.

The constants of ``analysis.scanning`` were chosen on other phrases: Gaussian splatting, jailbreak, federated learning,
code generation, symbolic regression, tabular, neural operator, watermark, optimal transport, reward hacking, active
learning, retrieval-augmented.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from analysis.scanning.progress import TARGET, scan_progress
from analysis.scanning.queue import Decided, next_papers, random_order
from analysis.scanning.relevance_ranking import background_rows, relevance_scores
from runtime.context import AppContext
from runtime.settings import Settings
from store.papers import papers_in_order

PHRASES = (
    "conformal prediction",
    "KV cache",
    "speculative decoding",
    "machine unlearning",
    "test-time scaling",
    "mixture[- ]of[- ]experts",
    "differential privacy|differentially private",
    "sparse autoencoder",
    "causal discovery",
    "physics-informed",
    "video generation",
    "world model",
)
N_SEEDS = 5
POOL_SHARE = 0.1
MAX_DECISIONS = 300
REFIT_EVERY = 5
QUEUE = "this queue"
LOOKS = (40, 80, 160)
MIN_RELEVANT = 3


@dataclass
class Run:
    """What one simulated reader met."""

    phrase: str
    n_relevant: int
    n_relevant_in_pool: int
    recall: dict[str, dict[int, float]] = field(default_factory=dict)
    work_saved: dict[str, float] = field(default_factory=dict)
    width: dict[int, float] = field(default_factory=dict)
    holds: dict[int, bool] = field(default_factory=dict)
    always_holds: bool = True
    stop: int | None = None
    recall_at_stop: float = 1.0
    width_at_stop: float = 1.0
    holds_at_stop: bool = True
    rest_holds: bool = True
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class ASReview:
    """ASReview's default model under an interpreter of its own, and the titles and abstracts of all papers."""

    python: Path
    texts: Sequence[tuple[str, str]]

    def orders(self, rows: Sequence[int], labels: Sequence[bool], phrase: str) -> dict[str, NDArray[np.int64]]:
        """The orders of all papers but the seeds, which come first, with the phrase in the texts and without it."""
        as_they_are = [self.texts[row] for row in rows]
        pattern = re.compile(phrase, re.IGNORECASE)
        without = [(pattern.sub(" ", title), pattern.sub(" ", abstract)) for title, abstract in as_they_are]
        return {
            "ASReview": self._order(without, labels),
            "ASReview, phrase seen": self._order(as_they_are, labels),
        }

    def _order(self, texts: Sequence[tuple[str, str]], labels: Sequence[bool]) -> NDArray[np.int64]:
        asked = {
            "titles": [title for title, _ in texts],
            "abstracts": [abstract for _, abstract in texts],
            "labels": [int(label) for label in labels],
            "n_seeds": N_SEEDS,
            "n_query": REFIT_EVERY,
            "n_decisions": MAX_DECISIONS,
        }
        script = Path(__file__).absolute().with_name("asreview_order.py")
        with TemporaryDirectory() as folder:  # ASReview leaves a cache where it runs
            done = subprocess.run(
                [self.python.absolute(), script],
                input=json.dumps(asked),
                stdout=subprocess.PIPE,
                text=True,
                check=True,
                cwd=folder,
            )
        return np.array(json.loads(done.stdout)["order"], dtype=np.int64) - N_SEEDS

    def version(self) -> str | None:
        """The version, ``None`` where the interpreter has no ASReview."""
        code = "from importlib.metadata import version; print(version('asreview'))"
        try:
            done = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return done.stdout.strip()


def simulated(
    vectors: NDArray[np.float32],
    is_relevant: NDArray[np.bool_],
    phrase: str,
    *,
    n_papers: int,
    seed: int,
    asreview: ASReview | None = None,
) -> Run | None:
    """One reader's week; ``None`` where it holds too few relevant papers to speak of recall."""
    rng = np.random.default_rng([seed, len(phrase)])
    seeds = rng.choice(np.flatnonzero(is_relevant), N_SEEDS, replace=False)
    others = np.setdiff1d(np.arange(len(vectors)), seeds)
    week = np.sort(rng.choice(others, n_papers, replace=False))
    before = np.setdiff1d(others, week)
    truth, of_week = is_relevant[week], vectors[week]
    background = vectors[before][background_rows(len(before), among=np.ones(len(before), dtype=bool))]
    nothing = vectors[:0]
    known = {"wanted": vectors[seeds], "refused": nothing, "background": background}
    first = relevance_scores(of_week, **known)
    line = np.quantile(relevance_scores(vectors[before], **known), 1 - POOL_SHARE)
    in_pool = first >= line
    run = Run(phrase, int(truth.sum()), int((truth & in_pool).sum()))
    if run.n_relevant < MIN_RELEVANT:
        return None
    orders = {
        "newest first": np.arange(n_papers)[::-1],
        "cosine to seeds": np.argsort(-(of_week @ vectors[seeds].T).mean(axis=1), kind="stable"),
        "regression on seeds": np.argsort(-first, kind="stable"),
        QUEUE: _read(run, of_week, truth, in_pool, first, known, seed),
    }
    if asreview is not None:
        orders |= asreview.orders([*seeds.tolist(), *week.tolist()], [True] * N_SEEDS + truth.tolist(), phrase)
    for name, order in orders.items():
        found = truth[order].cumsum()
        run.recall[name] = {n: float(found[n - 1] / run.n_relevant) for n in LOOKS}
        n_read = int(np.searchsorted(found, 0.95 * run.n_relevant)) + 1
        run.work_saved[name] = (n_papers - n_read) / n_papers - 0.05
    return run


def _read(
    run: Run,
    vectors: NDArray[np.float32],
    truth: NDArray[np.bool_],
    in_pool: NDArray[np.bool_],
    scores: NDArray[np.float32],
    known: dict[str, NDArray[np.float32]],
    seed: int,
) -> NDArray[np.int64]:
    """Read ``MAX_DECISIONS`` papers; returns the order of all, those that are not read by their last score."""
    order, decisions = random_order(in_pool, seed=seed), list[Decided]()
    while len(decisions) < MAX_DECISIONS:
        began = time.perf_counter()
        if decisions:
            kept = [d.row for d in decisions if d.verdict == "keep"]
            skipped = [d.row for d in decisions if d.verdict == "skip"]
            scores = relevance_scores(
                vectors,
                wanted=np.concatenate([known["wanted"], vectors[kept]]),
                refused=vectors[skipped],
                background=known["background"],
            )
        shown = next_papers(scores, order, decisions, n=REFIT_EVERY)
        run.seconds.append(time.perf_counter() - began)
        decisions += [Decided(p.row, p.choice, "keep" if truth[p.row] else "skip") for p in shown]
        _look(run, decisions, truth, in_pool)
    rows = [d.row for d in decisions]
    left = np.setdiff1d(np.arange(len(vectors)), rows)
    return np.concatenate([rows, left[np.argsort(-scores[left], kind="stable")]]).astype(np.int64)


def _look(run: Run, decisions: Sequence[Decided], truth: NDArray[np.bool_], in_pool: NDArray[np.bool_]) -> None:
    progress = scan_progress(decisions, in_pool)
    pool, n = progress.pool, len(decisions)
    holds = pool.low <= run.n_relevant_in_pool <= pool.high
    run.always_holds &= holds
    unread = ~in_pool
    unread[[d.row for d in decisions]] = False
    run.rest_holds &= truth[unread].mean() <= progress.rest_share_at_most
    width = pool.recall_high - pool.recall_low
    if n in LOOKS:
        run.width[n], run.holds[n] = width, holds
    if run.stop is None and progress.is_seen:
        run.stop, run.width_at_stop, run.holds_at_stop = n, width, holds
        run.recall_at_stop = pool.n_kept / run.n_relevant_in_pool


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data_dir", type=Path, help="A data folder with embedded papers.")
    parser.add_argument("--runs", type=int, default=204, help="Readers, over all phrases.")
    parser.add_argument("--papers", type=int, default=2_750, help="Papers of a week.")
    parser.add_argument("--asreview", type=Path, metavar="PYTHON", help="An interpreter that has ASReview.")
    options = parser.parse_args()
    with AppContext(Settings(data_dir=options.data_dir), read_only=True) as context:
        index = context.paper_index
        has_vector = index.vectors.any(axis=1)
        ids = [index.ids[row] for row in np.flatnonzero(has_vector)]
        papers = {p.arxiv_id: (p.title, p.abstract) for p in papers_in_order(context.db, ids)}
    texts = [papers[arxiv_id] for arxiv_id in ids]
    vectors = index.vectors[has_vector]
    print(f"{len(ids):,} papers, weeks of {options.papers:,}, {N_SEEDS} seeds, at most {MAX_DECISIONS} decisions")
    asreview = ASReview(options.asreview, texts) if options.asreview else None
    if asreview is None or (version := asreview.version()) is None:
        print(
            "ASReview: not measured; install it with `pip install asreview` and give its interpreter: --asreview PYTHON"
        )
        asreview = None
    else:
        print(f"ASReview {version}, its default model, fitted after every {REFIT_EVERY} decisions as this queue is")
    runs, n_few = list[Run](), 0
    for number in range(options.runs):
        phrase = PHRASES[number % len(PHRASES)]
        pattern = re.compile(phrase, re.IGNORECASE)
        is_relevant = np.array([pattern.search(" ".join(text)) is not None for text in texts])
        run = simulated(vectors, is_relevant, phrase, n_papers=options.papers, seed=number, asreview=asreview)
        runs += [run] if run else []
        n_few += run is None
    _print(runs, n_few)


def _mean_with_interval(values: Sequence[float]) -> str:
    drawn = np.random.default_rng(0).choice(np.array(values), size=(4_000, len(values))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{np.mean(values):+.3f} ({low:+.3f} to {high:+.3f})"


def _print(runs: Sequence[Run], n_few: int) -> None:
    few = f" ({n_few} weeks with fewer than {MIN_RELEVANT} relevant papers left out)" if n_few else ""
    relevant = [run.n_relevant for run in runs]
    print(f"{len(runs)} runs{few}; relevant papers a week: median {np.median(relevant):.0f}, {min(relevant)} to")
    print(f"{max(relevant)}; in the pool {np.mean([r.n_relevant_in_pool / r.n_relevant for r in runs]):.3f} of them")
    print(f"\n{'recall after':24}{''.join(f'{n:>8}' for n in LOOKS)}   work saved at 95 %")
    for name in runs[0].recall:
        cells = "".join(f"{np.mean([r.recall[name][n] for r in runs]):8.3f}" for n in LOOKS)
        print(f"{name:24}{cells}{np.mean([r.work_saved[name] for r in runs]):14.3f}")
    print("\nthis queue less another, with the 95 % interval of the mean over runs (bootstrap)")
    for name in runs[0].recall:
        if name != QUEUE:
            gains = [[r.recall[QUEUE][n] - r.recall[name][n] for r in runs] for n in LOOKS]
            gains.append([r.work_saved[QUEUE] - r.work_saved[name] for r in runs])
            print(f"{name:24}" + "  ".join(_mean_with_interval(gain) for gain in gains))
    print(f"\n{'interval of the pool':24}{''.join(f'{n:>8}' for n in LOOKS)}")
    print(f"{'holds the truth':24}" + "".join(f"{np.mean([r.holds[n] for r in runs]):8.3f}" for n in LOOKS))
    print(f"{'median width (recall)':24}" + "".join(f"{np.median([r.width[n] for r in runs]):8.3f}" for n in LOOKS))
    print(f"holds the truth at every look of a run: {np.mean([r.always_holds for r in runs]):.3f} (bar .93)")
    print(f"the bound of the rest holds at every look of a run: {np.mean([r.rest_holds for r in runs]):.3f}")
    stopped = [r for r in runs if r.stop is not None]
    print(
        f"a stop at {TARGET:.0%} within {MAX_DECISIONS} decisions: {len(stopped) / len(runs):.3f} of runs (bar .5),",
        end=" ",
    )
    print(f"without one {1 - len(stopped) / len(runs):.3f}")
    if stopped:
        print(
            f"at the stop: median {np.median([r.stop or 0 for r in stopped]):.0f} decisions, recall in the pool",
            end=" ",
        )
        print(f"{np.mean([r.recall_at_stop for r in stopped]):.3f}, at least {TARGET:.0%} in", end=" ")
        print(f"{np.mean([r.recall_at_stop >= TARGET for r in stopped]):.3f}, the interval holds the truth in", end=" ")
        print(f"{np.mean([r.holds_at_stop for r in stopped]):.3f}, its median width is", end=" ")
        print(f"{np.median([r.width_at_stop for r in stopped]):.3f} (bar .25)")
    seconds = 1000 * np.concatenate([r.seconds for r in runs])
    print(
        f"fitting and choosing: median {np.median(seconds):.0f} ms, p95 {np.quantile(seconds, 0.95):.0f} ms (bar 200)"
    )


if __name__ == "__main__":
    main()
