"""Topics on real papers: ours beside BERTopic as it comes, plain UMAP and HDBSCAN, and k-means, in one run.

    python -m benchmarks.topics quality    [--shared ../shared] [--months 2026-05 2026-06]
    python -m benchmarks.topics assignment [--shared ../shared] [--months 2026-05 2026-06]
    python -m benchmarks.topics labels     [--shared ../shared] [--months 2026-05 2026-06] [--out docs/topics.md]
    python -m benchmarks.topics near       [--shared ../shared] [--months 2026-05 2026-06]
    python -m benchmarks.topics map        [--shared ../shared] [--months 2026-05 2026-06]

``quality`` fits every model in a process of its own, so that its time and peak memory are its own and that a second
fit of ours shows whether two processes agree number for number. Vectors are computed once and kept in ``--cache``; at
60 to 80 papers a second, two months take about six minutes. Printed for each model: seconds and peak memory of the fit
(loading the libraries included, embedding not), topics, share of papers unassigned, share of the largest topic, NPMI
and diversity. NPMI is the mean over all pairs of a topic's ten top words of their normalised pointwise mutual
information over whether both stand in a document, with words of at least 20 documents; diversity is the share of
different words among all top words. Then how our fits of the same papers in another order, and with another seed,
agree with the first after matching.

``assignment`` assigns 3,000 papers to the fitted topics, all at once and one by one, and compares the answers.

``labels`` draws 30 topics at random and writes their labels, words and papers as a page.

``near`` prints the share of papers without a topic by centroid alone and with the title and the nearest papers. Then it
lists, for somebody to read and judge, papers that get a topic so, and papers that BERTopic's ``reduce_outliers`` (by
embedding: the nearest topic above a threshold) would give one, with the threshold that takes in as many.

``map`` prints how many labels of the map are shown, and how many of them cover another topic's mark or label.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import pickle
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.embed import paper_text
from analysis.sentence_encoder import EmbeddingSettings, load_encoder
from analysis.topics.assignment import assign_topics, nearest_centroids
from analysis.topics.bertopic_model import TopicSettings, fit_topics
from analysis.topics.map_layout import topic_positions
from analysis.topics.outlier_reduction import members_of, with_near_topics
from analysis.topics.topic_matching import KnownTopic, match_topics
from domain.embeddings import Embeddings
from domain.paper import ArxivId, Paper, one_line
from domain.topics import FittedTopics
from domain.week import Week
from templates.topic_map_svg import covers, overlap, topic_map_drawing

MODELS = ("ours", "ours, again", "ours, reversed", "ours, seed 8", "BERTopic, size 10", "UMAP, HDBSCAN", "k-means")
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


def real_papers(shared: Path, months: Sequence[str]) -> list[Paper]:
    """Papers of the months, each once, by id."""
    papers: dict[str, Paper] = {}
    for month in months:
        with gzip.open(shared / "arxiv" / "recent" / f"{month}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                at = datetime.fromisoformat(row["published"])
                papers.setdefault(
                    row["arxiv_id"],
                    Paper(
                        arxiv_id=ArxivId(row["arxiv_id"]),
                        version=1,
                        title=one_line(row["title"]),
                        abstract=one_line(row["abstract"]),
                        authors=tuple(row["authors"]),
                        primary_category=row["primary_category"],
                        categories=tuple(row["categories"]),
                        submitted_at=at,
                        updated_at=at,
                    ),
                )
    return [papers[arxiv_id] for arxiv_id in sorted(papers)]


class Vectors:
    """Vectors of papers, kept in a folder so that each is computed once."""

    def __init__(self, cache: Path) -> None:
        cache.mkdir(parents=True, exist_ok=True)
        self._file = cache / "vectors.npz"
        self.model_id = ""
        self._known: dict[str, NDArray[np.float32]] = {}
        if self._file.exists():
            with np.load(self._file) as kept:
                self.model_id = str(kept["model_id"])
                self._known = dict(zip(kept["ids"].tolist(), kept["vectors"], strict=True))

    def of(self, papers: Iterable[Paper]) -> dict[ArxivId, NDArray[np.float32]]:
        """The papers' vectors; what is missing is embedded and kept."""
        wanted = list(papers)
        missing = [p for p in wanted if p.arxiv_id not in self._known]
        if missing:
            encoder = load_encoder(EmbeddingSettings(), stored_model_ids=[self.model_id])
            if encoder.model_id != self.model_id:
                self._known, missing, self.model_id = {}, wanted, encoder.model_id
            for start in range(0, len(missing), 2000):
                some = missing[start : start + 2000]
                vectors = encoder.encode([paper_text(p) for p in some])
                self._known.update(zip((p.arxiv_id for p in some), vectors, strict=True))
                self._keep()
                print(f"embedded {min(start + 2000, len(missing)):,} of {len(missing):,}", flush=True)
        return {p.arxiv_id: self._known[p.arxiv_id] for p in wanted}

    def _keep(self) -> None:
        whole = self._file.with_suffix(".part.npz")
        np.savez(whole, model_id=self.model_id, ids=list(self._known), vectors=np.stack(list(self._known.values())))
        whole.replace(self._file)


def load_corpus(arguments: argparse.Namespace) -> Corpus:
    """The months' papers with their vectors."""
    papers = real_papers(arguments.shared, arguments.months)[: arguments.limit]
    vectors = Vectors(arguments.cache)
    rows = np.stack(list(vectors.of(papers).values()))
    ids = tuple(p.arxiv_id for p in papers)
    return Corpus([p.title for p in papers], [paper_text(p) for p in papers], Embeddings(ids, rows, vectors.model_id))


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


def fit_umap_hdbscan(corpus: Corpus) -> tuple[NDArray[np.int64], list[list[str]]]:
    """UMAP to five dimensions and HDBSCAN(30, 5) with its own choice of clusters, words by plain c-TF-IDF."""
    from hdbscan import HDBSCAN
    from umap import UMAP

    reduced = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=7, n_jobs=1)
    clusters = HDBSCAN(min_cluster_size=30, min_samples=5, core_dist_n_jobs=1)
    topic = clusters.fit_predict(reduced.fit_transform(corpus.embeddings.vectors)).astype(np.int64)
    return topic, plain_words(corpus, topic)


def fit_k_means(corpus: Corpus, n_topics: int = 150) -> tuple[NDArray[np.int64], list[list[str]]]:
    """Mini-batch k-means on the vectors, words by plain c-TF-IDF."""
    from sklearn.cluster import MiniBatchKMeans

    topic = MiniBatchKMeans(n_topics, random_state=0, n_init=3, batch_size=4096).fit_predict(corpus.embeddings.vectors)
    return topic.astype(np.int64), plain_words(corpus, topic.astype(np.int64))


def plain_words(corpus: Corpus, topic: NDArray[np.int64]) -> list[list[str]]:
    """Each topic's top words by c-TF-IDF as it is defined."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(stop_words="english", min_df=20)
    counts = vectorizer.fit_transform(corpus.texts)
    words = vectorizer.get_feature_names_out()
    members = np.flatnonzero(topic >= 0)
    n_topics = int(topic.max()) + 1
    membership = csr_matrix((np.ones(len(members)), (topic[members], members)), shape=(n_topics, len(topic)))
    of_topic = (membership @ counts).toarray()
    weight = np.log1p(of_topic.sum() / n_topics / np.maximum(of_topic.sum(axis=0), 1))
    scores = of_topic / of_topic.sum(axis=1, keepdims=True) * weight
    return [words[np.argsort(-row)[:N_WORDS]].tolist() for row in scores]


def fit_one(model: str, corpus: Corpus) -> Outcome:
    """One fit, timed; meant for a process of its own."""
    start = time.perf_counter()
    fitted = None
    if model.startswith("ours"):
        topic, words, fitted = fit_ours(corpus, seed=8 if "seed 8" in model else 7, is_reversed="reversed" in model)
    else:
        fits = {"BERTopic, size 10": fit_bertopic, "UMAP, HDBSCAN": fit_umap_hdbscan, "k-means": fit_k_means}
        topic, words = fits[model](corpus)
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


def near(arguments: argparse.Namespace) -> None:
    """Papers that get a topic by title or nearest papers, beside those that a lower floor would take in."""
    corpus = load_corpus(arguments)
    _, _, topics = fit_ours(corpus, seed=TopicSettings().seed, is_reversed=False)
    by_centroid = assign_topics(corpus.embeddings, topics)
    members = members_of(corpus.embeddings, by_centroid)
    found = with_near_topics(by_centroid, corpus.embeddings, corpus.titles, topics, members)
    left = np.flatnonzero(by_centroid.topic < 0)
    ours = left[found.topic[left] >= 0]
    nearest, _ = nearest_centroids(corpus.embeddings.vectors, topics.centroids)
    other = left[np.argsort(-by_centroid.similarity[left], kind="stable")[: len(ours)]]
    print(
        f"{len(corpus.titles):,} papers, {len(topics)} topics, floor {topics.floor}; without a topic: "
        f"{(by_centroid.topic < 0).mean():.1%} by centroid, {(found.topic < 0).mean():.1%} with title and near papers"
    )
    rng = np.random.default_rng(3)
    for name, rows, topic in (("ours", ours, found.topic), ("nearest above a threshold", other, nearest)):
        print(f"\n{name}, 36 of {len(rows)}:")
        for row in rng.permutation(rows)[:36]:
            print(f"  [{topics.labels[topic[row]]}] {corpus.titles[row]}")


def label_places(arguments: argparse.Namespace) -> None:
    """How many labels of the map are shown, and how many cover something."""
    corpus = load_corpus(arguments)
    _, _, topics = fit_ours(corpus, seed=TopicSettings().seed, is_reversed=False)
    places = topic_positions(topics.centroids, np.full((len(topics), 2), np.nan), seed=TopicSettings().seed)
    drawing = topic_map_drawing(
        [
            (number, topics.labels[number], topics.sizes[number], None, (float(x), float(y)))
            for number, (x, y) in enumerate(places)
        ],
        [],
        [],
    )
    if drawing is None:
        sys.exit("no topic was found")
    shown = [(t.topic_id, t.label_at.box) for t in drawing.topics if t.label_at is not None]
    n_marks = sum(any(covers(box, (t.x, t.y, t.r)) for t in drawing.topics if t.topic_id != own) for own, box in shown)
    n_labels = sum(any(overlap(box, other) for o, other in shown if o != own) for own, box in shown)
    print(f"{len(shown)} of {len(topics)} labels are shown; {n_marks} cover another mark, {n_labels} another label")


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
        command = [sys.executable, "-m", "benchmarks.topics", "quality"]
        command += ["--shared", str(arguments.shared), "--cache", str(arguments.cache)]
        command += ["--months", *arguments.months, "--fit-one", model, "--outcome", str(file)]
        if arguments.limit:
            command += ["--limit", str(arguments.limit)]
        subprocess.run(command, check=True)
        outcome: Outcome = pickle.loads(file.read_bytes())
    return outcome


def quality(arguments: argparse.Namespace) -> None:
    """Fit every model, each in a process of its own, and print the table."""
    corpus = load_corpus(arguments)
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


def assignment(arguments: argparse.Namespace) -> None:
    """Assign 3,000 papers to 150 topics, at once and one by one."""
    corpus = load_corpus(arguments)
    rng = np.random.default_rng(7)
    vectors = corpus.embeddings.vectors
    # The time depends on how many topics there are, not on which: 150 papers stand for centroids.
    chosen = rng.choice(len(vectors), 3150, replace=False)
    topics = FittedTopics(
        corpus.embeddings.model_id, vectors[chosen[:150]], (1,) * 150, ("",) * 150, ((),) * 150, floor=0.4
    )
    few = [
        Embeddings((corpus.embeddings.ids[row],), vectors[row : row + 1], topics.embedding_model_id) for row in chosen
    ]
    few = few[150:]
    ids, rows = tuple(e.ids[0] for e in few), np.concatenate([e.vectors for e in few])
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        batch = assign_topics(Embeddings(ids, rows, topics.embedding_model_id), topics)
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    alone = [assign_topics(one, topics) for one in few]
    one_by_one = time.perf_counter() - start
    same = all(
        a.topic[0] == topic and a.similarity[0] == similarity
        for a, topic, similarity in zip(alone, batch.topic, batch.similarity, strict=True)
    )
    print(
        f"{len(few):,} papers to {len(topics)} topics: {1000 * sorted(seconds)[2]:.0f} ms at once (median of 5), "
        f"{1000 * one_by_one:.0f} ms one by one; every number the same: {same}"
    )


def labels(arguments: argparse.Namespace) -> None:
    """Fit, and write topics drawn at random as a page: what a reader can judge the labels by."""
    corpus = load_corpus(arguments)
    topic, _, fitted = fit_ours(corpus, seed=TopicSettings().seed, is_reversed=False)
    rng = np.random.default_rng(0)
    lines = []
    for number in sorted(rng.permutation(len(fitted))[:30].tolist()):
        members = rng.permutation(np.flatnonzero(topic == number))[:5]
        papers = " ".join(f"[{i}](https://arxiv.org/abs/{i})" for i in (corpus.embeddings.ids[row] for row in members))
        words = ", ".join(fitted.top_terms[number][:5])
        lines.append(
            f"| {fitted.labels[number]} | {fitted.areas[number]} | {fitted.sizes[number]} | {words} | {papers} |"
        )
    joined = sum(" and " in label for label in fitted.labels)
    areas = sorted(set(fitted.areas), key=lambda area: -sum(a == area for a in fitted.areas))
    page = _LABELS_PAGE.format(
        months=" and ".join(arguments.months),
        n_papers=len(corpus.texts),
        n_topics=len(fitted),
        n_different=len({label.lower() for label in fitted.labels}),
        joined=joined,
        n_debris=sum(map(has_debris, fitted.labels)),
        table="\n".join(lines),
        n_areas=len(areas),
        areas="\n".join(
            f"- **{area}**: " + ", ".join(x for x, a in zip(fitted.labels, fitted.areas, strict=True) if a == area)
            for area in areas
        ),
    )
    if arguments.out is None:
        print(page)
    else:
        arguments.out.write_text(page, encoding="utf-8")
    if arguments.show:
        for number, label in enumerate(fitted.labels):
            print(f"{fitted.sizes[number]:>5}  {label}  ({', '.join(fitted.top_terms[number])})")


def has_debris(label: str) -> bool:
    """Whether a label holds anything but words, or begins or ends with a word that names nothing."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    words = label.lower().split()
    return (
        re.fullmatch(r"[\w' +-]+", label) is None
        or "_" in label
        or not ENGLISH_STOP_WORDS.isdisjoint((words[0], words[-1]))
    )


_LABELS_PAGE = """# Topics and their labels

Generated by `python -m benchmarks.topics labels` from real papers; do not edit.

The {n_papers:,} papers of {months} give {n_topics} topics with {n_different} different labels. {joined} labels join \
two names, and {n_debris} contain TeX, markup or a stop word at an end. Here are 30 topics drawn at random, with their \
five top terms and five of their papers, also drawn at random. The page contains no text of a paper: follow the links \
to judge whether a label fits.

| label | area | papers | top terms | five of its papers |
| --- | --- | --- | --- | --- |
{table}

## All topics by area

The topics fall into {n_areas} areas:

{areas}
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("quality", "assignment", "labels", "near", "map"))
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder that holds arxiv/recent")
    parser.add_argument("--months", nargs="+", default=["2026-05", "2026-06"])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "papertide-benchmarks")
    parser.add_argument("--limit", type=int, help="only so many papers, the lowest ids")
    parser.add_argument("--out", type=Path, help="file for the page of labels; printed otherwise")
    parser.add_argument("--show", action="store_true", help="print all labels too")
    parser.add_argument("--fit-one", choices=MODELS, help=argparse.SUPPRESS)
    parser.add_argument("--outcome", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not (arguments.shared / "arxiv" / "recent").is_dir():
        sys.exit(f"{arguments.shared}/arxiv/recent is not there; say where it is with --shared")
    if arguments.fit_one:
        arguments.outcome.write_bytes(pickle.dumps(fit_one(arguments.fit_one, load_corpus(arguments))))
    else:
        commands = {"quality": quality, "assignment": assignment, "labels": labels, "near": near, "map": label_places}
        commands[arguments.what](arguments)


if __name__ == "__main__":
    main()
