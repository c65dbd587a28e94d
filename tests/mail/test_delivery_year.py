"""Some weeks of the year that ``benchmarks/delivery_year.py`` lives through, with kills, refusals and silences."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.delivery_year import simulate


@pytest.mark.slow
def test_every_confirmed_reader_has_each_issue_exactly_once_and_nobody_else_has_any(tmp_path: Path) -> None:
    year = simulate(tmp_path, n_weeks=4, n_readers=8, seed=3)
    assert year.counts["mails that arrived"] == len(year.expected) >= 16
    assert year.counts["killed"] >= 1
