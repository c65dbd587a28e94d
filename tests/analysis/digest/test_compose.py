"""Which topics a digest names, and what its notes say of them, where only part of the history is held."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from analysis.digest.compose import compose_digest
from analysis.digest.headline import told_before
from analysis.digest.inputs import DigestSettings, WeekMaterial
from analysis.trends.trend_calls import TermCounts
from domain.digest import Digest, Provenance
from domain.topics import Topic
from domain.trend_calls import CallVerdict, TrendCall
from domain.week import Week
from domain.weekly_table_schemas import WEEKLY_COUNTS, WEEKLY_TOTALS
from templates.digest_wording import EnglishDigestWording
from tests.conftest import PaperMaker

WEEK = Week.parse("2026-W25")
N_PER_WEEK = 1000
MOVES = {1: 0.01, 2: 0.04, 3: 0.02, 4: 0.05, 5: 0.03}
"""How far each topic's call says that it moved; the higher numbers are no larger topics."""
NONE_CALLED = "No topic is called rising or falling, because too few weeks or papers are on record."


def _digest(
    make_paper: PaperMaker, n_weeks: int, verdict: CallVerdict, labels: Mapping[int, str] | None = None
) -> Digest:
    """The digest of a week that ``n_weeks`` are held up to, with the same call of every topic."""
    weeks = tuple(WEEK.plus(i + 1 - n_weeks) for i in range(n_weeks))
    starts = pd.to_datetime([w.monday for w in weeks]).astype("datetime64[us]")
    sign = -1 if verdict == "falling" else 1
    calls = tuple(
        TrendCall(WEEK, "topic", str(i), verdict, None if verdict == "unknown" else 0.01, 0.1 + sign * move, 0.1, 4000)
        for i, move in MOVES.items()
    )
    material = WeekMaterial(
        week=WEEK,
        categories=("cs.LG",),
        totals=WEEKLY_TOTALS.check(
            pd.DataFrame({"week_start": starts, "n": [N_PER_WEEK] * n_weeks, "complete": [True] * n_weeks})
        ),
        counts=WEEKLY_COUNTS.empty(),
        recent_places={},
        terms=(),
        topics=tuple(Topic(i, (labels or {}).get(i, f"topic {i}"), ("term",), weeks[0], 100) for i in MOVES),
        papers=(make_paper(1),),
        detections={},
        assigned=(),
        n_said=1,
        problem=None,
        term_counts=TermCounts(
            weeks,
            np.full(n_weeks, N_PER_WEEK),
            np.ones(n_weeks, dtype=bool),
            tuple(("topic", str(i)) for i in MOVES),
            np.full((len(MOVES), n_weeks), 100),
        ),
        calls=calls,
    )
    provenance = Provenance("0", "m", "t", "x", 30, 0.95, 0.05)
    return compose_digest(material, DigestSettings(n_topics=3), provenance, EnglishDigestWording()).digest


@pytest.mark.parametrize(("verdict", "status"), [("rising", "rising"), ("falling", "falling")])
def test_with_few_weeks_the_topics_that_moved_farthest_are_named(
    make_paper: PaperMaker, verdict: CallVerdict, status: str
) -> None:
    digest = _digest(make_paper, 9, verdict)
    assert [(t.topic_id, t.status) for t in digest.topics] == [(4, status), (2, status), (5, status)]


def test_two_topics_of_one_subject_are_listed_once(make_paper: PaperMaker) -> None:
    digest = _digest(make_paper, 9, "rising", {4: "world model", 2: "World models"})
    assert [t.topic_id for t in digest.topics] == [4, 5]


def test_what_digests_told_is_remembered_by_line_and_by_subject(make_paper: PaperMaker) -> None:
    told = told_before([_digest(make_paper, 9, "falling", {4: "World models"})])
    assert told is not None
    assert {("topic-4", -1), (("world", "model"), -1)} <= told.moves
    assert (told.lead, told.lead_subjects) == ("topic-4", frozenset({("world", "model")}))


@pytest.mark.parametrize(
    ("n_weeks", "verdict", "expected"),
    [
        (7, "unknown", {NONE_CALLED}),
        (9, "rising", set()),
        (9, "steady", set()),
        (12, "unknown", {NONE_CALLED}),
    ],
)
def test_the_notes_say_what_is_not_known_of_topics(
    make_paper: PaperMaker, n_weeks: int, verdict: CallVerdict, expected: set[str]
) -> None:
    notes = _digest(make_paper, n_weeks, verdict).notes
    assert {note for note in notes if "opic" in note} == expected
