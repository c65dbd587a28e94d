"""Talks to arXiv politely and turns its answers into papers."""

from ingest.client import ArxivClient, Page
from ingest.harvest import harvest_window, plan_harvest, windows_due
from ingest.settings import DEFAULT_CATEGORIES, ArxivSettings

__all__ = [
    "DEFAULT_CATEGORIES",
    "ArxivClient",
    "ArxivSettings",
    "Page",
    "harvest_window",
    "plan_harvest",
    "windows_due",
]
