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
from domain.digest import Digest, MovingName, Provenance
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
    make_paper: PaperMaker,
    n_weeks: int,
    verdict: CallVerdict,
    labels: Mapping[int, str] | None = None,
    *,
    born: Week | None = None,
    others: Mapping[int, CallVerdict] | None = None,
    moving_names: tuple[MovingName, ...] = (),
) -> Digest:
    """The digest of a week that ``n_weeks`` are held up to, with the same call of every topic but the ``others``."""
    weeks = tuple(WEEK.plus(i + 1 - n_weeks) for i in range(n_weeks))
    starts = pd.to_datetime([w.monday for w in weeks]).astype("datetime64[us]")
    sign = -1 if verdict == "falling" else 1
    q_value = None if verdict == "unknown" else 0.01
    calls = tuple(
        TrendCall(WEEK, "topic", str(i), (others or {}).get(i, verdict), q_value, 0.1 + sign * move, 0.1, 4000)
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
        topics=tuple(Topic(i, (labels or {}).get(i, f"topic {i}"), ("term",), born or weeks[0], 100) for i in MOVES),
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
        moving_names=moving_names,
    )
    provenance = Provenance("0", "m", "t", "x", 30, 0.95, 0.05)
    return compose_digest(material, DigestSettings(n_topics=3), provenance, EnglishDigestWording()).digest


@pytest.mark.parametrize(("verdict", "status"), [("rising", "rising"), ("falling", "falling")])
def test_with_few_weeks_the_topics_that_moved_farthest_are_named(
    make_paper: PaperMaker, verdict: CallVerdict, status: str
) -> None:
    digest = _digest(make_paper, 9, verdict)
    assert [(t.topic_id, t.status) for t in digest.topics] == [(4, status), (2, status), (5, status)]


def test_every_topic_that_is_called_is_listed_also_if_two_are_of_one_subject(make_paper: PaperMaker) -> None:
    digest = _digest(make_paper, 9, "rising", {4: "world model", 2: "World models"})
    assert [t.topic_id for t in digest.topics] == [4, 2, 5]


def test_every_name_that_moves_is_kept_also_if_a_topic_tells_the_same(make_paper: PaperMaker) -> None:
    call = TrendCall(WEEK, "name", "9", "falling", 0.02, 0.1, 0.2, 4000)
    names = tuple(MovingName(i, name, "model", call) for i, name in ((8, "World Model"), (9, "LIBERO")))
    digest = _digest(make_paper, 9, "falling", {4: "world model"}, moving_names=names)
    assert digest.moving_names == names
    opening = " ".join(digest.headline.more)
    assert "LIBERO" in opening
    assert "World Model" not in opening


def test_new_topics_that_are_called_are_listed_before_those_that_are_not(make_paper: PaperMaker) -> None:
    digest = _digest(make_paper, 20, "steady", born=WEEK.plus(-1), others={3: "rising"})
    assert [(t.topic_id, t.status, t.is_called) for t in digest.topics] == [
        (3, "new", True),
        (4, "new", False),
        (2, "new", False),
    ]


def test_what_digests_told_is_remembered_by_line_and_by_subject(make_paper: PaperMaker) -> None:
    told = told_before([_digest(make_paper, 9, "falling", {4: "World models"})])
    assert told is not None
    assert {("topic-4", -1), (frozenset({("world", "model")}), -1)} <= told.moves
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
