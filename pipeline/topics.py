"""Topic stage: fits topics when due, assigns papers, finds new topics and measures drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from analysis.embed import paper_text
from analysis.topics.assignment import assign_topics, birth_weeks, nearest_centroids
from analysis.topics.bertopic_model import TopicSettings, fit_topics, library_versions
from analysis.topics.map_layout import new_topic_position, paper_positions, sample_by_id, topic_positions
from analysis.topics.model_drift import BASELINE_WEEKS, drift_of_week, rise_of_unassigned
from analysis.topics.new_topics import NewTopic, describe_new_topic, find_new_topic, fits_without_itself
from analysis.topics.outlier_reduction import TopicMembers, members_of, with_near_topics
from analysis.topics.topic_matching import KnownTopic, free_label, match_topics, shared_papers
from domain.embeddings import Embeddings
from domain.paper import ArxivId
from domain.progress import Progress
from domain.same_subject import subject
from domain.topics import FittedTopics, Topic, TopicAssignment, TopicDrift, TopicEvent
from domain.week import Week, weeks_between
from store.database import Database
from store.embeddings import embedding_counts, embeddings_by_id, embeddings_of
from store.papers import papers_in_order
from store.topics import (
    AssignedPapers,
    StoredTopicModel,
    add_assignment,
    add_drift,
    add_new_topic,
    add_topic_model,
    assignments_of_weeks,
    drift_of,
    highest_topic_id,
    ids_without_topic,
    newest_topic_model,
    registered_topics,
    topics_of_papers,
)

_OUTGROWN = 2.0  # with this many times the papers of the fit, history was added, not a week
_BATCH = 8192


def update_topics(
    db: Database,
    embedding_model_id: str,
    categories: tuple[str, ...],
    settings: TopicSettings,
    *,
    last_week: Week,
    clock: Callable[[], datetime],
    force: bool = False,
) -> Iterator[Progress]:
    """Fit topics if that is due, assign papers that have none, find new topics, and measure drift.

    If the topics have drifted, they are refitted at once.
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
    """Fit topics if there are none, or if the last fit is old or no longer suits, and match them to the registry."""
    model = newest_topic_model(db, embedding_model_id)
    if model is not None and not force and not _refit_is_due(db, model, settings, last_week):
        return
    embeddings = embeddings_of(
        db, embedding_model_id, categories=categories, first=last_week.plus(1 - settings.window_weeks), last=last_week
    )
    papers = papers_in_order(db, embeddings.ids)
    yield Progress("topics", 0, len(papers), "papers", "fitting topics, which may take a minute or more")
    # A fit of half as many papers says too little about these to be a starting point.
    is_outgrown = model is not None and len(papers) >= _OUTGROWN * model.n_papers
    fitted = fit_topics(
        [paper_text(p) for p in papers],
        embeddings,
        settings,
        before=None if model is None or is_outgrown else model.fitted.centroids,
    )
    if model is not None and model.topics and not len(fitted):
        yield Progress("topics", 0, 0, "papers", "no topic found in these papers; the last fit is kept")
        return
    by_centroid = assign_topics(embeddings, fitted)
    assignment = with_near_topics(
        by_centroid, embeddings, [p.title for p in papers], fitted, members_of(embeddings, by_centroid)
    )
    fitted = replace(fitted, sizes=assignment.sizes(len(fitted)))
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
        drift=_drift_of_weeks(embeddings, by_centroid, weeks, fitted, last_week),
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
    """The drift measures of the baseline weeks, with which later weeks are compared."""
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
    """Whether a fit is old, found nothing, has drifted, or saw too few of today's papers."""
    n_embedded = embedding_counts(db)[model.fitted.embedding_model_id]
    return (
        model.fitted_week.plus(settings.refit_weeks) <= last_week
        or (not model.topics and n_embedded > model.n_papers)
        or n_embedded >= _OUTGROWN * model.n_papers
        or (model.fitted_week < last_week and has_drifted(db, model, settings))
    )


def has_drifted(db: Database, model: StoredTopicModel, settings: TopicSettings) -> bool:
    """Whether the share of papers without a topic has grown too much since the fit."""
    return rise_of_unassigned(drift_of(db, model.topic_model_id), model.fitted_week) > settings.max_drift


def observe_weeks(
    db: Database,
    embedding_model_id: str,
    categories: tuple[str, ...],
    settings: TopicSettings,
    *,
    last_week: Week,
) -> Iterator[Progress]:
    """For each closed week after the fit, in order: add the topics born in it, and measure its drift."""
    model = newest_topic_model(db, embedding_model_id)
    if model is None or not model.topics:
        return
    measured = {d.week for d in drift_of(db, model.topic_model_id)}
    for week in weeks_between(model.fitted_week.plus(1), last_week):
        if week in measured:
            continue
        # One at a time, each from what is stored by then, so that an interrupted run continues to the same result.
        while (new_topic := _new_topic_in(db, model, categories, settings, week)) is not None:
            yield from _add_new_topic(db, model, categories, settings, new_topic, week)
            model = newest_topic_model(db, embedding_model_id) or model
        first = model.fitted_week.plus(1 - BASELINE_WEEKS)
        places = assignments_of_weeks(db, model.topic_model_id, categories, first=first, last=week)
        of_week = places.weeks == np.datetime64(week.monday)
        if not of_week.any():
            continue
        vectors = embeddings_by_id(db, embedding_model_id, list(places.ids)).vectors
        numbers = {topic.topic_id: number for number, topic in enumerate(model.topics)}
        by_centroid = _topics_by_centroid(places, model)
        drift = drift_of_week(
            week,
            vectors[of_week],
            np.array([numbers.get(topic_id, -1) for topic_id in by_centroid[of_week].tolist()], dtype=np.int64),
            places.similarity[of_week],
            centroids=model.fitted.centroids,
            baseline=vectors[places.weeks <= np.datetime64(model.fitted_week.monday)],
        )
        add_drift(db, model.topic_model_id, [drift])
        yield Progress("topics", drift.n, drift.n, "papers")


def _new_topic_in(
    db: Database, model: StoredTopicModel, categories: tuple[str, ...], settings: TopicSettings, week: Week
) -> NewTopic | None:
    places = assignments_of_weeks(
        db, model.topic_model_id, categories, first=week.plus(1 - settings.window_weeks), last=week
    )
    is_recent = places.weeks > np.datetime64(week.plus(-settings.birth_weeks).monday)
    # Papers that have a topic by their title or nearest papers may still form a new one.
    by_centroid = _topics_by_centroid(places, model)
    fits = by_centroid >= 0
    seen = places.weeks <= np.datetime64(model.fitted_week.monday)
    alone = fits_without_itself(places.similarity[seen], by_centroid[seen], floor=model.fitted.floor)
    # Recent papers count as they are assigned: every paper that forms a new topic must be able to move to it.
    fits[seen] &= alone | is_recent[seen]
    left = np.flatnonzero(~fits)
    vectors = embeddings_by_id(db, model.fitted.embedding_model_id, [places.ids[row] for row in left]).vectors
    return find_new_topic(vectors, is_recent[left], floor=model.fitted.floor, min_papers=settings.min_birth_papers)


def _topics_by_centroid(places: AssignedPapers, model: StoredTopicModel) -> NDArray[np.int64]:
    """The topic ids of papers that reach the floor of their topic, -1 for all others."""
    return np.where(places.similarity >= np.float32(model.fitted.floor), places.topic_ids, -1)


def _add_new_topic(
    db: Database,
    model: StoredTopicModel,
    categories: tuple[str, ...],
    settings: TopicSettings,
    new_topic: NewTopic,
    week: Week,
) -> Iterator[Progress]:
    """Store a topic born in a week, with every paper that is nearer to it than to its current topic."""
    places = assignments_of_weeks(db, model.topic_model_id)
    moved: dict[ArxivId, float] = {}
    for start in range(0, len(places.ids), _BATCH):
        ids = list(places.ids[start : start + _BATCH])
        some = embeddings_by_id(db, model.fitted.embedding_model_id, ids)
        _, similarity = nearest_centroids(some.vectors, new_topic.centroid[None])
        nearer = (similarity >= np.float32(model.fitted.floor)) & (
            similarity > places.similarity[start : start + _BATCH]
        )
        moved |= {ids[row]: float(similarity[row]) for row in np.flatnonzero(nearer)}

    number = len(model.topics)
    numbers = {topic.topic_id: n for n, topic in enumerate(model.topics)}
    recent = assignments_of_weeks(
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
    label, terms = describe_new_topic(
        [paper_text(p) for p in papers], topic_of_paper, model.fitted.top_terms, settings.n_top_terms
    )
    # Older papers that happen to be near it do not count for its date.
    begun = sorted(p.week for p in papers if p.arxiv_id in moved and p.week > week.plus(-settings.birth_weeks))
    nearest, _ = nearest_centroids(new_topic.centroid[None], model.fitted.centroids)
    topic = Topic(
        topic_id=highest_topic_id(db) + 1,
        label=free_label(label, terms, {subject(t.label) for t in model.topics}),
        top_terms=terms,
        born_week=begun[len(begun) // 20],
        size=len(moved),
        area=model.topics[int(nearest[0])].area,
    )
    detail = f"found in {week}, with {topic.size} papers then, which fitted no topic better"
    add_new_topic(
        db,
        model,
        topic,
        TopicEvent(topic.topic_id, "born", topic.born_week, detail),
        centroid=new_topic.centroid,
        position=new_topic_position(new_topic.centroid, model.fitted.centroids, model.positions),
        reassigned=moved,
    )
    yield Progress("topics", len(moved), len(moved), "papers", f"{week}: a topic is born, {topic.label}")


def assign_missing(db: Database, model: StoredTopicModel) -> Iterator[Progress]:
    """Assign every embedded paper that has no assignment of this fit."""
    embedding_model_id = model.fitted.embedding_model_id
    ids = ids_without_topic(db, model.topic_model_id, embedding_model_id)
    members = _members_of_fit(db, model) if ids else None
    for start in range(0, len(ids), _BATCH):
        embeddings = embeddings_by_id(db, embedding_model_id, ids[start : start + _BATCH])
        chunk: TopicAssignment = assign_topics(embeddings, model.fitted)
        if members is not None:
            titles = [p.title for p in papers_in_order(db, embeddings.ids)]
            chunk = with_near_topics(chunk, embeddings, titles, model.fitted, members)
        add_assignment(db, model, chunk)
        yield Progress("topics", min(start + _BATCH, len(ids)), len(ids), "papers")


def _members_of_fit(db: Database, model: StoredTopicModel) -> TopicMembers:
    """The papers up to the week of the fit that reach the floor of their topic."""
    places = assignments_of_weeks(db, model.topic_model_id, last=model.fitted_week)
    topic_ids = _topics_by_centroid(places, model)
    numbers = {topic.topic_id: number for number, topic in enumerate(model.topics)}
    number_of = {
        arxiv_id: numbers[topic_id]
        for arxiv_id, topic_id in zip(places.ids, topic_ids.tolist(), strict=True)
        if topic_id in numbers
    }
    embeddings = embeddings_by_id(db, model.fitted.embedding_model_id, list(number_of))
    topic = np.array([number_of[arxiv_id] for arxiv_id in embeddings.ids], dtype=np.int64)
    return TopicMembers(embeddings.vectors, topic)
