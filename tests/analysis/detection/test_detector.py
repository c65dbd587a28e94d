"""The detector: examples hold, traps do not fire, evidence points at words, and nothing crashes it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.detection.detector import Detector
from analysis.detection.ngrams import NgramIndex, ngrams
from analysis.detection.taxonomy import load_taxonomy
from analysis.detection.term_matcher import WordFinder, plain
from analysis.detection.weights import load_weights
from domain.detections import Detection
from domain.paper import ArxivId, Paper

ROOT = Path(__file__).parents[3]


@cache
def shipped() -> Detector:
    return Detector(load_taxonomy())


def found(title: str, abstract: str, detector: Detector | None = None) -> dict[str, Detection]:
    return {d.key: d for d in (detector or shipped()).detect_text(title, abstract)}


def paper(number: int, title: str, abstract: str) -> Paper:
    at = datetime(2026, 6, 15, 12, tzinfo=UTC)
    arxiv_id = ArxivId(f"2606.{number:05d}")
    return Paper(arxiv_id, 1, title, abstract, ("A. Author",), "cs.LG", ("cs.LG",), at, at)


EXAMPLES = [
    pytest.param(entry.key, text, kind == "matches", id=f"{entry.key}-{kind}-{number}")
    for entry in load_taxonomy().entries
    for kind in ("matches", "misses")
    for number, text in enumerate(getattr(entry, kind))
]


@pytest.mark.parametrize(("key", "text", "matches"), EXAMPLES)
def test_the_examples_in_the_taxonomy_hold(key: str, text: str, matches: bool) -> None:
    assert (key in found("Untitled", text)) == matches


def test_the_example_in_the_readme_shows_what_its_words_say() -> None:
    [line] = [
        line for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if "papertide detect" in line
    ]
    abstract = json.loads(line.split("'")[1])["abstract"]
    assert {key: d.level >= 2 for key, d in found("", abstract).items() if key in ("diffusion", "compression")} == {
        "diffusion": True,
        "compression": True,
    }


@pytest.mark.parametrize(
    ("key", "title", "abstract"),
    [
        (
            "diffusion",
            "Heat diffusion on meshes",
            "We solve the diffusion equation with finite elements. Thermal diffusion is fast. Diffusion dominates.",
        ),
        (
            "diffusion",
            "Fibre tracking from diffusion MRI",
            "Diffusion-weighted images of forty volunteers are denoised by our filter. Diffusion is anisotropic.",
        ),
        (
            "diffusion",
            "How rumours travel",
            "We study information diffusion in social networks. Diffusion follows weak ties; opinion diffusion stalls.",
        ),
        (
            "transformer",
            "Fault diagnosis of power transformers",
            "We propose a random forest on gas readings of transformer oil. The transformer is monitored for a year.",
        ),
        (
            "ssm",
            "Identification of a linear state-space model",
            "A Kalman filter estimates the state of our plant; the linear state-space model has four states.",
        ),
        (
            "ssm",
            "Planning in a large state space",
            "We propose a search that explores a discrete state space. The state space grows with every agent.",
        ),
        ("compression", "Lossless image compression", "We propose entropy coding for image compression of scans."),
        ("rl", "Cracks in reinforced concrete", "Reinforced concrete beams are inspected under public policy rules."),
    ],
)
def test_words_that_mean_something_else_do_not_fire(key: str, title: str, abstract: str) -> None:
    assert key not in found(title, abstract)


def test_a_trap_word_beside_the_real_thing_does_not_hide_it() -> None:
    title = "Denoising diffusion MRI with a latent diffusion model"
    abstract = "Diffusion MRI is noisy. We propose a latent diffusion model that denoises it in ten steps."
    assert found(title, abstract)["diffusion"].level >= 2


@pytest.mark.parametrize(
    ("key", "title", "abstract", "adopts"),
    [
        ("compression", "Orchards", "We prune apple trees with a robot arm. Pruning takes four hours.", False),
        ("compression", "Pruned networks", "We prune a network. Pruning keeps a fifth of the parameters.", True),
        ("transformer", "Relays", "We classify currents of a transformer with a random forest.", False),
        ("security", "Colours", "Our generator is trained adversarially and needs no labels.", False),
        ("efficiency", "Solar cells", "We predict the conversion efficiency of solar cells. Efficiency rises.", False),
    ],
)
def test_an_ambiguous_word_needs_a_word_that_says_what_it_means(
    key: str, title: str, abstract: str, adopts: bool
) -> None:
    levels = {one: d.level for one, d in found(title, abstract).items()}
    assert (levels.get(key, 0) >= 2) == adopts


@pytest.mark.parametrize(
    "sentence",
    [
        "We train it with no reinforcement learning.",
        "It needs neither labels nor reinforcement learning.",
        "In future work we could replace the planner by reinforcement learning.",
        "It is competitive with reinforcement learning.",
        "As a comparison, we report what reinforcement learning reaches.",
    ],
)
def test_what_is_denied_compared_with_or_left_for_later_is_not_adopted(sentence: str) -> None:
    of_paper = found("Gaits by trajectory optimisation", f"We compute gaits by trajectory optimisation. {sentence}")
    assert "rl" not in of_paper or of_paper["rl"].level == 1


def test_a_denial_of_something_else_does_not_hide_a_technique() -> None:
    title = "Offline reinforcement learning without behaviour constraints"
    abstract = "We propose offline reinforcement learning without constraints, and no demonstrations are needed."
    assert found(title, abstract)["rl"].level >= 2


def test_contrast_is_a_mention_and_a_proposal_is_adoption_and_a_new_variant_is_about_it() -> None:
    contrast = found(
        "Sharp images in one pass",
        "Image synthesis is slow. Unlike diffusion models, our adversarial network draws in one pass.",
    )
    proposal = found(
        "Sketches from doodles",
        "Doodles are hard to read. We fine-tune a latent diffusion model on paired sketches and use it to draw them.",
    )
    variant = found(
        "Faster diffusion models by straighter paths",
        "Diffusion models sample slowly. We propose a new diffusion model whose noise schedule makes paths straight. "
        "Our diffusion model needs four steps.",
    )
    assert contrast["diffusion"].level == 1
    assert proposal["diffusion"].level == 2
    assert variant["diffusion"].level == 3


def test_a_contrastive_image_text_encoder_is_not_a_language_model() -> None:
    encoder = found(
        "Prompt learning for few-shot recognition",
        "Contrastive vision-language models such as CLIP recognise open-vocabulary classes. We tune prompts of CLIP's "
        "text encoder for zero-shot image classification.",
    )
    generator = found(
        "Why vision-language models fail to count",
        "We ask eight vision-language models to count objects and answer in words. Large language models are "
        "fine-tuned on our questions, and their answers improve.",
    )
    assert "llm" not in encoder or encoder["llm"].level == 1
    assert generator["llm"].level >= 2


def test_a_hint_shows_nothing_by_itself_and_is_never_evidence() -> None:
    title, abstract = "A study", "We compare CLIP, an LSTM and a GAN on question answering."
    assert "llm" not in found(title, abstract)
    shown = found("Large language models beside CLIP", "We use a large language model and CLIP to answer questions.")
    spans = {"Large language models beside CLIP"[s.start : s.end] for s in shown["llm"].evidence if s.field == "title"}
    assert spans == {"Large language models"}


def test_evidence_points_at_the_words_of_the_text_as_given() -> None:
    title = "GRAPH  Neural-Networks, revisited"
    abstract = "We study message passing.  Our GNNs ($O(n)$ layers) use graph\nattention."
    spans = found(title, abstract)["gnn"].evidence
    words = [(title if span.field == "title" else abstract)[span.start : span.end] for span in spans]
    assert "GNNs" in words
    assert "graph\nattention" in words
    assert [span.field for span in spans] == sorted((span.field for span in spans), key=lambda f: f != "title")


def test_a_theme_shows_words_that_carried_it() -> None:
    title = "A benchmark of tax questions"
    abstract = (
        "We introduce a benchmark to evaluate how well models answer questions on tax law. We release 500 questions."
    )
    evaluation = found(title, abstract)["evaluation"]
    assert evaluation.level == 2
    words = {(title if s.field == "title" else abstract)[s.start : s.end].lower() for s in evaluation.evidence}
    assert any("benchmark" in word for word in words)


def test_a_technique_that_an_operator_adds_works_without_code(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(
        (ROOT / "analysis" / "detection" / "taxonomy.toml").read_text(encoding="utf-8")
        + """
[[technique]]
key = "kan"
name = "Kolmogorov-Arnold networks"
definition = "Work on networks with learned edge functions."
strong = ["Kolmogorov-Arnold", "KAN"]
weak = ["spline"]
exclude = ["KAN Tokyo"]

[[theme]]
key = "teaching"
name = "Teaching"
definition = "Work that helps to teach machine learning."
strong = ["course", "lecture"]
""",
        encoding="utf-8",
    )
    taxonomy = load_taxonomy(path)
    detector = Detector(taxonomy)
    assert detector.detector_id != shipped().detector_id
    assert not taxonomy.term("kan").measured
    assert taxonomy.term("diffusion").measured
    adopted = found(
        "KAN for tables", "We propose a Kolmogorov-Arnold network (KAN) with cubic splines. Our KAN is small.", detector
    )
    assert adopted["kan"].level >= 2
    mentioned = found("Small networks", "Networks are large. Unlike KANs, our network has fixed edges.", detector)
    assert mentioned["kan"].level == 1
    assert "kan" not in found("Trains", "KAN Tokyo is a station. The spline is wooden. It can be seen.", detector)
    assert found("A course on deep learning", "This lecture series has a course page.", detector)["teaching"].level == 2


def test_a_taxonomy_of_one_added_technique_alone_works(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.toml"
    path.write_text(
        'name = "one"\nversion = 1\n[[technique]]\nkey = "kan"\nname = "KAN"\ndefinition = "D."\nstrong = ["KAN"]\n',
        encoding="utf-8",
    )
    detector = Detector(load_taxonomy(path))
    assert set(found("KAN", "We use a KAN.", detector)) == {"kan"}
    assert detector.detect_text("Nothing", "Nothing here.") == ()


def test_detections_come_in_the_order_of_the_papers_and_do_not_depend_on_their_company() -> None:
    papers = [
        paper(number, title, text)
        for number, (title, text) in enumerate(
            [("GNNs", "We use a graph neural network."), ("Proof", "A lemma."), ("RL", "Reinforcement learning works.")]
        )
    ]
    shuffled = papers[:]
    random.Random(3).shuffle(shuffled)
    together = {p.arxiv_id: p for p in shipped().detect(shuffled)}
    assert [p.arxiv_id for p in shipped().detect(papers)] == [p.arxiv_id for p in papers]
    assert all(shipped().detect([p])[0] == together[p.arxiv_id] for p in papers)


WORDS = st.sampled_from(
    ["transformers", "LLMs", "diffusion", "S4", "we propose", "unlike", "power transformer", "GNN", "deploy", "attack",
     "İ", "ß", "𝔗", "\n", ".", "$\\alpha$", "-", "QUANTIZED", "ﬁne", "\u0000", "benchmark", "patients",
     "  ", "A/B testing"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(WORDS, max_size=40).map(" ".join), st.lists(WORDS, max_size=20).map("".join)
)


@settings(max_examples=150, deadline=None)
@given(title=TEXTS, abstract=TEXTS)
def test_no_text_crashes_it_and_every_span_lies_inside_its_text(title: str, abstract: str) -> None:
    for detection in shipped().detect_text(title, abstract):
        assert 1 <= detection.level <= (3 if detection.kind == "technique" else 2)
        assert detection.evidence
        for span in detection.evidence:
            assert 0 <= span.start < span.end <= len(title if span.field == "title" else abstract)


@settings(max_examples=100, deadline=None)
@given(before=TEXTS, after=TEXTS)
def test_a_word_is_found_wherever_it_stands(before: str, after: str) -> None:
    finder = WordFinder(["graph neural network"])
    text = f"{before} Graph-Neural networks {after}"
    assert len(before) + 1 in [hit.start for hit in finder.find(text)]


@settings(max_examples=100, deadline=None)
@given(title=TEXTS, abstract=TEXTS)
def test_ngrams_are_found_by_number_as_they_are_by_name(title: str, abstract: str) -> None:
    names = ["we", "we propose", "propose", "s4", "unlike s4", " we", "transformers ", "diffusion gnn", "patients"]
    row_of = {name: row for row, name in enumerate(names)}
    texts = [(title, abstract), ("", ""), (abstract, title)]
    found = NgramIndex(names).count([(plain(t), plain(a)) for t, a in texts])
    for text, (start, end) in zip(texts, pairwise(found.starts.tolist()), strict=True):
        by_name = Counter(row_of[name] for name in ngrams(*text) if name in row_of)
        assert found.rows[start:end].tolist() == sorted(by_name)
        assert found.counts[start:end].tolist() == [by_name[row] for row in sorted(by_name)]


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.tuples(TEXTS, TEXTS), min_size=2, max_size=5))
def test_a_text_is_read_the_same_alone_and_among_others(texts: list[tuple[str, str]]) -> None:
    together = shipped().detect_texts(texts)
    for text, found_together in zip(texts, together, strict=True):
        alone = shipped().detect_text(*text)
        assert alone == found_together
        assert [d.strength for d in alone] == [d.strength for d in found_together]


def test_the_shipped_weights_and_scores_were_made_for_the_shipped_taxonomy() -> None:
    weights = load_weights(ROOT / "analysis" / "detection" / "detector_weights.npz")
    scores = json.loads((ROOT / "analysis" / "detection" / "detector_scores.json").read_text(encoding="utf-8"))
    for entry in load_taxonomy().entries:
        if entry.key in weights.terms:
            assert weights.terms[entry.key].content_hash == entry.content_hash, "run: python -m training.fit_detector"
            assert scores["labels"][entry.key]["content_hash"] == entry.content_hash
    assert scores["detector_id"] == shipped().detector_id


def test_weights_of_another_format_are_refused(tmp_path: Path) -> None:
    with np.load(ROOT / "analysis" / "detection" / "detector_weights.npz", allow_pickle=False) as arrays:
        table = {name: arrays[name] for name in arrays.files}
    head = json.loads(table["head"].tobytes().decode()) | {"format": 0}
    table["head"] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    np.savez(tmp_path / "old.npz", **table)
    with pytest.raises(ValueError, match="fit the detector again"):
        load_weights(tmp_path / "old.npz")


def test_importing_the_detector_loads_no_heavy_library() -> None:
    heavy = ("torch", "sklearn", "scipy", "pandas")
    code = f"import sys, analysis.detection.detector; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_a_surer_detection_has_the_greater_strength() -> None:
    detector = Detector(load_taxonomy(None))
    sure = "We propose a diffusion model. Our diffusion model denoises latents; diffusion models are trained by us."
    faint = "We propose a planner. Its proposals may come from a diffusion model."
    [of_sure] = [d for d in detector.detect_text("A latent diffusion model", sure) if d.key == "diffusion"]
    of_faint = [d for d in detector.detect_text("A planner", faint) if d.key == "diffusion"]
    assert of_sure.strength > 0
    assert all(d.strength < of_sure.strength for d in of_faint)
