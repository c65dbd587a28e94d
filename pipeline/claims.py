"""Claims stage: reads claims, the finding, code links and named rules in every stored paper not read yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analysis.claims.claim_reader import ClaimReader
from analysis.claims.standards_and_failure_modes import RuleFinder
from domain.code_link import code_link
from domain.paper import Paper
from domain.paper_claims import PaperClaims
from domain.progress import Progress
from store.claims import add_claims, ids_without_claims
from store.database import Database
from store.papers import papers_in_order

BATCH = 2000
_CODE_RULES = 1
"""Raise it whenever ``domain.code_link`` finds something else."""


def reader_id(reader: ClaimReader, finder: RuleFinder) -> str:
    """The id of everything that decides what is read; papers read with another id are read again."""
    return f"{reader.reader_id}+{finder.rules.rules_id}+code{_CODE_RULES}"


def claims_of(reader: ClaimReader, finder: RuleFinder, paper: Paper) -> PaperClaims:
    """What is read in one paper."""
    read = reader.read(paper.abstract)
    return PaperClaims(
        paper.arxiv_id,
        read.claims,
        read.finding,
        code_link(paper.abstract, paper.comment),
        finder.find(paper.title, paper.abstract),
    )


def read_missing(
    db: Database, of_reader: str, read: Callable[[Sequence[Paper]], Sequence[PaperClaims]], *, batch: int = BATCH
) -> Iterator[Progress]:
    """Read every stored paper that the reader of this id has not read, ``batch`` papers at a time."""
    ids = ids_without_claims(db, of_reader)
    for start in range(0, len(ids), batch):
        papers = papers_in_order(db, ids[start : start + batch])
        add_claims(db, of_reader, read(papers))
        yield Progress("claims", min(start + batch, len(ids)), len(ids), "papers")
