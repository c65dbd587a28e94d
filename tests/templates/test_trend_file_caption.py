"""Files of trends say what they are of."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from domain.trends import Level, TermSeries, TrendPoint
from templates.term_wording import levels_note
from templates.trend_csv import trends_csv
from templates.trend_file_caption import trend_source
from templates.trend_vega import chart_bytes, trend_chart

POINTS = tuple(
    TrendPoint(date(2026, 6, day), date(2026, 6, day + 6), 3, 10, 0.3, 0.1, 0.6, True, None, None, None)
    for day in (8, 15)
)
SERIES = [
    TermSeries("diffusion", "technique", "Diffusion models", POINTS, None, (), None),
    TermSeries("C# and #tags", "text", "C# and #tags", POINTS, None, (), None),
]
SOURCE = trend_source(
    SERIES,
    by="week",
    level="adopts",
    categories=["cs.LG", "cs.CL"],
    version="9.9",
    counted_at=datetime(2026, 6, 23, 12, tzinfo=UTC),
    address="https://papertide.example/trends?term=diffusion",
)


def test_the_citation_names_version_measure_terms_days_categories_count_and_address() -> None:
    assert SOURCE.citation == (
        "Papertide 9.9: share of papers by week of Diffusion models (technique, papers that adopt it), "
        "C# and #tags (words); 2026-06-08 to 2026-06-21; cs.LG, cs.CL; "
        "counted at 2026-06-23T12:00:00Z. https://papertide.example/trends?term=diffusion Data: arXiv."
    )


def test_pandas_reads_the_csv_with_a_row_for_each_point_that_says_what_it_is_of() -> None:
    table = pd.read_csv(io.StringIO(trends_csv(SERIES, SOURCE)))
    assert table["term"].tolist() == ["diffusion"] * 2 + ["C# and #tags"] * 2
    assert table["share"].tolist() == [0.3] * 4
    assert set(table["by"]) == {"week"}
    assert table["level"].fillna("").tolist() == ["adopts"] * 2 + [""] * 2
    assert table["counted_at"].fillna("").tolist() == ["2026-06-23T12:00:00Z"] * 2 + [""] * 2
    assert set(table["categories"]) == {"cs.LG, cs.CL"}
    assert set(table["version"]) == {9.9}
    assert set(table["citation"]) == {SOURCE.citation}


@pytest.mark.parametrize(
    ("level", "verb"),
    [("mentions", "only mention"), ("adopts", "introduce or use"), ("about", "introduce")],
)
def test_a_named_thing_is_counted_at_a_level_and_files_say_so(level: Level, verb: str) -> None:
    name = TermSeries("LIBERO", "name", "LIBERO", POINTS, None, (), None)
    source = trend_source([name], by="week", level=level, categories=["cs.LG"], version="9.9")
    assert f"of LIBERO (named thing, papers that {verb} it); " in source.citation
    assert set(pd.read_csv(io.StringIO(trends_csv([name], source)))["level"]) == {level}
    assert levels_note([*SERIES, name], level).endswith(
        f"for a named thing, papers that {verb} it; for words, papers that contain them."
    )


def test_a_chart_of_counts_without_intervals_does_not_speak_of_them() -> None:
    points = tuple(replace(point, low=None, high=None) for point in POINTS)
    meaning = TermSeries("robots", "meaning", "robots", points, None, (), None)
    source = trend_source([meaning], by="week", level="adopts", categories=["cs.LG"], version="9.9")
    assert trend_chart([meaning], source)["title"]["subtitle"][0] == "hollow points: partial or not proven complete"


def test_a_chart_says_it_in_its_title_its_description_and_its_metadata() -> None:
    chart = trend_chart(SERIES, SOURCE)
    lines = chart["title"]["subtitle"]
    assert " ".join(lines) == f"bands: 95 % intervals; hollow points: partial or not proven complete {SOURCE.citation}"
    assert max(map(len, lines)) <= 120
    assert chart["usermeta"] == {"papertide": {"version": "9.9", "citation": SOURCE.citation}}
    assert SOURCE.citation[:60] in chart_bytes(chart, ".svg").decode()


def test_files_of_a_demo_say_that_its_papers_are_made_up() -> None:
    source = trend_source(SERIES, by="week", level="adopts", categories=["cs.LG"], version="9.9", made_up=True)
    assert source.citation.endswith("Data: made-up papers of a demo, nothing is from arXiv.")
    assert trend_chart(SERIES, source)["title"]["text"] == "Share of papers by week (made-up papers of a demo)"
    assert "made-up papers" in trends_csv(SERIES, source)


@pytest.mark.parametrize("primary", [True, False])
def test_a_file_of_primary_categories_says_so(primary: bool) -> None:
    source = trend_source([], by="month", level="about", categories=["cs.LG"], version="1", primary=primary)
    assert ("cs.LG (primary category)" in source.citation) == primary
    assert "no period" in source.citation
