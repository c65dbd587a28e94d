"""A database is not replaced while any process has it open, and a dead one blocks nobody."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from domain.errors import BusyError, StoreError
from store.backup import back_up, restore
from store.database import open_database
from store.restore_lock import exclusive_lock

ROOT = Path(__file__).parents[2]
HOLD = "import sys, time; from store.database import open_database as o; d = o(sys.argv[1]); print('open', flush=True)"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "papertide.sqlite"
    db = open_database(f"sqlite:///{file}")
    back_up(db, tmp_path / "backup.sqlite")
    db.close()
    return file


@pytest.fixture
def holder(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the database open."""
    command = [sys.executable, "-c", f"{HOLD}; time.sleep(60)", f"sqlite:///{file}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    yield process
    process.kill()
    process.wait()


def test_a_restore_is_refused_while_any_process_lives_and_not_for_a_dead_one(
    file: Path, holder: subprocess.Popen[str]
) -> None:
    backup = file.with_name("backup.sqlite")
    before = sorted(path.name for path in file.parent.iterdir())
    with pytest.raises(BusyError, match="stop"):
        restore(backup, file)
    assert sorted(path.name for path in file.parent.iterdir()) == before
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert restore(backup, file).replaced is not None


def test_no_process_opens_a_database_that_is_being_replaced(file: Path) -> None:
    with exclusive_lock(file), pytest.raises(BusyError, match="being restored"):
        open_database(f"sqlite:///{file}")
    open_database(f"sqlite:///{file}").close()


def test_nothing_is_written_to_a_file_that_is_no_longer_the_database(file: Path) -> None:
    db = open_database(f"sqlite:///{file}")
    with db.write() as connection:
        connection.execute(text("SELECT 1"))
    file.replace(file.with_name("elsewhere.sqlite"))
    with pytest.raises(StoreError, match="moved, deleted or replaced"), db.write():
        pytest.fail("the file is gone")
    other = open_database(f"sqlite:///{file}")
    with pytest.raises(StoreError, match="moved, deleted or replaced"), db.write():
        pytest.fail("the file is another")
    for opened in (db, other):
        opened.close()
