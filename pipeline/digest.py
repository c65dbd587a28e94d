"""Digest stage: compose a week's digest from what is stored, and publish it if it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from analysis.claims.claim_reader import ClaimReader
from analysis.claims.standards_and_failure_modes import RuleFinder
from analysis.detection.detector import Detector
from analysis.digest.compose import compose_digest
from analysis.digest.ended_moves import ended_moves
from analysis.digest.headline import N_MEMORY_WEEKS, ToldBefore, told_before
from analysis.digest.inputs import DigestSettings, WeekMaterial
from analysis.digest.practice import ReadWeek
from analysis.trends.detector_error import measured_errors
from analysis.trends.trend_calls import TermKey
from domain.digest import N_RECENT_WEEKS, DigestEdition, Provenance
from domain.digest_wording_protocol import DigestWording
from domain.errors import UsageError
from domain.paper import Paper
from domain.progress import Progress
from domain.trend_calls import with_wave
from domain.week import Week
from ingest.harvest import settled_lateness, window_of
from pipeline.digest_new_names import ended_moves_of_names, moving_names, new_names
from pipeline.digest_practice import read_week
from pipeline.digest_venue_waves import waves_and_their_moves, weekly_papers
from pipeline.emerging import emerging_of_week
from pipeline.trend_calls import calls_in, counts_to_call, moves_to_mark
from store.claims import findings_of
from store.database import Database
from store.detections import detections_of_week
from store.digests import PublishedDigest, newest_digest, publish_digest
from store.papers import count_withdrawn, papers_of_week
from store.topics import StoredTopicModel, assignments_of_week
from store.trend_calls import call_records, calls_of_week
from store.weekly import adopted_by_topic, weekly_counts, weekly_totals
from store.windows import late_arrivals, window_records
from templates.digest_wording import EnglishDigestWording


def held_papers(db: Database, week: Week, categories: tuple[str, ...]) -> list[Paper]:
    """The stored papers of a week.

    Raises
    ------
    UsageError
        If there are none.
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
    reader: ClaimReader | None = None,
    finder: RuleFinder | None = None,
    weeks_later: int = 0,
    wording: DigestWording | None = None,
) -> DigestEdition:
    """The digest of a week, composed from what is stored and in English by default; nothing is published.

    Without ``reader`` and ``finder`` the digest has no counts of practice.
    ``weeks_later`` is how many whole weeks have passed since the week closed.

    Raises
    ------
    UsageError
        If no paper of the week is held.
    """
    papers = held_papers(db, week, categories)
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
    # Without calls of terms that are no longer watched, and of topics that the newest fit does not have.
    calls = tuple(call for call in called if (call.kind, call.key) in counts.terms)
    # The record says which of its moves are waves; those that are not stored, or not marked by the present rule, are
    # looked at here.
    to_mark = moves_to_mark(db, counts).get(week, ()) if calls_of_week(db, week) else calls
    waves, moves_of_waves = waves_and_their_moves(
        weekly_papers(db, categories=categories, detector=detector, model=model),
        week,
        counts,
        to_mark,
        false_discovery_rate=settings.false_discovery_rate,
    )
    as_called = {(call.kind, call.key): call for call in to_mark}
    calls = tuple(with_wave(as_called.get(key := (c.kind, c.key), c), moves_of_waves.get(key)) for c in calls)
    names: dict[TermKey, str] = {(term.kind, term.key): term.name for term in detector.taxonomy.terms}
    names |= {("topic", str(topic.topic_id)): topic.label for topic in (model.topics if model else ())}
    names |= {("query", words): words for words in settings.watched_terms}
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
        calls=calls,
        n_withdrawn=count_withdrawn(db, week, categories),
        lateness=settled_lateness(a for a in late_arrivals(db, categories) if a.window.end_at <= week.start_at),
        call_records=tuple(call_records(db, until=week)),
        errors=measured_errors(),
        waves=waves,
        emerging=emerging_of_week(db, week),
        new_names=new_names(db, week),
        moving_names=moving_names(db, week),
        ended=ended_moves(calls_of_week(db, week.plus(-1)), calls, names) + ended_moves_of_names(db, week),
        findings=findings_of(db, [p.arxiv_id for p in papers]),
        read=read_week(db, papers, reader, finder) if reader and finder else ReadWeek(),
        weeks_later=weeks_later,
        told=_told(db, week),
    )
    return compose_digest(material, settings, provenance, wording or EnglishDigestWording())


def _told(db: Database, week: Week) -> ToldBefore | None:
    before = [newest_digest(db, week.plus(-i)) for i in range(1, N_MEMORY_WEEKS + 1)]
    return told_before([published.edition.digest for published in before if published is not None])


def publish_if_due(
    db: Database,
    week: Week,
    categories: tuple[str, ...],
    compose: Callable[[], DigestEdition],
    *,
    clock: Callable[[], datetime],
) -> Iterator[Progress]:
    """Publish a week's digest if it is due.

    It is due if none is published, or if the published one is of an incomplete week or of other categories than are
    watched now. A digest that states the same facts as the published one is not published again, even if its sentences
    are worded otherwise. Neither is one that differs only by what came to be known of other weeks: earlier weeks that
    are counted later change no published digest.
    """
    published: PublishedDigest | None = newest_digest(db, week)
    if published is not None:
        digest = published.edition.digest
        if digest.completeness.complete and set(digest.categories) == set(categories):
            return
    edition = compose()
    if published is not None:
        before = published.edition.digest
        if before.is_made_from_the_same_as(edition.digest) or before.states_the_same_as(edition.digest):
            return
    revision = publish_digest(db, edition, now=clock())
    yield Progress(
        "digest", 1, 1, "digests", f"digest of {week} published" + (f", revision {revision}" * (revision > 1))
    )
