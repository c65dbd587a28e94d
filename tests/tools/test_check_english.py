"""The checker of words: what it finds, and what it lets pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.check_english import findings, main


def found(folder: Path, name: str, text: str) -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    return [finding.words for finding in findings(folder)]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("class WarmWorkshop: ...", "Workshop"),
        ("def open_door(): ...", "door"),
        ("gate = 1", "gate"),
        ("# a letter to each reader", "letter"),
        ('"""Asks the post office."""', "post office"),
        ("def said(x): ...", "said"),
        ("print(kept(1))", "kept"),
        ("# is said in one line", "is said"),
    ],
)
def test_a_banned_word_is_found_in_names_comments_and_texts_of_code(tmp_path: Path, line: str, word: str) -> None:
    assert word in found(tmp_path, "code.py", f"{line}\n")


@pytest.mark.parametrize(
    "line",
    [
        "kept = [1]",
        '"arXiv said 12 papers"',
        "# lower-case letters and digits",
        "aggregate = 1",
        "# a gated network opens no loops",
        "# freeze the collector after warm-up",
        "n_said = 3",
    ],
)
def test_the_ordinary_use_of_a_word_passes(tmp_path: Path, line: str) -> None:
    assert found(tmp_path, "code.py", f"{line}\n") == []


def test_pages_docs_and_names_of_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "warm.html").write_text("<p>No topic is\ncalled so.</p>\n")
    (tmp_path / "page.md").write_text("On arXiv they are hills of one continent.\n")
    assert [str(finding) for finding in findings(tmp_path)] == [
        "page.md:1: hills of one continent: clusters",
        "warm.html:0: warm: cached, loaded or prepared",
        "warm.html:2: called so: say what was found or is missing",
    ]


@pytest.mark.parametrize(
    "heading",
    [
        "Whether a growth is clear is asked in one place; the gain is that of one seed",
        "Add a page of calls.",
        "One two three four five six seven eight nine ten a b c",
    ],
)
def test_a_heading_is_no_sentence(tmp_path: Path, heading: str) -> None:
    assert found(tmp_path, "page.md", f"# Title\n\n## {heading}\n") == [heading]
    assert found(tmp_path, "page.md", f"```\n# {heading}\n```\n") == []


def test_other_peoples_words_and_the_environment_are_not_read(tmp_path: Path) -> None:
    for folder in (".venv", "tests/ingest/recordings", "tests/templates/golden/odd", "store/migrations/versions"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.py").write_text("workshop = 1\n")
    assert list(findings(tmp_path)) == []


def test_the_command_prints_findings_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("fine\nthe plumbing\n")
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("a.txt:2: plumbing: ")
    (tmp_path / "a.txt").write_text("fine\n")
    assert main([str(tmp_path)]) == 0
