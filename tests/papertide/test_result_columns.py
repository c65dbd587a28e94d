"""Every field of a query's result is a column of its table, or is left out on purpose."""

from __future__ import annotations

from dataclasses import fields

import pytest

from domain.digest import TermLine, TopicLine
from domain.trends import TermSeries, TrendPoint
from domain.weekly_table_schemas import TableSchema
from papertide import result_columns
from queries.results import DetectResult, FoundPaper, FoundTerm, ListedTopic, PaperLine, StoredWeek

SHOWN_AS = {
    "trends": {
        "points": ("start", "end", "k", "n", "share", "low", "high"),
        "change": ("difference", "difference_low", "difference_high"),
    },
    "digest": {
        "topic_id": ("key",),
        "label": ("name",),
        "adopts": ("k", "n", "share", "low", "high"),
        "call": ("difference", "difference_low", "difference_high", "call"),
    },
    "detections": {"id": ("row",), "techniques": ("kind", "key"), "themes": ("kind", "key")},
    "weeks": {},
}
"""Fields whose columns have other names."""

FROM_ELSEWHERE = {"weeks": {"embedded", "has_digest"}}
"""Columns that come from other fields of the answer than the row's."""


@pytest.mark.parametrize(
    ("schema", "records"),
    [
        (result_columns.TRENDS, (TermSeries, TrendPoint)),
        (result_columns.SEARCH, (FoundPaper,)),
        (result_columns.PAPERS, (PaperLine,)),
        (result_columns.TOPICS, (ListedTopic,)),
        (result_columns.DIGEST, (TermLine, TopicLine)),
        (result_columns.DETECTIONS, (DetectResult, FoundTerm)),
        (result_columns.WEEKS, (StoredWeek,)),
    ],
    ids=lambda value: value.name if isinstance(value, TableSchema) else "",
)
def test_every_field_is_a_column_or_left_out(schema: TableSchema, records: tuple[type, ...]) -> None:
    columns = {column.name for column in schema.columns}
    found = {field.name for record in records for field in fields(record)}
    shown_as = SHOWN_AS.get(schema.name, {})
    assert found - columns - set(shown_as) == result_columns.LEFT_OUT.get(schema.name, frozenset())
    made_of_fields = found | {name for names in shown_as.values() for name in names}
    assert columns - made_of_fields == FROM_ELSEWHERE.get(schema.name, set())
