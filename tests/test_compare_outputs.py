"""The tool that compares the outputs of two versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools.compare_outputs import Dump, _file_of, _shape, diff


@pytest.fixture
def two(tmp_path: Path):
    def written(name: str, one: str, other: str) -> tuple[Path, Path]:
        folders = tmp_path / "one", tmp_path / "other"
        for folder, text in zip(folders, (one, other), strict=True):
            folder.mkdir()
            (folder / name).write_text(text)
        return folders

    return written


def n_differing(folders: tuple[Path, Path], *, numbers: bool = False, part: bool = False) -> int:
    return diff(*folders, numbers=numbers, part=part, n_lines=3)


@pytest.mark.parametrize("other", ['{"a": 1, "b": "x"}\n', '{"a":1,"b":"x"}', '{"a": 1, "b": "y"}'])
def test_json_must_be_the_same_to_the_byte(two, other):
    assert n_differing(two("a.json", '{"a": 1, "b": "x"}', other)) == 1


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ('{"b": "other words", "a": 1, "id": "2606.01846"}', False),
        ('{"b": "words", "a": 2, "id": "2606.01846"}', True),
        ('{"b": "words", "a": 1, "id": "2606.01847"}', True),
        ('{"c": "words", "a": 1, "id": "2606.01846"}', True),
    ],
)
def test_numbers_of_json_are_fields_numbers_and_ids(two, other, differs):
    folders = two("a.json", '{"a": 1, "b": "words", "id": "2606.01846"}', other)
    assert n_differing(folders, numbers=True) == differs


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        ('<h1 id="top" title="x">12 articles</h1><a href="/papers/1">1,000 shares</a>', False),
        ('<h1 id="top">12 papers</h1><a href="/papers/1">1,001 of them</a>', True),
        ('<h1 id="end">12 papers</h1><a href="/papers/1">1,000 of them</a>', True),
        ('<h1 id="top">12 papers</h1><a href="/papers/2">1,000 of them</a>', True),
    ],
)
def test_numbers_of_a_page_are_its_numbers_links_and_ids(two, other, differs):
    folders = two("a.html", '<h1 id="top">12 papers</h1><a href="/papers/1">1,000 of them</a>', other)
    assert n_differing(folders, numbers=True) == differs


def test_what_only_one_has_counts_but_for_what_a_quick_dump_leaves_out(two):
    folders = two("a.txt", "same", "same")
    (folders[0] / "b.txt").write_text("more")
    assert n_differing(folders) == 1
    assert n_differing(folders, part=True) == 0
    (folders[1] / "c.txt").write_text("new")
    assert n_differing(folders, part=True) == 1


def test_ends_of_lines_are_compared(two, capsys):
    assert n_differing(two("a.csv", "a,b\r\n", "a,b\n")) == 1
    assert "ends of lines differ" in capsys.readouterr().out


def test_what_is_random_is_replaced_and_pictures_stay(tmp_path):
    out = Dump(tmp_path, [("/srv/copy", "DATA")])
    out.write("a.txt", f"/srv/copy/mail and /subscriptions/manage/{'aB3-_x7y' * 4} and <{'0a' * 16}.digest@h>".encode())
    assert (tmp_path / "a.txt").read_text() == "DATA/mail and /subscriptions/manage/TOKEN and <KEY.digest@h>"
    out.write("a.png", b"\x89PNG /srv/copy")
    assert (tmp_path / "a.png").read_bytes() == b"\x89PNG /srv/copy"


def test_instants_of_the_dump_are_replaced_and_stored_ones_stay(tmp_path):
    out = Dump(tmp_path, began_at=datetime.now(UTC) - timedelta(seconds=2))
    at = datetime.now(UTC) - timedelta(seconds=1)
    out.write("a.json", f'"{at:%Y-%m-%dT%H:%M:%SZ}", "2026-06-23T12:00:00Z", "9999-99-99 99:99:99"'.encode())
    assert (tmp_path / "a.json").read_text() == '"NOW", "2026-06-23T12:00:00Z", "9999-99-99 99:99:99"'


def test_addresses_of_one_shape_are_drawn_by_the_same_code():
    assert _shape("/papers/2606.01846") == _shape("/papers/2606.00001")
    assert _shape("/digests/2026-W25/technique-llm") == _shape("/digests/2026-W24/technique-gnn")
    assert _shape("/digests/2026-W25/technique-llm") != _shape("/digests/2026-W25/theme-security")
    assert _shape("/papers?term=a&since=b") != _shape("/papers?term=a")


def test_each_address_has_a_file_of_its_own():
    urls = ["/", "/papers?term=a", "/papers?term=b", "/papers/1", "/search?q=" + "a" * 200, "/search?q=" + "a" * 201]
    files = [_file_of(url, "text/html") for url in urls]
    assert len(set(files)) == len(urls)
    assert all(len(Path(file).name) < 120 for file in files)
