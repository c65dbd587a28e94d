"""Paper lists of the pages of papers and of search: what their filters offer, and their files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

from domain.paper import Paper
from service.web.dependencies import WebContext
from service.web.page_cache import cached_page
from service.web.query_params import PaperPageRequest
from service.web.request_cost import EXPORT_S
from service.web.responses import Rendered
from service.web.topic_suggestions import topic_options
from templates import paper_exports


def filter_values(web: WebContext, params: PaperPageRequest) -> dict[str, Any]:
    """What the filters of search and lists offer."""
    return {
        "watched": web.context.settings.categories,
        "terms": web.context.detector.taxonomy.terms,
        "topic_options": topic_options(web),
        "params": params,
    }


async def exported_papers(
    web: WebContext,
    request: Request,
    find: Callable[[], tuple[int, list[Paper]]],
    form: paper_exports.Form,
    what: str,
    *,
    asked: PaperPageRequest,
    cost_s: float,
) -> Response:
    """A file of papers; a header says how many there are, because the file holds no more than ``MAX_EXPORT``."""
    media_type = paper_exports.MEDIA_TYPES[form]

    def draw() -> Rendered:
        total, listed = find()
        return Rendered.of(paper_exports.written(listed, form), media_type, total)

    # A file holds the first papers, whatever page of the list was asked for.
    key = (asked.question, asked.given)
    name = f"papertide-{what}.{paper_exports.SUFFIXES[form]}"
    return await cached_page(web, request, draw, media_type, asked=key, cost_s=EXPORT_S + cost_s, name=name)
