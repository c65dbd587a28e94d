"""Routes that refuse query parameters that they do not know."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from domain.term_prefix import SERIES_KINDS
from domain.wrong_value import did_you_mean
from service.web.errors import error_response


class KnownParametersRoute(APIRoute):
    """A route that answers 422 to an unknown query parameter, with the nearest known name.

    An ignored parameter would answer another question than the one asked: ``categroy=cs.CV`` all papers, for example.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, behind the check."""
        answer = super().get_route_handler()
        known = tuple(dict.fromkeys(_query_names(self.dependant)))

        async def checked(request: Request) -> Response:
            unknown = next((name for name in request.query_params if name not in known), None)
            if unknown is not None:
                message = _refusal(unknown, request.query_params[unknown], known)
                return error_response(request, 422, "unknown_parameter", message, list(known))
            return await answer(request)

        return checked


def _query_names(dependant: Dependant) -> Iterator[str]:
    """The names of a route's query parameters, with those of all that it depends on."""
    for field in dependant.query_params:
        yield field.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)


def _refusal(unknown: str, value: str, known: tuple[str, ...]) -> str:
    """What is wrong with a parameter, in one line, with the nearest name or the term that is meant."""
    if not known:
        return f"this address takes no parameters, but {unknown[:40]!r} was given"
    hint = did_you_mean(unknown, known)
    if not hint and "term" in known and unknown in SERIES_KINDS:
        hint = f"; write term={unknown}:{value[:40].strip() or '...'}"
    return f"there is no parameter {unknown[:40]!r} here{hint}"
