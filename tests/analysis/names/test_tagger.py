"""What is a name in a title and abstract, of which kind, and what the paper does with it; all texts are made up."""

from __future__ import annotations

import time

import pytest

from analysis.names.tagger import NameTagger

TAGGER = NameTagger()


def roles(title: str, abstract: str) -> dict[str, str]:
    return {mention.surface: mention.role for mention in TAGGER.tag_text(title, abstract)}


def test_a_benchmark_before_the_colon_of_a_title_is_introduced() -> None:
    found = TAGGER.tag_text(
        "FooBench: A Benchmark of Patient Reading", "FooBench holds 300 tasks. We test GPT-4o on FooBench."
    )
    assert (found[0].surface, found[0].kind, found[0].role) == ("FooBench", "benchmark", "introduces")
    assert {m.surface for m in found} == {"FooBench", "GPT-4o"}


def test_evidence_is_every_place_where_the_name_stands() -> None:
    title, abstract = "FooNet: Fast Graph Readers", r"We propose \textbf{FooNet}. FooNet beats BarFormer."
    found = {m.surface: m for m in TAGGER.tag_text(title, abstract)}
    texts = {"title": title, "abstract": abstract}
    assert [texts[e.field][e.start : e.end] for e in found["FooNet"].evidence] == ["FooNet"] * 3


def test_an_address_is_no_second_name() -> None:
    assert set(roles("Reading with FooNet", "We propose FooNet. Code: https://github.com/lab/FooNet-Code2 .")) == {
        "FooNet"
    }


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "$$$", "\\" * 500, "{" * 500, "A" * 5000, ": : :", "<script>alert(1)</script>"]
)
def test_hostile_text_is_read(text: str) -> None:
    for title, abstract in ((text, ""), ("", text), (text, text)):
        for mention in TAGGER.tag_text(title, abstract):
            assert mention.evidence


def test_a_megabyte_is_read_in_a_second() -> None:
    start = time.perf_counter()
    for text in ("FooNet and BarBench " * 50_000, "A" * 1_000_000, "{\\tau}$^2$" * 100_000, "A of " * 200_000):
        TAGGER.tag_text(text, text)
    assert time.perf_counter() - start < 4
