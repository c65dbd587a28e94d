"""Pages of a reader's scans, by the link to a subscription or, on one's own machine, at once.

A GET changes nothing. Without ``base_url`` and on a loopback address there is one local reader; behind a proxy, or
asked under another host name, there is none, because whoever asks may then be anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from domain.errors import NotFound, UsageError
from domain.reading import Scan
from domain.subscription import Follow, sanitized_line
from domain.typed_day import day
from mail.subscriptions import open_link
from pipeline.stages import newest_closed_week
from queries import collections as records
from queries.paper_rows import paper_lines
from queries.scanning import (
    MAX_SHOWN,
    decide,
    decided_papers,
    mute,
    named_left_out,
    scan_of,
    scan_page,
    start_scan,
    undo,
    unmute,
)
from queries.seed_papers import MAX_SEED_BYTES, name_seeds
from queries.topics import all_topics
from service.web.client import is_local_user
from service.web.dependencies import WebContext, WebContextDep
from service.web.forms import Form, only_value, read_form, refuse_other_sites
from service.web.known_parameters import KnownParametersRoute
from service.web.responses import HTML, JSON
from templates import paper_exports, scanning_wording
from templates.page_layout import render_page

router = APIRouter(
    include_in_schema=False, route_class=KnownParametersRoute, dependencies=[Depends(refuse_other_sites)]
)

_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}
_SHOWN_AT_ONCE = 10
_VERDICTS = ("keep", "skip", "undecided")

ExportForm = Literal["bib", "ris", "csl", "md"]
ScanId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Shown = Annotated[int, Query(ge=1, le=MAX_SHOWN)]


@dataclass(frozen=True)
class _Visitor:
    """Who asks: the subscriber of a link or the local reader, and where their pages begin."""

    base: str
    subscriber_id: int | None
    follows: tuple[Follow, ...]

    @property
    def is_signed(self) -> bool:
        return self.subscriber_id is not None


async def _form(request: Request) -> Form:
    return await read_form(request, max_bytes=4 * MAX_SEED_BYTES)


TheForm = Annotated[Form, Depends(_form)]


def _visitor(request: Request, web: WebContextDep) -> _Visitor:
    """The reader of the request.

    Raises
    ------
    NotFound
        If the link is not valid, or there is none and the reader is not local.
    """
    token = request.path_params.get("token")
    if token is None:
        if not is_local_user(request, web.context.settings.service):
            raise NotFound("a scan is opened by the link to a subscription")
        return _Visitor("/scan", None, ())
    link = open_link(web.context, str(token), "manage")
    if link.outcome != "done":
        raise NotFound("this link is not valid any more; ask for a new one on the page to subscribe")
    follows = tuple(f for f in link.reader.preferences.follows if f.is_ranked)
    return _Visitor(f"/scan/as/{token}", link.reader.subscriber_id, follows)


Visitor = Annotated[_Visitor, Depends(_visitor)]


def _page(web: WebContext, template: str, status: int = 200, **content: Any) -> Response:
    page = render_page(template, frame=web.frame("scan"), **content)
    return Response(page, status, media_type=HTML, headers=_HEADERS)


def _to(address: str) -> Response:
    return Response(status_code=303, headers={**_HEADERS, "Location": address})


def _names(web: WebContext) -> dict[str, str]:
    """What mutes are called: topics by label, techniques and themes by name."""
    topics = {f"topic:{t.topic_id}": t.label for t in all_topics(web.context)}
    return topics | {f"{t.kind}:{t.key}": t.name for t in web.context.detector.taxonomy.terms}


# -- beginning


@router.get("/scan")
def start_page(request: Request, web: WebContextDep) -> Response:
    """The local reader's scans, or how to open one's own."""
    if not is_local_user(request, web.context.settings.service):
        return _page(web, "scan_start.html", closed=True)
    return _start_page(web, _visitor(request, web))


@router.get("/scan/as/{token}")
def start_page_of_link(web: WebContextDep, visitor: Visitor) -> Response:
    """A subscriber's scans."""
    return _start_page(web, visitor)


def _start_page(
    web: WebContext,
    visitor: _Visitor,
    *,
    result: str = "",
    problem: str = "",
    typed: Form | None = None,
    status: int = 200,
) -> Response:
    typed, names = typed or {}, _names(web)
    return _page(
        web,
        "scan_start.html",
        status,
        closed=False,
        base=visitor.base,
        is_signed=visitor.is_signed,
        follows=visitor.follows,
        record=(record := records.reading_record(web.context, records.reader_of(web.context, visitor.subscriber_id))),
        scan_titles={scan.scan_id: _scan_title(scan, names, record) for scan, _ in record.scans},
        week=str(newest_closed_week(web.context)),
        names=names,
        categories=web.context.settings.categories,
        typed={name: only_value(typed, name) for name in ("since", "until", "for", "seeds", "category", "author")},
        ticked=[*typed.get("has", []), *typed.get("leave_out", [])],
        result=result,
        problem=problem,
    )


def _scan_title(scan: Scan, names: Mapping[str, str], record: records.ReadingRecord) -> str:
    words = [names.get(text) or text.partition(":")[2] for text in scan.follows]
    return scanning_wording.scan_title(words, record.titles.get(scan.seeds[0]) if scan.seeds else None, len(scan.seeds))


@router.post("/scan")
@router.post("/scan/as/{token}")
def act_at_start(web: WebContextDep, visitor: Visitor, form: TheForm) -> Response:
    """Start a scan, end a mute, or delete. Papers that are named but not stored are told before a scan starts."""
    context, action = web.context, only_value(form, "action")
    try:
        if action == "delete":
            known = records.reader_of(context, visitor.subscriber_id)
            if known is not None:
                records.forget_reader(context, known)
            return _start_page(web, visitor, result=scanning_wording.DELETED)
        reader_id = records.stored_reader(context, visitor.subscriber_id)
        if action == "start":
            if (seeds := only_value(form, "seeds")).strip():
                named = name_seeds(context, reader_id, seeds)
                if named.missing:
                    result = scanning_wording.seeds_text(len(named.found), named.missing)
                    return _start_page(web, visitor, result=result, typed={**form, "seeds": []})
            since, until = only_value(form, "since").strip(), only_value(form, "until").strip()
            words = sanitized_line(only_value(form, "for"))
            follows = [Follow.parse(text) for text in form.get("follow", [])]  # those of a scan that is started again
            left_out = named_left_out(form.get("leave_out", []))
            scan = start_scan(
                context,
                reader_id,
                since=day(since) if since else None,
                until=day(until or since, end=True) if until or since else None,
                follows=follows or (*_standing(web, visitor), *([Follow("search", words)] if words else [])),
                has=form.get("has", []),
                seeds=() if "seeds" in left_out else None,
                leaves_out_others="kept" in left_out,
                categories=form.get("category", []),
                author=only_value(form, "author"),
            )
            return _to(f"{visitor.base}/{scan.scan_id}")
        if action == "forget-seeds":
            records.forget_seeds(context, reader_id)
        elif action == "unmute":
            unmute(context, reader_id, only_value(form, "mute"))
        elif action == "delete-collection":
            records.take_out(context, reader_id, _number(only_value(form, "collection")), None)
        else:
            raise UsageError(f"{sanitized_line(action)[:40]!r} is no action of this page, so nothing was changed")
    except UsageError as error:
        return _start_page(web, visitor, problem=error.web_message, typed=form, status=422)
    return _to(visitor.base)


def _standing(web: WebContext, visitor: _Visitor) -> list[Follow]:
    """The searches and topics that a subscriber follows, but for topics that there are no more."""
    topics = {str(topic.topic_id) for topic in all_topics(web.context)}
    return [follow for follow in visitor.follows if follow.kind != "topic" or follow.key in topics]


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 9:
        raise UsageError(f"{sanitized_line(text)[:40]!r} is no number")
    return int(text)


# -- files


@router.get("/scan/data.json")
@router.get("/scan/as/{token}/data.json")
def data_file(web: WebContextDep, visitor: Visitor) -> Response:
    """All that is stored about what the reader read."""
    data = records.reading_data(web.context, visitor.subscriber_id)
    body = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    return _file(body, JSON, "papertide-reading.json")


@router.get("/scan/kept.{form}")
@router.get("/scan/as/{token}/kept.{form}")
def kept_file(web: WebContextDep, visitor: Visitor, form: ExportForm) -> Response:
    """All papers that the reader kept."""
    reader_id = records.reader_of(web.context, visitor.subscriber_id)
    papers = records.kept_papers(web.context, reader_id) if reader_id is not None else []
    return _exported(web, [(paper, "") for paper in papers], form, "Kept papers", "kept")


@router.get("/scan/collections/{collection_id}.{form}")
@router.get("/scan/as/{token}/collections/{collection_id}.{form}")
def collection_file(web: WebContextDep, visitor: Visitor, collection_id: ScanId, form: ExportForm) -> Response:
    """The papers of a collection, in Markdown with their notes."""
    name, papers = records.collection_named(web.context, _reader(web, visitor), collection_id)
    return _exported(web, papers, form, name, f"collection-{collection_id}")


def _exported(web: WebContext, papers: list[Any], form: ExportForm, title: str, stem: str) -> Response:
    if form == "md":
        findings = {line.arxiv_id: line.finding for line in paper_lines(web.context, [paper for paper, _ in papers])}
        return _file(paper_exports.markdown(papers, title, findings), "text/markdown; charset=utf-8", f"{stem}.md")
    body = paper_exports.written([paper for paper, _ in papers], form)
    return _file(body, paper_exports.MEDIA_TYPES[form], f"{stem}.{paper_exports.SUFFIXES[form]}")


def _file(body: str, media_type: str, name: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=media_type, headers=_HEADERS | disposition)


def _reader(web: WebContext, visitor: _Visitor) -> int:
    """The reader of a visitor.

    Raises
    ------
    NotFound
        If nothing is stored for them.
    """
    reader_id = records.reader_of(web.context, visitor.subscriber_id)
    if reader_id is None:
        raise NotFound("nothing of this address is stored for you")
    return reader_id


# -- the queue

Order = Annotated[Literal["mixed", "best"], Query()]


@dataclass(frozen=True)
class _Place:
    """Where a reader is: a scan, how many papers it shows at once, and in which order."""

    base: str
    scan_id: int
    n: int
    order: str

    def address(self, **changes: Any) -> str:
        """The queue's address, with other papers at once or in another order."""
        there = replace(self, **changes)
        asked: dict[str, object] = {"n": there.n} if there.n != _SHOWN_AT_ONCE else {}
        asked |= {"order": "best"} if there.order == "best" else {}
        return f"{self.base}/{self.scan_id}" + (f"?{urlencode(asked)}" if asked else "")


@router.get("/scan/{scan_id}")
@router.get("/scan/as/{token}/{scan_id}")
def queue_page(
    web: WebContextDep, visitor: Visitor, scan_id: ScanId, n: Shown = _SHOWN_AT_ONCE, order: Order = "mixed"
) -> Response:
    """The next papers of a scan, and what was seen."""
    return _queue_page(web, _reader(web, visitor), _Place(visitor.base, scan_id, n, order))


def _queue_page(web: WebContext, reader_id: int, here: _Place, *, problem: str = "", status: int = 200) -> Response:
    context, scan_id = web.context, here.scan_id
    scan = scan_page(context, reader_id, scan_id, n=here.n, best_first=here.order == "best")
    return _page(
        web,
        "scan_queue.html",
        status,
        base=here.base,
        here=here,
        scan=scan,
        title=scanning_wording.scan_title(scan.looks_for, scan.first_seed, scan.n_seeds),
        started=scan_of(context, reader_id, scan_id),
        names=_names(web),
        collections=records.reading_record(context, reader_id).collections,
        problem=problem,
    )


@router.post("/scan/{scan_id}")
@router.post("/scan/as/{token}/{scan_id}")
def act_in_queue(
    web: WebContextDep,
    visitor: Visitor,
    scan_id: ScanId,
    form: TheForm,
    n: Shown = _SHOWN_AT_ONCE,
    order: Order = "mixed",
) -> Response:
    """Store a verdict, take the last one back, mute or collect."""
    context, reader_id, here = web.context, _reader(web, visitor), _Place(visitor.base, scan_id, n, order)
    scan_of(context, reader_id, scan_id)
    action, paper = only_value(form, "action"), only_value(form, "paper")
    try:
        if action in _VERDICTS:
            decide(context, reader_id, scan_id, paper, action, only_value(form, "choice"))
        elif action == "undo":
            undo(context, reader_id, scan_id)
        elif action == "collect":
            records.collect(context, reader_id, only_value(form, "collection"), paper, only_value(form, "note"))
        elif only_value(form, "mute"):
            mute(context, reader_id, only_value(form, "mute"))
        else:
            raise UsageError(f"{sanitized_line(action)[:40]!r} is no action of this page, so nothing was changed")
    except UsageError as error:
        return _queue_page(web, reader_id, here, problem=error.web_message, status=422)
    return _to(here.address())


@router.get("/scan/{scan_id}/decided")
@router.get("/scan/as/{token}/{scan_id}/decided")
def decided_page(web: WebContextDep, visitor: Visitor, scan_id: ScanId) -> Response:
    """What was decided in a scan, newest first, each with buttons to change it."""
    return _decided_page(web, visitor, _reader(web, visitor), scan_id)


def _decided_page(
    web: WebContext, visitor: _Visitor, reader_id: int, scan_id: int, *, problem: str = "", status: int = 200
) -> Response:
    started = scan_of(web.context, reader_id, scan_id)
    return _page(
        web,
        "scan_decided.html",
        status,
        base=visitor.base,
        scan=started,
        title=_scan_title(started, _names(web), records.reading_record(web.context, reader_id)),
        papers=decided_papers(web.context, reader_id, scan_id),
        problem=problem,
    )


@router.post("/scan/{scan_id}/decided")
@router.post("/scan/as/{token}/{scan_id}/decided")
def change_verdict(web: WebContextDep, visitor: Visitor, scan_id: ScanId, form: TheForm) -> Response:
    """Give a paper that was decided in a scan another verdict."""
    reader_id, paper = _reader(web, visitor), only_value(form, "paper")
    try:
        if paper not in {one.arxiv_id for one in decided_papers(web.context, reader_id, scan_id)}:
            raise UsageError(f"the paper {sanitized_line(paper)[:40]!r} was not decided in this scan")
        decide(web.context, reader_id, scan_id, paper, only_value(form, "action"), "best")
    except UsageError as error:
        return _decided_page(web, visitor, reader_id, scan_id, problem=error.web_message, status=422)
    return _to(f"{visitor.base}/{scan_id}/decided")
