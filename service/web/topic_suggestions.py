"""The topics that a form's field suggests, as ``<option>`` elements."""

from __future__ import annotations

from markupsafe import Markup

from queries import topics as topic_queries
from service.web.dependencies import WebContext
from templates.page_layout import datalist_options


def topic_options(web: WebContext) -> Markup:
    """The ``<option>`` elements of all active topics."""
    return web.context.cached(
        "topic options",
        lambda: datalist_options(t.label for t in topic_queries.topics(web.context)),
    )


def prefixed_topic_options(web: WebContext) -> Markup:
    """The ``<option>`` elements of all active topics as terms of trends, where a bare label would mean its words."""
    return web.context.cached(
        "topic terms",
        lambda: datalist_options(f"topic:{t.label}" for t in topic_queries.topics(web.context)),
    )
