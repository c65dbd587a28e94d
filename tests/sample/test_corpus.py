"""The sample corpus contains the planted truth and reads like abstracts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from analysis.claims.claim_reader import default_reader
from analysis.claims.standards_and_failure_modes import RuleFinder, load_named_rules
from domain.paper import parse_arxiv_id
from domain.week import Week, weeks_between
from sample.corpus import (
    COMMENT,
    MAX_WORDS,
    MIN_WORDS,
    WATCHED_CATEGORIES,
    SampleCorpus,
    adoption_probabilities,
    make_corpus,
)
from sample.curves import (
    DEADLINE_WEEKS,
    EMERGING_FROM,
    FLAT_SHARES,
    TECHNIQUES,
    conference_phase,
    frame_week,
    planted_share,
    relative_volume,
)
from sample.planted_rules import PLANTED_RULES
from sample.template_filler import slots_of
from sample.topics_and_sentences import sample_sentences, sample_topics

LAST_WEEK = Week.parse("2026-W25")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def corpus() -> SampleCorpus:
    return make_corpus(last_week=LAST_WEEK)


@pytest.fixture(scope="module")
def adoption(corpus: SampleCorpus) -> pd.DataFrame:
    return corpus.adoption_table()


def share(adoption: pd.DataFrame, technique: str, frame: slice) -> float:
    weeks = adoption[adoption["technique"] == technique].iloc[frame]
    return float(weeks["k_adopts"].sum() / weeks["n"].sum())


def test_equal_arguments_give_an_equal_corpus() -> None:
    one, other = (make_corpus(seed=3, last_week=LAST_WEEK, n_weeks=2, papers_per_week=20) for _ in range(2))
    assert one == other


def test_another_seed_gives_another_corpus() -> None:
    one, other = (make_corpus(seed=seed, last_week=LAST_WEEK, n_weeks=1, papers_per_week=20) for seed in (3, 4))
    assert not {p.abstract for p in one.papers} & {p.abstract for p in other.papers}


@pytest.mark.slow
def test_the_corpus_does_not_depend_on_hash_randomisation() -> None:
    program = (
        "from domain.week import Week; from sample import make_corpus; import hashlib;"
        "c = make_corpus(last_week=Week.parse('2026-W25'), n_weeks=2, papers_per_week=30);"
        "print(hashlib.sha256(repr((c.papers, c.truth)).encode()).hexdigest())"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(prints) == 1


def test_a_week_keeps_its_papers_when_the_corpus_starts_earlier() -> None:
    short = make_corpus(last_week=LAST_WEEK, n_weeks=1, papers_per_week=30)
    long = make_corpus(last_week=LAST_WEEK, n_weeks=4, papers_per_week=30)
    assert {p.abstract for p in short.papers} == {p.abstract for p in long.papers if p.week == LAST_WEEK}


def test_weeks_are_as_planned_and_none_is_empty(corpus: SampleCorpus) -> None:
    assert corpus.weeks == tuple(weeks_between(LAST_WEEK.plus(-25), LAST_WEEK))
    assert {p.week for p in corpus.papers} == set(corpus.weeks)


def test_papers_and_truth_are_in_step_and_in_order_of_submission(corpus: SampleCorpus) -> None:
    assert [p.arxiv_id for p in corpus.papers] == [t.arxiv_id for t in corpus.truth]
    assert [p.week for p in corpus.papers] == [t.week for t in corpus.truth]
    keys = [(p.submitted_at, p.arxiv_id) for p in corpus.papers]
    assert keys == sorted(keys)


def test_identifiers_are_valid_and_beyond_what_arxiv_reaches(corpus: SampleCorpus) -> None:
    for paper in corpus.papers:
        assert parse_arxiv_id(paper.arxiv_id) == paper.arxiv_id
        month, number = paper.arxiv_id.split(".")
        assert month == f"{paper.submitted_at:%y%m}"
        assert 90001 <= int(number) <= 99999
        assert paper.comment == COMMENT


def test_nothing_is_there_twice(corpus: SampleCorpus) -> None:
    for field in ("arxiv_id", "title", "abstract"):
        values = [getattr(p, field) for p in corpus.papers]
        assert len(set(values)) == len(values), field


def test_near_duplicates_are_rare(corpus: SampleCorpus) -> None:
    """Abstracts are near-duplicates if they share half of their five-word sequences."""
    by_topic: dict[str, list[frozenset[str]]] = {}
    for paper, truth in zip(corpus.papers[::3], corpus.truth[::3], strict=True):
        words = paper.abstract.split()
        by_topic.setdefault(truth.topic, []).append(
            frozenset(" ".join(words[i : i + 5]) for i in range(len(words) - 4))
        )
    n_near = sum(
        any(len(one & other) > 0.5 * len(one | other) for other in shingles[:i])
        for shingles in by_topic.values()
        for i, one in enumerate(shingles)
    )
    assert n_near <= 0.01 * len(corpus.papers) / 3


def test_every_paper_counts_in_the_watched_categories(corpus: SampleCorpus) -> None:
    for paper in corpus.papers:
        assert set(paper.categories) & set(WATCHED_CATEGORIES)
        assert len(set(paper.categories)) == len(paper.categories)
    primary = {p.primary_category for p in corpus.papers}
    assert set(WATCHED_CATEGORIES) <= primary


def test_the_text_reads_as_abstracts_do(corpus: SampleCorpus) -> None:
    for paper in corpus.papers:
        text = f"{paper.title} {paper.abstract}"
        assert not re.search(r"[{}\[\]|]|  | [.,]|\.\.|None", text), text
        assert MIN_WORDS <= len(paper.abstract.split()) <= MAX_WORDS, paper.abstract
        sentences = re.split(r"(?<=[.?!]) (?=[A-Z])", paper.abstract)
        assert 5 <= len(sentences) <= 9, sentences
        assert all(s[0].isupper() or s[0].isdigit() for s in sentences)
        assert paper.abstract.endswith(".")
        assert 3 <= len(paper.title.split()) <= 20
        assert len(set(paper.authors)) == len(paper.authors) >= 1


def test_no_paper_is_replaced_after_the_corpus_ends(corpus: SampleCorpus) -> None:
    for paper in corpus.papers:
        assert paper.submitted_at <= paper.updated_at < LAST_WEEK.end_at
        assert (paper.version > 1) == (paper.updated_at > paper.submitted_at)
    assert any(p.version > 1 for p in corpus.papers)


def test_drawn_counts_scatter_about_the_planted_shares_as_binomial_counts_do(adoption: pd.DataFrame) -> None:
    possible = adoption[adoption["planted"] > 0]
    n, planted = possible["n"], possible["planted"]
    z = (possible["k_adopts"] - n * planted) / (n * planted * (1 - planted)) ** 0.5
    assert abs(z.mean()) < 0.2
    assert 0.8 < z.std() < 1.2
    assert z.abs().max() < 4.5


def test_the_rising_technique_rises(adoption: pd.DataFrame) -> None:
    assert share(adoption, "diffusion", slice(0, 6)) < 0.08
    assert share(adoption, "diffusion", slice(20, 26)) > 0.17


def test_the_falling_technique_falls(adoption: pd.DataFrame) -> None:
    assert share(adoption, "gnn", slice(0, 6)) > 0.13
    assert share(adoption, "gnn", slice(20, 26)) < 0.10


def test_the_emerging_technique_is_neither_used_nor_mentioned_before_its_week(adoption: pd.DataFrame) -> None:
    before = adoption[adoption["technique"] == "ssm"].iloc[:EMERGING_FROM]
    assert before["k_adopts"].sum() == before["k_mentions"].sum() == 0
    assert share(adoption, "ssm", slice(20, 26)) > 0.05


def test_flat_techniques_stay_near_their_share(adoption: pd.DataFrame) -> None:
    for technique, planted in FLAT_SHARES.items():
        assert share(adoption, technique, slice(None)) == pytest.approx(planted, abs=0.025)


def test_the_saw_tooth_peaks_in_a_deadline_week_and_drops_after_it() -> None:
    deadline = Week.parse("2026-W20")
    assert deadline.monday.isocalendar().week in DEADLINE_WEEKS
    assert conference_phase(deadline) == 1
    assert conference_phase(deadline.plus(1)) < 0.1
    phases = [conference_phase(deadline.plus(n)) for n in range(1, 20)]
    assert all(low < high for low, high in pairwise(phases))


def test_the_same_weeks_of_two_years_have_the_same_seasonal_share() -> None:
    for number in range(1, 53):
        this, last = (planted_share("compression", Week.parse(f"{y}-W{number:02d}"), LAST_WEEK) for y in (2025, 2024))
        assert this == pytest.approx(last, abs=0.01)


def test_volume_dips_at_holidays_and_spikes_at_deadlines(corpus: SampleCorpus) -> None:
    n = Counter(p.week for p in corpus.papers)
    assert n[Week.parse("2025-W52")] < 0.6 * 150
    assert n[Week.parse("2026-W20")] > 1.3 * 150
    assert relative_volume(Week.parse("2026-W10")) == 1


def test_the_new_topic_is_born_in_its_week(corpus: SampleCorpus) -> None:
    frames = [frame_week(t.week, LAST_WEEK) for t in corpus.truth if t.topic == "gui_agents"]
    since = sum(frame_week(t.week, LAST_WEEK) >= EMERGING_FROM for t in corpus.truth)
    assert min(frames) >= EMERGING_FROM
    assert 0.008 < len(frames) / since < 0.025


def test_topics_are_distinguishable_by_their_words(corpus: SampleCorpus) -> None:
    texts = [f"{p.title} {p.abstract}" for p in corpus.papers[::4]]
    topics = np.array([t.topic for t in corpus.truth[::4]])
    vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit_transform(texts)
    similarity = (vectors @ vectors.T).toarray()
    np.fill_diagonal(similarity, -1)
    assert (topics[similarity.argmax(axis=1)] == topics).mean() > 0.97


def test_every_technique_is_adopted_across_several_topics(corpus: SampleCorpus) -> None:
    for technique in TECHNIQUES:
        topics = [t.topic for t in corpus.truth if t.techniques.get(technique, 0) >= 2]
        counts = pd.Series(topics).value_counts()
        assert (counts >= 3).sum() >= 5, technique
        assert counts.iloc[0] < 0.6 * len(topics), technique


def test_topics_with_homonyms_never_adopt_the_technique(corpus: SampleCorpus) -> None:
    words = {"diffusion": "iffusi", "transformer": "ransformer", "ssm": "tate-space"}
    traps = {t.key: t.homonym_of for t in sample_topics() if t.homonym_of}
    assert set(traps.values()) == set(words)
    for truth in corpus.truth:
        assert traps.get(truth.topic) not in truth.techniques
    for topic, technique in traps.items():
        texts = [p.title + p.abstract for p, t in zip(corpus.papers, corpus.truth, strict=True) if t.topic == topic]
        assert sum(words[technique] in text for text in texts) > 0.5 * len(texts)


def test_an_adopting_paper_names_its_technique_and_a_neutral_one_does_not(corpus: SampleCorpus) -> None:
    names = {
        "transformer": r"[Tt]ransformer",
        "llm": r"LLM|[Ll]anguage [Mm]odel",
        "diffusion": r"[Dd]iffusion",
        "ssm": r"[Ss]tate-[Ss]pace|Mamba",
        "gnn": r"[Gg]raph|[Mm]essage|GNN",
        "rl": r"[Rr]einforcement [Ll]earning|[Pp]olicy|Q-functions|[Aa]ctor",
        "compression": r"[Pp]run|[Qq]uanti[sz]|[Cc]ompress|[Dd]istill|[Ll]ow-[Rr]ank",
    }
    traps = {t.key: t.homonym_of for t in sample_topics()}
    # Words that a technique shares with ordinary language are no evidence of it.
    unambiguous = ("transformer", "llm", "diffusion", "ssm")
    for paper, truth in zip(corpus.papers, corpus.truth, strict=True):
        text = f"{paper.title} {paper.abstract}"
        for key, pattern in names.items():
            if truth.techniques.get(key, 0):
                assert re.search(pattern, text), (key, text)
            elif key in unambiguous and traps[truth.topic] != key:
                assert not re.search(pattern, text), (key, text)


def test_the_truth_table_has_a_row_per_paper_and_a_column_per_key(corpus: SampleCorpus) -> None:
    table = corpus.truth_table()
    assert list(table["arxiv_id"]) == [p.arxiv_id for p in corpus.papers]
    assert (table.iloc[:, 3:] <= 3).all(axis=None)
    by_week = (table["diffusion"] >= 2).groupby(table["week_start"]).sum()
    adoption = corpus.adoption_table().query("technique == 'diffusion'")
    assert by_week.tolist() == adoption["k_adopts"].tolist()


def test_topics_have_the_slots_that_their_techniques_need() -> None:
    always = {"name", "focus", "task", "challenge", "challenge2"}
    sentences = sample_sentences()
    for topic in sample_topics():
        for technique in topic.affinity.keys() - topic.inherent.keys():
            for level, templates in sentences.techniques[technique].items():
                usable = [t for t in templates if slots_of(t) <= always | topic.words.keys()]
                assert usable, (topic.key, technique, level)


def test_probabilities_meet_the_planted_share_in_expectation() -> None:
    topics = [t for t in sample_topics() if t.born is None]
    weights = np.array([t.weight for t in topics]) / sum(t.weight for t in topics)
    for technique in TECHNIQUES:
        for wanted in (0.17, 0.25):
            found = adoption_probabilities(topics, weights, technique, wanted)
            assert ((found >= 0) & (found <= 1)).all()
            assert weights @ found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("numbers", [{"n_weeks": 0}, {"papers_per_week": 0}, {"papers_per_week": 1501}])
def test_impossible_sizes_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="week"):
        make_corpus(last_week=LAST_WEEK, **numbers)


def test_planted_standards_and_failure_modes_are_found(corpus: SampleCorpus) -> None:
    finder = RuleFinder(load_named_rules())
    planted = Counter(rule.key for truth in corpus.truth for rule in truth.rules)
    assert set(planted) == {rule.key for rule in PLANTED_RULES}
    for paper, truth in zip(corpus.papers, corpus.truth, strict=True):
        found = {(mention.kind, mention.key) for mention in finder.find(paper.title, paper.abstract)}
        assert {(rule.kind, rule.key) for rule in truth.rules} <= found
        assert all(truth.themes[rule.theme] == 2 for rule in truth.rules)


def test_the_planted_finding_is_found_in_most_papers(corpus: SampleCorpus) -> None:
    reader = default_reader()
    pairs = [(paper.abstract, truth.finding) for paper, truth in zip(corpus.papers, corpus.truth, strict=True)][:600]
    stated = [(abstract, finding) for abstract, finding in pairs if finding]
    assert len(stated) > 500
    places = [(abstract, reader.read(abstract).finding, finding) for abstract, finding in stated]
    n_right = sum(
        found is not None and abstract[found.start : found.end] == finding for abstract, found, finding in places
    )
    assert n_right >= 0.8 * len(stated)
