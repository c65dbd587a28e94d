"""Fits topics with BERTopic; the only file that knows BERTopic, UMAP and HDBSCAN.

    papers' vectors -> nearest papers -> UMAP -> HDBSCAN -> refined by centroid -> c-TF-IDF -> top terms -> labels

What leaves is `FittedTopics`, a value of plain arrays. BERTopic's own `transform` is not used: it is slow and its
answer depends on the batch; `analysis.topics.assign_topics` compares with the centroids instead.
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

from analysis.topics.areas import area_of_topic, widened
from analysis.topics.assignment import UNASSIGNED, nearest_centroids
from analysis.topics.labels import CountedTitles, count_titles, label_topics, plain_text, singular, title_of
from analysis.topics.nearest_papers import nearest_papers
from domain.embeddings import Embeddings
from domain.topics import FittedTopics

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

    Topics = dict[int, list[tuple[str, float]]]


class TopicSettings(BaseModel):
    """The group ``topics`` of the settings; every default was chosen on arXiv's machine-learning papers of 2026."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(default=7, ge=0, description="Fixes all that is random in a fit.")
    n_neighbors: int = Field(
        default=30, ge=2, description="UMAP: how many nearest papers shape the map; more give coarser, steadier topics."
    )
    n_components: int = Field(default=5, ge=2, description="UMAP: dimensions of the map in which topics are sought.")
    min_samples: int | None = Field(
        default=None,
        ge=1,
        description="HDBSCAN: neighbours that make a place dense; more give fewer, steadier topics. By default it "
        "follows from the corpus' size.",
    )
    min_topic_size: int | None = Field(
        default=None, ge=2, description="Fewest papers that make a topic; by default it follows from the corpus' size."
    )
    max_topics: int = Field(
        default=200, ge=1, description="A fit with more topics is cut coarser until it has no more."
    )
    max_topic_share: float = Field(
        default=0.04, gt=0, le=1, description="Share of the papers above which one topic is taken to be several."
    )
    n_refinements: int = Field(
        default=3, ge=0, description="How often papers move to their nearest centroid before topics are final."
    )
    floor: float | None = Field(
        default=None, ge=-1, le=1, description="Cosine below which a paper is unassigned; calibrated by default."
    )
    min_term_papers: int = Field(default=20, ge=1, description="Papers that must use a word to make it a top term.")
    n_top_terms: int = Field(default=10, ge=1, description="Top terms of each topic.")
    min_papers: int = Field(default=60, ge=3, description="With fewer papers nothing is fitted.")
    window_weeks: int = Field(default=52, ge=1, description="Weeks of papers that a fit sees.")
    refit_weeks: int = Field(default=4, ge=1, description="Weeks after which a run fits topics anew.")
    max_drift: float = Field(
        default=0.03,
        gt=0,
        le=1,
        description="Rise of the share of unassigned papers that makes a run fit topics anew before its time.",
    )
    birth_weeks: int = Field(
        default=3, ge=1, description="Newest weeks whose unassigned papers can make a topic between two fits."
    )
    min_birth_papers: int = Field(default=8, ge=2, description="Papers of these weeks that such a topic has at least.")
    n_map_papers: int = Field(default=2000, ge=0, description="Papers drawn on the map of the topics.")

    def smallest_topic(self, n_papers: int) -> int:
        """Papers that make a topic: 2 % of a small corpus, a twelve-hundredth of a large one, 25 in between."""
        if self.min_topic_size is not None:
            return self.min_topic_size
        return max(min(25, max(10, n_papers // 50)), n_papers // 1200)

    def dense_neighbors(self, n_papers: int) -> int:
        """Neighbours that make a place dense: one for a thousand papers, 15 at least and 30 at most."""
        if self.min_samples is not None:
            return self.min_samples
        return min(max(15, n_papers // 1000), 30)


def library_versions() -> dict[str, str]:
    """Versions of everything that a fit's numbers depend on, by distribution name."""
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

    The same papers and settings give the same topics, number for number, in whatever order the papers come.
    Fewer papers than ``settings.min_papers``, or papers without any dense region, give no topics.

    Parameters
    ----------
    texts : "title. abstract" of each paper, in the order of ``embeddings.ids``.
    embeddings : the papers' unit vectors.
    settings : see `TopicSettings`.
    before : float32 ``(n_topics, n_dims)``, centroids of topics that readers know; what is still there of them goes on
        where it was (see `continued`). Without it the fit starts from nothing.

    Raises
    ------
    ValueError
        If there is not one text for each vector, or an id comes twice.
    """
    if len(texts) != len(embeddings):
        raise ValueError(f"expected {len(embeddings)} texts, one for each vector, got {len(texts)}")
    if len(set(embeddings.ids)) != len(embeddings):
        raise ValueError("expected each paper once, got an id twice")
    # UMAP's map depends on the order of its points; sorted papers make a fit a function of the set of papers.
    order = sorted(range(len(embeddings)), key=lambda row: embeddings.ids[row])
    vectors = np.ascontiguousarray(embeddings.vectors[order])
    plain = [plain_text(texts[row]) for row in order]
    if len(order) < settings.min_papers:
        return _no_topics(embeddings, settings)
    words = count_words(plain, settings.min_term_papers)
    if words is None:
        return _no_topics(embeddings, settings)

    cut = _RefinedCut(vectors, settings, before)
    model = _fit_bertopic(vectors, words, cut, settings)
    topic_of_paper = np.asarray(model.topics_, dtype=np.int64)
    n_topics = int(topic_of_paper.max()) + 1
    if n_topics == 0:
        return _no_topics(embeddings, settings)
    top_terms = tuple(tuple(term for term, _ in model.get_topic(number) if term) for number in range(n_topics))
    titles = count_titles([title_of(text) for text in plain], plain, topic_of_paper, n_topics)
    centroids = mean_vectors(vectors, topic_of_paper, n_topics)
    labels = label_topics(titles, top_terms)
    return FittedTopics(
        embedding_model_id=embeddings.model_id,
        centroids=centroids,
        sizes=tuple(int(size) for size in np.bincount(topic_of_paper[topic_of_paper >= 0], minlength=n_topics)),
        labels=labels,
        top_terms=top_terms,
        floor=cut.floor,
        areas=_area_names(titles, topic_of_paper, area_of_topic(centroids), words, labels, settings),
    )


def _area_names(
    titles: CountedTitles,
    topic_of_paper: NDArray[np.int64],
    area: NDArray[np.int64],
    words: WordCounts,
    labels: Sequence[str],
    settings: TopicSettings,
) -> tuple[str, ...]:
    """The name of each topic's area, chosen among the areas as labels are among the topics, and widened."""
    n_areas = int(area.max()) + 1
    area_of_paper = np.where(topic_of_paper >= 0, area[topic_of_paper], UNASSIGNED)
    terms = telling_terms(words, area_of_paper, settings.n_top_terms, [words.vocabulary] * n_areas)
    names = label_topics(titles.of_groups(area), [[term for term, _ in of_area] for of_area in terms])
    wide = [
        widened(name, [labels[t] for t in np.flatnonzero(area == number).tolist()]) for number, name in enumerate(names)
    ]
    return tuple(wide[number] for number in area.tolist())


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
    """How often each word stands in each paper.

    ``counts`` is a sparse matrix ``(n_papers, n_words)``, ``vocabulary`` its columns' words, sorted.
    """

    vocabulary: tuple[str, ...]
    counts: csr_matrix


def count_words(texts: Sequence[str], min_papers: int) -> WordCounts | None:
    """Words that may become top terms, counted; ``None`` where no word is left.

    Left out are stop words, numbers, what fewer than ``min_papers`` papers use (in a small corpus 1 % of it, so that
    there are words at all), and what more than half of the papers use.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    min_papers = max(2, min(min_papers, len(texts) // 100))
    vectorizer = CountVectorizer(
        token_pattern=_WORD, stop_words=sorted(_stop_words()), min_df=min_papers, max_df=0.5, dtype=np.int32
    )
    try:
        counts = vectorizer.fit_transform(texts)
    except ValueError:
        return None  # scikit-learn's way of saying that no word is left
    return WordCounts(tuple(vectorizer.get_feature_names_out().tolist()), counts.tocsr())


# A word of two characters or more with a letter in it: "3d" and "gpt4", but no bare number.
_WORD = r"(?u)\b(?=\w*[^\W\d_])\w\w+\b"

_PAPER_WORDS = """
    abstract achieve achieves al approach approaches available code com demonstrate demonstrates et existing
    experiments experimental extensive fig framework github http https introduce introduces io method methods novel
    outperform outperforms paper papers propose proposed proposes publicly result results section show shows study
    state art table url www work works use used uses using
"""
"""What every paper says, whatever it is about."""


def _stop_words() -> frozenset[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return frozenset(ENGLISH_STOP_WORDS).union(_PAPER_WORDS.split())


LEARNING_RATE = 0.1
"""How far UMAP moves points at first. With its usual 1.0 chance soon has the map far from the spectral start that all
seeds share; a tenth of it brings neighbours together as well and leaves the rest where it was."""


def _fit_bertopic(
    vectors: NDArray[np.float32],
    words: WordCounts,
    cut: _RefinedCut,
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
        # The spectral start needs many more points than dimensions.
        init="spectral" if n_papers >= 100 else "random",
        precomputed_knn=(*nearest_papers(vectors, n_neighbors), None),
    )
    model = BERTopic(
        # Any other value than English: for English, BERTopic glues "vision-language" to "visionlanguage".
        language="multilingual",
        embedding_model=BaseEmbedder(),
        umap_model=umap,
        hdbscan_model=cut,
        vectorizer_model=_CountedWords(words),
        ctfidf_model=ClassTfidfTransformer(),
        representation_model=_telling_terms(words, settings.n_top_terms),
        top_n_words=settings.n_top_terms,
    )
    with warnings.catch_warnings():
        # UMAP warns that a seed costs parallelism, which is the point.
        warnings.simplefilter("ignore")
        model.fit([str(row) for row in range(n_papers)], vectors)
    return model


class _CountedWords:
    """BERTopic's vectorizer, for documents that are counted already: each is one or more rows of `WordCounts`."""

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


class _RefinedCut:
    """HDBSCAN in the reduced space, then refined among the papers' own vectors; BERTopic's cluster model.

    HDBSCAN says where topics are, but leaves two papers in five outside and draws the borders in UMAP's bent space.
    Moving every paper to its nearest centroid, a few times, brings back those that belong, and makes fits with
    different seeds more alike.
    """

    def __init__(
        self, vectors: NDArray[np.float32], settings: TopicSettings, before: NDArray[np.float32] | None
    ) -> None:
        self._vectors = vectors
        self._settings = settings
        self._before = before
        self.floor = 1.0 if settings.floor is None else settings.floor
        self.labels_: NDArray[np.int64] = np.full(len(vectors), UNASSIGNED, dtype=np.int64)

    def fit(self, reduced: NDArray[np.float32], y: object = None) -> _RefinedCut:  # noqa: ARG002 - BERTopic passes it
        labels = dense_regions(reduced, self._settings)
        if labels.max(initial=UNASSIGNED) >= 0:
            if self._settings.floor is None:
                self.floor = calibrated_floor(self._vectors, labels)
            smallest = max(2, self._settings.smallest_topic(len(reduced)) // 2)
            if self._before is not None and len(self._before):
                labels = continued(self._vectors, labels, self._before, self.floor, smallest, self._settings.max_topics)
            labels = refined(self._vectors, labels, self.floor, smallest, self._settings.n_refinements)
        self.labels_ = labels
        return self


ISLANDS_LEAVE_OUT = 0.2
"""Where HDBSCAN leaves out no more than this share of the papers, topics are islands; otherwise a continent."""


def dense_regions(reduced: NDArray[np.float32], settings: TopicSettings) -> NDArray[np.int64]:
    """HDBSCAN's cluster of each point, -1 for none, cut so coarse that there are at most ``max_topics``.

    Where topics are islands with empty sea between, as in a small or synthetic corpus, HDBSCAN's own choice among its
    branches finds them ("eom"). arXiv's topics are hills of one continent, with two papers in five on the slopes. There
    that choice finds two topics in ten thousand papers, or takes this or that branch by chance: another seed moves
    10 to 22 % of the papers to another topic. So the hilltops themselves are taken ("leaf"), where it is 5 to 9 %.
    """
    n_papers = len(reduced)
    smallest = settings.smallest_topic(n_papers)
    islands = _clusters(reduced, smallest, settings, "eom")
    # In a small corpus a twentieth can be one true topic; the share binds where topics are many.
    largest_allowed = max(int(settings.max_topic_share * n_papers), 12 * smallest)
    largest = int(np.bincount(islands[islands >= 0], minlength=1).max())
    are_islands = (islands < 0).mean() <= ISLANDS_LEAVE_OUT and largest <= largest_allowed
    labels = islands
    if not are_islands:
        labels = _clusters(reduced, smallest, settings, "leaf")
    while labels.max(initial=UNASSIGNED) >= settings.max_topics:
        smallest += max(1, smallest // 5)
        labels = _clusters(reduced, smallest, settings, "eom" if are_islands else "leaf")
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
    """Mean of each topic's vectors, scaled to unit length: float32 ``(n_topics, n_dims)``."""
    sums = _sums(vectors, labels, n_topics)
    return _unit(sums).astype(np.float32)


MAX_MEMBERS_LEFT_OUT = 0.1
"""The calibrated floor leaves out at most this share of the papers that HDBSCAN puts into topics."""


def calibrated_floor(vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The cosine to its topic's centroid below which a paper is better left unassigned.

    HDBSCAN's members show both sides of the question. A member's cosine to the centroid of its own topic, computed
    without the member, tells how near papers lie that belong. Its cosine to the nearest other topic tells how near a
    paper comes to the best of the topics that are not its own, as one does whose own topic does not exist. The floor is
    where as many members fall below it as strangers reach it.

    Where topics overlap, as arXiv's do, that point would leave out a quarter of the members, though many a stranger is
    only a neighbour; so the floor never leaves out more than `MAX_MEMBERS_LEFT_OUT`. With a single topic there are no
    strangers, and that share decides.
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
    own, stranger = np.sort(own), np.sort(cosines.max(axis=1))
    candidates = np.arange(-1.0, 1.0, 0.001)
    left_out = np.searchsorted(own, candidates) / len(own)
    let_in = 1.0 - np.searchsorted(stranger, candidates) / len(stranger)
    balanced = float(candidates[np.argmax(left_out >= let_in)])
    return round(min(balanced, keeps_members), 4)


SPLITS_ABOVE = 0.02
"""Share of the papers that a topic must hold before dense regions inside it become topics of their own."""


def continued(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    before: NDArray[np.float32],
    floor: float,
    smallest: int,
    max_topics: int,
) -> NDArray[np.int64]:
    """Each paper's topic where known topics go on and only what is new in the dense regions is added.

    A fit from nothing draws every border anew, and a fifth of the papers would change their topic every four weeks,
    most of them because a region fell into two or two into one by chance. So the known centroids are where the new
    fit starts, and the dense regions decide what changes:

    - a region whose papers mostly fit no known topic is a new one;
    - of several regions inside one known topic the fullest carries it on, and the others are split off only where the
      topic holds more than `SPLITS_ABOVE` of the papers;
    - a known topic without a region of its own goes on if it still has papers enough, unless most of them lie in a
      region that carries on another one: then it is merged into that.

    Parameters
    ----------
    vectors : float32 ``(n_papers, n_dims)``.
    labels : dense region of each paper, -1 for none.
    before : centroids of the known topics.
    floor : cosine below which a paper belongs to no topic.
    smallest : papers below which a topic is given up.
    max_topics : no region is added beyond so many topics.
    """
    nearest, similarity = nearest_centroids(vectors, before)
    known = np.where(similarity >= np.float32(floor), nearest, UNASSIGNED)
    n_known, n_regions = len(before), int(labels.max()) + 1
    shared = np.zeros((n_regions, n_known + 1), dtype=np.int64)  # the last column: fits no known topic
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


def refined(
    vectors: NDArray[np.float32], labels: NDArray[np.int64], floor: float, smallest: int, n_steps: int
) -> NDArray[np.int64]:
    """Each paper's topic after moving papers to their nearest centroid ``n_steps`` times.

    Papers below the floor belong to no topic; topics that fall below ``smallest`` papers are given up, and their
    papers go to the next nearest. Numbers stay dense: 0 to the highest.
    """
    for _ in range(n_steps):
        centroids = mean_vectors(vectors, labels, int(labels.max()) + 1)
        while True:
            nearest, similarity = nearest_centroids(vectors, centroids)
            labels = np.where(similarity >= np.float32(floor), nearest, UNASSIGNED).astype(np.int64)
            sizes = np.bincount(labels[labels >= 0], minlength=len(centroids))
            # One at a time: the papers of the topic given up may carry its neighbour over the line.
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


def telling_terms(
    words: WordCounts, topic_of_paper: NDArray[np.int64], n_terms: int, candidates: Sequence[Sequence[str]]
) -> list[list[tuple[str, float]]]:
    """The terms that tell each topic from all other papers, best first, with their scores.

    The score is ``cbrt(p) * log(p / q)``: ``p`` is the share of the topic's papers that use the word, ``q`` that of all
    papers. The root lets a word that a third of the topic uses, and nobody else, beat one that everybody uses somewhat;
    on arXiv's papers the cube root gave more coherent and more different terms than ``p`` or its square root.
    Of singular and plural only the better one stays.

    Parameters
    ----------
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
            terms.setdefault(singular(word), (word, float(scores[i])))
        chosen.append(list(terms.values()))
    return chosen


_N_CANDIDATES = 100


def _telling_terms(words: WordCounts, n_terms: int) -> Any:
    """A BERTopic representation that takes each topic's best words by c-TF-IDF and keeps the most telling."""
    from bertopic.representation import BaseRepresentation

    class TellingTerms(BaseRepresentation):  # type: ignore[misc]
        def extract_topics(
            self,
            topic_model: Any,
            documents: pd.DataFrame,
            c_tf_idf: csr_matrix,
            topics: Topics,
        ) -> Topics:
            numbers = sorted(number for number in topics if number >= 0)
            # BERTopic's rows begin with the outliers where there are any.
            first_row = 1 if min(topics) < 0 else 0
            vocabulary = topic_model.vectorizer_model.get_feature_names_out()
            candidates = []
            for number in numbers:
                row = c_tf_idf[first_row + number].toarray().ravel()
                best = np.argsort(-row, kind="stable")[:_N_CANDIDATES]
                candidates.append([str(vocabulary[i]) for i in best if row[i] > 0])
            topic_of_paper = documents.sort_values("ID")["Topic"].to_numpy(dtype=np.int64)
            chosen = telling_terms(words, topic_of_paper, n_terms, candidates)
            return {**topics, **dict(zip(numbers, chosen, strict=True))}

    return TellingTerms()
