"""Health, readiness and metrics endpoints."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.web.dependencies import WebContextDep
from service.web.known_parameters import KnownParametersRoute
from service.web.responses import TEXT

router = APIRouter(include_in_schema=False, route_class=KnownParametersRoute)


@router.get("/healthz")
async def healthz() -> Response:
    """Whether the process answers."""
    return Response("ok\n", media_type=TEXT)


@router.get("/readyz")
def readyz(web: WebContextDep) -> Response:
    """Whether the database answers and the first search need not wait."""
    web.context.state_cache.state()
    if not web.context.is_ready:
        return Response("warming up\n", 503, media_type=TEXT, headers={"Retry-After": "5"})
    return Response("ready\n", media_type=TEXT)


@router.get("/metrics")
def metrics(web: WebContextDep) -> Response:
    """Counts and times of requests, for Prometheus."""
    return Response(generate_latest(web.metrics.registry), media_type=CONTENT_TYPE_LATEST)
