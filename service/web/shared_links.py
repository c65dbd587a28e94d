"""Links and feeds that several pages use."""

from __future__ import annotations

from templates.links import WebLinks
from templates.page_layout import Feed

LINKS = WebLinks()
DIGEST_FEED = Feed("Papertide: weekly digests", "/feeds/digests.atom")


STATUS_S = 10
"""How long the status page may be cached, in seconds: it changes while a job runs."""
