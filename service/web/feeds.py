"""Feeds of digests, topics and searches, as Atom and as JSON Feed; ids never change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response

from domain.name_mention import NameKind
from domain.paper import Paper
from domain.week import iso_instant
from queries import digests as digest_queries
from queries import emerging as emerging_queries
from queries import name as name_query
from queries import topic as topic_queries
from queries.feed_authority import feed_authority
from queries.names import names_used_elsewhere
from queries.new_papers import RecentPapers, new_papers_of_search, new_papers_of_topic
from queries.paper_rows import paper_lines
from queries.papers import papers_matching
from queries.parameters import PaperRequest
from queries.status import is_sample_corpus
from service.web.dependencies import WebContext, WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import PaperParams, PerWeek, QueryText
from service.web.request_cost import PAGE_S, search_cost_s
from service.web.responses import ATOM, JSON_FEED, json_text
from templates import feeds, new_papers_wording
from templates.feeds import Entry, FeedContent, FeedTitle, atom, json_feed
from templates.links import WebLinks
from templates.marked_text import readable
from templates.name_wording import NAME_FEED_TITLES

router = APIRouter(include_in_schema=False, prefix="/feeds", route_class=KnownParametersRoute)

Form = Literal["atom", "json"]
N_DIGESTS = 50
N_NAMES = 50
"""Names, or papers of one name."""
N_LISTS = 26
FEED_FRESH_S = 900
_BEGINNING = "2026-01-01"  # tag URIs name a day on which their authority was ours; it must never change
_SUMMARY = 1_500


@router.get("/digests.{form}")
async def digests(request: Request, web: WebContextDep, form: Form) -> Response:
    """One entry a digest."""

    def content() -> FeedContent:
        links = _links(web)
        entries = tuple(
            Entry(
                id=_tag(web, f"digest:{head.week}"),
                url=links.digest(head.week),
                title=feeds.digest_title(head.week, readable(head.sentence)),
                summary=feeds.digest_summary(
                    [readable(sentence) for sentence in digest_queries.further_sentences(web.context, head)],
                    head.n_papers,
                    head.revision,
                ),
                published=iso_instant(head.first_published_at),
                updated=iso_instant(head.published_at),
            )
            for head in digest_queries.published_digests(web.context)[:N_DIGESTS]
        )
        return _feed(web, "digests", feeds.DIGESTS_TITLE, "/", entries)

    return await _answer(request, web, form, content)


@router.get("/emerging.{form}")
async def emerging(request: Request, web: WebContextDep, form: Form) -> Response:
    """One entry for each weekly list with terms that were on no earlier list."""

    def content() -> FeedContent:
        links = _links(web)
        entries = tuple(
            Entry(
                id=_tag(web, f"emerging:{made.week}"),
                url=links.with_query("/emerging", {"week": str(made.week)}),
                title=feeds.emerging_entry_title(made.week, [term.name for term in made.new_terms]),
                summary=feeds.emerging_summary(made),
                published=iso_instant(made.made_at),
                updated=iso_instant(made.made_at),
            )
            for made in emerging_queries.newest_lists_with_news(web.context, N_LISTS)
        )
        return _feed(web, "emerging", feeds.EMERGING_TITLE, "/emerging", entries)

    return await _answer(request, web, form, content)


@router.get("/topics/{topic_id}.{form}")
async def topic(
    request: Request,
    web: WebContextDep,
    topic_id: Annotated[int, Path(ge=0, le=2**31 - 1)],
    form: Form,
    per_week: PerWeek = None,
) -> Response:
    """The new papers of a topic, newest first."""

    def content() -> FeedContent:
        found = topic_queries.topic(web.context, topic_id)
        new = new_papers_of_topic(web.context, topic_id, per_week=per_week)
        return _feed(
            web,
            f"topics/{topic_id}",
            feeds.topic_title(found.label, _bar(new)),
            f"/topics/{topic_id}",
            _entries(web, new.papers),
            {"per_week": per_week},
        )

    return await _answer(request, web, form, content, asked=(per_week,))


@router.get("/names/{kind}s.{form}")
async def names_of_kind(request: Request, web: WebContextDep, kind: NameKind, form: Form) -> Response:
    """The names of a kind that another team has begun to use, newest first."""

    def content() -> FeedContent:
        links = _links(web)
        entries = tuple(
            Entry(
                id=_tag(web, f"name:{n.name_id}"),
                url=links.name(n.name_id),
                title=feeds.name_entry_title(readable(n.name), n.kind),
                summary=feeds.name_entry_summary(readable(n.own_words), week),
                published=iso_instant(week.end_at),
                updated=iso_instant(week.end_at),
            )
            for n, week in names_used_elsewhere(web.context, kind, limit=N_NAMES)
        )
        title = FeedTitle(NAME_FEED_TITLES[kind], feeds.NAMES_SUBTITLE)
        return _feed(web, f"names/{kind}s", title, f"/names?kind={kind}", entries)

    return await _answer(request, web, form, content)


@router.get("/names/{name_id}.{form}")
async def name(
    request: Request, web: WebContextDep, name_id: Annotated[int, Path(ge=0, le=2**31 - 1)], form: Form
) -> Response:
    """The newest papers that introduce or use a named thing."""

    def content() -> FeedContent:
        found = name_query.name(web.context, name_id)
        _, papers = papers_matching(web.context, PaperRequest("", term=f"name:#{name_id}"), limit=N_NAMES)
        title = feeds.name_title(found.name)
        return _feed(web, f"names/{name_id}", title, f"/names/{name_id}", _entries(web, papers))

    return await _answer(request, web, form, content)


@router.get("/search.{form}")
async def saved_search(
    request: Request, web: WebContextDep, params: PaperParams, form: Form, q: QueryText, per_week: PerWeek = None
) -> Response:
    """A search as a feed: every paper of the last weeks whose score reaches the threshold, newest first."""

    question = replace(params.question, query=q, sort="relevance")

    def content() -> FeedContent:
        new = new_papers_of_search(web.context, question, per_week=per_week)
        query = replace(params, question=question).query
        path = WebLinks().with_query("/search", query)
        title = feeds.search_title(q, _bar(new))
        return _feed(web, "search", title, path, _entries(web, new.papers), query | {"per_week": per_week})

    asked = (question, params.given, per_week)
    return await _answer(request, web, form, content, asked=asked, cost_s=search_cost_s(question))


def _bar(new: RecentPapers) -> str:
    """How the feed's threshold was set, and what it leaves out."""
    return new_papers_wording.feed_text(new.threshold, n_below=new.n_below, n_left_out=new.n_new - len(new.papers))


async def _answer(
    request: Request,
    web: WebContext,
    form: Form,
    content: Callable[[], FeedContent],
    *,
    asked: tuple[Hashable, ...] = (),
    cost_s: float = PAGE_S,
) -> Response:
    def draw() -> str:
        return atom(content()) if form == "atom" else json_text(json_feed(content()))

    media_type = ATOM if form == "atom" else JSON_FEED
    return await cached_page(web, request, draw, media_type, asked=asked, cost_s=cost_s, max_age_s=FEED_FRESH_S)


def _links(web: WebContext) -> WebLinks:
    return WebLinks(web.context.settings.service.address)


def _tag(web: WebContext, what: str) -> str:
    return f"tag:{feed_authority(web.context)},{_BEGINNING}:{what}"


def _feed(
    web: WebContext,
    name: str,
    title: FeedTitle,
    page: str,
    entries: tuple[Entry, ...],
    query: dict[str, object] | None = None,
) -> FeedContent:
    links = _links(web)
    query = {name: value for name, value in (query or {}).items() if value is not None or name != "per_week"}
    what = name if not query else f"{name}:{hashlib.sha256(repr(sorted(query.items())).encode()).hexdigest()[:16]}"
    newest = max((entry.updated for entry in entries), default=iso_instant(datetime(2026, 1, 1, tzinfo=UTC)))
    return FeedContent(
        id=_tag(web, what),
        title=title.title,
        subtitle=title.subtitle,
        self_url=links.with_query(f"/feeds/{name}.atom", query),
        json_url=links.with_query(f"/feeds/{name}.json", query),
        page_url=links.root + page,
        updated=newest,
        entries=entries,
        made_up=is_sample_corpus(web.context),
    )


def _entries(web: WebContext, papers: Sequence[Paper]) -> tuple[Entry, ...]:
    links = _links(web)
    findings = {line.arxiv_id: line.finding for line in paper_lines(web.context, papers)}
    return tuple(
        Entry(
            # arXiv's own address is a paper's name everywhere, so that readers know it again in other feeds.
            id=f"https://arxiv.org/abs/{p.arxiv_id}",
            url=links.paper(p.arxiv_id),
            title=readable(p.title),
            summary=feeds.found_text(finding) if (finding := findings[p.arxiv_id]) else readable(p.abstract)[:_SUMMARY],
            content=readable(p.abstract)[:_SUMMARY] if finding else "",
            published=iso_instant(p.submitted_at),
            updated=iso_instant(p.updated_at),
            authors=tuple(readable(a) for a in p.authors[:20]),
        )
        for p in papers
    )
