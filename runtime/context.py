"""The application context: settings, and everything built from them on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from analysis.embed import Encoder
from analysis.search.paper_search import IndexSearch, PaperSearch
from analysis.search.ranking import similarities
from domain.errors import StoreError, UsageError, private_detail, public_message
from domain.paper_index import PaperIndex
from domain.paper_query import PaperQuery
from domain.progress import Progress
from runtime.cache import CachePool
from runtime.lease import has_ended, held_lease, pid_namespace
from runtime.settings import Settings
from store.database import Database, open_database
from store.embeddings import embedding_counts
from store.paper_index import load_paper_index
from store.paper_query import Corpus
from store.papers import holds_made_up
from store.rate_limit import StoredLimiterState
from store.runs import finish_run, start_run
from store.topics import StoredTopicModel, newest_topic_model

if TYPE_CHECKING:
    from ingest.client import ArxivClient
    from ingest.oai import OaiClient
    from ingest.rate_limiter import RateLimiter

_T = TypeVar("_T")

LEASE = "run"
"""The right to harvest, embed, fit and publish."""


def papertide_version() -> str:
    """The installed version."""
    return version("papertide")


def wall_clock() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def _is_real_arxiv(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith("arxiv.org")


class AppContext:
    """Settings, and everything built from them: the database, arXiv clients, detector, encoder and paper index.

    Each part is built on first use. A part that is passed to the constructor is used instead.

    Parameters
    ----------
    settings : all settings.
    clock : the present, UTC; the setting ``now`` wins over it.
    db : an open database; by default the one that the settings name, opened on first use.
    detector : the detector; by default the one over the settings' taxonomy.
    encoder : the embedding model; by default the one that the settings name, loaded on first use.
    read_only : open the database without creating, migrating or changing it.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = wall_clock,
        db: Database | None = None,
        detector: Detector | None = None,
        encoder: Encoder | None = None,
        read_only: bool = False,
    ) -> None:
        self.settings = settings
        self._read_only = read_only
        self.clock = clock
        self._db = db
        self._detector = detector
        self._encoder = encoder
        self._db_lock = threading.Lock()
        self._detector_lock = threading.Lock()
        self._encoder_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, if it was opened."""
        if self._db is not None:
            self._db.close()

    def now(self) -> datetime:
        """The present, or the instant that the settings take for it."""
        return self.settings.now or self.clock()

    def cached(self, key: Hashable, make: Callable[[], _T], *, pool: CachePool = "shared") -> _T:  # noqa: ARG002
        """The value of ``make``; a ``CachedContext`` makes it once for each state of the database."""
        return make()

    def _open_database(self) -> Database:
        return open_database(self.settings.store_url, read_only=self._read_only)

    @property
    def db(self) -> Database:
        """The database, created and migrated if need be."""
        with self._db_lock:
            if self._db is None:
                self._db = self._open_database()
            return self._db

    @cached_property
    def source(self) -> ArxivClient:
        """The client of arXiv's query API.

        Raises
        ------
        UsageError
            If the stored papers are made up and this arXiv's are not.
        """
        from ingest.client import ArxivClient

        self._keep_apart(self.settings.arxiv.api_url)
        return ArxivClient(
            self.settings.arxiv, product=f"papertide/{papertide_version()}", rate_limiter=self.rate_limiter
        )

    @cached_property
    def oai_source(self) -> OaiClient:
        """The client of arXiv's OAI-PMH.

        Raises
        ------
        UsageError
            As ``source``.
        """
        from ingest.oai import OaiClient

        self._keep_apart(self.settings.arxiv.oai_url)
        return OaiClient(
            self.settings.arxiv, product=f"papertide/{papertide_version()}", rate_limiter=self.rate_limiter
        )

    @cached_property
    def _holds_made_up(self) -> bool:
        return holds_made_up(self.db)

    @property
    def can_harvest(self) -> bool:
        """False where the stored papers are the demo's and arXiv's query API is the real one: they must not mix."""
        return not (_is_real_arxiv(self.settings.arxiv.api_url) and self._holds_made_up)

    @property
    def can_harvest_oai(self) -> bool:
        """As ``can_harvest``, for OAI-PMH."""
        return not (_is_real_arxiv(self.settings.arxiv.oai_url) and self._holds_made_up)

    def _keep_apart(self, url: str) -> None:
        """Refuse to bring arXiv's own papers among those of the demo."""
        if _is_real_arxiv(url) and holds_made_up(self.db):
            raise UsageError(
                "the papers held here are the demo's, and real ones must not come among them; give another --data-dir"
            )

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """Spaces requests to arXiv, across every process that works on this database."""
        from ingest.rate_limiter import RateLimiter

        return RateLimiter(
            self.settings.arxiv, StoredLimiterState(self.db), has_ended=has_ended, pid_namespace=pid_namespace()
        )

    @property
    def detector(self) -> Detector:
        """The detector over the operator's taxonomy, or the one that ships."""
        with self._detector_lock:
            if self._detector is None:
                self._detector = Detector(load_taxonomy(self.settings.taxonomy))
            return self._detector

    @property
    def encoder(self) -> Encoder:
        """The embedding model; loading it takes seconds, so ask only where texts must be embedded."""
        with self._encoder_lock:
            if self._encoder is None:
                from analysis.sentence_encoder import load_encoder

                self._encoder = load_encoder(self.settings.embedding, stored_model_ids=list(embedding_counts(self.db)))
            return self._encoder

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

    def mondays_of_rows(self, query: PaperQuery) -> NDArray[np.int32] | None:  # noqa: ARG002 - a cached context has them
        """The week of each paper by its row; ``None`` here, where reading it takes longer than one count of words."""
        return None

    def all_similarities(self, queries: Sequence[str], index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of each query with every paper, ``(n_queries, n_papers)``, in one pass over the papers."""
        return similarities(self.encoder.encode(queries), index.vectors)

    @property
    def paper_index(self) -> PaperIndex:
        """All watched papers as arrays; loading takes a second for every hundred thousand."""
        return load_paper_index(
            self.db,
            self.corpus,
            terms=[(term.kind, term.key) for term in self.detector.taxonomy.terms],
            embedding_model_id=self.embedding_model_id,
        )

    @property
    def paper_search(self) -> PaperSearch:
        """A search by meaning over ``paper_index``; hold it while one question is answered."""
        index = self.paper_index
        return IndexSearch(index, lambda text: self.similarities(text, index))

    @property
    def corpus(self) -> Corpus:
        """The watched papers with the detections and topics in use."""
        model = self.topic_model
        return Corpus(self.settings.categories, self.detector.detector_id, model.topic_model_id if model else None)

    @property
    def topic_model(self) -> StoredTopicModel | None:
        """The newest topic model over the stored vectors."""
        model_id = self.embedding_model_id
        return self.cached("topic model", lambda: newest_topic_model(self.db, model_id)) if model_id else None

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
                self._note(job, period, "failed", public_message(error), private_detail(error))
                raise
            else:
                self._note(job, period, "done", "")

    def _note(self, job: str, period: str, state: str, message: str, detail: str = "") -> None:
        try:
            finish_run(self.db, job, period, state=state, message=message, detail=detail, now=self.clock())
        except StoreError:
            if state == "done":
                raise
