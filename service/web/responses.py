"""Replies: with a mark of their content, so that a reader who has them already is told so in a few bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from queries.json_form import json_value

HTML = "text/html; charset=utf-8"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
CSV = "text/csv; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json"

FRESH_S = 60
"""How long a reader may use a page without asking again: numbers change once a week."""
PUBLISHED_S = 3600
"""The same for a published digest, which only a correction changes."""
FOR_EVER_S = 31_536_000
"""The same for a file whose address names its content."""


@dataclass(frozen=True)
class Rendered:
    """A reply's content with its mark."""

    body: bytes
    media_type: str
    mark: str

    @classmethod
    def of(cls, body: str | bytes, media_type: str) -> Rendered:
        """Content as it is sent."""
        content = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
        return cls(content, media_type, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"')


def json_text(answer: Any) -> str:
    """JSON as the service writes it; NaN is a mistake, never sent."""
    return json.dumps(answer, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=json_value)


def respond(request: Request, drawn: Rendered, *, max_age_s: int = FRESH_S, name: str | None = None) -> Response:
    """What is drawn, or 304 where the reader has it; with ``name`` it is a file to keep."""
    headers = {"ETag": drawn.mark, "Cache-Control": f"public, max-age={max_age_s}"}
    if max_age_s >= FOR_EVER_S:
        headers["Cache-Control"] += ", immutable"
    known = {mark.strip().removeprefix("W/") for mark in request.headers.get("if-none-match", "").split(",")}
    if drawn.mark in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(drawn.body, media_type=drawn.media_type, headers=headers)
