"""What was read in the papers of a week, for its digest's section on practice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from analysis.claims.claim_reader import ClaimReader
from analysis.claims.standards_and_failure_modes import RuleFinder
from analysis.digest.practice import ReadFacts, ReadWeek
from domain.paper import ArxivId, Paper
from domain.standards_and_failure_modes import RuleKind, Standard
from domain.venue_mention import venue_mention
from store.claims import claims_of_papers
from store.database import Database


def read_week(db: Database, papers: Sequence[Paper], reader: ClaimReader, finder: RuleFinder) -> ReadWeek:
    """What was read in the papers of a week; empty before any was read."""
    by_id = {paper.arxiv_id: paper for paper in papers}
    stored = claims_of_papers(db, list(by_id))
    facts = {}
    for arxiv_id, read in stored.items():
        paper = by_id[arxiv_id]
        venue = venue_mention(paper.comment) if paper.comment else None
        facts[arxiv_id] = ReadFacts(
            finding=paper.abstract[read.finding.start : read.finding.end] if read.finding else "",
            claims=read.claims,
            has_code=read.code is not None,
            venue=str(venue) if venue is not None and venue.status in ("accepted", "published") else "",
            rules=tuple((rule.kind, rule.key) for rule in read.rules),
        )
    names: dict[tuple[RuleKind, str], str] = {}
    for entry in finder.rules.entries:
        kind: RuleKind = "standard" if isinstance(entry, Standard) else "failure_mode"
        names[kind, entry.key] = entry.name

    @cache
    def score(arxiv_id: ArxivId) -> float:
        return reader.read(by_id[arxiv_id].abstract).finding_score

    return ReadWeek(facts, names, score)
