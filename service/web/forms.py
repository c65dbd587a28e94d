"""Forms of pages: their fields, and the refusal of those that other sites send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

from fastapi import HTTPException, Request

from domain.errors import UsageError

Form = Mapping[str, Sequence[str]]


def refuse_other_sites(request: Request) -> None:
    """Refuse a POST that a page of another site makes a browser send.

    Browsers say so in ``Sec-Fetch-Site``, older ones only in ``Origin``. Mail programs that unsubscribe (RFC 8058)
    send neither.

    Raises
    ------
    HTTPException
        If it comes from another site.
    """
    if request.method != "POST":
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_ours = site in ("same-origin", "none")
    else:
        hosts = {request.headers.get("host"), urlsplit(request.app.state.web.context.settings.service.address).netloc}
        is_ours = origin is None or urlsplit(origin).netloc.lower() in hosts
    if not is_ours:
        raise HTTPException(403, "this form was sent from a page of another site; open it on this site")


async def read_form(request: Request, *, max_bytes: int) -> Form:
    """The fields of a form, up to ``max_bytes``.

    Raises
    ------
    UsageError
        If it is longer, or has more than 500 fields.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise UsageError(f"the form is longer than {max_bytes:,} bytes")
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=False, max_num_fields=500)
    except ValueError as error:
        raise UsageError("the form has too many fields") from error


def only_value(form: Form, name: str) -> str:
    """The first value of a field; empty if it is absent."""
    values = form.get(name, ())
    return values[0] if values else ""
