"""The command ``papertide``. Each command reads what was typed, asks one room, and prints."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from domain.errors import PapertideError, UsageError
from service.mail_commands import deliver_due, mail_app, register, subscribers_app
from service.opened import Given
from service.opened import opened_workshop as _workshop

if TYPE_CHECKING:
    from domain.week import Week
    from service.workshop import Workshop

# What a command imports, it imports when it runs: `papertide --help` should not wait for pandas.

app = typer.Typer(
    name="papertide",
    help="A radar for machine-learning research: adoption, topics and a weekly digest from arXiv's abstracts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
topics_app = typer.Typer(help="Fit and list topics.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(topics_app, name="topics")
app.add_typer(subscribers_app, name="subscribers")
app.add_typer(mail_app, name="mail")

HarvestSource = Literal["api", "oai"]
By = Literal["week", "month", "quarter", "year"]
LevelName = Literal["mentions", "adopts", "about"]


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"papertide {version('papertide')}")
        raise typer.Exit


@app.callback()
def _common(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="Settings file; papertide.toml by default.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of database and digests.")] = None,
    version: Annotated[  # noqa: ARG001 - it has ended by then; no command need follow it
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    context.obj = Given(config, data_dir)


_Weeks = Annotated[int | None, typer.Option(min=1, help="Closed weeks to look back; 12 by default.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON; docs/json.md describes it.")]


@app.command()
def demo(
    out: Annotated[Path | None, typer.Option(help="Folder to keep; a throw-away one by default.")] = None,
) -> None:
    """The whole product on a made-up corpus, offline, in a throw-away folder."""
    from service.demo import run_demo

    run_demo(out)


@app.command()
def run(context: typer.Context, weeks: _Weeks = None) -> None:
    """Everything that is due now: harvest, embed, topics, adoption, digest, delivery."""
    with _workshop(context, weeks=weeks) as shop:
        run_and_write(shop)
        deliver_due(shop)


def run_and_write(shop: Workshop) -> None:
    """Do a run, write its digest's files, and say what there is to read."""
    from domain.week import last_closed_week
    from service.progress import follow
    from store.digests import published_weeks

    n_weeks = shop.settings.weeks
    with shop.sole_worker("run", str(last_closed_week(shop.now()))) as keeping:
        before = published_weeks(shop.db)
        follow(keeping(shop.run(n_weeks)))
        weeks = published_weeks(shop.db)
    if not weeks:
        raise PapertideError("arXiv gave no paper for these weeks, so there is no digest; look at `papertide status`")
    folder = shop.settings.data_dir / "digests"
    for week in weeks[:-1]:
        if before and week not in before:  # missed, and made up for
            write_digest(shop, week, folder)
    page = write_digest(shop, weeks[-1], folder)
    _say_digest(shop, weeks[-1], page)


def write_digest(shop: Workshop, week: Week, folder: Path) -> Path:
    """Write a week's digest as files, publishing it first if need be; returns the page.

    Raises
    ------
    UsageError
        If the week is not closed or nothing of it is held.
    """
    from service.files import write_files
    from store.digests import newest_digest
    from templates.links import DIGEST_FILE_LINKS
    from templates.render import digest_files

    published = newest_digest(shop.db, week)
    edition = published.edition if published else shop.edition(week)
    write_files(folder, digest_files(edition))
    return folder / DIGEST_FILE_LINKS.digest(week)


def _say_digest(shop: Workshop, week: Week, page: Path) -> None:
    from store.digests import newest_digest

    published = newest_digest(shop.db, week)
    if published is not None:
        digest = published.edition.digest
        whole = "complete" if digest.completeness.complete else "NOT proven complete"
        typer.echo(f"{week}: {digest.headline.n_papers:,} papers, {whole}. {digest.headline.sentence}")
    typer.echo(f"Read it: {page.resolve().as_uri()}")


@app.command()
def harvest(
    context: typer.Context,
    weeks: _Weeks = None,
    source: Annotated[
        HarvestSource, typer.Option(help="api: weeks with their proof. oai: long backfills, all versions, withdrawals.")
    ] = "api",
    since: Annotated[
        str | None,
        typer.Option(help="With --source oai: papers submitted since 2015, 2026-05, 2026-W19 or 2026-05-04."),
    ] = None,
) -> None:
    """Only fetch: closed weeks that are not proven whole, or all changes by OAI-PMH."""
    from domain.week import last_closed_week
    from service import answers
    from service.progress import follow

    if since is not None and source != "oai":
        raise UsageError("--since goes with --source oai; weeks are counted back with --weeks")
    if since is not None and weeks is not None:
        raise UsageError("--since and --weeks exclude each other")
    first_day = answers.day(since) if since else None
    with (
        _workshop(context, weeks=weeks) as shop,
        shop.sole_worker("harvest", source if source == "oai" else str(last_closed_week(shop.now()))) as keeping,
    ):
        follow(keeping(shop.harvest_lists(first_day) if source == "oai" else shop.harvest(shop.settings.weeks)))


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="arXiv's metadata snapshot: JSON lines, plain, .gz or .zip.")],
) -> None:
    """Read the watched categories' papers from arXiv's metadata snapshot."""
    from scheduler.pipeline import LeftOut
    from service.progress import follow

    with _workshop(context) as shop, shop.sole_worker("import", file.name[:32]) as keeping:
        left_out = LeftOut()
        follow(keeping(shop.import_snapshot(file, left_out)))
        if left_out.n:
            raise PapertideError(
                f"{left_out.n:,} lines could not be read and were left out, {left_out.first} for one; "
                "all the others are stored"
            )


@app.command()
def embed(context: typer.Context) -> None:
    """Embed every stored paper that has no vector yet."""
    from service.progress import follow

    with _workshop(context) as shop, shop.sole_worker("embed", "all") as keeping:
        follow(keeping(shop.embed()))


@app.command()
def analyse(context: typer.Context) -> None:
    """Everything but harvest and digest, of what is stored: embed, detect, assign topics, count the weeks."""
    from domain.week import last_closed_week
    from service.progress import follow

    with _workshop(context) as shop, shop.sole_worker("analyse", "all") as keeping:
        follow(keeping(shop.analyse(last_week=last_closed_week(shop.now()))))


@topics_app.command("fit")
def topics_fit(context: typer.Context) -> None:
    """Fit topics anew now, and match them to those that readers know."""
    from domain.week import last_closed_week
    from service.progress import follow

    with _workshop(context) as shop, shop.sole_worker("topics", "fit") as keeping:
        if shop.embedding_model_id is None:
            raise UsageError("nothing is embedded yet; `papertide run` does all of it")
        follow(keeping(shop.topics(last_week=last_closed_week(shop.now()), refit=True)))
        follow(keeping(shop.tables()))


@topics_app.command("list")
def topics_list(context: typer.Context, as_json: _Json = False) -> None:
    """The topics, largest first."""
    from service import answers

    with _workshop(context) as shop:
        found = answers.topics(shop)
    if as_json:
        _print_json(found)
        return
    if not found:
        raise UsageError("no topics are fitted yet; `papertide run` does all of it")
    by_area: dict[str, list[dict[str, Any]]] = {}
    for t in found:
        by_area.setdefault(t["area"] or "not sorted into areas", []).append(t)
    for area, of_area in by_area.items():
        typer.echo(f"{area}: {_counted(len(of_area), 'topic')}, {sum(t['n_papers'] for t in of_area):,} papers")
        for t in of_area:
            typer.echo(f"{t['topic_id']:>5}  {t['n_papers']:>6,}  {t['label']}  ({', '.join(t['top_terms'][:5])})")


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' * (n != 1)}"


@topics_app.command("rename")
def topics_rename(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="The topic: its number or its present label.")],
    name: Annotated[
        str | None, typer.Argument(help="The name to show; without one, the name found in its papers comes back.")
    ] = None,
) -> None:
    """Name a topic as you want; the name is shown everywhere and stays through refits."""
    from service import answers

    with _workshop(context) as shop:
        typer.echo(answers.rename_topic(shop, topic, name))


@app.command()
def trends(
    context: typer.Context,
    terms: Annotated[
        list[str],
        typer.Argument(
            help="Techniques, themes, topics, or any words; `meaning:WORDS` counts papers that mean what the words "
            "describe.",
            metavar="TERM...",
        ),
    ],
    since: Annotated[str | None, typer.Option(help="2026-05-04, 2026-W19, 2026-05 or 2026.")] = None,
    until: Annotated[str | None, typer.Option(help="Likewise, included.")] = None,
    by: Annotated[By, typer.Option(help="Length of a period.")] = "week",
    category: Annotated[list[str] | None, typer.Option(help="Only papers listed here; may be repeated.")] = None,
    primary: Annotated[bool, typer.Option("--primary", help="With --category: by primary category.")] = False,
    level: Annotated[LevelName, typer.Option(help="How far a technique must be adopted.")] = "adopts",
    as_json: _Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    out: Annotated[Path | None, typer.Option(help="Draw a chart: a file ending in .png, .svg or .json.")] = None,
) -> None:
    """The share of papers over time, with its interval and denominator."""
    from service import answers

    _one_of({"--json": as_json, "--csv": as_csv})
    if out is not None and out.suffix not in (".png", ".svg", ".json"):
        raise UsageError(f"--out {out}: a chart ends in .png, .svg or .json")
    with _workshop(context) as shop:
        answer = answers.trends(
            shop,
            terms,
            by=by,
            level=level,
            categories=category or (),
            primary=primary,
            since=answers.day(since) if since else None,
            until=answers.day(until, end=True) if until else None,
        )
    if out is not None:
        from service.files import write_whole
        from templates.trend_chart import chart_bytes, trend_chart

        write_whole(out, chart_bytes(trend_chart(answer), out.suffix))
        typer.echo(f"drawn in {out}")
    if as_json:
        _print_json(answer)
    elif as_csv:
        sys.stdout.write(answers.trends_csv(answer))
    elif out is None:
        _print_trends(answer)


def _print_trends(answer: dict[str, Any]) -> None:
    from datetime import date

    from domain.calls import Growth
    from domain.week import Week, period_name
    from templates import figures

    for series in answer["series"]:
        level = f", {answer['level']}" if series["kind"] in ("technique", "theme") else ""
        typer.echo(f"{series['term']} ({series['kind']}{level}), by {answer['by']}")
        for p in series["points"]:
            share = "     no papers" if p["share"] is None else f"{p['share'] * 100:6.2f} %"
            interval = "" if p["share"] is None else f"  ({p['low'] * 100:.2f} to {p['high'] * 100:.2f} %)"
            whole = "" if p["complete"] else "  not proven complete"
            if p["corrected"] is not None:
                whole = f"; truly {p['corrected_low'] * 100:.1f} to {p['corrected_high'] * 100:.1f} %{whole}"
            period = period_name(Week(date.fromisoformat(p["start"])), answer["by"])
            typer.echo(f"  {period:8}  {share}{interval}  {p['k']:,} of {p['n']:,}{whole}")
        if growth := series["growth"]:
            call = series["call"]
            called = f"; called in {call['week']}: {figures.verdict_said(call['verdict'])}" if call else ""
            typer.echo(f"  odds over the last half year: {figures.growth_said(Growth(**growth))}{called}")


@app.command()
def calls(
    context: typer.Context,
    week: Annotated[str | None, typer.Option(help="All calls of 2026-W20; by default the moves of all weeks.")] = None,
    as_json: _Json = False,
) -> None:
    """What was called rising, falling, emerging or cooling, and what became of it."""
    from domain.calls import Growth
    from service import answers
    from templates import figures

    with _workshop(context) as shop:
        answer = answers.calls(shop, answers.week_named(week) if week else None)
    if as_json:
        _print_json(answer)
        return
    if not answer["calls"]:
        raise UsageError("no call is stored" + (f" for {week}" if week else " yet") + "; `papertide run` makes them")
    for r in answer["record"]:
        told = r["held"] + r["failed"]
        typer.echo(f"{r['horizon_weeks']} weeks on: {r['held']} of {told} held, {r['unknown']} cannot be told")
    for c in answer["calls"]:
        scores = {True: "held", False: "did not hold", None: "cannot be told"}
        said = f"{figures.verdict_said(c['verdict']):<12}  {c['kind']} {c['name']}"
        if c["growth"]:
            said += f"  {figures.growth_said(Growth(**c['growth']))}"
        said += "".join(f"; {s['horizon_weeks']} weeks on {scores[s['held']]}" for s in c["scores"])
        typer.echo(f"{c['week']}  {said}{'; called late' * c['late']}")


@app.command()
def detect(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="JSON lines with id, title and abstract; - for standard input.")] = "-",
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines; the only form there is.")] = True,  # noqa: ARG001
) -> None:
    """Techniques and themes of given abstracts, with levels and evidence."""
    from service import answers

    with _workshop(context) as shop:
        try:
            lines = sys.stdin if file == "-" else Path(file).open(encoding="utf-8")  # noqa: SIM115 - ends with us
            for found in answers.detect(shop, lines):
                _print_line(found)
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from error


@app.command()
def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What you look for, in your own words.")],
    since: Annotated[str | None, typer.Option(help="2026-05-04, 2026-W19, 2026-05 or 2026.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only papers listed here; may be repeated.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only papers of this topic: its label or number.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Papers to list.")] = 20,
    as_json: _Json = False,
    as_bibtex: Annotated[bool, typer.Option("--bibtex", help="Print BibTeX.")] = False,
    as_ris: Annotated[bool, typer.Option("--ris", help="Print RIS.")] = False,
) -> None:
    """Papers by meaning and by words."""
    from service import answers, citations
    from service.search import Question, search

    _one_of({"--json": as_json, "--bibtex": as_bibtex, "--ris": as_ris})
    with _workshop(context) as shop:
        question = Question(
            query, since=answers.day(since) if since else None, categories=tuple(category or ()), topic=topic
        )
        answer, papers = search(shop, question, limit=limit)
    if as_json:
        _print_json(answer)
    elif as_bibtex:
        typer.echo(citations.bibtex(papers))
    elif as_ris:
        typer.echo(citations.ris(papers))
    else:
        if not answer["results"]:
            typer.echo("no paper is near to it in meaning or holds its words; say it in a whole sentence", err=True)
        for rank, found in enumerate(answer["results"], 1):
            typer.echo(f"{rank:>3}. {found['title']}")
            typer.echo(f"     {found['url']}  {found['primary_category']}  {found['submitted_at'][:10]}")
            typer.echo(f"     {'; '.join(found['why'])}")


@app.command()
def digest(
    context: typer.Context,
    week: Annotated[str | None, typer.Option(help="2026-W20; the newest closed week by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files; data_dir/digests by default.")] = None,
) -> None:
    """Write the digest of a closed week as HTML, text and JSON."""
    from domain.week import last_closed_week
    from service import answers
    from service.progress import follow

    with _workshop(context) as shop:
        chosen = answers.week_named(week) if week else last_closed_week(shop.now())
        shop.require_closed(chosen)
        shop.require_held(chosen)
        with shop.sole_worker("digest", str(chosen)) as keeping:
            follow(keeping(shop.analyse(last_week=last_closed_week(shop.now()))))
            follow(keeping(shop.publish(chosen)))
        page = write_digest(shop, chosen, out or shop.settings.data_dir / "digests")
        _say_digest(shop, chosen, page)


@app.command()
def up(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen at; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; 8000 by default.")] = None,
    only_web: Annotated[bool, typer.Option("--only-web", help="Leave the jobs to another process.")] = False,
) -> None:
    """The web service with the scheduler beside it: pages, API, feeds, and every job when it is due."""
    from service.scheduler_process import scheduler_beside
    from service.web.server import serve

    with _workshop(context, **{"service.host": host, "service.port": port}) as shop:
        if only_web:
            serve(shop.settings)
            return
        with scheduler_beside(shop):
            serve(shop.settings)


@app.command()
def status(context: typer.Context, as_json: _Json = False) -> None:
    """What is stored, what is complete, what ran, what is due, what drifts."""
    from service import answers
    from service.coverage import coverage_lines

    with _workshop(context) as shop:
        answer = {
            **answers.status(shop),
            "trouble_details": answers.trouble_details(shop),
            "mail": answers.mail_status(shop),
        }
    if as_json:
        _print_json(answer)
        return
    for line in coverage_lines(answer):
        typer.echo(line)
    embedded = answer["embeddings"]
    typer.echo(f"{embedded['n']:,} embedded with {embedded['model'] or 'nothing yet'}, {embedded['missing']:,} missing")
    model = answer["topic_model"]
    typer.echo(
        f"{model['n_topics']} topics, fitted to {model['n_papers']:,} papers up to {model['fitted_week']}"
        if model
        else "no topics fitted yet"
    )
    if any(not d["fitted"] for d in answer["drift"].values()):
        week, newest = list(answer["drift"].items())[-1]
        typer.echo(
            f"  {newest['unassigned']:.1%} of the papers of {week} fit no topic, "
            f"{_baseline(answer['drift']):.1%} of those that the fit saw last"
        )
    typer.echo(f"digests: {', '.join(answer['digests']) or 'none yet'}")
    for r in answer["runs"][:5]:
        typer.echo(
            f"  {r['started_at']}  {r['job']} {r['period']}: {r['state']}" + (f", {r['message']}" * bool(r["message"]))
        )
    details = {(d["job"], d["period"]): d["detail"] for d in answer["trouble_details"]}
    for r in answer["troubled"]:
        again = f"again at {r['next_try_at']}" if r["next_try_at"] else r["state"]
        typer.echo(f"  in trouble: {r['job']} {r['period']}, {r['n_tries']} times, {again}: {r['message']}")
        if detail := details.get((r["job"], r["period"])):
            typer.echo(f"    {detail}")
    mail = answer["mail"]
    if mail["readers"]:
        typer.echo("readers by mail: " + ", ".join(f"{n} {state}" for state, n in mail["readers"].items()))
        for issue, states in list(mail["issues"].items())[-3:]:
            typer.echo(f"  {issue}: " + (", ".join(f"{n} {state}" for state, n in sorted(states.items())) or "nobody"))
    typer.echo("due: " + (", ".join(answer["due"]) or "nothing"))


def _baseline(drift: dict[str, Any]) -> float:
    """Share of the papers without a topic in the last weeks that the fit saw."""
    fitted = [d for d in drift.values() if d["fitted"]]
    return float(sum(d["n"] * d["unassigned"] for d in fitted) / sum(d["n"] for d in fitted)) if fitted else 0.0


register(app)


def _one_of(options: dict[str, bool]) -> None:
    chosen = [name for name, given in options.items() if given]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other")


def _print_json(answer: Any) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=1, allow_nan=False))


def _print_line(answer: Any) -> None:
    typer.echo(json.dumps(answer, ensure_ascii=False, allow_nan=False))


def main() -> None:
    """The way in: every error that is somebody's to mend is one line, with exit status 2 for wrong use, else 1."""
    try:
        app(standalone_mode=False)
    except typer.TyperException as error:  # what was typed cannot be read
        _complain(error.format_message())
        sys.exit(2)
    except UsageError as error:
        _complain(str(error))
        sys.exit(2)
    except PapertideError as error:
        _complain(str(error))
        sys.exit(1)
    except (typer.Abort, KeyboardInterrupt):
        _complain("stopped; everything finished is stored, run again to go on")
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output went away (`papertide ... | head`); nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        sys.exit(1)


def _complain(message: str) -> None:
    typer.echo("papertide: " + " ".join(message.split()), err=True)


if __name__ == "__main__":
    main()
