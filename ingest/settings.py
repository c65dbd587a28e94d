"""Where arXiv is and how politely we ask."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

DEFAULT_CATEGORIES = ("cs.LG", "stat.ML", "cs.CL", "cs.CV", "cs.AI", "cs.NE")

MAX_SLICE = 2000
"""The most papers that arXiv gives in one answer (API manual)."""


class ArxivSettings(BaseModel):
    """The group ``arxiv`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_url: str = Field(
        default="https://export.arxiv.org/api/query", description="Where the query API answers.", pattern="^https?://"
    )
    delay_s: float = Field(
        default=3.0,
        ge=0,
        description="Seconds between two requests. arXiv's terms ask for 3; less is for a server of your own.",
    )
    contact: str = Field(
        default="", description="Your mail address or page, sent with every request so that arXiv can reach you."
    )
    page_size: int = Field(
        default=1000, ge=1, le=MAX_SLICE, description="Papers asked for in one request; arXiv advises 1000 or fewer."
    )
    timeout_s: float = Field(default=120.0, gt=0, description="Seconds without a byte after which a request fails.")
    max_tries: int = Field(
        default=5, ge=1, description="How often one request is tried before its window is left open."
    )
    max_wait_s: float = Field(
        default=600.0, gt=0, description="The longest wait before another try; a longer Retry-After ends the harvest."
    )

    @field_validator("contact")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(ord(character) < 32 for character in value):
            raise ValueError("must be one line")
        return value
