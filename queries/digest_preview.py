"""Differences between a digest composed now and the published one."""

from __future__ import annotations

from analysis.digest.json_differences import digest_differences
from domain.week import Week
from pipeline import stages
from queries.results import DigestPreview
from runtime.context import AppContext
from store.digests import newest_digest
from store.papers import count_not_analysed
from templates.digest_json import digest_json


def preview_digest(context: AppContext, week: Week) -> DigestPreview:
    """The digest of a closed week from what is stored, and what differs from the published one; writes nothing.

    Raises
    ------
    UsageError
        If the week is not closed yet, or no paper of it is stored.
    """
    edition = stages.edition(context, week)
    published = newest_digest(context.db, week)
    headline = edition.digest.headline
    return DigestPreview(
        week=week,
        n_papers=headline.n_papers,
        sentence=headline.sentence,
        revision=published.revision if published else None,
        published_at=published.published_at if published else None,
        differences=digest_differences(digest_json(published.edition), digest_json(edition)) if published else (),
        n_not_analysed=count_not_analysed(
            context.db,
            week,
            context.settings.categories,
            detector_id=context.detector.detector_id,
            embedding_model_id=context.embedding_model_id,
        ),
    )
