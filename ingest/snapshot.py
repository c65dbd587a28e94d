"""arXiv's metadata snapshot as published on Kaggle: one JSON object per line, plain, .gz or .zip."""

from __future__ import annotations

import gzip
import json
import math
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from domain.author_name import AuthorName, real_authors
from domain.errors import UsageError
from domain.paper import Paper, PaperVersion, categories_among, one_line, parse_arxiv_id, says_withdrawn
from domain.tex_as_text import text_line
from ingest.author_lines import split_authors
from ingest.dates import parse_mail_date
from ingest.record_bounds import (
    MAX_AUTHOR,
    MAX_AUTHOR_LINE,
    MAX_AUTHORS,
    MAX_DATE,
    MAX_LENGTHS,
    MAX_NOTE,
    MAX_VERSION,
    check_length,
    check_number,
    check_record,
)

_SUSPICIOUS = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_LINE = 1 << 21  # bytes; the longest real lines, with thousands of authors, have about 500,000
_MAX_PROBLEM = 300
_MAX_SKIPPED = 1 << 28  # bytes of a longer line that are skipped before the file is given up
_N_FIRST_LINES = 20
"""If none of so many first lines is a JSON object, the file is no snapshot."""
_MAX_RATIO = 50
_MIN_UNPACKED = 1 << 26
"""A packed file may unfold to ``_MAX_RATIO`` times its size, and to so many bytes in any case. arXiv's unfolds to three
times its size."""


@dataclass(frozen=True)
class SnapshotLine:
    """One line of the snapshot: its paper, or the problem with it; neither if no watched category lists it.

    ``versions`` are those between the paper's first and newest. ``n_bytes`` is how much of the file on disk was read
    so far.
    """

    number: int
    paper: Paper | None
    problem: str | None
    versions: tuple[PaperVersion, ...] = ()
    n_bytes: int = field(default=0, compare=False)


def read_snapshot(path: Path, categories: Collection[str], *, now: datetime | None = None) -> Iterator[SnapshotLine]:
    """Read every line of a snapshot, in order, in constant memory.

    No paper may be dated after ``now``, by default the present.

    Raises
    ------
    UsageError
        If the file cannot be opened or decompressed, or is no snapshot; the lines before the damage are yielded first.
    """
    watched, now = set(categories), now or datetime.now(UTC)
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is not a file; import reads arXiv's metadata snapshot")
    try:
        with path.open("rb") as file, _unpacked(path, file) as text:
            max_bytes = _max_unpacked(path)
            number = n_objects = n_unpacked = 0
            while line := text.readline(_MAX_LINE):
                number += 1
                n_unpacked += len(line)
                n_objects += line.lstrip()[:1] == b"{"
                if number >= _N_FIRST_LINES and not n_objects:
                    raise UsageError(f"{path} is not arXiv's metadata snapshot: its first lines are no JSON objects")
                if len(line) == _MAX_LINE and not line.endswith(b"\n"):
                    n_unpacked += _skip_line(path, text)
                    yield SnapshotLine(number, None, f"longer than {_MAX_LINE:,} bytes", n_bytes=file.tell())
                elif line.strip():
                    yield _read_line(number, line, watched, file.tell(), now=now)
                if n_unpacked > max_bytes:
                    raise UsageError(
                        f"{path} is not arXiv's metadata snapshot: it unfolds to more than {_MAX_RATIO} times its size"
                    )
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except (EOFError, zipfile.BadZipFile, zlib.error, ValueError) as error:
        raise UsageError(f"{path} is damaged: {error}") from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile: unknown compression method, or a password
        raise UsageError(f"cannot unpack {path}: {error}") from error


def _skip_line(path: Path, text: BinaryIO) -> int:
    """Read to the end of a line; returns the number of bytes."""
    n_skipped = 0
    while (rest := text.readline(_MAX_LINE)) and not rest.endswith(b"\n"):
        n_skipped += len(rest)
        if n_skipped > _MAX_SKIPPED:
            raise UsageError(f"{path} is not arXiv's metadata snapshot: a line has more than {_MAX_SKIPPED:,} bytes")
    return n_skipped


def _max_unpacked(path: Path) -> float:
    if path.suffix not in (".zip", ".gz"):
        return math.inf
    return max(_MIN_UNPACKED, _MAX_RATIO * path.stat().st_size)


@contextmanager
def _unpacked(path: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            if len(names) != 1:
                raise UsageError(f"{path} contains {len(names)} files; a snapshot archive contains exactly one")
            with archive.open(names[0]) as member:
                yield cast(BinaryIO, member)
    elif path.suffix == ".gz":
        with gzip.open(file, "rb") as member:
            yield cast(BinaryIO, member)
    else:
        yield file


def _read_line(
    number: int, line: bytes, watched: set[str], n_bytes: int = 0, *, now: datetime | None = None
) -> SnapshotLine:
    try:
        fields = json.loads(line.decode())
        if _SUSPICIOUS.search(line) is not None:
            _check_characters(fields)
        if not isinstance(fields, dict):
            return SnapshotLine(number, None, "not a JSON object", n_bytes=n_bytes)
        check_length("categories", _text(fields["categories"]), MAX_NOTE)
        categories = categories_among(fields["categories"].split())
        if not watched & set(categories):
            return SnapshotLine(number, None, None, n_bytes=n_bytes)
        paper = _paper(fields, categories)
        versions = _intermediate_versions(fields["versions"], paper)
        check_record(paper, versions, now=now or datetime.now(UTC))
        return SnapshotLine(number, paper, None, versions, n_bytes)
    except KeyError as error:
        return SnapshotLine(number, None, f"no field {str(error)[:40]}", n_bytes=n_bytes)
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        return SnapshotLine(number, None, one_line(str(error)[:_MAX_PROBLEM]), n_bytes=n_bytes)


def _paper(fields: dict[str, Any], categories: tuple[str, ...]) -> Paper:
    versions = fields["versions"]
    if not versions:
        raise ValueError("no version")
    check_number("number of versions", len(versions), MAX_VERSION)
    for name in ("title", "abstract", "comments", "doi", "journal-ref"):
        check_length(f"field {name!r}", fields.get(name), MAX_LENGTHS.get(name, MAX_NOTE))
    first, newest = versions[0], versions[-1]
    comment = text_line(fields["comments"]) if fields.get("comments") else None
    abstract = text_line(fields["abstract"])
    parts = _author_parts(fields)
    return Paper(
        arxiv_id=parse_arxiv_id(str(fields["id"])),
        version=_number(newest),
        title=text_line(fields["title"]),
        abstract=abstract,
        authors=tuple(name.text for name in parts) or split_authors(_author_line(fields)),
        primary_category=categories[0],  # arXiv lists the primary one first
        categories=categories,
        submitted_at=_date(first),
        updated_at=_date(newest),
        comment=comment,
        doi=one_line(fields["doi"]) if fields.get("doi") else None,
        journal_ref=text_line(fields["journal-ref"]) if fields.get("journal-ref") else None,
        is_withdrawn=says_withdrawn(comment, abstract),
        source="snapshot",
        author_parts=parts,
    )


def _intermediate_versions(versions: list[dict[str, Any]], paper: Paper) -> tuple[PaperVersion, ...]:
    return tuple(PaperVersion(paper.arxiv_id, _number(v), _date(v)) for v in versions[1:-1])


def _number(version: dict[str, Any]) -> int:
    text = str(version["version"])
    check_length("a version's number", text, 20)
    return int(text.removeprefix("v"))


def _date(version: dict[str, Any]) -> datetime:
    text = version["created"]
    check_length("a version's date", _text(text), MAX_DATE)
    return parse_mail_date(text)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value


def _check_characters(value: Any) -> None:
    """Refuse lone surrogates and NUL: valid in JSON, but databases do not accept them."""
    if isinstance(value, str):
        if _UNSTORABLE.search(value) is not None:
            raise ValueError("it contains a NUL or a lone surrogate")
    elif isinstance(value, dict):
        _check_characters(list(value.values()))
    elif isinstance(value, list):
        for element in value:
            _check_characters(element)


def _author_parts(fields: dict[str, Any]) -> tuple[AuthorName, ...]:
    """The names of ``authors_parsed``: ``[[last, first, suffix], ...]``, to which affiliations can be added."""
    parsed = fields.get("authors_parsed") or ()
    if parsed:
        check_number("number of authors", len(parsed), MAX_AUTHORS)
    names = []
    for a in parsed:
        parts = [_text(part) for part in a[:3]]
        check_length("an author's name", "".join(parts), MAX_AUTHOR)
        names.append(AuthorName(parts[0], parts[1], parts[2] if len(parts) > 2 else ""))
    return real_authors(names)


def _author_line(fields: dict[str, Any]) -> str:
    line = _text(fields.get("authors") or "")
    check_length("the author line", line, MAX_AUTHOR_LINE)
    return line
