"""A trial of a technique: the loose net, the draw, and how honest the figures are."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.detection.taxonomy import TermEntry
from analysis.detection.technique_trial import LooseNet, estimate_trial, try_technique
from domain.paper import ArxivId
from domain.technique_trial import TechniqueTrial, TrialPaper, TrialStratum

ENTRY = TermEntry(
    "technique",
    "kan",
    "Kolmogorov-Arnold networks",
    "Work that runs on or studies them.",
    strong=("Kolmogorov Arnold network", "KAN"),
    exclude=("KAN extension",),
    matches=("We train a Kolmogorov-Arnold network.", "Nothing of the kind."),
    misses=("A Kan extension.",),
)


def _papers() -> list[tuple[ArxivId, str, str]]:
    texts = [
        *[(f"A Kolmogorov-Arnold network for task {i}", "We propose a KAN. Our KAN is small.") for i in range(60)],
        *[(f"Splines for task {i}", "We fit splines. Unlike KAN, they are cheap.") for i in range(30)],
        *[(f"On category {i}", "We study the left KAN extension of a functor.") for i in range(30)],
        *[(f"On networks {i}", "The theorem of Kolmogorov and that of Arnold on flows.") for i in range(30)],
        *[(f"Other work {i}", "We look at other things.") for i in range(50)],
    ]
    return [(ArxivId(f"2606.{i:05d}"), *text) for i, text in enumerate(texts)]


def test_the_net_holds_excluded_words_and_words_that_stand_apart() -> None:
    net = LooseNet(ENTRY)
    assert net.holds("A KAN extension", "")
    assert net.holds("Networks", "After Kolmogorov and Arnold.")
    assert not net.holds("Networks", "After Kolmogorov.")
    assert not net.holds("", "")


def test_strata_hold_the_net_and_forty_papers_are_asked_about_once() -> None:
    trial = try_technique(ENTRY, _papers())
    assert trial.n_papers == 200
    assert trial.sizes == {"clear_hit": 30, "close_hit": 30, "mention": 30, "net_only": 60}
    asked = [paper.arxiv_id for paper in (*trial.drawn, *trial.chosen)]
    assert len(trial.drawn) == len(trial.chosen) == 20
    assert len(set(asked)) == 40
    assert not set(asked) & {paper.arxiv_id for paper in (*trial.hits, *trial.near_misses)}
    assert trial.failed_examples == ("Nothing of the kind.",)


def test_every_hit_shows_its_words_and_where_they_stand() -> None:
    trial = try_technique(ENTRY, _papers())
    assert trial.hits
    for paper in trial.hits:
        assert paper.evidence[0] == "Kolmogorov-Arnold network"
        assert paper.quote == "We propose a KAN. Our KAN is small."


def test_the_draw_is_the_same_for_the_same_key_and_papers() -> None:
    assert try_technique(ENTRY, _papers()) == try_technique(ENTRY, _papers())


def test_a_net_of_few_papers_is_judged_whole_and_leaves_no_doubt() -> None:
    few = [paper for i, paper in enumerate(_papers()) if i in (0, 1, 60, 90)]
    trial = try_technique(ENTRY, few)
    assert (len(trial.drawn), trial.chosen) == (4, ())
    estimate = estimate_trial(trial, {paper.arxiv_id: paper.stratum.endswith("hit") for paper in trial.drawn})
    assert (estimate.precision, estimate.precision_low, estimate.precision_high) == (1.0, 1.0, 1.0)
    assert (estimate.recall, estimate.recall_low, estimate.recall_high) == (1.0, 1.0, 1.0)


def test_ten_hits_without_an_error_still_leave_doubt() -> None:
    trial = try_technique(ENTRY, _papers())
    estimate = estimate_trial(
        trial, {paper.arxiv_id: paper.stratum.endswith("hit") for paper in (*trial.drawn, *trial.chosen)}
    )
    assert (estimate.precision, estimate.recall) == (1.0, 1.0)
    assert estimate.precision_low < 0.95
    assert estimate.recall_low < 0.85
    assert estimate.wrong == ()


def test_the_chosen_papers_change_no_figure() -> None:
    trial = try_technique(ENTRY, _papers())
    right = {paper.arxiv_id: paper.stratum.endswith("hit") for paper in (*trial.drawn, *trial.chosen)}
    other = right | {paper.arxiv_id: not right[paper.arxiv_id] for paper in trial.chosen}
    first, second = estimate_trial(trial, right), estimate_trial(trial, other)
    assert (first.precision, first.recall_low) == (second.precision, second.recall_low)
    assert (first.n_right_chosen, second.n_right_chosen, len(second.wrong)) == (20, 0, 20)


def test_a_missing_answer_is_an_error() -> None:
    with pytest.raises(KeyError):
        estimate_trial(try_technique(ENTRY, _papers()), {})


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    chance = np.random.default_rng(17)
    sizes: dict[TrialStratum, int] = {"clear_hit": 150, "close_hit": 150, "mention": 100, "net_only": 400}
    shares: dict[TrialStratum, float] = {"clear_hit": 0.95, "close_hit": 0.7, "mention": 0.3, "net_only": 0.05}
    n_runs, held = 150, np.zeros(2)
    for _ in range(n_runs):
        truth = {name: chance.random(n) < shares[name] for name, n in sizes.items()}
        drawn, answers = [], {}
        for name, of_stratum in truth.items():
            for i in range(5):  # their order is random already
                paper = TrialPaper(ArxivId(f"{name}.{i}"), "", name, 0.0, (), "")
                drawn.append(paper)
                answers[paper.arxiv_id] = bool(of_stratum[i])
        trial = TechniqueTrial("kan", "KAN", "", 800, sizes, (), (), tuple(drawn), (), ())
        estimate = estimate_trial(trial, answers)
        right = int(truth["clear_hit"].sum() + truth["close_hit"].sum())
        recall = right / (right + truth["mention"].sum() + truth["net_only"].sum())
        held += (
            estimate.precision_low <= right / 300 <= estimate.precision_high,
            estimate.recall_low <= recall <= estimate.recall_high,
        )
    assert (held / n_runs >= 0.9).all(), held / n_runs
