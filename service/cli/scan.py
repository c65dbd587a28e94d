"""Command `scan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.reading import Verdict
from service.cli.context import GlobalOptions
from service.cli.filter_options import AcceptedOption, HasOption, WithCodeOption, facets_asked
from service.cli.output_options import JsonOption, print_json

if TYPE_CHECKING:
    from queries.results import ScannedPaper, ScanResult

_KEYS: dict[str, Verdict] = {"1": "keep", "2": "skip", "3": "undecided"}


def scan(
    ctx: typer.Context,
    week: Annotated[
        str | None, typer.Option(help="Such as 2026-W25; by default the newest closed week stored.")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Instead of a week: 2026-05-04, 2026-W19 or 2026-05.")] = None,
    until: Annotated[str | None, typer.Option(help="With --since: the last day, by default today.")] = None,
    wanted: Annotated[
        list[str] | None,
        typer.Option("--for", help="search:WORDS or topic:NUMBER to look for; may be repeated."),
    ] = None,
    seeds: Annotated[
        Path | None,
        typer.Option(help="A file of identifiers, addresses, titles, BibTeX, RIS or CSL-JSON; - for standard input."),
    ] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only papers listed here; may be repeated.")] = None,
    author: Annotated[str, typer.Option(help="Only papers by somebody of this name.")] = "",
    has: HasOption = None,
    with_code: WithCodeOption = False,
    accepted: AcceptedOption = False,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(
            metavar="kept|seeds",
            help="Leave out what you said earlier: papers kept in other scans, or seeds named before this command; "
            "may be repeated.",
        ),
    ] = None,
    best_first: Annotated[
        bool, typer.Option("--best-first", help="No random picks among the papers; then nothing tells what is left.")
    ] = False,
    go_on: Annotated[int | None, typer.Option("--scan", help="Go on with a scan by its number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=20, help="With --json: papers to list.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Work through new papers, best first: 1 keep, 2 skip, 3 undecided, u undo, q quit."""
    from domain.errors import NothingWanted, UsageError
    from domain.typed_day import day
    from queries.collections import stored_reader
    from queries.parse_dates import week_named
    from queries.scanning import decide, looked_for, named_left_out, scan_page, start_scan, undo
    from queries.seed_papers import name_seeds
    from runtime.cached_context import CachedContext
    from runtime.settings import load_settings, process_environment
    from templates.marked_text import readable
    from templates.scanning_wording import VERDICT_DONE, filters_text, seeds_text, undo_text, wanted_text

    if week and (since or until):
        raise UsageError("give --week, or --since and --until, not both")
    facets = facets_asked(has, with_code=with_code, accepted=accepted)
    if until and not since:
        raise UsageError("give --since with --until: the first day of the scan")
    starts = (week, since, until, wanted, category, author, facets, leave_out)
    if go_on is not None and any(starts):
        raise UsageError("a scan keeps its days, filters and what it looks for; give --scan alone, or start a new one")
    given: GlobalOptions = ctx.obj
    settings = load_settings(given.config, process_environment(), {"data_dir": given.data_dir})
    with CachedContext(settings) as context:
        reader_id = stored_reader(context, None)
        named_now = None
        if seeds is not None:
            text = typer.get_text_stream("stdin").read() if str(seeds) == "-" else seeds.read_text(errors="replace")
            named = name_seeds(context, reader_id, text)
            typer.echo(seeds_text(len(named.found), named.missing), err=True)
            named_now = [arxiv_id for arxiv_id, _ in named.found]
        scan_id = go_on
        if scan_id is None:
            left_out = named_left_out(leave_out or ())
            first, last = (str(week_named(week)),) * 2 if week else (since, until)
            follows = [looked_for(text) for text in wanted or ()]
            try:
                scan_id = start_scan(
                    context,
                    reader_id,
                    since=day(first) if first else None,
                    until=day(last, end=True) if last else None,
                    follows=follows,
                    has=facets,
                    categories=category or (),
                    author=author,
                    seeds=named_now or () if "seeds" in left_out else None,
                    leaves_out_others="kept" in left_out,
                ).scan_id
            except NothingWanted as error:
                how = '--for "graph networks" or --seeds library.bib'
                raise UsageError(f"{error}, as with {how}") from error
        if as_json:
            print_json(scan_page(context, reader_id, scan_id, n=limit, best_first=best_first))
            return
        page = scan_page(context, reader_id, scan_id, n=1, best_first=best_first)
        typer.echo(f"Scan {scan_id}; go on later with `{given.command_line(f'scan --scan {scan_id}')}`.")
        typer.echo(f"Looks for {readable(wanted_text(page))}.")
        if filters := filters_text(page):
            typer.echo(readable(filters))
        if page.n_kept_elsewhere:
            typer.echo("A scan that is started with --leave-out kept does without what you kept in other scans.")
        while page.papers:
            _show(page, page.papers[0])
            answer = _answer()
            if answer == "q":
                return
            if answer == "u":
                undo(context, reader_id, scan_id)
                typer.echo(
                    "Nothing to undo." if page.last is None else f"Taken back: {readable(undo_text(page.last))}."
                )
            else:
                [paper] = page.papers
                decide(context, reader_id, scan_id, paper.arxiv_id, _KEYS[answer], paper.choice)
                typer.echo(f"{VERDICT_DONE[_KEYS[answer]]}.")
            page = scan_page(context, reader_id, scan_id, n=1, best_first=best_first)
        typer.echo("Every paper of these days is decided or muted.")


def _show(page: ScanResult, paper: ScannedPaper) -> None:
    """The state of the scan and one paper."""
    from templates.marked_text import in_brief, readable
    from templates.scanning_wording import draws_text, earlier_text, facts_lines, state_lines, why_shown

    typer.echo()
    for label, text in state_lines(page):
        typer.echo(f"{label + ':':9}{text}")
    if page.draw_share > 0.5:
        typer.echo(f"{draws_text(page)} --best-first shows the best papers first.")
    if earlier := earlier_text(page):
        typer.echo(earlier)
    typer.echo(f"\n{readable(paper.title)}")
    typer.echo(f"{paper.url}  {paper.primary_category}  {paper.submitted_at.date()}")
    if paper.finding:
        typer.echo(f"Found: {in_brief(paper.finding)}")
    for line in facts_lines(paper):
        typer.echo(readable(line))
    typer.echo(f"Why: {readable(why_shown(paper))}")
    typer.echo(f"\n{readable(paper.abstract)}\n")


def _answer() -> str:
    """What the reader typed: 1, 2, 3, u or q; the end of the input is q."""
    while True:
        try:
            typed = input("1 keep, 2 skip, 3 undecided, u undo, q quit: ").strip().lower()
        except EOFError:
            return "q"
        if typed in (*_KEYS, "u", "q"):
            return typed
