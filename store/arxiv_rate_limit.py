"""State of the rate limiter, shared by all processes, and the log of requests to arXiv."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from domain.arxiv_rate_limit import LimiterState, RequestOutcome
from store.database import Database
from store.schema import request_gate, source_answer

LIMITER_NAME = "arxiv"
"""arXiv's services share one limit, so they share one limiter."""
MAX_STORED_OUTCOMES = 1000


class StoredLimiterState:
    """The limiter's state in the database; each ``change`` is one transaction."""

    def __init__(self, db: Database, *, max_outcomes: int = MAX_STORED_OUTCOMES) -> None:
        self._db = db
        self._max_outcomes = max_outcomes

    def read(self) -> LimiterState:
        """The current state."""
        return limiter_state(self._db)

    def change(
        self, decide: Callable[[LimiterState], LimiterState], outcome: RequestOutcome | None = None
    ) -> LimiterState:
        """Replace the state by ``decide(state)``, log ``outcome`` if given, and return the new state."""
        with self._db.write() as connection:
            row = connection.execute(_STATE.with_for_update()).one_or_none()
            if row is None:  # the very first request; another process may be inserting the row too
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
            if outcome is not None:
                _log_outcome(connection, outcome, max_outcomes=self._max_outcomes)
        return after


_STATE = select(
    request_gate.c.holder,
    request_gate.c.held_until,
    request_gate.c.free_at,
    request_gate.c.n_refusals,
    request_gate.c.closed_until,
).where(request_gate.c.name == LIMITER_NAME)


def limiter_state(db: Database) -> LimiterState:
    """The current state of the rate limiter."""
    with db.read() as connection:
        row = connection.execute(_STATE).one_or_none()
    return LimiterState() if row is None else LimiterState(*row)


def _log_outcome(connection: Connection, outcome: RequestOutcome, *, max_outcomes: int) -> None:
    insert = source_answer.insert().values(
        asked_at=outcome.asked_at,
        source=outcome.source,
        url=outcome.url,
        outcome=outcome.outcome,
        status=outcome.status,
        seconds=outcome.seconds,
        n_bytes=outcome.n_bytes,
        problem=outcome.problem,
    )
    newest = connection.execute(insert.returning(source_answer.c.answer_id)).scalar_one()
    connection.execute(delete(source_answer).where(source_answer.c.answer_id <= newest - max_outcomes))


def newest_outcomes(db: Database, limit: int, *, only_problems: bool = False) -> list[RequestOutcome]:
    """The latest requests and their outcomes, newest first."""
    query = select(source_answer).order_by(source_answer.c.answer_id.desc()).limit(limit)
    if only_problems:
        query = query.where(source_answer.c.problem.is_not(None))
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
            for row in connection.execute(query)
        ]


def count_outcomes(db: Database, *, since: datetime) -> tuple[int, int]:
    """Number of requests since an instant, and how many of them gave no usable outcome."""
    query = select(func.count(), func.count(source_answer.c.problem)).where(source_answer.c.asked_at >= since)
    with db.read() as connection:
        n, n_problems = connection.execute(query).one()
    return n, n_problems
