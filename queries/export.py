"""All public data as files that any program reads. Nothing about readers is in it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from domain.week import Week, iso_instant
from queries.status import is_sample_corpus
from queries.topics import topics
from runtime.atomic_write import write_whole
from runtime.context import AppContext
from store.detections import detections_of_week
from store.digests import newest_digest, published_weeks
from store.papers import papers_of_week
from store.topics import assignments_of_week
from store.weekly import weekly_counts, weekly_totals
from templates.digest_json import digest_json_text
from templates.environment import MADE_UP
from templates.paper_exports import no_formula


def export_public(context: AppContext, folder: Path) -> Iterator[str]:
    """Write weeks, counts, papers, detections, topics and digests into a folder; yields a line for each file."""
    categories, model = context.settings.categories, context.topic_model
    if is_sample_corpus(context):
        yield _write(folder / "MADE-UP.txt", MADE_UP + "\n")
    totals, counts = weekly_totals(context.db, categories), weekly_counts(context.db)
    weeks = [at.date() for at in totals["week_start"]]
    yield _write(folder / "weeks.csv", totals.assign(week_start=weeks).to_csv(index=False, lineterminator="\n"))
    counts = counts.assign(week_start=[at.date() for at in counts["week_start"]])
    yield _write(folder / "weekly_counts.csv", counts.to_csv(index=False, lineterminator="\n"))
    topic_rows = [
        (t.topic_id, no_formula(t.label), str(t.born_week), t.n_papers, no_formula(" ".join(t.top_terms)))
        for t in topics(context)
    ]
    yield _write(folder / "topics.csv", _csv(("topic_id", "label", "born_week", "n_papers", "top_terms"), topic_rows))
    for week in map(Week, weeks):
        papers = papers_of_week(context.db, week, categories)
        if not papers:
            continue
        place = {
            a.arxiv_id: a
            for a in (assignments_of_week(context.db, model.topic_model_id, week, categories) if model else ())
        }
        found = detections_of_week(context.db, context.detector.detector_id, week, categories)
        lines = [
            {
                "arxiv_id": p.arxiv_id,
                "title": p.title,
                "authors": list(p.authors),
                "categories": list(p.categories),
                "submitted_at": iso_instant(p.submitted_at),
                "topic_id": place[p.arxiv_id].topic_id if p.arxiv_id in place else None,
                "detections": {f"{d.kind}:{d.key}": d.level for d in found.get(p.arxiv_id, ())},
            }
            for p in papers
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        yield _write(folder / "papers" / f"{week}.jsonl", text)
    for week in published_weeks(context.db):
        published = newest_digest(context.db, week)
        if published is not None:
            yield _write(folder / "digests" / f"{week}.json", digest_json_text(published.edition))


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _write(file: Path, text: str) -> str:
    write_whole(file, text.encode())
    return f"written: {file}"
