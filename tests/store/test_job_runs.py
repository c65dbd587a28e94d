"""The run ledger and leases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import BusyError
from store.database import Database
from store.job_runs import finish_run, newest_runs, start_run
from store.leases import acquire_lease, release_lease

AT = datetime(2026, 6, 23, 6, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def _take(db: Database, holder: str, *, now: datetime = AT, gone: bool = False) -> None:
    acquire_lease(db, "run", holder, now=now, duration=HALF_HOUR, has_ended=lambda _: gone)


def test_a_second_holder_is_refused_and_hears_who_holds(database: Database) -> None:
    _take(database, "one")
    with pytest.raises(BusyError, match="one") as caught:
        _take(database, "two", now=AT + timedelta(minutes=29))
    assert caught.value.holder == "one"


def test_a_lease_can_be_taken_over_once_it_has_expired(database: Database) -> None:
    _take(database, "one")
    _take(database, "two", now=AT + HALF_HOUR)
    with pytest.raises(BusyError, match="two"):
        _take(database, "one", now=AT + HALF_HOUR)


def test_the_lease_of_a_process_that_has_ended_can_be_acquired_at_once(database: Database) -> None:
    _take(database, "one")
    _take(database, "two", gone=True)
    with pytest.raises(BusyError, match="two"):
        _take(database, "three")


def test_its_holder_can_renew_a_lease(database: Database) -> None:
    _take(database, "one")
    _take(database, "one", now=AT + timedelta(minutes=20))
    with pytest.raises(BusyError):
        _take(database, "two", now=AT + timedelta(minutes=40))


def test_a_lease_given_back_is_free_and_only_its_holder_can_give_it(database: Database) -> None:
    _take(database, "one")
    release_lease(database, "run", "two")
    with pytest.raises(BusyError):
        _take(database, "two")
    release_lease(database, "run", "one")
    _take(database, "two")


def test_leases_of_other_names_do_not_meet(database: Database) -> None:
    _take(database, "one")
    acquire_lease(database, "mail", "two", now=AT, duration=HALF_HOUR, has_ended=lambda _: False)


def test_the_ledger_keeps_one_line_for_a_job_and_period(database: Database) -> None:
    start_run(database, "run", "2026-W25", now=AT)
    [line] = newest_runs(database, 10)
    assert (line.state, line.started_at, line.finished_at) == ("running", AT, None)
    finish_run(database, "run", "2026-W25", state="failed", message="no power", now=AT + HALF_HOUR)
    [line] = newest_runs(database, 10)
    assert (line.state, line.finished_at, line.message) == ("failed", AT + HALF_HOUR, "no power")
    start_run(database, "run", "2026-W25", now=AT + 2 * HALF_HOUR)
    [line] = newest_runs(database, 10)
    assert (line.state, line.finished_at, line.message) == ("running", None, "")


def test_the_newest_runs_come_first(database: Database) -> None:
    for hours in (2, 0, 1):
        start_run(database, "run", f"+{hours}", now=AT + timedelta(hours=hours))
    assert [line.period for line in newest_runs(database, 2)] == ["+2", "+1"]
