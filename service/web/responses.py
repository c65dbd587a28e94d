"""Responses with an ETag, so that an unchanged page costs a few bytes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from domain.record_to_json import json_value

HTML = "text/html; charset=utf-8"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
CSV = "text/csv; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json"

FRESH_S = 60
"""How long a browser may reuse a page: numbers change once a week."""
PUBLISHED_S = 3600
"""The same for a published digest, which only a correction changes."""
STATUS_S = 10
"""The same for the status page, which changes while a job runs."""
FOR_EVER_S = 31_536_000
"""The same for a file whose address holds a hash of its content."""


_ETAG_OF_A_PROXY = re.compile(r'^W/"|(?:-|;)(?:gzip|br|zstd|deflate)"$|--(?:gzip|br|zstd|deflate)"$')
"""What proxies that compress add to an ETag: nginx ``W/`` before it, Apache and others ``-gzip`` at its end."""


@dataclass(frozen=True)
class Rendered:
    """The content of a response with its ETag."""

    body: bytes
    media_type: str
    etag: str
    total: int | None = None
    status: int = 200

    @classmethod
    def of(cls, body: str | bytes, media_type: str, total: int | None = None, status: int = 200) -> Rendered:
        """The response of a text, in UTF-8, or of bytes.

        ``total`` is how many papers there are, where the text holds only the first of them. ``status`` is 422 where
        a page says what is wrong with its question.
        """
        content = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
        return cls(content, media_type, f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"', total, status)


def json_text(answer: Any) -> str:
    """JSON as the service writes it; NaN raises ``ValueError``."""
    # No result contains itself, and the check for that takes a tenth of the time.
    return json.dumps(
        answer, ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"), default=json_value
    )


def respond(request: Request, rendered: Rendered, *, max_age_s: int = FRESH_S, name: str | None = None) -> Response:
    """The response, or 304 where the client has it already; with ``name`` it is a file to download."""
    if rendered.status != 200:
        refused = {"Cache-Control": "no-store"}
        return Response(rendered.body, rendered.status, media_type=rendered.media_type, headers=refused)
    headers = {"ETag": rendered.etag, "Cache-Control": f"public, max-age={max_age_s}"}
    if rendered.total is not None:
        headers["X-Total-Count"] = str(rendered.total)
    if max_age_s >= FOR_EVER_S:
        headers["Cache-Control"] += ", immutable"
    known = {_ETAG_OF_A_PROXY.sub('"', etag.strip()) for etag in request.headers.get("if-none-match", "").split(",")}
    if rendered.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return Response(rendered.body, media_type=rendered.media_type, headers=headers)
