"""Records from their JSON: the inverse of ``domain.record_to_json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from domain.nullable_numbers import MAY_BE_NAN
from domain.week import Week

_T = TypeVar("_T")


def record_from_json(kind: type[_T], value: Any) -> _T:
    """The record of a type that ``json_value`` writes as ``value``; members that the type has no field for are left.

    Raises
    ------
    ValueError
        If the value is not the JSON of such a record.

    Examples
    --------
    >>> record_from_json(Week, "2026-W25") == Week.parse("2026-W25")
    True
    """
    try:
        return cast(_T, _read(kind, value))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not the JSON of {kind.__name__}: {error}") from error


def _read(kind: Any, value: Any) -> Any:
    if kind is Week:
        return Week.parse(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{field.name: _read(hints[field.name], value[field.name]) for field in fields(kind) if field.init})
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return math.nan if value is None and MAY_BE_NAN in parts else _read(parts[0], value)
    if origin in (Union, UnionType):
        return None if value is None else _read(next(part for part in parts if part is not type(None)), value)
    if origin is tuple:
        of_each = [parts[0]] * len(value) if parts[1:] == (...,) else parts
        return tuple(_read(part, element) for part, element in zip(of_each, value, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {_read(parts[0], key): _read(parts[1], element) for key, element in value.items()}
    if origin is list:
        return [_read(parts[0], element) for element in value]
    if origin is Literal and value not in parts:
        raise ValueError(f"expected one of {parts}, got {value!r}")
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)
