"""Fits topics with BERTopic; the only file that uses BERTopic and HDBSCAN.

    papers' vectors -> nearest papers -> UMAP -> HDBSCAN -> refined by centroid -> c-TF-IDF -> top terms -> labels

The result is `FittedTopics`, a value of plain arrays. BERTopic's own `transform` is not used, because it is slow and
its answer depends on the batch; `analysis.topics.assignment.assign_topics` compares papers with the centroids instead.

Methods: BERTopic (Grootendorst 2022), UMAP (McInnes, Healy and Melville 2018), HDBSCAN (Campello, Moulavi and Sander
2013).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from analysis.topics.areas import area_names, area_of_topic
from analysis.topics.assignment import UNASSIGNED, nearest_centroids
from analysis.topics.knn_graph import nearest_papers
from analysis.topics.labels import count_titles, label_topics, plain_text, title_of, word_form
from domain.embeddings import Embeddings
from domain.topics import FittedTopics

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

    Topics = dict[int, list[tuple[str, float]]]


class TopicSettings(BaseModel):
    """The group ``topics`` of the settings; the defaults were chosen on arXiv's machine-learning papers of 2026."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=7, ge=0, description="Seed of everything random in a fit.")
    n_neighbors: int = Field(
        default=30,
        ge=2,
        description="UMAP: nearest papers of each paper that shape the space; more give coarser, steadier topics.",
    )
    n_components: int = Field(
        default=5, ge=2, description="UMAP: dimensions of the space in which papers are clustered."
    )
    min_samples: int | None = Field(
        default=None,
        ge=1,
        description="HDBSCAN: neighbours that make a region dense; more give fewer, steadier topics. By default it "
        "follows from the size of the corpus.",
    )
    min_topic_size: int | None = Field(
        default=None,
        ge=2,
        description="Fewest papers that make a topic; by default it follows from the size of the corpus.",
    )
    max_topics: int = Field(
        default=200, ge=1, description="A fit with more topics is made coarser until it has no more."
    )
    max_topic_share: float = Field(
        default=0.04, gt=0, le=1, description="Share of the papers above which one topic counts as several."
    )
    n_refinements: int = Field(
        default=3, ge=0, description="How often papers are moved to their nearest centroid before topics are final."
    )
    floor: float | None = Field(
        default=None, ge=-1, le=1, description="Cosine below which a paper is unassigned; calibrated by default."
    )
    min_term_papers: int = Field(default=20, ge=1, description="Papers that must use a word to make it a top term.")
    n_top_terms: int = Field(default=10, ge=1, description="Top terms of each topic.")
    min_papers: int = Field(default=60, ge=3, description="With fewer papers no topics are fitted.")
    window_weeks: int = Field(default=52, ge=1, description="Weeks of papers that a fit uses.")
    refit_weeks: int = Field(default=4, ge=1, description="Weeks after which a run refits topics.")
    max_drift: float = Field(
        default=0.03,
        gt=0,
        le=1,
        description="Rise of the share of unassigned papers at which a run refits topics before it is due.",
    )
    birth_weeks: int = Field(
        default=3, ge=1, description="Newest weeks whose unassigned papers can become a topic between two fits."
    )
    min_birth_papers: int = Field(default=8, ge=2, description="Least papers of these weeks for such a topic.")
    n_map_papers: int = Field(default=2000, ge=0, description="Papers shown on the map of the topics.")

    def smallest_topic(self, n_papers: int) -> int:
        """Fewest papers of a topic: 2 % of a small corpus (at least 10), 1/1200 of a large one, 25 in between."""
        if self.min_topic_size is not None:
            return self.min_topic_size
        return max(min(25, max(10, n_papers // 50)), n_papers // 1200)

    def dense_neighbors(self, n_papers: int) -> int:
        """Neighbours that make a region dense: one for every thousand papers, at least 15 and at most 30."""
        if self.min_samples is not None:
            return self.min_samples
        return min(max(15, n_papers // 1000), 30)


def library_versions() -> dict[str, str]:
    """Versions of the libraries that a fit's numbers depend on, by distribution name."""
    names = ("bertopic", "hdbscan", "numba", "numpy", "pynndescent", "scikit-learn", "scipy", "umap-learn")
    return {name: version(name) for name in names}


def fit_topics(
    texts: Sequence[str],
    embeddings: Embeddings,
    settings: TopicSettings,
    *,
    before: NDArray[np.float32] | None = None,
) -> FittedTopics:
    """The topics of some papers, largest first.

    The same papers and settings give the same numbers, in whatever order the papers come. There are no topics if there
    are fewer papers than ``settings.min_papers``, or no dense region.

    Parameters
    ----------
    texts : "title. abstract" of each paper, in the order of ``embeddings.ids``.
    embeddings : the papers' unit vectors.
    settings : see `TopicSettings`.
    before : float32 ``(n_topics, n_dims)``, centroids of the last fit's topics; the fit starts from them
        (see `continued_topics`). Without it the fit starts from nothing.

    Raises
    ------
    ValueError
        If there is not one text for each vector, or an id occurs twice.
    """
    if len(texts) != len(embeddings):
        raise ValueError(f"expected {len(embeddings)} texts, one for each vector, got {len(texts)}")
    if len(set(embeddings.ids)) != len(embeddings):
        raise ValueError("expected each paper once, got an id twice")
    # UMAP's result depends on the order of the points; sorting makes a fit a function of the set of papers.
    order = sorted(range(len(embeddings)), key=lambda row: embeddings.ids[row])
    vectors = np.ascontiguousarray(embeddings.vectors[order])
    plain = [plain_text(texts[row]) for row in order]
    if len(order) < settings.min_papers:
        return _no_topics(embeddings, settings)
    words = count_words(plain, settings.min_term_papers)
    if words is None:
        return _no_topics(embeddings, settings)

    clusters = _RefinedClusters(vectors, settings, before)
    model = _fit_bertopic(vectors, words, clusters, settings)
    topic_of_paper = np.asarray(model.topics_, dtype=np.int64)
    n_topics = int(topic_of_paper.max()) + 1
    if n_topics == 0:
        return _no_topics(embeddings, settings)
    top_terms = tuple(tuple(term for term, _ in model.get_topic(number) if term) for number in range(n_topics))
    titles = count_titles([title_of(text) for text in plain], plain, topic_of_paper, n_topics)
    centroids = mean_vectors(vectors, topic_of_paper, n_topics)
    labels = label_topics(titles, top_terms)
    sizes = tuple(int(size) for size in np.bincount(topic_of_paper[topic_of_paper >= 0], minlength=n_topics))
    return FittedTopics(
        embedding_model_id=embeddings.model_id,
        centroids=centroids,
        sizes=sizes,
        labels=labels,
        top_terms=top_terms,
        floor=clusters.floor,
        areas=tuple(area_names(area_of_topic(centroids, sizes), labels, sizes, centroids)),
    )


def _no_topics(embeddings: Embeddings, settings: TopicSettings) -> FittedTopics:
    return FittedTopics(
        embedding_model_id=embeddings.model_id,
        centroids=np.empty((0, embeddings.vectors.shape[1]), dtype=np.float32),
        sizes=(),
        labels=(),
        top_terms=(),
        floor=1.0 if settings.floor is None else settings.floor,
    )


@dataclass(frozen=True, eq=False)
class WordCounts:
    """How often each word occurs in each paper.

    ``counts`` is a sparse int32 matrix ``(n_papers, n_words)``; ``vocabulary`` holds the words of its columns, sorted.
    """

    vocabulary: tuple[str, ...]
    counts: csr_matrix


def count_words(texts: Sequence[str], min_papers: int) -> WordCounts | None:
    """Counts of the words that may become top terms; ``None`` if no word is left.

    Left out are stop words, numbers, words in fewer than ``min_papers`` papers (in a small corpus: in fewer than 1 % of
    the papers) and words in more than half of them.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    min_papers = max(2, min(min_papers, len(texts) // 100))
    vectorizer = CountVectorizer(
        token_pattern=_WORD, stop_words=sorted(_stop_words()), min_df=min_papers, max_df=0.5, dtype=np.int32
    )
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError:
        return None  # scikit-learn raises it if no word is left
    return WordCounts(tuple(vectorizer.get_feature_names_out().tolist()), counts.tocsr())


# A word of at least two characters, one of them alphabetic: "3d" and "gpt4", but no bare number.
_WORD = r"(?u)\b(?=\w*[^\W\d_])\w\w+\b"

_PAPER_WORDS = """
    abstract achieve achieves al approach approaches available code com demonstrate demonstrates et existing
    experiments experimental extensive fig framework github http https introduce introduces io method methods novel
    outperform outperforms paper papers propose proposed proposes publicly result results section show shows study
    state art table url www work works use used uses using
"""
"""Words that occur in papers on any subject."""


def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS).union(_PAPER_WORDS.split())


LEARNING_RATE = 0.1
"""UMAP's initial step size. With the usual 1.0, chance moves points far from the spectral start that all seeds share; a
tenth of it brings neighbours together as well and moves the rest little."""


def _fit_bertopic(
    vectors: NDArray[np.float32],
    words: WordCounts,
    clusters: _RefinedClusters,
    settings: TopicSettings,
) -> Any:
    """A fitted BERTopic model whose topics are numbered by size."""
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder
    from bertopic.vectorizers import ClassTfidfTransformer
    from umap import UMAP

    n_papers = len(vectors)
    n_neighbors = min(settings.n_neighbors, n_papers - 1)
    umap = UMAP(
        n_neighbors=n_neighbors,
        n_components=settings.n_components,
        min_dist=0.0,
        metric="cosine",
        learning_rate=LEARNING_RATE,
        random_state=settings.seed,
        n_jobs=1,
        # The spectral initialisation needs many more points than dimensions.
        init="spectral" if n_papers >= 100 else "random",
        precomputed_knn=(*nearest_papers(vectors, n_neighbors), None),
    )
    model = BERTopic(
        # Not "english": for it, BERTopic turns "vision-language" into "visionlanguage".
        language="multilingual",
        embedding_model=BaseEmbedder(),
        umap_model=umap,
        hdbscan_model=clusters,
        vectorizer_model=_CountedWords(words),
        ctfidf_model=ClassTfidfTransformer(),
        representation_model=_distinctive_terms(words, settings.n_top_terms),
        top_n_words=settings.n_top_terms,
    )
    with warnings.catch_warnings():
        # UMAP warns that a seed prevents parallelism, which is intended.
        warnings.simplefilter("ignore")
        model.fit([str(row) for row in range(n_papers)], vectors)
    return model


class _CountedWords:
    """BERTopic's vectorizer over `WordCounts`: a document is a list of row numbers, and its counts are their sum."""

    def __init__(self, words: WordCounts) -> None:
        self._words = words

    def fit_transform(self, documents: Sequence[str]) -> csr_matrix:
        return self.transform(documents)

    def transform(self, documents: Sequence[str]) -> csr_matrix:
        from scipy.sparse import csr_matrix

        rows = [np.array(document.split(), dtype=np.int64) for document in documents]
        columns = np.concatenate(rows)
        starts = np.cumsum([0, *(len(of_document) for of_document in rows)])
        holds = csr_matrix(
            (np.ones(len(columns), dtype=np.int32), columns, starts), shape=(len(rows), self._words.counts.shape[0])
        )
        return holds @ self._words.counts

    def get_feature_names_out(self) -> NDArray[np.object_]:
        return np.array(self._words.vocabulary, dtype=object)


class _RefinedClusters:
    """BERTopic's cluster model: HDBSCAN in the reduced space, then refined with the papers' own vectors.

    HDBSCAN finds the topics, but leaves out two papers in five and draws borders in UMAP's distorted space. Moving
    every paper to its nearest centroid, a few times, brings back those that belong and makes fits with different seeds
    more alike.
    """

    def __init__(
        self, vectors: NDArray[np.float32], settings: TopicSettings, before: NDArray[np.float32] | None
    ) -> None:
        self._vectors = vectors
        self._settings = settings
        self._before = before
        self.floor = 1.0 if settings.floor is None else settings.floor
        self.labels_: NDArray[np.int64] = np.full(len(vectors), UNASSIGNED, dtype=np.int64)

    def fit(self, reduced: NDArray[np.float32], y: object = None) -> _RefinedClusters:  # noqa: ARG002 - BERTopic passes it
        labels = dense_regions(reduced, self._settings)
        if labels.max(initial=UNASSIGNED) >= 0:
            if self._settings.floor is None:
                self.floor = calibrated_floor(self._vectors, labels)
            smallest = max(2, self._settings.smallest_topic(len(reduced)) // 2)
            if self._before is not None and len(self._before):
                labels = continued_topics(
                    self._vectors, labels, self._before, self.floor, smallest, self._settings.max_topics
                )
            labels = refined_topics(self._vectors, labels, self.floor, smallest, self._settings.n_refinements)
        self.labels_ = labels
        return self


MAX_OUTLIERS_IF_SEPARATE = 0.2
"""If HDBSCAN leaves out no more than this share of the papers, clusters are well separated; otherwise they overlap."""


def dense_regions(reduced: NDArray[np.float32], settings: TopicSettings) -> NDArray[np.int64]:
    """HDBSCAN's cluster of each point, -1 for none, coarse enough that there are at most ``max_topics``.

    In a small or synthetic corpus clusters are well separated, and HDBSCAN's selection by excess of mass ("eom") finds
    them. On arXiv clusters overlap, and two papers in five lie between them. There, excess of mass finds two topics in
    ten thousand papers, or depends on chance: another seed moves 10 to 22 % of the papers to another topic. So
    HDBSCAN's leaf clusters are used ("leaf"), with which another seed moves 5 to 9 %.

    Parameters
    ----------
    reduced : float32 ``(n_papers, n_components)``, UMAP's result.
    settings : see `TopicSettings`.

    Returns
    -------
    int64 ``(n_papers,)``.
    """
    n_papers = len(reduced)
    smallest = settings.smallest_topic(n_papers)
    by_mass = _clusters(reduced, smallest, settings, "eom")
    # In a small corpus one true topic can hold a twentieth of the papers, so the bound is higher there.
    largest_allowed = max(int(settings.max_topic_share * n_papers), 12 * smallest)
    largest = int(np.bincount(by_mass[by_mass >= 0], minlength=1).max())
    are_separate = (by_mass < 0).mean() <= MAX_OUTLIERS_IF_SEPARATE and largest <= largest_allowed
    labels = by_mass
    if not are_separate:
        labels = _clusters(reduced, smallest, settings, "leaf")
    while labels.max(initial=UNASSIGNED) >= settings.max_topics:
        smallest += max(1, smallest // 5)
        labels = _clusters(reduced, smallest, settings, "eom" if are_separate else "leaf")
    return labels


def _clusters(
    reduced: NDArray[np.float32], smallest: int, settings: TopicSettings, selection: str
) -> NDArray[np.int64]:
    from hdbscan import HDBSCAN

    clusterer = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=min(settings.dense_neighbors(len(reduced)), len(reduced) - 1),
        cluster_selection_method=selection,
        core_dist_n_jobs=1,
    )
    labels: NDArray[np.int64] = clusterer.fit(reduced).labels_.astype(np.int64)
    return labels


def mean_vectors(vectors: NDArray[np.float32], labels: NDArray[np.int64], n_topics: int) -> NDArray[np.float32]:
    """The mean of each topic's vectors, scaled to unit length: float32 ``(n_topics, n_dims)``."""
    sums = _sums(vectors, labels, n_topics)
    return _unit(sums).astype(np.float32)


MAX_MEMBERS_LEFT_OUT = 0.1
"""Largest share of the papers in HDBSCAN's clusters that the calibrated floor may leave out."""


def calibrated_floor(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The floor: the cosine to its nearest centroid below which a paper is left unassigned.

    The papers in HDBSCAN's clusters show both errors. Their cosine to the centroid of their own topic, computed
    without the paper itself, shows how near papers are that belong to a topic. Their cosine to the nearest other topic
    shows how near papers come whose own topic does not exist. The floor is where the two error rates are equal: the
    share of the members below it, and the share of the papers that reach it for another topic.

    If topics overlap, as arXiv's do, that point would leave out a quarter of the members, although many of the other
    papers only belong to a neighbouring topic. So the floor never leaves out more than `MAX_MEMBERS_LEFT_OUT`. With a
    single topic, that share alone decides.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``, rows of unit length.
    labels : int ``(n_papers,)``, the cluster of each paper, -1 for none; at least one cluster.
    """
    n_topics = int(labels.max()) + 1
    members = np.flatnonzero(labels >= 0)
    own_label = labels[members]
    sums = _sums(vectors, labels, n_topics)
    own_vectors = vectors[members].astype(np.float64)
    own = np.einsum("ij,ij->i", own_vectors, _unit(sums[own_label] - own_vectors))
    keeps_members = float(np.quantile(own, MAX_MEMBERS_LEFT_OUT))
    if n_topics == 1:
        return round(keeps_members, 4)
    cosines = own_vectors @ _unit(sums).T
    cosines[np.arange(len(members)), own_label] = -1.0
    own, other = np.sort(own), np.sort(cosines.max(axis=1))
    candidates = np.arange(-1.0, 1.0, 0.001)
    left_out = np.searchsorted(own, candidates) / len(own)
    let_in = 1.0 - np.searchsorted(other, candidates) / len(other)
    balanced = float(candidates[np.argmax(left_out >= let_in)])
    return round(min(balanced, keeps_members), 4)


SPLITS_ABOVE = 0.02
"""A topic with more than this share of the papers is split if it contains several dense regions."""


def continued_topics(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    before: NDArray[np.float32],
    floor: float,
    smallest: int,
    max_topics: int,
) -> NDArray[np.int64]:
    """Each paper's topic if known topics continue and only what is new in the dense regions is added.

    A fit from nothing redraws every border. A fifth of the papers would change their topic at every refit, most of
    them because by chance one region became two, or two became one. So a refit starts from the known centroids, and the
    dense regions decide what changes:

    - A region most of whose papers fit no known topic is a new topic.
    - If a known topic contains several regions, the largest continues it. The others become topics only if the known
      topic holds more than `SPLITS_ABOVE` of the papers.
    - A known topic without a region of its own continues if it has enough papers, unless most of them lie in a region
      that continues another topic; then it is merged into that one.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``, rows of unit length.
    labels : int ``(n_papers,)``, the dense region of each paper, -1 for none.
    before : float32 ``(n_known, n_dims)``, the centroids of the known topics.
    floor : cosine below which a paper belongs to no topic.
    smallest : papers below which a topic is dropped.
    max_topics : regions are added up to this many topics.

    Returns
    -------
    int64 ``(n_papers,)``, -1 for none.
    """
    nearest, similarity = nearest_centroids(vectors, before)
    known = np.where(similarity >= np.float32(floor), nearest, UNASSIGNED)
    n_known, n_regions = len(before), int(labels.max()) + 1
    shared = np.zeros((n_regions, n_known + 1), dtype=np.int64)  # the last column counts papers that fit no known topic
    np.add.at(shared, (labels[labels >= 0], known[labels >= 0]), 1)
    sizes = np.bincount(known[known >= 0], minlength=n_known)
    is_new = shared[:, -1] > shared[:, :-1].sum(axis=1)
    inside = np.where(is_new, UNASSIGNED, shared[:, :-1].argmax(axis=1))
    carries_on = np.full(n_known, UNASSIGNED)
    for topic in range(n_known):
        regions = np.flatnonzero(inside == topic)
        if len(regions):
            carries_on[topic] = regions[shared[regions, topic].argmax()]

    merged = [
        carries_on[topic] == UNASSIGNED and n_regions > 0 and 2 * shared[:, topic].max() > sizes[topic]
        for topic in range(n_known)
    ]
    goes_on = (sizes >= smallest) & ~np.array(merged, dtype=bool)
    is_split = ~is_new & (sizes[inside] > SPLITS_ABOVE * len(vectors)) & ~np.isin(np.arange(n_regions), carries_on)
    added = np.flatnonzero(is_new | is_split)
    added = added[np.argsort(-shared[added].sum(axis=1), kind="stable")][: max(0, max_topics - int(goes_on.sum()))]
    centroids = np.concatenate([before[goes_on], mean_vectors(vectors, labels, n_regions)[added]])
    nearest, similarity = nearest_centroids(vectors, centroids)
    return np.where(similarity >= np.float32(floor), nearest, UNASSIGNED).astype(np.int64)


def refined_topics(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], floor: float, smallest: int, n_steps: int
) -> NDArray[np.int64]:
    """Each paper's topic after moving papers to their nearest centroid ``n_steps`` times: int64 ``(n_papers,)``.

    Papers below the floor belong to no topic. Topics with fewer than ``smallest`` papers are dropped, and their papers
    go to the next nearest. Topics stay numbered from 0 without gaps.
    """
    for _ in range(n_steps):
        centroids = mean_vectors(vectors, labels, int(labels.max()) + 1)
        while True:
            nearest, similarity = nearest_centroids(vectors, centroids)
            labels = np.where(similarity >= np.float32(floor), nearest, UNASSIGNED).astype(np.int64)
            sizes = np.bincount(labels[labels >= 0], minlength=len(centroids))
            # One at a time: the papers of a dropped topic may make its neighbour large enough.
            if len(sizes) <= 1 or sizes.min() >= smallest:
                break
            centroids = np.delete(centroids, int(sizes.argmin()), axis=0)
        if not sizes.any():
            break
    return labels


def _sums(vectors: NDArray[np.float32], labels: NDArray[np.int64], n_topics: int) -> NDArray[np.float64]:
    from scipy.sparse import csr_matrix

    members = np.flatnonzero(labels >= 0)
    membership = csr_matrix(
        (np.ones(len(members)), (labels[members], members)), shape=(n_topics, len(vectors)), dtype=np.float64
    )
    return np.asarray(membership @ vectors.astype(np.float64))


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))


def distinctive_terms(
    words: WordCounts, topic_of_paper: NDArray[np.int64], n_terms: int, candidates: Sequence[Sequence[str]]
) -> list[list[tuple[str, float]]]:
    """The terms that distinguish each topic from all papers, best first, with their scores.

    The score is ``cbrt(p) * log(p / q)``, where ``p`` is the share of the topic's papers that use the word and ``q``
    that of all papers. Because of the root, a word that a third of the topic uses, and nobody else, scores higher than
    one that is used a little everywhere. On arXiv's papers the cube root gave more coherent and more diverse terms than
    ``p`` or its square root. Of a singular and its plural, only the better one is listed.

    Parameters
    ----------
    words : the words of all papers.
    topic_of_paper : int ``(n_papers,)``, -1 for none.
    n_terms : most terms of a topic.
    candidates : for each topic, the words to choose from.
    """
    from scipy.sparse import csr_matrix

    n_topics = len(candidates)
    members = np.flatnonzero(topic_of_paper >= 0)
    membership = csr_matrix(
        (np.ones(len(members)), (topic_of_paper[members], members)), shape=(n_topics, len(topic_of_paper))
    )
    uses = (words.counts > 0).astype(np.float64)
    share_of_all = np.asarray(uses.mean(axis=0)).ravel()
    sizes = np.asarray(membership.sum(axis=1)).ravel()
    share_of_topic = (membership @ uses).toarray() / np.maximum(sizes, 1)[:, None]
    column = {word: number for number, word in enumerate(words.vocabulary)}
    chosen = []
    for number in range(n_topics):
        columns = np.array([column[word] for word in candidates[number] if word in column], dtype=np.int64)
        p, q = share_of_topic[number, columns], share_of_all[columns]
        scores = np.cbrt(p) * np.log(np.where(p > 0, p / q, 1.0))
        terms: dict[str, tuple[str, float]] = {}
        for i in sorted(range(len(columns)), key=lambda i: (-scores[i], words.vocabulary[columns[i]])):
            if scores[i] <= 0 or len(terms) == n_terms:
                break
            word = words.vocabulary[columns[i]]
            terms.setdefault(word_form(word), (word, float(scores[i])))
        chosen.append(list(terms.values()))
    return chosen


_N_CANDIDATES = 100


def _distinctive_terms(words: WordCounts, n_terms: int) -> Any:
    """A BERTopic representation: of each topic's best words by c-TF-IDF, the most distinctive."""
    from bertopic.representation import BaseRepresentation

    class DistinctiveTerms(BaseRepresentation):  # type: ignore[misc]
        def extract_topics(
            self,
            topic_model: Any,
            documents: pd.DataFrame,
            c_tf_idf: csr_matrix,
            topics: Topics,
        ) -> Topics:
            numbers = sorted(number for number in topics if number >= 0)
            # If there are outliers, they are the first row.
            first_row = 1 if min(topics) < 0 else 0
            vocabulary = topic_model.vectorizer_model.get_feature_names_out()
            candidates = []
            for number in numbers:
                row = c_tf_idf[first_row + number].toarray().ravel()
                best = np.argsort(-row, kind="stable")[:_N_CANDIDATES]
                candidates.append([str(vocabulary[i]) for i in best if row[i] > 0])
            topic_of_paper = documents.sort_values("ID")["Topic"].to_numpy(dtype=np.int64)
            chosen = distinctive_terms(words, topic_of_paper, n_terms, candidates)
            return {**topics, **dict(zip(numbers, chosen, strict=True))}

    return DistinctiveTerms()
