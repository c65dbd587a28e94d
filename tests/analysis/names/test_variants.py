"""Which spellings are one name, and which versions one family."""

from __future__ import annotations

import pytest

from analysis.names.variants import family_key, name_key


@pytest.mark.parametrize(
    "spellings",
    [
        ("SWE-bench", "SWE-Bench", "SWE bench", r"\textsc{SWE-bench}", "SWEbench", "SWE–bench"),
        (r"$\tau$-bench", "τ-bench", "τ Bench"),
        (r"$\tau^2$-bench", "τ2-bench"),
        (r"$\pi_0$", "π0"),
        ("FooNet", "FooNets", "FOONET"),
        ("Llama 3", "LLaMA-3", "Llama3"),
        ("Humanity's Last Exam", "Humanity’s Last Exam"),
        ("OASIS", "Oasis"),
        ("BLESS", "Bless"),
        ("$π_{0.5}$", r"$\pi_{0.5}$", "pi_0.5", "π0.5", "π₀.₅", "Pi0.5"),
        ("β-VAE", "beta-VAE", r"$\beta$-VAE"),
        ("μP", "\u00b5P", "muP"),
        ("S²-Bench", "S$^2$-Bench"),
        ("AIME 2024", "AIME24", "AIME'24", "AIME-24", "AIME2024", r"\textsc{AIME} 2024"),
        ("τ-Bench 2025", "tau-bench'25"),
        ("Foo－Nets", "Foo-Net", "Ｆｏｏ－Ｎｅｔｓ", "Foo\u3000Net"),
    ],
)
def test_spellings_of_one_name_have_one_key(spellings: tuple[str, ...]) -> None:
    assert len({name_key(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("A", "A*"),
        ("GPT-4", "GPT-4o", "GPT-5"),
        ("DeepLabv3", "DeepLabv3+"),
        ("Qwen2.5", "Qwen25"),
        ("FF", "FF++"),
        ("CIFAR-10", "CIFAR-100"),
        ("AIME", "AIME 2024", "AIME 2025", "BeyondAIME"),
        ("FB20", "F2020", "FB2030", "FB15k"),
    ],
)
def test_different_names_have_different_keys(names: tuple[str, ...]) -> None:
    assert len({name_key(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("family", "versions"),
    [
        ("GPT-4", ("GPT-4", "GPT-4o", "gpt-4o mini", "GPT-4o-mini", "GPT-4-turbo")),
        ("Qwen3", ("Qwen3", "Qwen3-8B", "Qwen3-30B-A3B", "Qwen3 32B")),
        ("Qwen2.5-VL", ("Qwen2.5-VL-7B-Instruct", "Qwen2.5-VL-72B")),
        ("Llama 3.1", ("Llama 3.1 8B", "Llama-3.1-70B-Instruct")),
        ("AIME", ("AIME 2024", "AIME", "AIME 2025", "AIME24", "AIME'25", "AIME2024", "AIME-24", "AIME 24")),
        ("EndoVis", ("EndoVis18", "EndoVis 2018", "EndoVis-17", "EndoVis'19")),
        ("WMT", ("WMT14", "WMT'14", "WMT 2014", "WMT-14", "WMT25")),
        ("Foo", ("Foo 2018", "Foo'18", "Foo2018", "Foo '25")),
        ("SWE-bench", ("SWE-bench Verified", "SWE-bench Lite", "SWE-bench")),
        ("Gemini 2.5", ("Gemini 2.5 Pro", "Gemini-2.5-Flash")),
    ],
)
def test_versions_fall_into_one_family(family: str, versions: tuple[str, ...]) -> None:
    assert {family_key(version) for version in versions} == {name_key(family)}


@pytest.mark.parametrize(
    ("one", "other"), [("GPT-4", "GPT-5"), ("Qwen2.5", "Qwen3"), ("SAM 2", "SAM 3"), ("T5", "T0"), ("YOLOv20", "YOLO")]
)
def test_generations_are_families_of_their_own(one: str, other: str) -> None:
    assert family_key(one) != family_key(other)


@pytest.mark.parametrize(
    "name",
    "BM25 MP3 H100 ResNet50 ResNet18 ResNet-20 VGG16 WRN28 CIFAR10 CIFAR-10 YOLO11 YOLO26 Tox21 GPT20 PG19".split(),
)
def test_a_number_that_no_spelling_writes_as_a_year_belongs_to_the_family(name: str) -> None:
    assert family_key(name) == name_key(name)


def test_two_digits_are_a_year_where_another_spelling_of_the_name_writes_it_in_full() -> None:
    assert family_key("Foo18", ("Foo18", "Foo 2018")) == family_key("Foo18", ("Foo'18",)) == "foo"
    assert family_key("Foo18-mini", ("Foo18-mini", "Foo 2018")) == family_key("Foo18", ("Bar 2018",)) == "foo18"


@pytest.mark.parametrize("text", ["", " ", "$", "\\", "{}", "-", "\\textbf{", "$\\tau", "s", "💡", "a" * 100_000])
def test_any_text_has_a_key(text: str) -> None:
    assert isinstance(name_key(text), str)
    assert isinstance(family_key(text), str)


@pytest.mark.parametrize(
    "text",
    ["foo－bar", "ss¨x", "a¨x", "x´", "ﬀ", "ẞ", "ᾳ", "İ", "Ω", "e\u0301", "—", "¨", "﹘", "Foo 2020", "Foo 20 2024"],
)
def test_a_key_has_no_separator_and_is_its_own_key(text: str) -> None:
    key = name_key(text)
    assert not set(key) & set(" -‐‑–—_·’'`")
    assert name_key(key) == key


def test_a_version_behind_a_hyphen_of_full_width_is_of_its_family() -> None:
    assert family_key("Qwen3－8B") == "qwen3"
