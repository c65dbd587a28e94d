"""Two papers to start with, by rules that are shown beside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from domain.cards import FirstPaper, FirstPaperReason
from domain.paper import ArxivId

N_FIRST_PAPERS = 2
_SURVEY = re.compile(
    r"\b(?:surveys?|(?:systematic |literature |comprehensive |scoping )reviews?|a review|overview|tutorial|primer|"
    r"introduction to|guide to|lecture notes)\b",
    re.IGNORECASE,
)

Candidate = tuple[ArxivId, str]
"""A paper and its title."""


def first_of_term(
    candidates: Sequence[Candidate], accepted: Collection[ArxivId], coded: Collection[ArxivId]
) -> tuple[FirstPaper, ...]:
    """The papers to start with for a technique or theme: a survey, and an accepted paper with code.

    Parameters
    ----------
    candidates : papers that are about the term, surest detection first.
    accepted, coded : those accepted by a venue, and those that name a repository.

    Returns
    -------
    The surest survey by its title, then the surest other paper that is accepted and has code, else that is accepted,
    else that has code, else the surest ones.
    """
    rules: list[tuple[FirstPaperReason, list[Candidate]]] = [
        ("survey", [one for one in candidates if _SURVEY.search(one[1])][:1]),
        *_by_standing([one for one in candidates if not _SURVEY.search(one[1])], accepted, coded),
        ("strongest", list(candidates)),
    ]
    return _chosen(rules)


def first_of_name(
    introducing: Candidate | None,
    uses: Sequence[Candidate],
    accepted: Collection[ArxivId],
    coded: Collection[ArxivId],
) -> tuple[FirstPaper, ...]:
    """The papers to start with for a named thing: the one that introduces it, and one that uses it.

    Parameters
    ----------
    introducing : the paper that introduces it, if it is held.
    uses : the papers that use it, newest first.
    """
    rules: list[tuple[FirstPaperReason, list[Candidate]]] = [
        ("introduces", [introducing] if introducing else []),
        *_by_standing(uses, accepted, coded),
        ("newest", list(uses)),
    ]
    return _chosen(rules)


def _by_standing(
    papers: Sequence[Candidate], accepted: Collection[ArxivId], coded: Collection[ArxivId]
) -> list[tuple[FirstPaperReason, list[Candidate]]]:
    """The first paper of each standing, best standing first."""
    return [
        ("accepted_with_code", [one for one in papers if one[0] in accepted and one[0] in coded][:1]),
        ("accepted", [one for one in papers if one[0] in accepted][:1]),
        ("code", [one for one in papers if one[0] in coded][:1]),
    ]


def _chosen(rules: Sequence[tuple[FirstPaperReason, Sequence[Candidate]]]) -> tuple[FirstPaper, ...]:
    chosen: dict[ArxivId, FirstPaper] = {}
    for reason, papers in rules:
        for arxiv_id, title in papers:
            if len(chosen) < N_FIRST_PAPERS:
                chosen.setdefault(arxiv_id, FirstPaper(arxiv_id, title, reason))
    return tuple(chosen.values())
