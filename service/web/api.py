"""The HTTP API: the same questions as the pages and the command line, as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from service import answers, catalogue
from service.search import papers_matching, search
from service.web.asking import AskedPapers, AskedTrend, Cursor, Limit, QueryText, SortBy
from service.web.models import (
    CallsAnswer,
    DigestAnswer,
    DigestPage,
    ErrorBody,
    PaperAnswer,
    PaperPage,
    SearchAnswer,
    StatusAnswer,
    TopicAnswer,
    TopicPage,
    Trends,
)
from service.web.pages import STATUS_S, OptionalWeek, WeekName, shown, trend_answer, week_called
from service.web.replies import JSON, json_text
from service.web.web import TheWeb
from templates.json_form import digest_json

DESCRIPTION = (
    "Which way machine-learning research on arXiv is moving: shares of techniques, topics and phrases with their "
    "intervals and denominators, the papers behind them, and the weekly digests."
)

router = APIRouter(prefix="/api/v1", tags=["v1"])

_PROBLEMS: dict[int, str] = {
    422: "What was asked cannot be read, or cannot be answered.",
    429: "Too many requests from this network; `Retry-After` says when there is room again.",
    503: "The answer is not ready: the database is busy, or numbers are being counted anew.",
}


def _errors(*more: int) -> dict[int | str, dict[str, Any]]:
    said = {**_PROBLEMS, 404: "It is not held here."}
    return {status: {"model": ErrorBody, "description": said[status]} for status in (*_PROBLEMS, *more)}


_304: dict[int | str, dict[str, Any]] = {
    304: {"description": "The reader has it already: the `ETag` sent in `If-None-Match` is today's."}
}


def _next(offset: int | None) -> str | None:
    return None if offset is None else str(offset)


@router.get("/digests", response_model=DigestPage, responses=_errors() | _304, summary="Every digest")
def digests(request: Request, web: TheWeb, limit: Limit = 20, cursor: Cursor = "") -> Response:
    """Digests in short, newest first."""

    def draw() -> str:
        heads, offset = catalogue.heads(web.shop), int(cursor or 0)
        after = offset + limit if offset + limit < len(heads) else None
        listed = [catalogue.head_json(head) for head in heads[offset : offset + limit]]
        return json_text({"total": len(heads), "next": _next(after), "digests": listed})

    return shown(web, request, draw, JSON)


@router.get("/digests/{week}", response_model=DigestAnswer, responses=_errors(404) | _304, summary="One digest")
def digest(request: Request, web: TheWeb, week: WeekName) -> Response:
    """Everything that the digest's page shows, in its order; `week` is written 2026-W25."""
    return shown(
        web, request, lambda: json_text(digest_json(catalogue.published(web.shop, week_called(week)).edition)), JSON
    )


@router.get("/trends", response_model=Trends, responses=_errors() | _304, summary="Shares over time")
def trends(request: Request, web: TheWeb, asked: AskedTrend) -> Response:
    """The share of papers of each term, by week or a longer period, with interval and denominator."""
    return shown(web, request, lambda: json_text(trend_answer(web, asked)), JSON)


@router.get("/topics", response_model=TopicPage, responses=_errors() | _304, summary="Every topic")
def topics(request: Request, web: TheWeb, limit: Limit = 100, cursor: Cursor = "") -> Response:
    """Topics, largest of the living first, then those that are no longer found."""

    def draw() -> str:
        everyone, offset = catalogue.all_topics(web.shop), int(cursor or 0)
        after = offset + limit if offset + limit < len(everyone) else None
        listed = [catalogue.topic_json(t) for t in everyone[offset : offset + limit]]
        return json_text({"total": len(everyone), "next": _next(after), "topics": listed})

    return shown(web, request, draw, JSON)


@router.get("/topics/{topic_id}", response_model=TopicAnswer, responses=_errors(404) | _304, summary="One topic")
def topic(request: Request, web: TheWeb, topic_id: Annotated[int, Path(ge=0, le=2**31 - 1)]) -> Response:
    """A topic's label, history, share by week, papers and neighbours."""
    return shown(web, request, lambda: json_text(catalogue.topic(web.shop, topic_id)), JSON)


@router.get("/papers", response_model=PaperPage, responses=_errors() | _304, summary="Papers that a number counts")
def papers(request: Request, web: TheWeb, found: AskedPapers) -> Response:
    """Papers by day, category, topic, and technique, theme or words, newest first."""

    def draw() -> str:
        total, listed = papers_matching(web.shop, found.question, limit=found.limit, offset=found.offset)
        lines = [catalogue.paper_line(p) for p in listed]
        return json_text({"total": total, "next": _next(found.next_offset(total)), "papers": lines})

    return shown(web, request, draw, JSON)


@router.get("/papers/{arxiv_id:path}", response_model=PaperAnswer, responses=_errors(404) | _304, summary="One paper")
def paper(request: Request, web: TheWeb, arxiv_id: Annotated[str, Path(max_length=40)]) -> Response:
    """A paper with its versions, detections, topic and those like it; ids are written 2606.01846 or cs/0601001."""
    return shown(web, request, lambda: json_text(catalogue.paper(web.shop, arxiv_id)), JSON)


@router.get("/search", response_model=SearchAnswer, responses=_errors() | _304, summary="Papers by meaning and words")
def search_papers(
    request: Request, web: TheWeb, found: AskedPapers, q: QueryText, sort: SortBy = "relevance"
) -> Response:
    """Papers near in meaning and those that hold the words, put together; each says why it is there. One that is not
    near is found by its words alone."""

    def draw() -> str:
        question = replace(found.question, query=q, sort=sort)
        answer, _ = search(web.shop, question, limit=found.limit, offset=found.offset)
        return json_text({**answer, "next": _next(found.next_offset(answer["total"]))})

    return shown(web, request, draw, JSON)


@router.get("/calls", response_model=CallsAnswer, responses=_errors() | _304, summary="What was called, and held")
def calls(request: Request, web: TheWeb, week: OptionalWeek = "") -> Response:
    """All calls of a week, or without one every rise and fall called so far, each with what became of it."""
    return shown(
        web,
        request,
        lambda: json_text(answers.calls(web.shop, answers.week_named(week) if week else None)),
        JSON,
    )


@router.get("/status", response_model=StatusAnswer, responses=_errors() | _304, summary="What is held")
def status(request: Request, web: TheWeb) -> Response:
    """What is stored, what is complete, what ran, what is due and what drifts."""

    def draw() -> str:
        return json_text(answers.status(web.shop))

    return shown(web, request, draw, JSON, for_s=STATUS_S, max_age_s=STATUS_S)


@router.get("/openapi.json", include_in_schema=False)
def openapi(request: Request, web: TheWeb) -> Response:
    """This API, described."""
    return shown(web, request, lambda: json_text(request.app.openapi()), JSON)
