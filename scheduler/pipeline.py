"""What a run does, stage by stage.

    harvest -> embed -> detect -> topics -> weekly tables -> calls -> digest

Each stage is a generator: it yields after every unit of work that is committed, and asks the store what is left to
do, so a run that was killed goes on where it stopped and one that is up to date does nothing. Given the same
papers, the stages give the same numbers, whether they were interrupted or not: units are cut from a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np

from analysis import calls as trend_calls
from analysis.bertopic_model import TopicSettings, fit_topics, library_versions
from analysis.correction import measured_errors
from analysis.detect import Detector
from analysis.digest import N_RECENT_WEEKS, DigestSettings, WeekMaterial, compose_digest
from analysis.embed import Encoder, embed, paper_text
from analysis.topic_births import Newborn, describe_newborn, fits_without_itself, newborn_topic
from analysis.topic_drift import BASELINE_WEEKS, drift_of_week, rise_of_unassigned
from analysis.topic_map import newborn_position, paper_positions, sample_by_id, topic_positions
from analysis.topic_registry import KnownTopic, free_label, match_topics, shared_papers
from analysis.topics import assign_topics, birth_weeks, nearest_centroids
from domain.calls import HORIZONS_WEEKS, CallScore, KeptCall, TrendCall
from domain.digest import DigestEdition, Provenance
from domain.embeddings import Embeddings
from domain.errors import SourceClosed, SourceError, SourceListExpired, SourceUnreached, UsageError
from domain.harvest import HarvestedWindow, Window
from domain.paper import ArxivId, Paper
from domain.topics import FittedTopics, Topic, TopicAssignment, TopicDrift, TopicEvent
from domain.week import Week, last_closed_week, weeks_between
from ingest.harvest import (
    Source,
    harvest_window,
    plan_harvest,
    settled_lateness,
    weeks_to_cover,
    window_of,
    windows_due,
)
from ingest.lists import FORMATS, ListSource, after_page, begun_again, ids_of, next_pass, plan_page, set_of
from ingest.reconcile import reconciled
from ingest.snapshot import SnapshotLine, read_snapshot
from store.calls import add_calls, add_scores, call_records, called_up_between, calls_of_week, moves_to_score
from store.database import Database
from store.detections import add_detections, detections_of_week, ids_without_detections
from store.digests import PublishedDigest, newest_digest, publish_digest
from store.embeddings import add_embeddings, embedding_counts, embeddings_by_id, embeddings_of, ids_without_embedding
from store.lists import apply_page, list_pass
from store.papers import (
    apply_harvest,
    count_withdrawn,
    ids_in_window,
    known_papers,
    late_arrivals,
    newest_week_held,
    papers_in_order,
    papers_of_week,
    window_records,
)
from store.search import Scope, weekly_matches
from store.topics import (
    StoredTopicModel,
    add_assignment,
    add_drift,
    add_newborn_topic,
    add_topic_model,
    assignments_of_week,
    drift_of,
    highest_topic_id,
    ids_without_topic,
    newest_topic_model,
    places_of_weeks,
    registered_topics,
    topics_of_papers,
)
from store.weekly import (
    adopted_by_topic,
    complete_weeks,
    rebuild_weekly_tables,
    weekly_counts,
    weekly_tables_are_current,
    weekly_totals,
)

Stage = Literal[
    "harvest",
    "import",
    "embed",
    "detect",
    "topics",
    "tables",
    "calls",
    "digest",
    "delivery",
    "bounces",
    "backup",
    "clean-up",
]

CLOCK_TOLERANCE = timedelta(hours=26)
"""How far arXiv's clock may be behind ours: its answers once carried the day's midnight."""
_IMPORT_AT_ONCE = 2000
_NAMED_AT_ONCE = 20  # bad lines; a file that is no snapshot has millions
_BEGIN_LIST_AGAIN = 3  # times in one harvest; a list longer than arXiv's day would begin again for ever
_OUTGROWN = 2.0  # times as many papers as a fit saw: history was added, not a week
_DETECT_AT_ONCE = 2000
_ASSIGN_AT_ONCE = 8192


@dataclass(frozen=True)
class Progress:
    """A unit of a stage is done and stored: ``n_done`` of ``n_total`` so far, counted in ``unit``.

    ``note`` is a line worth keeping in a log, empty as a rule.
    """

    stage: Stage
    n_done: int
    n_total: int
    unit: str
    note: str = ""


@dataclass
class LeftOut:
    """How many lines of a file could not be read, and the first of them."""

    n: int = 0
    first: str = ""


def arxiv_now(source: Source, categories: tuple[str, ...], *, now: datetime) -> datetime:
    """The present as arXiv sees it, where its clock is more than a day behind ours; else ``now``.

    A week is closed by arXiv's clock, not by a laptop's whose date is wrong, and a server that plays back the past
    is believed. One request.
    """
    week = last_closed_week(now)
    answered_at = source.page(window_of(week), categories, start=0, size=1).answered_at
    return answered_at if now - answered_at > CLOCK_TOLERANCE else now


def harvest(
    db: Database,
    source: Source,
    categories: tuple[str, ...],
    windows: Sequence[Window],
    *,
    page_size: int,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Ask for windows, oldest first, and store what is new; one transaction for each.

    A window without an answer stays due, with its problem noted, and does not keep newer ones waiting.

    Raises
    ------
    SourceError
        If arXiv answers nobody, or gives no usable answer for the newest window; what came is stored.
    """
    for n_done, window in enumerate(windows, 1):
        try:
            harvested = _harvest_window(db, source, window, categories, page_size=page_size, clock=clock)
        except (SourceClosed, SourceUnreached):
            raise
        except SourceError as error:
            if n_done == len(windows):
                raise
            yield Progress("harvest", n_done, len(windows), "weeks", f"{named(window)}: no usable answer: {error}")
            continue
        known = known_papers(db, [p.arxiv_id for p in harvested.papers])
        # One instant for both: a paper is late if it was first seen after its window was complete.
        apply_harvest(db, plan_harvest(harvested.papers, known), harvested, seen_at=harvested.checked_at)
        whole = "complete" if harvested.is_complete else f"incomplete: {harvested.problem}"
        note = f"{named(window)}: {harvested.n_got:,} papers, {len(harvested.papers) - len(known):,} new, {whole}"
        yield Progress("harvest", n_done, len(windows), "weeks", note)


def _harvest_window(
    db: Database,
    source: Source,
    window: Window,
    categories: tuple[str, ...],
    *,
    page_size: int,
    clock: Callable[[], datetime],
) -> HarvestedWindow:
    held = ids_in_window(db, window, categories)
    record = next((r for r in window_records(db, categories) if r.window == window), None)
    # A window asked for again is downloaded: equal counts may be of unequal sets, and hide replacements.
    by_count = record is None
    try:
        harvested = harvest_window(
            source, window, categories, page_size=page_size, now=clock(), held=held, by_count=by_count
        )
    except SourceError as error:
        if record is None or not record.is_complete:  # what was proven stays proven until arXiv says otherwise
            unanswered = HarvestedWindow(window, categories, (), None, str(error), clock(), n_held=len(held))
            apply_harvest(db, plan_harvest((), {}), unanswered, seen_at=clock())
        raise
    return replace(harvested, checked_at=clock())


def named(window: Window) -> str:
    """A window as people call it: its week, or its bounds where it is none."""
    week = Week.containing(window.start_at)
    if window == window_of(week):
        return str(week)
    return f"{window.start_at:%Y-%m-%d %H:%M} to {window.end_at:%Y-%m-%d %H:%M}"


def due_windows(
    db: Database, categories: tuple[str, ...], n_weeks: int, *, now: datetime, recheck_weeks: Sequence[int]
) -> list[Window]:
    """What a harvest would ask arXiv about: missed weeks, open windows, and complete ones whose re-check has come."""
    weeks = weeks_to_cover(n_weeks, last_closed_week(now), newest_week_held(db, categories))
    return windows_due(weeks, window_records(db, categories), now=now, recheck_weeks=recheck_weeks)


def harvest_lists(
    db: Database,
    source: ListSource,
    categories: tuple[str, ...],
    *,
    since: date,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Fetch by OAI-PMH the papers submitted since a day, and all changes to papers that are held; a page at once.

    Each page is stored with the token of the next in one transaction, so a harvest that was cut off goes on there; one
    whose token has expired begins its list again. What was read before is not asked for again, but for its last day.

    Raises
    ------
    SourceError
        If arXiv gives no usable answer; the pages before are stored.
    """
    lists = [(set_of(category), name) for category in sorted(set(categories)) for name in FORMATS]
    for n_done, (set_name, metadata_format) in enumerate(lists):
        newest = list_pass(db, set_name, metadata_format)
        current = next_pass(newest, set_name, metadata_format, since=since, now=clock())
        n_new = n_changed = n_again = 0
        while current.finished_at is None:
            try:
                if current.token is None:
                    page = source.first_page(set_name, metadata_format, from_date=current.pass_from)
                else:
                    page = source.next_page(current.token, metadata_format)
            except SourceListExpired:
                n_again += 1
                if n_again > _BEGIN_LIST_AGAIN:
                    raise
                current = begun_again(current)
                continue
            plan = plan_page(page, known_papers(db, ids_of(page)), since=current.since)
            current = after_page(current, page, now=clock())
            apply_page(db, plan, current, seen_at=clock())
            n_new += len(plan.new)
            n_changed += len(plan.replaced) + len(plan.revised)
            if current.finished_at is None:
                yield Progress("harvest", n_done, len(lists), "lists")
        if current is newest:
            continue  # read not long ago
        note = f"{set_name} ({metadata_format}): {current.n_records:,} records, {n_new:,} new, {n_changed:,} changed"
        yield Progress(
            "harvest", n_done + 1, len(lists), "lists", f"{note}; {current.problem}" if current.problem else note
        )


def import_snapshot(
    db: Database, path: Path, categories: tuple[str, ...], left_out: LeftOut, *, clock: Callable[[], datetime]
) -> Iterator[Progress]:
    """Store the watched papers of a metadata snapshot, one transaction for ``_IMPORT_AT_ONCE`` of them.

    Lines that cannot be read are named, counted in ``left_out``, and left out. Reading a snapshot twice changes
    nothing, so one that was killed is read again from its begin.

    Raises
    ------
    UsageError
        If the file cannot be read, or breaks off; what came before is stored.
    """
    batch: list[SnapshotLine] = []
    bad: list[SnapshotLine] = []
    n_lines = n_papers = 0
    n_bytes = path.stat().st_size if path.exists() else 0

    def named() -> str:
        more = f" and {len(bad) - _NAMED_AT_ONCE:,} more" if len(bad) > _NAMED_AT_ONCE else ""
        lines = "; ".join(f"line {line.number} left out: {line.problem}" for line in bad[:_NAMED_AT_ONCE])
        bad.clear()
        return lines + more

    try:
        for line in read_snapshot(path, categories):
            n_lines = line.number
            if line.problem is not None:
                bad.append(line)
                left_out.n += 1
                left_out.first = left_out.first or f"line {line.number} ({line.problem})"
            if line.paper is not None:
                batch.append(line)
            if len(batch) + len(bad) >= _IMPORT_AT_ONCE:
                n_papers += _store_batch(db, batch, clock())
                batch.clear()
                yield Progress("import", line.n_bytes // 2**20, n_bytes // 2**20 + 1, "MB", named())
    except UsageError:  # the file breaks off here; what came before it is good
        _store_batch(db, batch, clock())
        raise
    n_papers += _store_batch(db, batch, clock())
    if bad:
        yield Progress("import", n_bytes // 2**20, n_bytes // 2**20 + 1, "MB", named())
    n_mb = n_bytes // 2**20 + 1
    yield Progress("import", n_mb, n_mb, "MB", f"{n_papers:,} watched papers in {n_lines:,} lines")


def _store_batch(db: Database, lines: list[SnapshotLine], seen_at: datetime) -> int:
    once: dict[ArxivId, Paper] = {}
    for p in (line.paper for line in lines if line.paper is not None):
        # A paper that comes twice in a batch must not be inserted twice.
        once[p.arxiv_id] = reconciled(once[p.arxiv_id], p) if p.arxiv_id in once else p
    versions = [version for line in lines for version in line.versions]
    plan = plan_harvest(once.values(), known_papers(db, list(once)), versions)
    apply_harvest(db, plan, None, seen_at=seen_at)
    return len(once)


def is_embedded(db: Database, model_id: str | None) -> bool:
    """Whether every stored paper has a vector of this model."""
    return model_id is not None and not ids_without_embedding(db, model_id)


def embed_missing(db: Database, encoder: Encoder, *, chunk_size: int) -> Iterator[Progress]:
    """Embed every stored paper that has no vector of this encoder; one transaction a chunk."""
    ids = ids_without_embedding(db, encoder.model_id)
    for start in range(0, len(ids), chunk_size):
        papers = papers_in_order(db, ids[start : start + chunk_size])
        add_embeddings(db, embed(papers, encoder))
        yield Progress("embed", min(start + chunk_size, len(ids)), len(ids), "papers")


def detect_missing(db: Database, detector: Detector) -> Iterator[Progress]:
    """Detect techniques and themes in every stored paper that this detector has not read."""
    ids = ids_without_detections(db, detector.detector_id)
    for start in range(0, len(ids), _DETECT_AT_ONCE):
        papers = papers_in_order(db, ids[start : start + _DETECT_AT_ONCE])
        add_detections(db, detector.detector_id, detector.detect(papers))
        yield Progress("detect", min(start + _DETECT_AT_ONCE, len(ids)), len(ids), "papers")


def keep_topics(
    db: Database,
    embedding_model_id: str,
    categories: tuple[str, ...],
    settings: TopicSettings,
    *,
    last_week: Week,
    clock: Callable[[], datetime],
    force: bool = False,
) -> Iterator[Progress]:
    """Fit where due, assign what has no topic, see which topics are born and how well the newest weeks fit.

    Where they fit badly, topics are fitted anew at once.
    """
    yield from fit_if_due(db, embedding_model_id, categories, settings, last_week=last_week, clock=clock, force=force)
    yield from _assign_and_observe(db, embedding_model_id, categories, settings, last_week)
    if (model := newest_topic_model(db, embedding_model_id)) is None or not has_drifted(db, model, settings):
        return
    yield from fit_if_due(db, embedding_model_id, categories, settings, last_week=last_week, clock=clock)
    yield from _assign_and_observe(db, embedding_model_id, categories, settings, last_week)


def _assign_and_observe(
    db: Database, embedding_model_id: str, categories: tuple[str, ...], settings: TopicSettings, last_week: Week
) -> Iterator[Progress]:
    if (model := newest_topic_model(db, embedding_model_id)) is not None:
        yield from assign_missing(db, model)
        yield from observe_weeks(db, embedding_model_id, categories, settings, last_week=last_week)


def fit_if_due(
    db: Database,
    embedding_model_id: str,
    categories: tuple[str, ...],
    settings: TopicSettings,
    *,
    last_week: Week,
    clock: Callable[[], datetime],
    force: bool = False,
) -> Iterator[Progress]:
    """Fit topics where there are none yet, the last fit is old or no longer suits, and match them to the registry."""
    model = newest_topic_model(db, embedding_model_id)
    if model is not None and not force and not _refit_is_due(db, model, settings, last_week):
        return
    embeddings = embeddings_of(
        db, embedding_model_id, categories=categories, first=last_week.plus(1 - settings.window_weeks), last=last_week
    )
    papers = papers_in_order(db, embeddings.ids)
    # A fit of half as many papers says too little about these to start from.
    is_outgrown = model is not None and len(papers) >= _OUTGROWN * model.n_papers
    fitted = fit_topics(
        [paper_text(p) for p in papers],
        embeddings,
        settings,
        before=None if model is None or is_outgrown else model.fitted.centroids,
    )
    if model is not None and model.topics and not len(fitted):
        yield Progress("topics", 0, 0, "papers", "no topic found in these papers; the last fit stays")
        return
    assignment = assign_topics(embeddings, fitted)
    registered = registered_topics(db, embedding_model_id)
    known = [
        KnownTopic(t.topic, t.centroid, is_active=t.is_active, label_is_pinned=t.has_given_name) for t in registered
    ]
    shared = None
    if model is not None:
        before = topics_of_papers(db, model.topic_model_id)
        shared = shared_papers(
            assignment,
            len(fitted),
            np.array([before.get(arxiv_id, -1) for arxiv_id in assignment.ids], dtype=np.int64),
            [k.topic.topic_id for k in known],
        )
    weeks = [p.week for p in papers]
    plan = match_topics(
        fitted,
        known,
        week=last_week,
        shared=shared,
        begun=birth_weeks(assignment, weeks, len(fitted)),
        first_free_id=highest_topic_id(db) + 1,
    )
    places = {t.topic.topic_id: t.position for t in registered}
    nowhere = (float("nan"), float("nan"))
    before_map = np.array([places.get(topic_id, nowhere) for topic_id in plan.topic_ids]).reshape(len(fitted), 2)
    positions = topic_positions(fitted.centroids, before_map, seed=settings.seed)
    on_map = sample_by_id(embeddings.ids, settings.n_map_papers) if len(fitted) else []
    add_topic_model(
        db,
        fitted,
        plan.topics,
        plan.events,
        assignment,
        fitted_week=last_week,
        fitted_at=clock(),
        settings=settings.model_dump(),
        library_versions=library_versions(),
        positions=positions,
        paper_positions={
            embeddings.ids[row]: (float(x), float(y))
            for row, (x, y) in zip(
                on_map, paper_positions(embeddings.vectors[on_map], fitted.centroids, positions), strict=True
            )
        }
        if on_map
        else {},
        drift=_drift_of_weeks(embeddings, assignment, weeks, fitted, last_week),
    )
    yield Progress(
        "topics", len(papers), len(papers), "papers", f"{len(fitted)} topics fitted to {len(papers):,} papers"
    )


def _drift_of_weeks(
    embeddings: Embeddings,
    assignment: TopicAssignment,
    weeks: Sequence[Week],
    fitted: FittedTopics,
    last_week: Week,
) -> list[TopicDrift]:
    """How the baseline weeks fit: what later weeks are compared with."""
    week_of_paper = np.array([week.monday for week in weeks], dtype="datetime64[D]")
    baseline = list(weeks_between(last_week.plus(1 - BASELINE_WEEKS), last_week))
    in_baseline = week_of_paper >= np.datetime64(baseline[0].monday)
    drift = []
    for week in baseline:
        of_week = week_of_paper == np.datetime64(week.monday)
        if of_week.any():
            drift.append(
                drift_of_week(
                    week,
                    embeddings.vectors[of_week],
                    assignment.topic[of_week].astype(np.int64),
                    assignment.similarity[of_week],
                    centroids=fitted.centroids,
                    baseline=embeddings.vectors[in_baseline & ~of_week],
                )
            )
    return drift


def _refit_is_due(db: Database, model: StoredTopicModel, settings: TopicSettings, last_week: Week) -> bool:
    """Whether a fit is old, found nothing, no longer suits, or saw so few of today's papers that it cannot tell."""
    n_embedded = embedding_counts(db)[model.fitted.embedding_model_id]
    return (
        model.fitted_week.plus(settings.refit_weeks) <= last_week
        or (not model.topics and n_embedded > model.n_papers)
        or n_embedded >= _OUTGROWN * model.n_papers
        or (model.fitted_week < last_week and has_drifted(db, model, settings))
    )


def has_drifted(db: Database, model: StoredTopicModel, settings: TopicSettings) -> bool:
    """Whether so many more papers fit no topic than when the fit was made that it no longer suits."""
    return rise_of_unassigned(drift_of(db, model.topic_model_id), model.fitted_week) > settings.max_drift


def observe_weeks(
    db: Database,
    embedding_model_id: str,
    categories: tuple[str, ...],
    settings: TopicSettings,
    *,
    last_week: Week,
) -> Iterator[Progress]:
    """For each closed week after the fit, in order: the topics born in it, and how well its papers fit."""
    model = newest_topic_model(db, embedding_model_id)
    if model is None or not model.topics:
        return
    measured = {d.week for d in drift_of(db, model.topic_model_id)}
    for week in weeks_between(model.fitted_week.plus(1), last_week):
        if week in measured:
            continue
        # One at a time, each from what the store holds then, so that a run cut off in between goes on as it would have.
        while (newborn := _newborn_in(db, model, categories, settings, week)) is not None:
            yield from _give_birth(db, model, categories, settings, newborn, week)
            model = newest_topic_model(db, embedding_model_id) or model
        first = model.fitted_week.plus(1 - BASELINE_WEEKS)
        places = places_of_weeks(db, model.topic_model_id, categories, first=first, last=week)
        of_week = places.weeks == np.datetime64(week.monday)
        if not of_week.any():
            continue
        vectors = embeddings_by_id(db, embedding_model_id, list(places.ids)).vectors
        numbers = {topic.topic_id: number for number, topic in enumerate(model.topics)}
        drift = drift_of_week(
            week,
            vectors[of_week],
            np.array([numbers.get(topic_id, -1) for topic_id in places.topic_ids[of_week].tolist()], dtype=np.int64),
            places.similarity[of_week],
            centroids=model.fitted.centroids,
            baseline=vectors[places.weeks <= np.datetime64(model.fitted_week.monday)],
        )
        add_drift(db, model.topic_model_id, [drift])
        yield Progress("topics", drift.n, drift.n, "papers")


def _newborn_in(
    db: Database, model: StoredTopicModel, categories: tuple[str, ...], settings: TopicSettings, week: Week
) -> Newborn | None:
    places = places_of_weeks(
        db, model.topic_model_id, categories, first=week.plus(1 - settings.window_weeks), last=week
    )
    is_recent = places.weeks > np.datetime64(week.plus(-settings.birth_weeks).monday)
    fits = places.topic_ids >= 0
    seen = places.weeks <= np.datetime64(model.fitted_week.monday)
    alone = fits_without_itself(places.similarity[seen], places.topic_ids[seen], floor=model.fitted.floor)
    # Recent papers only as they stand: whatever makes a newborn must be free to move to it.
    fits[seen] &= alone | is_recent[seen]
    left = np.flatnonzero(~fits)
    vectors = embeddings_by_id(db, model.fitted.embedding_model_id, [places.ids[row] for row in left]).vectors
    return newborn_topic(vectors, is_recent[left], floor=model.fitted.floor, min_papers=settings.min_birth_papers)


def _give_birth(
    db: Database,
    model: StoredTopicModel,
    categories: tuple[str, ...],
    settings: TopicSettings,
    newborn: Newborn,
    week: Week,
) -> Iterator[Progress]:
    """Store a topic born in a week, with every paper that is nearer to it than to the topic that it had."""
    places = places_of_weeks(db, model.topic_model_id)
    moved: dict[ArxivId, float] = {}
    for start in range(0, len(places.ids), _ASSIGN_AT_ONCE):
        ids = list(places.ids[start : start + _ASSIGN_AT_ONCE])
        some = embeddings_by_id(db, model.fitted.embedding_model_id, ids)
        _, similarity = nearest_centroids(some.vectors, newborn.centroid[None])
        nearer = (similarity >= np.float32(model.fitted.floor)) & (
            similarity > places.similarity[start : start + _ASSIGN_AT_ONCE]
        )
        moved |= {ids[row]: float(similarity[row]) for row in np.flatnonzero(nearer)}

    number = len(model.topics)
    numbers = {topic.topic_id: n for n, topic in enumerate(model.topics)}
    recent = places_of_weeks(
        db, model.topic_model_id, categories, first=week.plus(1 - BASELINE_WEEKS - settings.birth_weeks), last=week
    )
    topic_of_paper = np.array(
        [
            number if arxiv_id in moved else numbers.get(topic_id, -1)
            for arxiv_id, topic_id in zip(recent.ids, recent.topic_ids.tolist(), strict=True)
        ],
        dtype=np.int64,
    )
    papers = papers_in_order(db, recent.ids)
    label, terms = describe_newborn(
        [paper_text(p) for p in papers], topic_of_paper, model.fitted.top_terms, settings.n_top_terms
    )
    # Older papers that happen to lie near it do not date it.
    begun = sorted(p.week for p in papers if p.arxiv_id in moved and p.week > week.plus(-settings.birth_weeks))
    nearest, _ = nearest_centroids(newborn.centroid[None], model.fitted.centroids)
    topic = Topic(
        topic_id=highest_topic_id(db) + 1,
        label=free_label(label, terms, {t.label.lower() for t in model.topics}),
        top_terms=terms,
        born_week=begun[len(begun) // 20],
        size=len(moved),
        area=model.topics[int(nearest[0])].area,
    )
    detail = f"{topic.size} papers that fitted no topic better, its first in {topic.born_week}"
    add_newborn_topic(
        db,
        model,
        topic,
        TopicEvent(topic.topic_id, "born", week, detail),
        centroid=newborn.centroid,
        position=newborn_position(newborn.centroid, model.fitted.centroids, model.positions),
        moved=moved,
    )
    yield Progress("topics", len(moved), len(moved), "papers", f"{week}: a topic is born, {topic.label}")


def assign_missing(db: Database, model: StoredTopicModel) -> Iterator[Progress]:
    """Assign every embedded paper that the fit has not been asked about."""
    embedding_model_id = model.fitted.embedding_model_id
    ids = ids_without_topic(db, model.topic_model_id, embedding_model_id)
    for start in range(0, len(ids), _ASSIGN_AT_ONCE):
        chunk: TopicAssignment = assign_topics(
            embeddings_by_id(db, embedding_model_id, ids[start : start + _ASSIGN_AT_ONCE]), model.fitted
        )
        add_assignment(db, model, chunk)
        yield Progress("topics", min(start + _ASSIGN_AT_ONCE, len(ids)), len(ids), "papers")


def refresh_tables(
    db: Database, detector_id: str, topic_model_id: int | None, categories: tuple[str, ...]
) -> Iterator[Progress]:
    """Bring the weekly tables up to date, if something changed since they were made."""
    if weekly_tables_are_current(db, detector_id, topic_model_id, categories):
        return
    rebuild_weekly_tables(db, detector_id, topic_model_id, categories)
    yield Progress("tables", 1, 1, "tables")


def weeks_lacking(db: Database, categories: Sequence[str]) -> set[Week]:
    """Weeks that were harvested and are known to lack papers; weeks that were imported are not among them."""
    tried = {Week.containing(r.window.start_at) for r in window_records(db, categories) if not r.is_complete}
    return tried - complete_weeks(db, categories)


def counts_to_call(
    db: Database,
    *,
    categories: tuple[str, ...],
    detector: Detector,
    model: StoredTopicModel | None,
    watched_terms: Sequence[str],
    min_papers: int,
) -> trend_calls.TermCounts:
    """All weeks of everything that is called: techniques, themes, the newest fit's topics, and watched words."""
    totals = weekly_totals(db, categories)
    terms: list[trend_calls.TermKey] = [(t.kind, t.key) for t in detector.taxonomy.terms]
    terms += [("topic", str(t.topic_id)) for t in (model.topics if model else ())]
    scope = Scope(categories)
    return trend_calls.term_counts(
        totals,
        weekly_counts(db),
        terms,
        watched={words: weekly_matches(db, words.split(" OR "), scope) for words in watched_terms},
        known_incomplete=weeks_lacking(db, categories),
        min_papers=min_papers,
    )


def calls_in(
    db: Database, week: Week, counts: trend_calls.TermCounts, *, false_discovery_rate: float
) -> list[TrendCall]:
    """What was called in a week where it was; else what would be called, from what is stored now."""
    called_up = called_up_between(db, week.plus(-trend_calls.COOLING_WITHIN_WEEKS), week.plus(-1))
    return calls_of_week(db, week) or trend_calls.make_calls(
        counts, week, called_up=called_up, false_discovery_rate=false_discovery_rate
    )


def keep_calls(
    db: Database,
    week: Week,
    counts: trend_calls.TermCounts,
    *,
    false_discovery_rate: float,
    made_with: str,
    now: datetime,
) -> Iterator[Progress]:
    """Make and store a week's calls, once: a week that cannot be told yet has none."""
    if calls_of_week(db, week):
        return
    calls = calls_in(db, week, counts, false_discovery_rate=false_discovery_rate)
    if all(call.verdict == "unknown" for call in calls):
        return
    add_calls(db, calls, made_with=f"{trend_calls.METHOD} {made_with}", made_at=now)
    n_moves = sum(call.is_move for call in calls)
    yield Progress("calls", len(calls), len(calls), "terms", f"{week}: {n_moves} of {len(calls)} terms move")


def score_calls(
    db: Database, last_week: Week, counts_of: Callable[[Sequence[str]], trend_calls.TermCounts], *, now: datetime
) -> Iterator[Progress]:
    """Look at the moves called ``HORIZONS_WEEKS`` ago or longer, once each, and store whether they held.

    ``counts_of`` gives the counts with these words among them: words that are no longer watched are scored as well.
    """
    due = {h: moves_to_score(db, horizon_weeks=h, until=last_week.plus(-h)) for h in HORIZONS_WEEKS}
    if not any(due.values()):
        return
    words = sorted({kept.call.key for of in due.values() for kept in of if kept.call.kind == "query"})
    counts = counts_of(words)
    scores = [pair for h, of in due.items() for kept in of if (pair := _scored(kept, counts, h)) is not None]
    add_scores(db, scores, scored_at=now)
    if scores:
        n_held = sum(score.held is True for _, score in scores)
        yield Progress("calls", len(scores), len(scores), "scores", f"{n_held} of {len(scores)} past moves held")


def _scored(kept: KeptCall, counts: trend_calls.TermCounts, horizon_weeks: int) -> tuple[int, CallScore] | None:
    score = trend_calls.score_call(kept.call, counts, horizon_weeks=horizon_weeks)
    return None if score is None else (kept.call_id, score)


def papers_that_are_held(db: Database, week: Week, categories: tuple[str, ...]) -> list[Paper]:
    """The week's papers.

    Raises
    ------
    UsageError
        If there is none.
    """
    papers = papers_of_week(db, week, categories)
    if not papers:
        raise UsageError(f"no paper of {week} is held; `papertide harvest --weeks N` fetches closed weeks")
    return papers


def edition_of(
    db: Database,
    week: Week,
    *,
    categories: tuple[str, ...],
    detector: Detector,
    model: StoredTopicModel | None,
    settings: DigestSettings,
    provenance: Provenance,
) -> DigestEdition:
    """The digest of a week from what is stored; nothing is published.

    Raises
    ------
    UsageError
        If no paper of the week is held.
    """
    papers = papers_that_are_held(db, week, categories)
    counts = counts_to_call(
        db,
        categories=categories,
        detector=detector,
        model=model,
        watched_terms=settings.watched_terms,
        min_papers=settings.min_papers,
    )
    called = calls_in(db, week, counts, false_discovery_rate=settings.false_discovery_rate)
    record = next((r for r in window_records(db, categories) if r.window == window_of(week)), None)
    totals = weekly_totals(db, categories)
    is_complete = record is not None and record.is_complete
    recent_places = (
        adopted_by_topic(
            db,
            detector.detector_id,
            model.topic_model_id,
            categories,
            first=week.plus(-N_RECENT_WEEKS),
            last=week.plus(-1),
        )
        if model
        else {}
    )
    material = WeekMaterial(
        week=week,
        categories=categories,
        totals=totals,
        counts=weekly_counts(db),
        recent_places=recent_places,
        terms=detector.taxonomy.terms,
        topics=model.topics if model else (),
        papers=tuple(papers),
        detections=detections_of_week(db, detector.detector_id, week, categories),
        assigned=tuple(assignments_of_week(db, model.topic_model_id, week, categories)) if model else (),
        n_said=record.n_said if record else None,
        problem=None if is_complete else (record.problem if record else "it was not harvested from arXiv"),
        term_counts=counts,
        # Words that are no longer watched are left out, as are topics that the newest fit does not have.
        calls=tuple(call for call in called if (call.kind, call.key) in counts.terms),
        n_withdrawn=count_withdrawn(db, week, categories),
        lateness=settled_lateness(a for a in late_arrivals(db, categories) if a.window.end_at <= week.start_at),
        call_records=tuple(call_records(db, until=week)),
        errors=measured_errors(),
    )
    return compose_digest(material, settings, provenance)


def publish_if_due(
    db: Database,
    week: Week,
    categories: tuple[str, ...],
    compose: Callable[[], DigestEdition],
    *,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Publish a week's digest, once.

    Again only if it was published before its week was whole, or counted other categories than are watched now.
    """
    published: PublishedDigest | None = newest_digest(db, week)
    if published is not None:
        digest = published.edition.digest
        if digest.completeness.complete and set(digest.categories) == set(categories):
            return
    edition = compose()
    if published is not None and repr(published.edition.digest) == repr(edition.digest):
        return
    revision = publish_digest(db, edition, now=clock())
    yield Progress(
        "digest", 1, 1, "digests", f"digest of {week} published" + (f", revision {revision}" * (revision > 1))
    )


def weeks_of_run(n_weeks: int, *, now: datetime) -> list[Week]:
    """The newest ``n_weeks`` closed weeks, oldest first."""
    last = last_closed_week(now)
    return list(weeks_between(last.plus(1 - n_weeks), last))
