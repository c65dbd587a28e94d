"""Find words that the style guide bans, and headings in docs that are whole sentences.

    python -m tools.check_english [FOLDER]

Prints ``file:line: word: suggestion`` for each finding; exit status 1 where there is one. Code is read as words too:
``openDoor``, ``open_door`` and "open the door" all hold "door".
"""

from __future__ import annotations

import io
import os
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent

SUFFIXES = {".py", ".md", ".html", ".txt", ".toml", ".css", ".js", ".mako", ".ipynb", ".cff", ""}

SKIPPED_FOLDERS = (
    ".*",
    "__pycache__",
    "dist",
    "digests",
    "papertide-data",
    "tests/**/golden",  # output of templates, which are read themselves
    "tests/**/recordings",  # other people's words
    "store/migrations/versions",  # a released migration is never edited
)
SKIPPED_FILES = (
    "LICENSE",
    "requirements.lock",
    "tools/check_english.py",  # names the banned words
    "tests/tools/test_check_english.py",
    "domain/venue_mention.py",  # names of conferences and journals
    "tests/domain/test_venue_mention.py",
    "docs/topics.md",  # labels made from the words of papers
    "sample/topics.toml",  # the words of made-up papers, which must stay the same
)


@dataclass(frozen=True)
class Rule:
    """A banned word: where it must not stand, and what to write instead.

    ``names`` are the identifiers of Python code and the names of files; ``all`` is every line of every file.
    """

    pattern: str
    suggestion: str
    where: Literal["all", "names"] = "all"


RULES = (
    Rule("workshops?", "application context"),
    Rule("post[ _-]?offices?", "mail service"),
    Rule("letters?", "mail, message or confirmation; for the alphabet see ALLOWED"),
    Rule("plumbing", "say what it does: health, readiness, metrics, helpers"),
    Rule("warm", "cached, loaded or prepared"),
    Rule("shel(?:f|ves)", "cache or pool"),
    Rule("door(?:man|men)", "request guard"),
    Rule("doors?", "link, entry or request"),
    Rule("desks?", "confirmation context"),
    Rule("gates?", "rate limiter"),
    Rule("asking", "query parameters, a request, or the question itself", "names"),
    Rule("(?<!_)_?kept(?=\\()", "stored, loaded or cached", "names"),
    Rule("said", "text, label, value or result", "names"),
    Rule("(?:is|are|was|were|be|been) said", "state who shows or reports what"),
    Rule("called so(?! far)", "say what was found or is missing"),
    Rule("(?:for|the) asking", "for queries; requesting"),
    Rule("(?:private|public) words?", "message or reason"),
    Rule("looked through again", "collected, scanned or checked"),
    Rule("(?:whether|how) we (?:live|are ready|fare)", "health, readiness and metrics"),
    Rule("what machines ask", "health, readiness and metrics endpoints"),
    Rule("words are called", "only watched terms get trend calls"),
    Rule("times so much a year|so many times as much", "annual odds ratio"),
    Rule("nothing comes of", "unused, finished or expired"),
    Rule("hills? of one continent|hilltops?", "clusters"),
    Rule("counts as a try", "counts as a failed attempt"),
    Rule("anew", "again, or a verb with re-"),
    Rule("held here", "stored here"),
    Rule("living", "active"),
    Rule("somebody's to", "state who must do what"),
)

ALLOWED = (
    # letters of the alphabet
    r"letter-spacing",
    r"(?:lower-case|upper-case|capital|Greek|Latin) letters?",
    r"letters (?:and|or) digits",
    r"letters, (?:digits|'\.')",
    r"one letter",
    r"(?:any )?letters with accents|letters_with_accents|accents as letters|any letters|a letter in it",
    r"at a workshop",  # where a paper was accepted
    # physical things in made-up abstracts, and in what papers are about
    r"door opening",
    r"gated?[- ](?:unit|network|attention|recurrent|linear)\w*",
    r"(?:logic|quantum|gating) gates?",
    # the name of a table and of a lease in databases of before
    r"request_gate",
    r'"letters"',
    # the ordinary word for filling a cache before the first request
    r"warm[- ]?(?:up|ed|s|ing)",
    # a count by arXiv as a field of records and of stored rows
    r"n_said",
    r"said_(?:mentions|adopts)",
)
"""What a rule may meet, each with its reason above it; matched on the line, so that the banned word is part of it."""

_ALPHABET = "letters?"
ABOUT_THE_ALPHABET = frozenset(
    (
        "domain/author_name.py",
        "domain/paper.py",
        "domain/tex_as_text.py",
        "domain/search_text.py",
        "analysis/search/described_text.py",
        "domain/formula_as_text.py",
        "ingest/author_lines.py",
        "queries/search.py",
        "templates/paper_exports.py",
        "tests/domain/test_author_name.py",
        "tests/domain/test_tex_as_text.py",
        "tests/domain/test_search_text.py",
        "tools/sweep_tex_and_names.py",
    )
)
"""Files in which "letter" is one of the alphabet."""

MAX_HEADING = 72
MAX_HEADING_WORDS = 12
_HEADING = re.compile(r"^#{1,6} +(.*?) *$")
_FENCE = re.compile(r"^ *(?:```|~~~)")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _bounded(pattern: str) -> re.Pattern[str]:
    # "_" parts words here, unlike in \b, so that names are read as words.
    return re.compile(rf"(?<![A-Za-z])(?:{pattern})(?![A-Za-z])", re.IGNORECASE)


_EVERYWHERE = tuple((_bounded(rule.pattern), rule) for rule in RULES if rule.where == "all")
_IN_NAMES = tuple((_bounded(rule.pattern), rule) for rule in RULES if rule.where == "names")
_ALLOWED = re.compile("|".join(ALLOWED), re.IGNORECASE)


@dataclass(frozen=True, order=True)
class Finding:
    """A banned word, or a heading, and what to do about it."""

    path: str
    line: int
    words: str
    suggestion: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}: {self.suggestion}"


def findings(root: Path) -> Iterator[Finding]:
    """What is wrong in the names and the texts of the files below a folder."""
    for file in _files(root):
        path = file.relative_to(root).as_posix()
        yield from _in_text(path, 0, path, (*_EVERYWHERE, *_IN_NAMES))
        text = file.read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            yield from _in_text(path, number, line, _EVERYWHERE)
        if file.suffix == ".py":
            yield from _in_identifiers(path, text)
        if file.suffix == ".md":
            yield from _in_headings(path, text)


def _files(root: Path) -> Iterator[Path]:
    skipped = {path for pattern in SKIPPED_FOLDERS for path in root.glob(pattern)}
    skipped |= {root / name for name in SKIPPED_FILES}
    for folder, below, names in os.walk(root):
        # Folders that are cut from the list are not entered.
        below[:] = sorted(name for name in below if Path(folder, name) not in skipped and name != "__pycache__")
        for name in sorted(names):
            file = Path(folder, name)
            if file.suffix in SUFFIXES and file not in skipped:
                yield file


def _in_text(path: str, number: int, line: str, rules: Sequence[tuple[re.Pattern[str], Rule]]) -> Iterator[Finding]:
    spelled = _CAMEL.sub(" ", line)
    allowed = [match.span() for match in _ALLOWED.finditer(spelled)]
    for pattern, rule in rules:
        if rule.pattern == _ALPHABET and path in ABOUT_THE_ALPHABET:
            continue
        for match in pattern.finditer(spelled):
            if not any(start <= match.start() and match.end() <= end for start, end in allowed):
                yield Finding(path, number, match[0], rule.suggestion)


def _in_identifiers(path: str, text: str) -> Iterator[Finding]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            called = "(" if token.line[token.end[1] :].startswith("(") else ""
            yield from _in_text(path, token.start[0], token.string + called, _IN_NAMES)


def _in_headings(path: str, text: str) -> Iterator[Finding]:
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if _FENCE.match(line):
            fenced = not fenced
        heading = _HEADING.match(line)
        if fenced or heading is None:
            continue
        words = heading[1]
        if len(words) > MAX_HEADING or len(words.split()) > MAX_HEADING_WORDS:
            yield Finding(path, number, words, f"a heading has at most {MAX_HEADING} characters and names its subject")
        elif words.endswith((".", ";", ",")) or "; " in words:
            yield Finding(path, number, words, "a heading is not a sentence")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings; 1 where there is one."""
    given = sys.argv[1:] if arguments is None else arguments
    root = Path(given[0]) if given else ROOT
    found = sorted(set(findings(root)))
    for finding in found:
        sys.stdout.write(f"{finding}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
