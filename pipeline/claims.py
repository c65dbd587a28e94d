"""Claims stage: reads claims, findings, code links, named rules and application domains in papers not read yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analysis.applications.domain_finder import DomainFinder
from analysis.claims.claim_reader import ClaimReader
from analysis.claims.savings import saving_factor
from analysis.claims.standards_and_failure_modes import RuleFinder
from domain.claim import Claim
from domain.code_link import code_link
from domain.detections import Evidence
from domain.facet import ACCEPTED, CODE, SAVING
from domain.paper import Paper
from domain.paper_claims import PaperClaims
from domain.progress import Progress
from domain.standards_and_failure_modes import RuleMention
from domain.venue_mention import venue_mention
from store.claims import add_claims, ids_without_claims
from store.database import Database
from store.papers import papers_in_order

BATCH = 2000
_FACT_RULES = 3
"""Raise it whenever ``domain.code_link``, ``domain.venue_mention`` or ``saving_factor`` finds something else."""


def reader_id(reader: ClaimReader, finder: RuleFinder, domains: DomainFinder) -> str:
    """The id of everything that decides what is read; papers read with another id are read again."""
    return f"{reader.reader_id}+{finder.rules.rules_id}+{domains.finder_id}+facts{_FACT_RULES}"


def claims_of(reader: ClaimReader, finder: RuleFinder, domains: DomainFinder, paper: Paper) -> PaperClaims:
    """What is read in one paper."""
    read = reader.read(paper.abstract)
    code = code_link(paper.abstract, paper.comment)
    venue = venue_mention(paper.comment)
    facts = {CODE: code is not None, ACCEPTED: venue is not None and venue.status in ("accepted", "published")}
    rules = (
        *finder.find(paper.title, paper.abstract),
        *domains.find(paper.title, paper.abstract),
        *_savings(read.claims),
        *(RuleMention("fact", key, ()) for (_, key), is_true in facts.items() if is_true),
    )
    return PaperClaims(paper.arxiv_id, read.claims, read.finding, code, rules)


def _savings(claims: Sequence[Claim]) -> Iterator[RuleMention]:
    """That a paper claims a saving, and of which quantities."""
    places: dict[str, list[Evidence]] = {}
    for claim in claims:
        if saving_factor(claim) is not None:
            for key in (SAVING[1], claim.quantity):
                places.setdefault(key, []).append(claim.evidence)
    for key, evidence in places.items():
        yield RuleMention("claim", key, tuple(evidence))


def read_missing(
    db: Database, of_reader: str, read: Callable[[Sequence[Paper]], Sequence[PaperClaims]], *, batch: int = BATCH
) -> Iterator[Progress]:
    """Read every stored paper that the reader of this id has not read, ``batch`` papers at a time."""
    ids = ids_without_claims(db, of_reader)
    for start in range(0, len(ids), batch):
        papers = papers_in_order(db, ids[start : start + batch])
        add_claims(db, of_reader, read(papers))
        yield Progress("claims", min(start + batch, len(ids)), len(ids), "papers")
