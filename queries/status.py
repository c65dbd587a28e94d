"""What is stored, complete, running, due and drifting."""

from __future__ import annotations

from datetime import datetime

from domain.harvest import CountedHistory
from domain.week import Week, last_closed_week
from pipeline.claims import reader_id
from pipeline.due_windows import due_windows, first_week_to_embed, window_name
from pipeline.history_plan import history_of, next_history_week
from queries.coverage import coverage
from queries.results import (
    DriftWeek,
    EmbeddingStatus,
    MailStatus,
    OperatorStatus,
    RunLine,
    Status,
    TopicModelStatus,
    TroubleDetail,
    TroubledRun,
)
from runtime.context import AppContext
from store.claims import count_without_claims
from store.deliveries import delivery_counts
from store.detections import count_without_detections
from store.digests import published_weeks
from store.embeddings import count_without_embedding, embedding_counts
from store.job_runs import newest_runs, unresolved_failures
from store.papers import holds_made_up
from store.subscribers import subscriber_counts
from store.suppressed_addresses import suppression_counts
from store.topics import StoredTopicModel, drift_of
from store.windows import window_records
from templates.due_wording import due_lines

_N_RUNS = 10
_N_ISSUES = 12


def status(context: AppContext) -> Status:
    """What is stored, what is complete, what ran, what is due and what drifts; public."""
    model_id, model = context.embedding_model_id, context.topic_model
    since = first_week_to_embed(context.db, context.settings.weeks, now=context.now())
    return Status(
        **vars(coverage(context)),
        history=history_of(context),
        embeddings=(embeddings := _embeddings(context, model_id, since)),
        topic_model=TopicModelStatus(
            topic_model_id=model.topic_model_id,
            fitted_week=model.fitted_week,
            fitted_at=model.fitted_at,
            n_papers=model.n_papers,
            n_topics=len(model.topics),
        )
        if model
        else None,
        digests=tuple(published_weeks(context.db)),
        runs=tuple(
            RunLine(r.job, r.period, r.state, r.started_at, r.finished_at, r.message)
            for r in newest_runs(context.db, _N_RUNS)
        ),
        troubled=troubled_runs(context),
        due=_due(context, context.now(), embeddings.missing),
        drift=_drift(context, model) if model else {},
    )


def growing_history(context: AppContext) -> CountedHistory | None:
    """How far back weeks are counted, while earlier ones are still being added."""
    return context.cached(
        "growing history", lambda: history_of(context) if next_history_week(context) is not None else None
    )


def troubled_runs(context: AppContext) -> tuple[TroubledRun, ...]:
    """Failed jobs that have not succeeded since, oldest first."""
    return tuple(
        TroubledRun(r.job, r.period, r.state, r.n_tries, r.next_try_at, r.message)
        for r in unresolved_failures(context.db)
    )


def is_sample_corpus(context: AppContext) -> bool:
    """Whether the stored papers are those of the sample corpus."""
    return context.cached("made up", lambda: holds_made_up(context.db))


def operator_status(context: AppContext) -> OperatorStatus:
    """The status with what only the operator may see: files that runs named, and readers in numbers."""
    return OperatorStatus(
        **vars(status(context)), trouble_details=tuple(trouble_details(context)), mail=mail_status(context)
    )


def trouble_details(context: AppContext) -> list[TroubleDetail]:
    """Why each failing job failed, with the files it names; for the operator alone."""
    return [TroubleDetail(r.job, r.period, r.detail) for r in unresolved_failures(context.db) if r.detail]


def mail_status(context: AppContext) -> MailStatus:
    """Readers by state, suppressed addresses by reason, and delivery counts of the newest issues; for the operator."""
    counts = delivery_counts(context.db)
    return MailStatus(
        readers=subscriber_counts(context.db),
        left_alone=suppression_counts(context.db),
        issues={issue: counts[issue] for issue in sorted(counts)[-_N_ISSUES:]},
    )


def _embeddings(context: AppContext, model_id: str | None, since: Week) -> EmbeddingStatus:
    n = 0 if model_id is None else embedding_counts(context.db).get(model_id, 0)
    return EmbeddingStatus(model_id, n, count_without_embedding(context.db, model_id, since=since), since)


def _drift(context: AppContext, model: StoredTopicModel) -> dict[str, DriftWeek]:
    return {
        str(d.week): DriftWeek(
            n=d.n,
            unassigned=round(d.share_unassigned, 4),
            similarity=round(d.mean_similarity, 4),
            centroid_shift=round(d.centroid_shift, 4),
            embedding_shift=round(d.embedding_shift, 2),
            fitted=d.week <= model.fitted_week,
        )
        for d in drift_of(context.db, model.topic_model_id)
    }


def _due(context: AppContext, now: datetime, n_not_embedded: int) -> tuple[str, ...]:
    windows = []
    if context.can_harvest:
        windows = due_windows(
            context.db,
            context.settings.categories,
            context.settings.weeks,
            now=now,
            recheck_weeks=context.settings.arxiv.recheck_weeks,
        )
    proven = {r.window for r in window_records(context.db, context.settings.categories) if r.is_complete}
    last = last_closed_week(now)
    return due_lines(
        [(window_name(window), window in proven) for window in windows],
        n_not_embedded=n_not_embedded,
        n_not_detected=count_without_detections(context.db, context.detector.detector_id),
        n_not_read=count_without_claims(
            context.db, reader_id(context.claim_reader, context.rule_finder, context.domain_finder)
        ),
        unpublished=last if context.can_harvest and last not in published_weeks(context.db) else None,
    )
