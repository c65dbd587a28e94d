"""The whole path on a corpus whose truth is known: nothing is lost, and what was planted is found."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.trends.share_differences import difference_of
from analysis.trends.shares import share_of
from domain.detections import ADOPTS
from domain.digest import Digest, Share
from domain.errors import BusyError, SourceUnavailable
from domain.progress import Progress
from domain.record_from_json import record_from_json
from domain.record_to_json import json_value
from domain.trends import TrendPoint
from pipeline import run as pipeline_run
from pipeline import stages
from queries import parameters, trends
from queries.digest_preview import preview_digest
from queries.parameters import PaperRequest
from queries.results import SearchResult, Trends
from queries.search import search
from runtime.context import AppContext
from runtime.exclusive_run import RUN_LEASE
from runtime.lease import held_lease
from store.database import Database, open_database
from store.detections import ids_without_detections
from store.digests import newest_digest
from store.embeddings import add_embeddings, embedding_counts, embeddings_by_id, ids_without_embedding
from store.job_runs import newest_runs
from store.move import move
from store.papers import count_papers, papers_of_week
from store.topics import topics_of_papers
from store.windows import window_records
from templates.digest_json import digest_json
from tests.pipeline.conftest import LAST_WEEK, N_WEEKS, NOW, FinishedRun, context_at


def _trend(run: FinishedRun, term: str, level: parameters.Level = "adopts") -> tuple[TrendPoint, ...]:
    answer = trends.trends(
        run.context, [term], by="week", level=level, categories=(), primary=False, since=None, until=None
    )
    return answer.series[0].points


def _pooled(points: Sequence[TrendPoint]) -> Share:
    return share_of(sum(p.k for p in points), sum(p.n for p in points))


def _digest(run: FinishedRun) -> Digest:
    published = newest_digest(run.context.db, LAST_WEEK)
    assert published is not None
    return published.edition.digest


def test_every_week_holds_exactly_the_papers_that_exist(finished_run: FinishedRun) -> None:
    of_week: dict[str, set[str]] = {}
    for paper in finished_run.corpus.papers:
        of_week.setdefault(str(paper.week), set()).add(paper.arxiv_id)
    for week in finished_run.corpus.weeks:
        held = papers_of_week(finished_run.context.db, week, finished_run.context.settings.categories)
        assert {p.arxiv_id for p in held} == of_week[str(week)]
    assert all(r.is_complete for r in window_records(finished_run.context.db, finished_run.context.settings.categories))


def test_a_second_run_sends_no_request_and_does_nothing(finished_run: FinishedRun) -> None:
    before = finished_run.arxiv.n_requests
    assert list(pipeline_run.publish_due(finished_run.context, N_WEEKS)) == []
    assert finished_run.arxiv.n_requests == before


@pytest.mark.parametrize(("technique", "direction"), [("diffusion", 1), ("gnn", -1)])
def test_a_planted_rise_and_a_planted_fall_are_found(finished_run: FinishedRun, technique: str, direction: int) -> None:
    points = _trend(finished_run, technique)
    centre, error = difference_of(_pooled(points[-8:]), _pooled(points[:8]), dispersion=1.0)
    assert direction * centre / error > 2.58


def test_a_technique_that_emerges_late_is_absent_before_and_present_after(finished_run: FinishedRun) -> None:
    points = _trend(finished_run, "ssm")
    assert _pooled(points[:12]).share < 0.01
    assert _pooled(points[-6:]).low > 0.02


@pytest.mark.parametrize("technique", ["transformer", "llm", "gnn", "rl", "compression", "ssm"])
def test_most_weekly_intervals_hold_the_true_share(finished_run: FinishedRun, technique: str) -> None:
    table = finished_run.corpus.adoption_table()
    true = {
        str(row.week_start)[:10]: row.k_adopts / row.n for row in table[table["technique"] == technique].itertuples()
    }
    points = _trend(finished_run, technique)
    held = [p.low <= true[str(p.start)] <= p.high for p in points]
    # 95 % of weeks, less what the detector gets wrong: the interval is of sampling alone.
    assert np.mean(held) >= 0.8


def test_the_planted_topics_are_separated(finished_run: FinishedRun) -> None:
    model = finished_run.context.topic_model
    assert model is not None
    assigned = topics_of_papers(finished_run.context.db, model.topic_model_id)
    true = {t.arxiv_id: t.topic for t in finished_run.corpus.truth}
    by_topic: dict[int, Counter[str]] = {}
    for arxiv_id, topic_id in assigned.items():
        by_topic.setdefault(topic_id, Counter())[true[arxiv_id]] += 1
    purity = sum(c.most_common(1)[0][1] for c in by_topic.values()) / len(assigned)
    found = {c.most_common(1)[0][0] for c in by_topic.values()}
    assert purity > 0.85
    assert len(found) >= 14
    assert len(assigned) / len(true) > 0.75
    labels = [t.label for t in model.topics]
    assert len(set(labels)) == len(labels)


def test_the_digest_counts_the_weeks_papers(finished_run: FinishedRun) -> None:
    digest = _digest(finished_run)
    n_true = sum(p.week == LAST_WEEK for p in finished_run.corpus.papers)
    assert digest.headline.n_papers == n_true
    sentence = digest.headline.sentence.replace("\N{NO-BREAK SPACE}", " ")
    n_papers = Counter(p.week for p in finished_run.corpus.papers)
    first = min(week for week, n in n_papers.items() if n >= finished_run.context.settings.digest.min_papers)
    n_weeks = first.weeks_until(LAST_WEEK) + 1
    # Its rise is planted and was told before, so it is no news but goes on.
    assert re.search(rf"still rising: .*diffusion models \([\d.]+ points in {n_weeks} weeks\)", sentence, re.IGNORECASE)
    assert "papers use" not in sentence, "what most papers use is no news beside moves"
    before = newest_digest(finished_run.context.db, LAST_WEEK.plus(-1))
    assert before is None or before.edition.digest.headline.lead != digest.headline.lead
    assert digest.completeness.complete
    assert {line.adopts.n for line in (*digest.techniques, *digest.themes)} == {n_true}
    published = newest_digest(finished_run.context.db, LAST_WEEK)
    assert published is not None
    lists = {x.slug: x for x in published.edition.paper_lists}
    for line in (*digest.techniques, *digest.themes):
        assert sum(p.level >= ADOPTS for p in lists[line.slug].papers) == line.adopts.k
    assert len(lists["all-papers"].papers) == n_true


def _embed_as_before(finished_run: FinishedRun, db: Database, *, all_but: int = 0) -> None:
    """Embedding again would only show once more, and slowly, that the same texts give the same vectors."""
    model_id = finished_run.context.embedding_model_id
    assert model_id is not None
    missing = ids_without_embedding(db, model_id)
    add_embeddings(db, embeddings_by_id(finished_run.context.db, model_id, missing[: len(missing) - all_but]))


def test_a_run_interrupted_again_and_again_ends_with_the_same_digest(finished_run: FinishedRun, tmp_path: Path) -> None:
    """Each cut leaves what a kill between two transactions leaves; the last run is let finish."""
    for n_steps in (9, 19, 1, 3):  # in the harvest, between two chunks of embedding, in the detection
        context = context_at(tmp_path, finished_run.arxiv)
        steps = pipeline_run.publish_due(context, N_WEEKS)
        for _ in range(n_steps):
            next(steps)
        steps.close()
        if n_steps == 19:
            _embed_as_before(finished_run, context.db, all_but=300)
        context.db.close()
    context = context_at(tmp_path, finished_run.arxiv)
    for _ in pipeline_run.publish_due(context, N_WEEKS):
        pass
    published, undisturbed = newest_digest(context.db, LAST_WEEK), newest_digest(finished_run.context.db, LAST_WEEK)
    assert published is not None
    assert undisturbed is not None
    assert digest_json(published.edition) == digest_json(undisturbed.edition)
    context.db.close()


def test_postgresql_gives_the_same_digest_as_sqlite(
    finished_run: FinishedRun, tmp_path: Path, postgresql_database: str
) -> None:
    context = context_at(tmp_path, finished_run.arxiv, database_url=postgresql_database)
    for _ in stages.harvest(context, N_WEEKS):
        pass
    _embed_as_before(finished_run, context.db)
    for _ in pipeline_run.publish_due(context, N_WEEKS):
        pass
    published, same = newest_digest(context.db, LAST_WEEK), newest_digest(finished_run.context.db, LAST_WEEK)
    assert published is not None
    assert same is not None
    assert digest_json(published.edition) == digest_json(same.edition)
    context.db.close()


def test_a_moved_database_composes_the_same_digest_on_both_sides(
    finished_run: FinishedRun, tmp_path: Path, postgresql_database: str
) -> None:
    back_url = f"sqlite:///{tmp_path / 'back.sqlite'}"
    there, back = open_database(postgresql_database, exclusive=True), open_database(back_url, exclusive=True)
    list(move(finished_run.context.db, there))
    list(move(there, back))
    there.close()
    back.close()
    composed = digest_json(stages.edition(finished_run.context, LAST_WEEK))
    for url in (postgresql_database, back_url):
        context = context_at(tmp_path, finished_run.arxiv, database_url=url)
        assert digest_json(stages.edition(context, LAST_WEEK)) == composed
        assert preview_digest(context, LAST_WEEK).differences == ()
        context.db.close()


def test_answers_are_the_same_after_a_passage_through_json(finished_run: FinishedRun) -> None:
    def through_json(kind: type[Any], answer: object) -> object:
        return record_from_json(kind, json.loads(json.dumps(answer, default=json_value)))

    found, _ = search(finished_run.context, PaperRequest("diffusion models for images"), limit=10)
    assert found.results
    assert through_json(SearchResult, found) == found
    for by in ("week", "month"):
        answer = trends.trends(
            finished_run.context,
            ["diffusion", "text:model", "meaning:images"],
            by=by,  # type: ignore[arg-type]
            level="adopts",
            categories=(),
            primary=False,
            since=None,
            until=None,
        )
        assert through_json(Trends, answer) == answer


def test_a_run_that_is_up_to_date_delivers_after_it_gave_the_lease_back(finished_run: FinishedRun) -> None:
    context, delivered = finished_run.context, []

    def deliver() -> None:
        with held_lease(context.db, RUN_LEASE, clock=context.clock):
            delivered.append([run.state for run in newest_runs(context.db, 5)])

    steps: list[Progress] = []
    pipeline_run.run(context, N_WEEKS, follow=steps.extend, deliver=deliver)
    assert steps == []
    assert delivered == [["done"]]
    with held_lease(context.db, RUN_LEASE, clock=context.clock), pytest.raises(BusyError):
        pipeline_run.run(context, N_WEEKS, follow=steps.extend, deliver=deliver)
    assert len(delivered) == 1


def test_an_arxiv_that_is_down_stops_neither_analysis_nor_delivery_nor_the_error(
    finished_run: FinishedRun, tmp_path: Path
) -> None:
    """Two weeks are fetched, and then arXiv is gone: what came is analysed, and no digest is published."""
    context = context_at(tmp_path, finished_run.arxiv)
    for _ in stages.harvest(context, 2):
        pass
    context.db.close()
    nowhere = finished_run.context.settings.arxiv.model_copy(
        update={"api_url": "http://127.0.0.1:9/api/query", "max_tries": 1}
    )
    down = AppContext(context.settings.model_copy(update={"arxiv": nowhere}))
    steps: list[Progress] = []
    n_analysed = []

    def deliver() -> None:
        with held_lease(down.db, RUN_LEASE, clock=down.clock):  # no run holds it while mails are sent
            n_analysed.append(sum(embedding_counts(down.db).values()))

    with pytest.raises(SourceUnavailable, match="cannot reach arXiv"):
        pipeline_run.run(down, N_WEEKS, follow=steps.extend, deliver=deliver)
    assert n_analysed == [count_papers(down.db)]
    assert [run.state for run in newest_runs(down.db, 5)] == ["failed"]
    assert embedding_counts(down.db)
    assert not ids_without_detections(down.db, down.detector.detector_id)
    assert newest_digest(down.db, LAST_WEEK) is None
    down.db.close()


def test_a_search_by_meaning_and_words_finds_the_planted_topic(finished_run: FinishedRun) -> None:
    answer, papers = search(finished_run.context, PaperRequest("federated learning with private client data"), limit=10)
    true = {t.arxiv_id: t.topic for t in finished_run.corpus.truth}
    assert Counter(true[p.arxiv_id] for p in papers).most_common(1)[0][1] >= 6
    assert all(result.why for result in answer.results)


def test_the_notebook_in_the_docs_runs_on_what_a_run_stored(finished_run: FinishedRun, tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    root = Path(__file__).resolve().parents[2]
    (tmp_path / "papertide-data").symlink_to(finished_run.context.settings.data_dir)
    notebook = nbformat.read(root / "docs" / "python.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []  # those stored for readers on the web prove nothing
    setup = f"import os, sys; sys.path.insert(0, {str(root)!r}); os.environ['PAPERTIDE_NOW'] = {NOW.isoformat()!r}"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(setup))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.outputs]
    assert len(outputs) >= 10
