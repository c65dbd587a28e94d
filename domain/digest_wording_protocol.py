"""Protocols of the wording of a digest: facts in, sentences out; ``templates/digest_wording.py`` has the English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.digest_facts import FollowMatch, FurtherFacts, HeadlineFacts, NoteFacts, PaperReason
from domain.week import Week


@dataclass(frozen=True)
class ListWords:
    """Heading and definition of a list of papers."""

    heading: str
    definition: str


class DigestWording(Protocol):
    """Puts the facts of a digest into words."""

    def headline(self, facts: HeadlineFacts) -> str:
        """The week in one sentence."""

    def further(self, facts: FurtherFacts) -> tuple[str, ...]:
        """Up to two sentences after the headline."""

    def notes(self, facts: NoteFacts) -> tuple[str, ...]:
        """One sentence for each limit that holds."""

    def paper_reason(self, reason: PaperReason) -> str:
        """Why a paper is listed."""

    def all_papers(self, week: Week) -> ListWords:
        """Words of the list of all papers of a week."""

    def papers_without_topic(self) -> ListWords:
        """Words of the list of papers that belong to no topic."""

    def papers_of_topic(self, label: str, top_terms: Sequence[str]) -> ListWords:
        """Words of the list of a topic's papers."""


class PersonalWording(Protocol):
    """Puts into words why papers are in a reader's own part of an issue."""

    def listed(self, matches: Sequence[FollowMatch]) -> str:
        """Why a paper is listed; the best match comes first."""
