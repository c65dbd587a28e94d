"""Published digests, and their summaries."""

from __future__ import annotations

from domain.errors import NotFound
from domain.week import Week
from queries.results import DigestLine
from runtime.context import AppContext
from store.digests import DigestSummary, PublishedDigest, digest_revision, digest_summaries


def published_digests(context: AppContext) -> list[DigestSummary]:
    """Every published digest in short, newest first."""
    return context.cached("digest heads", lambda: digest_summaries(context.db))[::-1]


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
