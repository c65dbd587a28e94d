"""What is stored, complete, running, due and drifting."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from domain.week import last_closed_week
from pipeline.due import due_windows, window_name
from queries.coverage import coverage, iso_instant
from runtime.context import AppContext
from store.deliveries import delivery_counts
from store.detections import ids_without_detections
from store.digests import published_weeks
from store.embeddings import embedding_counts, ids_without_embedding
from store.papers import count_papers
from store.runs import newest_runs, unresolved_failures
from store.subscribers import subscriber_counts, suppression_counts
from store.topics import StoredTopicModel, drift_of
from store.windows import window_records

# -- status


def status(context: AppContext) -> dict[str, Any]:
    """What is stored, what is complete, what ran, what is due and what drifts; anybody may read it."""
    now = context.now()
    model_id, model = context.embedding_model_id, context.topic_model
    counts = embedding_counts(context.db)
    return {
        "papers": count_papers(context.db),
        **coverage(context),
        "embeddings": {
            "model": model_id,
            "n": counts.get(model_id, 0) if model_id else 0,
            "missing": len(ids_without_embedding(context.db, model_id)) if model_id else count_papers(context.db),
        },
        "topic_model": {
            "topic_model_id": model.topic_model_id,
            "fitted_week": str(model.fitted_week),
            "fitted_at": iso_instant(model.fitted_at),
            "n_papers": model.n_papers,
            "n_topics": len(model.topics),
        }
        if model
        else None,
        "digests": [str(week) for week in published_weeks(context.db)],
        "runs": [
            {
                "job": r.job,
                "period": r.period,
                "state": r.state,
                "started_at": iso_instant(r.started_at),
                "finished_at": iso_instant(r.finished_at) if r.finished_at else None,
                "message": r.message,
            }
            for r in newest_runs(context.db, 10)
        ],
        "troubled": [
            {
                "job": r.job,
                "period": r.period,
                "state": r.state,
                "n_tries": r.n_tries,
                "next_try_at": iso_instant(r.next_try_at) if r.next_try_at else None,
                "message": r.message,
            }
            for r in unresolved_failures(context.db)
        ],
        "due": _due(context, now, model_id),
        "drift": _drift(context, model) if model else {},
    }


def _drift(context: AppContext, model: StoredTopicModel) -> dict[str, Any]:
    measured = drift_of(context.db, model.topic_model_id)
    return {
        str(d.week): {
            "n": d.n,
            "unassigned": round(d.share_unassigned, 4),
            "similarity": round(d.mean_similarity, 4),
            "centroid_shift": round(d.centroid_shift, 4),
            "embedding_shift": round(d.embedding_shift, 2),
            "fitted": d.week <= model.fitted_week,
        }
        for d in measured
    }


def mail_status(context: AppContext) -> dict[str, Any]:
    """Readers by state, addresses left alone by reason, and what became of the newest issues; for the operator."""
    counts = delivery_counts(context.db)
    return {
        "readers": subscriber_counts(context.db),
        "left_alone": suppression_counts(context.db),
        "issues": {issue: counts[issue] for issue in sorted(counts)[-12:]},
    }


def _due(context: AppContext, now: datetime, model_id: str | None) -> list[str]:
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
    due = [f"{'ask again about' if w in proven else 'harvest'} {window_name(w)}" for w in windows]
    n_missing = len(ids_without_embedding(context.db, model_id)) if model_id else count_papers(context.db)
    if n_missing:
        due.append(f"embed {n_missing} papers")
    n_unread = len(ids_without_detections(context.db, context.detector.detector_id))
    if n_unread:
        due.append(f"detect in {n_unread} papers")
    last = last_closed_week(now)
    if context.can_harvest and last not in published_weeks(context.db):
        due.append(f"digest {last}")
    return due


def trouble_details(context: AppContext) -> list[dict[str, str]]:
    """Why each failing job failed, with the files it names; for the operator alone."""
    return [{"job": r.job, "period": r.period, "detail": r.detail} for r in unresolved_failures(context.db) if r.detail]
