"""What every route works with, and how it is found."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from service.warm import WarmWorkshop
from service.web.middleware import Meter
from service.web.replies import Drawer
from store.papers import holds_made_up
from templates.site import Feed, Site


@dataclass(frozen=True)
class Web:
    """One workshop, the pages that need not be drawn again, and the counts for Prometheus."""

    shop: WarmWorkshop
    drawer: Drawer
    meter: Meter
    turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(os.cpu_count() or 1), compare=False)
    """Taken by what draws a page for long: as many at once as there are cores, the others in the order in which they
    came, so that each is drawn sooner. Nothing that holds it may wait for somebody who wants it."""

    def site(self, section: str = "", feeds: tuple[Feed, ...] = ()) -> Site:
        """What stands around a page of this service."""
        return Site(section, feeds, made_up=self.shop.kept("made up", lambda: holds_made_up(self.shop.db)))


def _web(request: Request) -> Web:
    web: Web = request.app.state.web
    return web


TheWeb = Annotated[Web, Depends(_web)]
