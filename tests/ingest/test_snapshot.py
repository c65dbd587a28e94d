"""arXiv's metadata snapshot: every file format, and every error in a line."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from domain.paper import Paper, PaperVersion
from ingest.harvest import window_of
from ingest.query_api_client import ArxivClient
from ingest.settings import ArxivSettings
from ingest.snapshot import SnapshotLine, _read_line, read_snapshot
from sample.arxiv_server import SampleArxiv
from sample.snapshot import snapshot_fields

WATCHED = ("cs.LG", "cs.CL")
NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
Make = Callable[..., Paper]


def _fields(p: Paper, **other: Any) -> dict[str, Any]:
    """A paper in the snapshot's format, with some fields changed."""
    return snapshot_fields(p) | other


def _line(fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


@pytest.fixture
def papers(make_paper: Make) -> list[Paper]:
    return [make_paper(1, comment="9 pages"), make_paper(2, version=3, doi="10.1/x", journal_ref="J. 1 (2026) 2")]


def _written(folder: Path, suffix: str, content: bytes) -> Path:
    path = folder / f"snapshot{suffix}"
    if suffix.endswith(".gz"):
        path.write_bytes(gzip.compress(content, mtime=0))
    elif suffix.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("arxiv-metadata-oai-snapshot.json", content)
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".zip"])
def test_every_form_of_the_file_gives_the_same_papers(tmp_path: Path, papers: list[Paper], suffix: str) -> None:
    path = _written(tmp_path, suffix, b"".join(_line(_fields(p)) for p in papers))
    second_version = PaperVersion(papers[1].arxiv_id, 2, papers[1].updated_at)
    assert list(read_snapshot(path, WATCHED)) == [
        SnapshotLine(1, papers[0], None),
        SnapshotLine(2, papers[1], None, (second_version,)),
    ]


def test_lines_that_cannot_be_read_are_named_by_number_and_the_rest_is_read(
    tmp_path: Path, papers: list[Paper]
) -> None:
    broken = [
        b"not json\n",
        b"\xff\xfe\n",
        b"[1, 2]\n",
        b"\n",
        _line({"id": "2606.1"}),
        _line(_fields(papers[0], id="nonsense")),
        _line(_fields(papers[0], versions=[])),
        _line(_fields(papers[0], versions=[{"version": "v1", "created": "some day"}])),
        _line(_fields(papers[0], versions=[{"version": "v1", "created": 5}])),
        _line(_fields(papers[0], title=None)),
        _line(_fields(papers[0], abstract=" ")),
        _line(_fields(papers[0], authors_parsed=[["Alone"]])),
        b"[" * 100_000 + b"\n",
    ]
    path = _written(tmp_path, ".json", _line(_fields(papers[0])) + b"".join(broken) + _line(_fields(papers[1])))
    lines = list(read_snapshot(path, WATCHED))
    assert [line.paper for line in lines if line.paper] == papers
    named = [line.number for line in lines if line.problem]
    assert named == [2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14]  # line 5 is blank
    assert all(line.paper is None or line.problem is None for line in lines)


def test_unwatched_papers_are_neither_read_nor_complained_about(tmp_path: Path, make_paper: Make) -> None:
    unwatched = _fields(make_paper(1), categories="math.OC", title=None)
    crosslisted = _fields(make_paper(2), categories="math.OC cs.CL")
    lines = list(read_snapshot(_written(tmp_path, ".json", _line(unwatched) + _line(crosslisted)), WATCHED))
    assert lines[0] == SnapshotLine(1, None, None)
    assert lines[1].paper is not None
    assert (lines[1].paper.primary_category, lines[1].paper.categories) == ("math.OC", ("math.OC", "cs.CL"))


def test_authors_are_read_from_the_plain_line_where_parts_are_absent(tmp_path: Path, make_paper: Make) -> None:
    fields = _fields(make_paper(1), authors_parsed=[], authors="Ada Example,  Ben\n Sample")
    [line] = read_snapshot(_written(tmp_path, ".json", _line(fields)), WATCHED)
    assert line.paper is not None
    assert line.paper.authors == ("Ada Example", "Ben Sample")


def test_the_api_and_the_snapshot_give_equal_papers(tmp_path: Path, papers: list[Paper]) -> None:
    path = _written(tmp_path, ".json", b"".join(_line(_fields(p)) for p in papers))
    with SampleArxiv(papers, now=NOW) as arxiv:
        client = ArxivClient(ArxivSettings(api_url=arxiv.api_url, delay_s=0), product="test")
        page = client.page(window_of(papers[0].week), ("cs.LG",), start=0, size=10)
    assert [line.paper for line in read_snapshot(path, WATCHED)] == list(page.papers)


@pytest.mark.parametrize("suffix", [".json.gz", ".zip"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "nonsense"])
def test_a_damaged_archive_is_one_usage_error(tmp_path: Path, make_paper: Make, suffix: str, damage: str) -> None:
    content = b"".join(_line(_fields(make_paper(i))) for i in range(1, 400))
    path = _written(tmp_path, suffix, content)
    body = bytearray(path.read_bytes())
    if damage == "cut":
        body = body[: len(body) // 2]
    elif damage == "flipped":
        middle = len(body) // 2
        body[middle : middle + 40] = bytes(40)
    else:
        body = bytearray(b"this is neither gzip nor zip")
    path.write_bytes(body)
    with pytest.raises(UsageError, match="snapshot"):
        list(read_snapshot(path, WATCHED))


def test_an_absent_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(read_snapshot(tmp_path / "absent.json", WATCHED))


def test_a_zip_of_several_files_is_wrong_use(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("one", "")
        archive.writestr("two", "")
    with pytest.raises(UsageError, match="contains 2 files"):
        list(read_snapshot(tmp_path / "two.zip", WATCHED))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    name=st.sampled_from(
        ["id", "title", "abstract", "authors", "authors_parsed", "categories", "comments", "doi", "versions"]
    ),
    value=_JSON,
)
def test_any_field_value_gives_a_paper_or_a_problem(make_paper: Make, name: str, value: object) -> None:
    line = _read_line(1, _line(_fields(make_paper(1)) | {name: value}), set(WATCHED))
    assert line.paper is None or line.problem is None
    if line.paper is not None:
        assert line.paper.doi is None or isinstance(line.paper.doi, str)


def test_an_endless_line_is_skipped_in_constant_memory(tmp_path: Path, papers: list[Paper]) -> None:
    endless = b'{"abstract": "' + b"x" * 40_000_000 + b'"}\n'
    path = _written(
        tmp_path, ".json", _line(_fields(papers[0])) + endless + _line(_fields(papers[1])) + b"y" * 20_000_000
    )
    lines = list(read_snapshot(path, WATCHED))
    assert [line.paper for line in lines] == [papers[0], None, papers[1], None]
    assert [line.number for line in lines if "longer than" in str(line.problem)] == [2, 4]


@pytest.mark.parametrize("suffix", [".json", ".json.gz", ".zip"])
def test_each_line_reports_how_much_of_the_file_was_read(tmp_path: Path, make_paper: Make, suffix: str) -> None:
    path = _written(tmp_path, suffix, b"".join(_line(_fields(make_paper(i))) for i in range(1, 2000)))
    read = [line.n_bytes for line in read_snapshot(path, WATCHED)]
    assert read == sorted(read)
    assert 0 < read[0] < path.stat().st_size
    assert read[-1] == pytest.approx(path.stat().st_size, rel=0.1)


@pytest.mark.parametrize("name", ["title", "abstract", "comments", "authors_parsed"])
@pytest.mark.parametrize("character", ["\ud83d", "\x00"])
def test_a_character_that_no_database_accepts_is_a_problem_in_any_field(
    make_paper: Make, name: str, character: str
) -> None:
    text = f"A {character} B"
    fields = _fields(make_paper(1)) | {name: [[text, "Ada", ""]] if name == "authors_parsed" else text}
    line = _read_line(1, _line(fields), set(WATCHED))
    assert (line.paper, line.problem) == (None, "it contains a NUL or a lone surrogate")


def test_characters_that_are_written_in_two_halves_are_read(make_paper: Make) -> None:
    line = _read_line(1, _line(_fields(make_paper(1)) | {"title": "On \U0001f600 and \\u0000 as text"}), set(WATCHED))
    assert line.paper is not None
    assert line.paper.title == "On \U0001f600 and \\u0000 as text"


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/urandom", "/"])
def test_what_is_no_file_is_refused_at_once(path: str) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        list(read_snapshot(Path(path), WATCHED))


@pytest.mark.parametrize(
    "content", [b"\x7fELF\x00\n" * 500, b"a,b\n1,2\n" * 100, b"\x00" * 300_000_000], ids=["binary", "csv", "zeros"]
)
def test_a_file_that_is_no_snapshot_ends_with_one_line(tmp_path: Path, content: bytes) -> None:
    path = _written(tmp_path, ".json", content)
    with pytest.raises(UsageError, match="is not arXiv's metadata snapshot: "):
        list(read_snapshot(path, WATCHED))


@pytest.mark.parametrize("suffix", [".json.gz", ".zip"])
def test_a_packed_file_that_unfolds_without_end_is_given_up(tmp_path: Path, papers: list[Paper], suffix: str) -> None:
    path = _written(tmp_path, suffix, _line(_fields(papers[0])) + (b" " * 1000 + b"\n") * 200_000)
    with pytest.raises(UsageError, match="unfolds to more than 50 times its size"):
        list(read_snapshot(path, WATCHED))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"versions": [{"version": "v1", "created": "Mon, 1 Jan 0001 00:00:00 GMT"}]}, "not a date of arXiv"),
        ({"versions": [{"version": "v1", "created": "Fri, 31 Dec 9999 00:00:00 GMT"}]}, "not a date of arXiv"),
        ({"versions": [{"version": "v" + "9" * 24, "created": "Mon, 15 Jun 2026 00:00:00 GMT"}]}, "characters"),
        ({"versions": [{"version": "v" + "9" * 18, "created": "Mon, 15 Jun 2026 00:00:00 GMT"}]}, "12 digits"),
        ({"authors": "a" * 300_000, "authors_parsed": None}, "the author line has 300,000 characters"),
        ({"abstract": "a" * 30_000}, "field 'abstract' has 30,000 characters"),
    ],
)
def test_a_line_beyond_the_bounds_is_named(make_paper: Make, fields: dict[str, Any], problem: str) -> None:
    line = _read_line(1, _line(_fields(make_paper(1), **fields)), set(WATCHED), now=NOW)
    assert line.paper is None
    assert problem in str(line.problem)


def test_deep_nesting_is_a_problem_of_its_line() -> None:
    line = _read_line(1, b'{"id": ' + b"[" * 200_000, set(WATCHED), now=NOW)
    assert line.problem is not None
    assert len(line.problem) < 400
