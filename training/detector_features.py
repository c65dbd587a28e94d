"""Features of labelled papers: a sparse matrix for all techniques together, and one for each theme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from analysis.detection.ngrams import ngrams
from analysis.detection.term_features import N_ZONES, SHAPE, FeatureReader, TermFeatures
from analysis.detection.term_matcher import plain
from training.labels import TECHNIQUES, THEMES, LabelledPaper

SHAPE_OWN = 0.3
NEARBY = 0.4
TECHNIQUE_WORD = 1.0
THEME_WORD = 0.5
NGRAM = 6.0
TECHNIQUE_LATENT = 2.0
LATENT = 4.0
N_LATENT = 100
MIN_NEARBY = 6
"""Scales of the feature groups (a larger scale is regularised less), the number of latent directions, and in how many
papers a nearby phrase must stand; chosen by cross-validation on the fitting data."""


@dataclass(frozen=True, eq=False)
class TechniqueProblem:
    """One row for each labelled (paper, technique) whose words stand in the paper.

    Some columns are shared by all techniques, the others belong to one: ``own_start``, ``word_start`` and
    ``latent_start`` hold each technique's first column of a group. ``papers`` and ``terms`` name each row's paper and
    technique by position.
    """

    features: Any
    papers: NDArray[np.int64]
    terms: NDArray[np.int64]
    nearby: dict[str, int]
    words: list[list[int]]
    own_start: list[int]
    word_start: list[int]
    latent_start: list[int]


@dataclass(frozen=True, eq=False)
class Features:
    """What is fitted: a problem for all techniques together, and features ``(n_papers, n_columns)`` for each theme.

    ``projection`` is ``(n_ngrams, N_LATENT)``, from tf-idf values of n-grams to the latent directions.
    """

    techniques: TechniqueProblem
    themes: list[Any]
    ngram_names: list[str]
    ngram_idf: NDArray[np.float32]
    projection: NDArray[np.float64]


def read_term_features(reader: FeatureReader, papers: Sequence[LabelledPaper]) -> list[dict[int, TermFeatures]]:
    """Each paper's features by the number of the taxonomy's entry."""
    return [reader.read(p.title, p.abstract, plain(p.title), plain(p.abstract)).found for p in papers]


def features_of(
    term_features: Sequence[dict[int, TermFeatures]],
    reader: FeatureReader,
    keys: Sequence[str],
    papers: Sequence[LabelledPaper],
    texts: Sequence[tuple[str, str]],
    techniques: Sequence[str] = TECHNIQUES,
) -> Features:
    """Features of labelled papers, whose term features are given, with the statistics of unlabelled texts.

    ``keys`` are those of the taxonomy's entries, in their order. Themes have features of the
    papers that are labelled for all terms.
    """
    vectorizer = TfidfVectorizer(
        analyzer=lambda pair: ngrams(*pair), min_df=25, max_df=0.3, sublinear_tf=True, dtype=np.float32
    )
    corpus = vectorizer.fit_transform(texts)
    ngram = vectorizer.transform([(paper.title, paper.abstract) for paper in papers])
    svd = TruncatedSVD(N_LATENT, random_state=0, n_iter=3).fit(corpus)
    # Dividing by the root of the singular values keeps the few broadest directions from drowning the rest. The map
    # from n-grams to latent directions is linear, so that what ships is one weight an n-gram, without the map.
    projection = svd.components_.T / np.sqrt(svd.singular_values_)
    projection /= np.linalg.norm(ngram @ projection, axis=1).mean()
    latent = np.asarray(ngram @ projection, dtype=np.float64)
    is_whole = np.array([THEMES[0] in paper.levels for paper in papers])
    found_in_whole = [found for found, whole in zip(term_features, is_whole, strict=True) if whole]
    return Features(
        technique_problem(
            term_features,
            reader,
            [keys.index(key) for key in techniques],
            latent,
            np.array([[key in paper.levels for key in techniques] for paper in papers]),
        ),
        [theme_features(found_in_whole, reader, keys.index(key), ngram[is_whole], latent[is_whole]) for key in THEMES],
        list(vectorizer.get_feature_names_out()),
        vectorizer.idf_.astype(np.float32),
        projection,
    )


def technique_problem(
    term_features: Sequence[dict[int, TermFeatures]],
    reader: FeatureReader,
    numbers: list[int],
    latent: NDArray[np.float64],
    labelled: NDArray[np.bool_],
) -> TechniqueProblem:
    """Features of the techniques whose numbers in the taxonomy are given.

    ``latent`` is ``(n_papers, N_LATENT)``; ``labelled`` is ``(n_papers, n_techniques)``.
    """
    counts = Counter(
        name
        for found, of_paper in zip(term_features, labelled, strict=True)
        for n, is_labelled in zip(numbers, of_paper, strict=True)
        if is_labelled and n in found
        for name in found[n].nearby
    )
    nearby = {name: i for i, name in enumerate(sorted(name for name, c in counts.items() if c >= MIN_NEARBY))}
    words = [reader.words_of(number) for number in numbers]
    n_shape = len(SHAPE)
    start = n_shape + len(nearby)
    own_start, word_start = [], []
    for _ in numbers:
        own_start.append(start)
        start += n_shape
    for own in words:
        word_start.append(start)
        start += N_ZONES * len(own)
    latent_start = [start + latent.shape[1] * j for j in range(len(numbers))]
    n_own = start
    rows: list[dict[int, float]] = []
    papers, terms = [], []
    for j, number in enumerate(numbers):
        position = {word: i for i, word in enumerate(words[j])}
        for paper, found in enumerate(term_features):
            if number not in found or not labelled[paper, j]:
                continue
            term = found[number]
            row = {i: value for i, value in enumerate(term.shape) if value}
            row |= {own_start[j] + i: SHAPE_OWN * value for i, value in enumerate(term.shape) if value}
            row |= {n_shape + nearby[name]: NEARBY for name in term.nearby if name in nearby}
            row |= {word_start[j] + _column(code, position): TECHNIQUE_WORD for code in term.words}
            rows.append(row)
            papers.append(paper)
            terms.append(j)
    of_row, of_term = np.array(papers), np.array(terms)
    parts = [_matrix(rows, n_own)]
    for j in range(len(numbers)):
        parts.append(sparse.csr_matrix(TECHNIQUE_LATENT * latent[of_row] * (of_term == j)[:, None]))
    features = sparse.hstack(parts).tocsr()
    return TechniqueProblem(features, of_row, of_term, nearby, words, own_start, word_start, latent_start)


def theme_features(
    term_features: Sequence[dict[int, TermFeatures]],
    reader: FeatureReader,
    number: int,
    ngram: Any,
    latent: NDArray[np.float64],
) -> Any:
    """Features ``(n_papers, n_columns)`` of one theme; ``ngram`` is ``(n_papers, n_ngrams)``."""
    words = reader.words_of(number)
    position = {word: i for i, word in enumerate(words)}
    rows = []
    for found in term_features:
        term = found.get(number)
        row: dict[int, float] = {}
        if term is not None:
            row = {i: value for i, value in enumerate(term.shape) if value}
            row |= {len(SHAPE) + _column(code, position): THEME_WORD for code in term.words}
        rows.append(row)
    own = _matrix(rows, len(SHAPE) + N_ZONES * len(words))
    return sparse.hstack([own, ngram * NGRAM, sparse.csr_matrix(latent * LATENT)]).tocsr()


def _column(code: int, position: dict[int, int]) -> int:
    """The column of a word in a zone, as ``TermFeatures.words`` names it, among those of its term."""
    word, zone = divmod(code, N_ZONES)
    return N_ZONES * position[word] + zone


def _matrix(rows: list[dict[int, float]], n_columns: int) -> Any:
    row_of = [i for i, row in enumerate(rows) for _ in row]
    columns = [column for row in rows for column in row]
    values = [value for row in rows for value in row.values()]
    return sparse.csr_matrix((values, (row_of, columns)), shape=(len(rows), n_columns))
