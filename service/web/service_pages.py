"""Pages about the service: methods, status, about and the API."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from analysis.detection import measured_accuracy
from queries import status as status_queries
from queries.service_health import service_health
from runtime.context import papertide_version
from service.web.dependencies import WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.page_cache import cached_page
from service.web.responses import STATUS_S
from templates.freshness_wording import digest_age_text, last_success_lines, mail_text
from templates.page_layout import render_page

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/methods")
async def methods(request: Request, web: WebContextDep) -> Response:
    """What is counted and how sure it is."""
    return await cached_page(
        web,
        request,
        lambda: render_page(
            "methods.html",
            frame=web.frame("methods"),
            categories=web.context.settings.categories,
            terms=web.context.detector.taxonomy.terms,
            scores=measured_accuracy.detector_scores(),
            min_similarity=web.context.settings.service.min_similarity,
            refit_weeks=web.context.settings.topics.refit_weeks,
        ),
    )


@router.get("/status")
async def status(request: Request, web: WebContextDep) -> Response:
    """What is stored, what is complete, what ran, what is due and what drifts."""

    def draw() -> str:
        health, now = service_health(web.context), web.context.now()
        return render_page(
            "status.html",
            frame=web.frame("status"),
            status=status_queries.status(web.context),
            digest_age=digest_age_text(health, now),
            mail=mail_text(health, now),
            last_successes=last_success_lines(health, now),
        )

    return await cached_page(
        web,
        request,
        draw,
        cost_s=0,
        for_s=STATUS_S,
        max_age_s=STATUS_S,
    )


@router.get("/about")
async def about(request: Request, web: WebContextDep) -> Response:
    """About the service, with acknowledgements."""
    return await cached_page(
        web,
        request,
        lambda: render_page(
            "about.html",
            frame=web.frame("about"),
            version=papertide_version(),
            categories=web.context.settings.categories,
        ),
    )


@router.get("/api")
async def api_page(request: Request, web: WebContextDep) -> Response:
    """Documentation of the API."""
    return await cached_page(
        web, request, lambda: render_page("api.html", frame=web.frame("about"), openapi=request.app.openapi())
    )
