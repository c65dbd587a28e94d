"""Standards and failure modes that abstracts name, from lists that an operator can extend."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from analysis.detection.term_matcher import WordFinder, plain
from domain.detections import Evidence, EvidenceField
from domain.errors import ConfigError
from domain.standards_and_failure_modes import FailureMode, RuleMention, Standard, Subject

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_STANDARD_FIELDS = ("key", "name", "kind", "publisher", "url", "words")
_FAILURE_FIELDS = ("key", "name", "definition", "words")
_SUBJECT_FIELDS = ("name", "eu_ai_act", "nist_ai_rmf", "iso_42001")
_STANDARD_KINDS = ("law", "standard", "framework", "guidance")


@dataclass(frozen=True)
class NamedRules:
    """The standards and failure modes that are looked for, and the crosswalk of subjects.

    ``rules_id`` changes with every word that decides what is found.
    """

    standards: tuple[Standard, ...]
    failure_modes: tuple[FailureMode, ...]
    subjects: tuple[Subject, ...]

    @property
    def entries(self) -> tuple[Standard | FailureMode, ...]:
        """The standards, then the failure modes."""
        return (*self.standards, *self.failure_modes)

    @property
    def rules_id(self) -> str:
        content = "\x1e".join("\x1f".join((entry.key, *entry.words)) for entry in self.entries)
        return hashlib.sha256(content.encode()).hexdigest()[:8]


class RuleFinder:
    """Finds the standards and failure modes of one list in titles and abstracts."""

    def __init__(self, rules: NamedRules) -> None:
        self.rules = rules
        self._kinds_and_keys = [("standard", entry.key) for entry in rules.standards]
        self._kinds_and_keys += [("failure_mode", entry.key) for entry in rules.failure_modes]
        words: list[str] = []
        groups: list[int] = []
        for number, entry in enumerate(rules.entries):
            words += entry.words
            groups += [number] * len(entry.words)
        self._finder = WordFinder(words, groups)

    def find(self, title: str, abstract: str) -> tuple[RuleMention, ...]:
        """The entries that a title and an abstract name, in the order of the lists, with where."""
        places: dict[int, list[Evidence]] = {}
        fields: tuple[tuple[EvidenceField, str], ...] = (("title", title), ("abstract", abstract))
        for field, text in fields:
            for group, hits in self._finder.places(text, plain(text)).items():
                spans = sorted({(start, end) for _, start, end in hits}, key=lambda span: (span[0], -span[1]))
                last_end = -1
                for start, end in spans:
                    if start >= last_end:
                        places.setdefault(group, []).append(Evidence(field, start, end))
                        last_end = end
        return tuple(
            RuleMention(*self._kinds_and_keys[number], tuple(places[number]))  # type: ignore[arg-type]
            for number in sorted(places)
        )


def load_named_rules(standards: Path | None = None, failure_modes: Path | None = None) -> NamedRules:
    """The lists that ship with Papertide, extended by an operator's files.

    Raises
    ------
    ConfigError
        If a file cannot be read or is not such a list; one line with the file, the entry and what is wrong.
    """
    packaged = files("analysis.claims")
    tables = [_table("the shipped standards", (packaged / "standards.toml").read_text(encoding="utf-8"))]
    failures = [_table("the shipped failure modes", (packaged / "failure_modes.toml").read_text(encoding="utf-8"))]
    if standards is not None:
        tables.append(_table(f"standards {standards}", _text(standards)))
    if failure_modes is not None:
        failures.append(_table(f"failure modes {failure_modes}", _text(failure_modes)))
    found_standards: dict[str, Standard] = {}
    found_failures: dict[str, FailureMode] = {}
    subjects: dict[str, Subject] = {}
    for label, table in tables:
        _refuse_unknown(label, table, ("standard", "subject"))
        for row in table.get("standard", ()):
            _check(label, row, _STANDARD_FIELDS)
            if row["kind"] not in _STANDARD_KINDS:
                raise ConfigError(
                    f"{label}: {row['key']}: kind is one of {', '.join(_STANDARD_KINDS)}, not {row['kind']!r}"
                )
            found_standards[row["key"]] = Standard(**_with_tuples(row))
        for row in table.get("subject", ()):
            _check(label, row, _SUBJECT_FIELDS)
            subjects[row["name"]] = Subject(**row)
    for label, table in failures:
        _refuse_unknown(label, table, ("failure_mode",))
        for row in table.get("failure_mode", ()):
            _check(label, row, _FAILURE_FIELDS)
            found_failures[row["key"]] = FailureMode(**_with_tuples(row))
    rules = NamedRules(tuple(found_standards.values()), tuple(found_failures.values()), tuple(subjects.values()))
    for entry in rules.entries:
        if unknown := sorted(set(entry.subjects) - set(subjects)):
            raise ConfigError(f"{entry.key}: there is no subject {unknown[0]!r}; allowed are {', '.join(subjects)}")
    return rules


def _with_tuples(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8") from error


def _table(label: str, content: str) -> tuple[str, Mapping[str, Any]]:
    try:
        return label, tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{label}: not valid TOML: {error}") from error


def _refuse_unknown(label: str, table: Mapping[str, Any], allowed: Sequence[str]) -> None:
    if unknown := sorted(set(table) - set(allowed)):
        raise ConfigError(f"{label}: unknown {', '.join(unknown)}; allowed are {', '.join(allowed)}")


def _check(label: str, row: Mapping[str, Any], fields: Sequence[str]) -> None:
    name = row.get("key") or row.get("name") or "an entry"
    if missing := [field for field in fields if field not in row]:
        raise ConfigError(f"{label}: {name}: {', '.join(missing)} is missing")
    if unknown := sorted(set(row) - {*fields, *(["subjects"] if "words" in fields else [])}):
        raise ConfigError(f"{label}: {name}: unknown {', '.join(unknown)}; allowed are {', '.join(fields)}")
    if "key" in row and not (isinstance(row["key"], str) and _KEY.fullmatch(row["key"])):
        raise ConfigError(f"{label}: {name}: a key has lower-case letters, digits and underscores")
    words = row.get("words")
    if "words" in fields and not (
        isinstance(words, list) and words and all(isinstance(w, str) and any(c.isalnum() for c in w) for w in words)
    ):
        raise ConfigError(f"{label}: {name}: words is a list of words")
    named = row.get("subjects", [])
    if not (isinstance(named, list) and all(isinstance(subject, str) for subject in named)):
        raise ConfigError(f"{label}: {name}: subjects is a list of names of subjects")
    for field in fields:
        if field != "words" and not (isinstance(row[field], str) and row[field].strip()):
            raise ConfigError(f"{label}: {name}: {field} is a text")
