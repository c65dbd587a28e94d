"""The inputs of one week's digest, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, field_validator

from analysis.digest.practice import ReadWeek
from domain.detections import Detection, Term
from domain.digest import DIGEST_SECTIONS, DigestSection, EmergingTerms, EndedMove, MovingName, NewNames, VenueWave
from domain.harvest import Lateness
from domain.paper import ArxivId, Paper
from domain.topics import AssignedPaper, Topic
from domain.trend_calls import CallRecord, TrendCall
from domain.week import Week
from domain.wrong_value import did_you_mean

if TYPE_CHECKING:  # the settings are read before pandas is needed, which takes most of a second to load
    import pandas as pd

    from analysis.digest.headline import ToldBefore
    from analysis.trends.detector_error import MeasuredError
    from analysis.trends.trend_calls import TermCounts

N_SERIES_WEEKS = 26
"""Weeks of each curve, the digest's own the last: the half year that calls look at."""


class DigestSettings(BaseModel):
    """The group ``digest`` of the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_papers: int = Field(default=50, ge=1, description="Fewest papers of a week for its shares to be reported.")
    false_discovery_rate: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="The share of a week's calls of rising or falling terms that may be noise.",
    )
    watched_terms: tuple[str, ...] = Field(
        default=(),
        max_length=50,
        description="Terms to watch, written as for `trends`; each week they get a call, as techniques do. "
        "In the environment, separate them by semicolons.",
    )
    sections: tuple[DigestSection, ...] = Field(
        default=DIGEST_SECTIONS,
        min_length=1,
        description="Sections of a digest and their order, below its headline. In the environment, separate them by "
        "semicolons. A published digest keeps the sections that it was published with.",
    )
    n_topics: int = Field(default=5, ge=1, le=20, description="Most topics listed as rising, as new and as cooling.")
    n_papers: int = Field(default=3, ge=1, le=10, description="Most papers listed with each topic; themes have two.")

    @field_validator("sections", mode="before")
    @classmethod
    def _known_and_once(cls, given: object) -> object:
        """Refuse a section that there is not, with the name that is nearest to it."""
        names = given if isinstance(given, (list, tuple)) else ()
        for name in names:
            if name not in DIGEST_SECTIONS:
                hint = did_you_mean(str(name), DIGEST_SECTIONS) or "."
                raise ValueError(f"there is no section {name!r}{hint} Sections are {', '.join(DIGEST_SECTIONS)}")
        if len(set(names)) < len(names):
            raise ValueError("a section is named twice")
        return given


@dataclass(frozen=True, eq=False)
class WeekMaterial:
    """Everything that one week's digest is composed from.

    Attributes
    ----------
    totals, counts : tables of schemas ``WEEKLY_TOTALS`` and ``WEEKLY_COUNTS``, over all weeks held.
    recent_places : papers of the ``N_RECENT_WEEKS`` before the week that adopt a term, by its kind, its key and the
        paper's topic.
    terms : the taxonomy's techniques and themes.
    topics : of the newest fit.
    papers, detections, assigned : of the week alone.
    n_said : how many papers arXiv said the week has; ``None`` where it gave no answer.
    problem : why the week is not proven complete; ``None`` exactly when it is.
    term_counts : all weeks of everything that gets calls.
    calls : of this week; those that a venue's wave explains say so.
    n_withdrawn : papers of the week that were withdrawn; they are not in ``papers`` and counted nowhere else.
    lateness : how many papers come after their week's digest; ``None`` where it is not known.
    call_records : how past calls turned out, as known in this week.
    errors : the detector's measured errors, by the terms' keys.
    waves : of conference papers in this week.
    emerging : the terms that are new on the week's list; ``None`` if it has none.
    new_names : named things introduced or taken up in the week; ``None`` if none were looked for.
    findings : the sentence of each paper's abstract that tells best what was found, where it was read.
    moving_names : named things whose use is called to move in the week, the farthest first.
    ended : what was called to move in the week before and is not in this one.
    read : claims, code, acceptance, standards and failure modes of the papers, where they were read.
    weeks_later : whole weeks between the week's closing and the making of its digest.
    told : by the digests of the last weeks; ``None`` where there are none.
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
    waves: tuple[VenueWave, ...] = ()
    emerging: EmergingTerms | None = None
    new_names: NewNames | None = None
    findings: Mapping[ArxivId, str] = field(default_factory=dict)
    moving_names: tuple[MovingName, ...] = ()
    ended: tuple[EndedMove, ...] = ()
    read: ReadWeek = field(default_factory=ReadWeek)
    weeks_later: int = 0
    told: ToldBefore | None = None
