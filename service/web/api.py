"""The HTTP API: the same questions as the pages and the command line, as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from domain.cards import Card
from domain.digest_json_record import DigestResult
from domain.name_mention import NameKind
from queries import digests as digest_queries
from queries import emerging as emerging_queries
from queries import name as name_queries
from queries import names as name_list_queries
from queries import paper as paper_queries
from queries import status as status_queries
from queries import topic as topic_queries
from queries import topics as topic_list_queries
from queries import trend_calls as call_queries
from queries.cards import card as card_of
from queries.claims import claims as claims_of
from queries.json_schema import json_form
from queries.names import NameRequest, NameSort, NameView
from queries.paper_rows import paper_lines
from queries.papers import papers_matching
from queries.parse_dates import week_called, week_named
from queries.results import (
    Calls,
    ClaimsPage,
    DigestPage,
    Emerging,
    NamePage,
    NameResult,
    PaperPage,
    PaperResult,
    SearchPage,
    StandardsAndFailures,
    Status,
    TopicPage,
    TopicResult,
    Trends,
)
from queries.search import search
from queries.standards import standards_and_failures
from queries.trends import trend_answer
from service.web.claims import FormName, QuantityName, SavingsOnly
from service.web.dependencies import WebContextDep
from service.web.errors import ErrorBody
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import Cursor, Limit, OptionalWeek, PaperParams, QueryText, SortBy, TrendParams, WeekName
from service.web.request_cost import CARD_S, CLAIMS_S, DIGEST_S, list_cost_s, search_cost_s, trend_cost_s
from service.web.responses import JSON, STATUS_S, json_text

DESCRIPTION = (
    "Which way machine-learning research on arXiv is moving: shares of techniques, topics and phrases with their "
    "intervals and denominators, the papers behind them, and the weekly digests."
)

router = APIRouter(prefix="/api/v1", tags=["v1"], route_class=KnownParametersRoute)

_PROBLEMS: dict[int, str] = {
    414: "The address is longer than 4 kB.",
    422: "The request is invalid, or cannot be answered.",
    429: "Too many requests from this network; `Retry-After` says how many seconds to wait.",
    503: "Not ready: the database is busy, or numbers are being recomputed.",
}


def _errors(*more: int) -> dict[int | str, dict[str, Any]]:
    descriptions = {**_PROBLEMS, 404: "Nothing is stored under this address."}
    return {status: {"model": ErrorBody, "description": descriptions[status]} for status in (*_PROBLEMS, *more)}


_304: dict[int | str, dict[str, Any]] = {
    304: {"description": "Not modified: the `ETag` sent in `If-None-Match` is current."}
}


def _next(offset: int | None) -> str | None:
    return None if offset is None else str(offset)


@router.get("/digests", response_model=json_form(DigestPage), responses=_errors() | _304, summary="Every digest")
async def digests(request: Request, web: WebContextDep, limit: Limit = 20, cursor: Cursor = "") -> Response:
    """Summaries of all digests, newest first."""

    def draw() -> str:
        heads, offset = digest_queries.published_digests(web.context), int(cursor or 0)
        after = offset + limit if offset + limit < len(heads) else None
        listed = tuple(map(digest_queries.digest_line, heads[offset : offset + limit]))
        return json_text(DigestPage(len(heads), _next(after), listed))

    return await cached_page(web, request, draw, JSON, asked=(limit, cursor))


@router.get(
    "/digests/{week}", response_model=json_form(DigestResult), responses=_errors(404) | _304, summary="One digest"
)
async def digest(request: Request, web: WebContextDep, week: WeekName) -> Response:
    """Everything that the digest's page shows, in its order; `week` is written 2026-W25."""
    return await cached_page(
        web,
        request,
        lambda: json_text(digest_queries.digest(web.context, week_called(week))),
        JSON,
        cost_s=DIGEST_S,
    )


@router.get("/trends", response_model=json_form(Trends), responses=_errors() | _304, summary="Shares over time")
async def trends(request: Request, web: WebContextDep, params: TrendParams) -> Response:
    """The share of papers of each term, by week or a longer period, with interval and denominator."""
    return await cached_page(
        web,
        request,
        lambda: json_text(trend_answer(web.context, params)),
        JSON,
        asked=(params,),
        cost_s=trend_cost_s(params),
    )


@router.get("/topics", response_model=json_form(TopicPage), responses=_errors() | _304, summary="Every topic")
async def topics(request: Request, web: WebContextDep, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """Active topics, largest first, then those that are no longer found."""

    return await cached_page(
        web,
        request,
        lambda: json_text(topic_list_queries.topic_page(web.context, limit=limit, offset=int(cursor or 0))),
        JSON,
        asked=(limit, cursor),
    )


@router.get(
    "/topics/{topic_id}", response_model=json_form(TopicResult), responses=_errors(404) | _304, summary="One topic"
)
async def topic(request: Request, web: WebContextDep, topic_id: Annotated[int, Path(ge=0, le=2**31 - 1)]) -> Response:
    """A topic's label, history, share by week, papers and neighbours."""
    return await cached_page(web, request, lambda: json_text(topic_queries.topic(web.context, topic_id)), JSON)


@router.get("/names", response_model=json_form(NamePage), responses=_errors() | _304, summary="Named things")
async def names(
    request: Request,
    web: WebContextDep,
    kind: Annotated[NameKind | None, Query(description="Only of this kind.")] = None,
    view: Annotated[NameView, Query(description="Only what is new this week, taken up, rising or fading.")] = "all",
    q: Annotated[str, Query(max_length=120, description="Only names that hold these words.")] = "",
    sort: Annotated[NameSort, Query(description="Most using papers, newest, most teams, or by name.")] = "uses",
    week: Annotated[str, Query(max_length=8, description="The week of what is new or taken up; the newest.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Response:
    """Benchmarks, datasets, models, methods and tools with a name, as titles and abstracts introduce and use them."""
    asked = NameRequest(kind, view, q, sort, week_named(week) if week else None)
    return await cached_page(
        web,
        request,
        lambda: json_text(name_list_queries.name_page(web.context, asked, limit=limit, offset=int(cursor or 0))),
        JSON,
        asked=(asked, limit, cursor),
    )


@router.get(
    "/names/{name_id}", response_model=json_form(NameResult), responses=_errors(404) | _304, summary="One named thing"
)
async def name(request: Request, web: WebContextDep, name_id: Annotated[int, Path(ge=0, le=2**31 - 1)]) -> Response:
    """What a named thing is in its paper's own words, its history, share by week, and papers by role."""
    return await cached_page(web, request, lambda: json_text(name_queries.name(web.context, name_id)), JSON)


@router.get(
    "/papers", response_model=json_form(PaperPage), responses=_errors() | _304, summary="Papers that a number counts"
)
async def papers(request: Request, web: WebContextDep, params: PaperParams) -> Response:
    """Papers by day, category, topic, and technique, theme or words, newest first."""

    def draw() -> str:
        total, listed = papers_matching(web.context, params.question, limit=params.limit, offset=params.offset)
        return json_text(PaperPage(total, _next(params.next_offset(total)), paper_lines(web.context, listed)))

    return await cached_page(web, request, draw, JSON, asked=(params,), cost_s=list_cost_s(params.question))


@router.get(
    "/papers/{arxiv_id:path}", response_model=json_form(PaperResult), responses=_errors(404) | _304, summary="One paper"
)
async def paper(request: Request, web: WebContextDep, arxiv_id: Annotated[str, Path(max_length=40)]) -> Response:
    """A paper with its versions, detections, topic and similar papers; ids are written 2606.01846 or cs/0601001."""
    return await cached_page(web, request, lambda: json_text(paper_queries.paper(web.context, arxiv_id)), JSON)


@router.get(
    "/search", response_model=json_form(SearchPage), responses=_errors() | _304, summary="Papers by meaning and words"
)
async def search_papers(
    request: Request, web: WebContextDep, params: PaperParams, q: QueryText, sort: SortBy = "relevance"
) -> Response:
    """Papers similar in meaning and papers that contain the words, in one ranking; each with the reasons why it was
    found."""

    params = replace(params, question=replace(params.question, query=q, sort=sort))

    def draw() -> str:
        answer, _ = search(web.context, params.question, limit=params.limit, offset=params.offset)
        return json_text(SearchPage(**vars(answer), next=_next(params.next_offset(answer.total))))

    return await cached_page(web, request, draw, JSON, asked=(params,), cost_s=search_cost_s(params.question))


@router.get(
    "/calls", response_model=json_form(Calls), responses=_errors() | _304, summary="Trend calls and their outcomes"
)
async def calls(request: Request, web: WebContextDep, week: OptionalWeek = "") -> Response:
    """All calls of a week, or without a week every rise and fall called so far, each with its outcome."""
    return await cached_page(
        web,
        request,
        lambda: json_text(call_queries.calls(web.context, week_named(week) if week else None)),
        JSON,
        asked=(week,),
    )


@router.get(
    "/emerging", response_model=json_form(Emerging), responses=_errors() | _304, summary="Emerging terms of a week"
)
async def emerging(request: Request, web: WebContextDep, week: OptionalWeek = "") -> Response:
    """Phrases that several teams took up lately and that are in no taxonomy: the list of a week, by default the newest,
    as it was when it was made, with the outcomes of past lists."""
    return await cached_page(
        web,
        request,
        lambda: json_text(emerging_queries.emerging(web.context, week_named(week) if week else None)),
        JSON,
        asked=(week,),
    )


@router.get(
    "/claims",
    response_model=json_form(ClaimsPage),
    responses=_errors() | _304,
    summary="What papers claim of their own results",
)
async def claims(
    request: Request,
    web: WebContextDep,
    params: PaperParams,
    quantity: QuantityName = "",
    form: FormName = "",
    savings: SavingsOnly = False,
) -> Response:
    """Claims of a term's papers: counts and claimed savings of all of them, and one page of the claims themselves."""

    def draw() -> str:
        answer = claims_of(
            web.context,
            params.question,
            quantity=quantity or None,
            form=form or None,
            savings_only=savings,
            limit=params.limit,
            offset=params.offset,
        )
        return json_text(ClaimsPage(**vars(answer), next=_next(params.next_offset(answer.total))))

    return await cached_page(web, request, draw, JSON, asked=(params, quantity, form, savings), cost_s=CLAIMS_S)


@router.get(
    "/standards",
    response_model=json_form(StandardsAndFailures),
    responses=_errors() | _304,
    summary="Standards and failure modes that papers name",
)
async def standards(request: Request, web: WebContextDep, week: OptionalWeek = "") -> Response:
    """Every paper of a week that names a law, standard or framework, by default of the newest week; counts of standards
    and failure modes by quarter; and the subjects of the AI Act, NIST's framework and ISO/IEC 42001 side by side."""

    def draw() -> str:
        return json_text(standards_and_failures(web.context, week_named(week) if week else None))

    return await cached_page(web, request, draw, JSON, asked=(week,), cost_s=CLAIMS_S)


@router.get(
    "/cards/{term:path}",
    response_model=json_form(Card),
    responses=_errors(404) | _304,
    summary="The evidence card of a technique, theme or named thing",
)
async def card(request: Request, web: WebContextDep, term: Annotated[str, Path(max_length=200)]) -> Response:
    """What a term is, its share and course, where it is more common, and what its papers state beside base rates.

    `term` is a key, name or spelling; `technique:`, `theme:` and `name:` before it say which is meant, and `name:#12`
    is the named thing with that id.
    """
    return await cached_page(web, request, lambda: json_text(card_of(web.context, term)), JSON, cost_s=CARD_S)


@router.get("/status", response_model=json_form(Status), responses=_errors() | _304, summary="Data and job status")
async def status(request: Request, web: WebContextDep) -> Response:
    """What is stored, what is complete, what ran, what is due and what drifts."""

    def draw() -> str:
        return json_text(status_queries.status(web.context))

    return await cached_page(web, request, draw, JSON, cost_s=0, for_s=STATUS_S, max_age_s=STATUS_S)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, web: WebContextDep) -> Response:
    """The OpenAPI description of this API."""
    return await cached_page(web, request, lambda: json_text(request.app.openapi()), JSON)
