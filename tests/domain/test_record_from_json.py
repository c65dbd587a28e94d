"""Records read from their JSON are those that were written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import pytest

from domain.nullable_numbers import MAY_BE_NAN
from domain.record_from_json import record_from_json
from domain.record_to_json import json_value
from domain.week import Week


@dataclass(frozen=True)
class _Inner:
    at: datetime
    day: date | None
    pair: tuple[str, int]


@dataclass(frozen=True)
class _Outer:
    week: Week
    inner: tuple[_Inner, ...]
    only: _Inner | None
    by_name: Mapping[str, _Inner]
    share: Annotated[float, MAY_BE_NAN]
    choice: Literal["a", "b"]
    names: tuple[str, ...] = ()


_INNER = _Inner(datetime(2026, 6, 23, 6, 30, 1, tzinfo=UTC), date(2026, 6, 15), ("x", 3))
_RECORD = _Outer(
    Week.parse("2026-W25"), (_INNER, _Inner(_INNER.at, None, ("", 0))), None, {"n": _INNER}, 0.25, "a", ("é",)
)


def _members(record: object) -> Any:
    return json.loads(json.dumps(record, default=json_value))


def test_what_is_written_is_read_again() -> None:
    assert record_from_json(_Outer, _members(_RECORD)) == _RECORD


def test_a_number_that_is_not_known_is_nan_again() -> None:
    assert math.isnan(record_from_json(_Outer, {**_members(_RECORD), "share": None}).share)


def test_members_of_a_later_version_are_left_out() -> None:
    assert record_from_json(_Outer, {**_members(_RECORD), "new": 1}) == _RECORD


@pytest.mark.parametrize(
    "changed", [{"week": "soon"}, {"inner": 3}, {"only": {"at": "x"}}, {"choice": "c"}, {"by_name": []}]
)
def test_what_is_no_such_record_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message repeats what came
        record_from_json(_Outer, {**_members(_RECORD), **changed})


def test_a_lacking_member_is_refused() -> None:
    members = _members(_RECORD)
    del members["names"]
    with pytest.raises(ValueError, match="not the JSON of _Outer"):
        record_from_json(_Outer, members)
