"""Pages of subscriptions: asking for mail, confirming, one's own page, leaving.

GET shows and changes nothing, since scanners of mail open every link; a button's POST acts. Nothing is kept in the
browser: the token in the address is the key, so these pages are never cached and tell no other site where they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path, Request, Response

from domain.errors import TooManyRequests, UsageError
from domain.subscription import MAX_SEARCH, Follow, Preferences, sanitized_line
from mail.service import LINK_PATHS
from mail.subscriptions import (
    OpenedLink,
    PageAction,
    act,
    block,
    change,
    checked_preferences,
    confirm_subscription,
    open_link,
    own_data,
    request_mail,
    unsubscribe,
)
from service.web.dependencies import WebContext, WebContextDep
from service.web.limits import network_of
from service.web.responses import HTML, JSON
from templates.page_layout import render_page

router = APIRouter(include_in_schema=False)

_MAX_FORM_BYTES = 65_536
_ACTIONS: tuple[PageAction, ...] = ("pause", "resume", "unsubscribe", "resubscribe", "delete")
_DONE: Mapping[PageAction, str] = {
    "pause": "Paused: nothing is sent until you end the pause.",
    "resume": "The pause is over; the next digest comes as before.",
    "unsubscribe": "Unsubscribed: nothing more is sent.",
    "resubscribe": "Subscribed again; the next digest comes as before.",
}
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}

Token = Annotated[str, Path(max_length=200)]
Form = Mapping[str, Sequence[str]]


async def _form(request: Request) -> Form:
    """What a form holds; longer ones are not read to their end."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            raise UsageError(f"a form has {_MAX_FORM_BYTES:,} bytes at most")
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=False, max_num_fields=500)
    except ValueError as error:
        raise UsageError("the form has too many fields") from error


TheForm = Annotated[Form, Depends(_form)]


def _page(web: WebContext, template: str, status: int = 200, **content: Any) -> Response:
    page = render_page(template, site=web.site("subscribe"), **content)
    return Response(page, status, media_type=HTML, headers=_HEADERS)


def _said(
    web: WebContext, title: str, *paragraphs: str, status: int = 200, link: tuple[str, str] | None = None
) -> Response:
    return _page(web, "subscription_said.html", status, title=title, paragraphs=paragraphs, link=link)


# -- asking for mail


@router.get("/subscribe")
def subscribe(web: WebContextDep) -> Response:
    """The form."""
    return _page(web, "subscribe.html", chosen=Preferences(), address="", problem="", **_choices(web))


@router.post("/subscribe")
def subscribed(request: Request, web: WebContextDep, form: TheForm) -> Response:
    """Note what was asked for. The answer is the same for every address: a mail tells its owner the rest."""
    address = _one(form, "address")
    try:
        preferences = _preferences(web, form)
        request_mail(web.context, address, preferences, network=_network(request))
    except TooManyRequests as error:
        response = _said(web, "Please wait a little", f"{error}.", status=429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    except UsageError as error:
        chosen = Preferences()
        return _page(
            web,
            "subscribe.html",
            422,
            chosen=chosen,
            address=sanitized_line(address)[:254],
            problem=error.web_message,
            **_choices(web),
        )
    return _answered(web)


@router.post("/subscriptions/link")
def link_asked(request: Request, web: WebContextDep, form: TheForm) -> Response:
    """Send the link to the reader's own page, if the address is a reader's; the answer does not tell."""
    try:
        request_mail(web.context, _one(form, "address"), None, network=_network(request))
    except TooManyRequests as error:
        response = _said(web, "Please wait a little", f"{error}.", status=429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    return _answered(web)


def _answered(web: WebContext) -> Response:
    return _said(
        web,
        "Look into your mail",
        "If the address can get mail from us, a message is on its way. What to do next is in it.",
        "Nothing came after some minutes? Look among the unwanted mail, or try again tomorrow: "
        "an address gets only a few such messages a day.",
    )


# -- the links in mails


@router.get(LINK_PATHS["confirm"] + "/{token}")
def confirm_page(web: WebContextDep, token: Token) -> Response:
    """A button to confirm."""
    return _ask_or_tell(
        web,
        open_link(web.context, token, "confirm"),
        "Confirm your subscription",
        "One click, and the digest comes to {address}.",
        "Confirm the subscription",
    )


@router.post(LINK_PATHS["confirm"] + "/{token}")
def confirm_now(web: WebContextDep, token: Token) -> Response:
    """Confirm; a second time is as good as the first."""
    door = confirm_subscription(web.context, token)
    if door.outcome not in ("done", "already"):
        return _leads_nowhere(web, door)
    already = " (it was confirmed before)" if door.outcome == "already" else ""
    return _said(
        web,
        "You are subscribed",
        f"The next digest comes to {door.reader.address}{already}. Every mail has a link to change or end this.",
        link=("/", "Read the newest digest"),
    )


@router.get(LINK_PATHS["unsubscribe"] + "/{token}")
def unsubscribe_page(web: WebContextDep, token: Token) -> Response:
    """A button to leave."""
    return _ask_or_tell(
        web,
        open_link(web.context, token, "unsubscribe"),
        "Unsubscribe",
        "No more digests to {address}?",
        "Unsubscribe",
    )


@router.post(LINK_PATHS["unsubscribe"] + "/{token}")
def unsubscribe_now(web: WebContextDep, token: Token) -> Response:
    """Leave: by the button, or by a mail program's own (RFC 8058), which sends no cookie and follows no redirect."""
    door = unsubscribe(web.context, token)
    if door.outcome != "done":
        return _leads_nowhere(web, door)
    return _said(web, "You are unsubscribed", f"No more digests come to {door.reader.address}.")


@router.get(LINK_PATHS["block"] + "/{token}")
def block_page(web: WebContextDep, token: Token) -> Response:
    """A button to be left alone."""
    return _ask_or_tell(
        web,
        open_link(web.context, token, "block"),
        "Never write to this address",
        "We would not write to {address} again, whoever asks us to.",
        "Never write to it",
    )


@router.post(LINK_PATHS["block"] + "/{token}")
def block_now(web: WebContextDep, token: Token) -> Response:
    """Be left alone."""
    door = block(web.context, token)
    if door.outcome != "done":
        return _leads_nowhere(web, door)
    return _said(web, "You will not hear from us", f"Nothing is sent to {door.reader.address} again.")


def _ask_or_tell(web: WebContext, door: OpenedLink, title: str, question: str, button: str) -> Response:
    if door.outcome not in ("done", "already"):
        return _leads_nowhere(web, door)
    said = question.format(address=door.reader.address)
    return _page(web, "subscription_ask.html", title=title, question=said, button=button)


def _leads_nowhere(web: WebContext, door: OpenedLink) -> Response:
    if door.outcome == "expired":
        return _said(
            web,
            "This link has ended",
            "Links in mails work for a limited time. Ask for a new one below the form.",
            status=410,
            link=("/subscribe", "To the form"),
        )
    return _said(
        web,
        "This link leads nowhere",
        "It may be cut off at its end, or the subscription that it belonged to is gone.",
        status=404,
        link=("/subscribe", "To the form"),
    )


# -- a reader's own page


@router.get(LINK_PATHS["manage"] + "/{token}")
def own_page(web: WebContextDep, token: Token) -> Response:
    """What a reader gets, to change it."""
    return _own_page(web, token, open_link(web.context, token, "manage"))


@router.get(LINK_PATHS["manage"] + "/{token}/data.json")
def own_data_file(web: WebContextDep, token: Token) -> Response:
    """All that is stored about the reader."""
    data = own_data(web.context, token)
    if data is None:
        return _leads_nowhere(web, open_link(web.context, token, "manage"))
    body = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    disposition = {"Content-Disposition": 'attachment; filename="papertide-subscription.json"'}
    return Response(body, media_type=JSON, headers=_HEADERS | disposition)


@router.post(LINK_PATHS["manage"] + "/{token}")
def own_page_changed(web: WebContextDep, token: Token, form: TheForm) -> Response:
    """Take over what the reader chose, or do what the pressed button says."""
    door = open_link(web.context, token, "manage")
    if door.outcome != "done":
        return _leads_nowhere(web, door)
    action = _one(form, "action")
    if action in _ACTIONS:
        is_done = act(web.context, token, action)
        if action == "delete":
            return _said(
                web, "Everything is deleted", "Your address, what you followed and what was sent are forgotten."
            )
        return _own_page(
            web,
            token,
            open_link(web.context, token, "manage"),
            said=_DONE[action] if is_done else "Nothing was changed.",
        )
    try:
        preferences = _preferences(web, form)
    except UsageError as error:
        return _own_page(web, token, door, problem=error.web_message, status=422)
    change(web.context, token, preferences)
    return _own_page(web, token, open_link(web.context, token, "manage"), said="Saved.")


def _own_page(
    web: WebContext, token: str, door: OpenedLink, *, said: str = "", problem: str = "", status: int = 200
) -> Response:
    if door.outcome != "done":
        return _leads_nowhere(web, door)
    reader = door.reader
    return _page(
        web,
        "subscription_own.html",
        status,
        reader=reader,
        chosen=reader.preferences,
        feeds=[f for f in reader.preferences.follows if f.kind in ("search", "topic")],
        data_address=f"{LINK_PATHS['manage']}/{token}/data.json",
        said=said,
        problem=problem,
        **_choices(web),
    )


# -- forms


def _choices(web: WebContext) -> dict[str, Any]:
    """What can be followed, for the form."""
    context = web.context
    model = context.topic_model
    terms = context.detector.taxonomy.terms
    return {
        "techniques": [t for t in terms if t.kind == "technique"],
        "themes": [t for t in terms if t.kind == "theme"],
        "topics": sorted(model.topics if model else (), key=lambda t: t.label.casefold()),
        "categories": context.settings.categories,
        "max_search": MAX_SEARCH,
    }


def _one(form: Form, name: str) -> str:
    values = form.get(name, ())
    return values[0] if values else ""


def _preferences(web: WebContext, form: Form) -> Preferences:
    """The form's choices: boxes named ``follow``, and one saved search in each line of ``searches``."""
    searches = [sanitized_line(line) for line in _one(form, "searches").splitlines()]
    follows = [*form.get("follow", ()), *(str(Follow("search", words)) for words in searches if words)]
    return checked_preferences(
        web.context, _one(form, "frequency") or "weekly", _one(form, "format") or "html", follows
    )


def _network(request: Request) -> str:
    return network_of(request.client.host) if request.client else "unknown"
