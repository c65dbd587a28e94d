"""The Python face: tables of documented columns, read-only, from a data folder alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import papertide
from domain.errors import NotFound, StoreError, UsageError
from domain.weekly_table_schemas import TableSchema
from papertide import result_columns
from queries.parameters import TrendRequest
from queries.trends import trend_answer
from runtime.context import AppContext
from runtime.settings import Settings
from tests.service.web.conftest import LAST_WEEK, N_WEEKS, NOW, PER_WEEK, add_listed_terms, make_context


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with papers, topics and a digest."""
    folder = tmp_path_factory.mktemp("data")
    context = make_context(folder)
    add_listed_terms(context.db)
    context.close()
    return folder


@pytest.fixture
def archive(folder: Path) -> Iterator[papertide.Papertide]:
    with papertide.open(folder, now=NOW) as opened:
        yield opened


def test_trends_are_a_table_with_a_row_for_each_term_and_period(archive: papertide.Papertide) -> None:
    table = archive.trends(["diffusion", "text:graph"], by="week")
    assert len(table) == 2 * N_WEEKS
    assert table["n"].unique().tolist() == [PER_WEEK]
    assert table["share"].between(0, 1).all()
    assert (table["low"] <= table["share"]).all()
    assert table["start"].dt.day_of_week.unique().tolist() == [0]
    assert archive.trends("diffusion", by="month")["term"].unique().tolist() == ["diffusion"]


def test_each_term_has_the_verdict_and_the_change_of_the_answer(archive: papertide.Papertide) -> None:
    terms = ("diffusion", "text:graph", "text:propose")
    table = archive.trends(terms)
    answer = trend_answer(archive._context, TrendRequest(terms, "", "", "week", "adopts", (), primary=False))
    for series in answer.series:
        rows = table[(table["kind"] == series.kind) & (table["term"] == series.term)]
        assert rows["verdict"].unique().tolist() == [series.verdict]
        ends = rows[["difference", "difference_low", "difference_high"]].drop_duplicates()
        tested = series.tested
        assert (
            ends.isna().all(axis=None)
            if tested is None
            else ends.to_numpy().tolist() == [[tested.difference, tested.low, tested.high]]
        )


@pytest.mark.parametrize(
    ("ask", "schema"),
    [
        (lambda p: p.trends(["diffusion"]), result_columns.TRENDS),
        (lambda p: p.papers(limit=5), result_columns.PAPERS),
        (lambda p: p.topics(), result_columns.TOPICS),
        (lambda p: p.emerging(), result_columns.EMERGING),
        (lambda p: p.digest(), result_columns.DIGEST),
        (
            lambda p: p.detect(["We train a diffusion model.", ("A title", "We use a transformer.")]),
            result_columns.DETECTIONS,
        ),
        (lambda p: p.detect([]), result_columns.DETECTIONS),
        (lambda p: p.card("diffusion"), result_columns.CARD),
        (lambda p: p.card("name:SoupBench"), result_columns.CARD),
        (lambda p: p.calls(), result_columns.CALLS),
        (lambda p: p.standards(), result_columns.STANDARDS),
        (lambda p: p.status(), result_columns.WEEKS),
    ],
    ids="trends papers topics emerging digest detect no-texts card name-card calls standards status".split(),
)
def test_every_table_has_its_documented_columns(
    archive: papertide.Papertide, ask: Callable[[papertide.Papertide], pd.DataFrame], schema: TableSchema
) -> None:
    schema.check(ask(archive))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda p: p.trends([]), "no term is given"),
        (lambda p: p.trends("gnn", by="moth"), "there is no by='moth'; did you mean 'month'? Allowed are week, "),
        (lambda p: p.trends("gnn", level="adopt"), "there is no level='adopt'; did you mean 'adopts'?"),
        (lambda p: p.papers(level="adopt"), "did you mean 'adopts'?"),
        (lambda p: p.search("graph", level="adopt"), "did you mean 'adopts'?"),
        (lambda p: p.names("benchmrk"), "there is no kind='benchmrk'; did you mean 'benchmark'?"),
        (lambda p: p.names(view="fresh"), "there is no view='fresh'; allowed are all, new, "),
        (lambda p: p.calls("2025-W01"), "no paper of 2025-W01 is held"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(
    archive: papertide.Papertide, ask: Callable[[papertide.Papertide], pd.DataFrame], words: str
) -> None:
    with pytest.raises(UsageError) as raised:
        ask(archive)
    assert words in str(raised.value)


def test_evidence_is_the_words_themselves(archive: papertide.Papertide) -> None:
    found = archive.detect(["We train a latent diffusion model on images."])
    [diffusion] = found[found["key"] == "diffusion"].to_dict("records")
    assert (diffusion["row"], diffusion["level"] >= 2) == (0, True)
    assert all("iffusion" in words for words in diffusion["evidence"])


def test_papers_are_those_that_a_trend_counts(archive: papertide.Papertide) -> None:
    week = str(LAST_WEEK)
    counted = archive.trends(["diffusion"], since=week, until=week)["k"].item()
    assert len(archive.papers(term="diffusion", since=week, until=week)) == counted


def test_papers_and_searches_keep_those_with_every_facet(archive: papertide.Papertide) -> None:
    every, adopting = archive.papers(), archive.papers(has=["technique:diffusion"])
    assert 0 < len(adopting) < len(every)
    assert set(adopting.arxiv_id) == set(archive.papers(term="diffusion").arxiv_id)
    assert len(archive.papers(has=["technique:diffusion", "fact:accepted"])) < len(adopting)
    with pytest.raises(UsageError, match="there is no fact 'paid'"):
        archive.papers(has=["fact:paid"])
    with pytest.raises(UsageError, match="there is no fact 'paid'"):
        archive.search("images", has=["fact:paid"])


def test_a_digest_that_is_not_published_is_an_error(archive: papertide.Papertide) -> None:
    with pytest.raises(NotFound, match="2020-W01"):
        archive.digest("2020-W01")
    with pytest.raises(UsageError, match="no technique"):
        archive.trends(["no such words anywhere"])


def test_a_folder_without_a_database_is_refused_and_stays_empty(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no database in .*mistyped; give the folder") as refused:
        papertide.open(tmp_path / "mistyped")
    assert refused.value.__suppress_context__, "only our own error is shown"
    assert list(tmp_path.iterdir()) == []


def test_nothing_can_be_written(folder: Path) -> None:
    from store.job_runs import start_run

    with AppContext(Settings(data_dir=folder), read_only=True) as context, pytest.raises(StoreError, match="readonly"):
        start_run(context.db, "run", "2026-W25", now=NOW)


def test_an_older_schema_is_left_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.database.SCHEMA_VERSION", "9999")
    with pytest.raises(StoreError, match="schema version"):
        papertide.open(folder)


def test_trends_load_no_torch(folder: Path) -> None:
    code = (
        "import sys, papertide\n"
        "assert 'pandas' not in sys.modules, 'importing must be quick'\n"
        f"p = papertide.open({str(folder)!r}, now='2026-06-24T06:00:00Z')\n"
        "p.trends(['diffusion']), p.papers(limit=1), p.topics(), p.digest(), p.status()\n"
        "assert 'torch' not in sys.modules\n"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
