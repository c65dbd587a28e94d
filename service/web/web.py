"""What every route works with, and how it is found."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from service.warm import WarmWorkshop
from service.web.middleware import Meter
from service.web.replies import Drawer
from store.papers import holds_made_up
from templates.site import Feed, Site, render_page


@dataclass(frozen=True)
class Web:
    """One workshop, the pages that need not be drawn again, and the counts for Prometheus."""

    shop: WarmWorkshop
    drawer: Drawer
    meter: Meter
    _cores: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(os.cpu_count() or 1), compare=False)

    def site(self, section: str = "", feeds: tuple[Feed, ...] = ()) -> Site:
        """What stands around a page of this service."""
        return Site(section, feeds, made_up=self.shop.kept("made up", lambda: holds_made_up(self.shop.db)))

    def render_long(self, template: str, **content: Any) -> str:
        """A page of many numbers, drawn with no more others at once than there are cores: each is done sooner.

        All that it holds is known before, so nobody keeps a core while waiting for the database.
        """
        with self._cores:
            return render_page(template, **content)


def _web(request: Request) -> Web:
    web: Web = request.app.state.web
    return web


TheWeb = Annotated[Web, Depends(_web)]
