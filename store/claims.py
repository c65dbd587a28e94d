"""Claims, findings, code links, standards and failure modes of papers, as the last reader read them.

A paper has one reading. A newer reader's takes its place when it has read the paper; until then the older one counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select

from domain.claim import Claim, cuts_of
from domain.detections import Evidence
from domain.paper import ArxivId
from domain.paper_claims import PaperClaims
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.standards_and_failure_modes import RuleKind, RuleMention
from store.database import Database
from store.paper_query import Corpus, matches
from store.schema import claim, paper, read_paper, rule_mention

_READ = (claim, rule_mention, read_paper)
_AT_ONCE = 5_000


@dataclass(frozen=True)
class StoredClaim:
    """A claim with its paper; ``quote`` is word for word, and ``number`` tells the claims of a paper apart."""

    arxiv_id: ArxivId
    number: int
    title: str
    week_start: date
    claim: Claim
    has_code: bool


@dataclass(frozen=True)
class StoredRuleMention:
    """A standard or failure mode named by a paper, with the paper."""

    arxiv_id: ArxivId
    title: str
    abstract: str
    week_start: date
    mention: RuleMention


class ReadPaper(NamedTuple):
    """A paper that was read, with whether it names code and which reader read it."""

    arxiv_id: ArxivId
    week_start: date
    has_code: bool
    reader_id: str


@dataclass(frozen=True)
class ReadingCounts:
    """How many of some papers no reader has read yet, and how many only an older reader has."""

    n_unread: int
    n_older: int


def ids_without_claims(db: Database, reader_id: str) -> list[ArxivId]:
    """Papers that this reader has not read, oldest submission first."""
    query = select(paper.c.arxiv_id).where(_is_unread(reader_id)).order_by(paper.c.submitted_at, paper.c.arxiv_id)
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(query).scalars()]


def count_without_claims(db: Database, reader_id: str) -> int:
    """Number of papers that this reader has not read."""
    with db.read() as connection:
        return connection.execute(select(func.count()).select_from(paper).where(_is_unread(reader_id))).scalar_one()


def _is_unread(reader_id: str) -> ColumnElement[bool]:
    return paper.c.arxiv_id.not_in(select(read_paper.c.arxiv_id).where(read_paper.c.reader_id == reader_id))


def add_claims(db: Database, reader_id: str, found: Sequence[PaperClaims]) -> None:
    """Store what a reader read in papers, instead of what any reader read before."""
    ids = [of.arxiv_id for of in found]
    if not ids:
        return
    claims = [
        {
            "arxiv_id": of.arxiv_id,
            "number": number,
            "quote_start": one.evidence.start,
            "quote_end": one.evidence.end,
            "quantity": one.quantity,
            "form": one.form,
            "value": one.value,
            "value_to": one.value_to,
            "unit": one.unit,
            "up_to": one.up_to,
        }
        for of in found
        for number, one in enumerate(of.claims)
    ]
    rules = [
        {
            "arxiv_id": of.arxiv_id,
            "kind": mention.kind,
            "key": mention.key,
            "evidence": [[e.field, e.start, e.end] for e in mention.evidence],
        }
        for of in found
        for mention in of.rules
    ]
    papers = [
        {
            "arxiv_id": of.arxiv_id,
            "reader_id": reader_id,
            "finding_start": of.finding.start if of.finding else None,
            "finding_end": of.finding.end if of.finding else None,
            "code": of.code,
        }
        for of in found
    ]
    with db.write() as connection:
        forget_claims(connection, ids)
        connection.execute(read_paper.insert(), papers)
        if claims:
            connection.execute(claim.insert(), claims)
        if rules:
            connection.execute(rule_mention.insert(), rules)


def forget_claims(connection: Connection, ids: Sequence[str]) -> None:
    """Remove what was read in papers, as after a change of their text or comment."""
    for table in _READ:
        connection.execute(delete(table).where(table.c.arxiv_id.in_(ids)))


def claims_of_paper(db: Database, arxiv_id: ArxivId) -> PaperClaims | None:
    """What was read in one paper; ``None`` if it was not read yet."""
    with db.read() as connection:
        query = select(read_paper, paper.c.abstract).join(paper, paper.c.arxiv_id == read_paper.c.arxiv_id)
        of = connection.execute(query.where(read_paper.c.arxiv_id == arxiv_id)).one_or_none()
        if of is None:
            return None
        claims = connection.execute(select(claim).where(claim.c.arxiv_id == arxiv_id).order_by(claim.c.number)).all()
        rules = connection.execute(
            select(rule_mention)
            .where(rule_mention.c.arxiv_id == arxiv_id)
            .order_by(rule_mention.c.kind, rule_mention.c.key)
        ).all()
    return PaperClaims(
        arxiv_id,
        tuple(_claim(row, of.abstract) for row in claims),
        None if of.finding_start is None else Evidence("abstract", of.finding_start, of.finding_end),
        of.code,
        tuple(RuleMention(row.kind, row.key, tuple(Evidence(*place) for place in row.evidence)) for row in rules),
    )


def claims_of_papers(db: Database, ids: Collection[ArxivId]) -> Mapping[ArxivId, PaperClaims]:
    """What was read in each of these papers; papers that were not read yet are absent."""
    wanted = list(ids)
    found: dict[ArxivId, PaperClaims] = {}
    with db.read() as connection:
        for start in range(0, len(wanted), 5_000):  # the number of variables in a statement is limited
            some = wanted[start : start + 5_000]
            claims: dict[str, list[Claim]] = {}
            query = select(claim, paper.c.abstract).join(paper, paper.c.arxiv_id == claim.c.arxiv_id)
            for row in connection.execute(query.where(claim.c.arxiv_id.in_(some)).order_by(claim.c.number)):
                claims.setdefault(row.arxiv_id, []).append(_claim(row, row.abstract))
            rules: dict[str, list[RuleMention]] = {}
            named = select(rule_mention).where(rule_mention.c.arxiv_id.in_(some))
            for row in connection.execute(named.order_by(rule_mention.c.kind, rule_mention.c.key)):
                places = tuple(Evidence(*place) for place in row.evidence)
                rules.setdefault(row.arxiv_id, []).append(RuleMention(row.kind, row.key, places))
            for row in connection.execute(select(read_paper).where(read_paper.c.arxiv_id.in_(some))):
                found[ArxivId(row.arxiv_id)] = PaperClaims(
                    ArxivId(row.arxiv_id),
                    tuple(claims.get(row.arxiv_id, ())),
                    None if row.finding_start is None else Evidence("abstract", row.finding_start, row.finding_end),
                    row.code,
                    tuple(rules.get(row.arxiv_id, ())),
                )
    return found


def findings_of(db: Database, ids: Collection[ArxivId]) -> Mapping[ArxivId, str]:
    """The finding of each of these papers, word for word; papers without one are absent."""
    columns = (paper.c.arxiv_id, paper.c.abstract, read_paper.c.finding_start, read_paper.c.finding_end)
    query = select(*columns).join(read_paper, read_paper.c.arxiv_id == paper.c.arxiv_id)
    query = query.where(read_paper.c.finding_start.is_not(None))
    wanted = list(ids)
    found = {}
    with db.read() as connection:
        for start in range(0, len(wanted), 5_000):  # the number of variables in a statement is limited
            some = query.where(paper.c.arxiv_id.in_(wanted[start : start + 5_000]))
            for row in connection.execute(some):
                found[ArxivId(row.arxiv_id)] = row.abstract[row.finding_start : row.finding_end]
    return found


def count_readings(db: Database, reader_id: str, corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> ReadingCounts:
    """How many of the papers that match have no reading yet, or one of another reader than this."""
    counts = select(
        func.count().filter(read_paper.c.reader_id.is_(None)).label("n_unread"),
        func.count().filter(read_paper.c.reader_id != reader_id).label("n_older"),
    )
    found = counts.select_from(paper.outerjoin(read_paper, read_paper.c.arxiv_id == paper.c.arxiv_id))
    with db.read() as connection:
        row = connection.execute(found.where(matches(corpus, query))).one()
    return ReadingCounts(row.n_unread, row.n_older)


def papers_read(db: Database, corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> list[ReadPaper]:
    """The papers read that match, oldest first."""
    found = (
        select(paper.c.arxiv_id, paper.c.week_start, read_paper.c.code, read_paper.c.reader_id)
        .join(read_paper, read_paper.c.arxiv_id == paper.c.arxiv_id)
        .where(matches(corpus, query))
        .order_by(paper.c.submitted_at, paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [
            ReadPaper(ArxivId(row.arxiv_id), row.week_start, row.code is not None, row.reader_id)
            for row in connection.execute(found)
        ]


def claims_matching(db: Database, corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> list[StoredClaim]:
    """The claims of the papers that ``papers_read`` gives, oldest paper first."""
    return list(each_claim_matching(db, corpus, query))


def each_claim_matching(db: Database, corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> Iterator[StoredClaim]:
    """The claims that ``claims_matching`` gives, without holding all of them in memory."""
    found = _claims_read().where(matches(corpus, query))
    found = found.order_by(paper.c.submitted_at, paper.c.arxiv_id, claim.c.number)
    with db.read() as connection:
        for row in connection.execute(found.execution_options(yield_per=_AT_ONCE)):
            yield _stored_claim(row)


def claims_numbered(db: Database, wanted: Sequence[tuple[ArxivId, int]]) -> Mapping[tuple[ArxivId, int], StoredClaim]:
    """Some claims, by their paper and number; those that are not stored are absent."""
    ids = list(dict.fromkeys(arxiv_id for arxiv_id, _ in wanted))
    found = {}
    with db.read() as connection:
        for start in range(0, len(ids), 5_000):  # the number of variables in a statement is limited
            some = _claims_read().where(claim.c.arxiv_id.in_(ids[start : start + 5_000]))
            for one in map(_stored_claim, connection.execute(some)):
                found[one.arxiv_id, one.number] = one
    return {key: found[key] for key in wanted if key in found}


def _claims_read() -> Select[Any]:
    return (
        select(claim, paper.c.title, paper.c.abstract, paper.c.week_start, read_paper.c.code)
        .join(paper, paper.c.arxiv_id == claim.c.arxiv_id)
        .join(read_paper, read_paper.c.arxiv_id == claim.c.arxiv_id)
    )


def _stored_claim(row: Row[Any]) -> StoredClaim:
    claimed = _claim(row, row.abstract)
    return StoredClaim(ArxivId(row.arxiv_id), row.number, row.title, row.week_start, claimed, row.code is not None)


def rule_mentions_matching(
    db: Database,
    kind: RuleKind,
    corpus: Corpus,
    query: PaperQuery = ALL_PAPERS,
    *,
    key: str | None = None,
) -> list[StoredRuleMention]:
    """Standards or failure modes that the papers read name which match, newest paper first; ``key`` for one alone."""
    found = (
        select(rule_mention, paper.c.title, paper.c.abstract, paper.c.week_start)
        .join(paper, paper.c.arxiv_id == rule_mention.c.arxiv_id)
        .where(
            rule_mention.c.kind == kind,
            *([] if key is None else [rule_mention.c.key == key]),
            matches(corpus, query),
        )
        .order_by(paper.c.submitted_at.desc(), paper.c.arxiv_id, rule_mention.c.key)
    )
    with db.read() as connection:
        return [
            StoredRuleMention(
                ArxivId(row.arxiv_id),
                row.title,
                row.abstract,
                row.week_start,
                RuleMention(row.kind, row.key, tuple(Evidence(*place) for place in row.evidence)),
            )
            for row in connection.execute(found)
        ]


def rules_of_papers(
    db: Database, corpus: Corpus, query: PaperQuery = ALL_PAPERS
) -> list[tuple[RuleKind, str, ArxivId, date]]:
    """Kind and key of every standard and failure mode that a matching paper names, with the paper and its Monday."""
    found = (
        select(rule_mention.c.kind, rule_mention.c.key, rule_mention.c.arxiv_id, paper.c.week_start)
        .join(paper, paper.c.arxiv_id == rule_mention.c.arxiv_id)
        .where(matches(corpus, query))
        .order_by(paper.c.submitted_at.desc(), paper.c.arxiv_id)
    )
    with db.read() as connection:
        return [(row.kind, row.key, ArxivId(row.arxiv_id), row.week_start) for row in connection.execute(found)]


def ids_naming(db: Database, kind: RuleKind, key: str, corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> list[ArxivId]:
    """The matching papers that name a standard or failure mode, newest first."""
    found = rule_mentions_matching(db, kind, corpus, query, key=key)
    return [one.arxiv_id for one in found]


def count_read_by_week(db: Database, corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> Mapping[date, int]:
    """Number of matching papers that were read, by the Monday of their week, oldest first."""
    found = (
        select(paper.c.week_start, func.count().label("n_read"))
        .join(read_paper, read_paper.c.arxiv_id == paper.c.arxiv_id)
        .where(matches(corpus, query))
        .group_by(paper.c.week_start)
        .order_by(paper.c.week_start)
    )
    with db.read() as connection:
        return {row.week_start: row.n_read for row in connection.execute(found)}


def _claim(row: Row[tuple[object, ...]], abstract: str) -> Claim:
    cut_before, cut_after = cuts_of(abstract, row.quote_start, row.quote_end)
    return Claim(
        quote=abstract[row.quote_start : row.quote_end],
        quantity=row.quantity,
        form=row.form,
        value=row.value,
        value_to=row.value_to,
        unit=row.unit,
        up_to=row.up_to,
        evidence=Evidence("abstract", row.quote_start, row.quote_end),
        cut_before=cut_before,
        cut_after=cut_after,
    )
