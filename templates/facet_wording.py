"""What a facet of papers is in words."""

from __future__ import annotations

from domain.claim import CLAIM_QUANTITIES
from domain.facet import ACCEPTED, CODE, SAVING, Facet
from templates.claim_wording import saving_words

_WORDS: dict[Facet, str] = {
    SAVING: "a saving claimed",
    CODE: "code",
    ACCEPTED: "accepted by a venue",
    **{("claim", quantity): f"{saving_words(quantity)} claimed" for quantity in CLAIM_QUANTITIES},
}


def facet_text(facet: Facet, name: str) -> str:
    """A facet in a list of conditions: its name, or what a claim or fact is."""
    return _WORDS.get(facet, name)
