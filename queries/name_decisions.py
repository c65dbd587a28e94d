"""The operator's decisions on named things: merge, split, rename, another kind, ignore; by command and by file.

A decision holds until it is taken back, whatever a new tagger or rule makes of the papers. Each is an event in the
name's history.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.errors import UsageError
from domain.name_ledger import Name, NameEvent
from domain.name_mention import NAME_KINDS
from domain.paper import ArxivId, parse_arxiv_id
from domain.subscription import sanitized_line
from domain.week import Week
from queries.term_resolution import names_called, unknown_name
from runtime.context import AppContext
from store.name_decisions import decide_names, split_name
from store.name_ledger_reading import decided_names, papers_of_name, split_papers
from templates.number_text import agreeing, plain_plural

_MOST_SHOWN = 5
_MAX_SURFACE = 120


def one_name(context: AppContext, called: str) -> Name:
    """The name with this id (``#12``) or spelling.

    Raises
    ------
    UsageError
        If there is none, or several things have the name.
    """
    found = names_called(context, called)
    if not found:
        raise UsageError(unknown_name(context, called))
    if len(found) > 1 and not called.startswith("#"):
        named = ", ".join(f"#{n.name_id} ({n.kind}, first seen {n.first_week})" for n in found[:_MOST_SHOWN])
        raise UsageError(f"{called!r} is the name of {len(found)} things; choose one by its number: {named}")
    return found[0]


def merge(context: AppContext, called: str, into: str) -> str:
    """Count one name as another from now on; its page says so."""
    one, other = one_name(context, called), one_name(context, into)
    if one.name_id == other.name_id:
        raise UsageError(f"{called!r} and {into!r} are one name already")
    week = _now(context)
    decide_names(
        context.db,
        {one.name_id: {"merged_into": other.name_id}},
        [
            (one.name_id, NameEvent("merged", week, detail=str(other.name_id))),
            (other.name_id, NameEvent("merged", week, detail=str(one.name_id))),
        ],
        now=context.now(),
    )
    return f"#{one.name_id} {one.surface} now counts as #{other.name_id} {other.surface}"


def split(context: AppContext, called: str, papers: Sequence[str]) -> str:
    """Give some papers of a name to a new name, for good."""
    one = one_name(context, called)
    try:
        ids = [parse_arxiv_id(text) for text in papers]
    except ValueError as error:
        raise UsageError(str(error)) from error
    if not ids:
        raise UsageError("no paper is given; name those that mean another thing")
    held = {arxiv_id for arxiv_id, _, _ in papers_of_name(context.db, one.name_id, context.settings.categories)}
    if lacking := [arxiv_id for arxiv_id in ids if arxiv_id not in held]:
        raise UsageError(f"{', '.join(lacking)}: not among the papers of #{one.name_id} {one.surface}")
    new_id = split_name(context.db, one.name_id, ids, _now(context), now=context.now())
    moved = f"{plain_plural(len(ids), 'paper')} of #{one.name_id} {one.surface}"
    return f"{moved} {agreeing(len(ids), 'is now that', 'are now those')} of #{new_id}"


def rename(context: AppContext, called: str, name: str | None) -> str:
    """Show a name otherwise; without a new name, as its papers write it."""
    one = one_name(context, called)
    given = sanitized_line(name) if name is not None else None
    if given is not None and not 1 <= len(given) <= _MAX_SURFACE:
        raise UsageError(f"a name is one line of 1 to {_MAX_SURFACE} characters")
    return _decide(context, one, {"given_surface": given}, NameEvent("renamed", _now(context), detail=given or ""))


def set_kind(context: AppContext, called: str, kind: str | None) -> str:
    """Say which kind a name is of; without one, what its papers say."""
    if kind is not None and kind not in NAME_KINDS:
        raise UsageError(f"{kind!r} is no kind of name; choose one of {', '.join(NAME_KINDS)}")
    one = one_name(context, called)
    return _decide(context, one, {"given_kind": kind}, NameEvent("kind_changed", _now(context), detail=kind or ""))


def ignore(context: AppContext, called: str, *, restore: bool = False) -> str:
    """Leave a name out of all lists, or with ``restore`` show it again."""
    one = one_name(context, called)
    event = NameEvent("restored" if restore else "ignored", _now(context))
    return _decide(context, one, {"is_ignored": not restore}, event)


def _decide(context: AppContext, one: Name, columns: Mapping[str, Any], event: NameEvent) -> str:
    decide_names(context.db, {one.name_id: columns}, [(one.name_id, event)], now=context.now())
    words = event.kind.replace("_", " ")
    return f"#{one.name_id} {one.surface}: {words}{f' to {event.detail}' if event.detail else ''}"


def _now(context: AppContext) -> Week:
    return Week.containing(context.now())


_FIELDS: Mapping[str, tuple[str, ...]] = {
    "merge": ("name", "into"),
    "split": ("name", "papers"),
    "rename": ("name", "to"),
    "kind": ("name", "kind"),
    "ignore": ("name",),
}


def apply_file(context: AppContext, file: Path) -> list[str]:
    """Apply the decisions of a TOML file, in its order within each sort; those that hold already change nothing.

    Raises
    ------
    UsageError
        If the file cannot be read, or a decision names something unknown; decisions before it are applied.
    """
    try:
        decisions = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file} is no TOML: {error}") from error
    if unknown := sorted(decisions.keys() - _FIELDS):
        raise UsageError(f"{file}: there is no decision {unknown[0]!r}; write {', '.join(_FIELDS)}")
    done: list[str] = []
    for sort, fields in _FIELDS.items():
        listed = decisions.get(sort, [])
        if not isinstance(listed, list):
            raise UsageError(f"{file}: write each decision as [[{sort}]]")
        for number, one in enumerate(listed, start=1):
            if not isinstance(one, dict) or set(one) != set(fields):
                raise UsageError(f"{file}: [[{sort}]] number {number} needs {' and '.join(fields)}, and nothing else")
            if not all(isinstance(one[field], list if field == "papers" else str) for field in fields):
                raise UsageError(f"{file}: [[{sort}]] number {number}: names are texts, papers a list of texts")
            if not _holds_already(context, sort, one):
                done.append(_apply(context, sort, one))
    return done


def _holds_already(context: AppContext, sort: str, one: Mapping[str, Any]) -> bool:
    found = names_called(context, one["name"])
    if sort == "merge":
        into = names_called(context, one["into"])
        return bool(found and into and found[0].name_id == into[0].name_id)
    if sort == "split":
        given = split_papers(context.db)
        return any(set(one["papers"]) <= set(ids) for ids in given.values())
    if not found:
        return False
    if sort == "rename":
        return found[0].surface == str(one["to"])
    if sort == "kind":
        return found[0].kind == one["kind"] and found[0].kind_confidence == 1.0
    return found[0].is_ignored


def _apply(context: AppContext, sort: str, one: Mapping[str, Any]) -> str:
    if sort == "merge":
        return merge(context, one["name"], one["into"])
    if sort == "split":
        return split(context, one["name"], one["papers"])
    if sort == "rename":
        return rename(context, one["name"], one["to"])
    if sort == "kind":
        return set_kind(context, one["name"], one["kind"])
    return ignore(context, one["name"])


def decisions_as_toml(context: AppContext) -> str:
    """The decisions that hold, as a file that ``apply_file`` reads."""
    lines: list[str] = []

    def add(sort: str, **fields: str | list[ArxivId]) -> None:
        lines.append(f"[[{sort}]]")
        lines.extend(f"{field} = {_toml(value)}" for field, value in fields.items())
        lines.append("")

    for name, given_surface, given_kind in decided_names(context.db):
        called = f"#{name.name_id}"
        if name.merged_into is not None:
            add("merge", name=called, into=f"#{name.merged_into}")
        if given_surface is not None:
            add("rename", name=called, to=given_surface)
        if given_kind is not None:
            add("kind", name=called, kind=given_kind)
        if name.is_ignored:
            add("ignore", name=called)
    for name_id, papers in split_papers(context.db).items():
        add("split", name=f"#{name_id}", papers=papers)
    return "\n".join(lines)


def _toml(value: str | list[ArxivId]) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
