"""Papers by their words: ranked for reading, or every match for counting.

The index holds titles, abstracts and authors as ``domain.search_text`` reads them, and queries are read in the same
way. Searches look in all three, counts never in the authors. A *phrase* is a run of words that must follow one another;
punctuation parts words and case does not matter, so ``test-time scaling`` also finds "Test time scaling". A trailing
``*`` leaves the last word's ending open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Executable, Select, distinct, func, select, text

from domain.paper import ArxivId
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.search_text import search_words
from domain.week import Week
from store.database import Database
from store.paper_query import Corpus, matches
from store.schema import paper

MIN_PREFIX = 3
"""Characters before an open ending: the index merges all words that begin with them."""


def words_of(phrase: str) -> list[str]:
    """The words of a phrase as the index parts them."""
    return search_words(phrase)


def ids_by_words(
    db: Database,
    words: Sequence[str],
    corpus: Corpus | None,
    query: PaperQuery = ALL_PAPERS,
    *,
    limit: int,
    beside: Sequence[str] = (),
) -> list[ArxivId]:
    """Papers that hold any of the words, best first: BM25 on SQLite, cover density on PostgreSQL.

    A word in the title weighs more than one in the abstract. The words ``beside`` raise a paper that holds one of the
    others, and find none by themselves; on SQLite the others weigh double beside them. Without a corpus every
    stored paper may be found, watched or not, and the query is not asked; that is several times as fast, because only
    the ``limit`` best are looked at again.
    """
    if not words:
        return []
    phrases = [[word] for word in words]
    if db.is_sqlite and corpus is None:
        best = text(
            "SELECT paper.arxiv_id FROM (SELECT rowid, rank FROM paper_text WHERE paper_text MATCH :match "
            "AND rank MATCH 'bm25(4.0, 1.0, 2.0)' ORDER BY rank LIMIT :limit) AS best "
            "JOIN paper ON paper.row_id = best.rowid ORDER BY best.rank"
        )
        with db.read() as connection:
            found = connection.execute(best, {"match": _match(phrases, beside), "limit": limit})
            return [ArxivId(arxiv_id) for arxiv_id in found.scalars()]
    rank = (
        "bm25(paper_text, 4.0, 1.0, 2.0)"
        if db.is_sqlite
        else "ts_rank_cd(paper.words, to_tsquery('simple', :ranked)) DESC"
    )
    question = _matching(db, select(paper.c.arxiv_id), phrases, beside, in_authors=True)
    if not db.is_sqlite:
        question = question.params(ranked=" | ".join([*words, *beside]))
    if corpus is not None:
        question = question.where(matches(corpus, query))
    with db.read() as connection:
        rows = connection.execute(question.order_by(text(rank), paper.c.arxiv_id).limit(limit))
        return [ArxivId(arxiv_id) for arxiv_id in rows.scalars()]


def ids_by_phrases(
    db: Database, phrases: Sequence[str], corpus: Corpus, query: PaperQuery = ALL_PAPERS
) -> list[ArxivId]:
    """Every paper that matches the query and holds any of the phrases, newest submission first.

    Raises
    ------
    ValueError
        If a phrase holds no word, or leaves the ending open after fewer than ``MIN_PREFIX`` characters.
    """
    question = _matching(db, select(paper.c.arxiv_id, paper.c.submitted_at).distinct(), _parsed(phrases))
    question = question.where(matches(corpus, query)).order_by(paper.c.submitted_at.desc(), paper.c.arxiv_id.desc())
    with db.read() as connection:
        return [ArxivId(arxiv_id) for arxiv_id in connection.execute(question).scalars()]


def count_matches(db: Database, word: str) -> int:
    """How many stored papers hold a word, watched or not."""
    if db.is_sqlite:
        asked: Executable = text("SELECT count(*) FROM paper_text WHERE paper_text MATCH :match").bindparams(
            match=_match([[word]])
        )
    else:
        asked = _matching(db, select(func.count()).select_from(paper), [[word]], in_authors=True)
    with db.read() as connection:
        n: int = connection.execute(asked).scalar_one()
        return n


def weekly_matches(
    db: Database,
    phrases: Sequence[str],
    corpus: Corpus,
    query: PaperQuery = ALL_PAPERS,
    *,
    mondays: NDArray[np.int32] | None = None,
) -> dict[Week, int]:
    """How many papers that match the query hold any of the phrases, by week of submission.

    Weeks without any are absent. ``mondays`` is what ``mondays_of_rows`` gave for the same query. With it SQLite need
    not look up a paper for each match, which takes most of the time of a common word; a paper that came since is not
    counted.

    Raises
    ------
    ValueError
        If a phrase holds no word, or leaves the ending open after fewer than ``MIN_PREFIX`` characters.
    """
    parsed = _parsed(phrases)
    if mondays is not None:
        # As one text: handing out a hundred thousand rows one by one takes three times as long.
        rows = text("SELECT group_concat(rowid) FROM paper_text WHERE paper_text MATCH :match")
        with db.read() as connection:
            listed = connection.execute(rows, {"match": _counted(_match(parsed))}).scalar() or ""
        row_ids = np.fromstring(listed, dtype=np.int64, sep=",")
        days, n = np.unique(mondays[row_ids[row_ids < len(mondays)]], return_counts=True)
        return {Week(date.fromordinal(day)): k for day, k in zip(days.tolist(), n.tolist(), strict=True) if day}
    question = _matching(db, select(paper.c.week_start, func.count(distinct(paper.c.arxiv_id))), parsed)
    question = question.where(matches(corpus, query)).group_by(paper.c.week_start)
    with db.read() as connection:
        return {Week(monday): n for monday, n in connection.execute(question)}


def mondays_of_rows(db: Database, corpus: Corpus, query: PaperQuery = ALL_PAPERS) -> NDArray[np.int32] | None:
    """The ordinal of the Monday of each paper's week by its row in SQLite, 0 where no paper that matches has the row.

    ``None`` on PostgreSQL, which counts matches faster than it could list them.
    """
    if not db.is_sqlite:
        return None
    question = select(paper.c.row_id, paper.c.week_start).where(matches(corpus, query))
    with db.read() as connection:
        found = [(row_id, monday.toordinal()) for row_id, monday in connection.execute(question)]
    mondays = np.zeros(1 + max((row_id for row_id, _ in found), default=0), dtype=np.int32)
    for row_id, day in found:
        mondays[row_id] = day
    return mondays


def _parsed(phrases: Sequence[str]) -> list[list[str]]:
    parsed = []
    for phrase in phrases:
        words = words_of(phrase)
        if not words:
            raise ValueError(f"there is no word in {phrase!r}")
        if phrase.rstrip().endswith("*") and len(words[-1]) < MIN_PREFIX:
            raise ValueError(f"write at least {MIN_PREFIX} characters before the * in {phrase!r}")
        parsed.append([*words[:-1], words[-1] + "*"] if phrase.rstrip().endswith("*") else words)
    return parsed


def _matching(
    db: Database,
    question: Select[Any],
    phrases: Sequence[Sequence[str]],
    beside: Sequence[str] = (),
    *,
    in_authors: bool = False,
) -> Select[Any]:
    """The question narrowed to papers with any of the phrases; only word characters reach the query language."""
    if db.is_sqlite:
        joined = question.join_from(paper, text("paper_text"), text("paper_text.rowid = paper.row_id"))
        match = _match(phrases, beside)
        return joined.where(text("paper_text MATCH :match")).params(match=match if in_authors else _counted(match))
    # The weights A and B are those of title and abstract, C that of the authors.
    where = "" if in_authors else "AB"
    match = " | ".join("(" + " <-> ".join(_lexeme(w, where) for w in words) + ")" for words in phrases)
    return question.where(text("paper.words @@ to_tsquery('simple', :match)")).params(match=match)


def _lexeme(word: str, where: str) -> str:
    label = ("*" if word.endswith("*") else "") + where
    return word.rstrip("*") + (f":{label}" if label else "")


def _counted(match: str) -> str:
    """An expression of FTS5 that looks in title and abstract only."""
    return f"{{title abstract}} : ({match})"


def _match(phrases: Sequence[Sequence[str]], beside: Sequence[str] = ()) -> str:
    """Any of the phrases, in the query language of FTS5, and what counts beside them in its ranking."""
    needed = [
        '"' + " ".join(w.rstrip("*") for w in words) + '"' + ("*" if words[-1].endswith("*") else "")
        for words in phrases
    ]
    found, ranked = " OR ".join(needed), [*needed, *(f'"{word}"' for word in beside)]
    return f"({found}) AND ({' OR '.join(ranked)})" if beside else found
