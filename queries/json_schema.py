"""The types that describe records' JSON (``domain/record_to_json.py``) in OpenAPI."""

from __future__ import annotations

import ast
import inspect
import operator
import textwrap
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, make_dataclass
from functools import cache, reduce
from itertools import pairwise
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import Field, WithJsonSchema

from domain.nullable_numbers import MAY_BE_NAN
from domain.week import Week

_WEEK = Annotated[str, WithJsonSchema({"type": "string", "pattern": r"^\d{4}-W\d{2}$", "examples": ["2026-W25"]})]


def json_form(hint: Any) -> Any:
    """The type of the JSON that a value of the type ``hint`` becomes, as pydantic and FastAPI describe it.

    Descriptions are the docstrings of records and of their fields.

    Examples
    --------
    >>> json_form(tuple[int, ...] | None)
    tuple[int, ...] | None
    """
    if hint is Week:
        return _WEEK
    if isinstance(hint, type) and is_dataclass(hint):
        return _record_form(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return reduce(operator.or_, (json_form(args[0]), None)) if MAY_BE_NAN in args else json_form(args[0])
    if origin in (UnionType, Union):
        return reduce(operator.or_, map(json_form, args))
    if origin is None or origin is Literal:
        return hint
    return origin[tuple(map(json_form, args))]


@cache
def _record_form(record: type) -> type:
    hints = get_type_hints(record, include_extras=True)
    described = dict(_field_docstrings(record))
    return make_dataclass(
        record.__name__,
        [
            (field.name, Annotated[json_form(hints[field.name]), Field(description=described.get(field.name))])
            for field in fields(record)
        ],
        namespace={"__doc__": inspect.getdoc(record), "__module__": record.__module__},
        frozen=True,
    )


def _field_docstrings(record: type) -> Iterator[tuple[str, str]]:
    """Fields of a record with the docstring that stands below each."""
    for of in reversed(record.__mro__[:-1]):
        [body] = ast.parse(textwrap.dedent(inspect.getsource(of))).body
        statements = body.body if isinstance(body, ast.ClassDef) else []
        for statement, below in pairwise(statements):
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                match below:
                    case ast.Expr(value=ast.Constant(value=str(docstring))):
                        yield statement.target.id, inspect.cleandoc(docstring)
