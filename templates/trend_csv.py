"""Series of trends as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields

from domain.trends import TermSeries, TrendPoint
from templates.paper_exports import no_formula
from templates.term_wording import taken_for_text
from templates.trend_file_caption import TrendSource


def trends_csv(series: Iterable[TermSeries], source: TrendSource) -> str:
    """The points as CSV with a header, a row for each term and period; an empty cell is not known.

    The last columns say what the row is of. They are columns and no comment lines, because a term may hold any
    character that could begin a comment, as in C#.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ("by", "level", "categories", "counted_at", "version", "citation")
    writer.writerow(("term", "kind", *(field.name for field in fields(TrendPoint)), "taken_for", *names))
    for one in series:
        of = (
            taken_for_text(one),
            source.by,
            source.level if one.has_levels else "",
            source.category_names,
            source.counted if one.kind in ("technique", "theme", "topic") else "",
            source.version,
            source.citation,
        )
        for point in one.points:
            writer.writerow((no_formula(one.term), one.kind, *vars(point).values(), *of))
    return out.getvalue()
