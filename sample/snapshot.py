"""Papers in the format of arXiv's metadata snapshot on Kaggle: one JSON object per line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from domain.paper import Paper


def snapshot_line(paper: Paper, submitted: Sequence[datetime] = ()) -> bytes:
    """A line of the snapshot; see ``snapshot_fields``."""
    return json.dumps(snapshot_fields(paper, submitted)).encode() + b"\n"


def snapshot_fields(paper: Paper, submitted: Sequence[datetime] = ()) -> dict[str, Any]:
    """The JSON object of a line, with line breaks and structured names as in the real snapshot.

    ``submitted`` gives the submission time of each version; by default all versions after the first have that of the
    newest.
    """
    dates = submitted or [paper.submitted_at, *[paper.updated_at] * (paper.version - 1)]
    return {
        "id": paper.arxiv_id,
        "submitter": paper.authors[0] if paper.authors else None,
        "authors": ", ".join(paper.authors),
        "title": paper.title.replace(" ", "\n  ", 1),
        "comments": paper.comment,
        "journal-ref": paper.journal_ref,
        "doi": paper.doi,
        "report-no": None,
        "categories": " ".join(paper.categories),
        "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "abstract": f"  {paper.abstract}\n",
        "versions": [
            {"version": f"v{number}", "created": format_datetime(at.astimezone(UTC), usegmt=True)}
            for number, at in enumerate(dates, 1)
        ],
        "update_date": paper.updated_at.astimezone(UTC).date().isoformat(),
        "authors_parsed": [[last, first, ""] for first, _, last in (name.rpartition(" ") for name in paper.authors)],
    }
