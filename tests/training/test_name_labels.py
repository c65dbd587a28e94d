"""The files of labelled names, and how found names are scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from domain.name_mention import NAME_KINDS, NameRole
from training.name_labels import MEASURE_LABELS, NAME_LABELS, LabelledName, NamedPaper, read_name_labels
from training.name_lexicon import read_known
from training.name_scores import by_capitals, by_title_prefix, count_names, scoring_key


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("path", [NAME_LABELS, MEASURE_LABELS], ids=lambda path: path.stem)
def test_labels_are_places_with_a_kind_and_a_role(path: Path) -> None:
    ids = [row["id"] for row in rows(path)]
    assert len(ids) == len(set(ids))
    for row in rows(path):
        assert set(row) == {"id", "drawn", "names"}
        for field, start, end, kind, role in row["names"]:  # type: ignore[attr-defined]
            assert field in ("title", "abstract")
            assert 0 <= start < end
            assert kind in NAME_KINDS
            assert role in get_args(NameRole)


def test_no_paper_is_both_fitted_on_and_measured_on() -> None:
    assert not {row["id"] for row in rows(NAME_LABELS)} & {row["id"] for row in rows(MEASURE_LABELS)}


def test_labels_are_read_with_the_words_at_their_offsets(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(
        json.dumps({"id": "1", "drawn": "random", "names": [["title", 0, 6, "method", "introduces"]]}) + "\n"
    )
    (paper,) = read_name_labels(path, [{"1": ("FooNet: Fast", "")}])
    assert paper.names == (LabelledName("FooNet", "method", "introduces"),)


def test_known_names_are_of_kinds_or_none() -> None:
    assert set(read_known()) == {*NAME_KINDS, "classic", "none"}


def test_a_name_is_found_but_for_case_tex_and_a_plural_s() -> None:
    assert scoring_key(r"\textbf{FooNets}") == scoring_key("foonet")
    assert scoring_key("Foo-Net") != scoring_key("FooNet")


def test_scores_count_names_kinds_and_roles() -> None:
    names = (LabelledName("FooBench", "benchmark", "introduces"), LabelledName("BarNet", "model", "uses"))
    papers = [NamedPaper("1", "", "", names, "random"), NamedPaper("2", "", "", (), "random")]
    counts = count_names(papers, [[("foobench", "dataset", "introduces"), ("BarNet", "model", "mentions")], []])
    assert counts.scores("names") == (1.0, 1.0, 1.0)
    assert counts.scores("introduces") == (1.0, 1.0, 1.0)
    assert counts.scores("mentions") == (0.0, 0.0, 0.0)
    assert counts.scores("kinds right")[0] == 0.5
    assert counts.scores("roles right")[0] == 0.5
    assert counts.scores("benchmark or dataset introduced") == (1.0, 1.0, 1.0)


def test_the_baselines_are_those_of_the_codebook() -> None:
    assert [name for name, _, _ in by_capitals("", "LLMs and GPUs run FooNet and GPT-4 well.")] == ["FooNet", "GPT-4"]
    assert by_title_prefix("FooNet: Fast", "") == [("FooNet", "method", "introduces")]
    assert by_title_prefix("A Long Way to Read: Fast", "") == []
