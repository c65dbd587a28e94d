"""Bounds on what a record of arXiv may contain, the same for every source.

A record beyond them is damaged or hostile: a date in the year 9999 would make every table of weeks eight thousand years
long, and text of megabytes would hold up the harvest. arXiv has nothing beyond the bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from domain.paper import Paper, PaperVersion

EARLIEST = datetime(1991, 1, 1, tzinfo=UTC)
"""arXiv began in 1991."""
LATEST_AFTER = timedelta(days=2)
"""How far ahead of our clock a date may be."""
MAX_VERSION = 1000
MAX_CATEGORIES = 100
MAX_AUTHORS = 6_000
"""The most of any paper were 5,154."""
MAX_AUTHOR = 1000
MAX_AUTHOR_LINE = 120_000
"""Characters of an author line; collaborations of 5,000 people have about 100,000."""
MAX_TEX = 10_000
"""Backslashes and opening braces of a field."""
MAX_TITLE = 2_000
MAX_ABSTRACT = 20_000
MAX_NOTE = 5_000
"""Characters of comment, DOI and journal reference."""
MAX_LENGTHS = {"title": MAX_TITLE, "abstract": MAX_ABSTRACT, "summary": MAX_ABSTRACT, "authors": MAX_AUTHOR_LINE}
"""Characters of a field as it comes, by the field's name; of others ``MAX_NOTE``. Longer ones are not converted."""
MAX_DATE = 100


def check_length(name: str, text: str | None, limit: int) -> None:
    """Refuse a text that is too long or has too much TeX.

    Raises
    ------
    ValueError
    """
    if text is None:
        return
    if len(text) > limit:
        raise ValueError(f"{name} has {len(text):,} characters; at most {limit:,} are read")
    if len(text) > MAX_TEX and (n_tex := text.count("\\") + text.count("{")) > MAX_TEX:
        raise ValueError(f"{name} has {n_tex:,} backslashes and braces; at most {MAX_TEX:,} are read")


def check_number(name: str, number: int, limit: int) -> None:
    """Refuse a number that is not from 1 to ``limit``.

    Raises
    ------
    ValueError
    """
    if not 1 <= number <= limit:
        shown = f"{number:,}" if abs(number) < 10**12 else "a number of more than 12 digits"
        raise ValueError(f"{name}: {shown} is not from 1 to {limit:,}")


def check_record(paper: Paper, versions: Iterable[PaperVersion] = (), *, now: datetime) -> None:
    """Refuse a paper beyond the bounds.

    Raises
    ------
    ValueError
        With the field and what is wrong with it.
    """
    check_length("the title", paper.title, MAX_TITLE)
    check_length("the abstract", paper.abstract, MAX_ABSTRACT)
    for name, text in (("the comment", paper.comment), ("the DOI", paper.doi), ("the reference", paper.journal_ref)):
        check_length(name, text, MAX_NOTE)
    check_number("number of categories", len(paper.categories), MAX_CATEGORIES)
    if len(paper.authors) > MAX_AUTHORS:
        raise ValueError(f"{len(paper.authors):,} authors; at most {MAX_AUTHORS:,} are read")
    if longest := max(paper.authors, key=len, default=""):
        check_length("an author's name", longest, MAX_AUTHOR)
    check_number("version", paper.version, MAX_VERSION)
    dates = [paper.submitted_at, paper.updated_at]
    for version in versions:
        check_number("version", version.version, MAX_VERSION)
        dates.append(version.submitted_at)
    for at in dates:
        if not EARLIEST <= at <= now + LATEST_AFTER:
            raise ValueError(f"{at:%Y-%m-%d} is not a date of arXiv: from 1991 to now")
