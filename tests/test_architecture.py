"""The architecture page and the guide for contributors name what exists."""

from __future__ import annotations

import importlib
import re
import types
import typing
from pathlib import Path
from typing import Any

import pytest

from domain.digest import Digest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

FIGURES = re.findall(r"^\| [^|]+ \| `([^`|]+)` \| `([\w.]+)` \| `(tests/[^`|]+)` \|$", PAGE, re.MULTILINE)
_PATH = re.compile(r"(?<![\w/.-])((?:[a-z_]+/)+(?:[\w.-]+\.\w+)?)(?![\w/])")


def named(dotted: str) -> Any:
    """The object with this dotted name: a module, or what a module or class holds."""
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for name in parts[n:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(dotted)


def field_type(record: Any, path: str) -> Any:
    """The type at the end of a path such as ``techniques[].adopts.share``."""
    for step in path.split("."):
        found = typing.get_type_hints(record)[step.removesuffix("[]")]
        if step.endswith("[]"):
            found = typing.get_args(found)[0]
        if isinstance(found, types.UnionType):  # a value that may be absent
            (found,) = (each for each in typing.get_args(found) if each is not type(None))
        record = found
    return record


def test_every_figure_of_the_digest_has_a_row() -> None:
    fields = {field.split(".")[0].removesuffix("[]") for field, _, _ in FIGURES}
    assert {"headline", "completeness", "techniques", "topics", "topic_coverage", "notes", "call_records"} <= fields


@pytest.mark.parametrize(("field", "function", "test"), FIGURES, ids=[field for field, _, _ in FIGURES])
def test_the_field_function_and_test_of_a_figure_exist(field: str, function: str, test: str) -> None:
    assert field_type(Digest, field) is not None
    assert named(function) is not None
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", [PAGE, GUIDE], ids=["architecture", "contributing"])
def test_every_file_and_folder_that_is_named_exists(page: str) -> None:
    paths = set(_PATH.findall(page))
    assert len(paths) > 10
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_every_package_has_a_row() -> None:
    packages = {folder.parent.name for folder in ROOT.glob("*/__init__.py")} - {"tests"}
    assert {name for name in packages if f"`{name}/`" not in PAGE} == set()


def test_the_layers_are_those_of_the_contract() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [layers] = re.findall(r"^layers = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    (drawn,) = re.findall(r"^```\n(papertide\n.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert [line.split() for line in drawn.splitlines()] == [line.split() for line in re.findall(r'"(.*)"', layers)]


def test_every_name_in_code_of_the_guide_exists() -> None:
    for file, name in re.findall(r"`([\w/]+\.py)`[^`\n]*?`(\w+)\(\)`", GUIDE):
        assert re.search(rf"(?:def|class) {name}\b", (ROOT / file).read_text(encoding="utf-8")), f"{file}: {name}"
