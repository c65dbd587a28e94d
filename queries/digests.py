"""Published digests, and their summaries."""

from __future__ import annotations

from datetime import datetime

from domain.digest_json_record import DigestResult, digest_result
from domain.errors import NotFound
from domain.week import Week
from queries.results import DigestLine
from runtime.context import AppContext
from store import digests
from store.digests import DigestSummary, PublishedDigest, digest_revision, digest_summaries


def published_digests(context: AppContext) -> list[DigestSummary]:
    """Every published digest in short, newest first."""
    return context.cached("digest heads", lambda: digest_summaries(context.db))[::-1]


def further_sentences(context: AppContext, head: DigestSummary) -> tuple[str, ...]:
    """What a published digest says after its headline; a published revision never changes."""
    return context.cached(
        ("further sentences", head),
        lambda: digests.further_sentences(context.db, head.week, head.revision),
        pool="unchanging",
    )


def published_digest(context: AppContext, week: Week, revision: int | None = None) -> PublishedDigest:
    """A published digest, the newest revision by default.

    Raises
    ------
    NotFound
    """
    found = context.cached(
        ("digest", week, revision), lambda: digest_revision(context.db, week, revision), pool="large"
    )
    if found is None:
        raise NotFound(f"there is no digest of {week}" + (f" in revision {revision}" if revision else ""))
    return found


def newest_digest(context: AppContext, week: Week) -> PublishedDigest | None:
    """The newest revision of a week's digest as it is stored now; ``None`` if none is published."""
    return digests.newest_digest(context.db, week)


def published_weeks(context: AppContext) -> list[Week]:
    """Every week with a digest, oldest first."""
    return digests.published_weeks(context.db)


def digest_revisions(context: AppContext, week: Week) -> list[tuple[int, datetime]]:
    """Every revision of a week's digest with its publication time, oldest first."""
    return digests.revisions_of(context.db, week)


def digest(context: AppContext, week: Week) -> DigestResult:
    """The newest revision of a week's digest.

    Raises
    ------
    NotFound
    """
    return digest_result(published_digest(context, week).edition)


def digest_line(head: DigestSummary) -> DigestLine:
    """A digest in a list."""
    return DigestLine(
        week=head.week,
        start=head.week.monday,
        end=head.week.sunday,
        headline=head.sentence,
        n_papers=head.n_papers,
        complete=head.complete,
        revision=head.revision,
        published_at=head.published_at,
        first_published_at=head.first_published_at,
    )
