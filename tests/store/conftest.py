"""Stores papers as the product does, without arXiv."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from domain.harvest import HarvestedWindow, Window
from domain.paper import Paper
from domain.week import Week
from ingest.harvest import plan_harvest, window_of
from store.database import Database
from store.papers import apply_harvest, known_papers

SEEN_AT = datetime(2026, 6, 23, 6, tzinfo=UTC)


@pytest.fixture
def stored(database: Database) -> Callable[..., Database]:
    """A function that stores papers as a harvest does, and returns the database."""

    def store(*papers: Paper) -> Database:
        plan = plan_harvest(papers, known_papers(database, [p.arxiv_id for p in papers]))
        apply_harvest(database, plan, None, seen_at=SEEN_AT)
        return database

    return store


@pytest.fixture(scope="session")
def harvested() -> Callable[..., HarvestedWindow]:
    """A function that makes the result of harvesting a window or week, complete unless a problem is given."""

    def make(
        of: Window | Week, *papers: Paper, categories: tuple[str, ...] = ("cs.LG",), problem: str | None = None
    ) -> HarvestedWindow:
        window = window_of(of) if isinstance(of, Week) else of
        return HarvestedWindow(window, categories, papers, len(papers), problem, SEEN_AT)

    return make
