"""Application domains of papers, found by words of a list that an operator can extend."""

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
from domain.application_domain import ApplicationDomain
from domain.detections import Evidence, EvidenceField
from domain.errors import ConfigError
from domain.standards_and_failure_modes import RuleMention

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_REQUIRED = ("key", "name", "definition", "words")
_ALLOWED = (*_REQUIRED, "parent", "weak", "exclude")
_WORD_LISTS = ("words", "weak", "exclude")
_RULES_VERSION = 1
"""Raise it whenever the same words would find other papers."""

MIN_SCORE = 3
"""A paper is of a domain from this score on: a word in the title and another, or three in the abstract."""


@dataclass(frozen=True)
class DomainScore:
    """How much speaks for a domain in one paper, and the words that do.

    ``score`` counts a word in the title twice, each further one in the abstract once, and all weak words together once;
    it is 0 where only weak words are found.
    """

    score: int
    evidence: tuple[Evidence, ...]


class DomainFinder:
    """Finds the application domains of one list in titles and abstracts.

    Parameters
    ----------
    domains : parents before or after their children; a child's words are also words of its parent.
    """

    def __init__(self, domains: Sequence[ApplicationDomain]) -> None:
        self.domains = tuple(domains)
        words: list[str] = []
        groups: list[int] = []
        for number, one in enumerate(self.domains):
            children = [child for child in self.domains if child.parent == one.key]
            sure = dict.fromkeys(word for of in (one, *children) for word in of.words)
            excluded = dict.fromkeys(word for of in (one, *children) for word in of.exclude)
            for kind, found in enumerate((sure, dict.fromkeys(one.weak), excluded)):
                words += found
                groups += [3 * number + kind] * len(found)
        self._finder = WordFinder(words, groups)
        content = "\x1e".join(
            "\x1f".join((one.key, one.parent, *one.words, "", *one.weak, "", *one.exclude)) for one in self.domains
        )
        self.finder_id = f"domains{_RULES_VERSION}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def scores(self, title: str, abstract: str) -> dict[str, DomainScore]:
        """The score of every domain of which a word is found, by key, in the order of the list."""
        fields: tuple[tuple[EvidenceField, str], ...] = (("title", title), ("abstract", abstract))
        sure: dict[int, list[Evidence]] = {}
        weak: dict[int, list[Evidence]] = {}
        for field, text in fields:
            places = self._finder.places(text, plain(text))
            for number in {group // 3 for group in places}:
                excluded = [(start, end) for _, start, end in places.get(3 * number + 2, ())]
                sure.setdefault(number, []).extend(_spans(field, places.get(3 * number, ()), excluded))
                weak.setdefault(number, []).extend(_spans(field, places.get(3 * number + 1, ()), excluded))
        found = {}
        for number in sorted(sure):
            if sure[number]:
                points = sum(2 if at.field == "title" else 1 for at in sure[number]) + bool(weak[number])
                found[self.domains[number].key] = DomainScore(points, tuple(sure[number]))
        return found

    def find(self, title: str, abstract: str) -> tuple[RuleMention, ...]:
        """The domains of a paper with where its words stand, in the order of the list; a child brings its parent."""
        scores = self.scores(title, abstract)
        found = {key for key, of in scores.items() if of.score >= MIN_SCORE}
        found |= {one.parent for one in self.domains if one.key in found and one.parent}
        return tuple(
            RuleMention("domain", one.key, scores[one.key].evidence) for one in self.domains if one.key in found
        )


def _spans(
    field: EvidenceField, places: Sequence[tuple[int, int, int]], excluded: Sequence[tuple[int, int]]
) -> list[Evidence]:
    """The longest of overlapping places, outside excluded ones, in the order of the text."""
    kept: list[Evidence] = []
    last_end = -1
    for start, end in sorted({(s, e) for _, s, e in places}, key=lambda span: (span[0], -span[1])):
        if start >= last_end and not any(s <= start and end <= e for s, e in excluded):
            kept.append(Evidence(field, start, end))
            last_end = end
    return kept


def load_domains(path: Path | None = None) -> tuple[ApplicationDomain, ...]:
    """The domains that ship with Papertide, extended by an operator's file; each parent before its children.

    Raises
    ------
    ConfigError
        If a file cannot be read or is not such a list; one line with the file, the entry and what is wrong.
    """
    packaged = (files("analysis.applications") / "application_domains.toml").read_text(encoding="utf-8")
    tables = [_table("the shipped application domains", packaged)]
    if path is not None:
        tables.append(_table(f"application domains {path}", _text(path)))
    found: dict[str, ApplicationDomain] = {}
    for label, table in tables:
        if unknown := sorted(set(table) - {"domain"}):
            raise ConfigError(f"{label}: unknown {', '.join(unknown)}; allowed is [[domain]]")
        rows = table.get("domain", ())
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ConfigError(f"{label}: domain must be written as [[domain]], one block a domain")
        for row in rows:
            _check(label, row)
            lists = {name: tuple(row.get(name, ())) for name in _WORD_LISTS}
            found[row["key"]] = ApplicationDomain(
                row["key"], row["name"].strip(), row["definition"].strip(), parent=row.get("parent", ""), **lists
            )
        for one in found.values():
            if one.parent and (one.parent not in found or found[one.parent].parent):
                raise ConfigError(f"{label}: {one.key}: parent {one.parent!r} is not a domain at the top of the tree")
    tops = [one for one in found.values() if not one.parent]
    return tuple(one for top in tops for one in (top, *(child for child in found.values() if child.parent == top.key)))


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


def _check(label: str, row: Mapping[str, Any]) -> None:
    name = row.get("key") or row.get("name") or "an entry"
    if missing := [field for field in _REQUIRED if field not in row]:
        raise ConfigError(f"{label}: {name}: {', '.join(missing)} is missing")
    if unknown := sorted(set(row) - set(_ALLOWED)):
        raise ConfigError(f"{label}: {name}: unknown {', '.join(unknown)}; allowed are {', '.join(_ALLOWED)}")
    if not (isinstance(row["key"], str) and _KEY.fullmatch(row["key"])):
        raise ConfigError(f"{label}: {name}: a key has lower-case letters, digits and underscores")
    for field in ("name", "definition"):
        if not (isinstance(row[field], str) and row[field].strip()):
            raise ConfigError(f"{label}: {name}: {field} is a text")
    if not isinstance(row.get("parent", ""), str):
        raise ConfigError(f"{label}: {name}: parent is the key of a domain")
    for field in _WORD_LISTS:
        words = row.get(field, [])
        if not isinstance(words, list) or not all(isinstance(w, str) and any(c.isalnum() for c in w) for w in words):
            raise ConfigError(f"{label}: {name}: {field} is a list of words")
    if not row["words"]:
        raise ConfigError(f"{label}: {name}: words is empty, so that nothing could be found")
