"""The public data as files: a table holds no formula."""

from __future__ import annotations

import csv
from pathlib import Path

from service.export import export_public
from service.workshop import Workshop
from store.topics import give_name
from tests.service.web.conftest import LAST_WEEK, make_shop


def test_a_topic_is_no_formula_in_the_table(tmp_path: Path) -> None:
    warm = make_shop(tmp_path / "shop")
    give_name(warm.db, 1, "=HYPERLINK()", week=LAST_WEEK)
    warm.db.close()
    shop = Workshop(warm.settings)
    for _ in export_public(shop, tmp_path / "public"):
        pass
    shop.db.close()
    with (tmp_path / "public" / "topics.csv").open(newline="") as file:
        rows = {row["topic_id"]: row for row in csv.DictReader(file)}
    assert rows["1"]["label"] == "'=HYPERLINK()"
    assert rows["2"]["label"] == "molecules <b>"
