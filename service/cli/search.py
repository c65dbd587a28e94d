"""Command `search`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from service.cli.context import asked, open_context
from service.cli.filter_options import AcceptedOption, HasOption, WithCodeOption, facets_asked
from service.cli.output_options import JsonOption, print_json, require_one_of

if TYPE_CHECKING:
    from domain.paper import Paper

_MOST_ASKED = 100
"""Papers that the service lists at most in one answer."""


def search(
    ctx: typer.Context,
    query: Annotated[str, typer.Argument(help="What to search for, in your own words.")],
    since: Annotated[str | None, typer.Option(help="2026-05-04, 2026-W19, 2026-05 or 2026.")] = None,
    until: Annotated[str | None, typer.Option(help="The last day, in the same forms.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only papers listed here; may be repeated.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only papers of this topic: its label or number.")] = None,
    term: Annotated[str | None, typer.Option(help="Only papers of this technique or theme.")] = None,
    has: HasOption = None,
    with_code: WithCodeOption = False,
    accepted: AcceptedOption = False,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Papers to list.")] = 20,
    as_json: JsonOption = False,
    as_bibtex: Annotated[bool, typer.Option("--bibtex", help="Print BibTeX.")] = False,
    as_ris: Annotated[bool, typer.Option("--ris", help="Print RIS.")] = False,
) -> None:
    """Papers by meaning and by words."""
    from domain.typed_day import day
    from queries.results import SearchResult

    require_one_of({"--json": as_json, "--bibtex": as_bibtex, "--ris": as_ris})
    first_day, last_day = day(since) if since else None, day(until, end=True) if until else None
    conditions = facets_asked(has, with_code=with_code, accepted=accepted)
    answer, papers = None, list["Paper"]()
    if limit <= _MOST_ASKED:
        parameters = [
            ("q", query),
            ("since", since),
            ("until", until),
            ("topic", topic),
            ("term", term),
            ("limit", limit),
        ]
        parameters += [("category", name) for name in category or ()]
        parameters += [("has", text) for text in conditions]
        answer = asked(ctx, SearchResult, "/api/v1/search", parameters)
    if answer is None:
        from queries.parameters import PaperRequest
        from queries.search import search

        with open_context(ctx) as context:
            question = PaperRequest(
                query,
                since=first_day,
                until=last_day,
                categories=tuple(category or ()),
                topic=topic,
                term=term,
                has=conditions,
            )
            answer, papers = search(context, question, limit=limit)
    elif as_bibtex or as_ris:
        from queries.paper import stored_papers

        with open_context(ctx) as context:
            papers = stored_papers(context, [found.arxiv_id for found in answer.results])
    if as_json:
        print_json(answer)
    elif as_bibtex:
        from templates import paper_exports

        typer.echo(paper_exports.bibtex(papers))
    elif as_ris:
        from templates import paper_exports

        typer.echo(paper_exports.ris(papers))
    else:
        from domain.paper import is_made_up
        from templates.marked_text import in_brief, readable
        from templates.search_wording import search_notes

        for line in search_notes(answer):
            typer.echo(readable(line), err=True)
        for rank, found in enumerate(answer.results, 1):
            typer.echo(f"{rank:>3}. {readable(found.title)}")
            places = (found.venue, found.code)
            told = "".join(f"  {readable(place)}" for place in places if place)
            address = f"{found.arxiv_id} (made up)" if is_made_up(found.arxiv_id) else found.url
            typer.echo(f"     {address}  {found.primary_category}  {found.submitted_at.date()}{told}")
            typer.echo(f"     {readable(found.passage)}")
            if found.finding and found.finding != found.passage:
                typer.echo(f"     Found: {in_brief(found.finding)}")
            typer.echo(f"     {'; '.join(found.why)}")
