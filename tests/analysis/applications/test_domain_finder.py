"""Application domains are found by words, and an operator's list extends the tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.applications.domain_finder import DomainFinder, load_domains
from analysis.applications.measured_accuracy import domain_scores
from domain.errors import ConfigError

FINDER = DomainFinder(load_domains())


def _found(title: str, abstract: str = "") -> set[str]:
    return {mention.key for mention in FINDER.find(title, abstract)}


@pytest.mark.parametrize(
    ("title", "abstract", "domains"),
    [
        ("Denoising chest X-rays", "We train on chest radiographs of patients.", {"medicine", "medical_imaging"}),
        ("Predicting ligands", "Virtual screening finds drug candidates.", {"medicine", "drug_discovery"}),
        ("A benchmark of court judgments", "Legal questions of lawyers are answered.", {"law"}),
        ("Routing of tokens", "Uses range from medical imaging and law to finance.", set()),
        ("Diagnosing failures of agents", "A diagnostic benchmark, with diagnostics of each run.", set()),
        ("Teacher and student models", "The student model learns from the teacher model and student network.", set()),
    ],
)
def test_a_paper_is_of_the_domains_that_its_words_show(title: str, abstract: str, domains: set[str]) -> None:
    assert _found(title, abstract) == domains


def test_the_evidence_is_where_the_words_stand() -> None:
    title, abstract = "Segmenting MRI scans", "The MRI of each patient."
    texts = {"title": title, "abstract": abstract}
    for mention in FINDER.find(title, abstract):
        words = {texts[e.field][e.start : e.end] for e in mention.evidence}
        assert words <= {"MRI", "patient"}
        assert words


def test_every_child_has_a_parent_at_the_top_and_comes_after_it() -> None:
    keys = [one.key for one in FINDER.domains]
    for one in FINDER.domains:
        assert not one.parent or keys.index(one.parent) < keys.index(one.key)


def test_an_operators_file_adds_and_replaces(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[[domain]]\nkey = "sport"\nname = "Sport"\ndefinition = "About sport."\nwords = ["football"]\n'
        '[[domain]]\nkey = "law"\nname = "Courts"\ndefinition = "About courts."\nwords = ["court"]\n',
        encoding="utf-8",
    )
    finder = DomainFinder(load_domains(file))
    assert {m.key for m in finder.find("Football by football", "")} == {"sport"}
    assert not finder.find("Lawyers and lawyers", "")
    assert finder.finder_id != FINDER.finder_id


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("[[domain]", "not valid TOML"),
        ('[[domain]]\nkey = "a"\n', "name, definition, words is missing"),
        ('[[domain]]\nkey = "A b"\nname = "a"\ndefinition = "a"\nwords = ["a"]\n', "a key has lower-case letters"),
        ('[[domain]]\nkey = "a"\nname = "a"\ndefinition = "a"\nwords = []\n', "words is empty"),
        ('[[domain]]\nkey = "a"\nname = "a"\ndefinition = "a"\nwords = ["a"]\nparent = "none"\n', "parent 'none'"),
        ("[[domains]]\n", "unknown domains"),
        ("domain = 3\n", "one block a domain"),
    ],
)
def test_a_wrong_list_is_refused_in_one_line(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=complaint) as error:
        load_domains(file)
    assert "\n" not in str(error.value)


def test_the_measured_accuracy_is_of_the_list_that_ships() -> None:
    """If it fails: `python -m benchmarks.application_domains --write` measures again."""
    assert domain_scores()["finder_id"] == FINDER.finder_id
