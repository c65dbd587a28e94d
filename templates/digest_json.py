"""A digest as JSON: every number of the page, in the page's order."""

from __future__ import annotations

import dataclasses
import math
from datetime import date
from typing import Any

from domain.digest import DigestEdition, PaperList
from domain.week import Week

FORMAT_VERSION = 1


def plain(value: Any) -> Any:
    """Records as objects, tuples as lists, weeks as ``2026-W25``, days as ``2026-06-15``, NaN as null."""
    if isinstance(value, Week):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [plain(element) for element in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _list_json(papers: PaperList) -> dict[str, Any]:
    return {
        "heading": papers.heading,
        "definition": papers.definition,
        "papers": [{"arxiv_id": paper.arxiv_id, "level": paper.level} for paper in papers.papers],
        "series": plain(papers.series),
    }


def digest_json(edition: DigestEdition) -> dict[str, Any]:
    """The edition as values that JSON can hold; more fields may be added, none changes its meaning.

    Shares and changes are fractions, with 95 % intervals ``low`` and ``high``; what is not known is null.

    Returns
    -------
    ``format_version`` : 1.
    ``week``, ``start``, ``end`` : ``"2026-W25"``, its Monday and Sunday.
    ``categories`` : the watched ones; a paper counts once if any of its categories is among them.
    ``headline``, ``completeness``, ``techniques``, ``topics``, ``themes``, ``topic_coverage``, ``notes``,
    ``provenance`` : as the records in ``domain/digest.py`` of the same names, field for field.
    ``paper_lists`` : for each slug the heading, the definition, the series, and all papers as
        ``{"arxiv_id", "level"}``, level 0 on lists that are not of detections.
    """
    digest = edition.digest
    shown = plain(digest)
    return {
        "format_version": FORMAT_VERSION,
        "week": shown.pop("week"),
        "start": digest.week.monday.isoformat(),
        "end": digest.week.sunday.isoformat(),
        **shown,
        "paper_lists": {papers.slug: _list_json(papers) for papers in edition.paper_lists},
    }
