"""The names planted in the sample corpus are found: one is taken up, one left alone, and one fades."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from analysis.names.tagger import NameTagger
from domain.name_ledger import Name
from domain.week import CLOSE_LAG, Week
from ingest.harvest import plan_harvest
from pipeline.name_calls import call_names
from pipeline.names import update_names
from pipeline.stages import JOINING_RULES
from sample.corpus import WATCHED_CATEGORIES, SampleCorpus, make_corpus
from sample.planted_names import FADING, LEFT_ALONE, TAKEN_UP
from store.database import Database, open_database
from store.name_ledger_reading import events_of_name, names_with_keys
from store.papers import apply_harvest

LAST_WEEK = Week.parse("2026-W25")
NOW = LAST_WEEK.end_at + CLOSE_LAG


@pytest.fixture(scope="module")
def corpus() -> SampleCorpus:
    return make_corpus(last_week=LAST_WEEK, papers_per_week=100)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory, corpus: SampleCorpus) -> Iterator[Database]:
    """The papers that hold a planted name and some others, with ledger and calls of the last week."""
    db = open_database(f"sqlite:///{tmp_path_factory.mktemp('names') / 'papertide.sqlite'}")
    named = {t.arxiv_id for t in corpus.truth if t.names}
    # Most papers hold none of the names and only take time: the tagger reads every eighth of them.
    papers = [p for i, p in enumerate(corpus.papers) if p.arxiv_id in named or i % 8 == 0]
    apply_harvest(db, plan_harvest(papers, {}), None, seen_at=NOW)
    for _ in update_names(db, NameTagger(), JOINING_RULES, WATCHED_CATEGORIES, clock=lambda: NOW):
        pass
    for _ in call_names(
        db,
        LAST_WEEK,
        WATCHED_CATEGORIES,
        min_papers=5,
        false_discovery_rate=0.05,
        made_with=NameTagger().tagger_id,
        now=NOW,
    ):
        pass
    yield db
    db.close()


def found(db: Database, called: str) -> Name:
    [name] = names_with_keys(db, [JOINING_RULES.key_of(called)])
    return name


def papers_with(corpus: SampleCorpus, called: str, role: str) -> list[str]:
    return [t.arxiv_id for t in corpus.truth if any(n.name == called and n.role == role for n in t.names)]


def events(db: Database, name: Name) -> list[str]:
    return [e.event.kind for e in events_of_name(db, name.name_id) if e.retracted_at is None]


def test_the_benchmark_that_others_use_is_taken_up(db: Database, corpus: SampleCorpus) -> None:
    name = found(db, TAKEN_UP.name)
    assert name.kind == "benchmark"
    assert [name.introduced_by] == papers_with(corpus, TAKEN_UP.name, "introduces")
    assert events(db, name)[:3] == ["introduced", "used_elsewhere", "taken_up"]
    n_planted = len(papers_with(corpus, TAKEN_UP.name, "uses"))
    assert 0.9 * n_planted <= name.n_uses - 1 <= n_planted


def test_the_benchmark_that_nobody_uses_stays_alone(db: Database, corpus: SampleCorpus) -> None:
    name = found(db, LEFT_ALONE.name)
    assert [name.introduced_by] == papers_with(corpus, LEFT_ALONE.name, "introduces")
    assert (events(db, name), name.n_teams) == (["introduced"], 0)


def test_the_model_that_papers_leave_fades(db: Database, corpus: SampleCorpus) -> None:
    name = found(db, FADING.name)
    assert name.introduced_by is None
    assert name.n_uses >= 0.9 * len(papers_with(corpus, FADING.name, "uses"))
    assert name.fading_week == LAST_WEEK
    assert events(db, name) == ["fading"]
