"""Names of topics, from titles alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.topics.labels import count_titles, label_topics, plain_text, title_of, word_form

UNLEARNING = [
    "Machine Unlearning in Vision Transformers",
    "Towards Certified Machine Unlearning",
    "Machine unlearning: a benchmark with audits",
    "Rethinking Machine Unlearning for Recommenders",
    "Forget Me: Machine Unlearning without Retraining",
]
AGENTS = [
    "Large Language Model Agents for Spreadsheets",
    "LLM Agents that Plan Errands",
    "Evaluating LLM Agents in Long Games",
    "On the Memory of LLM Agents",
    "A Study of Large Language Model Agents",
]
SPLATTING = [
    "3D Gaussian Splatting for Gardens",
    "Compact 3D Gaussian Splatting",
    "Faster 3D Gaussian splatting with Pruned Scenes",
    "Relighting via 3D Gaussian Splatting",
    "Dynamic Scenes with 3D Gaussian Splatting",
]
CORPUS = [*UNLEARNING, *AGENTS, *SPLATTING]
TOPICS = np.repeat(np.arange(3), 5)
TERMS = [("unlearning", "forget"), ("agent", "llm"), ("splatting", "gaussian", "3d")]
BODIES = [
    f"{title}. we study splatting and unlearning with Gaussian primitives, machine learning and agents, fast."
    for title in CORPUS
]


def labels_of(titles: list[str], topics: np.ndarray, terms: list[tuple[str, ...]]) -> tuple[str, ...]:
    texts = [f"{title}. Here are LLM agents, world models." for title in titles]
    return label_topics(count_titles(titles, texts, topics, len(terms)), terms)


def test_labels_are_the_phrases_that_people_write() -> None:
    counted = count_titles(CORPUS, BODIES, TOPICS, 3)
    assert label_topics(counted, TERMS) == ("machine unlearning", "LLM agents", "3D Gaussian splatting")


def test_long_and_short_forms_of_a_family_are_one_name() -> None:
    assert labels_of(AGENTS + UNLEARNING, np.repeat([0, 1], 5), TERMS[1::-1])[0] == "LLM agents"


def test_singular_and_plural_are_one_name_in_the_commoner_form() -> None:
    titles = ["World Models at Play", "A World Model of Ants", "World Models for Robots", "Ant farms", "Protein folds"]
    assert labels_of(titles, np.array([0, 0, 0, 1, 1]), [("world", "model"), ("ant",)])[0] == "world models"


def test_a_name_that_fits_two_topics_equally_is_made_more_specific() -> None:
    titles = [f"Code Generation {what} {n}" for what in ("with Unit Tests", "from Sketches") for n in range(5)]
    labels = labels_of(titles, np.repeat([0, 1], 5), [("tests",), ("sketches",)])
    assert len(set(labels)) == 2
    assert labels != ("code generation", "code generation")
    assert "test" in labels[0].lower()
    assert "sketch" in labels[1].lower()


def test_what_tells_a_name_apart_is_not_its_own_abbreviation() -> None:
    titles = [f"Reinforcement Learning {n}: RL in {place}" for place in ("Mines", "Ports") for n in range(4)]
    labels = labels_of(titles, np.repeat([0, 1], 4), [("rl",), ("rl",)])
    assert not any("(RL)" in label for label in labels)


def test_topics_without_a_common_phrase_are_named_by_their_terms() -> None:
    labels = labels_of(
        ["Ants", "Bees", "Cats", "Dogs"], np.array([0, 0, 1, 1]), [("insect", "wing"), ("insect", "wing")]
    )
    assert labels[0] == "insect wing"
    assert len(set(labels)) == 2


def test_no_paper_and_no_topic_give_no_label() -> None:
    assert labels_of([], np.empty(0, dtype=np.int64), []) == ()
    assert labels_of(["A title"], np.array([-1]), []) == ()


@pytest.mark.parametrize(
    ("tex", "plain"),
    [
        (r"\textbf{Fast} nets", "Fast nets"),
        (r"$k$-means in $\mathbb{R}^d$", "k-means in"),
        (r"Schr\"odinger and Erd\H{o}s", "Schrodinger and Erdos"),
        (r"an $\varepsilon$-net, $\tilde{O}(\sqrt{T})$ regret", "an -net, regret"),
        ("code at https://example.org/a_b.", "code at"),
        ("costs $5 and more", "costs $5 and more"),
    ],
)
def test_tex_and_addresses_leave_no_debris(tex: str, plain: str) -> None:
    assert plain_text(tex) == plain


def test_the_title_is_what_stands_before_the_first_full_stop() -> None:
    assert title_of("Ants at Work. We watch ants. They work.") == "Ants at Work"


@given(st.text(alphabet="abcdefinoruwyzs", min_size=1, max_size=12))
def test_a_word_form_is_never_longer_and_never_empty(word: str) -> None:
    assert 0 < len(word_form(word)) <= len(word)


@given(
    st.lists(
        st.lists(
            st.sampled_from(["the", "of", "graph", "Graphs", "neural", "deep", "LLM", "3D", "a-b", "$x$", ":", "()"]),
            max_size=6,
        ),
        min_size=1,
        max_size=20,
    ),
    st.integers(0, 1000),
)
def test_whatever_the_titles_labels_are_different_and_not_empty(words: list[list[str]], seed: int) -> None:
    titles = [" ".join(title) for title in words]
    topics = np.random.default_rng(seed).integers(-1, 3, size=len(titles))
    labels = labels_of(titles, topics, [("alpha", "beta"), ("beta",), ()])
    assert len({label.lower() for label in labels}) == 3
    assert all(label.strip() for label in labels)


def test_a_single_word_is_told_apart_by_a_second_phrase_of_its_titles() -> None:
    titles = [
        "Security of prompt injection",
        "Security and prompt injection",
        "Prompt injection and security",
        "Security",
    ]
    other = ["Graph networks in chemistry"] * 4
    labels = labels_of([*titles, *other], np.repeat([0, 1], 4), [("security", "injection"), ("graph", "chemistry")])
    assert labels[0] in ("security and prompt injection", "prompt injection")


def test_a_title_word_that_belongs_to_a_single_word_stays_with_it() -> None:
    titles = ["Fast optimal transport", "Optimal transport for images", "On optimal transport", "Optimal transport"]
    other = ["Graph networks in chemistry"] * 4
    labels = labels_of([*titles, *other], np.repeat([0, 1], 4), [("transport", "wasserstein"), ("graph", "chemistry")])
    assert labels[0] == "optimal transport"


def test_the_second_phrase_of_a_label_has_more_than_one_word_and_says_something() -> None:
    titles = ["Seeing imagery", "Imagery with learning models", "Imagery and remote sensing", "Remote sensing imagery"]
    other = ["Graph networks in chemistry"] * 4
    labels = labels_of([*titles, *other], np.repeat([0, 1], 4), [("imagery", "sensing"), ("graph", "chemistry")])
    assert "remote sensing" in labels[0]
    assert "seeing" not in labels[0]
    assert "learning" not in labels[0]


def test_of_phrases_that_are_nearly_as_good_the_one_that_covers_more_titles_is_the_label() -> None:
    rain = ["Flood Forecasts", "Flood Forecasts at Sea", "Flood Forecasts by Hand", "Flood Maps", "Flood Walls"]
    ice = ["Ice Drift", "Ice Drift at Sea", "Ice Drift by Hand"]
    counted = count_titles([*rain, *ice], [*rain, *ice], np.array([0] * 8), 1)
    assert counted.coverage(0, ("flood", "forecast")) == pytest.approx(5 / 8)
    assert counted.coverage(0, ("flood", "forecast"), ("ice", "drift")) == 1
    assert counted.coverage(0, ("forecast", "model")) == pytest.approx(3 / 8)  # "model" is general
    one, other = ["Ice Drift", "Ice Drift at Sea", "Zinc Map", "Zinc Map by Hand", "Zinc Walls"], ["Ants", "Bees"]
    counted = count_titles([*one, *other], [*one, *other], np.array([0] * 5 + [1] * 2), 2)
    assert label_topics(counted, [(), ()])[0] == "zinc map"
