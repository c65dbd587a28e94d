"""Taxonomy: the techniques and themes that Papertide looks for, read from a file that an operator can extend."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from domain.detections import Term
from domain.errors import ConfigError

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"\w")
_WORD_LISTS = ("strong", "ambiguous", "sense", "weak", "context", "hints", "exclude")
_TEXT_LISTS = ("matches", "misses")
_FIELDS = {"key", "name", "definition", *_WORD_LISTS, *_TEXT_LISTS}


@dataclass(frozen=True)
class TermEntry:
    """One technique or theme as the taxonomy file describes it.

    ``strong`` words show the term wherever they occur. ``weak`` words count only if the paper also holds a strong or a
    ``context`` word. ``ambiguous`` words have other meanings in other fields: they count like strong ones, but only if
    the paper also holds a strong, ``sense`` or context word ("pruning" beside "weights"). None of them counts inside an
    ``exclude`` phrase. ``hints`` show nothing themselves; beside other words
    they are evidence for or against a fitted technique ("CLIP" beside "vision-language model" is evidence against a
    large language model). ``matches`` and ``misses`` are texts in which the term must be found and must not be found;
    the tests check them.
    """

    kind: Literal["technique", "theme"]
    key: str
    name: str
    definition: str
    strong: tuple[str, ...]
    ambiguous: tuple[str, ...] = ()
    sense: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()

    @property
    def content_hash(self) -> str:
        """Twelve hexadecimal digits, a hash of everything that decides what is found."""
        parts = [self.kind, self.key]
        for words in (self.strong, self.weak, self.context, self.hints, self.exclude):
            parts += ["\x1e", *words]
        if self.ambiguous:
            parts += ["\x1e", *self.ambiguous, "\x1e", *self.sense]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Taxonomy:
    """The techniques, then the themes, in the order in which they are published.

    ``measured_hashes`` are the content hashes of the entries for which the detector's accuracy was measured. A term
    whose words have changed since then counts as not measured.
    """

    name: str
    version: int
    entries: tuple[TermEntry, ...]
    measured_hashes: frozenset[str] = frozenset()

    @property
    def taxonomy_id(self) -> str:
        """Name, version and a hash of the content: ``papertide/1-3f2a90c1``."""
        content = "\x1f".join(f"{e.content_hash}{e.name}{e.definition}" for e in self.entries)
        return f"{self.name}/{self.version}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The entries as readers see them, without their words, in the order of the file."""
        return tuple(
            Term(e.kind, e.key, e.name, e.definition, measured=e.content_hash in self.measured_hashes)
            for e in self.entries
        )

    def term(self, key: str) -> Term:
        """The term with this key.

        Raises
        ------
        KeyError
            If the taxonomy has no such term.
        """
        for term in self.terms:
            if term.key == key:
                return term
        raise KeyError(key)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """The taxonomy of a file, or the one that ships with Papertide.

    Raises
    ------
    ConfigError
        If the file cannot be read or is not a taxonomy; one line with the file, the term and what is wrong.
    """
    label = "the shipped taxonomy" if path is None else str(path)
    try:
        return replace(parse_taxonomy(_read(path, label)), measured_hashes=_measured_hashes())
    except ValueError as error:
        raise ConfigError(f"taxonomy {label}: {error}") from error


def load_technique(path: Path, key: str | None = None) -> TermEntry:
    """The technique of a file that holds ``[[technique]]`` blocks, with or without the name of a taxonomy.

    Parameters
    ----------
    path : the file.
    key : which technique; ``None`` where the file holds one.

    Raises
    ------
    ConfigError
        If the file cannot be read or is not a taxonomy, or does not hold that one technique.
    """
    content = _read(path, str(path))
    try:
        if not {"name", "version"} & tomllib.loads(content).keys():
            content = f'name = "trial"\nversion = 1\n{content}'
    except tomllib.TOMLDecodeError:
        pass  # parse_taxonomy says what is wrong
    try:
        techniques = [entry for entry in parse_taxonomy(content).entries if entry.kind == "technique"]
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    keys = ", ".join(entry.key for entry in techniques)
    wanted = [entry for entry in techniques if key in (None, entry.key)]
    if not wanted:
        raise ConfigError(f"{path}: holds no technique {key!r}, only {keys}" if keys else f"{path}: holds no technique")
    if len(wanted) > 1:
        raise ConfigError(f"{path}: holds {len(wanted)} techniques; name one with --key")
    return wanted[0]


def _read(path: Path | None, label: str) -> str:
    try:
        return (files("analysis.detection") / "taxonomy.toml" if path is None else path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"taxonomy {label}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"taxonomy {label}: is not UTF-8 text; save it as UTF-8") from error


def _measured_hashes() -> frozenset[str]:
    """Content hashes of the entries that the shipped scores are of; empty before the detector was first fitted."""
    scores = files("analysis.detection") / "detector_scores.json"
    if not scores.is_file():
        return frozenset()
    labels = json.loads(scores.read_text(encoding="utf-8"))["labels"]
    return frozenset(label["content_hash"] for label in labels.values())


def parse_taxonomy(content: str) -> Taxonomy:
    """The taxonomy that a TOML text describes.

    Raises
    ------
    ValueError
        Naming the term and what is wrong, in one line.
    """
    try:
        table = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"not valid TOML: {error}") from error
    unknown = sorted(set(table) - {"name", "version", "technique", "theme"})
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; allowed are name, version, [[technique]] and [[theme]]")
    name, version = table.get("name"), table.get("version")
    if not isinstance(name, str) or not name.strip():
        raise ValueError('name is missing; write name = "..."')
    if not isinstance(version, int) or isinstance(version, bool):
        raise ValueError("version is missing or not a whole number; write version = 1")
    techniques = _entries("technique", table.get("technique", []))
    themes = _entries("theme", table.get("theme", []))
    if not techniques and not themes:
        raise ValueError("holds no [[technique]] and no [[theme]]")
    seen: set[str] = set()
    for entry in techniques + themes:
        if entry.key in seen:
            raise ValueError(f"key {entry.key!r} is used twice")
        seen.add(entry.key)
    return Taxonomy(name.strip(), version, techniques + themes)


def _entries(kind: Literal["technique", "theme"], tables: object) -> tuple[TermEntry, ...]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{kind} must be written as [[{kind}]], one block a {kind}")
    return tuple(_entry(kind, number, table) for number, table in enumerate(tables, start=1))


def _entry(kind: Literal["technique", "theme"], number: int, table: dict[str, Any]) -> TermEntry:
    key = table.get("key")
    if not isinstance(key, str) or _KEY.fullmatch(key) is None:
        raise ValueError(f"{kind} number {number}: key must be lower-case letters, digits and _, got {key!r}")
    where = f"{kind} {key!r}"
    unknown = sorted(set(table) - _FIELDS)
    if unknown:
        raise ValueError(f"{where}: unknown field {unknown[0]!r}; allowed are {', '.join(sorted(_FIELDS))}")
    for field in ("name", "definition"):
        if not isinstance(table.get(field), str) or not table[field].strip():
            raise ValueError(f"{where}: {field} is missing")
    lists: dict[str, tuple[str, ...]] = {}
    for field in _WORD_LISTS + _TEXT_LISTS:
        values = table.get(field, [])
        if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
            raise ValueError(f"{where}: {field} must be a list of texts")
        lists[field] = tuple(values)
    for field in _WORD_LISTS:
        for word in lists[field]:
            if len(_WORD.findall(word)) < 2 or "*" in word.strip("*"):
                raise ValueError(
                    f"{where}: {field} has {word!r}; a word needs two letters or digits, and * only at its ends"
                )
    if lists["ambiguous"] and not (lists["sense"] or lists["context"]):
        raise ValueError(f"{where}: ambiguous words need sense or context words that say what they mean")
    if not lists["strong"]:
        raise ValueError(f"{where}: strong is missing; without a strong word nothing can be found")
    return TermEntry(kind, key, table["name"].strip(), table["definition"].strip(), **lists)
