"""The import contracts and the other checks cover every package."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
LINTER, WHEEL = TOOL["importlinter"], TOOL["hatch"]["build"]["targets"]["wheel"]

NOT_SHIPPED = {"training", "benchmarks", "tools", "tests", "docs"}


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
        "service.cli.admin",
        "service.web.middleware",
    }


def test_types_and_examples_are_checked_in_every_package_that_ships_in_training_and_in_tools() -> None:
    checked = packages() - NOT_SHIPPED | {"training", "tools"}
    assert set(TOOL["mypy"]["packages"]) == checked
    assert set(TOOL["pytest"]["ini_options"]["testpaths"]) == checked | {"tests"}
