"""Command `status`: what is stored, complete, running and due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from service.cli.context import open_context
from service.cli.output_options import JsonOption, print_json

if TYPE_CHECKING:
    from queries.results import ArxivStatus, Coverage, DriftWeek, MailStatus, OperatorStatus, Status


def status(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """What is stored, what is complete, what ran, what is due, what drifts."""
    from queries.status import operator_status

    with open_context(ctx) as context:
        answer = operator_status(context)
    if as_json:
        print_json(answer)
        return
    for line in (*coverage_lines(answer), *_analysis_lines(answer), *_run_lines(answer), *_mail_lines(answer.mail)):
        typer.echo(line)
    typer.echo("due: " + (", ".join(answer.due) or "nothing"))


def coverage_lines(answer: Coverage) -> list[str]:
    """Coverage for a person: open weeks, late arrivals and arXiv's answers, a line each."""
    from templates.number_text import agreeing, plain_plural

    weeks = answer.weeks
    open_weeks = [w for w in weeks if not w.complete]
    lines = [
        f"{plain_plural(answer.papers, 'paper')} in {len(weeks)} "
        f"{agreeing(len(weeks), 'week', 'weeks')}, {len(weeks) - len(open_weeks)} of them complete"
    ]
    for w in open_weeks:
        tries = f" (asked {w.tries} times)" if w.tries > 1 else ""
        lines.append(
            f"  {w.week}: {plain_plural(w.n, 'paper')}, not proven complete: {w.problem or 'not harvested'}{tries}"
        )
    if weeks and (newest := next((w for w in reversed(weeks) if w.closed), None)):
        by_category = ", ".join(f"{category} {n:,}" for category, n in newest.categories.items())
        lines.append(f"newest closed week {newest.week}: {plain_plural(newest.n, 'paper')} ({by_category})")
    lines += [
        f"  {w.week}: {plain_plural(w.after_digest, 'paper')} came after its digest"
        + (f", the last {w.late.days_max:g} days after the week" if w.late and w.late.days_max is not None else "")
        for w in weeks
        if w.after_digest
    ]
    if late := answer.late_arrivals:
        lines.append(
            f"late arrivals: {late.late:,} of {late.n:,} papers of {late.weeks} "
            f"{agreeing(late.weeks, 'week', 'weeks')} came after their week was complete"
        )
    for part in answer.lists:
        until = f"all changes before {part.read_until} read" if part.read_until else "not read to its end yet"
        if part.problem or not part.finished_at:
            problem = f": {part.problem}" if part.problem else ""
            lines.append(f"  OAI-PMH {part.set} ({part.format}), {until}{problem}")
    return lines + _arxiv_lines(answer.arxiv)


def _arxiv_lines(arxiv: ArxivStatus) -> list[str]:
    from domain.week import iso_instant

    day = arxiv.last_day
    lines = [f"arXiv, last 24 hours: {day.requests:,} requests, {day.problems:,} without a usable answer"]
    if arxiv.closed_until:
        until = iso_instant(arxiv.closed_until)
        lines.append(f"arXiv refused too often or asked for a rest: it is not asked before {until}")
    return lines + [f"  {iso_instant(a.asked_at)}  {a.source}: {a.problem}" for a in arxiv.problems[:3]]


def _analysis_lines(answer: Status) -> list[str]:
    from templates.harvest_wording import history_reach

    embedded, model = answer.embeddings, answer.topic_model
    first = answer.history.first_week
    before = f"; papers before {embedded.since} are counted only" if first and first < embedded.since else ""
    of_model = f" with {embedded.model}" if embedded.model else ""
    lines = [
        f"history: {history_reach(answer.history)}",
        f"{embedded.n:,} papers embedded{of_model}, {embedded.missing:,} not yet{before}",
        f"{model.n_topics} topics, fitted to {model.n_papers:,} papers up to {model.fitted_week}"
        if model
        else "no topics fitted yet",
    ]
    if any(not d.fitted for d in answer.drift.values()):
        week, newest = list(answer.drift.items())[-1]
        lines.append(
            f"  {newest.unassigned:.1%} of the papers of {week} are far from every topic, "
            f"{_baseline(answer.drift):.1%} of those that the fit saw last"
        )
    return [*lines, f"digests: {', '.join(map(str, answer.digests)) or 'none yet'}"]


def _baseline(drift: Mapping[str, DriftWeek]) -> float:
    """Share of the papers below the floor of every topic in the last weeks that the fit saw."""
    fitted = [d for d in drift.values() if d.fitted]
    return sum(d.n * d.unassigned for d in fitted) / sum(d.n for d in fitted) if fitted else 0.0


def _run_lines(answer: OperatorStatus) -> list[str]:
    from domain.week import iso_instant

    lines = [
        f"  {iso_instant(r.started_at)}  {r.job} {r.period}: {r.state}" + (f", {r.message}" * bool(r.message))
        for r in answer.runs[:5]
    ]
    details = {(d.job, d.period): d.detail for d in answer.trouble_details}
    for trouble in answer.troubled:
        state = f"again at {iso_instant(trouble.next_try_at)}" if trouble.next_try_at else trouble.state
        if trouble.n_tries:  # a command is not tried again by itself, so its failures are not counted
            state = f"{'once' if trouble.n_tries == 1 else f'{trouble.n_tries} times'}, {state}"
        lines.append(f"  in trouble: {trouble.job} {trouble.period}, {state}: {trouble.message}")
        detail = details.get((trouble.job, trouble.period))
        if detail and detail != trouble.message:
            lines.append(f"    {detail}")
    return lines


def _mail_lines(mail: MailStatus) -> list[str]:
    if not mail.readers:
        return []
    newest = list(mail.issues.items())[-3:]
    return ["readers by mail: " + ", ".join(f"{n} {state}" for state, n in mail.readers.items())] + [
        f"  {issue}: " + (", ".join(f"{n} {state}" for state, n in sorted(states.items())) or "nobody")
        for issue, states in newest
    ]
