"""Every field of a query's result is a column of its table, or is left out on purpose."""

from __future__ import annotations

from dataclasses import fields

import pytest

from domain.digest import TermLine, TopicLine
from domain.table_schemas import TableSchema
from domain.trends import TermSeries, TrendPoint
from papertide import table_schemas
from queries.results import DetectResult, FoundPaper, FoundTerm, PaperLine, StoredWeek, TopicSummary

SHOWN_AS = {
    "trends": {"points": ("start", "end", "k", "n", "share", "low", "high")},
    "digest": {
        "topic_id": ("key",),
        "label": ("name",),
        "adopts": ("k", "n", "share", "low", "high"),
        "against_recent": ("difference", "difference_low", "difference_high", "verdict"),
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
        (table_schemas.TRENDS, (TermSeries, TrendPoint)),
        (table_schemas.SEARCH, (FoundPaper,)),
        (table_schemas.PAPERS, (PaperLine,)),
        (table_schemas.TOPICS, (TopicSummary,)),
        (table_schemas.DIGEST, (TermLine, TopicLine)),
        (table_schemas.DETECTIONS, (DetectResult, FoundTerm)),
        (table_schemas.WEEKS, (StoredWeek,)),
    ],
    ids=lambda value: value.name if isinstance(value, TableSchema) else "",
)
def test_every_field_is_a_column_or_left_out(schema: TableSchema, records: tuple[type, ...]) -> None:
    columns = {column.name for column in schema.columns}
    found = {field.name for record in records for field in fields(record)}
    shown_as = SHOWN_AS.get(schema.name, {})
    assert found - columns - set(shown_as) == table_schemas.LEFT_OUT.get(schema.name, frozenset())
    made_of_fields = found | {name for names in shown_as.values() for name in names}
    assert columns - made_of_fields == FROM_ELSEWHERE.get(schema.name, set())
