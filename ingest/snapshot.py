"""arXiv's metadata snapshot as published on Kaggle: one JSON object per line, plain, .gz or .zip."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from domain.author_name import AuthorName, real_authors
from domain.errors import UsageError
from domain.paper import Paper, PaperVersion, categories_among, one_line, parse_arxiv_id, says_withdrawn
from domain.plain_text import text_line
from ingest.authors import split_authors
from ingest.dates import parse_mail_date

_SUSPICIOUS = re.compile(rb"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_MAX_LINE = 1 << 24  # bytes; the longest real lines, with thousands of authors, have about 500,000


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


def read_snapshot(path: Path, categories: Collection[str]) -> Iterator[SnapshotLine]:
    """Read every line of a snapshot, in order, in constant memory.

    Raises
    ------
    UsageError
        If the file cannot be opened or decompressed; the lines before the damage are yielded first.
    """
    watched = set(categories)
    try:
        with path.open("rb") as file, _unpacked(path, file) as text:
            number = 0
            while line := text.readline(_MAX_LINE):
                number += 1
                if len(line) == _MAX_LINE and not line.endswith(b"\n"):
                    while (rest := text.readline(_MAX_LINE)) and not rest.endswith(b"\n"):
                        pass
                    yield SnapshotLine(number, None, f"longer than {_MAX_LINE:,} bytes", n_bytes=file.tell())
                elif line.strip():
                    yield _read_line(number, line, watched, file.tell())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except (EOFError, zipfile.BadZipFile, zlib.error, ValueError) as error:
        raise UsageError(f"{path} is damaged: {error}") from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile: unknown compression method, or a password
        raise UsageError(f"cannot unpack {path}: {error}") from error


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


def _read_line(number: int, line: bytes, watched: set[str], n_bytes: int = 0) -> SnapshotLine:
    try:
        fields = json.loads(line.decode())
        if _SUSPICIOUS.search(line) is not None:
            _check_characters(fields)
        if not isinstance(fields, dict):
            return SnapshotLine(number, None, "not a JSON object", n_bytes=n_bytes)
        categories = categories_among(str(fields["categories"]).split())
        if not watched & set(categories):
            return SnapshotLine(number, None, None, n_bytes=n_bytes)
        paper = _paper(fields, categories)
        return SnapshotLine(number, paper, None, _intermediate_versions(fields["versions"], paper), n_bytes)
    except KeyError as error:
        return SnapshotLine(number, None, f"no field {error}", n_bytes=n_bytes)
    except (TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        return SnapshotLine(number, None, str(error), n_bytes=n_bytes)


def _paper(fields: dict[str, Any], categories: tuple[str, ...]) -> Paper:
    versions = fields["versions"]
    if not versions:
        raise ValueError("no version")
    first, newest = versions[0], versions[-1]
    comment = text_line(fields["comments"]) if fields.get("comments") else None
    abstract = text_line(fields["abstract"])
    parts = _author_parts(fields)
    return Paper(
        arxiv_id=parse_arxiv_id(str(fields["id"])),
        version=_number(newest),
        title=text_line(fields["title"]),
        abstract=abstract,
        authors=tuple(name.text for name in parts) or split_authors(str(fields.get("authors") or "")),
        primary_category=categories[0],  # arXiv lists the primary one first
        categories=categories,
        submitted_at=parse_mail_date(first["created"]),
        updated_at=parse_mail_date(newest["created"]),
        comment=comment,
        doi=one_line(fields["doi"]) if fields.get("doi") else None,
        journal_ref=text_line(fields["journal-ref"]) if fields.get("journal-ref") else None,
        is_withdrawn=says_withdrawn(comment, abstract),
        source="snapshot",
        author_parts=parts,
    )


def _intermediate_versions(versions: list[dict[str, Any]], paper: Paper) -> tuple[PaperVersion, ...]:
    return tuple(PaperVersion(paper.arxiv_id, _number(v), parse_mail_date(v["created"])) for v in versions[1:-1])


def _number(version: dict[str, Any]) -> int:
    return int(str(version["version"]).removeprefix("v"))


def _check_characters(value: Any) -> None:
    """Refuse lone surrogates and NUL: valid in JSON, but databases do not accept them."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("it contains a NUL or a lone surrogate")
    elif isinstance(value, dict):
        _check_characters(list(value.values()))
    elif isinstance(value, list):
        for element in value:
            _check_characters(element)


def _author_parts(fields: dict[str, Any]) -> tuple[AuthorName, ...]:
    """The names of ``authors_parsed``: ``[[last, first, suffix], ...]``, to which affiliations can be added."""
    parsed = fields.get("authors_parsed") or ()
    return real_authors(AuthorName(str(a[0]), str(a[1]), str(a[2]) if len(a) > 2 else "") for a in parsed)
