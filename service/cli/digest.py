"""Command `digest`: write one week's digest as files, or say what would differ if it were composed now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from domain.errors import UsageError
from service.cli.context import open_context
from service.cli.output_options import require_folder_for
from service.cli.run import print_digest_summary

if TYPE_CHECKING:
    from analysis.digest.json_differences import Difference
    from domain.week import Week
    from queries.results import DigestPreview
    from runtime.context import AppContext

_MAX_LINE = 110
_MAX_VALUE = 400
"""Characters of a value that are printed at most: an object may hold thousands of papers."""


def digest(
    ctx: typer.Context,
    week: Annotated[str | None, typer.Option(help="2026-W20; by default the newest closed week stored.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; data_dir/digests by default.")] = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview",
            help="Compose from what is stored, write nothing, and list what differs from the published digest.",
        ),
    ] = False,
) -> None:
    """Write the digest of a closed week as HTML, text and JSON.

    What is stored is analysed first. A published digest of a complete week stays as it is.
    """
    from pipeline import stages
    from queries.parse_dates import week_named

    if preview and out is not None:
        raise UsageError("--preview writes nothing, so it takes no --out")
    if out is not None:
        require_folder_for(out)
    with open_context(ctx, read_only=preview) as context:
        chosen = week_named(week) if week else stages.newest_closed_week(context)
        stages.require_closed(context, chosen)
        stages.require_held(context, chosen)
        if preview:
            _print_preview(context, chosen)
        else:
            _publish_and_write(context, chosen, out)


def _publish_and_write(context: AppContext, week: Week, out: Path | None) -> None:
    from domain.week import last_closed_week
    from pipeline import stages
    from pipeline.run import digest_folder, write_digest
    from queries.digests import newest_digest
    from runtime.exclusive_run import exclusive_run
    from service.cli.progress import follow

    before = newest_digest(context, week)
    typer.echo(f"Analysing what is stored, then composing the digest of {week}.", err=True)
    with exclusive_run(context, "digest", str(week)) as guarded:
        follow(guarded(stages.analyse(context, last_week=last_closed_week(context.now()))))
        follow(guarded(stages.publish(context, week)))
    after = newest_digest(context, week)
    if before is not None and after is not None and after.revision == before.revision:
        typer.echo(
            f"This is the digest of {week} as published on {before.published_at:%Y-%m-%d %H:%M} UTC, "
            f"revision {before.revision}. `papertide digest --week {week} --preview` lists what would differ if it "
            "were composed now.",
            err=True,
        )
    page = write_digest(context, week, out or digest_folder(context))
    print_digest_summary(context, week, page)


def _print_preview(context: AppContext, week: Week) -> None:
    from queries.digest_preview import preview_digest

    typer.echo(f"Composing the digest of {week} from what is stored.", err=True)
    preview = preview_digest(context, week)
    if preview.n_not_analysed:
        typer.echo(
            f"{preview.n_not_analysed:,} of {preview.n_papers:,} papers are not analysed yet, so their techniques and "
            "topics are missing; `papertide analyse` finds them.",
            err=True,
        )
    for line in _preview_lines(preview):
        typer.echo(line)


def _preview_lines(preview: DigestPreview) -> list[str]:
    if preview.published_at is None:
        return [
            f"{preview.week} is not published yet; `papertide digest --week {preview.week}` publishes it.",
            f"Composed now, it has {preview.n_papers:,} papers. {preview.sentence}",
        ]
    published = f"revision {preview.revision} of {preview.published_at:%Y-%m-%d %H:%M} UTC"
    if not preview.differences:
        return [f"{preview.week}: no difference from what is published, {published}."]
    n_fields = len(preview.differences)
    lines = [f"{preview.week}: {n_fields:,} {'field differs' if n_fields == 1 else 'fields differ'} from {published}."]
    for difference in preview.differences:
        lines += _difference_lines(difference)
    return lines


def _difference_lines(difference: Difference) -> list[str]:
    """The path and both values, on one line where they fit."""
    path = difference.path or "digest"
    if difference.kind == "members":
        before, after = (", ".join(map(str, names)) for names in (difference.published, difference.now))
        parts = [f"only published: {_cut(before)}"] * bool(before) + [f"only now: {_cut(after)}"] * bool(after)
    elif difference.kind == "order":
        orders = (", ".join(map(str, names)) for names in (difference.published, difference.now))
        parts = [
            f"{words}: {_cut(order)}" for words, order in zip(("order published", "order now"), orders, strict=True)
        ]
    else:
        before, after = _values(difference.published, difference.now)
        parts = [f"published {_cut(before)}", f"now {_cut(after)}"]
    line = f"  {path}: {', '.join(parts)}"
    return [line] if len(line) <= _MAX_LINE else [f"  {path}", *(f"    {part}" for part in parts)]


def _values(published: Any, now: Any) -> tuple[str, str]:
    """Both values as text: numbers with five digits, or with all where five would look the same."""
    texts = (_text(published, "{:.5g}"), _text(now, "{:.5g}"))
    return texts if texts[0] != texts[1] else (_text(published, "{!r}"), _text(now, "{!r}"))


def _text(value: Any, form: str) -> str:
    return form.format(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…"
