"""The ledger decides what is due; each period runs once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import MailServerUnavailable, PostponedError, SourceUnavailable, StoreError
from domain.progress import Progress
from runtime.lease import held_lease, is_scheduler_running, registered_scheduler
from scheduler.run_due_jobs import MAX_TRIES, Ended, Job, cron_periods, due_periods, run_due
from store.database import Database
from store.job_runs import RunRecord, delete_finished_runs, finish_run, runs_of, start_run, unresolved_failures

NOW = datetime(2026, 6, 23, 12, tzinfo=UTC)
ANNOUNCED = "30 20 * * mon-thu,sun"


class Clock:
    """A clock that moves only when told."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def go(self, **more: float) -> None:
        self.now += timedelta(**more)


class Worker:
    """Records its periods; ``wrong`` gives the error to raise in each."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.wrong: dict[str, Exception] = {}

    def __call__(self, period: str) -> Iterable[Progress]:
        yield Progress("tables", 0, 1, "tables")
        if period in self.wrong:
            raise self.wrong[period]
        self.done.append(period)
        yield Progress("tables", 1, 1, "tables", f"did {period}")


def _job(worker: Callable[[str], Iterable[Progress]], periods: Sequence[str], *, newest_covers: bool = False) -> Job:
    def periods_of(now: datetime, ledger: Mapping[str, RunRecord]) -> Sequence[str]:
        return periods

    return Job("test", periods_of, worker, "test", newest_covers=newest_covers)


def _run(db: Database, job: Job, clock: Clock) -> list[Ended]:
    return list(run_due(db, job, clock=clock))


def test_every_missed_period_is_caught_up_in_order_once(database: Database) -> None:
    worker, clock = Worker(), Clock()
    job = _job(worker, ["2026-W22", "2026-W23", "2026-W24"])
    ended = _run(database, job, clock)
    assert [(e.period, e.state, e.message) for e in ended] == [
        ("2026-W22", "done", "did 2026-W22"),
        ("2026-W23", "done", "did 2026-W23"),
        ("2026-W24", "done", "did 2026-W24"),
    ]
    assert _run(database, job, clock) == []
    assert worker.done == ["2026-W22", "2026-W23", "2026-W24"]


def test_only_the_newest_period_runs_if_it_covers_the_others(database: Database) -> None:
    worker, clock = Worker(), Clock()
    job = _job(worker, ["1", "2", "3"], newest_covers=True)
    assert [e.period for e in _run(database, job, clock)] == ["3"]
    assert {p: r.state for p, r in runs_of(database, "test").items()} == {"1": "done", "2": "done", "3": "done"}
    assert worker.done == ["3"]


def test_the_newest_period_covers_an_older_one_that_waits_for_its_next_try(database: Database) -> None:
    worker, clock = Worker(), Clock()
    worker.wrong["1"] = StoreError("the disk is full")
    _run(database, _job(worker, ["1"], newest_covers=True), clock)
    assert [e.period for e in _run(database, _job(worker, ["1", "2"], newest_covers=True), clock)] == ["2"]
    assert unresolved_failures(database) == []
    clock.go(hours=1)
    assert _run(database, _job(worker, ["1", "2"], newest_covers=True), clock) == []


def test_a_failure_holds_back_later_periods_waits_longer_each_time_and_is_given_up(database: Database) -> None:
    worker, clock = Worker(), Clock()
    worker.wrong["1"] = StoreError("the disk is full")
    job = _job(worker, ["1", "2"])
    waits = []
    while True:
        [ended, *rest] = _run(database, job, clock)
        if ended.state == "given up":
            break
        assert (ended.state, ended.message, rest) == ("failed", "the database failed", [])
        assert ended.detail == "the disk is full"
        assert [r.period for r in unresolved_failures(database)] == ["1"]
        record = runs_of(database, "test")["1"]
        assert record.next_try_at is not None
        waits.append((record.next_try_at - clock.now).total_seconds() / 60)
        assert _run(database, job, clock) == []
        clock.now = record.next_try_at
    assert waits == [5, 10, 20, 40, 80, 160, 320, 360, 360, 360, 360]
    assert len(waits) == MAX_TRIES - 1
    assert worker.done == ["2"]
    assert [e.state for e in rest] == ["done"]


@pytest.mark.parametrize("trouble", [SourceUnavailable("arXiv is away"), MailServerUnavailable("no mail server")])
def test_an_outage_outside_is_waited_for_however_long_it_lasts(database: Database, trouble: Exception) -> None:
    worker, clock = Worker(), Clock()
    worker.wrong["1"] = trouble
    job = _job(worker, ["1", "2"])
    for _ in range(3 * MAX_TRIES):
        assert [(e.period, e.state) for e in _run(database, job, clock)] == [("1", "failed")]
        clock.go(hours=6)
    worker.wrong.clear()
    assert [(e.period, e.state) for e in _run(database, job, clock)] == [("1", "done"), ("2", "done")]


def test_a_failure_that_passes_is_retried_before_later_periods(database: Database) -> None:
    worker, clock = Worker(), Clock()
    worker.wrong["1"] = RuntimeError("odd")
    job = _job(worker, ["1", "2"])
    [ended] = _run(database, job, clock)
    assert (ended.state, ended.message, ended.n_tries) == ("failed", "RuntimeError", 1)
    worker.wrong.clear()
    clock.go(minutes=5)
    _run(database, job, clock)
    assert worker.done == ["1", "2"]
    assert runs_of(database, "test")["1"].n_tries == 0


def test_a_period_that_waits_for_something_outside_does_not_hold_others_back(database: Database) -> None:
    worker, clock = Worker(), Clock()
    worker.wrong["1"] = PostponedError("two mails are left", until=NOW + timedelta(hours=1))
    job = _job(worker, ["1", "2"])
    assert [(e.period, e.state) for e in _run(database, job, clock)] == [("1", "waiting"), ("2", "done")]
    assert _run(database, job, clock) == []
    worker.wrong.clear()
    clock.go(hours=1)
    assert [(e.period, e.state) for e in _run(database, job, clock)] == [("1", "done")]


def test_two_processes_never_do_a_period_twice(database: Database) -> None:
    worker = Worker()
    job = _job(worker, [str(n) for n in range(10, 20)])
    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: _run(database, job, Clock()), range(4)))
    assert worker.done == [str(n) for n in range(10, 20)]


def test_a_job_that_another_process_is_running_is_left_to_it(database: Database) -> None:
    worker, clock = Worker(), Clock()
    with held_lease(database, "test", clock=clock):
        assert _run(database, _job(worker, ["1"]), clock) == []
    assert worker.done == []
    assert [e.state for e in _run(database, _job(worker, ["1"]), clock)] == ["done"]


def test_an_interrupted_period_runs_again(database: Database) -> None:
    clock = Clock()

    class PowerCut(BaseException):
        pass

    def cut_off(period: str) -> Iterable[Progress]:
        raise PowerCut
        yield

    with pytest.raises(PowerCut):
        _run(database, _job(cut_off, ["1"]), clock)
    assert runs_of(database, "test")["1"].state == "running"
    worker = Worker()
    assert [e.state for e in _run(database, _job(worker, ["1"]), clock)] == ["done"]


def test_a_period_that_keeps_killing_its_process_waits_and_is_reported(database: Database) -> None:
    clock, worker = Clock(), Worker()

    class Killed(BaseException):
        """What nothing catches, like SIGKILL."""

    def dies(period: str) -> Iterable[Progress]:
        yield Progress("topics", 0, 1, "fits")
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            _run(database, _job(dies, ["a"]), clock)
    [ended] = _run(database, _job(dies, ["a"]), clock)
    assert (ended.state, ended.n_tries) == ("failed", 3)
    assert [r.period for r in unresolved_failures(database)] == ["a"]
    assert _run(database, _job(worker, ["a"]), clock) == []
    clock.go(hours=1)
    assert [e.state for e in _run(database, _job(worker, ["a"]), clock)] == ["done"]


def test_a_job_that_cannot_say_what_is_due_is_reported_waits_and_recovers(database: Database) -> None:
    clock, worker = Clock(), Worker()

    def broken(now: datetime, ledger: Mapping[str, RunRecord]) -> Sequence[str]:
        raise ValueError("an unreadable row")

    [ended] = _run(database, Job("test", broken, worker, "test"), clock)
    assert (ended.state, ended.message) == ("failed", "ValueError")
    assert [r.message for r in unresolved_failures(database)] == [ended.message]
    assert _run(database, _job(worker, ["a"]), clock) == []
    clock.go(hours=1)
    assert [e.period for e in _run(database, _job(worker, ["a"]), clock)] == ["a"]
    assert unresolved_failures(database) == []


def test_a_stop_finishes_the_running_unit_and_leaves_the_rest_due(database: Database) -> None:
    worker, clock = Worker(), Clock()
    asked = iter([False, True, True, True])
    ended = list(run_due(database, _job(worker, ["1", "2"]), clock=clock, stop=lambda: next(asked)))
    assert [(e.period, e.state) for e in ended] == [("1", "stopped")]
    assert due_periods(_job(worker, ["1", "2"]), now=NOW, ledger=runs_of(database, "test")) == ["1", "2"]


def test_a_failed_command_is_no_longer_a_problem_once_it_succeeds(database: Database) -> None:
    for period, state, at in (("2026-W24", "failed", 0), ("2026-W25", "done", 1), ("2026-W26", "failed", 2)):
        start_run(database, "run", period, now=NOW + timedelta(hours=at))
        finish_run(database, "run", period, state=state, message="", now=NOW + timedelta(hours=at))
    assert [r.period for r in unresolved_failures(database)] == ["2026-W26"]
    assert delete_finished_runs(database, finished_before=NOW + timedelta(days=1)) == 2
    assert list(runs_of(database, "run")) == ["2026-W25"]


def test_a_period_that_was_given_up_stays_a_problem_even_if_later_ones_are_done(database: Database) -> None:
    for period, state in (("2026-W24", "given up"), ("2026-W25", "done")):
        start_run(database, "digest", period, now=NOW)
        finish_run(database, "digest", period, state=state, message="", now=NOW, n_tries=MAX_TRIES)
    assert [r.period for r in unresolved_failures(database)] == ["2026-W24"]


def test_whether_a_scheduler_runs_is_known_until_it_stops_or_its_lease_expires(database: Database) -> None:
    clock = Clock()
    assert not is_scheduler_running(database, clock=clock)
    with registered_scheduler(database, clock=clock), registered_scheduler(database, clock=clock):
        assert is_scheduler_running(database, clock=clock)
        assert not is_scheduler_running(database, clock=lambda: clock() + timedelta(hours=1))
    assert not is_scheduler_running(database, clock=clock)


def test_old_runs_are_deleted_but_each_job_keeps_its_newest(database: Database) -> None:
    _run(database, _job(Worker(), ["1", "2", "3"]), Clock())
    assert delete_finished_runs(database, finished_before=NOW + timedelta(days=1)) == 2
    assert list(runs_of(database, "test")) == ["3"]


# -- the clock of New York


def test_announcements_follow_new_yorks_daylight_saving() -> None:
    def fired(now: datetime, last: str) -> list[str]:
        ledger = {last: RunRecord("harvest", last, "done", now, now, "")}
        return cron_periods(ANNOUNCED, "America/New_York", now=now, ledger=ledger)[1:]

    # Summer time began there on 8 March 2026 and ends on 1 November.
    assert fired(datetime(2026, 3, 11, tzinfo=UTC), "2026-03-06T01:30Z") == ["2026-03-09T00:30Z", "2026-03-10T00:30Z"]
    assert fired(datetime(2026, 11, 4, 2, tzinfo=UTC), "2026-10-30T00:30Z") == [
        "2026-11-02T01:30Z",
        "2026-11-03T01:30Z",
        "2026-11-04T01:30Z",
    ]


@pytest.mark.parametrize(("expression", "n_twice"), [("30 2 * * *", 0), ("30 1 * * *", 1)])
def test_every_day_fires_once_when_the_clock_skips_or_repeats_an_hour(expression: str, n_twice: int) -> None:
    start, end = "2026-01-01T12:00Z", datetime(2027, 1, 1, 12, tzinfo=UTC)
    ledger = {start: RunRecord("x", start, "done", NOW, NOW, "")}
    fired = cron_periods(expression, "America/New_York", now=end, ledger=ledger)[1:]
    assert len({at[:10] for at in fired}) == 365
    assert len(fired) == len(set(fired)) == 365 + n_twice


def test_a_new_installation_begins_with_only_the_last_time() -> None:
    assert cron_periods("0 4 * * *", "UTC", now=NOW, ledger={}) == ["2026-06-23T04:00Z"]


def test_failed_periods_stay_due() -> None:
    ledger = {"2026-06-22T04:00Z": RunRecord("x", "2026-06-22T04:00Z", "failed", NOW, NOW, "")}
    assert cron_periods("0 4 * * *", "UTC", now=NOW, ledger=ledger) == ["2026-06-22T04:00Z", "2026-06-23T04:00Z"]


def test_a_commands_ledger_line_is_not_a_scheduled_time() -> None:
    harvested = RunRecord("harvest", "2026-W25", "done", NOW, NOW, "")
    assert cron_periods("0 4 * * *", "UTC", now=NOW, ledger={"2026-W25": harvested}) == ["2026-06-23T04:00Z"]
