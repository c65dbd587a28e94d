"""The described form of a record is the form that its JSON has."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter

from domain.nullable_numbers import FloatOrNaN
from domain.record_to_json import json_value
from domain.week import Week
from queries.json_schema import json_form

WEEK = Week(date(2026, 6, 15))


@dataclass(frozen=True)
class Inner:
    """What is inside."""

    share: FloatOrNaN
    n: int = 0


@dataclass(frozen=True)
class Certain:
    """A number that is always known."""

    share: float


@dataclass(frozen=True)
class Outer(Inner):
    """What is outside."""

    week: Week = WEEK
    """Its week."""
    weeks: tuple[Week, ...] = ()
    at: datetime | None = None
    by_name: dict[str, Inner] | None = None


def test_a_record_is_written_with_its_fields_in_their_order() -> None:
    at = datetime(2026, 6, 23, 8, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    record = Outer(0.5, 3, weeks=(Week.parse("2026-W01"),), at=at, by_name={"a": Inner(0.1)})
    assert json.dumps(record, default=json_value) == (
        '{"share": 0.5, "n": 3, "week": "2026-W25", "weeks": ["2026-W01"], "at": "2026-06-23T06:00:00Z", '
        '"by_name": {"a": {"share": 0.1, "n": 0}}}'
    )
    with pytest.raises(TypeError, match="set has no form"):
        json.dumps({"a": {1}}, default=json_value)
    with pytest.raises(ValueError, match="not JSON compliant"):
        json.dumps(Certain(math.nan), default=json_value, allow_nan=False)


@pytest.mark.parametrize("unknown", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_known_is_null(unknown: float) -> None:
    assert json.dumps(Outer(unknown, 3), default=json_value, allow_nan=False).startswith('{"share": null, "n": 3, ')


def test_a_record_is_described_by_its_docstrings_with_every_field_required() -> None:
    schema = TypeAdapter(json_form(Outer)).json_schema(mode="serialization")
    assert schema["description"] == "What is outside."
    assert schema["required"] == list(schema["properties"]) == ["share", "n", "week", "weeks", "at", "by_name"]
    assert schema["properties"]["week"]["description"] == "Its week."
    assert schema["properties"]["week"]["type"] == schema["properties"]["weeks"]["items"]["type"] == "string"
    assert {"type": "null"} in schema["properties"]["share"]["anyOf"]
    assert {"type": "string", "format": "date-time"} in schema["properties"]["at"]["anyOf"]
    assert schema["$defs"]["Inner"]["description"] == "What is inside."


def test_what_is_written_fits_its_description() -> None:
    record = Outer(0.5, at=datetime(2026, 6, 23, tzinfo=UTC), by_name={"a": Inner(0.1)})
    TypeAdapter(json_form(Outer)).validate_json(json.dumps(record, default=json_value))
