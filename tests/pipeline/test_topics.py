"""Topics over the weeks: born between fits, refitted on drift, and the same however often a run is interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analysis.topics.bertopic_model import TopicSettings
from analysis.topics.outlier_reduction import MAX_BELOW_BY_PAPERS, MAX_BELOW_BY_TITLE
from domain.embeddings import Embeddings
from domain.paper import Paper
from domain.progress import Progress
from domain.week import Week
from ingest.harvest import plan_harvest
from pipeline.topics import update_topics
from store.database import Database, open_database
from store.embeddings import add_embeddings
from store.papers import apply_harvest
from store.topics import drift_of, newest_topic_model, topic_events, topics_of_papers

Make = Callable[..., Paper]
FIRST = Week.parse("2026-W01")
N_WEEKS, N_A_WEEK, N_DIMS = 12, 40, 48
SUBJECTS = ("honey bees", "snow flakes", "sea shells", "wild horses")
NEWS = "glass harmonicas"
AT = datetime(2026, 6, 1, tzinfo=UTC)
SETTINGS = TopicSettings(refit_weeks=8, birth_weeks=2, n_map_papers=50)


class Radar:
    """A store that is fed made-up papers with made-up vectors, week by week."""

    def __init__(self, db: Database, make_paper: Make) -> None:
        self.db = db
        self._make = make_paper
        self._rng = np.random.default_rng(3)
        self._centres = self._rng.normal(size=(len(SUBJECTS) + 1, N_DIMS))

    def feed(self, week: Week, *, n_news: int = 0, n_strays: int = 6) -> list[Paper]:
        """Store and embed a week's papers: of the known subjects, of the new one, and of none."""
        whose = [*self._rng.integers(0, len(SUBJECTS), N_A_WEEK).tolist(), *[len(SUBJECTS)] * n_news, *[-1] * n_strays]
        papers, rows = [], []
        for i, subject in enumerate(whose):
            name = [*SUBJECTS, NEWS, f"odds and ends {i}"][subject]
            at = week.start_at + timedelta(minutes=i)
            papers.append(
                self._make(
                    title=f"On {name}, part {i}",
                    abstract=f"We look at {name}. With {name} we do what nobody did before.",
                    arxiv_id=f"{at:%y%m}.{at.day:02d}{i:03d}",
                    submitted_at=at,
                    updated_at=at,
                )
            )
            noise = self._rng.normal(size=N_DIMS)
            rows.append(self._centres[subject] + 0.5 * noise if subject >= 0 else noise)
        vectors = np.array(rows)
        self.store(papers, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        return papers

    def make_one(self, title: str, arxiv_id: str, week: Week) -> Paper:
        return self._make(title=title, arxiv_id=arxiv_id, submitted_at=week.start_at, updated_at=week.start_at)

    def store(self, papers: list[Paper], vectors: np.ndarray) -> None:
        apply_harvest(self.db, plan_harvest(papers, {}), None, seen_at=AT)
        add_embeddings(self.db, Embeddings(tuple(p.arxiv_id for p in papers), vectors.astype(np.float32), "m"))

    def keep(self, week: Week, settings: TopicSettings = SETTINGS) -> Iterator[Progress]:
        return update_topics(self.db, "m", ("cs.LG",), settings, last_week=week, clock=lambda: AT)

    def labels(self) -> dict[int, str]:
        model = newest_topic_model(self.db, "m")
        assert model is not None
        return {t.topic_id: t.label.lower() for t in model.topics}


@pytest.fixture
def radar(tmp_path: object, make_paper: Make) -> Iterator[Radar]:
    """Twelve weeks about four subjects, fitted."""
    db = open_database(f"sqlite:///{tmp_path}/papertide.sqlite")
    radar = Radar(db, make_paper)
    for n in range(N_WEEKS):
        radar.feed(FIRST.plus(n))
    for _ in radar.keep(FIRST.plus(N_WEEKS - 1)):
        pass
    yield radar
    db.close()


def test_a_subject_that_begins_after_the_fit_is_born_with_id_name_event_and_papers(radar: Radar) -> None:
    before = radar.labels()
    week = FIRST.plus(N_WEEKS)
    news = [p for p in radar.feed(week, n_news=16) if NEWS in p.title]
    notes = [step.note for step in radar.keep(week)]
    (newborn,) = set(radar.labels()) - set(before)
    assert radar.labels()[newborn] == NEWS
    assert any("a topic is born" in note for note in notes)
    (event,) = topic_events(radar.db, newborn)
    model = newest_topic_model(radar.db, "m")
    assert model is not None
    assert (event.kind, event.week) == ("born", model.topics[-1].born_week)
    assert event.detail.startswith(f"found in {week}, with ")
    assert model.fitted_week == FIRST.plus(N_WEEKS - 1)
    of_paper = topics_of_papers(radar.db, model.topic_model_id)
    assert {of_paper.get(p.arxiv_id) for p in news} == {newborn}
    assert np.isfinite(model.positions).all()
    assert model.topics[-1].born_week in (week.plus(-1), week)  # one stray paper may lie near it
    assert list(radar.keep(week)) == []


@pytest.mark.slow
def test_a_new_topic_keeps_its_id_and_name_after_a_refit(radar: Radar) -> None:
    for n in range(N_WEEKS, N_WEEKS + 8):
        radar.feed(FIRST.plus(n), n_news=16)
        for _ in radar.keep(FIRST.plus(n)):
            pass
    model = newest_topic_model(radar.db, "m")
    assert model is not None
    assert model.fitted_week == FIRST.plus(N_WEEKS + 7)
    newborn = next(t.topic_id for t in model.topics if t.label.lower() == NEWS)
    assert [e.kind for e in topic_events(radar.db, newborn)] == ["born", "continued"]


def test_weeks_like_those_before_bring_no_new_topic_and_no_refit(radar: Radar) -> None:
    before = radar.labels()
    for n in range(N_WEEKS, N_WEEKS + 4):
        radar.feed(FIRST.plus(n))
        for _ in radar.keep(FIRST.plus(n)):
            pass
    assert radar.labels() == before
    model = newest_topic_model(radar.db, "m")
    assert model is not None
    assert model.fitted_week == FIRST.plus(N_WEEKS - 1)
    assert [d.week for d in drift_of(radar.db, model.topic_model_id)] == [FIRST.plus(n) for n in range(4, N_WEEKS + 4)]


def test_topics_are_refitted_early_when_many_papers_fit_none(radar: Radar) -> None:
    week = FIRST.plus(N_WEEKS)
    radar.feed(week, n_strays=120)
    for _ in radar.keep(week):
        pass
    model = newest_topic_model(radar.db, "m")
    assert model is not None
    assert model.fitted_week == week
    assert list(radar.keep(week)) == []


def test_late_or_interrupted_runs_give_the_same_topics(radar: Radar, make_paper: Make, tmp_path: object) -> None:
    other = Radar(open_database(f"sqlite:///{tmp_path}/other.sqlite"), make_paper)
    for n in range(N_WEEKS):
        other.feed(FIRST.plus(n))
    for _ in other.keep(FIRST.plus(N_WEEKS - 1)):
        pass
    last = FIRST.plus(N_WEEKS + 2)
    for n in range(N_WEEKS, N_WEEKS + 3):
        radar.feed(FIRST.plus(n), n_news=16)
        other.feed(FIRST.plus(n), n_news=16)
    for _ in radar.keep(last):
        pass
    for n_steps in (1, 1, 1):
        steps = other.keep(last)
        for _ in range(n_steps):
            next(steps, None)
        steps.close()
    for _ in other.keep(last):
        pass
    assert other.labels() == radar.labels()
    one, two = newest_topic_model(radar.db, "m"), newest_topic_model(other.db, "m")
    assert one is not None
    assert two is not None
    assert topics_of_papers(radar.db, one.topic_model_id) == topics_of_papers(other.db, two.topic_model_id)
    assert drift_of(radar.db, one.topic_model_id) == drift_of(other.db, two.topic_model_id)
    other.db.close()


def test_a_paper_whose_title_uses_a_topics_label_gets_the_topic_a_little_below_the_floor(radar: Radar) -> None:
    week = FIRST.plus(N_WEEKS)
    model = newest_topic_model(radar.db, "m")
    assert model is not None
    number = next(n for n, t in enumerate(model.topics) if t.label.lower() in SUBJECTS)
    floor, label = model.fitted.floor, model.topics[number].label
    centroids = model.fitted.centroids.astype(np.float64)
    centroid, noise = centroids[number], np.random.default_rng(5).normal(size=N_DIMS)
    basis, _ = np.linalg.qr(centroids.T)
    noise -= basis @ (basis.T @ noise)  # near to no topic at all
    cosine = floor - (MAX_BELOW_BY_PAPERS + MAX_BELOW_BY_TITLE) / 2
    vector = cosine * centroid + np.sqrt(1 - cosine**2) * noise / np.linalg.norm(noise)
    papers = [
        radar.make_one(f"{name} of another kind", f"{week.start_at:%y%m}.9{n:04d}", week)
        for n, name in enumerate((label, "Something"))
    ]
    radar.store(papers, np.stack([vector, vector]))
    radar.feed(week, n_strays=0)
    for _ in radar.keep(week):
        pass
    of_paper = topics_of_papers(radar.db, model.topic_model_id)
    assert of_paper.get(papers[0].arxiv_id) == model.topics[number].topic_id
    assert papers[1].arxiv_id not in of_paper
