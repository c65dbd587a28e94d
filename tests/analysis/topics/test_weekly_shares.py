"""Weekly shares of topics add up to the papers that are there."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.topics.weekly_shares import weekly_topic_shares
from domain.paper_arrays import day_number
from domain.week import Week

FIRST = Week.parse("2026-W20")
WEEKS = [FIRST.plus(i) for i in range(4)]
TOPICS = (1, 2, 5)


@given(
    offsets=arrays(np.int32, st.integers(0, 40).map(lambda n: (n,)), elements=st.integers(-20, 50)),
    seed=st.integers(0, 2**16),
)
def test_every_paper_of_the_weeks_is_counted_once(offsets: np.ndarray, seed: int) -> None:
    topic_id = np.random.default_rng(seed).choice([-1, *TOPICS], len(offsets)).astype(np.int32)
    day = (day_number(FIRST.monday) + offsets).astype(np.int32)
    shares = weekly_topic_shares(day, topic_id, topic_ids=TOPICS, weeks=WEEKS, complete={WEEKS[1]})
    inside = (offsets >= 0) & (offsets < 7 * len(WEEKS))
    assert sum(p.k for points in shares.values() for p in points) == int((inside & (topic_id >= 0)).sum())
    for points in shares.values():
        assert [p.start for p in points] == [week.monday for week in WEEKS]
        assert sum(p.n for p in points) == int(inside.sum())
        assert [p.complete for p in points] == [False, True, False, False]
        assert all(p.share == p.k / p.n if p.n else np.isnan(p.share) for p in points)
        assert all(np.isnan((p.low, p.high)).all() for p in points)
