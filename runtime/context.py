"""Wires settings to the rooms: what a command or a page needs, opened when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from analysis.search.ranking import similarities
from analysis.trends.calls import TermCounts
from analysis.trends.shares import INTERVAL_LEVEL
from domain.digest import DigestEdition, Provenance
from domain.errors import SourceError, StoreError, UsageError, private_words, public_words
from domain.harvest import Window
from domain.paper_index import PaperIndex
from domain.progress import Progress
from domain.week import Week, last_closed_week, weeks_between
from ingest.harvest import window_of
from pipeline import (
    calls,
    detection,
    digest,
    due,
    embedding,
    harvest,
    oai_harvest,
    snapshot_import,
    topics,
    weekly_tables,
)
from runtime.cache import CachePool
from runtime.lease import has_ended, held_lease, this_place
from runtime.settings import Settings
from store.database import Database, open_database
from store.digests import published_weeks
from store.embeddings import embedding_counts
from store.paper_index import load_paper_index
from store.papers import count_papers, holds_made_up
from store.rate_limit import StoredLimiterState
from store.runs import finish_run, start_run
from store.search import Scope
from store.topics import StoredTopicModel, newest_topic_model
from store.windows import ids_in_window

if TYPE_CHECKING:
    from analysis.sentence_encoder import SentenceEncoder
    from ingest.client import ArxivClient
    from ingest.oai import OaiClient
    from ingest.rate_limiter import RateLimiter


_T = TypeVar("_T")


LEASE = "run"
"""The right to harvest, embed, fit and publish."""
LOOK_BACK_WEEKS = 12
"""Closed weeks that are looked at again: whether their digest was missed, and whether they have become whole."""


def papertide_version() -> str:
    """The installed version."""
    return version("papertide")


def wall_clock() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class AppContext:
    """One set of settings at work on one database."""

    settings: Settings
    clock: Callable[[], datetime] = field(default=wall_clock)

    def now(self) -> datetime:
        """The present, or the instant that the settings take for it."""
        return self.settings.now or self.clock()

    def cached(self, key: Hashable, make: Callable[[], _T], *, pool: CachePool = "shared") -> _T:  # noqa: ARG002 - see below
        """What ``make`` gives; the warm workshop keeps it for as long as nothing changes and its pool has room."""
        return make()

    @cached_property
    def db(self) -> Database:
        """The database, made and migrated if need be."""
        return open_database(self.settings.store_url)

    @cached_property
    def source(self) -> ArxivClient:
        """arXiv.

        Raises
        ------
        UsageError
            If the papers that are held are made up and those of this arXiv are not.
        """
        from ingest.client import ArxivClient

        self._keep_apart(self.settings.arxiv.api_url)
        return ArxivClient(self.settings.arxiv, product=f"papertide/{papertide_version()}", gate=self.gate)

    @cached_property
    def list_source(self) -> OaiClient:
        """arXiv's OAI-PMH.

        Raises
        ------
        UsageError
            As ``source``.
        """
        from ingest.oai import OaiClient

        self._keep_apart(self.settings.arxiv.oai_url)
        return OaiClient(self.settings.arxiv, product=f"papertide/{papertide_version()}", gate=self.gate)

    def _keep_apart(self, url: str) -> None:
        """Refuse to bring arXiv's own papers among those of the demo."""
        if (urlsplit(url).hostname or "").endswith("arxiv.org") and holds_made_up(self.db):
            raise UsageError(
                "the papers held here are the demo's, and real ones must not come among them; give another --data-dir"
            )

    @cached_property
    def gate(self) -> RateLimiter:
        """The one way to arXiv, shared by every process that works on this database."""
        from ingest.rate_limiter import RateLimiter

        return RateLimiter(self.settings.arxiv, StoredLimiterState(self.db), is_gone=has_ended, place=this_place())

    @cached_property
    def detector(self) -> Detector:
        """The detector over the operator's taxonomy, or the one that ships."""
        return Detector(load_taxonomy(self.settings.taxonomy))

    @cached_property
    def encoder(self) -> SentenceEncoder:
        """The embedding model; loading it takes seconds, so ask only where texts must be embedded."""
        from analysis.sentence_encoder import load_encoder

        return load_encoder(self.settings.embedding, stored_model_ids=list(embedding_counts(self.db)))

    @property
    def embedding_model_id(self) -> str | None:
        """The stored vectors' model as the settings ask for it, without loading it; ``None`` where there are none."""
        from analysis.sentence_encoder import stored_model_id

        return self.cached(
            "embedding model", lambda: stored_model_id(self.settings.embedding, list(embedding_counts(self.db)))
        )

    def similarities(self, query: str, index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of a query with every paper of an index, ``(n_papers,)``."""
        cosines: NDArray[np.float32] = self.all_similarities([query], index)[0]
        return cosines

    def mondays_of_rows(self, scope: Scope) -> NDArray[np.int32] | None:  # noqa: ARG002 - a warm workshop has them
        """What makes counting words by week fast; ``None`` here, where making it takes longer than one question."""
        return None

    def all_similarities(self, queries: Sequence[str], index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of each query with every paper, ``(n_queries, n_papers)``; the papers are read once for all."""
        return similarities(self.encoder.encode(queries), index.vectors)

    @property
    def paper_index(self) -> PaperIndex:
        """All watched papers as arrays; loading takes a second for every hundred thousand."""
        model = self.topic_model
        return load_paper_index(
            self.db,
            self.settings.categories,
            terms=[(term.kind, term.key) for term in self.detector.taxonomy.terms],
            detector_id=self.detector.detector_id,
            embedding_model_id=self.embedding_model_id,
            topic_model_id=model.topic_model_id if model else None,
        )

    @property
    def topic_model(self) -> StoredTopicModel | None:
        """The newest topic model over the stored vectors."""
        model_id = self.embedding_model_id
        return self.cached("topic model", lambda: newest_topic_model(self.db, model_id)) if model_id else None

    # -- stages, each complete in itself

    def harvest(self, n_weeks: int) -> Iterator[Progress]:
        """Fetch closed weeks that are not proven whole, and ask again about those whose re-check has come."""
        yield from self._harvest(n_weeks)

    def _harvest(self, n_weeks: int) -> Generator[Progress, None, datetime]:
        """As ``harvest``; returns the present, checked against arXiv's clock if arXiv was asked for anything."""
        now = self.present(n_weeks)
        yield from harvest.harvest(
            self.db,
            self.source,
            self.settings.categories,
            self._due_windows(n_weeks, now),
            page_size=self.settings.arxiv.page_size,
            clock=self.clock,
        )
        return now

    def _due_windows(self, n_weeks: int, now: datetime) -> list[Window]:
        return due.due_windows(
            self.db, self.settings.categories, n_weeks, now=now, recheck_weeks=self.settings.arxiv.recheck_weeks
        )

    def harvest_lists(self, since: date | None) -> Iterator[Progress]:
        """Fetch by OAI-PMH what was submitted since a day (by default in the weeks that runs look back) or changed."""
        first_day = since or due.weeks_of_run(self.settings.weeks, now=self.now())[0].monday
        yield from oai_harvest.harvest_lists(
            self.db, self.list_source, self.settings.categories, since=first_day, clock=self.clock
        )

    def import_snapshot(self, path: Path, left_out: snapshot_import.SkippedLines) -> Iterator[Progress]:
        """Store the watched papers of a metadata snapshot; ``left_out`` counts the lines that could not be read."""
        yield from snapshot_import.import_snapshot(self.db, path, self.settings.categories, left_out, clock=self.clock)

    def present(self, n_weeks: int) -> datetime:
        """``now``, checked against arXiv's clock where there is anything to ask arXiv for."""
        if self.settings.now is not None or not self._due_windows(n_weeks, self.now()):
            return self.now()
        return harvest.arxiv_now(self.source, self.settings.categories, now=self.now())

    def embed(self) -> Iterator[Progress]:
        """Embed what has no vector, without loading the model where nothing is missing."""
        if embedding.is_embedded(self.db, self.embedding_model_id):
            return
        yield from embedding.embed_missing(self.db, self.encoder, chunk_size=self.settings.embedding.chunk_size)

    def detect(self) -> Iterator[Progress]:
        """Detect in what has not been read."""
        yield from detection.detect_missing(self.db, self.detector)

    def topics(self, *, last_week: Week, refit: bool = False) -> Iterator[Progress]:
        """Fit where due, assign what has no topic, and look after the newest weeks."""
        model_id = self.embedding_model_id
        if model_id is None:
            return
        yield from topics.update_topics(
            self.db,
            model_id,
            self.settings.categories,
            self.settings.topics,
            last_week=last_week,
            clock=self.clock,
            force=refit,
        )

    def tables(self) -> Iterator[Progress]:
        """Bring the weekly tables up to date."""
        model = self.topic_model
        yield from weekly_tables.refresh_tables(
            self.db,
            self.detector.detector_id,
            model.topic_model_id if model else None,
            self.settings.categories,
        )

    def analyse(self, *, last_week: Week) -> Iterator[Progress]:
        """Everything between harvest and digest."""
        yield from self.embed()
        yield from self.detect()
        yield from self.topics(last_week=last_week)
        yield from self.tables()

    def run(self, n_weeks: int) -> Iterator[Progress]:
        """Everything that is due now.

        Where arXiv gives no answer, what is stored is still analysed; no digest is published before the next run.

        Raises
        ------
        SourceError
            At the end, if arXiv gave no usable answer.
        """
        try:
            now = yield from self._harvest(n_weeks)
        except SourceError:
            if count_papers(self.db):
                yield from self.analyse(last_week=last_closed_week(self.now()))
            raise
        last = last_closed_week(now)
        yield from self.analyse(last_week=last)
        for week in self.weeks_to_publish(now)[:-1]:
            if ids_in_window(self.db, window_of(week), self.settings.categories):
                yield from self.publish(week)
        yield from self.publish(last)

    def weeks_to_publish(self, now: datetime) -> list[Week]:
        """Closed weeks of the last twelve that were missed, and the last one; of a new installation that one alone.

        Not what comes after the newest digest: weeks before it may have been missed too.
        """
        last = last_closed_week(now)
        published = published_weeks(self.db)
        first = max(published[0], last.plus(1 - LOOK_BACK_WEEKS)) if published else last
        return [week for week in weeks_between(first, last) if week == last or week not in published]

    def counts_to_call(self, watched_terms: Sequence[str]) -> TermCounts:
        """All weeks of everything that is called, these words among it."""
        return calls.counts_to_call(
            self.db,
            categories=self.settings.categories,
            detector=self.detector,
            model=self.topic_model,
            watched_terms=watched_terms,
            min_papers=self.settings.digest.min_papers,
        )

    def calls(self, week: Week) -> Iterator[Progress]:
        """Make the calls of a closed week, and score those that are old enough."""
        self.require_closed(week)
        model = self.topic_model
        yield from calls.store_calls(
            self.db,
            week,
            self.counts_to_call(self.settings.digest.watched_terms),
            false_discovery_rate=self.settings.digest.false_discovery_rate,
            made_with=f"{self.detector.detector_id}, fit {model.topic_model_id if model else 'none'}",
            now=self.now(),
        )
        yield from calls.score_calls(self.db, last_closed_week(self.now()), self.counts_to_call, now=self.now())

    def publish(self, week: Week) -> Iterator[Progress]:
        """Publish a week's digest if it is due, its calls made before."""
        yield from self.calls(week)
        yield from digest.publish_if_due(
            self.db, week, self.settings.categories, lambda: self.edition(week), clock=self.clock
        )

    def edition(self, week: Week) -> DigestEdition:
        """The digest of a closed week from what is stored now.

        Raises
        ------
        UsageError
            If the week is not closed yet, or nothing of it is held.
        """
        self.require_closed(week)
        model = self.topic_model
        return digest.edition_of(
            self.db,
            week,
            categories=self.settings.categories,
            detector=self.detector,
            model=model,
            settings=self.settings.digest,
            provenance=Provenance(
                papertide_version=papertide_version(),
                embedding_model=self.embedding_model_id or "none",
                topic_model=f"fit {model.topic_model_id} of {model.fitted_week}" if model else "none",
                taxonomy=self.detector.detector_id,
                close_lag_hours=(week.closes_at - week.end_at).total_seconds() / 3600,
                interval_level=INTERVAL_LEVEL,
                false_discovery_rate=self.settings.digest.false_discovery_rate,
            ),
        )

    def require_closed(self, week: Week) -> None:
        """Refuse a week that is not over, or not announced to the end.

        Raises
        ------
        UsageError
        """
        if not week.is_closed(self.now()):
            closes = week.closes_at
            raise UsageError(
                f"{week} is not closed before {closes:%Y-%m-%d %H:%M} UTC; "
                f"the newest closed week is {last_closed_week(self.now())}"
            )

    def require_held(self, week: Week) -> None:
        """Refuse a week of which no paper is held.

        Raises
        ------
        UsageError
        """
        digest.held_papers(self.db, week, self.settings.categories)

    # -- one at a time

    @contextmanager
    def sole_worker(self, job: str, period: str) -> Iterator[Callable[[Iterable[Progress]], Iterator[Progress]]]:
        """Work under the lease, with a line in the run ledger; another worker on the same database is refused.

        Gives a function to pass the work through.

        Raises
        ------
        BusyError
            If somebody else works on the database now.
        """
        with held_lease(self.db, LEASE, clock=self.clock) as keeping:
            start_run(self.db, job, period, now=self.clock())
            try:
                yield keeping
            except KeyboardInterrupt:
                self._note(job, period, "stopped", "stopped as asked")
                raise
            except BaseException as error:
                self._note(job, period, "failed", public_words(error), private_words(error))
                raise
            else:
                self._note(job, period, "done", "")

    def _note(self, job: str, period: str, state: str, message: str, detail: str = "") -> None:
        try:
            finish_run(self.db, job, period, state=state, message=message, detail=detail, now=self.clock())
        except StoreError:
            if state == "done":
                raise
