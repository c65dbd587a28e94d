"""Papers by the words that they hold as written: every match, for lists and counts.

The index holds titles, abstracts and authors as ``domain.search_text`` reads them, and queries are read in the same
way; authors are never counted. A *phrase* is a run of words that must follow one another; punctuation parts words and
case does not matter, so ``test-time scaling`` also finds "Test time scaling". A trailing ``*`` leaves the last word's
ending open. What ranks papers by their words is ``analysis.search.word_index``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, distinct, func, select, text

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
            listed = connection.execute(rows, {"match": _match(parsed)}).scalar() or ""
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


def ids_holding(db: Database, phrase: str, *, in_title: bool = False) -> frozenset[ArxivId]:
    """Every stored paper with the phrase in title or abstract, or only in the title."""
    words = words_of(phrase)
    if not words:
        return frozenset()
    # As one text: handing out ten thousands of rows one by one takes three times as long.
    listed = func.group_concat(paper.c.arxiv_id) if db.is_sqlite else func.string_agg(paper.c.arxiv_id, ",")
    with db.read() as connection:
        found = connection.execute(_matching(db, select(listed), [words], in_title=in_title)).scalar()
    return frozenset(map(ArxivId, found.split(","))) if found else frozenset()


def vocabulary(db: Database, *, min_papers: int) -> dict[str, int]:
    """The words of all papers, authors among them, that enough papers hold, with how many do."""
    if db.is_sqlite:
        words = text("SELECT term, doc FROM temp.paper_vocabulary WHERE doc >= :least")
    else:
        words = text("SELECT word, ndoc FROM ts_stat('SELECT words FROM paper') WHERE ndoc >= :least")
    with db.read() as connection:
        return {row[0]: row[1] for row in connection.execute(words, {"least": min_papers})}


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
    db: Database, question: Select[Any], phrases: Sequence[Sequence[str]], *, in_title: bool = False
) -> Select[Any]:
    """The question narrowed to papers with any of the phrases; only word characters reach the query language."""
    if db.is_sqlite:
        joined = question.join_from(paper, text("paper_text"), text("paper_text.rowid = paper.row_id"))
        return joined.where(text("paper_text MATCH :match")).params(match=_match(phrases, in_title=in_title))
    weights = "A" if in_title else "AB"
    match = " | ".join("(" + " <-> ".join(_lexeme(word, weights) for word in words) + ")" for words in phrases)
    return question.where(text("paper.words @@ to_tsquery('simple', :match)")).params(match=match)


def _lexeme(word: str, weights: str) -> str:
    """A word in the query language of PostgreSQL; the weights A and B are those of title and abstract."""
    return word.rstrip("*") + (":*" if word.endswith("*") else ":") + weights


def _match(phrases: Sequence[Sequence[str]], *, in_title: bool = False) -> str:
    """Any of the phrases, in title or abstract, in the query language of FTS5."""
    found = " OR ".join(
        '"' + " ".join(w.rstrip("*") for w in words) + '"' + ("*" if words[-1].endswith("*") else "")
        for words in phrases
    )
    return f"{{title}} : ({found})" if in_title else f"{{title abstract}} : ({found})"
