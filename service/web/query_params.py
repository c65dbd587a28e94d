"""Query parameters, and weeks in paths, parsed and bounded once for pages, API and feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Path, Query

from domain.errors import UsageError
from domain.subscription import MAX_PER_WEEK
from domain.trend_periods import Period
from domain.typed_day import day
from queries.parameters import MAX_QUERY, Level, PaperRequest, Sort, TrendRequest, charted_terms
from templates.trend_scale import ScaleChoice

MAX_NAME = 200
"""Characters of a name or of a description by meaning."""
MAX_HAS = 8
"""Facets of one request."""
MAX_EXPORT = 500
"""Papers of one file for a reference manager or a table."""
_DAY = r"^(\d{4}(-\d{2}(-\d{2})?|-W\d{2})?)?$"

Name = Annotated[str, Query(max_length=MAX_NAME)]
WeekName = Annotated[str, Path(max_length=8)]
OptionalWeek = Annotated[str, Query(max_length=8, description="Such as 2026-W25.")]
Day = Annotated[
    str, Query(max_length=10, pattern=_DAY, description="2026-05-04, 2026-W19, 2026-05 or 2026.", examples=["2026-05"])
]
Categories = Annotated[
    list[str], Query(max_length=40, description="Only papers listed under one of these arXiv categories.")
]
Limit = Annotated[int, Query(ge=1, le=100, description="Results per page.")]
Cursor = Annotated[
    str, Query(max_length=9, pattern=r"^(\d{1,8})?$", description="The value of `next` on the previous page.")
]
PerWeek = Annotated[
    int | None,
    Query(
        ge=1,
        le=MAX_PER_WEEK,
        description="About how many papers a week a feed brings; by default all that score near the best.",
    ),
]
Measure = Literal["share", "count"]
AxisScale = Annotated[
    ScaleChoice,
    Query(description="One axis, a logarithmic one, an index or an axis for each; `auto` chooses by the terms' sizes."),
]


async def _trend_params(
    term: Annotated[
        list[str],
        Query(
            max_length=40,
            description="A technique or theme by key or name, a topic by label, or any words; up to 8. `technique:`, "
            "`theme:`, `topic:` and `text:` before it say which is meant. Words count in singular and plural; `exact:` "
            "counts them as written, and `meaning:` counts papers that mean what the words describe; `meaning(9/12):` "
            "says that 9 of 12 papers read were right, without which such a share has no interval.",
            examples=[["diffusion", "text:test-time scaling", "meaning:faster inference of large models"]],
        ),
    ] = [],  # noqa: B006 - the framework copies it
    since: Day = "",
    until: Day = "",
    by: Annotated[Period, Query(description="Length of a period.")] = "week",
    level: Annotated[Level, Query(description="How far a technique must be adopted.")] = "adopts",
    category: Categories = [],  # noqa: B006
    primary: Annotated[bool, Query(description="With category: by primary category.")] = False,
) -> TrendRequest:
    terms = charted_terms(term)
    _bounded("term", terms)
    return TrendRequest(terms, since, until, by, level, _categories(category), primary)


TrendParams = Annotated[TrendRequest, Depends(_trend_params)]


@dataclass(frozen=True)
class PaperPageRequest:
    """A request for papers, and which page of them.

    ``given`` are its days as typed; ``total`` is the number of papers found, once they are counted.
    """

    question: PaperRequest
    limit: int
    offset: int
    given: tuple[str, str]
    total: int | None = None

    @property
    def query(self) -> dict[str, object]:
        """The query of an address with these parameters, without the page."""
        q = self.question
        return {
            "q": q.query,
            "since": self.given[0],
            "until": self.given[1],
            "category": list(q.categories),
            "primary": "true" if q.primary else "",
            "topic": q.topic,
            "term": q.term,
            "level": "" if q.level == "adopts" else q.level,
            "has": list(q.has),
            "sort": "" if q.sort == "relevance" else q.sort,
        }

    @property
    def cut(self) -> tuple[str, int, int] | None:
        """Which papers an export contains, how many, and of how many; ``None`` if it contains all."""
        if self.total is None or self.total <= MAX_EXPORT:
            return None
        q = self.question
        first = q.sort if q.sort != "relevance" else "best" if q.query else "newest"
        return first, MAX_EXPORT, self.total

    def next_offset(self, total: int) -> int | None:
        """Offset of the next page; ``None`` on the last."""
        after = self.offset + self.limit
        return after if after < total else None


async def _paper_params(
    since: Day = "",
    until: Day = "",
    category: Categories = [],  # noqa: B006
    primary: Annotated[bool, Query(description="With category: by primary category.")] = False,
    topic: Annotated[str, Query(max_length=MAX_NAME, description="A topic's id or label.")] = "",
    term: Annotated[
        str,
        Query(
            max_length=MAX_NAME,
            description="A technique or theme, by key or name. Lists of papers also take any other term of trends.",
        ),
    ] = "",
    level: Annotated[Level, Query(description="How far the technique must be adopted.")] = "adopts",
    has: Annotated[
        list[str],
        Query(
            max_length=MAX_HAS,
            description="Only papers with each of these: `domain:medicine`, `theme:security`, `technique:llm`, "
            "`name:#12`, `standard:gdpr`, `failure_mode:hallucination`, `claim:saving`, `fact:code`, `fact:accepted`.",
            examples=[["domain:medicine"]],
        ),
    ] = [],  # noqa: B006
    limit: Limit = 20,
    cursor: Cursor = "",
) -> PaperPageRequest:
    _bounded("has", has)
    question = PaperRequest(
        "",
        since=_day(since),
        until=_day(until, end=True),
        categories=_categories(category),
        primary=primary,
        topic=topic.strip() or None,
        term=term.strip() or None,
        level=level,
        has=tuple(dict.fromkeys(text.strip() for text in has if text.strip())),
    )
    return PaperPageRequest(question, limit, int(cursor or 0), (since, until))


PaperParams = Annotated[PaperPageRequest, Depends(_paper_params)]

QueryText = Annotated[
    str,
    Query(
        alias="q",
        max_length=MAX_QUERY,
        description="What to search for, in your own words.",
        examples=["low-bit inference"],
    ),
]
SortBy = Annotated[Sort, Query(description="Best first, or by day of submission.")]


def _categories(given: list[str]) -> tuple[str, ...]:
    """The categories, each once; a form that leaves the choice open sends an empty one."""
    _bounded("category", given)
    return tuple(dict.fromkeys(name for name in given if name))


def _day(text: str, *, end: bool = False) -> date | None:
    return day(text, end=end) if text else None


def _bounded(name: str, texts: list[str] | tuple[str, ...]) -> None:
    if any(len(text) > MAX_NAME for text in texts):
        raise UsageError(f"{name}: at most {MAX_NAME} characters are allowed")
    if len(texts) > 40:
        raise UsageError(f"{name}: at most 40 values are allowed, got {len(texts)}")
