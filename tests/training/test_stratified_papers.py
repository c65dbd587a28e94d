"""Labels drawn by strata: their weights, and scores that hold for the population."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from analysis.detection.taxonomy import load_taxonomy
from domain.paper import ArxivId
from training.labels import DRAWN_LABELS, STRATA, DrawnLabel, Strata, read_drawn, read_strata
from training.stratified_papers import DrawnSample, drawn_papers, drawn_samples, stratified_scores

SIZES = {"adopts": 600, "mentions": 300, "net_only": 1100}


def test_the_labels_hold_identifiers_strata_and_two_levels_and_nothing_else() -> None:
    strata = read_strata(STRATA)
    rows = [json.loads(line) for line in DRAWN_LABELS.read_text(encoding="utf-8").splitlines()]
    assert len({(row["id"], row["technique"]) for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"id", "technique", "stratum", "levels"}
        assert str(ArxivId(row["id"])) == row["id"]
        assert row["stratum"] in strata[row["technique"]].sizes
        assert all(level is None or 0 <= level <= 3 for level in row["levels"])
    techniques = {entry.key for entry in load_taxonomy().entries if entry.kind == "technique"}
    assert set(strata) <= techniques
    for key, design in strata.items():
        re.compile(design.net)
        assert sum(row["technique"] == key for row in rows) >= 150


def test_a_label_counts_where_both_readers_agree_on_adoption() -> None:
    labels = read_drawn(DRAWN_LABELS)
    rows = [json.loads(line)["levels"] for line in DRAWN_LABELS.read_text(encoding="utf-8").splitlines()]
    for label, (first, second) in zip(labels, rows, strict=True):
        differ = first is None or second is None or (first >= 2) != (second >= 2)
        assert label.level == (None if differ else first)


def test_each_paper_stands_for_its_part_of_the_stratum() -> None:
    labels = [
        DrawnLabel("2601.00001", "moe", "adopts", 2),
        DrawnLabel("2601.00002", "moe", "adopts", 0),
        DrawnLabel("2601.00003", "moe", "net_only", None),
        DrawnLabel("2601.00004", "moe", "net_only", 1),
    ]
    pool = {label.arxiv_id: ("A title", "An abstract.") for label in labels}
    papers = drawn_papers(labels, [pool])
    sample = drawn_samples(labels, {"moe": Strata(5000, "expert", SIZES)}, papers)["moe"]
    assert [papers[i].levels for i in sample.papers] == [{"moe": 2}, {"moe": 0}, {"moe": 1}]
    assert sample.weights.tolist() == [300, 300, 1100]


def test_scores_of_a_stratified_sample_are_those_of_the_population() -> None:
    chance = np.random.default_rng(1)
    truth, decided = [], []
    for size, share, recall in ((600, 0.9, 0.95), (300, 0.4, 0.5), (1100, 0.05, 0.1)):
        is_true = chance.random(size) < share
        truth.append(is_true)
        decided.append(np.where(is_true, chance.random(size) < recall, chance.random(size) < 0.1))
    everything, found = np.concatenate(truth), np.concatenate(decided)
    tp, fp, fn = (everything & found).sum(), (~everything & found).sum(), (everything & ~found).sum()
    estimates = []
    for seed in range(40):
        draw = np.random.default_rng(seed)
        rows = [draw.choice(len(of), 60, replace=False) for of in truth]
        sample = DrawnSample(
            papers=np.arange(180),
            levels=np.zeros(180, dtype=np.int64),
            strata=np.repeat([0, 1, 2], 60),
            weights=np.repeat([10.0, 5.0, 1100 / 60], 60),
            n_papers=10_000,
        )
        drawn_truth = np.concatenate([of[i] for of, i in zip(truth, rows, strict=True)])
        drawn_decided = np.concatenate([of[i] for of, i in zip(decided, rows, strict=True)])
        scores = stratified_scores(drawn_truth, [drawn_decided], sample)
        assert scores["recall_low"] <= scores["recall"] <= scores["recall_high"]
        assert 0 < scores["n_with"] <= drawn_truth.sum()
        estimates.append((scores["precision"], scores["recall"], scores["specificity"]))
    truths = (tp / (tp + fp), tp / (tp + fn), 1 - fp / (10_000 - tp - fn))
    assert np.mean(estimates, axis=0) == pytest.approx(truths, abs=0.03)
