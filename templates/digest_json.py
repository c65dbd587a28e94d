"""A digest as a JSON file."""

from __future__ import annotations

import json
from typing import Any

from domain.digest import DigestEdition
from domain.digest_json_record import digest_result
from domain.record_to_json import json_value


def digest_json_text(edition: DigestEdition) -> str:
    """The content of a digest's JSON file; fields may be added, but none changes its meaning."""
    return json.dumps(digest_result(edition), ensure_ascii=False, indent=1, allow_nan=False, default=json_value) + "\n"


def digest_json(edition: DigestEdition) -> dict[str, Any]:
    """The same as JSON values."""
    values: dict[str, Any] = json.loads(digest_json_text(edition))
    return values
