"""What is wrong with a value, in plain words instead of those of the library that checks values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

_MOST_READ = 60
"""Characters of a wrong value that are compared."""
_MIN_LIKENESS = 0.65
_BETWEEN_CHOICES = re.compile(r", | or (?=[^ ]+$)")
_QUOTED = re.compile(r"'([^']*)'")
_WORDS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "it is missing",
    "missing_argument": lambda _: "it is missing",
    "greater_than_equal": lambda given: f"it must be at least {given['ge']}",
    "greater_than": lambda given: f"it must be above {given['gt']}",
    "less_than_equal": lambda given: f"it must be at most {given['le']}",
    "less_than": lambda given: f"it must be below {given['lt']}",
    "finite_number": lambda _: "it must be a finite number",
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


def nearest(given: str, allowed: Iterable[str]) -> str | None:
    """The allowed word that is written most like the given one, in capitals or not; ``None`` if none is alike.

    Examples
    --------
    >>> nearest("cs.cv", ["cs.CL", "cs.CV"])
    'cs.CV'
    """
    by_folded = {word.casefold(): word for word in allowed}
    close = get_close_matches(given[:_MOST_READ].casefold().strip(), by_folded, n=1, cutoff=_MIN_LIKENESS)
    return by_folded[close[0]] if close else None


def did_you_mean(given: str, allowed: Iterable[str], rest: str = "", *, before: str = "") -> str:
    """``; did you mean 'diffusion'?`` if something allowed is alike, and ``rest``; the end of a message.

    ``before`` is what the word stands behind.

    Examples
    --------
    >>> did_you_mean("difusion", ["diffusion", "transformer"], before="technique:")
    "; did you mean 'technique:diffusion'?"
    >>> did_you_mean("spede", ["speed", "memory"], "allowed are speed, memory")
    "; did you mean 'speed'? Allowed are speed, memory"
    """
    near = nearest(given, allowed)
    if near is None:
        return f"; {rest}" if rest else ""
    return f"; did you mean {before + near!r}?" + (f" {rest[:1].upper()}{rest[1:]}" if rest else "")


def _one_of(problem: Mapping[str, Any]) -> str:
    choices = _BETWEEN_CHOICES.split(str(problem["ctx"]["expected"]))
    # The empty choice is left out: it is nothing, as a form sends an empty field.
    *most, last = [choice for choice in choices if choice != "''"]
    expected = f"{', '.join(most)} or {last}" if most else last
    return f"it must be {expected}{did_you_mean(str(problem.get('input', '')), _QUOTED.findall(expected))}"


def wrong_value(problem: Mapping[str, Any]) -> str:
    """What is wrong, from one of the ``errors()`` of a ``ValidationError``.

    Examples
    --------
    >>> wrong_value({"type": "less_than_equal", "msg": "Input should be ...", "ctx": {"le": 20}})
    'it must be at most 20'
    >>> wrong_value({"type": "int_parsing", "msg": "Input should be a valid integer, unable to parse ..."})
    'it must be a whole number'
    >>> wrong_value({"type": "literal_error", "input": "moth", "ctx": {"expected": "'week' or 'month'"}})
    "it must be 'week' or 'month'; did you mean 'month'?"
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
    if kind in ("literal_error", "enum"):
        return _one_of(problem)
    if kind in _WORDS:
        return _WORDS[kind](problem.get("ctx", {}))
    message = str(problem["msg"]).removeprefix("Value error, ")
    return message[:1].lower() + message[1:]
