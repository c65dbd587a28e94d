"""The stored state of the rate limiter, and the log of requests."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from domain.arxiv_rate_limit import LimiterState, RequestOutcome
from store.arxiv_rate_limit import StoredLimiterState, count_outcomes, limiter_state, newest_outcomes
from store.database import Database
from store.schema import source_answer

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
ANSWER = RequestOutcome("api", "http://arxiv.example/?start=0", NOW, "usable", 200, 1.5, 1000, None)


def test_a_limiter_without_a_stored_state_permits_a_request(database: Database) -> None:
    assert limiter_state(database) == LimiterState()


def test_what_is_decided_is_remembered(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    state = LimiterState("host:1:2:3", later, later, 3, later)
    assert StoredLimiterState(database).change(lambda _: state) == state
    assert StoredLimiterState(database).read() == state
    assert StoredLimiterState(database).change(lambda _: LimiterState()) == LimiterState()
    assert StoredLimiterState(database).read() == LimiterState()


def test_two_that_decide_at_the_same_time_decide_one_after_the_other(database: Database) -> None:
    def refuse_often() -> None:
        for _ in range(25):
            StoredLimiterState(database).change(lambda s: replace(s, n_refusals=s.n_refusals + 1))

    threads = [threading.Thread(target=refuse_often) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert limiter_state(database).n_refusals == 50


def test_answers_are_listed_newest_first_and_counted(database: Database) -> None:
    limiter_store = StoredLimiterState(database)
    refused = replace(ANSWER, asked_at=NOW + timedelta(minutes=1), outcome="refused", status=None, problem="no answer")
    limiter_store.change(lambda s: s, ANSWER)
    limiter_store.change(lambda s: s, refused)
    assert newest_outcomes(database, 5) == [refused, ANSWER]
    assert newest_outcomes(database, 5, only_problems=True) == [refused]
    assert count_outcomes(database, since=NOW) == (2, 1)
    assert count_outcomes(database, since=NOW + timedelta(seconds=1)) == (1, 1)


def test_only_the_newest_outcomes_stay_stored(database: Database) -> None:
    limiter_store = StoredLimiterState(database, max_outcomes=3)
    for number in range(7):
        limiter_store.change(lambda s: s, replace(ANSWER, n_bytes=number))
    assert [a.n_bytes for a in newest_outcomes(database, 99)] == [6, 5, 4]
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(source_answer)).scalar_one() == 3
