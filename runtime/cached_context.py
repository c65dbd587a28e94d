"""The application context of a web process, which caches what does not change between runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from analysis.detection.detector import Detector
from analysis.embed import Encoder
from analysis.search.ranking import similarities
from analysis.search.spelling import Vocabulary
from analysis.search.word_index import WordIndex
from domain.errors import StoreError
from domain.paper_arrays import PaperIndex
from domain.paper_query import PaperQuery
from runtime.context import AppContext, wall_clock
from runtime.settings import Settings
from runtime.similarity_batcher import SimilarityBatcher
from runtime.single_flight_cache import POOL_BYTES, CachePool, SingleFlightCache
from store.database import Database, open_database, time_limit
from store.paper_arrays import stored_state
from store.search import mondays_of_rows

_T = TypeVar("_T")
_log = logging.getLogger("papertide.web")

CHECK_EVERY_S = 2.0
"""How long a change in the database may go unnoticed."""
CLOSE_WAIT_S = 1.0
"""How long closing waits for an index that is being loaded."""
LOCK_WAIT_S = 2.0
"""How long a form waits for another writer; its reader waits too."""
CACHE_MB = 16
"""SQLite pages that each connection caches, in MB."""


@dataclass(frozen=True, eq=False)
class _Loaded:
    """An index with the state of the database that it is of; ``number`` counts the loads."""

    index: PaperIndex
    state: Hashable
    number: int


def load_index(context: AppContext) -> PaperIndex:
    """The papers as arrays, loaded through a context without a cache.

    Until the index is in use, cached values, such as models, are of the old state.
    """
    return AppContext(
        context.settings,
        clock=context.clock,
        db=context.db,
        detector=context.detector,
        read_only=context.is_read_only,
    ).paper_index


class CachedContext(AppContext):
    """The context of a web process: answers are cached for each state of the database; safe for several threads.

    Parameters
    ----------
    settings, clock, db, detector, encoder, read_only : as for ``AppContext``.
    load_index : loads the papers of a context as arrays.
    check_every_s : how long a change in the database may go unnoticed, in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = wall_clock,
        db: Database | None = None,
        detector: Detector | None = None,
        encoder: Encoder | None = None,
        load_index: Callable[[AppContext], PaperIndex] = load_index,
        check_every_s: float = CHECK_EVERY_S,
        read_only: bool = False,
    ) -> None:
        super().__init__(settings, clock=clock, db=db, detector=detector, encoder=encoder, read_only=read_only)
        self._read_index = load_index
        self._index_lock = threading.Lock()
        self._reloading: threading.Thread | None = None
        self._held: dict[str, _Loaded] = {}
        self._words_lock = threading.Lock()
        self._words: tuple[PaperIndex, WordIndex] | None = None
        self._query_batcher = SimilarityBatcher(_on_one_core)
        self._has_read_a_query = encoder is not None
        # The state is that of the index in use, so nothing of an old index is cached under a new state.
        self.state_cache = SingleFlightCache(
            POOL_BYTES["shared"], state=self._state_in_use, check_every_s=check_every_s
        )
        # The other pools check every time, so a page of the new state never finds a digest of the old one.
        state = self.state_cache.state
        self._pools: Mapping[CachePool, SingleFlightCache] = {
            "shared": self.state_cache,
            "search": SingleFlightCache(POOL_BYTES["search"], state=state),
            "large": SingleFlightCache(POOL_BYTES["large"], state=state),
            "recent": SingleFlightCache(POOL_BYTES["recent"], state=self.state_cache.look_up),
            "unchanging": SingleFlightCache(POOL_BYTES["unchanging"]),
        }

    def _open_database(self) -> Database:
        # Each thread has a connection of its own, so each caches little.
        return open_database(
            self.settings.store_url, cache_mb=CACHE_MB, lock_wait_s=LOCK_WAIT_S, read_only=self.is_read_only
        )

    def close(self) -> None:
        """Close what was opened here, after a short wait for an index that is being loaded."""
        if self._reloading is not None:
            self._reloading.join(CLOSE_WAIT_S)
        super().close()

    def cached(self, key: Hashable, make: Callable[[], _T], *, pool: CachePool = "shared") -> _T:
        """The value of ``make``, made once for each state of the database; of the pool ``unchanging``, once."""
        return self._pools[pool].get_or_make(key, make)

    @property
    def paper_index(self) -> PaperIndex:
        """All watched papers as arrays. After a change the old index is used until the new one is loaded."""
        self.state_cache.state()
        if "loaded" not in self._held:
            with self._index_lock:
                if "loaded" not in self._held:
                    self._load_index(stored_state(self.db))
        return self._held["loaded"].index

    def _state_in_use(self) -> Hashable:
        """The state of the index in use, with the number of its load; an old index is loaded again.

        The number is 0 before the first load, so that pages rendered until then belong to a state of their own: they
        may be older than the database.
        """
        state = stored_state(self.db)
        loaded = self._held.get("loaded")
        if loaded is None:
            return state, 0
        if loaded.state != state and self._index_lock.acquire(blocking=False):
            self._reloading = threading.Thread(
                target=self._reload_index, args=(state, loaded), name="index", daemon=True
            )
            self._reloading.start()
        return loaded.state, loaded.number

    def _reload_index(self, state: Hashable, old: _Loaded) -> None:
        try:
            if self._held["loaded"] is old:  # otherwise another thread has just loaded it
                self._load_index(state)
        except StoreError as error:  # the old index is used until the next check tries again
            _log.warning("could not reload the papers: %s", error.public)
        finally:
            self._index_lock.release()

    def _load_index(self, state: Hashable) -> None:
        """Load an index and use it, under one lock; ``state`` was looked up before, so the index is no older."""
        before = self._held.get("loaded")
        with time_limit(None):  # the first request loads it for all, so its own limit does not count
            index = self._read_index(self)
        if self._has_read_a_query and index.vectors.shape[1]:  # otherwise the first search waits for it, or nobody
            with _one_core():
                _ = index.distance_from_mean
        self._held["loaded"] = _Loaded(index, state, before.number + 1 if before else 1)

    def word_index(self, index: PaperIndex) -> WordIndex:
        """The words of an index's papers, loaded once for each index; safe for several threads."""
        with self._words_lock:
            if self._words is None or self._words[0] is not index:
                self._words = None  # so that two are never in memory at once
                with time_limit(None):  # as for the index
                    self._words = index, super().word_index(index)
            return self._words[1]

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of all papers, read once for each state of the database."""
        with time_limit(None):  # as for the index
            return super().vocabulary

    def similarities(self, query: str, index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of a query with every paper of an index; concurrent queries share one pass."""
        [vector] = self.encoder.encode_queries([query])
        self._has_read_a_query = True
        return self._query_batcher.compare(vector, index)

    def mondays_of_rows(self, query: PaperQuery) -> NDArray[np.int32] | None:
        """The week of each paper by its row, so that counting a word by week need not look papers up."""

        def read() -> NDArray[np.int32] | None:
            with time_limit(None):  # as for the index
                return mondays_of_rows(self.db, self.corpus, query)

        return self.cached(("mondays", query), read, pool="large")

    @property
    def is_ready(self) -> bool:
        """Whether the papers and the model that reads queries are loaded, so that a search need not wait for them."""
        loaded = self._held.get("loaded")
        return loaded is not None and (self._has_read_a_query or not loaded.index.vectors.shape[1])

    @property
    def compares_at_once(self) -> bool:
        """Whether the model that reads queries is loaded; the papers are."""
        return self._has_read_a_query

    def preload(self) -> None:
        """Load the papers and the model that reads queries, for which the first request would wait."""
        index = self.paper_index
        self.word_index(index)
        _ = self.vocabulary
        if index.vectors.shape[1]:
            self.similarities("preload", index)
            with _one_core():
                _ = index.distance_from_mean


def _on_one_core(queries: NDArray[np.float32], index: PaperIndex) -> NDArray[np.float32]:
    """The cosine of each query with every paper."""
    with _one_core():
        return similarities(queries, index.vectors)


def _one_core() -> AbstractContextManager[object]:
    """NumPy's products on one core, so that the others are left to other requests."""
    limit: AbstractContextManager[object] = _blas_threads().limit(limits=1, user_api="blas")
    return limit


@lru_cache(maxsize=1)
def _blas_threads() -> ThreadpoolController:
    """The threads of the libraries that are loaded, among them that of NumPy's products."""
    return ThreadpoolController()
