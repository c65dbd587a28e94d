"""What was read in one paper: its claims and finding, the address of its code, and the rules that it names."""

from __future__ import annotations

from dataclasses import dataclass

from domain.claim import Claim
from domain.detections import Evidence
from domain.paper import ArxivId
from domain.standards_and_failure_modes import RuleMention


@dataclass(frozen=True)
class PaperClaims:
    """The claims of a paper in their order, its finding (``None`` without a sentence), its code and named rules."""

    arxiv_id: ArxivId
    claims: tuple[Claim, ...]
    finding: Evidence | None
    code: str | None
    rules: tuple[RuleMention, ...]
