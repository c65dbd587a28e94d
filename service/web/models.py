"""The shapes of the API's answers, for OpenAPI; docs/json.md says what the fields mean."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    """Documented fields stay; more may be added."""

    model_config = ConfigDict(extra="allow")


class Problem(_Answer):
    """What went wrong."""

    code: str = Field(description="A word for programs, such as not_found.")
    message: str = Field(description="A line for people.")
    allowed: list[str] | None = Field(default=None, description="What can be given instead, where there is a choice.")


class ErrorBody(_Answer):
    """The one shape of every error."""

    error: Problem


class Point(_Answer):
    """One period of a series."""

    start: date
    end: date
    k: int = Field(description="Papers that match.")
    n: int = Field(description="Papers in all, the denominator.")
    share: float | None = Field(description="k / n, null where n is 0.")
    low: float | None = Field(description="The lower end of the 95 % interval.")
    high: float | None = Field(description="The upper end.")
    complete: bool = Field(description="Whether every week of the period is proven whole.")


class GrowthRate(_Answer):
    """How fast a share grows: the odds after a year as a multiple of those before, with a 95 % interval."""

    odds_ratio_per_year: float
    low: float
    high: float


class Series(_Answer):
    """One term over time."""

    term: str
    kind: Literal["technique", "theme", "topic", "text", "meaning"]
    name: str = Field(description="What it is called on a page.")
    points: list[Point]
    growth: GrowthRate | None = Field(default=None, description="Over the last half year; null where it is too short.")


class CallScore(_Answer):
    """What became of a call."""

    horizon_weeks: int
    held: bool | None = Field(description="Null where it cannot be told.")
    share_after: float | None


class Call(_Answer):
    """A term as it was called in a week, with what was known then."""

    week: str
    kind: Literal["technique", "theme", "topic", "query"]
    key: str
    name: str
    verdict: Literal["rising", "falling", "emerging", "cooling", "steady", "unknown"]
    growth: GrowthRate | None
    q_value: float | None
    share: float | None
    share_before: float | None
    n: int
    made_at: datetime
    late: bool = Field(description="Made more than 21 days after its week, so not in the record.")
    scores: list[CallScore]


class CallsOutcome(_Answer):
    """How many calls held, so many weeks on."""

    horizon_weeks: int
    held: int
    failed: int
    unknown: int


class CallsAnswer(_Answer):
    """Calls, newest first, and the record of all."""

    week: str | None
    record: list[CallsOutcome]
    calls: list[Call]


class Trends(_Answer):
    """Shares of terms over time."""

    by: Literal["week", "month", "quarter", "year"]
    level: Literal["mentions", "adopts", "about"]
    categories: list[str]
    series: list[Series]


class PaperLine(_Answer):
    """A paper in a list."""

    arxiv_id: str
    title: str
    authors: list[str]
    primary_category: str
    submitted_at: datetime
    url: str


class FoundPaper(PaperLine):
    """A paper found, with the reasons."""

    score: float = Field(description="In (0, 1]; 1 is first in both rankings.")
    similarity: float | None = Field(description="The cosine to the query; null where the paper is not embedded.")
    why: list[str]


class SearchAnswer(_Answer):
    """Papers found, best first."""

    query: str
    total: int
    next: str | None = Field(description="The cursor of the next page, null on the last.")
    results: list[FoundPaper]


class PaperPage(_Answer):
    """One page of a list of papers, newest first."""

    total: int
    next: str | None = Field(description="The cursor of the next page, null on the last.")
    papers: list[PaperLine]


class EvidencePlace(_Answer):
    """Where the words stand that a detection rests on, in characters of the field."""

    field: Literal["title", "abstract"]
    start: int
    end: int


class Detected(_Answer):
    """A technique or theme found in a paper."""

    kind: Literal["technique", "theme"]
    key: str
    name: str
    level: int = Field(description="1 mentions, 2 adopts, 3 is about; for themes 1 touched, 2 a main contribution.")
    evidence: list[EvidencePlace]


class VersionLine(_Answer):
    """A version that was seen."""

    version: int
    submitted_at: datetime


class TopicName(_Answer):
    """A topic by id and label."""

    topic_id: int
    label: str


class SimilarPaper(PaperLine):
    """A paper near in meaning."""

    similarity: float


class PaperAnswer(PaperLine):
    """One paper."""

    abstract: str
    categories: list[str]
    version: int
    updated_at: datetime
    comment: str | None
    doi: str | None
    journal_ref: str | None
    versions: list[VersionLine]
    detections: list[Detected]
    topic: TopicName | None
    similar: list[SimilarPaper]


class TopicLine(_Answer):
    """A topic in a list; ``x`` and ``y`` are its place on the map, null before one is drawn."""

    topic_id: int
    label: str
    area: str | None
    top_terms: list[str]
    born_week: str
    n_papers: int = Field(description="Papers that the topic was last fitted on.")
    active: bool = Field(description="Whether the newest fit still has it.")
    x: float | None
    y: float | None


class TopicPage(_Answer):
    """One page of topics, largest of the living first."""

    total: int
    next: str | None
    topics: list[TopicLine]


class TopicEventLine(_Answer):
    """One line of a topic's history."""

    week: str
    kind: str
    detail: str
    other_topic_id: int | None
    other_label: str | None


class TopicShare(_Answer):
    """How many of the topic's papers adopt a technique."""

    kind: str
    key: str
    name: str
    k: int
    n: int


class Neighbour(TopicName):
    """A topic near in meaning."""

    similarity: float


class TopicAnswer(TopicLine):
    """One topic with its history."""

    events: list[TopicEventLine]
    points: list[Point]
    techniques: list[TopicShare]
    newest: list[PaperLine]
    central: list[PaperLine]
    neighbours: list[Neighbour]
    n_papers_now: int


class DigestLine(_Answer):
    """A digest in a list."""

    week: str
    start: date
    end: date
    headline: str
    n_papers: int
    complete: bool
    revision: int
    published_at: datetime
    first_published_at: datetime


class DigestPage(_Answer):
    """One page of digests, newest first."""

    total: int
    next: str | None
    digests: list[DigestLine]


class DigestAnswer(_Answer):
    """Everything that a digest's page shows."""

    format_version: int
    week: str
    start: date
    end: date
    categories: list[str]
    headline: dict[str, Any]
    completeness: dict[str, Any]
    techniques: list[dict[str, Any]]
    topics: list[dict[str, Any]]
    themes: list[dict[str, Any]]
    topic_coverage: dict[str, Any]
    watched: list[dict[str, Any]] = Field(default=[], description="The words that are followed, with their shares.")
    call_records: list[dict[str, Any]] = Field(default=[], description="How many of the calls so far held.")
    notes: list[str]
    provenance: dict[str, Any]
    paper_lists: dict[str, dict[str, Any]]


class StatusWeek(_Answer):
    """One week of what is held."""

    week: str
    start: date
    n: int
    closed: bool
    complete: bool
    problem: str | None


class StatusAnswer(_Answer):
    """What is held, what ran, what is due, what drifts."""

    papers: int
    weeks: list[StatusWeek]
    embeddings: dict[str, Any]
    topic_model: dict[str, Any] | None
    digests: list[str]
    runs: list[dict[str, Any]]
    troubled: list[dict[str, Any]]
    due: list[str]
    drift: dict[str, Any]
