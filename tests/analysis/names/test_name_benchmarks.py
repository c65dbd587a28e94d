"""What the benchmarks of names measure, on made-up papers"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analysis.names.tagger import NameTagger
from benchmarks.name_backtest import NAMES, Course, follow, loosely, reached, string_called
from benchmarks.name_shares import N_READ, holds_any, print_first_uses, read_readings, roles_of
from benchmarks.name_shares import NAMES as NAMES_READ
from benchmarks.names_in_memory import NamesInMemory, each_paper_a_team, sample_of
from domain.paper import ArxivId, Paper
from domain.week import Week, weeks_between

FIRST = datetime(2026, 3, 2, 12, tzinfo=UTC)


def paper(week: int, title: str, abstract: str) -> Paper:
    at = FIRST + timedelta(weeks=week)
    return Paper(ArxivId(f"2603.{week:05}"), 1, title, abstract, ("A B",), "cs.CL", ("cs.CL",), at, at)


def made_up() -> list[Paper]:
    opening = "LoRA: Low-rank adaptation of models", "We propose LoRA, a method that adapts large models at low rank."
    later = [
        (f"Adapting parsers {i}", "We adapt large models with LoRA at low rank and report results.") for i in range(4)
    ]
    return [paper(week, *text) for week, text in enumerate([opening, *later])]


def in_memory(papers: list[Paper]) -> NamesInMemory:
    return NamesInMemory(NameTagger(), each_paper_a_team, (), sample_of(papers))


def test_a_name_is_called_taken_up_in_the_week_of_the_third_use() -> None:
    papers = made_up()
    course = follow(in_memory(papers), papers)["LoRA"]
    first = Week.containing(FIRST)
    assert course == Course(seen=first, called=first.plus(3), introduced_by=papers[0].arxiv_id, introduced=first)


def test_the_roles_of_a_name_are_those_of_its_papers() -> None:
    papers = made_up()
    names = in_memory(papers)
    names.add(papers)
    assert list(roles_of(names, "LoRA").values()) == ["introduces", "uses", "uses", "uses", "uses"]


def test_the_string_match_calls_with_the_fourth_paper_within_half_a_year() -> None:
    weeks = list(weeks_between(Week.containing(FIRST), Week.containing(FIRST).plus(59)))
    k = np.zeros(60, dtype=np.int64)
    k[[0, 10, 20, 30]] = 1
    assert string_called(k, weeks) is None
    k[35] = 1
    assert string_called(k, weeks) == weeks[35]
    assert reached(k, np.full(60, 5), weeks) == weeks[12]


def test_every_reading_is_of_a_name_and_has_a_role() -> None:
    readings = read_readings()
    assert readings.keys() == NAMES_READ.keys()
    assert {len(of_name) for of_name in readings.values()} == {N_READ}
    assert {role for of_name in readings.values() for role in of_name.values()} <= {
        "introduces", "uses", "mentions", "none",
    }  # fmt: skip


def test_spellings_of_a_name_are_found_loosely() -> None:
    assert all(loosely(name).search(f"with {name.lower()}s, we") for name in NAMES)
    assert holds_any(paper(0, "On Foo-Bench", "It uses FooBench-based tasks."), {"foobench"})
    assert not holds_any(paper(0, "On Bar", "It uses Bars."), {"foobench"})


def test_a_benchmark_that_others_use_in_time_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    names = in_memory(made_up())
    opening = paper(0, "QuillBench: A Benchmark for Proofs", "We introduce QuillBench, a benchmark of 900 proofs.")
    using = paper(9, "Better proofs", "We evaluate our prover on QuillBench, where it proves 40% of the theorems.")
    papers = [replace(p, submitted_at=p.submitted_at - timedelta(weeks=30)) for p in (opening, using)]
    print_first_uses(names, [papers[0], replace(papers[1], authors=("C D",))])
    lines = capsys.readouterr().out.splitlines()
    assert [line.rpartition(", ")[2] for line in lines[1:]] == ["1 of 1"] * 3
