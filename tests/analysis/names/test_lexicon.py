"""The file of what is known of names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.names.contexts import GROUPS
from analysis.names.lexicon import Lexicon, dump_lexicon, load_lexicon


def test_a_lexicon_is_read_as_it_was_written(tmp_path: Path) -> None:
    shares = np.arange(2 * len(GROUPS), dtype=np.uint8).reshape(2, -1)
    written = Lexicon(
        {"foonet": 0, "τbench": 1}, [7, 3], shares, {"foonet": ("method", "tool")}, {"foo": 255}, frozenset({"Foo Net"})
    )
    path = tmp_path / "lexicon.npz"
    path.write_bytes(dump_lexicon(written))
    read = load_lexicon(path)
    assert (read.papers("foonet"), read.papers("taubench"), read.papers("barnet")) == (7, 3, 0)
    assert read.groups("taubench") == pytest.approx((shares[1] / 255).tolist())
    assert read.groups("barnet") == [0.0] * len(GROUPS)
    assert read.known("foonet") == ("method", "tool")
    assert (read.lower_share("Foo"), read.lower_share("bar")) == (1.0, 0.0)
    assert read.spellings == {"Foo Net"}


def test_of_spellings_that_are_one_key_now_the_more_frequent_tells_of_it(tmp_path: Path) -> None:
    shares = np.arange(2 * len(GROUPS), dtype=np.uint8).reshape(2, -1)
    written = Lexicon(
        {"τbench": 0, "taubench": 1}, [9, 3], shares, {"τbench": ("benchmark",)}, {"a": 1}, frozenset({"A"})
    )
    path = tmp_path / "lexicon.npz"
    path.write_bytes(dump_lexicon(written))
    assert load_lexicon(path).papers("taubench") == 9
    assert load_lexicon(path).known("taubench") == ("benchmark",)


def test_a_lexicon_that_was_read_is_written_with_the_same_counts(tmp_path: Path) -> None:
    shares = np.arange(3 * len(GROUPS), dtype=np.uint8).reshape(3, -1)
    written = Lexicon(
        {"foonet": 0, "barnet": 1, "τbench": 2},
        [7, 3, 5],
        shares,
        {"foonet": ("method",)},
        {"foo": 255},
        frozenset({"Foo Net"}),
    )
    path = tmp_path / "lexicon.npz"
    path.write_bytes(dump_lexicon(written))
    path.write_bytes(dump_lexicon(load_lexicon(path)))
    read = load_lexicon(path)
    assert [read.papers(key) for key in ("foonet", "barnet", "taubench")] == [7, 3, 5]
    assert read.groups("barnet") == pytest.approx((shares[1] / 255).tolist())
