"""The import contracts and the other checks cover every package."""

from __future__ import annotations

import ast
import importlib
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
LINTER, WHEEL = TOOL["importlinter"], TOOL["hatch"]["build"]["targets"]["wheel"]

NOT_SHIPPED = {"training", "benchmarks", "tools", "tests", "docs"}

OTHER_LOGGERS = {"apscheduler", "bibtexparser", "uvicorn.error", "{name}"}
"""Loggers of libraries, whose level or filters we set; ``{name}`` stands for a loop over libraries."""


def packages() -> set[str]:
    return {folder.parent.name for folder in ROOT.glob("*/__init__.py")}


def contract(kind: str, source: str | None = None) -> dict[str, list[str]]:
    """The only contract of a kind, or the only one about a source package."""
    (only,) = [
        each
        for each in LINTER["contracts"]
        if each["type"] == kind and (source is None or source in each["source_modules"])
    ]
    return dict(only)


def test_every_package_that_ships_is_in_the_wheel_and_has_a_layer() -> None:
    shipped = packages() - NOT_SHIPPED
    layers = {name.strip() for layer in contract("layers")["layers"] for name in layer.split("|")}
    assert set(WHEEL["packages"]) == shipped
    assert layers == shipped


def test_circles_of_files_are_looked_for_in_every_package_that_ships_and_in_training() -> None:
    assert set(contract("acyclic_siblings")["ancestors"]) == packages() - NOT_SHIPPED | {"training"}
    assert set(LINTER["root_packages"]) == packages() - NOT_SHIPPED | {"training"}


def test_training_may_import_analysis_store_and_domain_only() -> None:
    forbidden = set(contract("forbidden", "training")["forbidden_modules"])
    assert forbidden == packages() - NOT_SHIPPED - {"analysis", "store", "domain"}


def test_the_outside_reads_the_store_through_queries_and_mail() -> None:
    outside = contract("forbidden", "service")
    assert set(outside["source_modules"]) == {"service", "papertide"}
    assert outside["forbidden_modules"] == ["store"]
    assert {line.split(" -> ")[0] for line in outside["ignore_imports"]} == {
        "service.cli.backup",
        "service.cli.move",
        "service.web.middleware",
        "service.web.page_threads",
    }


def test_types_and_examples_are_checked_in_every_package_that_ships_in_training_and_in_tools() -> None:
    checked = packages() - NOT_SHIPPED | {"training", "tools"}
    assert set(TOOL["mypy"]["packages"]) == checked
    assert set(TOOL["pytest"]["ini_options"]["testpaths"]) == checked | {"tests"}


def modules() -> dict[str, Path]:
    """The files of every package that ships, by module name; a package's is its ``__init__``."""
    found = {}
    for package in sorted(packages() - NOT_SHIPPED):
        for file in (ROOT / package).rglob("*.py"):
            if "migrations" not in file.parts:  # Alembic runs these, nothing imports them
                found[".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = file
    return found


def imports_at_load(module: str, file: Path, known: dict[str, Path]) -> Iterator[str]:
    """Our modules that loading a file loads: what it imports outside of functions and ``TYPE_CHECKING``."""

    def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
                continue
            yield statement
            for part in ("body", "orelse", "finalbody"):
                yield from statements(getattr(statement, part, []))

    for statement in statements(ast.parse(file.read_text(encoding="utf-8")).body):
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names if alias.name in known)
        elif isinstance(statement, ast.ImportFrom):
            assert statement.level == 0, f"{module} has a relative import"
            yield from {
                str(statement.module),
                *(f"{statement.module}.{a.name}" for a in statement.names),
            } & known.keys()


def circle(of: dict[str, set[str]]) -> list[str]:
    """A circle of modules that load each other; empty if there is none."""
    try:
        TopologicalSorter(of).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_files_even_through_a_package() -> None:
    """Unlike the contract, this counts what an ``__init__`` imports, and ``from package import module`` as both."""
    known = modules()
    loads = {module: set(imports_at_load(module, file, known)) for module, file in known.items()}
    for module, loaded in loads.items():
        parents = {name.rsplit(".", n)[0] for name in loaded for n in range(1, name.count(".") + 1)}
        # The packages that a module is in are being loaded already.
        loaded |= {parent for parent in parents if not module.startswith(f"{parent}.")}
        loaded.discard(module)
    assert circle(loads) == []


def test_a_circle_through_a_package_is_found() -> None:
    assert circle({"a": {"a.b"}, "a.b": {"a.c"}, "a.c": {"a"}})
    assert circle({"a": {"a.b"}, "a.b": {"a.c"}, "a.c": set()}) == []


def test_our_loggers_are_below_one_name() -> None:
    """One name, so that an operator can set the level of all; ``__name__`` would give names such as ``mail``."""
    named = []
    for module, file in modules().items():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("getLogger"):
                argument = node.args[0] if node.args else None
                name = (
                    argument.value
                    if isinstance(argument, ast.Constant)
                    else f"{{{argument and ast.unparse(argument)}}}"
                )
                named.append((module, str(name)))
    assert len(named) > 5
    assert [each for each in named if not each[1].startswith("papertide.") and each[1] not in OTHER_LOGGERS] == []


@pytest.mark.parametrize("name", sorted(file.stem for file in (ROOT / "benchmarks").glob("[!_]*.py")))
def test_every_benchmark_can_be_imported(name: str) -> None:
    importlib.import_module(f"benchmarks.{name}")
