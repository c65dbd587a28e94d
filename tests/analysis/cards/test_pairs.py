"""Planted pairs are called, and pairs by chance are not."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from analysis.applications.domain_finder import DomainFinder, load_domains
from analysis.cards.pairs import called_pairs, pair_counts
from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from domain.detections import ADOPTS
from domain.facet import Facet
from domain.paper_facets import PaperFacets
from domain.week import Week, weeks_between
from sample.corpus import make_corpus

LAST = Week.parse("2026-W25")
WEEKS = tuple(weeks_between(LAST.plus(-11), LAST))
PER_WEEK = 400
WEEK_OF = np.repeat(np.arange(len(WEEKS)), PER_WEEK)
TECHNIQUE: Facet = ("technique", "a")
DOMAIN: Facet = ("domain", "b")


def _facets(random: np.random.Generator, share_in_domain: np.ndarray) -> PaperFacets:
    """A domain of a tenth of the papers, a technique of a tenth elsewhere and of another share in the domain."""
    n = len(WEEK_OF)
    in_domain = random.random(n) < 0.1
    adopts = random.random(n) < np.where(in_domain, share_in_domain[WEEK_OF], 0.1)
    others = {("theme", str(i)): np.flatnonzero(random.random(n) < 0.1) for i in range(20)}
    found = {TECHNIQUE: np.flatnonzero(adopts), DOMAIN: np.flatnonzero(in_domain), **others}
    return PaperFacets.of({key: rows.tolist() for key, rows in found.items()})  # type: ignore[misc]


def _called(facets: PaperFacets) -> list[tuple[Facet, Facet]]:
    found = called_pairs(pair_counts(facets, facets.keys, WEEK_OF, WEEKS))
    return [one.facets for one in found.called]


def test_a_planted_pair_is_called_with_its_ratio_and_its_rise() -> None:
    share = np.linspace(0.05, 0.65, len(WEEKS))
    facets = _facets(np.random.default_rng(1), share)
    found = called_pairs(pair_counts(facets, facets.keys, WEEK_OF, WEEKS))
    [one] = found.called
    assert set(one.facets) == {TECHNIQUE, DOMAIN}
    side = one.facets.index(TECHNIQUE)
    ratio, low, high = one.ratios[side]
    assert low < 3.5 < high
    assert 2.8 < ratio < 4
    assert one.changes[side][0] == "rising"
    assert one.n == len(WEEK_OF)
    assert one.k_both == len(np.intersect1d(facets.rows_of(TECHNIQUE), facets.rows_of(DOMAIN)))


def test_a_pair_less_common_than_chance_is_not_called() -> None:
    assert _called(_facets(np.random.default_rng(2), np.zeros(len(WEEKS)))) == []


def test_by_chance_few_weeks_call_anything() -> None:
    flat = np.full(len(WEEKS), 0.1)
    n_weeks = sum(bool(_called(_facets(np.random.default_rng(seed), flat))) for seed in range(40))
    assert n_weeks <= 4


def test_a_common_course_over_the_weeks_makes_no_pair() -> None:
    random = np.random.default_rng(4)
    rate = np.linspace(0.01, 0.5, len(WEEKS))[WEEK_OF]
    facets = PaperFacets.of(
        {facet: np.flatnonzero(random.random(len(WEEK_OF)) < rate).tolist() for facet in (TECHNIQUE, DOMAIN)}
    )
    assert _called(facets) == []


def test_nothing_to_pair_is_no_error() -> None:
    assert called_pairs(pair_counts(PaperFacets(), (), WEEK_OF, WEEKS)).called == ()
    one = PaperFacets.of({TECHNIQUE: [1, 2, 3]})
    assert called_pairs(pair_counts(one, one.keys, WEEK_OF, WEEKS)).called == ()


@pytest.fixture(scope="module")
def sample_pairs() -> set[frozenset[Facet]]:
    """The pairs of techniques with application domains in the sample corpus."""
    corpus = make_corpus(last_week=LAST, n_weeks=12, papers_per_week=120)
    detector, finder = Detector(load_taxonomy()), DomainFinder(load_domains())
    rows: defaultdict[Facet, list[int]] = defaultdict(list)
    for row, (paper, found) in enumerate(zip(corpus.papers, detector.detect(corpus.papers), strict=True)):
        for one in found.detections:
            if one.kind == "technique" and one.level >= ADOPTS:
                rows[one.kind, one.key].append(row)
        for mention in finder.find(paper.title, paper.abstract):
            rows["domain", mention.key].append(row)
    facets = PaperFacets.of(rows)
    week_of = np.array([corpus.weeks.index(truth.week) for truth in corpus.truth])
    found = called_pairs(pair_counts(facets, facets.keys, week_of, corpus.weeks))
    return {frozenset(one.facets) for one in found.called}


def test_the_planted_pair_of_the_sample_corpus_is_found(sample_pairs: set[frozenset[Facet]]) -> None:
    """Its topic of molecules takes up graph neural networks most readily."""
    assert frozenset({("technique", "gnn"), ("domain", "science")}) in sample_pairs
    assert frozenset({("technique", "gnn"), ("domain", "education")}) not in sample_pairs
