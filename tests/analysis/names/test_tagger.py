"""What is a name in a title and abstract, of which kind, and what the paper does with it; all texts are made up."""

from __future__ import annotations

import time

import pytest

from analysis.names.tagger import NameTagger
from analysis.names.variants import name_key
from domain.name_mention import NameMention

TITLE = "QuillNet: A Fast Network for Reading Old Handwriting"
ABSTRACT = (
    "Reading old handwriting remains hard, although large language models (LLMs) such as GPT-4 write well. "
    "We propose QuillNet, a convolutional network that reads whole lines at once. "
    "QuillNet is trained on IAM and fine-tuned with LoRA. "
    "Experiments on the HandBench-X and RIMES benchmarks show that QuillNet outperforms ScribeFormer and CRNN-Plus. "
    "Our implementation in PyTorch is released at https://github.com/lab/QuillNet-Code2 ."
)


@pytest.fixture(scope="module")
def tagger() -> NameTagger:
    return NameTagger()


def by_surface(mentions: tuple[NameMention, ...]) -> dict[str, NameMention]:
    return {mention.surface: mention for mention in mentions}


def test_the_names_of_an_abstract_have_kinds_and_roles(tagger: NameTagger) -> None:
    found = by_surface(tagger.tag_text(TITLE, ABSTRACT))
    assert {s: m.role for s, m in found.items()} == {
        "QuillNet": "introduces",
        "GPT-4": "mentions",
        "IAM": "uses",
        "LoRA": "uses",
        "HandBench-X": "uses",
        "RIMES": "uses",
        "ScribeFormer": "uses",
        "CRNN-Plus": "uses",
        "PyTorch": "uses",
    }
    kinds = {"QuillNet": "method", "GPT-4": "model", "IAM": "dataset", "HandBench-X": "benchmark", "LoRA": "method"}
    assert {s: found[s].kind for s in kinds} == kinds
    assert found["PyTorch"].kind == "tool"


def test_evidence_is_every_place_where_the_name_stands(tagger: NameTagger) -> None:
    found = by_surface(tagger.tag_text(TITLE, ABSTRACT))
    texts = {"title": TITLE, "abstract": ABSTRACT}
    evidence = found["QuillNet"].evidence
    assert [texts[e.field][e.start : e.end] for e in evidence] == ["QuillNet"] * 4
    assert [e.field for e in evidence] == ["title", "abstract", "abstract", "abstract"]


def test_names_come_in_the_order_of_the_text(tagger: NameTagger) -> None:
    first = [mention.evidence[0] for mention in tagger.tag_text(TITLE, ABSTRACT)]
    assert first == sorted(first, key=lambda e: (e.field == "abstract", e.start))


def test_papers_are_tagged_alike_alone_and_together(tagger: NameTagger) -> None:
    texts = [(TITLE, ABSTRACT), ("", ""), ("FooBench", "We introduce FooBench.")] * 200
    assert tagger.tag_texts(texts)[:3] == [tagger.tag_text(*text) for text in texts[:3]]


@pytest.mark.parametrize(
    ("title", "abstract", "name", "kind"),
    [
        (
            "PatienceBench: A Benchmark of Slow Reading",
            "We introduce PatienceBench, a benchmark of 300 tasks. We evaluate twelve models on PatienceBench.",
            "PatienceBench",
            "benchmark",
        ),
        (
            "FernSet: A Dataset of Fern Photographs",
            "We present FernSet, a dataset of 20,000 photographs. FernSet contains 90 species.",
            "FernSet",
            "dataset",
        ),
        (
            "PyFern: A Library for Counting Leaves",
            "We release PyFern, an open-source Python library for counting leaves. PyFern provides ten functions.",
            "PyFern",
            "tool",
        ),
        (
            "Fern-7B: An Open Language Model for Botany",
            "We present Fern-7B, an open large language model for botany, trained on 2T tokens.",
            "Fern-7B",
            "model",
        ),
        (
            "FernOpt: A Method for Noisy Training",
            "We propose FernOpt, a simple optimization algorithm. FernOpt converges faster.",
            "FernOpt",
            "method",
        ),
    ],
)
def test_what_a_title_introduces_is_of_the_kind_it_says(
    tagger: NameTagger, title: str, abstract: str, name: str, kind: str
) -> None:
    found = by_surface(tagger.tag_text(title, abstract))
    assert (found[name].kind, found[name].role) == (kind, "introduces")


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        (
            "On Question Answering in Several Languages",
            "We study VQA, NER and OCR in English, Hindi and Swahili. BLEU, F1 and FID are reported.",
        ),
        (
            "Training on Small Machines",
            "Google, OpenAI and NVIDIA train on A100 and H100 GPUs. We train on one RTX 4090 GPU in Paris.",
        ),
        (
            "What Do Transformers Learn?",
            "Transformers, CNNs and GNNs are compared by the Euclidean distance of features at NeurIPS and ICML.",
        ),
        (
            "Retrieval for LLMs",
            "Retrieval-Augmented Generation (RAG) helps Large Language Models (LLMs) and AI agents.",
        ),
        ("A Study of COVID-19 in Italy", "We model COVID-19 in Italy with ODEs and report AUROC, RMSE and MAE."),
    ],
)
def test_tasks_metrics_places_organisations_and_hardware_are_no_names(
    tagger: NameTagger, title: str, abstract: str
) -> None:
    assert by_surface(tagger.tag_text(title, abstract)) == {}


def test_a_short_form_in_brackets_is_the_name(tagger: NameTagger) -> None:
    abstract = (
        "We introduce the Patient Reading Benchmark (PatReadBench), a benchmark of slow reading. "
        "On PatReadBench, GPT-4o reaches 40 %."
    )
    found = by_surface(tagger.tag_text("Measuring Slow Reading", abstract))
    assert set(found) == {"PatReadBench", "GPT-4o"}


def test_an_address_is_no_second_name(tagger: NameTagger) -> None:
    abstract = (
        "We propose QuillNet. QuillNet is fast. Code: https://github.com/lab/QuillNet-Code2 and quillnet.github.io."
    )
    assert set(by_surface(tagger.tag_text("QuillNet: Reading Fast", abstract))) == {"QuillNet"}


def test_a_plural_is_the_same_name(tagger: NameTagger) -> None:
    abstract = "We propose QuillNets, a family of networks. A QuillNet reads a line. Each QuillNet is small."
    mentions = tagger.tag_text("QuillNets: Networks for Old Handwriting", abstract)
    assert [(m.surface, len(m.evidence)) for m in mentions] == [("QuillNets", 4)]


@pytest.mark.parametrize("years", ["24/25", " 2024/2025", " 2024 and 2025", "'24/'25", "'24 and '25", "’24"])
def test_of_years_in_a_row_the_first_is_the_name(tagger: NameTagger, years: str) -> None:
    found = tagger.tag_text("Better reasoning", f"Our method improves accuracy on AIME{years}, AMC and MATH-500.")
    keys = {name_key(m.surface) for m in found}
    assert "aime24" in keys
    assert "aime" not in keys


@pytest.mark.parametrize("cited", ["[STOC'16]", "[Ada and Ben, QIP'24]", "(ICML’24)", "(e.g., Ada-Ben'17)"])
def test_a_citation_with_a_short_year_is_no_name(tagger: NameTagger, cited: str) -> None:
    found = tagger.tag_text(
        "Better clustering", f"Our method improves over the algorithm of Ada et al. {cited} on CIFAR-10."
    )
    assert {m.surface for m in found} == {"CIFAR-10"}


@pytest.mark.parametrize("listed", ["(AIME'24)", "(AMC'23, WMT'14, AIME'24)", "AIME'24", "[AIME'24]"])
def test_a_benchmark_with_a_short_year_in_brackets_is_a_name(tagger: NameTagger, listed: str) -> None:
    found = tagger.tag_text("Better reasoning", f"Our method improves accuracy on mathematical benchmarks {listed}.")
    assert "AIME'24" in {m.surface for m in found}


def test_tex_does_not_hide_a_name(tagger: NameTagger) -> None:
    abstract = r"We propose \textbf{QuillNet}, a network for lines. QuillNet beats ScribeFormer on $\tau$-bench."
    found = by_surface(tagger.tag_text("Reading Lines", abstract))
    assert len(found["QuillNet"].evidence) == 2
    assert r"$\tau$-bench" in found


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "$$$", "\\" * 500, "{" * 500, "A" * 5000, ": : :", "<script>alert(1)</script>", "🦙-3 " * 99],
)
def test_hostile_text_is_read(tagger: NameTagger, text: str) -> None:
    for title, abstract in ((text, ""), ("", text), (text, text)):
        for mention in tagger.tag_text(title, abstract):
            assert mention.evidence
            assert 0 <= mention.confidence <= 1
            assert 0 <= mention.kind_confidence <= 1


def test_a_megabyte_is_read_in_seconds(tagger: NameTagger) -> None:
    start = time.process_time()
    for text in ("FooNet and BarBench " * 50_000, "A" * 1_000_000, "{\\tau}$^2$" * 100_000, "A of " * 200_000):
        tagger.tag_text(text, text)
    assert time.process_time() - start < 8
