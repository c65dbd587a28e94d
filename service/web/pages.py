"""The pages for people. Each reads its address, asks one question, and draws."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from markupsafe import Markup

from domain.detections import Evidence
from domain.digest import SharePoint
from domain.errors import UsageError
from domain.week import Week, last_closed_week
from service import answers, catalogue, citations
from service.catalogue import NotHere
from service.search import papers_matching, search
from service.web.asking import (
    MAX_EXPORT,
    MAX_NAME,
    AskedPapers,
    AskedTrend,
    Found,
    Measure,
    QueryText,
    SortBy,
    TakenAs,
    TrendQuestion,
)
from service.web.replies import CSV, HTML, JSON, PUBLISHED_S, TEXT, Drawn, json_text, reply
from service.web.web import TheWeb, Web
from service.workshop import papertide_version
from store.digests import revisions_of
from store.papers import papers_in_order
from templates.figures import term_said
from templates.json_form import digest_json
from templates.links import WebLinks
from templates.render import options, render_html, render_list_page, render_text
from templates.site import Feed, Issue, render_page
from templates.topic_map import topic_map_drawing
from templates.trend_chart import chart_bytes, curve_names, trend_chart
from templates.trend_drawing import TrendSeries
from templates.trend_words import movement

router = APIRouter(include_in_schema=False)

LINKS = WebLinks()
DIGEST_FEED = Feed("Papertide: weekly digests", "/feeds/digests.atom")
EXAMPLE_TERMS = ("llm", "transformer", "diffusion")
"""What the trend explorer shows before anybody asked."""

STATUS_S = 10
"""How old a status may be: while a job works, it changes all the time."""

PAUSE_S = 0.05
"""Between pages that are drawn ahead: readers come first."""

_one_picture_at_a_time = threading.Lock()
"""Drawing a picture takes half a second of a core and a hundred megabytes."""

WeekName = Annotated[str, Path(max_length=8)]
OptionalWeek = Annotated[str, Query(max_length=8, description="Such as 2026-W25.")]


def shown(
    web: Web,
    request: Request,
    draw: Callable[[], str | bytes],
    media_type: str = HTML,
    *,
    for_s: float | None = None,
    **how: Any,
) -> Response:
    """A page, drawn once for each address and state of the database; with ``for_s`` again after so many seconds."""
    period = None if for_s is None else int(time.monotonic() / for_s)
    return reply(request, _kept(web, (request.url.path, request.url.query, period), draw, media_type), **how)


def _kept(web: Web, address: tuple[Hashable, ...], draw: Callable[[], str | bytes], media_type: str) -> Drawn:
    return web.drawer.kept((state_of(web), *address), lambda: Drawn.of(draw(), media_type))


def state_of(web: Web) -> Hashable:
    """What pages depend on beside their address: the database's state, and the day, which opens and closes weeks."""
    return web.shop.memory.state(), str(web.shop.now().date())


def draw_ahead(web: Web, *, until: threading.Event) -> None:
    """Make what readers would wait for, one now and then so that nobody waits: topics' pages, the taxonomy's curves."""
    for t in catalogue.all_topics(web.shop):
        if until.wait(PAUSE_S):
            return
        if t.is_active:
            draw = partial(_topic_page, web, t.topic.topic_id)
            _kept(web, (f"/topics/{t.topic.topic_id}", "", None), draw, HTML)
    for term in web.shop.detector.taxonomy.terms:
        if until.wait(PAUSE_S):
            return
        question = TrendQuestion((f"{term.kind}:{term.key}",), "", "", "week", "adopts", (), primary=False)
        try:
            trend_series(web, question, trend_answer(web, question, with_open_week=True))
        except UsageError:  # nothing is counted yet
            return


# -- home and digests


@router.get("/")
def home(request: Request, web: TheWeb) -> Response:
    """The newest digest at a glance, the weeks before, and the ways in."""

    def draw() -> str:
        heads = catalogue.heads(web.shop)
        digest = catalogue.published(web.shop, heads[0].week).edition.digest if heads else None
        return render_page(
            "home.html",
            site=web.site("home", (DIGEST_FEED,)),
            heads=heads,
            digest=digest,
            status=None if heads else answers.status(web.shop),
        )

    return shown(web, request, draw)


@router.get("/digests")
def digests(request: Request, web: TheWeb) -> Response:
    """Every digest, newest first."""
    return shown(
        web,
        request,
        lambda: render_page("digests.html", site=web.site("digests", (DIGEST_FEED,)), heads=catalogue.heads(web.shop)),
    )


@router.get("/digests/{week}.json")
def digest_as_json(request: Request, web: TheWeb, week: WeekName) -> Response:
    """The digest with every number."""
    return shown(
        web,
        request,
        lambda: json_text(digest_json(catalogue.published(web.shop, week_called(week)).edition)),
        JSON,
        max_age_s=PUBLISHED_S,
    )


@router.get("/digests/{week}.txt")
def digest_as_text(request: Request, web: TheWeb, week: WeekName) -> Response:
    """The digest as plain text."""
    return shown(
        web,
        request,
        lambda: render_text(catalogue.published(web.shop, week_called(week)).edition),
        TEXT,
        max_age_s=PUBLISHED_S,
    )


@router.get("/digests/{week}")
def digest(request: Request, web: TheWeb, week: WeekName) -> Response:
    """A digest at its permanent address, with its corrections."""
    return _digest_page(request, web, week_called(week), None)


@router.get("/digests/{week}/revisions/{revision}")
def digest_revision(
    request: Request, web: TheWeb, week: WeekName, revision: Annotated[int, Path(ge=1, le=9999)]
) -> Response:
    """A digest as it was published at first, or corrected then."""
    return _digest_page(request, web, week_called(week), revision)


def _digest_page(request: Request, web: Web, week: Week, revision: int | None) -> Response:
    def draw() -> str:
        found = catalogue.published(web.shop, week, revision)
        weeks = [head.week for head in catalogue.heads(web.shop)][::-1]
        at = weeks.index(week)
        issue = Issue(
            before=weeks[at - 1] if at else None,
            after=weeks[at + 1] if at + 1 < len(weeks) else None,
            shown=found.revision,
            revisions=tuple((n, f"{when.day} {when:%B %Y}") for n, when in revisions_of(web.shop.db, week)),
        )
        return render_html(found.edition, links=LINKS, site=web.site("digests", (DIGEST_FEED,)), issue=issue)

    return shown(web, request, draw, max_age_s=PUBLISHED_S)


@router.get("/digests/{week}/{slug}")
def digest_list(request: Request, web: TheWeb, week: WeekName, slug: Annotated[str, Path(max_length=120)]) -> Response:
    """All papers behind one number of a digest."""

    def draw() -> str:
        edition = catalogue.published(web.shop, week_called(week)).edition
        if slug not in {papers.slug for papers in edition.paper_lists}:
            raise NotHere(f"the digest of {week} has no list {slug!r}")
        return render_list_page(edition, slug, links=LINKS, site=web.site("digests", (DIGEST_FEED,)))

    return shown(web, request, draw, max_age_s=PUBLISHED_S)


def week_called(name: str) -> Week:
    """A week of an address.

    Raises
    ------
    NotHere
    """
    try:
        return Week.parse(name)
    except ValueError as error:
        raise NotHere(str(error)) from error


# -- trends


@router.get("/trends")
def trends(
    request: Request,
    web: TheWeb,
    asked: AskedTrend,
    measure: Measure = "share",
    add: Annotated[str, Query(max_length=MAX_NAME)] = "",
    taken_as: Annotated[TakenAs, Query(alias="as")] = "words",
) -> Response:
    """The trend explorer: curves, the same in words and numbers, and the papers behind each point."""
    question, refused = asked, None
    try:
        question = asked.adding(add, taken_as)
    except UsageError as error:
        refused = error.reply
    is_example = not question.terms
    if is_example:
        question = replace(question, terms=EXAMPLE_TERMS)

    def draw() -> str:
        problem, series, answer, movements = refused, [], None, []
        if not problem:
            try:
                answer = trend_answer(web, question, with_open_week=True)
                series = trend_series(web, question, answer)
                is_called = question.level == "adopts" and not question.categories
                movements = [
                    movement(curve, answered, is_called=is_called)
                    for curve, answered in zip(series, answer["series"], strict=True)
                ]
            except UsageError as error:
                problem = error.reply
        taxonomy = web.shop.detector.taxonomy.terms
        return web.render_long(
            "trends.html",
            site=web.site("trends"),
            question=question,
            measure=measure,
            is_example=is_example,
            problem=problem,
            answer=answer,
            series=series,
            movements=movements,
            watched=web.shop.settings.categories,
            terms=taxonomy,
            topic_options=_topic_options(web),
            own=question.query | {"measure": "" if measure == "share" else measure},
        )

    return shown(web, request, draw)


def trend_answer(web: Web, asked: TrendQuestion, *, with_open_week: bool = False) -> dict[str, Any]:
    """The answer of ``trends`` to an address, in the form that docs/json.md describes."""
    since = answers.day(asked.since) if asked.since else None
    until = answers.day(asked.until, end=True) if asked.until else None
    if since and until and since > until:
        raise UsageError(f"the first day, {since}, is after the last, {until}")
    if not asked.terms:
        raise UsageError("no term is given; write one or more, as in term=diffusion")
    return answers.trends(
        web.shop,
        asked.terms,
        by=asked.by,
        level=asked.level,
        categories=asked.categories,
        primary=asked.primary,
        since=since,
        until=until,
        with_open_week=with_open_week,
    )


def trend_series(web: Web, asked: TrendQuestion, answer: dict[str, Any]) -> list[TrendSeries]:
    """The answer's curves, each point with the address of its papers."""
    last_closed = last_closed_week(web.shop.now())

    def curve(name: str, one: dict[str, Any]) -> TrendSeries:
        return TrendSeries(
            name=name,
            points=tuple(_point(p) for p in one["points"]),
            hrefs=tuple(_papers_of(asked, one)),
            by=asked.by,
            n_open=sum(date.fromisoformat(p["end"]) > last_closed.sunday for p in one["points"]),
        )

    return [
        web.shop.kept(
            ("curve", last_closed, name, replace(asked, terms=(one["kind"], one["term"]))), partial(curve, name, one)
        )
        for one, name in zip(answer["series"], curve_names(answer), strict=True)
    ]


def _papers_of(asked: TrendQuestion, series: dict[str, Any]) -> list[str]:
    """Where the papers of each point of a curve are listed."""
    all_of_them = LINKS.asked(
        "/papers",
        {
            "term": f"{series['kind']}:{series['term']}",
            "level": "" if asked.level == "adopts" or series["kind"] not in ("technique", "theme") else asked.level,
            "category": asked.categories,
            "primary": "true" if asked.primary else "",
        },
    )
    # Written behind what is the same for hundreds of points: quoting an address takes its time.
    return [f"{all_of_them}&since={p['start']}&until={p['end']}" for p in series["points"]]


def _point(p: dict[str, Any]) -> SharePoint:
    share, low, high = (math.nan if p[name] is None else p[name] for name in ("share", "low", "high"))
    return SharePoint(
        date.fromisoformat(p["start"]), date.fromisoformat(p["end"]), p["k"], p["n"], share, low, high, p["complete"]
    )


@router.get("/trends.{form}")
def trends_as_file(
    request: Request, web: TheWeb, asked: AskedTrend, form: Literal["json", "csv", "png", "svg"]
) -> Response:
    """The chart's data, or the chart as a picture."""

    def draw() -> str | bytes:
        answer = trend_answer(web, asked)
        if form == "json":
            return json_text(answer)
        if form == "csv":
            return answers.trends_csv(answer)
        with _one_picture_at_a_time:
            return chart_bytes(trend_chart(answer), f".{form}")

    media_type = {"json": JSON, "csv": CSV, "png": "image/png", "svg": "image/svg+xml"}[form]
    return shown(web, request, draw, media_type, name=f"papertide-trends.{form}" if form == "csv" else None)


# -- topics


TopicSort = Literal["size", "name", "newest", "recent"]


@router.get("/topics")
def topics(
    request: Request,
    web: TheWeb,
    q: Annotated[str, Query(max_length=120)] = "",
    area: Annotated[str, Query(max_length=120)] = "",
    sort: TopicSort = "size",
) -> Response:
    """Every topic, sorted and filtered, and the map of them all."""

    def draw() -> str:
        everyone = catalogue.all_topics(web.shop)
        living = [t for t in everyone if t.is_active]
        series = catalogue.topic_series(web.shop)
        words = q.casefold().split()
        chosen = [
            t
            for t in living
            if (not area or t.topic.area == area)
            and all(w in f"{t.topic.label} {' '.join(t.topic.top_terms)}".casefold() for w in words)
        ]
        keys: dict[str, Callable[[Any], Any]] = {
            "size": lambda t: -t.topic.size,
            "name": lambda t: t.topic.label.casefold(),
            "newest": lambda t: (-t.topic.born_week.monday.toordinal(), -t.topic.size),
            "recent": lambda t: -(series[t.topic.topic_id][-1].k if series.get(t.topic.topic_id) else 0),
        }
        areas = sorted({t.topic.area for t in living if t.topic.area})
        return render_page(
            "topics.html",
            site=web.site("topics"),
            topics=sorted(chosen, key=keys[sort]),
            n_all=len(living),
            gone=[t for t in everyone if not t.is_active],
            series=series,
            newest_week=next((str(Week(points[-1].start)) for points in series.values()), "Newest week"),
            areas=areas,
            asked={"q": q, "area": area, "sort": sort},
            drawing=topic_map_drawing(
                [(t.topic.topic_id, t.topic.label, t.topic.size, t.topic.area, t.position) for t in living],
                catalogue.topic_map(web.shop),
                areas,
            ),
        )

    return shown(web, request, draw)


@router.get("/topics/{topic_id}")
def topic(request: Request, web: TheWeb, topic_id: Annotated[int, Path(ge=0, le=2**31 - 1)]) -> Response:
    """One topic: its label, history, share over time, papers and neighbours."""

    return shown(web, request, partial(_topic_page, web, topic_id))


def _topic_page(web: Web, topic_id: int) -> str:
    found = catalogue.topic(web.shop, topic_id)
    return web.render_long(
        "topic.html",
        site=web.site("topics", (Feed(f"Papertide: {found['label']}", f"/feeds/topics/{topic_id}.atom"),)),
        topic=found,
        series=tuple(_point(p) for p in found["points"]),
    )


def _topic_options(web: Web) -> Markup:
    return web.shop.kept(
        "topic options", lambda: options(t.topic.label for t in catalogue.all_topics(web.shop) if t.is_active)
    )


# -- papers and search


def _filters_page(web: Web, found: Found) -> dict[str, Any]:
    """What the filters of search and lists offer."""
    return {
        "watched": web.shop.settings.categories,
        "terms": web.shop.detector.taxonomy.terms,
        "topic_options": _topic_options(web),
        "asked": found,
    }


@router.get("/papers")
def papers(request: Request, web: TheWeb, found: AskedPapers) -> Response:
    """The papers that a number counts, newest first."""

    def draw() -> str:
        total, listed = papers_matching(web.shop, found.question, limit=found.limit, offset=found.offset)
        return render_page(
            "paper_list.html",
            site=web.site("search"),
            total=total,
            papers=[catalogue.paper_line(p) for p in listed],
            next_offset=found.next_offset(total),
            term_name=_term_name(web, found.question.term),
            **_filters_page(web, replace(found, total=total)),
        )

    return shown(web, request, draw)


def _term_name(web: Web, term: str | None) -> str | None:
    """What a term is called."""
    if term is None:
        return None
    named = answers.term_named(web.shop, term)
    if named is None:
        return term_said(term)
    if named[0] == "topic":
        return next((t.topic.label for t in catalogue.all_topics(web.shop) if str(t.topic.topic_id) == named[1]), term)
    return next(t.name for t in web.shop.detector.taxonomy.terms if (t.kind, t.key) == named)


@router.get("/papers.{form}")
def papers_as_file(request: Request, web: TheWeb, found: AskedPapers, form: citations.Form) -> Response:
    """The papers that a number counts, for a reference manager or a table."""

    def draw() -> str:
        _, listed = papers_matching(web.shop, found.question, limit=MAX_EXPORT)
        return citations.written(listed, form)

    total, _ = papers_matching(web.shop, found.question, limit=0)
    return _exported(web, request, draw, form, "papers", total)


def _exported(
    web: Web, request: Request, draw: Callable[[], str], form: citations.Form, what: str, total: int
) -> Response:
    """A file of papers; a header says how many there are, because the file holds no more than ``MAX_EXPORT``."""
    file_name = f"papertide-{what}.{citations.SUFFIXES[form]}"
    response = shown(web, request, draw, citations.MEDIA_TYPES[form], name=file_name)
    response.headers["X-Total-Count"] = str(total)
    return response


@router.get("/papers/{arxiv_id:path}")
def paper(request: Request, web: TheWeb, arxiv_id: Annotated[str, Path(max_length=40)]) -> Response:
    """One paper: what it says, what was found in it, where it belongs, and what is like it.

    With an ending, as in ``2606.01846.bib``, it comes for a reference manager.
    """
    name, _, ending = arxiv_id.rpartition(".")
    for form in citations.SUFFIXES:
        if ending == form:
            return _paper_as_file(request, web, name, form)

    def draw() -> str:
        found = catalogue.paper(web.shop, arxiv_id)
        evidence = [Evidence(e["field"], e["start"], e["end"]) for d in found["detections"] for e in d["evidence"]]
        return render_page(
            "paper.html",
            site=web.site("search"),
            paper=found,
            in_title=[e for e in evidence if e.field == "title"],
            in_abstract=[e for e in evidence if e.field == "abstract"],
        )

    return shown(web, request, draw)


def _paper_as_file(request: Request, web: Web, name: str, form: citations.Form) -> Response:
    asked = catalogue.arxiv_id_of(name)

    def draw() -> str:
        listed = papers_in_order(web.shop.db, [asked])
        if not listed:
            raise NotHere(f"the paper {asked} is not held here")
        return citations.written(listed, form)

    file_name = f"{asked.replace('/', '_')}.{citations.SUFFIXES[form]}"
    return shown(web, request, draw, citations.MEDIA_TYPES[form], name=file_name)


@router.get("/search")
def search_page(
    request: Request, web: TheWeb, found: AskedPapers, q: QueryText = "", sort: SortBy = "relevance"
) -> Response:
    """Papers by meaning and by words, each with the reasons why it is there."""
    asked = replace(found, question=replace(found.question, query=q, sort=sort))

    def draw() -> str:
        problem, answer = None, None
        if q.strip():
            try:
                answer, _ = search(web.shop, asked.question, limit=asked.limit, offset=asked.offset)
            except UsageError as error:
                problem = error.reply
        return web.render_long(
            "search.html",
            site=web.site(
                "search", (Feed(f"Papertide: {q}", LINKS.asked("/feeds/search.atom", asked.query)),) if answer else ()
            ),
            answer=answer,
            problem=problem,
            next_offset=asked.next_offset(answer["total"]) if answer else None,
            **_filters_page(web, replace(asked, total=answer["total"]) if answer else asked),
        )

    return shown(web, request, draw)


@router.get("/search.{form}")
def search_as_file(
    request: Request,
    web: TheWeb,
    found: AskedPapers,
    form: citations.Form,
    q: QueryText = "",
    sort: SortBy = "relevance",
) -> Response:
    """The papers found, for a reference manager or a table."""
    question = replace(found.question, query=q, sort=sort)

    def draw() -> str:
        _, listed = search(web.shop, question, limit=MAX_EXPORT)
        return citations.written(listed, form)

    answer, _ = search(web.shop, question, limit=0)
    return _exported(web, request, draw, form, "search", answer["total"])


# -- what stands behind the numbers


@router.get("/methods")
def methods(request: Request, web: TheWeb) -> Response:
    """What is counted and how sure it is."""
    return shown(
        web,
        request,
        lambda: render_page(
            "methods.html",
            site=web.site("methods"),
            categories=web.shop.settings.categories,
            terms=web.shop.detector.taxonomy.terms,
            scores=catalogue.detector_scores(),
            min_similarity=web.shop.settings.service.min_similarity,
        ),
    )


@router.get("/calls")
def calls(request: Request, web: TheWeb, week: OptionalWeek = "") -> Response:
    """What was called rising, emerging, falling or cooling, and what became of it."""
    return shown(
        web,
        request,
        lambda: render_page(
            "calls.html",
            site=web.site("methods"),
            answer=answers.calls(web.shop, answers.week_named(week) if week else None),
        ),
    )


@router.get("/status")
def status(request: Request, web: TheWeb) -> Response:
    """What is held, what is whole, what ran, what is due and what drifts."""
    return shown(
        web,
        request,
        lambda: render_page("status.html", site=web.site("status"), status=answers.status(web.shop)),
        for_s=STATUS_S,
        max_age_s=STATUS_S,
    )


@router.get("/about")
def about(request: Request, web: TheWeb) -> Response:
    """What this is, and whom it thanks."""
    return shown(
        web,
        request,
        lambda: render_page(
            "about.html", site=web.site("about"), version=papertide_version(), categories=web.shop.settings.categories
        ),
    )


@router.get("/api")
def api_page(request: Request, web: TheWeb) -> Response:
    """The API for people who build on it."""
    return shown(web, request, lambda: render_page("api.html", site=web.site("about"), openapi=request.app.openapi()))
