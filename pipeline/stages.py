"""The stages of a run, each with what it needs from the application context.

    harvest -> embed -> detect -> names -> claims -> topics -> weekly tables -> emerging terms -> calls -> digest

Each stage is a generator that yields after every committed unit of work. It asks the store what is left to do, so a
killed run continues where it stopped, and a run that is up to date does nothing. The same papers give the same numbers
whether a run was interrupted or not, because units are taken in a fixed order.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from analysis.emerging.style import shipped_model
from analysis.emerging.terms import known_phrases
from analysis.names.variants import family_key, name_key
from analysis.trends.shares import INTERVAL_LEVEL
from analysis.trends.trend_calls import TermCounts
from domain.digest import DigestEdition, Provenance
from domain.errors import UsageError
from domain.harvest import Window
from domain.progress import Progress
from domain.week import Week, last_closed_week
from pipeline.claims import claims_of, read_missing, reader_id
from pipeline.detection import detect_missing
from pipeline.digest import edition_of, held_papers, publish_if_due
from pipeline.due_windows import due_windows, first_week_to_embed, weeks_of_run
from pipeline.embedding import embed_missing, is_embedded
from pipeline.emerging import update_emerging
from pipeline.harvest import arxiv_now, harvest_windows
from pipeline.name_calls import call_names, score_name_calls
from pipeline.names import JoiningRules, update_names
from pipeline.oai_harvest import harvest_lists
from pipeline.snapshot_import import SkippedLines, import_snapshot
from pipeline.topics import update_topics
from pipeline.trend_calls import counts_to_call, mark_waves, score_calls, store_calls
from pipeline.weekly_tables import refresh_tables
from runtime.context import AppContext, papertide_version
from store.windows import newest_week_held

JOINING_RULES = JoiningRules("keys-5", name_key, family_key)
"""The rules of ``analysis.names.variants``; their version must change whenever a key would."""


def harvest(context: AppContext, n_weeks: int) -> Generator[Progress, None, datetime]:
    """Fetch closed weeks that are not proven complete, and recheck those that are due.

    Returns
    -------
    The current time, checked against arXiv's clock if anything was fetched.
    """
    now = context.now()
    windows = windows_due(context, n_weeks, now)
    if windows and context.settings.now is None:
        now = arxiv_now(context.source, context.settings.categories, now=now)
        windows = windows_due(context, n_weeks, now)
    if windows:
        # A server that plays back the past is harvested by its own time, which decides what is rechecked later.
        behind = context.now() - now
        yield from harvest_windows(
            context.db,
            context.source,
            context.settings.categories,
            windows,
            page_size=context.settings.arxiv.page_size,
            clock=lambda: context.now() - behind,
        )
    return now


def windows_due(context: AppContext, n_weeks: int, now: datetime) -> list[Window]:
    """The windows that a harvest would fetch."""
    return due_windows(
        context.db, context.settings.categories, n_weeks, now=now, recheck_weeks=context.settings.arxiv.recheck_weeks
    )


def harvest_oai(context: AppContext, since: date | None) -> Iterator[Progress]:
    """Fetch by OAI-PMH what changed or was submitted since a day, by default the first of the weeks a run covers."""
    first_day = since or weeks_of_run(context.settings.weeks, now=context.now())[0].monday
    yield from harvest_lists(
        context.db, context.oai_source, context.settings.categories, since=first_day, clock=context.clock
    )


def import_papers(context: AppContext, path: Path, skipped: SkippedLines) -> Iterator[Progress]:
    """Store the watched papers of a metadata snapshot; ``skipped`` counts the lines that could not be read."""
    yield from import_snapshot(context.db, path, context.settings.categories, skipped, clock=context.clock)


def embed(context: AppContext) -> Iterator[Progress]:
    """Embed every paper of the embedded weeks that has no vector; the model is loaded only if one is missing."""
    since = first_week_to_embed(context.db, context.settings.weeks, now=context.now())
    if not is_embedded(context.db, context.embedding_model_id, since=since):
        chunk_size = context.settings.embedding.chunk_size
        yield from embed_missing(context.db, context.encoder, since=since, chunk_size=chunk_size)


def detect(context: AppContext) -> Iterator[Progress]:
    """Detect techniques and themes in every paper that has no detections yet."""
    yield from detect_missing(context.db, context.detector.detector_id, context.detector.detect)


def names(context: AppContext) -> Iterator[Progress]:
    """Find the named things in every paper that the tagger has not read, and bring the ledger up to date."""
    yield from update_names(context.db, context.tagger, JOINING_RULES, context.settings.categories, clock=context.clock)


def claims(context: AppContext) -> Iterator[Progress]:
    """Read claims, findings, code links, named rules and domains in every paper that was not read yet."""
    reader, finder, domains = context.claim_reader, context.rule_finder, context.domain_finder
    yield from read_missing(
        context.db,
        reader_id(reader, finder, domains),
        lambda papers: [claims_of(reader, finder, domains, paper) for paper in papers],
    )


def topics(context: AppContext, *, last_week: Week, refit: bool = False) -> Iterator[Progress]:
    """Fit topics if that is due, assign papers that have none, and measure the drift of the newest weeks."""
    model_id = context.embedding_model_id
    held = newest_week_held(context.db, context.settings.categories)
    if model_id is None or held is None:
        return
    yield from update_topics(
        context.db,
        model_id,
        context.settings.categories,
        context.settings.topics,
        last_week=min(last_week, held),  # weeks without papers, as on a demo's folder, do not make a fit old
        clock=context.clock,
        force=refit,
    )


def tables(context: AppContext) -> Iterator[Progress]:
    """Bring the weekly tables up to date."""
    model = context.topic_model
    yield from refresh_tables(
        context.db,
        context.detector.detector_id,
        model.topic_model_id if model else None,
        context.settings.categories,
        now=context.now(),
    )


def emerging(context: AppContext) -> Iterator[Progress]:
    """Make the lists of emerging terms that are due, and score past ones."""
    taxonomy = context.detector.taxonomy
    model = context.topic_model
    yield from update_emerging(
        context.db,
        context.settings.categories,
        first_week=first_week_to_embed(context.db, context.settings.weeks, now=context.now()),
        last_week=last_closed_week(context.now()),
        known=known_phrases(taxonomy, [topic.label for topic in model.topics] if model else []),
        model=shipped_model(),
        made_with=f"{taxonomy.taxonomy_id}, fit {model.topic_model_id if model else 'none'}",
        clock=context.clock,
    )


def analyse(context: AppContext, *, last_week: Week) -> Iterator[Progress]:
    """Run every stage between harvest and digest."""
    yield from embed(context)
    yield from detect(context)
    yield from names(context)
    yield from claims(context)
    yield from topics(context, last_week=last_week)
    yield from tables(context)
    yield from emerging(context)


def term_counts(context: AppContext, watched_terms: Sequence[str]) -> TermCounts:
    """The weekly counts of every term that gets calls, ``watched_terms`` included."""
    return counts_to_call(
        context.db,
        categories=context.settings.categories,
        detector=context.detector,
        model=context.topic_model,
        watched_terms=watched_terms,
        min_papers=context.settings.digest.min_papers,
    )


def calls(context: AppContext, week: Week) -> Iterator[Progress]:
    """Make the calls of a closed week, and score past calls that are old enough."""
    require_closed(context, week)
    model = context.topic_model
    counts = term_counts(context, context.settings.digest.watched_terms)
    yield from store_calls(
        context.db,
        week,
        counts,
        false_discovery_rate=context.settings.digest.false_discovery_rate,
        made_with=f"{context.detector.detector_id}, fit {model.topic_model_id if model else 'none'}",
        now=context.now(),
    )
    yield from mark_waves(
        context.db,
        counts,
        categories=context.settings.categories,
        detector=context.detector,
        model=model,
        false_discovery_rate=context.settings.digest.false_discovery_rate,
    )
    yield from score_calls(
        context.db,
        last_closed_week(context.now()),
        lambda watched_terms: term_counts(context, watched_terms),
        now=context.now(),
    )
    yield from name_calls(context, week)


def name_calls(context: AppContext, week: Week) -> Iterator[Progress]:
    """Make the calls of names of a closed week, and score past ones that are old enough."""
    settings = context.settings.digest
    yield from call_names(
        context.db,
        week,
        context.settings.categories,
        min_papers=settings.min_papers,
        false_discovery_rate=settings.false_discovery_rate,
        made_with=context.tagger.tagger_id,
        now=context.now(),
    )
    yield from score_name_calls(
        context.db,
        last_closed_week(context.now()),
        context.settings.categories,
        min_papers=settings.min_papers,
        now=context.now(),
    )


def publish(context: AppContext, week: Week) -> Iterator[Progress]:
    """Make a week's calls, then publish its digest if that is due."""
    yield from calls(context, week)
    yield from publish_if_due(
        context.db, week, context.settings.categories, lambda: edition(context, week), clock=context.now
    )


def edition(context: AppContext, week: Week) -> DigestEdition:
    """The digest of a closed week from what is stored now; nothing is published.

    Raises
    ------
    UsageError
        If the week is not closed yet, or no paper of it is stored.
    """
    require_closed(context, week)
    model = context.topic_model
    return edition_of(
        context.db,
        week,
        categories=context.settings.categories,
        detector=context.detector,
        model=model,
        settings=context.settings.digest,
        provenance=Provenance(
            papertide_version=papertide_version(),
            embedding_model=context.embedding_model_id or "none",
            topic_model=f"fit {model.topic_model_id} of {model.fitted_week}" if model else "none",
            taxonomy=context.detector.detector_id,
            close_lag_hours=(week.closes_at - week.end_at).total_seconds() / 3600,
            interval_level=INTERVAL_LEVEL,
            false_discovery_rate=context.settings.digest.false_discovery_rate,
        ),
        reader=context.claim_reader,
        finder=context.rule_finder,
        weeks_later=max(0, int((context.now() - week.closes_at) / timedelta(weeks=1))),
    )


def newest_closed_week(context: AppContext) -> Week:
    """The newest closed week, or the newest stored one if that is older, as on the demo's folder."""
    last = last_closed_week(context.now())
    held = newest_week_held(context.db, context.settings.categories)
    return last if held is None else min(last, held)


def require_closed(context: AppContext, week: Week) -> None:
    """Refuse a week that is not closed yet.

    Raises
    ------
    UsageError
    """
    if not week.is_closed(context.now()):
        raise UsageError(
            f"{week} is not closed before {week.closes_at:%Y-%m-%d %H:%M} UTC; "
            f"the newest closed week is {last_closed_week(context.now())}"
        )


def require_held(context: AppContext, week: Week) -> None:
    """Refuse a week of which no paper is stored.

    Raises
    ------
    UsageError
    """
    held_papers(context.db, week, context.settings.categories)
