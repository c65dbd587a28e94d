"""What every process knows of arXiv: one row, changed by one at a time, and the newest answers."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from domain.gate import GateState, SourceAnswer
from store.database import Database
from store.gate import StoredGate, count_answers, gate_state, newest_answers
from store.schema import source_answer

NOW = datetime(2026, 6, 23, 6, tzinfo=UTC)
ANSWER = SourceAnswer("api", "http://arxiv.example/?start=0", NOW, "usable", 200, 1.5, 1000, None)


def test_a_gate_that_nobody_used_is_free(database: Database) -> None:
    assert gate_state(database) == GateState()


def test_what_is_decided_is_remembered(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    state = GateState("host:1:2:3", later, later, 3, later)
    assert StoredGate(database).change(lambda _: state) == state
    assert StoredGate(database).read() == state
    assert StoredGate(database).change(lambda _: GateState()) == GateState()
    assert StoredGate(database).read() == GateState()


def test_two_that_decide_at_the_same_time_decide_one_after_the_other(database: Database) -> None:
    def refuse_often() -> None:
        for _ in range(25):
            StoredGate(database).change(lambda s: replace(s, n_refusals=s.n_refusals + 1))

    threads = [threading.Thread(target=refuse_often) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gate_state(database).n_refusals == 50


def test_answers_are_listed_newest_first_and_counted(database: Database) -> None:
    gate = StoredGate(database)
    refused = replace(ANSWER, asked_at=NOW + timedelta(minutes=1), outcome="refused", status=None, problem="no answer")
    gate.change(lambda s: s, ANSWER)
    gate.change(lambda s: s, refused)
    assert newest_answers(database, 5) == [refused, ANSWER]
    assert newest_answers(database, 5, only_problems=True) == [refused]
    assert count_answers(database, since=NOW) == (2, 1)
    assert count_answers(database, since=NOW + timedelta(seconds=1)) == (1, 1)


def test_only_the_newest_answers_are_kept(database: Database) -> None:
    gate = StoredGate(database, n_answers_kept=3)
    for number in range(7):
        gate.change(lambda s: s, replace(ANSWER, n_bytes=number))
    assert [a.n_bytes for a in newest_answers(database, 99)] == [6, 5, 4]
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(source_answer)).scalar_one() == 3
