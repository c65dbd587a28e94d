"""The host that names the service in the ids of feeds."""

from __future__ import annotations

from urllib.parse import urlsplit

from runtime.context import AppContext
from store.permanent_values import kept_value


def feed_authority(context: AppContext) -> str:
    """The host of the service's address when its first feed was made.

    It stays when the address changes: another id would make every entry new to every reader.
    """
    host = urlsplit(context.settings.service.address).hostname or "papertide"
    return kept_value(context.db, "feed_authority", host)
