"""Settings of the arXiv clients."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

DEFAULT_CATEGORIES = ("cs.LG", "stat.ML", "cs.CL", "cs.CV", "cs.AI", "cs.NE")

MAX_SLICE = 2000
"""The largest page that arXiv returns (API manual)."""


class ArxivSettings(BaseModel):
    """The settings group ``arxiv``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_url: str = Field(
        default="https://export.arxiv.org/api/query", description="URL of the query API.", pattern="^https?://"
    )
    oai_url: str = Field(default="https://oaipmh.arxiv.org/oai", description="URL of OAI-PMH.", pattern="^https?://")
    delay_s: float = Field(
        default=3.0,
        ge=0,
        description="Seconds between two requests. arXiv's terms ask for 3; use less only with your own server.",
    )
    contact: str = Field(
        default="", description="Your mail address or web page, sent with every request so that arXiv can contact you."
    )
    page_size: int = Field(
        default=1000, ge=1, le=MAX_SLICE, description="Papers per request; arXiv advises 1000 or fewer."
    )
    timeout_s: float = Field(default=120.0, gt=0, description="Seconds without data after which a request fails.")
    answer_s: float = Field(default=600.0, gt=0, description="Seconds that a complete answer may take.")
    max_tries: int = Field(
        default=5, ge=1, description="Number of tries of a request before its window stays incomplete."
    )
    max_wait_s: float = Field(
        default=600.0,
        gt=0,
        description="Seconds of the longest wait before another try. A longer Retry-After ends the harvest and pauses "
        "all requests for that time, at most a day.",
    )
    max_refusals: int = Field(
        default=10, ge=1, description="Consecutive refusals, over all runs, after which all requests are paused."
    )
    rest_h: float = Field(
        default=20.0, gt=0, le=24, description="Hours for which requests are paused after too many refusals."
    )
    recheck_weeks: tuple[int, ...] = Field(
        default=(1, 2, 4, 8),
        description="Weeks after the end of a complete window at which it is harvested again, once each, to find "
        "papers delayed by moderation, new versions and withdrawals. Empty to never do so.",
    )

    @field_validator("recheck_weeks")
    @classmethod
    def _ascending(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(age < 1 for age in value):
            raise ValueError("must be whole numbers of weeks, 1 or more")
        return tuple(sorted(set(value)))

    @field_validator("contact")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(ord(character) < 32 for character in value):
            raise ValueError("must be one line")
        return value
