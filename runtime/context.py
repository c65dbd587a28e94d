"""The application context: settings, and everything built from them on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from analysis.applications.domain_finder import DomainFinder, load_domains
from analysis.claims.claim_reader import ClaimReader, default_reader
from analysis.claims.standards_and_failure_modes import RuleFinder, load_named_rules
from analysis.detection.detector import Detector
from analysis.detection.taxonomy import load_taxonomy
from analysis.embed import Encoder
from analysis.names.tagger import NameTagger
from analysis.search.query_encoder import query_model_id
from analysis.search.ranking import similarities
from analysis.search.semantic_search import IndexSearch, PaperSearch
from analysis.search.spelling import MIN_PAPERS, Vocabulary
from analysis.search.word_index import WordIndex
from domain.author_name import AuthorName
from domain.errors import UsageError
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex
from domain.paper_query import PaperQuery
from domain.week import Week
from runtime.lease import has_ended, pid_namespace
from runtime.settings import Settings
from runtime.single_flight_cache import CachePool
from store.arxiv_rate_limit import StoredLimiterState
from store.database import Database, open_database
from store.embeddings import embedded_since, embedding_counts
from store.paper_arrays import load_paper_index, load_stems
from store.paper_query import Corpus
from store.papers import author_lists, holds_made_up, titles_of
from store.search import ids_holding, vocabulary
from store.topics import StoredTopicModel, newest_topic_model
from store.vector_files import VectorFiles

if TYPE_CHECKING:
    from ingest.oai_client import OaiClient
    from ingest.query_api_client import ArxivClient
    from ingest.rate_limiter import RateLimiter

_T = TypeVar("_T")


@cache
def papertide_version() -> str:
    """The installed version; finding it reads the package's files."""
    return version("papertide")


def wall_clock() -> datetime:
    """The current time, UTC."""
    return datetime.now(UTC)


def _is_real_arxiv(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith("arxiv.org")


class StoredPaperText:
    """Phrases and authors of the stored papers; phrases are looked up once for each state of the database."""

    def __init__(self, context: AppContext) -> None:
        self._context = context

    def ids_holding(self, phrase: str, *, in_title: bool) -> frozenset[ArxivId]:
        """Every stored paper with the phrase in title or abstract, or only in the title."""
        context = self._context
        return context.cached(
            ("phrase", phrase, in_title), lambda: ids_holding(context.db, phrase, in_title=in_title), pool="search"
        )

    def titles(self, ids: Sequence[ArxivId]) -> dict[ArxivId, str]:
        """The titles of papers."""
        return titles_of(self._context.db, ids)

    def author_lists(self, ids: Sequence[ArxivId]) -> dict[ArxivId, tuple[tuple[str, ...], tuple[AuthorName, ...]]]:
        """The authors of papers as shown, and in parts where arXiv gave them apart."""
        return author_lists(self._context.db, ids)


class AppContext:
    """Settings, and everything built from them: the database, arXiv clients, detector, encoder and paper index.

    Each part is built on first use. A part that is passed to the constructor is used instead.

    Parameters
    ----------
    settings : all settings.
    clock : gives the current time, UTC; the setting ``now`` overrides it.
    db : an open database; by default the one that the settings name, opened on first use.
    detector : the detector; by default the one over the settings' taxonomy.
    tagger : finds named things; by default the packaged one.
    encoder : the embedding model; by default the one that the settings name, loaded on first use.
    source : the client of arXiv's query API; by default one for the settings' address.
    oai_source : the client of arXiv's OAI-PMH; by default one for the settings' address.
    read_only : open the database without creating, migrating or changing it.
    create : create a SQLite database that does not exist; otherwise using it is an error.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = wall_clock,
        db: Database | None = None,
        detector: Detector | None = None,
        encoder: Encoder | None = None,
        source: ArxivClient | None = None,
        oai_source: OaiClient | None = None,
        tagger: NameTagger | None = None,
        read_only: bool = False,
        create: bool = True,
    ) -> None:
        self.settings = settings
        self.is_read_only = read_only
        self._create = create
        self.clock = clock
        self._db = db
        self._detector = detector
        self._tagger = tagger
        self._encoder = encoder
        self._given_source = source
        self._given_oai_source = oai_source
        self._holds_made_up: bool | None = None
        self._opened: list[Database | ArxivClient | OaiClient] = []
        self._db_lock = threading.Lock()
        self._detector_lock = threading.Lock()
        self._tagger_lock = threading.Lock()
        self._encoder_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and the HTTP sessions that were opened here; those passed in belong to the caller."""
        for opened in self._opened:
            opened.close()

    def now(self) -> datetime:
        """The current time, or the time that the setting ``now`` gives."""
        return self.settings.now or self.clock()

    def cached(self, key: Hashable, make: Callable[[], _T], *, pool: CachePool = "shared") -> _T:  # noqa: ARG002
        """The result of ``make``; a ``CachedContext`` computes it once for each state of the database."""
        return make()

    def _open_database(self) -> Database:
        return open_database(self.settings.store_url, read_only=self.is_read_only, create=self._create)

    @property
    def db(self) -> Database:
        """The database, created and migrated if necessary."""
        with self._db_lock:
            if self._db is None:
                self._db = self._open_database()
                self._opened.append(self._db)
            return self._db

    @cached_property
    def source(self) -> ArxivClient:
        """The client of arXiv's query API.

        Raises
        ------
        UsageError
            If the stored papers are the demo's and this server's are real.
        """
        if self._given_source is not None:
            return self._given_source
        from ingest.query_api_client import ArxivClient

        self._refuse_to_mix(self.settings.arxiv.api_url)
        source = ArxivClient(
            self.settings.arxiv,
            product=f"papertide/{papertide_version()}",
            rate_limiter=self.rate_limiter,
            clock=self.clock,
        )
        self._opened.append(source)
        return source

    @cached_property
    def oai_source(self) -> OaiClient:
        """The client of arXiv's OAI-PMH.

        Raises
        ------
        UsageError
            As ``source``.
        """
        if self._given_oai_source is not None:
            return self._given_oai_source
        from ingest.oai_client import OaiClient

        self._refuse_to_mix(self.settings.arxiv.oai_url)
        oai_source = OaiClient(
            self.settings.arxiv,
            product=f"papertide/{papertide_version()}",
            rate_limiter=self.rate_limiter,
            clock=self.clock,
        )
        self._opened.append(oai_source)
        return oai_source

    @property
    def can_harvest(self) -> bool:
        """False if the stored papers are the demo's and arXiv's query API is the real one: they must not mix."""
        return not self._would_mix(self.settings.arxiv.api_url)

    @property
    def can_harvest_oai(self) -> bool:
        """As ``can_harvest``, for OAI-PMH."""
        return not self._would_mix(self.settings.arxiv.oai_url)

    def _would_mix(self, url: str, *, check_again: bool = False) -> bool:
        """Whether the stored papers are the demo's and this server's are real; checked once unless told otherwise."""
        if not _is_real_arxiv(url):
            return False
        if self._holds_made_up is None or check_again:
            self._holds_made_up = holds_made_up(self.db)
        return self._holds_made_up

    def _refuse_to_mix(self, url: str) -> None:
        """Refuse to add real papers to the demo's."""
        if self._would_mix(url, check_again=True):
            raise UsageError(
                "this folder has the demo's made-up papers, and real ones must not be added; use another --data-dir"
            )

    @cached_property
    def rate_limiter(self) -> RateLimiter:
        """Spaces requests to arXiv over all processes that use this database."""
        from ingest.rate_limiter import RateLimiter

        return RateLimiter(
            self.settings.arxiv, StoredLimiterState(self.db), has_ended=has_ended, pid_namespace=pid_namespace()
        )

    @property
    def detector(self) -> Detector:
        """The detector for the operator's taxonomy, or for the packaged one."""
        with self._detector_lock:
            if self._detector is None:
                self._detector = Detector(load_taxonomy(self.settings.taxonomy))
            return self._detector

    @property
    def tagger(self) -> NameTagger:
        """The tagger that finds named things in abstracts."""
        with self._tagger_lock:
            if self._tagger is None:
                self._tagger = NameTagger()
            return self._tagger

    @property
    def claim_reader(self) -> ClaimReader:
        """Reads claims and findings."""
        return default_reader()

    @cached_property
    def rule_finder(self) -> RuleFinder:
        """Finds the standards and failure modes of the packaged lists and the operator's."""
        return RuleFinder(load_named_rules(self.settings.standards, self.settings.failure_modes))

    @cached_property
    def domain_finder(self) -> DomainFinder:
        """Finds the application domains of the packaged list and the operator's."""
        return DomainFinder(load_domains(self.settings.application_domains))

    @property
    def encoder(self) -> Encoder:
        """The embedding model. To embed papers loads torch, which takes seconds; to read queries does not."""
        with self._encoder_lock:
            if self._encoder is None:
                from analysis.sentence_encoder import load_encoder

                self._encoder = load_encoder(self.settings.embedding, stored_model_ids=list(embedding_counts(self.db)))
            return self._encoder

    @property
    def compares_at_once(self) -> bool:
        """Whether papers and embedding model are in memory, so that a text is compared within milliseconds."""
        return False

    @property
    def embedding_model_id(self) -> str | None:
        """The id of the settings' model among the stored vectors, without loading it; ``None`` if it has none."""
        from analysis.sentence_encoder import stored_model_id

        return self.cached(
            "embedding model", lambda: stored_model_id(self.settings.embedding, list(embedding_counts(self.db)))
        )

    @property
    def query_model_id(self) -> str | None:
        """What names the vectors of queries that are compared with the stored ones; ``None`` without any."""
        model_id = self.embedding_model_id
        return None if model_id is None else query_model_id(model_id)

    @property
    def embedded_since(self) -> Week | None:
        """The first week whose papers have vectors of the model in use, for topics and meaning; ``None`` before it.

        Papers before it are counted for techniques, themes, names and words.
        """
        model_id = self.embedding_model_id
        return self.cached("embedded since", lambda: embedded_since(self.db, [model_id])) if model_id else None

    def similarities(self, query: str, index: PaperIndex) -> NDArray[np.float32]:
        """The cosine similarity of a query to every paper of an index, ``(n_papers,)``."""
        cosines: NDArray[np.float32] = similarities(self.encoder.encode_queries([query]), index.vectors)[0]
        return cosines

    def mondays_of_rows(self, query: PaperQuery) -> NDArray[np.int32] | None:  # noqa: ARG002 - a cached context has them
        """The week of each paper by its row; ``None`` here, because reading it takes longer than one text query."""
        return None

    @property
    def paper_index(self) -> PaperIndex:
        """All watched papers as arrays; loading 100,000 takes a second."""
        return load_paper_index(
            self.db,
            self.corpus,
            terms=[(term.kind, term.key) for term in self.detector.taxonomy.terms],
            embedding_model_id=self.embedding_model_id,
            vector_files=VectorFiles(
                self.settings.data_dir / "vectors",
                from_papers=self.settings.embedding.map_from_papers,
                may_write=not self.is_read_only,
            ),
        )

    @property
    def paper_search(self) -> PaperSearch:
        """A search by meaning and words over ``paper_index``; hold it while one question is answered."""
        index = self.paper_index
        return self._index_search(index, lambda text: self.similarities(text, index))

    def paper_search_by(
        self, vectors_of: Callable[[Sequence[str]], NDArray[np.float32]], index: PaperIndex | None = None
    ) -> PaperSearch:
        """As ``paper_search``, with texts embedded in another way, such as from stored vectors.

        ``index`` is one that the caller already holds; by default the newest.
        """
        index = self.paper_index if index is None else index

        def compare(text: str) -> NDArray[np.float32]:
            cosines: NDArray[np.float32] = similarities(vectors_of([text]), index.vectors)[0]
            return cosines

        return self._index_search(index, compare)

    def _index_search(self, index: PaperIndex, compare: Callable[[str], NDArray[np.float32]]) -> IndexSearch:
        # One question asks for the words many times.
        return IndexSearch(index, compare, cache(lambda: self.word_index(index)), StoredPaperText(self))

    def word_index(self, index: PaperIndex) -> WordIndex:
        """The words of an index's papers; loading those of 100,000 takes seconds."""
        return WordIndex(*load_stems(self.db, index.ids))

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of all papers, to suggest from; reading those of 100,000 takes seconds."""
        return self.cached("vocabulary", lambda: Vocabulary(vocabulary(self.db, min_papers=MIN_PAPERS)), pool="large")

    @property
    def corpus(self) -> Corpus:
        """The watched papers with the detections and topics in use."""
        model = self.topic_model
        return Corpus(self.settings.categories, self.detector.detector_id, model.topic_model_id if model else None)

    @property
    def topic_model(self) -> StoredTopicModel | None:
        """The newest topic model of the stored vectors."""
        model_id = self.embedding_model_id
        return self.cached("topic model", lambda: newest_topic_model(self.db, model_id)) if model_id else None
