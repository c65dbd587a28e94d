"""Renders slow pages in the background before they are requested."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial

from domain.errors import UsageError
from domain.name_mention import NAME_KINDS
from queries import topics as topic_queries
from queries.cards import pairs
from queries.claims import claim_table
from queries.names import NAME_VIEWS, NameRequest
from queries.parameters import TrendRequest
from queries.trends import trend_answer
from service.web.dependencies import WebContext
from service.web.names import draw_name_list
from service.web.page_cache import cached_body, page_key
from service.web.responses import HTML
from service.web.topics import draw_topic_page
from service.web.trends import trend_series

PAUSE_S = 0.05
"""Pause between pages rendered ahead: readers come first."""


def render_ahead(web: WebContext, *, until: threading.Event) -> None:
    """Render topic pages, lists of names, and the curves of techniques and themes, one at a time with pauses.

    Before them come what every card and every list of claims counts from.
    """
    claim_table(web.context)
    with suppress(UsageError):  # no closed week yet
        pairs(web.context)
    for t in topic_queries.topics(web.context):
        if until.wait(PAUSE_S):
            return
        draw = partial(draw_topic_page, web, t.topic_id)
        cached_body(web, page_key(f"/topics/{t.topic_id}", None), draw, HTML)
    for kind in (None, *NAME_KINDS):
        for view in NAME_VIEWS if not kind else NAME_VIEWS[:1]:
            if until.wait(PAUSE_S):
                return
            asked = NameRequest(kind, view)
            cached_body(web, page_key("/names", asked, "", None), partial(draw_name_list, web, asked, 0), HTML)
    for term in web.context.detector.taxonomy.terms:
        if until.wait(PAUSE_S):
            return
        question = TrendRequest((f"{term.kind}:{term.key}",), "", "", "week", "adopts", (), primary=False)
        try:
            trend_series(web, question, trend_answer(web.context, question, with_open_week=True))
        except UsageError:  # no counts yet
            return
