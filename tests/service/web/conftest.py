"""One small database with a published digest, topics and hostile words, and the web service over it."""

from __future__ import annotations

import atexit
import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray

from analysis.emerging.phrases import folded
from domain.detections import Evidence
from domain.embeddings import Embeddings
from domain.emerging import EmergingList, EmergingTerm
from domain.harvest import HarvestedWindow
from domain.name_mention import NameMention, NameRole
from domain.paper import ArxivId, Paper
from domain.topics import FittedTopics, Topic, TopicAssignment, TopicEvent
from domain.trend_calls import CallScore
from domain.week import CLOSE_LAG, Week
from ingest.harvest import plan_harvest, window_of
from pipeline import stages
from pipeline.names import update_names
from runtime.cached_context import CachedContext
from runtime.service_settings import ServiceSettings
from runtime.settings import Settings
from service.web.app import make_app
from store.database import Database
from store.embeddings import add_embeddings
from store.emerging import add_emerging_scores, add_list
from store.papers import apply_harvest
from store.topics import add_topic_model

LAST_WEEK = Week.parse("2026-W25")
N_WEEKS = 8
PER_WEEK = 12
NOW = LAST_WEEK.end_at + CLOSE_LAG
MODEL_ID = "all-MiniLM-L6-v2@53aa5117/float32"
N_DIMS = 384  # those of the packaged model, for whose vectors a real process takes these

HOSTILE = (
    "<script>alert(1)</script> & <img src=x onerror=alert(2)>",
    "</script><script>alert(3)</script> in a diffusion model",
    "Entities &lt;b&gt; &amp; &#60;i&#62; \u202ereversed\u202c and \u200fmarks\u200e",
    "Broken TeX $\\frac{1}{2 and $ \\mathcal{ {{7*7}} {% raw %} ]]> --> ${x} \\unicode{x3c}",
    "Long " + "diffusion transformer " * 450 + "end",
    "\"quotes' onmouseover=alert(4) =cmd|calc javascript:alert(5)",
)


def add_listed_terms(db: Database) -> None:
    """Store two lists of emerging terms: one that has been scored, and that of the newest week."""
    first = LAST_WEEK.plus(-20)
    papers = (ArxivId("2606.00002"), ArxivId("2606.00001"))
    hostile = "<b>skills</b>"

    def term(name: str, first_week: Week) -> EmergingTerm:
        phrase = folded(name)
        return EmergingTerm(phrase, name, first_week, 12, 1, 30.5, 9.25, 8, ("agent", "tool"), papers, 0.02, 0.001, 0.9)

    for week, terms in (
        (first, (term("agent skills", first),)),
        (LAST_WEEK, (term("agent skills", first), term(hostile, LAST_WEEK))),
    ):
        made = EmergingList(week, 8, 26, 24_000, 75_000, 30_000, terms, "emerging-1 papertide/1", week.end_at)
        add_list(db, made)
    scores = [(first, "agent skill", score) for score in (CallScore(8, True, 0.03), CallScore(12, None, None))]
    add_emerging_scores(db, scores, scored_at=NOW)


class WordEncoder:
    """Texts to unit vectors by their words: alike where they share words."""

    model_id = MODEL_ID

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), N_DIMS), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, N_DIMS - 1] = 0.1
            for word in text.lower().split():
                vectors[row, sum(map(ord, word)) % (N_DIMS - 1)] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode(texts)


def _papers() -> list[Paper]:
    papers = []
    for i in range(N_WEEKS * PER_WEEK):
        week = LAST_WEEK.plus(i // PER_WEEK + 1 - N_WEEKS)
        at = week.start_at + timedelta(hours=3 * (i % PER_WEEK), minutes=1)
        subject = ("diffusion model for images", "graph neural network for molecules", "reinforcement learning agent")[
            i % 3
        ]
        title, abstract = f"A {subject}, part {i}", f"We propose a {subject}. It is measured on {i} tasks."
        if i % PER_WEEK < len(HOSTILE):
            words = HOSTILE[i % PER_WEEK]
            title, abstract = words, f"{words} We propose a {subject}. {words}"
        papers.append(
            Paper(
                arxiv_id=ArxivId(f"2606.{i + 1:05d}"),
                version=1,
                title=title,
                abstract=abstract,
                authors=("Ada <b>Example</b>", "=HYPERLINK()", "O'Neil \u202eBen"),
                primary_category="cs.LG",
                categories=("cs.LG", "cs.CV") if i % 2 else ("cs.LG",),
                submitted_at=at,
                updated_at=at,
                comment="<i>12 pages</i> $" if i % 4 == 0 else None,
                doi='10.1/"><script>' if i % 5 == 0 else None,
            )
        )
    return papers


def make_context(folder: Path, *, filled: bool = True, **given: Any) -> CachedContext:
    """A cached context over the database of a folder, with a published digest where it is filled."""
    if not filled:
        return _context_at(folder, **given)
    if not any(folder.glob("*.sqlite")):
        shutil.copytree(_filled_folder(), folder, dirs_exist_ok=True)
        return _context_at(folder, **given)
    context = _context_at(folder, **given)
    _fill(context)
    return context


@cache
def _filled_folder() -> Path:
    """A filled folder to copy, because filling one takes a second or more; the process deletes it when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="papertide-filled-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with _context_at(folder) as context:
        _fill(context)
    return folder


def _context_at(folder: Path, **given: Any) -> CachedContext:
    service = ServiceSettings(
        base_url="https://papertide.example",
        hosts=("testserver",),
        requests_per_minute=0,
        forms_per_minute=0,
        work_s_per_minute=0,
        query_s=0,  # the machine may be busy
    )
    settings = Settings(data_dir=folder, now=NOW, weeks=N_WEEKS, service=service)
    return CachedContext(settings, encoder=WordEncoder(), **given)


def _fill(context: CachedContext) -> None:
    """Store papers, topics and names, and publish a digest."""
    papers = _papers()
    for number in range(N_WEEKS):
        of_week = tuple(papers[number * PER_WEEK : (number + 1) * PER_WEEK])
        week = of_week[0].week
        problem = "one is <missing>" if number == 2 else None
        came = HarvestedWindow(window_of(week), context.settings.categories, of_week, len(of_week), problem, NOW)
        apply_harvest(context.db, plan_harvest(of_week, {}), came, seen_at=NOW)
    ids = tuple(p.arxiv_id for p in papers)
    vectors = WordEncoder().encode([f"{p.title} {p.abstract}" for p in papers])
    add_embeddings(context.db, Embeddings(ids, vectors, MODEL_ID))
    for _ in (*stages.detect(context), *stages.claims(context)):
        pass
    for _ in update_names(
        context.db, OneNameTagger(), stages.JOINING_RULES, context.settings.categories, clock=context.now
    ):
        pass
    _add_topics(context, ids, vectors)
    for _ in stages.tables(context):
        pass
    for _ in stages.publish(context, LAST_WEEK):
        pass


class OneNameTagger:
    """Finds one benchmark in every paper on graphs: the first introduces it, most use it, some only mention it."""

    tagger_id = "one-name-1"

    def __init__(self) -> None:
        self._n_found = 0

    def tag_texts(self, texts: Sequence[tuple[str, str]]) -> list[tuple[NameMention, ...]]:
        """The benchmark, where the title speaks of graphs."""
        return [self._names(title) for title, _ in texts]

    def _names(self, title: str) -> tuple[NameMention, ...]:
        if "graph" not in title:
            return ()
        self._n_found += 1
        role: NameRole = "introduces" if self._n_found == 1 else "mentions" if self._n_found % 4 == 0 else "uses"
        return (NameMention("SoupBench", "benchmark", role, (Evidence("abstract", 0, 5),), 0.95, 0.9),)


def _add_topics(context: CachedContext, ids: tuple[ArxivId, ...], vectors: NDArray[np.float32]) -> None:
    number = np.arange(len(ids)) % 4
    labels = ("image diffusion", "molecules <b>", "agents & policies")
    centroids = np.stack([vectors[number == i].mean(axis=0) for i in range(3)])
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    terms = (("diffusion", "images"), ("graph", "<script>"), ("agent", "policy"))
    sizes = (50, 40, 30)  # of the fit: papers that came or were withdrawn since are not in it
    fitted = FittedTopics(MODEL_ID, centroids.astype(np.float32), sizes, labels, terms, 0.3)
    topics = [Topic(i + 1, labels[i], terms[i], LAST_WEEK.plus(-i), sizes[i]) for i in range(3)]
    events = [TopicEvent(t.topic_id, "born", t.born_week, f"{t.size} papers <i>") for t in topics]
    assigned = TopicAssignment(
        ids, np.where(number == 3, -1, number).astype(np.int32), np.linspace(0.3, 0.9, len(ids)).astype(np.float32)
    )
    add_topic_model(
        context.db,
        fitted,
        topics,
        events,
        assigned,
        fitted_week=LAST_WEEK,
        fitted_at=NOW,
        settings={},
        library_versions={},
        positions=np.array([[math.cos(i), math.sin(i)] for i in range(3)]),
        paper_positions={arxiv_id: (i / 50, i % 7) for i, arxiv_id in enumerate(ids[:40])},
    )


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CachedContext]:
    context = make_context(tmp_path_factory.mktemp("web"))
    add_listed_terms(context.db)
    yield context
    context.db.close()


@pytest.fixture(scope="session")
def web(context: CachedContext) -> TestClient:
    """A client of the service over the small database; it is not closed, because the context is shared."""
    return TestClient(make_app(context.settings, context), raise_server_exceptions=False)


@pytest.fixture(scope="session")
def empty_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    context = make_context(tmp_path_factory.mktemp("empty"), filled=False)
    yield TestClient(make_app(context.settings, context), raise_server_exceptions=False)
    context.db.close()
