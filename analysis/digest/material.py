"""Inputs of one week's digest: everything it is composed from, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from analysis.trends.calls import TermCounts
from analysis.trends.detector_error import MeasuredError
from domain.calls import CallRecord, TrendCall
from domain.detections import Detection, Term
from domain.harvest import Lateness
from domain.paper import ArxivId, Paper
from domain.topics import AssignedPaper, Topic
from domain.week import Week

N_RECENT_WEEKS = 4
"""A week's techniques and themes are compared with so many weeks before it; topics over so many that end with it."""
N_TOPIC_BASELINE_WEEKS = 8
"""A topic's recent weeks are compared with so many before them."""
N_SERIES_WEEKS = 26
"""Weeks of each curve, the digest's own the last: the half year that calls look at."""


class DigestSettings(BaseModel):
    """The group ``digest`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_papers: int = Field(default=50, ge=1, description="Papers in a week below which no share is reported.")
    false_discovery_rate: float = Field(
        default=0.05, gt=0, lt=1, description="The share of a week's calls of movement that may be noise."
    )
    watched_terms: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="Words that you follow, written as for `trends`: each week they are called as techniques are. "
        "In the environment, semicolons part them.",
    )
    n_topics: int = Field(default=5, ge=1, le=20, description="Topics listed at most as rising, as new and as cooling.")
    n_papers: int = Field(default=3, ge=1, le=10, description="Papers listed at most with each topic and theme.")


@dataclass(frozen=True, eq=False)
class WeekMaterial:
    """Everything that a week's digest is made from.

    ``totals`` and ``counts`` are tables of schemas ``WEEKLY_TOTALS`` and ``WEEKLY_COUNTS`` over all weeks held;
    ``papers``, ``detections`` and ``assigned`` are of the week alone. ``n_said`` and ``problem`` are what the
    week's harvest window knows; ``problem`` is ``None`` exactly when it is complete. ``recent_places`` counts
    the papers of the ``N_RECENT_WEEKS`` before that adopt a term, by its kind, key and the paper's topic.
    ``n_withdrawn`` papers of the week are held beside ``papers``, and are counted nowhere else. ``lateness`` is what is
    known of papers that come after their week's digest.
    ``term_counts`` are all weeks of everything that is called, ``calls`` what was called in this week, ``call_records``
    how past calls turned out. ``errors`` are the detector's, by key.
    """

    week: Week
    categories: tuple[str, ...]
    totals: pd.DataFrame
    counts: pd.DataFrame
    recent_places: Mapping[tuple[str, str, int], int]
    terms: tuple[Term, ...]
    topics: tuple[Topic, ...]
    papers: tuple[Paper, ...]
    detections: Mapping[ArxivId, tuple[Detection, ...]]
    assigned: tuple[AssignedPaper, ...]
    n_said: int | None
    problem: str | None
    term_counts: TermCounts
    calls: tuple[TrendCall, ...]
    n_withdrawn: int = 0
    lateness: Lateness | None = None
    call_records: tuple[CallRecord, ...] = ()
    errors: Mapping[str, MeasuredError] = field(default_factory=dict)
