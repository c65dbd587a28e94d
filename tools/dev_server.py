"""Serve the demo's data and restart when a source file changes.

    python -m tools.dev_server [--port 8000] [--data-dir .demo-data]

Watches the Python files and templates of the checkout; the scheduler does not run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent.parent
WATCHED_SUFFIXES = {".py", ".html", ".txt", ".css", ".js", ".toml", ".xml"}
NOT_WATCHED = {"tests", "benchmarks", "training", "docs"}


def source_files(root: Path) -> Iterator[Path]:
    """The files on which the running service depends."""
    for package in sorted(root.glob("*/__init__.py")):
        if package.parent.name not in NOT_WATCHED:
            yield from (path for path in package.parent.rglob("*") if path.suffix in WATCHED_SUFFIXES)


def state_of(root: Path) -> dict[Path, int]:
    """Each source file's time of change; a file that goes away while it is looked at is left out."""
    state = {}
    for path in source_files(root):
        try:
            state[path] = path.stat().st_mtime_ns
        except FileNotFoundError:
            continue
    return state


def serve_until_changed(command: list[str], root: Path, *, every_s: float = 0.5) -> list[Path]:
    """Run a command until a source file changes, then end it; returns the changed files.

    A command that ends by itself, for instance on a syntax error, is started again at the next change.
    """
    before = state_of(root)
    process = subprocess.Popen(command, cwd=root)  # noqa: S603 - our own command
    try:
        while (now := state_of(root)) == before:
            time.sleep(every_s)
    finally:
        process.terminate()
        process.wait()
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))


def main(
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Data folder to serve.")] = Path(".demo-data"),
) -> None:
    """Serve the demo's data and restart when a source file changes; Ctrl-C ends it."""
    if not data_dir.exists():
        typer.echo(f"{data_dir} does not exist; `make serve-demo` makes it", err=True)
        raise typer.Exit(1)
    command = [sys.executable, "-m", "papertide", "--data-dir", str(data_dir.resolve()), "up", "--only-web"]
    try:
        while True:
            changed = serve_until_changed([*command, "--port", str(port)], ROOT)
            typer.echo(f"changed: {', '.join(str(path.relative_to(ROOT)) for path in changed)}; starting again")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    typer.run(main)
