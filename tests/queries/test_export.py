"""The public data as files: a table holds no formula."""

from __future__ import annotations

import csv
from pathlib import Path

from queries.export import export_public
from runtime.context import AppContext
from store.topics import set_topic_name
from tests.service.web.conftest import LAST_WEEK, make_context


def test_a_topic_is_no_formula_in_the_table(tmp_path: Path) -> None:
    writer = make_context(tmp_path / "context")
    set_topic_name(writer.db, 1, "=HYPERLINK()", week=LAST_WEEK)
    writer.db.close()
    context = AppContext(writer.settings)
    for _ in export_public(context, tmp_path / "public"):
        pass
    context.db.close()
    with (tmp_path / "public" / "topics.csv").open(newline="") as file:
        rows = {row["topic_id"]: row for row in csv.DictReader(file)}
    assert rows["1"]["label"] == "'=HYPERLINK()"
    assert rows["2"]["label"] == "molecules <b>"
