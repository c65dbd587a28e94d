"""The gate's memory: one row that every process looks at before it asks arXiv, and what arXiv answered last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from domain.rate_limit import LimiterState, RequestOutcome
from store.database import Database
from store.schema import request_gate, source_answer

LIMITER_NAME = "arxiv"
"""arXiv's services share one limit, so they share one gate."""
MAX_STORED_OUTCOMES = 1000


class StoredLimiterState:
    """The gate's state in the database; each ``change`` is one small transaction."""

    def __init__(self, db: Database, *, max_outcomes: int = MAX_STORED_OUTCOMES) -> None:
        self._db = db
        self._n_answers_kept = max_outcomes

    def read(self) -> LimiterState:
        """The state now."""
        return limiter_state(self._db)

    def change(
        self, decide: Callable[[LimiterState], LimiterState], answer: RequestOutcome | None = None
    ) -> LimiterState:
        """Replace the state by what ``decide`` makes of it, note ``answer``, and return the new state."""
        with self._db.write() as connection:
            row = connection.execute(_STATE.with_for_update()).one_or_none()
            if row is None:  # the first request of all; another process may be as far as we are
                first = self._db.upsert(request_gate).values(name=LIMITER_NAME, n_refusals=0)
                connection.execute(first.on_conflict_do_nothing())
                row = connection.execute(_STATE.with_for_update()).one()
            before = LimiterState(*row)
            after = decide(before)
            if after != before:
                connection.execute(
                    update(request_gate)
                    .where(request_gate.c.name == LIMITER_NAME)
                    .values(
                        holder=after.holder,
                        held_until=after.held_until,
                        free_at=after.free_at,
                        n_refusals=after.n_refusals,
                        closed_until=after.closed_until,
                    )
                )
            if answer is not None:
                _log_outcome(connection, answer, max_outcomes=self._n_answers_kept)
        return after


_STATE = select(
    request_gate.c.holder,
    request_gate.c.held_until,
    request_gate.c.free_at,
    request_gate.c.n_refusals,
    request_gate.c.closed_until,
).where(request_gate.c.name == LIMITER_NAME)


def limiter_state(db: Database) -> LimiterState:
    """Who asks now, and when the next may."""
    with db.read() as connection:
        row = connection.execute(_STATE).one_or_none()
    return LimiterState() if row is None else LimiterState(*row)


def _log_outcome(connection: Connection, answer: RequestOutcome, *, max_outcomes: int) -> None:
    insert = source_answer.insert().values(
        asked_at=answer.asked_at,
        source=answer.source,
        url=answer.url,
        outcome=answer.outcome,
        status=answer.status,
        seconds=answer.seconds,
        n_bytes=answer.n_bytes,
        problem=answer.problem,
    )
    newest = connection.execute(insert.returning(source_answer.c.answer_id)).scalar_one()
    connection.execute(delete(source_answer).where(source_answer.c.answer_id <= newest - max_outcomes))


def newest_outcomes(db: Database, limit: int, *, only_problems: bool = False) -> list[RequestOutcome]:
    """What arXiv answered last, newest first."""
    question = select(source_answer).order_by(source_answer.c.answer_id.desc()).limit(limit)
    if only_problems:
        question = question.where(source_answer.c.problem.is_not(None))
    with db.read() as connection:
        return [
            RequestOutcome(
                source=row.source,
                url=row.url,
                asked_at=row.asked_at,
                outcome=row.outcome,
                status=row.status,
                seconds=row.seconds,
                n_bytes=row.n_bytes,
                problem=row.problem,
            )
            for row in connection.execute(question)
        ]


def count_outcomes(db: Database, *, since: datetime) -> tuple[int, int]:
    """How many requests were sent since then, and how many of them brought no usable answer."""
    question = select(func.count(), func.count(source_answer.c.problem)).where(source_answer.c.asked_at >= since)
    with db.read() as connection:
        n, n_problems = connection.execute(question).one()
    return n, n_problems
