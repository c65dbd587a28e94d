"""A workshop that answers again and again: what does not change between runs is asked of the database once."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from domain.errors import StoreError
from domain.paper_index import PaperIndex
from service.workshop import Shelf, Workshop
from store.database import Database, open_database, time_limit
from store.paper_index import stored_state
from store.search import Scope, mondays_of_rows

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
"""How long a change in the database may go unseen."""
CACHE_MB = 16
"""Pages of the database that each connection keeps."""
MOST_TOGETHER = 8
"""How many queries share a pass; each needs four bytes a paper for its answer."""
MOST_KEPT: Mapping[Shelf, int] = {"shared": 512, "search": 256, "large": 6}
"""How many values a shelf keeps; the one that nobody asked for the longest makes room."""


class Memory:
    """Values by key, all of one state of the database; when the state changes they are forgotten."""

    def __init__(
        self, state: Callable[[], Hashable], *, most: int = MOST_KEPT["shared"], look_every_s: float = 0.0
    ) -> None:
        self._ask = state
        self._most = most
        self._look_every_s = look_every_s
        self._lock = threading.Lock()
        self._state: Hashable = None
        self._n_states = 0
        self._looked_at = float("-inf")
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def state(self) -> Hashable:
        """The state that answers are of, looked up again after ``look_every_s`` seconds."""
        if time.monotonic() - self._looked_at < self._look_every_s:
            return self._state
        state = self._ask()
        with self._lock:
            self._looked_at = time.monotonic()
            if state != self._state:
                self._state = state
                self._n_states += 1
                self._values.clear()
                self._making.clear()
            return self._state

    def kept(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """The value of a key, made by one thread while others that want it wait."""
        self.state()
        with self._lock:
            if key in self._values:
                found: _T = self._found(key)
                return found
            at = self._n_states
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._values:
                    value: _T = self._found(key)
                    return value
            value = make()
            with self._lock:
                self._making.pop(key, None)
                if at == self._n_states:  # or it may hold what was true before
                    self._values[key] = value
                    if len(self._values) > self._most:
                        self._values.popitem(last=False)
            return value

    def _found(self, key: Hashable) -> Any:
        self._values.move_to_end(key)
        return self._values[key]


class Together:
    """Queries of several threads, answered in one pass over all vectors.

    Who comes while a pass runs waits, and one of those that wait then answers for all of them. A pass costs about the
    same for one query as for eight, because it is reading the vectors from memory that takes the time; and the
    encoder's tokenizer is not made for threads.
    """

    def __init__(self, answer_all: Callable[[Sequence[str], PaperIndex], NDArray[np.float32]]) -> None:
        self._answer_all = answer_all
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []

    def answer(self, query: str, index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of the query with every paper, ``(n_papers,)``."""
        mine = _Waiting(query, index)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            if mine.cosines is None:
                mine.cosines = self._answer_with_others(mine)
            return mine.cosines

    def _answer_with_others(self, mine: _Waiting) -> NDArray[np.float32]:
        with self._lock:
            others = [one for one in self._waiting if one is not mine and one.index is mine.index]
            now = [mine, *others[: MOST_TOGETHER - 1]]
            # Should the pass fail, each of the others takes a turn of its own.
            self._waiting = [one for one in self._waiting if one not in now]
        all_cosines = self._answer_all([one.query for one in now], mine.index)
        for one, cosines in zip(now, all_cosines, strict=True):
            one.cosines = cosines
        first: NDArray[np.float32] = all_cosines[0]
        return first


@dataclass(eq=False)
class _Waiting:
    query: str
    index: PaperIndex
    cosines: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class _Loaded:
    """An index with the state of the database that it is of; ``number`` counts the loads."""

    index: PaperIndex
    state: Hashable
    number: int


@dataclass(frozen=True)
class WarmWorkshop(Workshop):
    """The workshop of a web process; several threads may ask it at once."""

    _index_lock: threading.Lock = field(default_factory=threading.Lock, compare=False)
    _db_lock: threading.Lock = field(default_factory=threading.Lock, compare=False)

    def __post_init__(self) -> None:
        # Made here, before there are threads that could make them twice.
        _ = self.memory, self._shelves, self._held, self._together

    @cached_property
    def db(self) -> Database:
        """The database; each of our threads has a connection, so that each must keep little."""
        with self._db_lock:
            if "db" not in vars(self):
                vars(self)["db"] = open_database(self.settings.store_url, cache_mb=CACHE_MB)
            db: Database = vars(self)["db"]
            return db

    @cached_property
    def memory(self) -> Memory:
        """What is kept; its state is that of the index in use, so nothing of an old index is kept under a new state."""
        return Memory(self._state_in_use, look_every_s=LOOK_EVERY_S)

    @cached_property
    def _shelves(self) -> Mapping[Shelf, Memory]:
        # The others ask every time: a page of the new state must not find a digest of the old one there.
        search, large = (Memory(self.memory.state, most=MOST_KEPT[shelf]) for shelf in ("search", "large"))
        return {"shared": self.memory, "search": search, "large": large}

    def kept(self, key: Hashable, make: Callable[[], _T], *, shelf: Shelf = "shared") -> _T:
        """What ``make`` gave since the database last changed."""
        return self._shelves[shelf].kept(key, make)

    @property
    def paper_index(self) -> PaperIndex:
        """All watched papers as arrays; after a change the old ones go on being used until the new ones are loaded."""
        self.memory.state()
        if "loaded" not in self._held:
            with self._index_lock:
                if "loaded" not in self._held:
                    self._load_index(stored_state(self.db))
        return self._held["loaded"].index

    @cached_property
    def _held(self) -> dict[str, _Loaded]:
        return {}

    def _state_in_use(self) -> Hashable:
        """The state of the index that answers, with the number of its load; another one is loaded where it is old.

        The number also tells what was drawn before the first index was there, which may be older than the database.
        """
        state = stored_state(self.db)
        loaded = self._held.get("loaded")
        if loaded is None:
            return state, 0
        if loaded.state != state and self._index_lock.acquire(blocking=False):
            threading.Thread(target=self._reload_index, args=(state, loaded), name="index", daemon=True).start()
        return loaded.state, loaded.number

    def _reload_index(self, state: Hashable, old: _Loaded) -> None:
        try:
            if self._held["loaded"] is old:  # or another thread has just done it
                self._load_index(state)
        except StoreError as error:  # the old state answers until the next look tries again
            _log.warning("could not load the papers anew: %s", error.public)
        finally:
            self._index_lock.release()

    def _load_index(self, state: Hashable) -> None:
        """Load and put to use, both under one lock; ``state`` was looked up before, so the index is no older."""
        before = self._held.get("loaded")
        with time_limit(None):  # whoever comes first loads it for all
            index = self._loaded_index()
        self._held["loaded"] = _Loaded(index, state, before.number + 1 if before else 1)

    def _loaded_index(self) -> PaperIndex:
        # Not by what is kept: until the index is there, that is of the state before, its models among it.
        plain = Workshop(self.settings, self.clock)
        vars(plain).update(db=self.db, detector=self.detector)
        return plain.paper_index

    def similarities(self, query: str, index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of a query with every paper of an index; queries that come together share one pass."""
        return self._together.answer(query, index)

    def mondays_of_rows(self, scope: Scope) -> NDArray[np.int32] | None:
        """The week of each paper by its row, so that counting a word by week looks up no paper."""

        def read() -> NDArray[np.int32] | None:
            with time_limit(None):  # whoever comes first reads it for all
                return mondays_of_rows(self.db, scope)

        return self.kept(("mondays", scope), read, shelf="large")

    def all_similarities(self, queries: Sequence[str], index: PaperIndex) -> NDArray[np.float32]:
        """The cosine of each query with every paper, on one core: other readers need the others, and threads of two
        that wait for each other burn both.
        """
        import torch

        torch.set_num_threads(1)
        return super().all_similarities(queries, index)

    @cached_property
    def _together(self) -> Together:
        return Together(self.all_similarities)

    @property
    def is_warm(self) -> bool:
        """Whether a first search need not wait."""
        loaded = self._held.get("loaded")
        return loaded is not None and ("encoder" in vars(self) or not loaded.index.vectors.shape[1])

    def warm_up(self) -> None:
        """Load what the first reader would have to wait for."""
        index = self.paper_index
        if index.vectors.shape[1]:
            self.similarities("warm", index)
