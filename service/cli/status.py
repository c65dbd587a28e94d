"""Command `status`: what is stored, complete, running and due."""

from __future__ import annotations

from typing import Any

import typer

from service.cli.context import open_context
from service.cli.options import JsonOption, print_json


def status(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """What is stored, what is complete, what ran, what is due, what drifts."""
    from queries import status as status_queries
    from service.cli.status import coverage_lines

    with open_context(ctx) as context:
        answer = {
            **status_queries.status(context),
            "trouble_details": status_queries.trouble_details(context),
            "mail": status_queries.mail_status(context),
        }
    if as_json:
        print_json(answer)
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


def coverage_lines(answer: dict[str, Any]) -> list[str]:
    """The same for a person: open weeks, late arrivals and arXiv's answers, a line each."""
    weeks = answer["weeks"]
    open_weeks = [w for w in weeks if not w["complete"]]
    lines = [f"{answer['papers']:,} papers in {len(weeks)} weeks, {len(weeks) - len(open_weeks)} of them complete"]
    for w in open_weeks:
        tries = f" (asked {w['tries']} times)" if w["tries"] > 1 else ""
        lines.append(f"  {w['week']}: {w['n']:,} papers, not proven complete: {w['problem'] or 'not harvested'}{tries}")
    if weeks and (newest := next((w for w in reversed(weeks) if w["closed"]), None)):
        by_category = ", ".join(f"{category} {n:,}" for category, n in newest["categories"].items())
        lines.append(f"newest closed week {newest['week']}: {newest['n']:,} papers ({by_category})")
    lines += [
        f"  {w['week']}: {w['after_digest']:,} papers came after its digest"
        + (f", the last {w['late']['days_max']:g} days after the week" if w["late"] and w["late"]["n"] else "")
        for w in weeks
        if w["after_digest"]
    ]
    if late := answer["late_arrivals"]:
        lines.append(
            f"late arrivals: {late['late']:,} of {late['n']:,} papers of {late['weeks']} weeks came after their week "
            "was complete"
        )
    for part in answer["lists"]:
        until = f"all changes before {part['read_until']} read" if part["read_until"] else "not read to its end yet"
        if part["problem"] or not part["finished_at"]:
            problem = f": {part['problem']}" if part["problem"] else ""
            lines.append(f"  OAI-PMH {part['set']} ({part['format']}), {until}{problem}")
    return lines + _arxiv_lines(answer["arxiv"])


def _arxiv_lines(arxiv: dict[str, Any]) -> list[str]:
    day = arxiv["last_day"]
    lines = [f"arXiv, last 24 hours: {day['requests']:,} requests, {day['problems']:,} without a usable answer"]
    if arxiv["closed_until"]:
        lines.append(f"arXiv refused too often or asked for a rest: it is not asked before {arxiv['closed_until']}")
    lines += [f"  {a['asked_at']}  {a['source']}: {a['problem']}" for a in arxiv["problems"][:3]]
    return lines
