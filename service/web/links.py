"""Links and feeds that several pages use."""

from __future__ import annotations

from templates.links import WebLinks
from templates.page_layout import Feed

LINKS = WebLinks()
DIGEST_FEED = Feed("Papertide: weekly digests", "/feeds/digests.atom")


STATUS_S = 10
"""How old a status may be: while a job works, it changes all the time."""
