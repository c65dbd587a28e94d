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
    oai_url: str = Field(
        default="https://oaipmh.arxiv.org/oai", description="Where OAI-PMH answers.", pattern="^https?://"
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
    answer_s: float = Field(default=600.0, gt=0, description="Seconds that a whole answer may take.")
    max_tries: int = Field(
        default=5, ge=1, description="How often one request is tried before its window is left open."
    )
    max_wait_s: float = Field(
        default=600.0,
        gt=0,
        description="The longest wait before another try. A longer Retry-After ends the harvest, and nobody asks "
        "before its time, or before a day has passed.",
    )
    max_refusals: int = Field(
        default=10, ge=1, description="Refusals in a row, over all runs, after which arXiv is left alone."
    )
    rest_h: float = Field(
        default=20.0, gt=0, le=24, description="Hours for which arXiv is left alone after too many refusals."
    )
    recheck_weeks: tuple[int, ...] = Field(
        default=(1, 2, 4, 8),
        description="Weeks after a window's end at which a complete one is asked for again, for papers that moderation "
        "held back, new versions and withdrawals; each once. None to never ask.",
    )

    @field_validator("recheck_weeks")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(age < 1 for age in value):
            raise ValueError("must be whole weeks of 1 and more")
        return tuple(sorted(set(value)))

    @field_validator("contact")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(ord(character) < 32 for character in value):
            raise ValueError("must be one line")
        return value
