"""The application context builds what it was not given, and closes only that."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import UsageError
from domain.paper import FIRST_MADE_UP, ArxivId
from ingest.harvest import plan_harvest
from ingest.oai_client import OaiClient
from ingest.query_api_client import ArxivClient
from ingest.settings import ArxivSettings
from runtime.context import AppContext
from runtime.settings import Settings
from store.database import Database, open_database
from store.papers import apply_harvest
from tests.conftest import PaperMaker


class Closed(list[object]):
    """Which objects of a class were closed, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *classes: type) -> None:
        super().__init__()
        for each in classes:
            monkeypatch.setattr(each, "close", lambda one: self.append(one))


def test_what_was_passed_in_is_used_and_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'other.sqlite'}")
    settings = ArxivSettings()
    source, oai_source = ArxivClient(settings, product="p"), OaiClient(settings, product="p")
    closed = Closed(monkeypatch, Database, ArxivClient, OaiClient)
    with AppContext(Settings(data_dir=tmp_path / "no"), db=database, source=source, oai_source=oai_source) as context:
        assert (context.db, context.source, context.oai_source) == (database, source, oai_source)
    assert closed == []
    assert not (tmp_path / "no").exists()


def test_what_was_opened_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = Closed(monkeypatch, Database, ArxivClient, OaiClient)
    with AppContext(Settings(data_dir=tmp_path)) as context:
        opened = [context.db, context.source, context.oai_source]
    assert closed == opened


def test_what_was_never_used_is_not_opened_to_be_closed(tmp_path: Path) -> None:
    with AppContext(Settings(data_dir=tmp_path / "no")):
        pass
    assert not (tmp_path / "no").exists()


def test_real_papers_are_never_added_to_made_up_ones(tmp_path: Path, make_paper: PaperMaker) -> None:
    with AppContext(Settings(data_dir=tmp_path)) as context:
        assert context.can_harvest
        paper = make_paper(arxiv_id=ArxivId(f"2606.{FIRST_MADE_UP}"))
        apply_harvest(context.db, plan_harvest([paper], {}), None, seen_at=paper.submitted_at)
        with pytest.raises(UsageError, match="real ones must not be added"):  # although there were none before
            _ = context.source
        with pytest.raises(UsageError, match="real ones must not be added"):
            _ = context.oai_source
        assert not context.can_harvest
        assert not context.can_harvest_oai
