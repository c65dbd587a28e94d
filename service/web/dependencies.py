"""What every route works with, and how it is found."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Request

from queries.status import is_sample_corpus
from runtime.cached_context import CachedContext
from runtime.single_flight_cache import SingleFlightCache
from service.web.middleware import RequestMetrics
from service.web.page_threads import WorkPools
from service.web.picture_process import PictureProcess
from templates.page_layout import Feed, PageFrame, render_page


class StateCheck:
    """Looks up the state of the database in a thread of its own; callers that come meanwhile share the look-up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._future: Future[Hashable] | None = None

    def begin(self, look_up: Callable[[], Hashable]) -> Future[Hashable]:
        """The look-up in progress, or a new one."""
        with self._lock:
            if self._future is None or self._future.done():
                self._future = self._thread.submit(look_up)
            return self._future


@dataclass(frozen=True)
class WebContext:
    """The application context, the rendered pages, the metrics for Prometheus, and the threads that make pages."""

    context: CachedContext
    page_cache: SingleFlightCache
    metrics: RequestMetrics
    pools: WorkPools
    pictures: PictureProcess = field(default_factory=PictureProcess, compare=False)
    state_check: StateCheck = field(default_factory=StateCheck, compare=False)
    _cores: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(os.cpu_count() or 1), compare=False)

    def frame(self, section: str = "", feeds: tuple[Feed, ...] = ()) -> PageFrame:
        """The frame of a page of this service: navigation and feeds."""
        return PageFrame(section, feeds, made_up=is_sample_corpus(self.context))

    def render_long(self, template: str, **content: Any) -> str:
        """A page of many numbers. At most one page a core is rendered at once, so that each is done sooner.

        Its content is already loaded, so no core is held while the database is read.
        """
        with self._cores:
            return render_page(template, **content)


async def _web(request: Request) -> WebContext:
    web: WebContext = request.app.state.web
    return web


WebContextDep = Annotated[WebContext, Depends(_web)]
