"""Paper lists of the pages of papers and of search: what their filters offer, and their files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response

from service.web.dependencies import WebContext
from service.web.page_cache import cached_page
from service.web.page_parameters import topic_options
from service.web.query_params import PaperPageRequest
from templates import citations


def filter_values(web: WebContext, params: PaperPageRequest) -> dict[str, Any]:
    """What the filters of search and lists offer."""
    return {
        "watched": web.context.settings.categories,
        "terms": web.context.detector.taxonomy.terms,
        "topic_options": topic_options(web),
        "params": params,
    }


def exported_papers(
    web: WebContext, request: Request, draw: Callable[[], str], form: citations.Form, what: str, total: int
) -> Response:
    """A file of papers; a header says how many there are, because the file holds no more than ``MAX_EXPORT``."""
    file_name = f"papertide-{what}.{citations.SUFFIXES[form]}"
    response = cached_page(web, request, draw, citations.MEDIA_TYPES[form], name=file_name)
    response.headers["X-Total-Count"] = str(total)
    return response
