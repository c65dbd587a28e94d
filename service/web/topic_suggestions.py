"""The topics and terms that a form's field suggests, as ``<option>`` elements."""

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


def term_options(web: WebContext) -> Markup:
    """The ``<option>`` elements of all techniques, themes and active topics as terms of trends.

    A topic has its prefix, because a bare label would mean its words.
    """
    return web.context.cached(
        "term options",
        lambda: datalist_options(
            [
                *(term.name for term in web.context.detector.taxonomy.terms),
                *(f"topic:{t.label}" for t in topic_queries.topics(web.context)),
            ]
        ),
    )
