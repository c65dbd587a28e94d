"""What is wrong with a value, in plain words instead of those of the library that checks values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "it is missing",
    "missing_argument": lambda _: "it is missing",
    "greater_than_equal": lambda given: f"it must be at least {given['ge']}",
    "greater_than": lambda given: f"it must be above {given['gt']}",
    "less_than_equal": lambda given: f"it must be at most {given['le']}",
    "less_than": lambda given: f"it must be below {given['lt']}",
    "finite_number": lambda _: "it must be a finite number",
    "literal_error": lambda given: f"it must be {given['expected']}",
    "enum": lambda given: f"it must be {given['expected']}",
    "string_pattern_mismatch": lambda _: "it has another form than this value may have",
    "string_too_long": lambda given: f"it must have at most {given['max_length']} characters",
    "string_too_short": lambda given: f"it must have at least {given['min_length']} characters",
    "too_long": lambda given: f"it must have at most {given['max_length']} values",
    "too_short": lambda given: f"it must have at least {given['min_length']} values",
    "string_type": lambda _: "it must be a text",
    "list_type": lambda _: "it must be a list",
    "tuple_type": lambda _: "it must be a list",
    "model_type": lambda _: "it must be a group of settings",
    "model_attributes_type": lambda _: "it must be a group of values",
}


def wrong_value(problem: Mapping[str, Any]) -> str:
    """What is wrong, from one of the ``errors()`` of a ``ValidationError``.

    Examples
    --------
    >>> wrong_value({"type": "less_than_equal", "msg": "Input should be ...", "ctx": {"le": 20}})
    'it must be at most 20'
    >>> wrong_value({"type": "int_parsing", "msg": "Input should be a valid integer, unable to parse ..."})
    'it must be a whole number'
    """
    kind = str(problem["type"])
    if kind.startswith("int_"):
        return "it must be a whole number"
    if kind.startswith(("float_", "decimal_")):
        return "it must be a number"
    if kind.startswith("bool_"):
        return "it must be true or false"
    if kind.startswith(("date_", "datetime_")):
        return "it must be a date or time like 2026-06-23T12:00:00+00:00"
    if kind in _WORDS:
        return _WORDS[kind](problem.get("ctx", {}))
    message = str(problem["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
