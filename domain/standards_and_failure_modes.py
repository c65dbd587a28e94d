"""Standards and failure modes that papers name, and what else rules find in papers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.detections import Evidence

RuleKind = Literal["standard", "failure_mode", "domain", "claim", "fact"]
StandardKind = Literal["law", "standard", "framework", "guidance"]


@dataclass(frozen=True)
class Standard:
    """A law, standard, framework or guidance, and the words by which papers name it.

    ``subjects`` are the names of those that it is about; empty where it is about several or others.
    """

    key: str
    name: str
    kind: StandardKind
    publisher: str
    url: str
    words: tuple[str, ...]
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class FailureMode:
    """A way in which systems fail, with one sentence that says what it is; ``subjects`` as of a standard."""

    key: str
    name: str
    definition: str
    words: tuple[str, ...]
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """What several standards ask for, with the articles, functions and clauses whose headings say so."""

    name: str
    eu_ai_act: str
    nist_ai_rmf: str
    iso_42001: str


@dataclass(frozen=True)
class RuleMention:
    """What a rule found in one paper, and where.

    A standard, failure mode or application domain with its key; a claim of a saving with the key ``saving`` and once
    more with its quantity; or a fact, ``code`` or ``accepted``, which stands in no abstract and so has no evidence.
    """

    kind: RuleKind
    key: str
    evidence: tuple[Evidence, ...]


def rule_term(kind: RuleKind, key: str) -> str:
    """The term that asks for the papers of a standard or failure mode.

    Examples
    --------
    >>> rule_term("failure_mode", "drift")
    'failure_mode:drift'
    """
    return f"{kind}:{key}"
