"""Papers and their versions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, delete, func, literal, select, true, update

from domain.author_name import AuthorName
from domain.harvest import HarvestedWindow, HarvestPlan
from domain.packed_stems import packed_words
from domain.paper import FIRST_MADE_UP, ArxivId, Paper, PaperVersion
from domain.search_text import indexed_words, search_words
from domain.week import Week
from store.claims import forget_claims
from store.database import Database
from store.name_mentions import forget_names
from store.schema import (
    UtcDateTime,
    detected_paper,
    detection,
    embedding,
    paper,
    paper_category,
    paper_version,
    topic_assignment,
    weekly_basis,
)
from store.sql_conditions import IS_NOT_WITHDRAWN, is_listed, is_watched
from store.windows import store_window

_PAPER_COLUMNS = (
    paper.c.arxiv_id,
    paper.c.version,
    paper.c.title,
    paper.c.abstract,
    paper.c.authors,
    paper.c.primary_category,
    paper.c.categories,
    paper.c.submitted_at,
    paper.c.updated_at,
    paper.c.comment,
    paper.c.doi,
    paper.c.journal_ref,
    paper.c.is_withdrawn,
    paper.c.source,
    paper.c.author_parts,
)
_DERIVED = (embedding, detected_paper, detection, topic_assignment)


def known_papers(db: Database, ids: Collection[ArxivId]) -> Mapping[ArxivId, Paper]:
    """The stored papers among these, by identifier."""
    with db.read() as connection:
        return {p.arxiv_id: p for p in _papers_by_id(connection, ids)}


def papers_in_order(db: Database, ids: Sequence[ArxivId]) -> list[Paper]:
    """The stored papers in the order of ``ids``; papers that are not stored are left out."""
    known = known_papers(db, ids)
    return [known[arxiv_id] for arxiv_id in ids if arxiv_id in known]


def ids_named(db: Database, names: Sequence[tuple[Literal["id", "doi"], str]]) -> list[ArxivId]:
    """Stored papers by identifier or by DOI in lower case, in the order of the names."""
    ids = [name for kind, name in names if kind == "id"]
    dois = [name for kind, name in names if kind == "doi"]
    stored = select(paper.c.arxiv_id).where(paper.c.arxiv_id.in_(ids))
    with_doi = select(paper.c.arxiv_id, func.lower(paper.c.doi)).where(func.lower(paper.c.doi).in_(dois))
    with db.read() as connection:
        found = {("id", arxiv_id): [arxiv_id] for arxiv_id in connection.execute(stored).scalars()}
        for arxiv_id, doi in connection.execute(with_doi) if dois else ():
            found.setdefault(("doi", doi), []).append(arxiv_id)
    return [*dict.fromkeys(ArxivId(arxiv_id) for name in names for arxiv_id in found.get(name, ()))]


def ids_titled(db: Database, titles: Collection[str]) -> dict[str, list[ArxivId]]:
    """Stored papers by title, whatever its capitals; the keys are titles in lower case."""
    found: dict[str, list[ArxivId]] = {}
    wanted = sorted({title.lower() for title in titles})
    with db.read() as connection:
        for start in range(0, len(wanted), 5_000):
            lower = func.lower(paper.c.title)
            query = select(paper.c.arxiv_id, paper.c.title).where(lower.in_(wanted[start : start + 5_000]))
            for arxiv_id, title in connection.execute(query.order_by(paper.c.arxiv_id)):
                found.setdefault(title.lower(), []).append(ArxivId(arxiv_id))
    return found


def titles_of(db: Database, ids: Sequence[ArxivId]) -> dict[ArxivId, str]:
    """The titles of papers."""
    found: dict[ArxivId, str] = {}
    with db.read() as connection:
        for start in range(0, len(ids), 5_000):
            query = select(paper.c.arxiv_id, paper.c.title).where(paper.c.arxiv_id.in_(ids[start : start + 5_000]))
            found |= {ArxivId(row[0]): row[1] for row in connection.execute(query)}
    return found


def author_lists(db: Database, ids: Sequence[ArxivId]) -> dict[ArxivId, tuple[tuple[str, ...], tuple[AuthorName, ...]]]:
    """The authors of papers as shown, and in parts where arXiv gave them apart."""
    found = {}
    with db.read() as connection:
        for start in range(0, len(ids), 5_000):
            query = select(paper.c.arxiv_id, paper.c.authors, paper.c.author_parts)
            for row in connection.execute(query.where(paper.c.arxiv_id.in_(ids[start : start + 5_000]))):
                parts = tuple(AuthorName(*parts) for parts in row.author_parts or ())
                found[ArxivId(row.arxiv_id)] = tuple(row.authors), parts
    return found


def _papers_by_id(connection: Connection, ids: Collection[ArxivId]) -> Iterable[Paper]:
    wanted = list(ids)
    for start in range(0, len(wanted), 5_000):  # the number of variables in a statement is limited
        query = select(*_PAPER_COLUMNS).where(paper.c.arxiv_id.in_(wanted[start : start + 5_000]))
        for row in connection.execute(query):
            yield paper_from_row(row)


def paper_from_row(row: Any) -> Paper:
    """A paper from the columns of ``_PAPER_COLUMNS``."""
    return Paper(
        arxiv_id=ArxivId(row.arxiv_id),
        version=row.version,
        title=row.title,
        abstract=row.abstract,
        authors=tuple(row.authors),
        primary_category=row.primary_category,
        categories=tuple(row.categories),
        submitted_at=row.submitted_at,
        updated_at=row.updated_at,
        comment=row.comment,
        doi=row.doi,
        journal_ref=row.journal_ref,
        is_withdrawn=row.is_withdrawn,
        source=row.source,
        author_parts=tuple(AuthorName(*parts) for parts in row.author_parts or ()),
    )


def _columns_of(p: Paper) -> dict[str, Any]:
    # Taken apart once, because reading TeX is most of the time of storing a paper.
    title, abstract, authors = search_words(p.title), search_words(p.abstract), search_words(" ".join(p.authors))
    return {
        "arxiv_id": p.arxiv_id,
        "version": p.version,
        "title": p.title,
        "abstract": p.abstract,
        "authors": list(p.authors),
        "primary_category": p.primary_category,
        "categories": list(p.categories),
        "submitted_at": p.submitted_at,
        "updated_at": p.updated_at,
        "week_start": p.week.monday,
        "comment": p.comment,
        "doi": p.doi,
        "journal_ref": p.journal_ref,
        "is_withdrawn": p.is_withdrawn,
        "source": p.source,
        "author_parts": [[name.keyname, name.forenames, name.suffix] for name in p.author_parts] or None,
        "search_title": indexed_words(p.title, title),
        "search_abstract": indexed_words(p.abstract, abstract),
        "search_authors": " ".join(authors),
        "stems": packed_words(title, abstract, authors),
    }


def apply_harvest(db: Database, plan: HarvestPlan, harvested: HarvestedWindow | None, *, seen_at: datetime) -> None:
    """Store the changes of a plan, and the window they came from, in one transaction.

    A paper whose title or abstract changed loses its embedding, detections and topic; the next run recomputes them.
    """
    with db.write() as connection:
        apply_plan(db, connection, plan, seen_at=seen_at)
        if harvested is not None:
            store_window(db, connection, harvested)


def apply_plan(db: Database, connection: Connection, plan: HarvestPlan, *, seen_at: datetime) -> None:
    """As ``apply_harvest``, inside the caller's transaction and without a window."""
    changed = (*plan.replaced, *plan.revised)
    if plan.new:
        # RETURNING makes SQLAlchemy insert many rows in one statement. SQLite flushes its full-text index at the start
        # of each statement, so inserting row by row took three times as long.
        rows = [{**_columns_of(p), "first_seen_at": seen_at} for p in plan.new]
        row_ids = connection.execute(paper.insert().returning(paper.c.row_id), rows).scalars().all()
        _store_parts(db, connection, paper.c.row_id.between(min(row_ids), max(row_ids)), seen_at)
    for p in changed:
        this = paper.c.arxiv_id == p.arxiv_id
        words = tuple(connection.execute(select(paper.c.title, paper.c.abstract).where(this)).one())
        connection.execute(update(paper).where(this).values(_columns_of(p)))
        derived = _DERIVED if words != (p.title, p.abstract) else ()
        for table in (*derived, paper_category):
            connection.execute(delete(table).where(table.c.arxiv_id == p.arxiv_id))
        forget_names(db, connection, [p.arxiv_id])
        forget_claims(connection, [p.arxiv_id])
        _store_parts(db, connection, this, seen_at)
    if plan.new or changed:
        connection.execute(update(weekly_basis).values(is_current=False))
    if plan.versions:
        connection.execute(
            db.upsert(paper_version).on_conflict_do_nothing(),
            [
                {"arxiv_id": v.arxiv_id, "version": v.version, "submitted_at": v.submitted_at, "seen_at": seen_at}
                for v in plan.versions
            ],
        )


def _store_parts(db: Database, connection: Connection, of: ColumnElement[bool], seen_at: datetime) -> None:
    """Store the categories, first version and newest version of papers just written, unless already stored."""
    # Copied inside the database: sending them row by row took as long as the papers themselves.
    listed = db.elements(paper.c.categories)
    connection.execute(
        db.upsert(paper_category)
        .from_select(["arxiv_id", "category"], select(paper.c.arxiv_id, listed.c.value).join(listed, true()).where(of))
        .on_conflict_do_nothing()
    )
    insert, columns = db.upsert(paper_version), ["arxiv_id", "version", "submitted_at", "seen_at"]
    seen = literal(seen_at, UtcDateTime)
    first = select(paper.c.arxiv_id, literal(1), paper.c.submitted_at, seen).where(of)
    newest = select(paper.c.arxiv_id, paper.c.version, paper.c.updated_at, seen).where(of, paper.c.version > 1)
    for rows in (first, newest):
        connection.execute(insert.from_select(columns, rows).on_conflict_do_nothing())


def count_by_category(db: Database, categories: Collection[str]) -> dict[Week, dict[str, int]]:
    """Papers of each watched category by week, without withdrawn ones; a cross-listed paper counts in each category."""
    group = (paper.c.week_start, paper_category.c.category)
    query = (
        select(*group, func.count())
        .select_from(paper.join(paper_category, paper_category.c.arxiv_id == paper.c.arxiv_id))
        .where(paper_category.c.category.in_(sorted(set(categories))), IS_NOT_WITHDRAWN)
        .group_by(*group)
    )
    by_week: dict[Week, dict[str, int]] = {}
    with db.read() as connection:
        for monday, category, n in connection.execute(query):
            by_week.setdefault(Week(monday), {})[category] = n
    return by_week


def count_seen_after(db: Database, week: Week, categories: Collection[str], at: datetime) -> int:
    """Number of watched papers of a week first seen after an instant."""
    query = (
        select(func.count())
        .select_from(paper)
        .where(paper.c.week_start == week.monday, is_watched(categories), paper.c.first_seen_at > at)
    )
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def count_papers(db: Database) -> int:
    """Number of stored papers, watched or not."""
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(paper)).scalar_one()


def holds_made_up(db: Database) -> bool:
    """Whether papers of the sample corpus are stored; they must not be mixed with real ones."""
    number = str(FIRST_MADE_UP)
    of_the_sample = paper.c.arxiv_id.like("____." + number[0] + "_" * (len(number) - 1))
    with db.read() as connection:
        return connection.execute(select(paper.c.arxiv_id).where(of_the_sample).limit(1)).first() is not None


def papers_of_week(db: Database, week: Week, categories: Collection[str]) -> list[Paper]:
    """The watched papers of a week, by submission and identifier."""
    query = (
        select(*_PAPER_COLUMNS)
        .where(paper.c.week_start == week.monday, is_watched(categories))
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [paper_from_row(row) for row in connection.execute(query)]


def papers_seen_after(db: Database, weeks: Sequence[Week], categories: Collection[str], at: datetime) -> list[Paper]:
    """The watched papers of some weeks that were first seen after an instant, by submission and identifier."""
    query = (
        select(*_PAPER_COLUMNS)
        .where(paper.c.week_start.in_([week.monday for week in weeks]), is_watched(categories))
        .where(paper.c.first_seen_at > at)
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [paper_from_row(row) for row in connection.execute(query)]


def comments_and_abstracts(
    db: Database, week: Week, categories: Collection[str]
) -> list[tuple[ArxivId, str | None, str]]:
    """Identifier, comment and abstract of the watched papers of a week, by identifier."""
    query = (
        select(paper.c.arxiv_id, paper.c.comment, paper.c.abstract)
        .where(paper.c.week_start == week.monday, is_watched(categories))
        .order_by(paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [(ArxivId(row.arxiv_id), row.comment, row.abstract) for row in connection.execute(query)]


def weeks_with_papers(db: Database, weeks: Sequence[Week], categories: Collection[str]) -> set[Week]:
    """Those of the weeks of which a watched paper is stored; one query, which reads one paper a week."""
    if not weeks:
        return set()
    of_week = (
        select(paper.c.arxiv_id).where(paper.c.week_start == week.monday, is_watched(categories)).exists()
        for week in weeks
    )
    with db.read() as connection:
        found = connection.execute(select(*of_week)).one()
    return {week for week, is_found in zip(weeks, found, strict=True) if is_found}


def count_not_analysed(
    db: Database, week: Week, categories: Collection[str], *, detector_id: str, embedding_model_id: str | None
) -> int:
    """Number of watched papers of a week without detections or without a vector; all of them without a model."""
    # Correlated, because NOT IN would read the detections and vectors of every week.
    is_detected = (
        select(detected_paper.c.arxiv_id)
        .where(detected_paper.c.arxiv_id == paper.c.arxiv_id, detected_paper.c.detector_id == detector_id)
        .exists()
    )
    is_embedded = (
        select(embedding.c.arxiv_id)
        .where(embedding.c.arxiv_id == paper.c.arxiv_id, embedding.c.model_id == embedding_model_id)
        .exists()
    )
    query = (
        select(func.count())
        .select_from(paper)
        .where(paper.c.week_start == week.monday, is_watched(categories), ~(is_detected & is_embedded))
    )
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def count_withdrawn(db: Database, week: Week, categories: Collection[str]) -> int:
    """Number of withdrawn papers of a week, which no other count includes."""
    query = (
        select(func.count())
        .select_from(paper)
        .where(paper.c.week_start == week.monday, is_listed(categories), ~IS_NOT_WITHDRAWN)
    )
    with db.read() as connection:
        return connection.execute(query).scalar_one()


def versions_of_paper(db: Database, arxiv_id: ArxivId) -> list[PaperVersion]:
    """Versions with a known date, oldest first; the query API gives only the first and the newest."""
    query = (
        select(paper_version.c.version, paper_version.c.submitted_at)
        .where(paper_version.c.arxiv_id == arxiv_id)
        .order_by(paper_version.c.version)
    )
    with db.read() as connection:
        return [PaperVersion(arxiv_id, row.version, row.submitted_at) for row in connection.execute(query)]
