"""Start-up notices a room's name that belongs to another distribution."""

from __future__ import annotations

import os
import subprocess
import sys
import timeit
import tomllib
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

import pytest

from papertide.package_conflicts import INSTALLED_AT, ROOMS, room_conflict

ADVICE = "install Papertide into an environment of its own and start it from there"


def test_the_rooms_are_all_packages_that_ship() -> None:
    project = tomllib.loads((INSTALLED_AT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"papertide", *ROOMS} == set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


def test_a_checkout_has_no_conflict_and_the_check_is_quick() -> None:
    assert room_conflict() is None
    assert min(timeit.repeat(room_conflict, number=1, repeat=5)) < 0.005


@pytest.mark.parametrize("name", ["mail/__init__.py", "mail.py"])
def test_start_up_says_in_one_line_that_another_package_hides_a_room(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("raise SystemExit('imported')\n")
    started = subprocess.run(
        [sys.executable, "-m", "papertide", "--version"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(INSTALLED_AT)},
        capture_output=True,
        text=True,
    )
    assert started.returncode == 1
    assert started.stdout == ""
    assert started.stderr == f"papertide: another package named 'mail' ({file}) hides Papertide's; {ADVICE}\n"


def test_opening_a_folder_from_python_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "store.py"
    file.write_text("raise SystemExit('imported')\n")
    opened = subprocess.run(
        [sys.executable, "-c", "import papertide; papertide.open('nowhere')"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(INSTALLED_AT)},
        capture_output=True,
        text=True,
    )
    assert opened.returncode == 1
    last_line = opened.stderr.splitlines()[-1]
    assert last_line == f"ImportError: papertide: another package named 'store' ({file}) hides Papertide's; {ADVICE}"


def test_a_room_that_another_distribution_has_overwritten_is_named(tmp_path: Path) -> None:
    root = _wheel(tmp_path)
    assert room_conflict(root, _finder(root)) is None
    (root / "store" / "__init__.py").write_text("# somebody else's store\n")
    overwritten = f"another distribution has overwritten Papertide's package 'store' ({root / 'store' / '__init__.py'})"
    assert room_conflict(root, _finder(root)) == f"{overwritten}; {ADVICE}"


def test_a_folder_without_code_hides_no_room(tmp_path: Path) -> None:
    root = _wheel(tmp_path / "site-packages")
    (tmp_path / "mail").mkdir()
    assert room_conflict(root, _finder(tmp_path, root)) is None


def _wheel(root: Path) -> Path:
    """A folder that looks as after the installation of a wheel."""
    recorded = []
    for room in ROOMS:
        (root / room).mkdir(parents=True)
        (root / room / "__init__.py").write_text(f'"""{room}"""\n')
        recorded.append(f"{room}/__init__.py,sha256=x,{len(room) + 7}\n")
    (root / "papertide-0.1.0.dist-info").mkdir()
    (root / "papertide-0.1.0.dist-info" / "RECORD").write_text(
        "".join(recorded) + "papertide-0.1.0.dist-info/RECORD,,\n"
    )
    return root


def _finder(*folders: Path) -> Callable[[str], ModuleSpec | None]:
    return lambda name: PathFinder.find_spec(name, [str(folder) for folder in folders])
