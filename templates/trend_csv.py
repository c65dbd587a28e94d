"""Series of trends as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields

from domain.trends import TermSeries, TrendPoint
from templates.citations import no_formula
from templates.term_wording import taken_for_text


def trends_csv(series: Iterable[TermSeries]) -> str:
    """The points as CSV with a header, a row for each term and period; an empty cell is not known."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("term", "kind", *(field.name for field in fields(TrendPoint)), "taken_for"))
    for one in series:
        for point in one.points:
            writer.writerow((no_formula(one.term), one.kind, *vars(point).values(), taken_for_text(one)))
    return out.getvalue()
