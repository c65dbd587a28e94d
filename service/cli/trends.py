"""Command `trends`: shares of papers over time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.errors import UsageError
from domain.trend_periods import PERIODS, Period
from domain.trends import Level
from service.cli.context import asked, open_context, settings_of
from service.cli.output_options import JsonOption, print_json, require_folder_for, require_one_of
from templates.trend_scale import ScaleChoice

if TYPE_CHECKING:
    from domain.trends import TrendPoint
    from queries.results import Trends
    from runtime.context import AppContext


def trends(
    ctx: typer.Context,
    terms: Annotated[
        list[str],
        typer.Argument(
            help="Techniques, themes, topics, or any words; `exact:WORDS` counts words as written, `meaning:WORDS` "
            "papers that mean what the words describe; `meaning(9/12):WORDS` holds answers of before.",
            metavar="TERM...",
        ),
    ],
    since: Annotated[str | None, typer.Option(help="2026-05-04, 2026-W19, 2026-05 or 2026.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day, included; same formats.")] = None,
    by: Annotated[Period, typer.Option(help="Length of a period.")] = "week",
    category: Annotated[list[str] | None, typer.Option(help="Only papers listed here; may be repeated.")] = None,
    primary: Annotated[bool, typer.Option("--primary", help="With --category: by primary category.")] = False,
    level: Annotated[Level, typer.Option(help="How far a technique must be adopted.")] = "adopts",
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    out: Annotated[Path | None, typer.Option(help="Draw a chart: a file ending in .png, .svg or .json.")] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Ask which of a dozen papers of each `meaning:` term are right, for its intervals."
        ),
    ] = False,
    scale: Annotated[
        ScaleChoice, typer.Option(help="The chart's axis; auto draws a panel for each term if their sizes differ much.")
    ] = "auto",
) -> None:
    """The share of papers over time, with its interval and denominator."""
    from importlib.metadata import version

    from domain.typed_day import day
    from queries.parameters import MAX_TERMS_SHOWN, charted_terms
    from queries.results import Trends
    from templates.trend_file_caption import trend_source

    require_one_of({"--json": as_json, "--csv": as_csv})
    if out is not None and out.suffix not in (".png", ".svg", ".json"):
        raise UsageError(f"--out {out}: a chart ends in .png, .svg or .json")
    if out is not None:
        require_folder_for(out)
    first_day, last_day = day(since) if since else None, day(until, end=True) if until else None
    if check:
        with open_context(ctx) as context:
            terms = [_checked(context, term) for term in terms]
    answer = None
    if len(terms) <= MAX_TERMS_SHOWN and list(charted_terms(terms)) == terms:
        parameters = [("since", since), ("until", until), ("by", by), ("level", level)]
        parameters += [("term", term) for term in terms] + [("category", name) for name in category or ()]
        parameters += [("primary", "true")] if primary else []
        answer = asked(ctx, Trends, "/api/v1/trends", parameters)
    if answer is None:
        from queries import trends as trend_queries

        with open_context(ctx) as context:
            answer = trend_queries.trends(
                context,
                terms,
                by=by,
                level=level,
                categories=category or (),
                primary=primary,
                since=first_day,
                until=last_day,
            )
    made_up = False
    if as_csv or out is not None:
        from queries.status import is_sample_corpus

        with open_context(ctx) as context:
            made_up = is_sample_corpus(context)
    source = trend_source(
        answer.series,
        by=answer.by,
        level=answer.level,
        categories=answer.categories,
        version=version("papertide"),
        primary=primary and bool(category),
        counted_at=answer.counted_at,
        address=settings_of(ctx).service.base_url,
        made_up=made_up,
    )
    if out is not None:
        from runtime.atomic_write import write_whole
        from templates.trend_vega import chart_bytes, trend_chart

        chart = trend_chart(answer.series, source, scale=scale)
        write_whole(out, chart_bytes(chart, out.suffix))
        typer.echo(f"drawn in {out}")
    if as_json:
        print_json(answer)
    elif as_csv:
        from templates.trend_csv import trends_csv

        sys.stdout.write(trends_csv(answer.series, source))
    elif out is None:
        _print_trends(answer)


def _checked(context: AppContext, term: str) -> str:
    """A term by meaning with the answers of who asks; any other as it is."""
    from domain.term_prefix import Answers, typed_term, with_answers
    from queries.meaning_precision import papers_to_judge
    from templates.marked_text import readable

    typed = typed_term(term)
    if typed.kind != "meaning":
        return term
    papers = papers_to_judge(context, typed.words)
    typer.echo(f"Is each of these {len(papers)} papers about {typed.words!r}?", err=True)
    answers = [
        typer.confirm(f"{number:>3}. {readable(paper.title)}", err=True) for number, paper in enumerate(papers, 1)
    ]
    checked = with_answers(typed.words, Answers(sum(answers), len(answers)))
    typer.echo(f"next time without questions: {checked!r}", err=True)
    return checked


def _print_trends(answer: Trends) -> None:
    from templates import change_wording, marked_text, page_message_wording, term_wording

    if answer.counted_at is not None:
        typer.echo(page_message_wording.counted_note(answer.counted_at))
    for series in answer.series:
        typer.echo(f"{series.term} ({term_wording.counted_as_text(series, answer.level)}), by {answer.by}")
        if series.counted_since is not None:
            typer.echo(f"  {term_wording.counted_since_text(series)}")
        if series.unknown:
            typer.echo(f"  {series.unknown}")
        for reading in series.readings:
            if not reading.chosen:
                typer.echo(f"  can also mean {reading.term!r}: {term_wording.reading_text(reading)}")
        if series.meaning is not None:
            typer.echo(f"  {term_wording.meaning_precision_text(series.meaning)}")
            for overlap in series.meaning.overlaps:
                typer.echo(f"  {term_wording.overlap_text(overlap, series.meaning)}")
            for paper in series.meaning.samples:
                typer.echo(f"  for example {paper.arxiv_id}: {marked_text.readable(paper.title)}")
        for p in series.points:
            typer.echo(f"  {PERIODS[answer.by].name(p.start):8}  {point_text(p, answer.by)}")
        if (call := series.call) is not None and call.change is not None:
            typer.echo(f"  called in {call.week}: {change_wording.movement_text(call.verdict, call.change, call.wave)}")
        elif series.change is not None:
            typer.echo(f"  tested alone: {change_wording.movement_text(series.verdict, series.change)}")


def point_text(p: TrendPoint, by: Period) -> str:
    """The share of one period, with its interval and its papers, aligned with those of other periods."""
    from templates.number_text import NO_BREAK_SPACE, interval_of, percent
    from templates.share_curves import is_partial

    share = "no papers" if p.share is None else percent(p.share)
    interval = ""
    if p.share is not None and p.low is not None and p.high is not None:
        interval = f"  ({interval_of(p.share, p.low, p.high)})"
    whole = "" if p.complete else "  partial" if is_partial(p, by) else "  not proven complete"
    if p.corrected is not None and p.corrected_low is not None and p.corrected_high is not None:
        corrected = interval_of(p.corrected, p.corrected_low, p.corrected_high)
        whole = f"; corrected for detection errors {corrected}{whole}"
    return f"{share:>9}{interval}  {p.k:,} of {p.n:,}{whole}".replace(NO_BREAK_SPACE, " ")
