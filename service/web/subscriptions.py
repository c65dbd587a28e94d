"""Subscription pages: subscribe, confirm, manage and unsubscribe.

A GET changes nothing, because mail scanners open every link; only a button's POST does. Nothing is stored in the
browser. The token in the address is the key, so these pages are never cached and send no referrer to other sites.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from domain.errors import TooManyRequests, UsageError
from domain.subscription import MAX_FOLLOWS, MAX_PER_WEEK, MAX_SEARCH, Follow, FollowKind, Preferences, sanitized_line
from mail.service import LINK_PATHS
from mail.subscriptions import (
    OpenedLink,
    Outcome,
    PageAction,
    act,
    block,
    block_outcome,
    change,
    confirm_subscription,
    open_link,
    own_data,
    request_mail,
    unsubscribe,
)
from queries.follows import checked_preferences, followed_names
from runtime.lease import is_scheduler_running
from service.web.dependencies import WebContext, WebContextDep
from service.web.forms import Form, only_value, read_form, refuse_other_sites
from service.web.known_parameters import KnownParametersRoute
from service.web.rate_limit import network_of
from service.web.responses import HTML, JSON
from templates import page_message_wording
from templates.page_layout import render_page
from templates.page_message_wording import Confirmation, PageMessage

router = APIRouter(
    include_in_schema=False, route_class=KnownParametersRoute, dependencies=[Depends(refuse_other_sites)]
)

_MAX_FORM_BYTES = 65_536
_ACTIONS: tuple[PageAction, ...] = ("pause", "resume", "unsubscribe", "resubscribe", "delete")
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}

Token = Annotated[str, Path(max_length=200)]


async def _form(request: Request) -> Form:
    return await read_form(request, max_bytes=_MAX_FORM_BYTES)


TheForm = Annotated[Form, Depends(_form)]


def _page(web: WebContext, template: str, status: int = 200, **content: Any) -> Response:
    page = render_page(template, frame=web.frame("subscribe"), **content)
    return Response(page, status, media_type=HTML, headers=_HEADERS)


def _message(web: WebContext, message: PageMessage, status: int = 200) -> Response:
    return _page(
        web,
        "subscription_result.html",
        status,
        title=message.title,
        paragraphs=message.paragraphs,
        link=message.link,
    )


# -- subscribing


@router.get("/subscribe")
def subscribe(
    web: WebContextDep, follow: Annotated[list[str] | None, Query(max_length=MAX_FOLLOWS)] = None
) -> Response:
    """The subscription form; what ``follow`` names, as in ``name:#12``, is filled in."""
    chosen, problem = Preferences(), ""
    try:
        chosen = checked_preferences(web.context, "weekly", "html", follow or ())
    except UsageError as error:
        problem = error.web_message
    return _page(
        web,
        "subscribe.html",
        422 if problem else 200,
        is_sending=_is_sending(web),
        chosen=chosen,
        address="",
        problem=problem,
        **_choices(web, chosen),
    )


@router.post("/subscribe")
def subscribed(request: Request, web: WebContextDep, form: TheForm) -> Response:
    """Store a request. The response is the same for every address; its owner gets a mail."""
    address = only_value(form, "address")
    try:
        preferences = _preferences(web, form)
        request_mail(web.context, address, preferences, network=_network(request))
    except TooManyRequests as error:
        response = _message(web, page_message_wording.too_many_requests(str(error)), 429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    except UsageError as error:
        chosen = Preferences()
        return _page(
            web,
            "subscribe.html",
            422,
            is_sending=_is_sending(web),
            chosen=chosen,
            address=sanitized_line(address)[:254],
            problem=error.web_message,
            **_choices(web, chosen),
        )
    return _request_stored(web)


@router.post("/subscriptions/link")
def send_manage_link(request: Request, web: WebContextDep, form: TheForm) -> Response:
    """Mail the link to manage a subscription, if there is one; the response is the same either way."""
    try:
        request_mail(web.context, only_value(form, "address"), None, network=_network(request))
    except TooManyRequests as error:
        response = _message(web, page_message_wording.too_many_requests(str(error)), 429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    return _request_stored(web)


def _request_stored(web: WebContext) -> Response:
    message = page_message_wording.REQUEST_STORED
    return _message(web, message if _is_sending(web) else page_message_wording.REQUEST_STORED_FOR_LATER)


def _is_sending(web: WebContext) -> bool:
    """Whether a scheduler runs, which answers requests within a minute."""
    return is_scheduler_running(web.context.db, clock=web.context.clock)


# -- the links in mails


@router.get(LINK_PATHS["confirm"] + "/{token}")
def confirm_page(web: WebContextDep, token: Token) -> Response:
    """A button to confirm."""
    return _confirm_page(web, token, "confirm")


@router.post(LINK_PATHS["confirm"] + "/{token}")
def confirm_now(web: WebContextDep, token: Token) -> Response:
    """Confirm; safe to repeat."""
    link = confirm_subscription(web.context, token)
    if link.outcome not in ("done", "already"):
        return _invalid_link(web, link.outcome)
    return _message(web, page_message_wording.subscribed(link.reader.address, already=link.outcome == "already"))


@router.get(LINK_PATHS["unsubscribe"] + "/{token}")
def unsubscribe_page(web: WebContextDep, token: Token) -> Response:
    """A button to unsubscribe."""
    return _confirm_page(web, token, "unsubscribe")


@router.post(LINK_PATHS["unsubscribe"] + "/{token}")
def unsubscribe_now(web: WebContextDep, token: Token) -> Response:
    """Unsubscribe by the button, or by a mail program's (RFC 8058), which sends no cookie and follows no redirect."""
    link = unsubscribe(web.context, token)
    if link.outcome != "done":
        return _invalid_link(web, link.outcome)
    return _message(web, page_message_wording.unsubscribed(link.reader.address))


@router.get(LINK_PATHS["block"] + "/{token}")
def block_page(web: WebContextDep, token: Token) -> Response:
    """A button to block all mail to an address."""
    outcome = block_outcome(web.context, token)
    return _question(web, page_message_wording.BLOCK_QUESTION) if outcome == "done" else _invalid_link(web, outcome)


@router.post(LINK_PATHS["block"] + "/{token}")
def block_now(web: WebContextDep, token: Token) -> Response:
    """Block all mail to an address."""
    outcome = block(web.context, token)
    return _message(web, page_message_wording.BLOCKED) if outcome == "done" else _invalid_link(web, outcome)


def _confirm_page(web: WebContext, token: str, purpose: Literal["confirm", "unsubscribe"]) -> Response:
    """A page that asks before a link's action is done."""
    link = open_link(web.context, token, purpose)
    if link.outcome not in ("done", "already"):
        return _invalid_link(web, link.outcome)
    return _question(web, page_message_wording.confirm_question(purpose, link.reader.address))


def _question(web: WebContext, confirmation: Confirmation) -> Response:
    return _page(
        web,
        "subscription_confirm.html",
        title=confirmation.title,
        question=confirmation.question,
        button=confirmation.button,
    )


def _invalid_link(web: WebContext, outcome: Outcome) -> Response:
    if outcome == "expired":
        return _message(web, page_message_wording.EXPIRED_LINK, 410)
    return _message(web, page_message_wording.UNKNOWN_LINK, 404)


# -- the page to manage a subscription


@router.get(LINK_PATHS["manage"] + "/{token}")
def manage_page(web: WebContextDep, token: Token) -> Response:
    """The page on which a reader changes their subscription."""
    return _manage_page(web, token, open_link(web.context, token, "manage"))


@router.get(LINK_PATHS["manage"] + "/{token}/data.json")
def own_data_file(web: WebContextDep, token: Token) -> Response:
    """All that is stored about the reader."""
    data = own_data(web.context, token)
    if data is None:
        return _invalid_link(web, open_link(web.context, token, "manage").outcome)
    body = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    disposition = {"Content-Disposition": 'attachment; filename="papertide-subscription.json"'}
    return Response(body, media_type=JSON, headers=_HEADERS | disposition)


@router.post(LINK_PATHS["manage"] + "/{token}")
def manage_now(web: WebContextDep, token: Token, form: TheForm) -> Response:
    """Save the reader's choices, or do the action of the button that was pressed."""
    link = open_link(web.context, token, "manage")
    if link.outcome != "done":
        return _invalid_link(web, link.outcome)
    action = only_value(form, "action") or "save"
    if action not in (*_ACTIONS, "save"):
        allowed = ", ".join((*_ACTIONS, "save"))
        problem = f"{sanitized_line(action)[:40]!r} is no action of this page, so nothing was changed; use {allowed}"
        return _manage_page(web, token, link, problem=problem, status=422)
    if action in _ACTIONS:
        is_done = act(web.context, token, action)
        if action == "delete":
            return _message(web, page_message_wording.DELETED)
        return _manage_page(
            web,
            token,
            open_link(web.context, token, "manage"),
            result=page_message_wording.CHANGED[action] if is_done else page_message_wording.UNCHANGED,
        )
    try:
        preferences = _preferences(web, form)
    except UsageError as error:
        return _manage_page(web, token, link, problem=error.web_message, status=422)
    change(web.context, token, preferences)
    return _manage_page(
        web, token, open_link(web.context, token, "manage"), result=page_message_wording.CHANGED["save"]
    )


def _manage_page(
    web: WebContext, token: str, link: OpenedLink, *, result: str = "", problem: str = "", status: int = 200
) -> Response:
    if link.outcome != "done":
        return _invalid_link(web, link.outcome)
    reader = link.reader
    return _page(
        web,
        "subscription_manage.html",
        status,
        reader=reader,
        chosen=reader.preferences,
        feeds=[f for f in reader.preferences.follows if f.brings_papers],
        scan_address=f"/scan/as/{token}",
        data_address=f"{LINK_PATHS['manage']}/{token}/data.json",
        result=result,
        problem=problem,
        **_choices(web, reader.preferences),
    )


# -- forms


def _choices(web: WebContext, chosen: Preferences) -> dict[str, Any]:
    """The choices of the form: everything that can be followed; of named things only those that are chosen."""
    context = web.context
    model = context.topic_model
    terms = context.detector.taxonomy.terms
    return {
        "techniques": [t for t in terms if t.kind == "technique"],
        "themes": [t for t in terms if t.kind == "theme"],
        "topics": sorted(model.topics if model else (), key=lambda t: t.label.casefold()),
        "categories": context.settings.categories,
        "names": followed_names(context, chosen),
        "max_search": MAX_SEARCH,
        "max_per_week": MAX_PER_WEEK,
    }


def _preferences(web: WebContext, form: Form) -> Preferences:
    """The preferences in a form: checkboxes named ``follow``, and one on each line of ``searches`` and ``names``.

    ``per_week:KIND:KEY`` is how many papers a week one of them should bring, empty for the default.
    """
    lines: list[tuple[FollowKind, str]] = [("search", "searches"), ("name", "names")]
    written = [
        str(Follow(kind, line))
        for kind, field in lines
        for text in only_value(form, field).splitlines()
        if (line := sanitized_line(text))
    ]
    follows = [*form.get("follow", ()), *written]
    return checked_preferences(
        web.context,
        only_value(form, "frequency") or "weekly",
        only_value(form, "format") or "html",
        [_with_number(follow, only_value(form, f"per_week:{follow}").strip()) for follow in follows],
    )


def _with_number(follow: str, per_week: str) -> str:
    kind, _, key = follow.partition(":")
    return f"{kind}/{per_week}:{key}" if per_week else follow


def _network(request: Request) -> str:
    return network_of(request.client.host) if request.client else "unknown"
