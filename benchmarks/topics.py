"""Topics on real papers: ours beside BERTopic as it comes and k-means, in one run.

    python benchmarks/topics.py --shared ../shared --months 2026-05 2026-06

Each fit runs in a process of its own, so that its time and peak memory are its own and that a second fit of ours shows
whether two processes agree number for number. Vectors are computed once and kept in ``--cache``; at 60 to 80 papers a
second, two months take about six minutes.

Printed for each model: seconds and peak memory of the fit (loading the libraries included, embedding not), topics,
share of papers unassigned, share of the largest topic, NPMI and diversity. NPMI is the mean over all pairs of a topic's
ten top words of their normalised pointwise mutual information over whether both stand in a document, with words of at
least 20 documents; diversity is the share of different words among all top words.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))  # so that it also runs from a checkout that is not installed

from analysis.bertopic_model import TopicSettings, fit_topics
from analysis.sentence_encoder import EmbeddingSettings, load_encoder
from analysis.topic_registry import KnownTopic, match_topics
from analysis.topics import assign_topics
from domain.embeddings import Embeddings
from domain.paper import ArxivId, one_line
from domain.topics import FittedTopics
from domain.week import Week

MODELS = ("ours", "ours, again", "ours, reversed", "ours, seed 8", "BERTopic, size 10", "k-means")
N_WORDS = 10


@dataclass(frozen=True, eq=False)
class Corpus:
    """Papers as texts and vectors, in the same order."""

    titles: list[str]
    texts: list[str]
    embeddings: Embeddings


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one fit came to."""

    seconds: float
    peak_mb: float
    topic: NDArray[np.int64]
    top_words: list[list[str]]
    fitted: FittedTopics | None = None


def read_papers(shared: Path, months: Sequence[str]) -> list[dict[str, Any]]:
    """Papers of the months, each once, by id."""
    papers: dict[str, dict[str, Any]] = {}
    for month in months:
        with gzip.open(shared / "arxiv" / "recent" / f"{month}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                paper = json.loads(line)
                papers.setdefault(paper["arxiv_id"], paper)
    return [papers[arxiv_id] for arxiv_id in sorted(papers)]


def load_corpus(shared: Path, months: Sequence[str], cache: Path, limit: int | None) -> Corpus:
    """The months' papers with their vectors, from the cache as far as it has them."""
    papers = read_papers(shared, months)[:limit]
    titles = [one_line(paper["title"]) for paper in papers]
    texts = [f"{title}. {one_line(paper['abstract'])}" for title, paper in zip(titles, papers, strict=True)]
    ids = [ArxivId(paper["arxiv_id"]) for paper in papers]
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / "vectors.npz"
    known: dict[str, NDArray[np.float32]] = {}
    model_ids: tuple[str, ...] = ()
    if file.exists():
        with np.load(file) as kept:
            model_ids = (str(kept["model_id"]),)
            known = dict(zip(kept["ids"].tolist(), kept["vectors"], strict=True))
    missing = [row for row, arxiv_id in enumerate(ids) if arxiv_id not in known]
    if missing:
        encoder = load_encoder(EmbeddingSettings(), stored_model_ids=model_ids)
        model_ids = (encoder.model_id,)
        for start in range(0, len(missing), 2000):
            rows = missing[start : start + 2000]
            vectors = encoder.encode([texts[row] for row in rows])
            known.update(zip((ids[row] for row in rows), vectors, strict=True))
            np.savez(file, model_id=model_ids[0], ids=np.array(list(known)), vectors=np.stack(list(known.values())))
            print(f"embedded {min(start + 2000, len(missing)):,} of {len(missing):,}", flush=True)
    vectors = np.stack([known[arxiv_id] for arxiv_id in ids])
    return Corpus(titles, texts, Embeddings(tuple(ids), vectors, model_ids[0]))


def fit_ours(
    corpus: Corpus, *, seed: int, is_reversed: bool
) -> tuple[NDArray[np.int64], list[list[str]], FittedTopics]:
    """Our fit, and our assignment to it of every paper."""
    papers, texts = corpus.embeddings, corpus.texts
    if is_reversed:
        papers = Embeddings(papers.ids[::-1], np.ascontiguousarray(papers.vectors[::-1]), papers.model_id)
        texts = texts[::-1]
    fitted = fit_topics(texts, papers, TopicSettings(seed=seed))
    topic = assign_topics(corpus.embeddings, fitted).topic.astype(np.int64)
    return topic, [list(terms) for terms in fitted.top_terms], fitted


def fit_bertopic(corpus: Corpus) -> tuple[NDArray[np.int64], list[list[str]]]:
    """BERTopic with its defaults but for English stop words and a smallest topic of 10, without which it finds two."""
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from sklearn.feature_extraction.text import CountVectorizer

    model = BERTopic(
        embedding_model=BaseEmbedder(), min_topic_size=10, vectorizer_model=CountVectorizer(stop_words="english")
    )
    topics, _ = model.fit_transform(corpus.texts, corpus.embeddings.vectors)
    return np.asarray(topics), [[word for word, _ in model.get_topic(n) if word] for n in range(max(topics) + 1)]


def fit_k_means(corpus: Corpus, n_topics: int = 150) -> tuple[NDArray[np.int64], list[list[str]]]:
    """Mini-batch k-means on the vectors, with words by plain c-TF-IDF."""
    from scipy.sparse import csr_matrix
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.feature_extraction.text import CountVectorizer

    topic = MiniBatchKMeans(n_topics, random_state=0, n_init=3, batch_size=4096).fit_predict(corpus.embeddings.vectors)
    vectorizer = CountVectorizer(stop_words="english", min_df=20)
    counts = vectorizer.fit_transform(corpus.texts)
    words = vectorizer.get_feature_names_out()
    n_papers = len(topic)
    membership = csr_matrix((np.ones(n_papers), (topic, np.arange(n_papers))), shape=(n_topics, n_papers))
    of_topic = (membership @ counts).toarray()
    weight = np.log1p(of_topic.sum() / n_topics / of_topic.sum(axis=0))
    scores = of_topic / of_topic.sum(axis=1, keepdims=True) * weight
    return topic.astype(np.int64), [words[np.argsort(-row)[:N_WORDS]].tolist() for row in scores]


def fit_one(model: str, corpus: Corpus) -> Outcome:
    """One fit, timed; meant for a process of its own."""
    start = time.perf_counter()
    fitted = None
    if model.startswith("ours"):
        topic, words, fitted = fit_ours(corpus, seed=8 if "seed 8" in model else 7, is_reversed="reversed" in model)
    else:
        topic, words = fit_bertopic(corpus) if model.startswith("BERTopic") else fit_k_means(corpus)
    seconds = time.perf_counter() - start
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Outcome(seconds, peak_mb, topic, words, fitted)


def coherence(texts: Sequence[str], top_words: Iterable[Sequence[str]], min_df: int) -> float:
    """Mean over topics of the mean NPMI of their top words; words of fewer than ``min_df`` documents are left out."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(min_df=min_df, binary=True, stop_words="english")
    uses = vectorizer.fit_transform(texts).tocsc().astype(np.float64)
    column = vectorizer.vocabulary_
    means = []
    for words in top_words:
        columns = [column[word] for word in words[:N_WORDS] if word in column]
        if len(columns) < 2:
            continue
        both = (uses[:, columns].T @ uses[:, columns]).toarray() / len(texts)
        alone = np.diag(both)
        values = []
        for i in range(len(columns)):
            for j in range(i):
                p = both[i, j]
                values.append(-1.0 if p == 0 else np.log(p / (alone[i] * alone[j])) / -np.log(p))
        means.append(float(np.mean(values)))
    return float(np.mean(means)) if means else float("nan")


def diversity(top_words: Sequence[Sequence[str]]) -> float:
    """Share of different words among all topics' top words."""
    words = [word for topic in top_words for word in topic[:N_WORDS]]
    return len(set(words)) / max(len(words), 1)


def digest(fitted: FittedTopics) -> str:
    """A hash of every number and word of a fit."""
    words = repr((fitted.embedding_model_id, fitted.sizes, fitted.labels, fitted.top_terms, fitted.floor))
    return hashlib.sha256(fitted.centroids.tobytes() + words.encode()).hexdigest()[:16]


def agreement(one: Outcome, other: Outcome) -> tuple[int, float, float]:
    """Topics of ``other`` that the registry takes for topics of ``one``, and the shares of papers that agree.

    The first share is of the papers that both assign and whose topic of ``one`` continues, the second of all papers.
    """
    if one.fitted is None or other.fitted is None:
        raise ValueError("expected two fits of ours")
    week = Week(date(2026, 1, 5))
    first = match_topics(one.fitted, [], week=week)
    known = [KnownTopic(topic, vector) for topic, vector in zip(first.topics, one.fitted.centroids, strict=True)]
    second = match_topics(other.fitted, known, week=week)
    ids_before = np.array([*first.topic_ids, -1])[one.topic]
    ids_after = np.array([*second.topic_ids, -1])[other.topic]
    continues = np.isin(ids_before, second.topic_ids) & (ids_before >= 0) & (ids_after >= 0)
    n_matched = len(set(first.topic_ids) & set(second.topic_ids))
    same = ids_before == ids_after
    return n_matched, float(same[continues].mean()), float(same.mean())


def in_own_process(model: str, arguments: argparse.Namespace) -> Outcome:
    """The outcome of one fit, from a process started for it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "outcome.pickle"
        command = [sys.executable, __file__, "--shared", str(arguments.shared), "--cache", str(arguments.cache)]
        command += ["--months", *arguments.months, "--fit-one", model, "--outcome", str(file)]
        if arguments.limit:
            command += ["--limit", str(arguments.limit)]
        subprocess.run(command, check=True)
        outcome: Outcome = pickle.loads(file.read_bytes())
    return outcome


def show_topics(corpus: Corpus, outcome: Outcome, n_topics: int) -> None:
    """Topics drawn at random: label, top terms and five titles, also drawn at random."""
    if outcome.fitted is None:
        return
    rng = np.random.default_rng(0)
    for number in sorted(rng.permutation(len(outcome.fitted))[:n_topics].tolist()):
        print(f"\n{outcome.fitted.labels[number]}  ({outcome.fitted.sizes[number]} papers)")
        print(f"  {', '.join(outcome.fitted.top_terms[number])}")
        members = np.flatnonzero(outcome.topic == number)
        for row in rng.permutation(members)[:5]:
            print(f"    - {corpus.titles[row]}")


def main() -> None:
    """Fit, measure, print."""
    parser = argparse.ArgumentParser(description="Topics on real papers: ours, BERTopic and k-means.")
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder that holds arxiv/recent")
    parser.add_argument("--months", nargs="+", default=["2026-05", "2026-06"])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "papertide-benchmarks")
    parser.add_argument("--limit", type=int, help="only so many papers, the lowest ids")
    parser.add_argument("--show", type=int, default=0, help="print so many topics with five titles each")
    parser.add_argument("--fit-one", choices=MODELS, help=argparse.SUPPRESS)
    parser.add_argument("--outcome", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not (arguments.shared / "arxiv" / "recent").is_dir():
        sys.exit(f"{arguments.shared}/arxiv/recent is not there; say where it is with --shared")
    corpus = load_corpus(arguments.shared, arguments.months, arguments.cache, arguments.limit)
    if arguments.fit_one:
        arguments.outcome.write_bytes(pickle.dumps(fit_one(arguments.fit_one, corpus)))
        return

    n_papers = len(corpus.texts)
    print(f"{n_papers:,} papers, {corpus.embeddings.model_id}\n")
    print("| model | time | memory | topics | unassigned | largest | NPMI | diversity |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    outcomes: dict[str, Outcome] = {}
    for model in arguments.models:
        outcome = outcomes[model] = in_own_process(model, arguments)
        sizes = np.bincount(outcome.topic[outcome.topic >= 0], minlength=1)
        npmi = coherence(corpus.texts, outcome.top_words, min_df=20)
        print(
            f"| {model} | {outcome.seconds:.0f} s | {outcome.peak_mb:,.0f} MB | {len(outcome.top_words)} "
            f"| {(outcome.topic < 0).mean():.1%} | {sizes.max() / n_papers:.1%} "
            f"| {npmi:.3f} | {diversity(outcome.top_words):.3f} |",
            flush=True,
        )

    ours = outcomes.get("ours")
    if ours is None or ours.fitted is None:
        return
    print()
    for model, outcome in outcomes.items():
        if outcome is ours or outcome.fitted is None:
            continue
        n_matched, where_it_continues, of_all = agreement(ours, outcome)
        print(
            f"{model}: {digest(outcome.fitted)} against {digest(ours.fitted)}; {n_matched} of {len(ours.fitted)} "
            f"topics continue, {where_it_continues:.1%} of their papers stay, {of_all:.1%} of all papers agree"
        )
    few = Embeddings(corpus.embeddings.ids[:3000], corpus.embeddings.vectors[:3000].copy(), corpus.embeddings.model_id)
    start = time.perf_counter()
    assign_topics(few, ours.fitted)
    print(f"assigning {len(few):,} papers to {len(ours.fitted)} topics: {1000 * (time.perf_counter() - start):.0f} ms")
    show_topics(corpus, ours, arguments.show)


if __name__ == "__main__":
    main()
