"""Values that stay as they were at their first use."""

from __future__ import annotations

from store.database import Database
from store.permanent_values import kept_value


def test_the_first_value_stays(database: Database) -> None:
    assert kept_value(database, "feed_authority", "a.example") == "a.example"
    assert kept_value(database, "feed_authority", "b.example") == "a.example"
    assert kept_value(database, "another", "b.example") == "b.example"
