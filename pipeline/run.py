"""The one run policy, shared by the command line, the scheduler's jobs and the demo."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from domain.errors import BusyError, PostponedError, SourceError
from domain.progress import Progress
from domain.week import Week, last_closed_week, weeks_between
from pipeline import stages
from pipeline.due_windows import held_back_until, weeks_of_run
from pipeline.history import count_history
from pipeline.history_plan import next_history_week
from runtime.atomic_write import write_files
from runtime.context import AppContext
from runtime.exclusive_run import exclusive_run
from store.digests import newest_digest, published_weeks
from store.papers import count_papers, weeks_with_papers
from templates.digest_pages import digest_files
from templates.harvest_wording import held_back
from templates.links import DIGEST_FILE_LINKS

HISTORY_JOB = "history"
"""The name of the job that counts earlier weeks, in the run ledger."""
LOOK_BACK_WEEKS = 12
"""How many closed weeks are checked again, for a missed digest or for a week that has become complete."""
HISTORY_SLICE_S = 600.0
"""Seconds after which the counting of earlier weeks ends for a moment, so that pages show it and others get a turn."""
_ASK_AGAIN_AFTER = timedelta(hours=3)
"""How soon a week is harvested again that waits for arXiv's index."""


def run(
    context: AppContext,
    n_weeks: int,
    *,
    follow: Callable[[Iterator[Progress]], None],
    deliver: Callable[[], None] | None = None,
) -> None:
    """Do everything that is due: harvest, analyse, publish, deliver.

    If arXiv gives no usable response, what is stored is still analysed, and what is due is still delivered: an issue
    may have waited long enough, or may be sent only in part.

    The run lease is held until the digests are published, not during delivery. Delivery has a lease of its own, and a
    slow mail server must not keep another process from harvesting.

    Parameters
    ----------
    n_weeks : closed weeks to look back.
    follow : does the work that it is given, and shows its progress.
    deliver : delivers what is due. ``None`` delivers nothing; the scheduler has a job for it.

    Raises
    ------
    SourceError
        At the end, if arXiv gave no usable response.
    BusyError
        If another process is working on the database; nothing is delivered.
    """
    try:
        with exclusive_run(context, "run", str(last_closed_week(context.now()))) as guarded:
            follow(guarded(publish_due(context, n_weeks)))
    except SourceError:
        if deliver is not None:
            deliver()
        raise
    if deliver is not None:
        deliver()


def publish_due(context: AppContext, n_weeks: int) -> Iterator[Progress]:
    """Harvest, analyse, and publish the digests of all closed weeks that have none.

    A week for which arXiv's index is behind is left out, at most until ``held_back_until``.

    Raises
    ------
    SourceError
        At the end, if arXiv gave no usable response; what is stored has been analysed, no digest was published.
    """
    now = yield from refresh(context, n_weeks)
    *missed, last = weeks_to_publish(context, now)
    stored = weeks_with_papers(context.db, missed, context.settings.categories)
    for week in (*(w for w in missed if w in stored), last):
        if (wait := held_back_until(context.db, week, context.settings.categories, now=now)) is not None:
            yield Progress("digest", 0, 1, "digests", _held_back_note(week, wait))
        else:
            yield from publish_and_write(context, week)


def refresh(context: AppContext, n_weeks: int, *, last_week: Week | None = None) -> Generator[Progress, None, datetime]:
    """Harvest, analyse, and correct the digests of weeks that have become complete.

    If arXiv gives no usable response, what is stored is still analysed.

    Parameters
    ----------
    n_weeks : closed weeks to look back.
    last_week : topics are fitted and observed up to this week; by default the last closed one.

    Returns
    -------
    The current time, checked against arXiv's clock if anything was fetched.

    Raises
    ------
    SourceError
        After the analysis, if arXiv gave no usable response.
    """
    try:
        now = yield from stages.harvest(context, n_weeks)
    except SourceError:
        if count_papers(context.db):
            yield from stages.analyse(context, last_week=last_week or last_closed_week(context.now()))
        raise
    yield from stages.analyse(context, last_week=last_week or last_closed_week(now))
    for week in published_weeks(context.db)[-LOOK_BACK_WEEKS:]:
        published = newest_digest(context.db, week)
        if published is not None and not published.edition.digest.completeness.complete:
            yield from publish_and_write(context, week)
    return now


def publish_week(context: AppContext, week: Week) -> Iterator[Progress]:
    """Take one week from harvest to digest; later closed weeks are fetched with it.

    Raises
    ------
    PostponedError
        If the digest waits for arXiv's index.
    """
    published = published_weeks(context.db)
    n_missed = week.weeks_until(last_closed_week(context.now())) if published else 0
    # A week that was missed long ago must not set the topics back to that time.
    newest = max([week, *published]) if published else None
    now = yield from refresh(context, context.settings.weeks + n_missed, last_week=newest)
    if (wait := held_back_until(context.db, week, context.settings.categories, now=now)) is not None:
        raise PostponedError(_held_back_note(week, wait), until=min(context.now() + _ASK_AGAIN_AFTER, wait[0]))
    yield from publish_and_write(context, week)


def extend_history(
    context: AppContext, *, is_wanted_elsewhere: Callable[[], bool] = lambda: False
) -> Iterator[Progress]:
    """Count earlier weeks for ``HISTORY_SLICE_S``, the newest first, once a digest is published.

    ``is_wanted_elsewhere`` says whether other work is due, which goes first.

    Raises
    ------
    SourceError
        If arXiv gave no usable response; what came before is stored.
    """
    yield from count_history(context, for_s=HISTORY_SLICE_S, is_wanted_elsewhere=is_wanted_elsewhere)


def run_history(context: AppContext, *, follow: Callable[[Iterator[Progress]], None]) -> None:
    """Count all earlier weeks that ``history_weeks`` asks for; ends where another process wants the database.

    Raises
    ------
    SourceError
        As ``extend_history``.
    """
    while (week := next_history_week(context)) is not None:
        try:
            with exclusive_run(context, HISTORY_JOB, str(week)) as guarded:
                follow(guarded(extend_history(context)))
        except BusyError:
            return


def _held_back_note(week: Week, wait: tuple[datetime, str]) -> str:
    until, problem = wait
    return held_back(str(week), f"{until:%Y-%m-%d %H:%M}", problem)


def weeks_to_publish(context: AppContext, now: datetime) -> list[Week]:
    """The last closed week, and those of the last ``LOOK_BACK_WEEKS`` that were missed.

    Weeks before the newest digest count too: they may have been missed. A new installation gets every week that it
    holds of those that a run covers.
    """
    last = last_closed_week(now)
    published = published_weeks(context.db)
    if not published:
        *earlier, last = weeks_of_run(context.settings.weeks, now=now)
        stored = weeks_with_papers(context.db, earlier, context.settings.categories)
        return [*(week for week in earlier if week in stored), last]
    first = max(published[0], last.plus(1 - LOOK_BACK_WEEKS))
    return [week for week in weeks_between(first, last) if week == last or week not in published]


def publish_and_write(context: AppContext, week: Week) -> Iterator[Progress]:
    """Publish a week's digest if it is due, and write its files into the data folder."""
    yield from stages.publish(context, week)
    if newest_digest(context.db, week) is not None:
        write_digest(context, week, digest_folder(context))


def digest_folder(context: AppContext) -> Path:
    """The folder of the digests' files."""
    return context.settings.data_dir / "digests"


def write_digest(context: AppContext, week: Week, folder: Path) -> Path:
    """Write a week's digest as files, composing it if none is published; returns the path of the page.

    Raises
    ------
    UsageError
        If the week is not closed or no paper of it is stored.
    """
    published = newest_digest(context.db, week)
    edition = published.edition if published else stages.edition(context, week)
    write_files(folder, digest_files(edition))
    return folder / DIGEST_FILE_LINKS.digest(week)
