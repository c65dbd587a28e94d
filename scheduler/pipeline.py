"""What a run does, stage by stage.

    harvest -> embed -> detect -> topics -> weekly tables -> digest

Each stage is a generator: it yields after every unit of work that is committed, and asks the store what is left to
do, so a run that was killed goes on where it stopped and one that is up to date does nothing. Given the same
papers, the stages give the same numbers, whether they were interrupted or not: units are cut from a fixed order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np

from analysis.bertopic_model import TopicSettings, fit_topics, library_versions
from analysis.detect import Detector
from analysis.digest import N_RECENT_WEEKS, DigestSettings, WeekMaterial, compose_digest
from analysis.embed import Encoder, embed, paper_text
from analysis.topic_registry import KnownTopic, match_topics, shared_papers
from analysis.topics import assign_topics, birth_weeks
from domain.digest import DigestEdition, Provenance
from domain.errors import UsageError
from domain.topics import TopicAssignment
from domain.week import Week, last_closed_week, weeks_between
from ingest.harvest import Source, harvest_window, plan_harvest, window_of, windows_due
from ingest.snapshot import SnapshotLine, read_snapshot
from store.database import Database
from store.detections import add_detections, detections_of_week, ids_without_detections
from store.digests import PublishedDigest, newest_digest, publish_digest
from store.embeddings import add_embeddings, embedding_counts, embeddings_by_id, embeddings_of, ids_without_embedding
from store.papers import apply_harvest, count_withdrawn, known_papers, papers_in_order, papers_of_week, window_records
from store.topics import (
    StoredTopicModel,
    add_assignment,
    add_topic_model,
    assignments_of_week,
    highest_topic_id,
    ids_without_topic,
    newest_topic_model,
    registered_topics,
    topics_of_papers,
)
from store.weekly import (
    adopted_by_topic,
    rebuild_weekly_tables,
    weekly_counts,
    weekly_tables_are_current,
    weekly_totals,
)

Stage = Literal["harvest", "import", "embed", "detect", "topics", "tables", "digest"]

CLOCK_TOLERANCE = timedelta(hours=26)
"""How far arXiv's clock may be behind ours: its answers once carried the day's midnight."""
_IMPORT_AT_ONCE = 2000
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
    weeks: Sequence[Week],
    *,
    page_size: int,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Fetch those of the weeks that are not proven whole, oldest first; one transaction for each.

    Raises
    ------
    SourceError
        If arXiv gives no usable answer; the weeks before are stored.
    """
    due = windows_due(weeks, window_records(db, categories))
    for n_done, window in enumerate(due, 1):
        harvested = harvest_window(source, window, categories, page_size=page_size, now=clock())
        plan = plan_harvest(harvested.papers, known_papers(db, [p.arxiv_id for p in harvested.papers]))
        apply_harvest(db, plan, harvested, seen_at=clock())
        week = Week.containing(window.start_at)
        whole = "complete" if harvested.is_complete else f"incomplete: {harvested.problem}"
        yield Progress("harvest", n_done, len(due), "weeks", f"{week}: {len(harvested.papers):,} papers, {whole}")


def import_snapshot(
    db: Database, path: Path, categories: tuple[str, ...], problems: list[str], *, clock: Callable[[], datetime]
) -> Iterator[Progress]:
    """Store the watched papers of a metadata snapshot, one transaction for ``_IMPORT_AT_ONCE`` of them.

    Lines that cannot be read are named in ``problems`` and left out. Reading a snapshot twice changes nothing.
    """
    batch: list[SnapshotLine] = []
    n_lines = n_papers = 0
    try:
        for line in read_snapshot(path, categories):
            n_lines = line.number
            if line.problem is not None:
                problems.append(f"line {line.number} ({line.problem})")
            if line.paper is not None:
                batch.append(line)
            if len(batch) == _IMPORT_AT_ONCE:
                n_papers += _store_batch(db, batch, clock())
                batch = []
                yield Progress("import", n_lines, n_lines, "lines")
    except UsageError:  # the file breaks off here; what came before it is good
        _store_batch(db, batch, clock())
        raise
    n_papers += _store_batch(db, batch, clock())
    yield Progress("import", n_lines, n_lines, "lines", f"{n_papers:,} watched papers in {n_lines:,} lines")


def _store_batch(db: Database, lines: list[SnapshotLine], seen_at: datetime) -> int:
    # A line that comes twice in a batch must not be inserted twice.
    once = {line.paper.arxiv_id: line.paper for line in lines if line.paper is not None}
    versions = [version for line in lines for version in line.versions]
    plan = plan_harvest(once.values(), known_papers(db, list(once)), versions)
    apply_harvest(db, plan, None, seen_at=seen_at)
    return len(once)


def any_due(db: Database, categories: tuple[str, ...], weeks: Sequence[Week]) -> bool:
    """Whether any of the weeks is not proven whole."""
    return bool(windows_due(weeks, window_records(db, categories)))


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
    """Fit topics where there are none yet or the last fit is old, and match them to the registry."""
    model = newest_topic_model(db, embedding_model_id)
    if model is not None and not force and not _refit_is_due(db, model, settings, last_week):
        return
    embeddings = embeddings_of(
        db, embedding_model_id, categories=categories, first=last_week.plus(1 - settings.window_weeks), last=last_week
    )
    papers = papers_in_order(db, embeddings.ids)
    fitted = fit_topics([paper_text(p) for p in papers], embeddings, settings)
    if model is not None and model.topics and not len(fitted):
        yield Progress("topics", 0, 0, "papers", "no topic found in these papers; the last fit stays")
        return
    assignment = assign_topics(embeddings, fitted)
    known = [
        KnownTopic(topic=t.topic, centroid=t.centroid, is_active=t.is_active)
        for t in registered_topics(db, embedding_model_id)
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
    plan = match_topics(fitted, known, week=last_week, shared=shared, first_free_id=highest_topic_id(db) + 1)
    # A topic is born in the week its papers begin, which is not the week in which we happened to fit.
    begun = birth_weeks(assignment, [p.week for p in papers], len(fitted))
    known_ids = {k.topic.topic_id for k in known}
    topics = [
        topic if topic.topic_id in known_ids else replace(topic, born_week=begun[number])
        for number, topic in enumerate(plan.topics)
    ]
    add_topic_model(
        db,
        fitted,
        topics,
        plan.events,
        assignment,
        fitted_week=last_week,
        fitted_at=clock(),
        settings=settings.model_dump(),
        library_versions=library_versions(),
    )
    yield Progress(
        "topics", len(papers), len(papers), "papers", f"{len(fitted)} topics fitted to {len(papers):,} papers"
    )


def _refit_is_due(db: Database, model: StoredTopicModel, settings: TopicSettings, last_week: Week) -> bool:
    """Whether a fit is old, found nothing, or saw so few of today's papers that it no longer speaks for them."""
    n_embedded = embedding_counts(db)[model.fitted.embedding_model_id]
    return (
        model.fitted_week.plus(settings.refit_weeks) <= last_week
        or (not model.topics and n_embedded > model.n_papers)
        or n_embedded >= _OUTGROWN * model.n_papers
    )


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
    papers = papers_of_week(db, week, categories)
    if not papers:
        raise UsageError(f"no paper of {week} is held; `papertide harvest --weeks N` fetches closed weeks")
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
        n_withdrawn=count_withdrawn(db, week, categories),
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
