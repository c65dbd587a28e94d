"""The tools: their arguments, and their answers, which come from ``queries``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.digest import Share, TermLine, TopicLine, called_and_largest, short_authors
from domain.name_mention import NameKind
from domain.trend_calls import FittedChange, MoveOfWave, TrendCall
from domain.trend_periods import Period
from domain.trends import TermSeries
from domain.typed_day import day
from domain.week import Week
from queries.digests import published_digest, published_weeks
from queries.emerging import emerging
from queries.names import NameRequest, NameSort, NameView, name_page
from queries.paper import arxiv_id_of, paper, similar_papers
from queries.parameters import MAX_QUERY, Level, PaperRequest, Sort, TrendRequest
from queries.parse_dates import week_named
from queries.results import ListedName, ListedTerm, PaperLine, rounded, rounded_change
from queries.search import search
from queries.trends import trend_answer
from runtime.context import AppContext
from service.mcp.short_json import MAX_ABSTRACT, MAX_AUTHORS, clipped
from service.web.request_cost import DIGEST_S, PAGE_S, search_cost_s, trend_cost_s
from templates.links import WebLinks
from templates.mcp_wording import DESCRIPTIONS, UNTRUSTED_NOTE

MAX_RESULTS = 20
"""Papers of one answer."""

Term = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="A technique or theme by key or name, a topic by label, or any words. `technique:`, `theme:`, "
        "`topic:`, `text:`, `exact:` or `meaning:` before it say which is meant.",
    ),
]
Day = Annotated[
    str,
    Field(
        pattern=r"^(\d{4}(-\d{2}(-\d{2})?|-W\d{2})?)?$",
        description="2026-05-04, 2026-W19, 2026-05 or 2026; empty for no limit.",
    ),
]
Categories = Annotated[list[str], Field(max_length=20, description="Only papers listed in these, such as cs.CL.")]
Facets = Annotated[
    list[str],
    Field(
        max_length=8,
        description="Only papers with each of these: fact:code, fact:accepted, name:SWE-bench, domain:medicine, ...",
    ),
]
WeekName = Annotated[str, Field(max_length=8, description="Such as 2026-W25; empty for the newest.")]
PaperId = Annotated[str, Field(min_length=1, max_length=40, description="Such as 2606.01846 or cs/0601001.")]
NumberOfPapers = Annotated[int, Field(ge=1, le=MAX_RESULTS, description="Papers to list.")]


class Arguments(BaseModel):
    """The arguments of a tool; unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Range(Arguments):
    by: Period = Field(default="week", description="Length of a period.")
    level: Level = Field(default="adopts", description="How far a technique must be adopted.")
    since: Day = ""
    until: Day = ""
    categories: Categories = []

    def request(self, terms: Sequence[str]) -> TrendRequest:
        """The question as ``queries`` take it."""
        return TrendRequest(tuple(terms), self.since, self.until, self.by, self.level, tuple(self.categories), False)


class TrendArguments(_Range):
    """Of ``trend``."""

    term: Term


class CompareArguments(_Range):
    """Of ``compare``."""

    terms: Annotated[list[Term], Field(min_length=2, max_length=8)]


class EmergingArguments(Arguments):
    """Of ``emerging``."""

    week: WeekName = ""
    limit: Annotated[int, Field(ge=1, le=40, description="Terms to list.")] = 20


class NamesArguments(Arguments):
    """Of ``names``."""

    kind: NameKind | None = None
    view: NameView = Field(
        default="all", description="All, new in the newest week, taken up by other teams, rising or fading."
    )
    words: Annotated[str, Field(max_length=120, description="Only names that hold these words.")] = ""
    sort: NameSort = "uses"
    limit: Annotated[int, Field(ge=1, le=40, description="Names to list.")] = 15


class DigestArguments(Arguments):
    """Of ``weekly_digest``."""

    week: WeekName = ""


class SearchArguments(Arguments):
    """Of ``search``."""

    query: Annotated[str, Field(min_length=1, max_length=MAX_QUERY, description="What to look for, in your words.")]
    since: Day = ""
    until: Day = ""
    categories: Categories = []
    topic: Annotated[str, Field(max_length=200, description="Only papers of this topic: its label or number.")] = ""
    has: Facets = []
    sort: Sort = "relevance"
    limit: NumberOfPapers = 10

    @property
    def request(self) -> PaperRequest:
        """The question as ``queries`` take it."""
        return PaperRequest(
            self.query,
            since=day(self.since) if self.since else None,
            until=day(self.until, end=True) if self.until else None,
            categories=tuple(self.categories),
            topic=self.topic or None,
            has=tuple(self.has),
            sort=self.sort,
        )


class PaperArguments(Arguments):
    """Of ``paper``."""

    arxiv_id: PaperId


class SimilarArguments(PaperArguments):
    """Of ``similar``."""

    limit: NumberOfPapers = 10


@dataclass(frozen=True)
class Tool:
    """A tool: ``answer`` gives its answer, ``cost_s`` the processor time that is estimated for it, in seconds."""

    name: str
    arguments: type[Arguments]
    answer: Callable[[AppContext, Any], dict[str, Any]]
    cost_s: Callable[[Any], float]

    @property
    def description(self) -> str:
        """What it answers."""
        return DESCRIPTIONS[self.name]


# -- parts of answers


def _links(context: AppContext) -> WebLinks:
    return WebLinks(context.settings.service.address)


def _untrusted(**texts: str | None) -> dict[str, Any]:
    return {"untrusted": {name: clipped(text) for name, text in texts.items() if text is not None}}


def _paper_line(line: PaperLine, links: WebLinks) -> dict[str, Any]:
    return {
        "arxiv_id": line.arxiv_id,
        "submitted": line.submitted_at.date(),
        "primary_category": line.primary_category,
        "url": line.url,
        "page": links.paper(line.arxiv_id),
        **_untrusted(title=line.title, authors=short_authors(line.authors), finding=line.finding),
    }


def _change(
    change: FittedChange | None, verdict: str | None = None, wave: MoveOfWave | None = None
) -> dict[str, Any] | None:
    of_wave = {} if wave is None else {"wave": vars(wave)}
    if change is None:
        return None if verdict is None else {"verdict": verdict, **of_wave}
    given = rounded_change(change)
    return {"verdict": verdict, "is_clear": change.is_clear, **vars(given), **of_wave}


_COLUMNS = ("start", "end", "share", "low", "high", "k", "n", "complete")


def _series(one: TermSeries, request: TrendRequest, links: WebLinks) -> dict[str, Any]:
    """One term: its newest period, its change, and all periods as rows of a table."""
    rows = [[getattr(point, name) for name in _COLUMNS] for point in one.points]
    term = f"{one.kind}:{one.term}"
    newest = one.points[-1] if one.points else None
    has_levels = one.has_levels and request.level != "adopts"
    papers = {"term": term, "level": request.level if has_levels else "", "category": request.categories}
    return {
        "term": term,
        "taken_for": one.kind,
        **_untrusted(name=one.name),
        "newest": dict(zip(_COLUMNS, rows[-1], strict=True)) if rows else None,
        "newest_corrected": {
            "share": newest.corrected,
            "low": newest.corrected_low,
            "high": newest.corrected_high,
        }
        if newest and newest.corrected is not None
        else None,
        "called_in": one.call.week if one.call else None,
        "change": _change(one.call.change, one.call.verdict, one.call.wave) if one.call else _change(one.change),
        "n_incomplete_periods": sum(not point.complete for point in one.points),
        "other_readings": [clipped(r.term) for r in one.readings if not r.chosen][:5],
        "unknown": one.unknown,
        "links": {
            "page": links.with_query("/trends", request.query),
            "papers": links.with_query(
                "/papers", papers | ({"since": newest.start, "until": newest.end} if newest else {})
            ),
        },
        "columns": _COLUMNS,
        "points": rows,
    }


def _share(share: Share) -> dict[str, Any]:
    return {
        "share": rounded(share.share),
        "low": rounded(share.low),
        "high": rounded(share.high),
        "k": share.k,
        "n": share.n,
    }


def _call(call: TrendCall | None) -> dict[str, Any] | None:
    return None if call is None else _change(call.change, call.verdict, call.wave)


def _digest_term(line: TermLine, week: Week, links: WebLinks) -> dict[str, Any]:
    return {
        "term": f"{line.kind}:{line.key}",
        "name": line.name,
        **_share(line.adopts),
        "corrected": _share(line.corrected) if line.corrected else None,
        "call": _call(line.call),
        "papers": links.paper_list(week, line.slug),
    }


def _digest_topic(line: TopicLine, week: Week, links: WebLinks) -> dict[str, Any]:
    return {
        "term": f"topic:{line.topic_id}",
        **_untrusted(label=line.label),
        "status": line.status,
        **_share(line.share),
        "call": _call(line.call),
        "papers": links.paper_list(week, line.slug),
    }


# -- answers


def _trends(context: AppContext, request: TrendRequest) -> dict[str, Any]:
    answer, links = trend_answer(context, request), _links(context)
    return {
        "by": answer.by,
        "level": answer.level,
        "categories": answer.categories,
        "counted_at": answer.counted_at,
        "note": UNTRUSTED_NOTE,
        "series": [_series(one, request, links) for one in answer.series],
    }


def _emerging_term(term: ListedTerm, links: WebLinks) -> dict[str, Any]:
    return {
        **_untrusted(name=term.name, neighbours=", ".join(term.neighbours)),
        "is_new": term.is_new,
        "first_week": term.first_week,
        "k": term.k,
        "k_before": term.k_before,
        "growth": term.growth,
        "growth_low": term.growth_low,
        "share": term.share,
        "share_before": term.share_before,
        "n_teams": term.n_teams,
        "outcomes": [{"after_weeks": s.horizon_weeks, "held": s.held} for s in term.scores],
        "papers": [one.url for one in term.newest],
        "page": links.with_query("/trends", {"term": term.term}),
    }


def _emerging(context: AppContext, given: EmergingArguments) -> dict[str, Any]:
    answer, links = emerging(context, week_named(given.week) if given.week else None), _links(context)
    return {
        "week": answer.week,
        "recent_weeks": answer.recent_weeks,
        "n": answer.n,
        "before_weeks": answer.before_weeks,
        "n_before": answer.n_before,
        "n_tested": answer.n_tested,
        "late": answer.late,
        "outcomes_of_past_lists": answer.record,
        "note": UNTRUSTED_NOTE,
        "total": len(answer.terms),
        "terms": [_emerging_term(term, links) for term in answer.terms[: given.limit]],
        "links": {"page": links.with_query("/emerging", {"week": str(answer.week or "")})},
    }


def _name(name: ListedName, links: WebLinks) -> dict[str, Any]:
    return {
        "term": f"name:#{name.name_id}",
        **_untrusted(name=name.name, family=name.family, own_words=name.own_words),
        "kind": name.kind,
        "n_uses": name.n_uses,
        "n_mentions": name.n_mentions,
        "n_teams": name.n_teams,
        "first_week": name.first_week,
        "introduced_week": name.introduced_week,
        "introduced_by": name.introduced_by,
        "used_elsewhere_week": name.used_elsewhere_week,
        "taken_up_week": name.taken_up_week,
        "fading_week": name.fading_week,
        "call": _change(name.call.change, name.call.verdict) if name.call else None,
        "page": f"{links.root}/names/{name.name_id}",
    }


def _names(context: AppContext, given: NamesArguments) -> dict[str, Any]:
    request = NameRequest(given.kind, given.view, given.words, given.sort)
    answer, links = name_page(context, request, limit=given.limit), _links(context)
    return {
        "total": answer.total,
        "newest_week": answer.newest_week,
        "note": UNTRUSTED_NOTE,
        "names": [_name(name, links) for name in answer.names],
        "links": {
            "page": links.with_query(
                "/names", {"kind": given.kind, "view": "" if given.view == "all" else given.view, "q": given.words}
            )
        },
    }


def _digest(context: AppContext, given: DigestArguments) -> dict[str, Any]:
    weeks = [] if given.week else published_weeks(context)
    week = weeks[-1] if weeks else week_named(given.week) if given.week else None
    links = _links(context)
    if week is None:
        return {"week": None, "note": "no digest has been published yet"}
    digest = published_digest(context, week).edition.digest
    return {
        "week": week,
        "start": week.monday,
        "end": week.sunday,
        "made_up": digest.is_made_up,
        "headline": clipped(digest.headline.sentence),
        "n_papers": digest.headline.n_papers,
        "complete": digest.completeness.complete,
        "completeness": digest.completeness,
        "note": UNTRUSTED_NOTE,
        "techniques": [_digest_term(line, week, links) for line in called_and_largest(digest.techniques, 8)],
        "topics": [_digest_topic(line, week, links) for line in digest.topics],
        "themes": [_digest_term(line, week, links) for line in digest.themes],
        "notes": digest.notes,
        "links": {"page": links.digest(week), "json": links.json(week)},
    }


def _search(context: AppContext, given: SearchArguments) -> dict[str, Any]:
    answer, _ = search(context, given.request, limit=given.limit)
    links = _links(context)
    return {
        "total": answer.total,
        "reading": clipped(answer.reading),
        "did_you_mean": answer.did_you_mean,
        "note": UNTRUSTED_NOTE,
        "results": [
            {
                **_paper_line(found, links),
                "score": found.score,
                "similarity": found.similarity,
                "why": [clipped(reason) for reason in found.why],
            }
            for found in answer.results
        ],
        "links": {
            "page": links.with_query(
                "/search", {"q": given.query, "since": given.since, "until": given.until, "category": given.categories}
            )
        },
    }


def _paper(context: AppContext, given: PaperArguments) -> dict[str, Any]:
    found, links = paper(context, given.arxiv_id), _links(context)
    more = len(found.authors) - MAX_AUTHORS
    return {
        "arxiv_id": found.arxiv_id,
        "version": found.version,
        "withdrawn": found.withdrawn,
        "submitted": found.submitted_at,
        "updated": found.updated_at,
        "primary_category": found.primary_category,
        "categories": found.categories,
        "note": UNTRUSTED_NOTE,
        "untrusted": {
            "title": clipped(found.title),
            "authors": [*map(clipped, found.authors[:MAX_AUTHORS]), *([f"and {more} more"] if more > 0 else [])],
            "comment": clipped(found.comment or "") or None,
            "doi": clipped(found.doi or "") or None,
            "abstract": clipped(found.abstract, MAX_ABSTRACT),
        },
        "found": [{"term": f"{d.kind}:{d.key}", "name": d.name, "level": d.level} for d in found.detections],
        "topic": None
        if found.topic is None
        else {"term": f"topic:{found.topic.topic_id}", **_untrusted(label=found.topic.label)},
        "similar": [{**_paper_line(near, links), "similarity": near.similarity} for near in found.similar],
        "links": {"arxiv": found.url, "page": links.paper(found.arxiv_id)},
    }


def _similar(context: AppContext, given: SimilarArguments) -> dict[str, Any]:
    arxiv_id, links = arxiv_id_of(given.arxiv_id), _links(context)
    near = similar_papers(context, arxiv_id, limit=given.limit)
    return {
        "arxiv_id": arxiv_id,
        "note": UNTRUSTED_NOTE,
        "similar": [{**_paper_line(one, links), "similarity": one.similarity} for one in near],
        "links": {"page": links.paper(arxiv_id)},
    }


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "trend",
            TrendArguments,
            lambda context, given: _trends(context, given.request([given.term])),
            lambda given: trend_cost_s(given.request([given.term])),
        ),
        Tool(
            "compare",
            CompareArguments,
            lambda context, given: _trends(context, given.request(given.terms)),
            lambda given: trend_cost_s(given.request(given.terms)),
        ),
        Tool("emerging", EmergingArguments, _emerging, lambda _: PAGE_S),
        Tool("names", NamesArguments, _names, lambda _: PAGE_S),
        Tool("weekly_digest", DigestArguments, _digest, lambda _: DIGEST_S),
        Tool("search", SearchArguments, _search, lambda given: search_cost_s(given.request)),
        Tool("paper", PaperArguments, _paper, lambda _: PAGE_S),
        Tool("similar", SimilarArguments, _similar, lambda _: PAGE_S),
    )
}
"""Every tool by name, in the order in which they are listed."""
