"""History: counts closed weeks before those that a run covers, the newest first, without embedding them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Generic, TypeVar

from domain.errors import SourceError
from domain.harvest import HarvestedWindow
from domain.progress import Progress
from domain.week import Week
from ingest.harvest import window_of
from ingest.stop_request import ended_by_stop
from pipeline import stages
from pipeline.claims import read_missing, reader_id
from pipeline.detection import detect_missing
from pipeline.harvest import fetch_for_first_time, store_harvested
from pipeline.history_plan import history_of, next_history_week
from pipeline.names import update_names
from pipeline.reading_process import ReadingProcess
from runtime.context import AppContext
from store.weekly import recount_week, weekly_tables_are_current
from templates.harvest_wording import history_reach

_BATCH = 500  # papers read at once: a stop waits for them
_MAX_FAILURES = 2
"""Weeks in a row without a usable response after which arXiv is left alone for a while."""

_T = TypeVar("_T")


def count_history(context: AppContext, *, for_s: float, is_wanted_elsewhere: Callable[[], bool]) -> Iterator[Progress]:
    """Count weeks until none is left, the time is over, or other work is due.

    While a week is read, the next one is fetched. Each step is committed before it is yielded, and what is left to do
    is asked of the store, so a killed run goes on.

    Parameters
    ----------
    for_s : seconds after which no further week is begun.
    is_wanted_elsewhere : whether to leave the database to other work.

    Raises
    ------
    SourceError
        If arXiv is unavailable, or gave no usable response for several weeks in a row; what came before is stored.
    """
    if (week := next_history_week(context)) is None:
        return
    until, n_failures = time.monotonic() + for_s, 0
    coming: _Ahead[HarvestedWindow] | None = _Ahead(partial(_fetch, context, week))
    with ReadingProcess(context.settings) as reading:
        if not _is_counted(context):
            yield from _read(context, reading, None)  # what an interrupted run has left
        while coming is not None:
            harvested = coming.result()
            n_failures = n_failures + 1 if harvested.n_said is None else 0
            was_counted = _is_counted(context)
            note = store_harvested(context.db, harvested)
            history = history_of(context)
            is_over = n_failures == _MAX_FAILURES or time.monotonic() > until or is_wanted_elsewhere()
            coming = (
                None if is_over or history.next_week is None else _Ahead(partial(_fetch, context, history.next_week))
            )
            for _ in _read(context, reading, Week.containing(harvested.window.start_at) if was_counted else None):
                yield Progress("history", history.n_weeks, history.n_wanted, "weeks")
            yield Progress("history", history.n_weeks, history.n_wanted, "weeks", f"{note}; {history_reach(history)}")
            if n_failures == _MAX_FAILURES:
                raise SourceError(f"arXiv gave no usable response for {n_failures} weeks in a row: {harvested.problem}")


def _fetch(context: AppContext, week: Week) -> HarvestedWindow:
    return fetch_for_first_time(
        context.db,
        context.source,
        window_of(week),
        context.settings.categories,
        page_size=context.settings.arxiv.page_size,
        clock=context.clock,
    )


def _is_counted(context: AppContext) -> bool:
    """Whether all that is stored is counted."""
    model = context.topic_model
    return weekly_tables_are_current(
        context.db,
        context.detector.detector_id,
        model.topic_model_id if model else None,
        context.settings.categories,
    )


def _read(context: AppContext, reading: ReadingProcess, changed: Week | None) -> Iterator[Progress]:
    """Read the papers not read yet, and count: ``changed``, if only this week's papers are not counted, or all."""
    db, detector_id, categories = context.db, context.detector.detector_id, context.settings.categories
    yield from detect_missing(db, detector_id, reading.detections, batch=_BATCH)
    if changed is None:
        yield from stages.tables(context)
    else:
        model = context.topic_model
        topic_model_id = model.topic_model_id if model else None
        recount_week(db, detector_id, topic_model_id, categories, changed, now=context.now())
    tagger = reading.tagger(context.tagger.tagger_id)
    yield from update_names(db, tagger, stages.JOINING_RULES, categories, clock=context.clock, batch=_BATCH)
    of_reader = reader_id(context.claim_reader, context.rule_finder, context.domain_finder)
    yield from read_missing(db, of_reader, reading.claims, batch=_BATCH)


class _Ahead(Generic[_T]):
    """The result of a call that runs in a thread of its own, which ends with the process."""

    def __init__(self, call: Callable[[], _T]) -> None:
        self._call = call
        self._results: list[_T] = []
        self._errors: list[BaseException] = []
        self._done = threading.Event()
        threading.Thread(target=self._run, name="next week", daemon=True).start()

    def _run(self) -> None:
        try:
            self._results.append(self._call())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self._errors.append(error)
        finally:
            self._done.set()

    def result(self) -> _T:
        """Wait for the result, or raise what the call raised.

        Raises
        ------
        Stopped
            If a stop is asked for meanwhile.
        """
        ended_by_stop(self._done.wait)
        for error in self._errors:
            raise error
        return self._results[0]
