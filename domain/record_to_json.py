"""Records as JSON.

A record becomes an object with a member for each of its fields, in their order; a tuple becomes a list, a week
``2026-W25``, a day ``2026-06-15``, an instant ``2026-06-23T06:00:00Z``. What is not known is null.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, get_args, get_type_hints

from domain.nullable_numbers import MAY_BE_NAN
from domain.week import Week, iso_instant


def json_value(value: Any) -> Any:
    """A record, week, day or instant as ``json.dumps`` can write it; pass this function as ``default``.

    Raises
    ------
    TypeError
        If the value is none of these.

    Examples
    --------
    >>> import json
    >>> json.dumps({"week": Week.parse("2026-W25"), "start": date(2026, 6, 15)}, default=json_value)
    '{"week": "2026-W25", "start": "2026-06-15"}'
    """
    return _writer(type(value))(value)  # type: ignore[arg-type]  # mypy takes a type for unhashable


@cache
def _writer(of: type) -> Callable[[Any], Any]:
    """What makes a value of a type into one that JSON has; kept for each type, because a chart has hundreds."""
    if of is Week:
        return str
    if issubclass(of, datetime):
        return iso_instant
    if issubclass(of, date):
        return date.isoformat
    if is_dataclass(of):
        hints = get_type_hints(of, include_extras=True)
        nullable = [name for name, hint in hints.items() if MAY_BE_NAN in get_args(hint)]
        return _with_nulls(nullable) if nullable else vars
    raise TypeError(f"{of.__name__} has no form in JSON")


def _with_nulls(nullable: list[str]) -> Callable[[Any], dict[str, Any]]:
    """What writes a record with null for the numbers that are not known."""

    def write(record: Any) -> dict[str, Any]:
        members = dict(vars(record))
        for name in nullable:
            if not math.isfinite(members[name]):
                members[name] = None
        return members

    return write
