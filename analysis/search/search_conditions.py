"""The conditions of a query applied to the papers held: who its authors are, and which papers it may find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.search.author_match import authors_named
from analysis.search.paper_scores import score_papers
from analysis.search.search_query import parsed_query
from analysis.search.semantic_search import PaperSearch
from domain.errors import UsageError
from domain.packed_stems import stem_number
from domain.paper import ArxivId
from domain.paper_arrays import day_number
from domain.search_query import Condition, Field, SearchQuery
from domain.search_text import search_words
from domain.typed_day import day

_MAX_NAME_WORDS = 6
"""Words of one name."""
_MAX_COMPARED = 20_000
"""Papers whose authors are compared with a name; beyond, a common family name with an initial, the newest are."""
_FAMILY_SAMPLE = 60
"""The newest papers whose authors are read to learn how often a word alone is a family name."""
_TIMES_IN_TEXT = 4
"""How many times as many papers as hold it in their text must be by authors of a family name that is meant alone."""


@dataclass(frozen=True, eq=False)
class AppliedQuery:
    """A query with its conditions applied.

    Attributes
    ----------
    query : as read; a name without quotes ends where the authors' names end, and the rest of it ranks.
    among : whether each paper of the index meets every condition, ``(n_papers,)``.
    meets_conditions : whether there are words or authors that a paper must have, so that what is found is exact; facts
        and days only narrow what is near.
    authors : for each author condition's words, the names of the authors found, the most frequent first; none for one
        word alone, which is a name wherever it stands.
    """

    query: SearchQuery
    among: NDArray[np.bool_]
    meets_conditions: bool
    authors: dict[str, tuple[str, ...]]


def applied(papers: PaperSearch, query: SearchQuery) -> AppliedQuery:
    """The papers that a query may find; a plain query that is the name of an author is read as one."""
    if (name := query.possible_author) and _is_author_meant(papers, name):
        condition = Condition("author", name, is_phrase=True)
        query = replace(query, text="", required=((condition,),))
    among = np.ones(len(papers.index), dtype=bool)
    authors: dict[str, tuple[str, ...]] = {}
    groups = []
    for group in query.required:
        holds = np.zeros(len(among), dtype=bool)
        read = []
        for condition in group:
            rows, condition, names, rest = _holding(papers, condition)
            holds |= rows
            read.append(condition)
            if rest:
                query = replace(query, text=f"{query.text} {rest}".strip())
            if condition.field == "author":
                authors[condition.words] = names
        among &= holds
        groups.append(tuple(read))
    excluded = []
    for condition in query.excluded:
        rows, condition, names, _ = _holding(papers, condition)
        among &= ~rows
        excluded.append(condition)
        if condition.field == "author":
            authors[condition.words] = names
    query = replace(query, required=tuple(groups), excluded=tuple(excluded))
    return AppliedQuery(query, among, any(not c.only_narrows for group in query.required for c in group), authors)


def _holding(papers: PaperSearch, condition: Condition) -> tuple[NDArray[np.bool_], Condition, tuple[str, ...], str]:
    """The papers that meet a condition, the condition as read, the authors' names, and words after the name."""
    if condition.field == "fact":
        holds = np.zeros(len(papers.index), dtype=bool)
        holds[papers.index.facets.rows_of(("fact", condition.words))] = True
        return holds, condition, (), ""
    if condition.field == "since":
        return papers.index.day >= day_number(day(condition.words)), condition, (), ""
    if condition.field == "until":
        return papers.index.day <= day_number(day(condition.words, end=True)), condition, (), ""
    if condition.field == "author":
        words = condition.words.split()
        lengths = [len(words)] if condition.is_phrase else range(min(len(words), _MAX_NAME_WORDS), 0, -1)
        for length in lengths:
            name = " ".join(words[:length])
            rows, names = papers_by(papers, name)
            if rows.any():
                return rows, replace(condition, words=name, is_phrase=True), names, " ".join(words[length:])
        return np.zeros(len(papers.index), dtype=bool), replace(condition, is_phrase=True), (), ""
    if condition.is_phrase:
        ids = papers.text.ids_holding(condition.words, in_title=condition.field == "title")
        holds = np.zeros(len(papers.index), dtype=bool)
        holds[[row for arxiv_id in ids if (row := papers.index.row_of.get(arxiv_id)) is not None]] = True
    else:
        holds = _with_words(papers, search_words(condition.words), condition.field)
    return holds, condition, (), ""


def _with_words(papers: PaperSearch, words: Sequence[str], field: Field) -> NDArray[np.bool_]:
    holds = np.ones(len(papers.index), dtype=bool)
    for word in dict.fromkeys(words):
        holds &= papers.holding(stem_number(word), field)
    return holds


def papers_by(papers: PaperSearch, name: str) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Whether each paper is by an author of this name, and the names of these authors, the most frequent first.

    One word is a name wherever it stands among the authors; several must be those of one author, in any order, with
    initials on either side.
    """
    words = search_words(name)
    full = [word for word in words if len(word) > 1]
    if not full or len(words) > _MAX_NAME_WORDS:
        return np.zeros(len(papers.index), dtype=bool), ()
    written = [papers.holding(stem_number(word), "author") for word in full]
    # One word must be there in full; the others may be initials. Most queries are no names, so no paper is left.
    holds: NDArray[np.bool_] = np.logical_or.reduce(written)
    for word, is_written in zip(full, written, strict=True) if len(words) > 1 and holds.any() else ():
        holds &= is_written | papers.holding(stem_number(word[0]), "author")
    if len(words) == 1 or not holds.any():
        return holds, ()
    rows = np.flatnonzero(holds)[-_MAX_COMPARED:]
    ids, names = _named_at(papers, rows, tuple(words))
    holds = np.zeros(len(papers.index), dtype=bool)
    holds[[papers.index.row_of[arxiv_id] for arxiv_id in ids if arxiv_id in papers.index.row_of]] = True
    return holds, names


def _named_at(
    papers: PaperSearch, rows: NDArray[np.int64], words: tuple[str, ...]
) -> tuple[list[ArxivId], tuple[str, ...]]:
    ids: list[ArxivId] = []
    shown = Counter[str]()
    at = [papers.index.ids[row] for row in rows.tolist()]
    for arxiv_id, (authors, parts) in papers.text.author_lists(at).items():
        if named := authors_named(words, authors, parts):
            ids.append(arxiv_id)
            shown.update(author.text for author in named)
    return ids, tuple(sorted(shown, key=lambda text: (-shown[text], text)))


def _is_author_meant(papers: PaperSearch, name: str) -> bool:
    """Whether words are a name on at least as many papers as hold all of them in title or abstract.

    A single word must be the family name on several times as many.
    """
    words = search_words(name)
    rows, _ = papers_by(papers, name)
    if not rows.any():
        return False
    n_in_text = int(_with_words(papers, [word for word in words if len(word) > 1], "text").sum())
    if len(words) > 1:
        return int(rows.sum()) >= n_in_text
    newest = np.flatnonzero(rows)[-_FAMILY_SAMPLE:]
    share = len(_named_at(papers, newest, tuple(words))[0]) / len(newest)
    return share > 0 and share * int(rows.sum()) >= _TIMES_IN_TEXT * n_in_text


def found_by(
    papers: PaperSearch, typed: str, *, min_similarity: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """What mails and feeds bring for a query as typed: the scores of all papers, what ranks them, and which are found.

    A paper that the query must not find is not found. A query of conditions alone finds every paper that meets them.

    Raises
    ------
    UsageError
        If the query asks for nothing.
    """
    asked = applied(papers, parsed_query(typed))
    if asked.query.words:
        scored = score_papers(papers, asked.query.text, min_similarity=min_similarity)
        found = asked.among if asked.meets_conditions else asked.among & (scored.is_near | scored.has_words)
        return scored.scores, scored.ranked_by, found
    if not asked.query.required and not asked.query.excluded:
        raise UsageError("the query contains no word to search for")
    alike = np.ones(len(papers.index), dtype=np.float32)
    return alike, alike, asked.among
