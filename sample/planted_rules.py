"""Standards and failure modes planted in the sample corpus, in papers whose main contribution is a theme.

Templates of the corpus name the EU AI Act, drift and poisoning too, so the planted ones are the least that is named.
"""

from __future__ import annotations

from dataclasses import dataclass

from domain.standards_and_failure_modes import RuleKind


@dataclass(frozen=True)
class PlantedRule:
    """A standard or failure mode, the theme in whose papers it is named at this rate, and the sentence that does."""

    kind: RuleKind
    key: str
    theme: str
    rate: float
    sentence: str


PLANTED_RULES = (
    PlantedRule("standard", "gdpr", "data_governance", 0.4, "Requests for erasure under the GDPR are met in a day."),
    PlantedRule("standard", "hipaa", "data_governance", 0.2, "All records are handled as HIPAA demands."),
    PlantedRule("standard", "nist_ai_rmf", "deployment", 0.3, "Its risks are mapped by the NIST AI RMF."),
    PlantedRule("standard", "owasp", "security", 0.3, "The threat is listed by OWASP."),
    PlantedRule("failure_mode", "hallucination", "evaluation", 0.3, "Hallucinations are counted apart."),
    PlantedRule("failure_mode", "silent_failure", "deployment", 0.4, "Two silent failures were found in use."),
    PlantedRule("failure_mode", "prompt_injection", "security", 0.3, "It also withstands prompt injection."),
)
