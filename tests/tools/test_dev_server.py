"""The development server starts again when a source file changes."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from tools.dev_server import serve_until_changed, source_files


def test_only_what_the_service_runs_is_watched(tmp_path: Path) -> None:
    for name in ("service", "tests"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / "service" / "page.html").touch()
    (tmp_path / "service" / "data.sqlite").touch()
    assert [path.name for path in source_files(tmp_path)] == ["__init__.py", "page.html"]


def test_a_change_ends_the_command_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "service").mkdir()
    (tmp_path / "service" / "__init__.py").touch()
    new = tmp_path / "service" / "page.py"

    def change() -> None:
        time.sleep(0.3)
        new.write_text("x = 1\n")

    thread = threading.Thread(target=change)
    thread.start()
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert serve_until_changed(command, tmp_path, every_s=0.05) == [new]
    thread.join()
