"""Pages: the trend explorer and its files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from analysis.trends.count_by_meaning_error import MIN_ANSWERS
from domain.digest import SharePoint
from domain.errors import UsageError
from domain.term_prefix import MAX_ANSWERS, Answers, typed_term, with_answers
from domain.trends import TermSeries, TrendPoint
from domain.week import last_closed_week
from queries.meaning_precision import papers_to_judge
from queries.parameters import TakenAs, TrendRequest, charted_terms
from queries.results import Trends
from queries.status import growing_history, is_sample_corpus
from queries.trends import trend_answer
from runtime.context import papertide_version
from service.web.dependencies import WebContext, WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.query_params import MAX_NAME, AxisScale, Measure, TrendParams
from service.web.request_cost import PICTURE_S, trend_cost_s
from service.web.responses import CSV, HTML, JSON, Rendered, json_text
from service.web.topic_suggestions import term_options
from templates import page_message_wording
from templates.links import WEB_LINKS, WebLinks
from templates.page_layout import render_page
from templates.term_wording import curve_names
from templates.trend_csv import trends_csv
from templates.trend_file_caption import TrendSource, trend_source
from templates.trend_scale import ScaleChoice, fitting_scale, n_start, size_ratio, start_value
from templates.trend_summary import movement
from templates.trend_svg import TrendSeries
from templates.trend_vega import trend_chart

CheckedTerm = Annotated[str, Query(max_length=MAX_NAME)]

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)

EXAMPLE_TERMS = ("llm", "transformer", "diffusion")
"""What the trend explorer shows before any term is given."""


@router.get("/trends")
async def trends(
    request: Request,
    web: WebContextDep,
    params: TrendParams,
    measure: Measure = "share",
    scale: AxisScale = "auto",
    add: Annotated[str, Query(max_length=MAX_NAME)] = "",
    taken_as: Annotated[TakenAs, Query(alias="as")] = "words",
) -> Response:
    """The trend explorer: curves, their summary and numbers, and the papers behind each point."""
    question, refused = params, None
    try:
        question = params.adding(add, taken_as)
    except UsageError as error:
        refused = error.web_message
    is_example = not question.terms
    if is_example:
        question = replace(question, terms=EXAMPLE_TERMS)

    def draw() -> Rendered:
        problem, series, answer, movements = refused, [], None, []
        if not problem:
            try:
                answer = trend_answer(web.context, question, with_open_week=True)
                series = trend_series(web, question, answer)
                is_called = question.level == "adopts" and not question.categories
                movements = [
                    movement(curve, answered, is_called=is_called)
                    for curve, answered in zip(series, answer.series, strict=True)
                ]
            except UsageError as error:
                problem = error.web_message
        page = web.render_long(
            "trends.html",
            frame=web.frame("trends"),
            question=question,
            measure=measure,
            is_example=is_example,
            problem=problem,
            answer=answer,
            counted_note=page_message_wording.counted_note(answer.counted_at) if answer and answer.counted_at else "",
            history_note=page_message_wording.growing_history_note(growing_history(web.context)),
            series=series,
            citation=source_of(web, question, answer).citation if answer else "",
            **_scale_of(scale, measure, series),
            movements=movements,
            watched=web.context.settings.categories,
            term_options=term_options(web),
            own=_own(question, measure, scale),
        )
        # That nothing is stored yet is nobody's wrong question.
        is_asked = bool(refused or not is_example or any(params.query.values()))
        return Rendered.of(page, HTML, status=422 if problem and is_asked else 200)

    # The form shows what was typed, so a refused term is part of what is asked.
    asked = (question, measure, scale, is_example, refused)
    return await cached_page(web, request, draw, asked=asked, cost_s=trend_cost_s(question))


@router.get("/trends/check")
async def check(
    request: Request,
    web: WebContextDep,
    params: TrendParams,
    check: CheckedTerm,
    measure: Measure = "share",
    scale: AxisScale = "auto",
) -> Response:
    """A dozen papers of a term by meaning, for a reader to say which are right."""

    def draw() -> str:
        description = typed_term(check).words
        return render_page(
            "meaning_check.html",
            frame=web.frame("trends"),
            description=description,
            papers=papers_to_judge(web.context, description),
            n_wanted=MIN_ANSWERS,
            kept=[(name, _values(value)) for name, value in _own(params, measure, scale).items()]
            + [("check", [check])],
        )

    return await cached_page(web, request, draw, asked=(params, check, measure, scale), cost_s=trend_cost_s(params))


@router.get("/trends/checked")
def checked(
    params: TrendParams,
    check: CheckedTerm,
    answer: Annotated[list[Literal["", "yes", "no"]], Query(max_length=MAX_ANSWERS)] = [],  # noqa: B006
    measure: Measure = "share",
    scale: AxisScale = "auto",
) -> Response:
    """Back to the chart, with the answers in the term."""
    given = [one for one in answer if one]
    term = with_answers(typed_term(check).words, Answers(given.count("yes"), len(given))) if given else check
    terms = charted_terms([term if one == check else one for one in params.terms])
    query = _own(replace(params, terms=terms), measure, scale)
    return RedirectResponse(WEB_LINKS.with_query("/trends", query), 303)


def _own(params: TrendRequest, measure: Measure, scale: ScaleChoice) -> dict[str, object]:
    """The query of the explorer's address; defaults are left out."""
    return params.query | {
        "measure": "" if measure == "share" else measure,
        "scale": "" if scale == "auto" else scale,
    }


def _values(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if value else []


def _scale_of(choice: ScaleChoice, measure: Measure, series: Sequence[TrendSeries]) -> dict[str, object]:
    """The chart's scale, and what its caption says of it."""
    curves, counts = [one.points for one in series], measure == "count"
    by = series[0].by if series else "week"
    return {
        "scale_choice": choice,
        "scale": fitting_scale(choice, curves),
        "ratio": size_ratio(curves),
        "n_start": n_start(by),
        "not_indexed": [one.name for one in series if start_value(one.points, by, counts=counts) is None],
    }


def trend_series(web: WebContext, params: TrendRequest, answer: Trends) -> list[TrendSeries]:
    """The answer's curves, each point with the address of its papers."""
    last_closed = last_closed_week(web.context.now())

    def curve(name: str, one: TermSeries) -> TrendSeries:
        return TrendSeries(
            name=name,
            points=tuple(map(share_point, one.points)),
            hrefs=tuple(_papers_of(params, one)),
            by=params.by,
            n_open=sum(p.end > last_closed.sunday for p in one.points),
        )

    return [
        web.context.cached(
            ("curve", last_closed, name, replace(params, terms=(one.kind, one.term))), partial(curve, name, one)
        )
        for one, name in zip(answer.series, curve_names(answer.series), strict=True)
    ]


def source_of(web: WebContext, params: TrendRequest, answer: Trends) -> TrendSource:
    """What an answer is of, with the public address of its chart."""
    root = web.context.settings.service.base_url
    return trend_source(
        answer.series,
        by=answer.by,
        level=answer.level,
        categories=answer.categories,
        version=papertide_version(),
        primary=params.primary and bool(params.categories),
        counted_at=answer.counted_at,
        address=WebLinks(root).with_query("/trends", params.query) if root else "",
        made_up=is_sample_corpus(web.context),
    )


def _papers_of(params: TrendRequest, series: TermSeries) -> list[str]:
    """Where the papers of each point of a curve are listed."""
    all_of_them = WEB_LINKS.with_query(
        "/papers",
        {
            "term": f"{series.kind}:{series.term}",
            "level": "" if params.level == "adopts" or not series.has_levels else params.level,
            "category": params.categories,
            "primary": "true" if params.primary else "",
        },
    )
    # Written behind what is the same for hundreds of points: quoting an address takes its time.
    return [f"{all_of_them}&since={p.start}&until={p.end}" for p in series.points]


def share_point(p: TrendPoint) -> SharePoint:
    """The point as charts draw it."""
    share, low, high = (math.nan if number is None else number for number in (p.share, p.low, p.high))
    return SharePoint(p.start, p.end, p.k, p.n, share, low, high, p.complete)


@router.get("/trends.{form}")
async def trends_as_file(
    request: Request,
    web: WebContextDep,
    params: TrendParams,
    form: Literal["json", "csv", "png", "svg"],
    scale: AxisScale = "auto",
) -> Response:
    """The chart's data, or the chart as a picture."""

    def draw() -> str | bytes:
        answer = trend_answer(web.context, params)
        if form == "json":
            return json_text(answer)
        if form == "csv":
            return trends_csv(answer.series, source_of(web, params, answer))
        chart = trend_chart(answer.series, source_of(web, params, answer), scale=scale)
        return web.pictures.draw(chart, f".{form}")

    media_type = {"json": JSON, "csv": CSV, "png": "image/png", "svg": "image/svg+xml"}[form]
    return await cached_page(
        web,
        request,
        draw,
        media_type,
        asked=(params, scale),
        cost_s=trend_cost_s(params) + (PICTURE_S if form in ("png", "svg") else 0.0),
        name=f"papertide-trends.{form}" if form == "csv" else None,
    )
