"""The documentation says what is there: commands, settings, pages, files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from analysis.detection.taxonomy import parse_taxonomy
from runtime.settings import load_settings
from tools import reference

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BY_NAME = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|tmp|root|home|Users)\b")


def test_the_reference_pages_are_up_to_date() -> None:
    assert reference.outdated_pages() == []


def test_the_check_names_a_page_that_is_out_of_date_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = typer.Typer()
    program.command()(reference.main)
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    assert CliRunner().invoke(program, []).exit_code == 0
    assert CliRunner().invoke(program, ["--check"]).exit_code == 0
    (tmp_path / "tables.md").write_text("old")
    checked = CliRunner().invoke(program, ["--check"])
    assert checked.exit_code == 1
    assert "tables.md" in checked.output
    assert "settings.md" not in checked.output
    assert (tmp_path / "tables.md").read_text() == "old"


def test_the_notebook_has_outputs_to_read_that_name_no_machine() -> None:
    text = (ROOT / "docs" / "python.ipynb").read_text(encoding="utf-8")
    shown = [output for cell in json.loads(text)["cells"] for output in cell.get("outputs", ())]
    assert {output["output_type"] for output in shown} == {"execute_result"}
    assert len(shown) >= 10
    assert not _MACHINE_PATH.search(text)


@BY_NAME
def test_every_relative_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        assert file.is_file(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in _anchors(file), f"{page.name} links to {target}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@BY_NAME
def test_no_page_names_a_folder_of_somebodys_machine(page: Path) -> None:
    assert _MACHINE_PATH.findall(page.read_text(encoding="utf-8")) == []


@BY_NAME
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^|&& )make ([\w-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


@BY_NAME
def test_every_module_that_is_shown_to_run_exists(page: Path) -> None:
    for name in set(re.findall(r"python -m ([\w.]+)", page.read_text(encoding="utf-8"))) - {"pytest"}:
        module = ROOT / name.replace(".", "/")
        assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file(), f"{page.name}: {name}"


@BY_NAME
def test_every_file_of_the_project_that_is_named_exists(page: Path) -> None:
    # A decision may name what it did away with.
    if page.name != "decisions.md":
        rooms = "|".join(sorted(folder.parent.name for folder in ROOT.glob("*/__init__.py")))
        for name in re.findall(rf"`((?:{rooms})/[\w./]+)`", page.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_every_decision_has_a_date_a_short_title_a_context_a_decision_and_a_consequence() -> None:
    records = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8").split("\n## ")[1:]
    dates = []
    for record in records:
        heading, *lines = record.splitlines()
        dates.append(date.fromisoformat(heading[:10]))
        assert len(heading[11:]) < 72, heading
        labels = [line.partition("** ")[0] for line in lines if line.startswith("**")]
        assert labels == ["**Context.", "**Decision.", "**Consequence."], heading
    assert dates == sorted(dates)


@pytest.fixture(scope="module")
def helps() -> dict[str, str]:
    """What each command prints with ``--help``."""
    return dict(reference.command_helps())


@BY_NAME
def test_every_papertide_command_that_is_shown_exists_with_its_options(page: Path, helps: dict[str, str]) -> None:
    for line in _papertide_lines(page.read_text(encoding="utf-8")):
        name, words = "papertide", shlex.split(line, comments=True)[1:]
        for word, before in zip(words, [None, *words], strict=False):
            if word.startswith("--"):
                assert re.search(rf"{re.escape(word)}\b", helps[name]), f"{page.name}: {line}"
            elif f"{name} {word}" in helps and before not in ("--data-dir", "--config"):
                name = f"{name} {word}"
        # A bare "papertide" is the program itself; with words and no option of its own, it must name a command.
        assert name != "papertide" or words[0] in ("--help", "--version", "--config", "--data-dir"), line


def _papertide_lines(text: str) -> Iterator[str]:
    for language, body in _FENCE.findall(text):
        if language == "sh":
            for line in body.splitlines():
                if at := re.search(r"(?:^|/)(papertide [^>|]+)", line):
                    yield at[1]
    without_fences = _FENCE.sub("", text)
    yield from re.findall(r"`(papertide [^`]+)`", without_fences)


def test_every_command_and_option_of_the_readme_can_be_read() -> None:
    lines = list(_papertide_lines((ROOT / "README.md").read_text(encoding="utf-8")))
    assert len(lines) >= 7


def test_the_settings_files_that_are_shown_are_valid(tmp_path: Path) -> None:
    shown = [
        body
        for page in PAGES
        for language, body in _FENCE.findall(page.read_text(encoding="utf-8"))
        if language == "toml" and "[[" not in body
    ]
    assert shown
    for number, body in enumerate(shown):
        file = tmp_path / f"{number}.toml"
        file.write_text(body, encoding="utf-8")
        load_settings(file, {}, {})


def test_every_variable_of_the_environment_that_is_named_is_a_setting() -> None:
    known = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for page in PAGES:
        for name in re.findall(r"\bPAPERTIDE_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")):
            assert f"`{name}`" in known, f"{page.name}: {name}"


def test_the_technique_that_is_shown_fits_into_the_taxonomy() -> None:
    shipped = (ROOT / "analysis" / "detection" / "taxonomy.toml").read_text(encoding="utf-8")
    operating = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    (block,) = [body for language, body in _FENCE.findall(operating) if language == "toml" and "[[" in body]
    assert "kan" in [term.key for term in parse_taxonomy(f"{shipped}\n{block}").terms]
