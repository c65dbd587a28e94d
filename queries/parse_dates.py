"""Reads the weeks that people type."""

from __future__ import annotations

from domain.errors import NotFound, UsageError
from domain.week import Week


def week_named(text: str) -> Week:
    """A week from ``2026-W19``.

    Raises
    ------
    UsageError
    """
    try:
        return Week.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def week_called(name: str) -> Week:
    """A week of an address.

    Raises
    ------
    NotFound
    """
    try:
        return Week.parse(name)
    except ValueError as error:
        raise NotFound(str(error)) from error
