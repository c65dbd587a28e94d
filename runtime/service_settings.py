"""The settings group ``service``."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

_ROOT_URL = re.compile(r"https?://(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?/?")


class ServiceSettings(BaseModel):
    """Where the web service listens, how readers reach it, and its limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="The address to listen on; 0.0.0.0 for every network.")
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    base_url: str = Field(
        default="",
        description="The public address of the pages, such as https://papertide.example, for links in feeds and mail; "
        "by default the address listened on.",
    )
    hosts: tuple[str, ...] = Field(
        default=(),
        description="Further names under which readers reach the service. With base_url, requests to other hosts are "
        "refused; the names of this machine itself are always accepted.",
    )
    requests_per_minute: int = Field(default=300, ge=0, description="Requests allowed from one network. 0: no limit.")
    forms_per_minute: int = Field(
        default=20, ge=0, description="Subscription forms allowed from one network. 0: no limit."
    )
    work_s_per_minute: float = Field(
        default=6.0,
        ge=0,
        description="Processor time in seconds that one network may use in a minute for pages that are not cached, "
        "such as searches and charts; half of it at once. 0: no limit.",
    )
    connections_per_network: int = Field(
        default=64,
        ge=1,
        description="Connections that one network may hold open; trusted proxies may hold any number.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(), description="Addresses of proxies in front, whose X-Forwarded-For is trusted."
    )
    query_s: float = Field(
        default=2.0, ge=0, description="Time limit for all database queries of one request. 0: no limit."
    )
    min_similarity: float = Field(
        default=0.275,
        ge=-1,
        le=1,
        description="Papers less similar to a search than this are found only by its words. The default suits the "
        "packaged model.",
    )
    metrics_count_readers: bool = Field(
        default=False,
        description="Whether `/metrics`, which anybody may read unless the proxy blocks it, says how many readers and "
        "mails there are.",
    )
    access_log: bool = Field(
        default=False,
        description="Write a JSON line for each request to standard error: time, level, method, route, path, status "
        "and duration. It has no client's address, no query, and no path of a personal link.",
    )
    pages_kept_mb: int = Field(default=64, ge=0, description="Memory for the cache of rendered pages.")

    @field_validator("base_url")
    @classmethod
    def _is_a_root(cls, value: str) -> str:
        if value and _ROOT_URL.fullmatch(value) is None:
            raise ValueError("write it as https://papertide.example, without a path: pages need the root of a host")
        try:
            _ = urlsplit(value).port
        except ValueError as error:
            raise ValueError("its port must be a number from 0 to 65535") from error
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            try:
                ipaddress.ip_network(value)
            except ValueError as error:
                raise ValueError(
                    f"{value!r} is no IP address or network; write it like 127.0.0.1 or 10.0.0.0/8"
                ) from error
        return values

    @property
    def accepted_hosts(self) -> frozenset[str] | None:
        """Host names that requests may name; ``None`` without a ``base_url``, for any."""
        if not self.base_url:
            return None
        own = urlsplit(self.base_url).hostname or ""
        return frozenset(name.lower() for name in (own, self.host, "localhost", "127.0.0.1", "::1", *self.hosts))

    @property
    def address(self) -> str:
        """The address at the start of links in feeds and mail."""
        return self.base_url or f"http://{self.host}:{self.port}"
