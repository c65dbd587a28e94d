"""The group ``service`` of the settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator


class ServiceSettings(BaseModel):
    """Where the web service listens, how it is reached, and how much it answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="The address to listen at; 0.0.0.0 for every network.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen at; 0 takes a free one.")
    base_url: str = Field(
        default="",
        description="How readers reach the pages, such as https://papertide.example; by default the address listened "
        "at. Feeds and mail hold it in their links.",
    )
    requests_per_minute: int = Field(
        default=300, ge=0, description="How much one network may ask; searches and charts count for more. 0: no limit."
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="Addresses of proxies in front, whose X-Forwarded-For is believed."
    )
    query_s: float = Field(
        default=10.0, ge=0, description="How long all of one request's questions to the database may take. 0: no limit."
    )
    min_similarity: float = Field(
        default=0.30,
        ge=-1,
        le=1,
        description="Similarity to a search below which a paper is found by its words alone. The default is for the "
        "packaged model.",
    )
    pages_kept_mb: int = Field(default=64, ge=0, description="Memory for pages that need not be drawn again.")

    @field_validator("base_url")
    @classmethod
    def _is_a_root(cls, value: str) -> str:
        if value and (not value.startswith(("http://", "https://")) or value.rstrip("/").count("/") != 2):
            raise ValueError("write it as https://papertide.example, without a path: pages live at the root of a host")
        return value.rstrip("/")

    @property
    def address(self) -> str:
        """What links in feeds and mail begin with."""
        return self.base_url or f"http://{self.host}:{self.port}"
