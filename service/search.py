"""Papers for a query by meaning and by words together, and the papers that a number counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import accumulate
from typing import Any, Literal

from analysis.search import fused_ranks, nearest_rows
from domain.detections import TermKind
from domain.errors import UsageError
from domain.paper import ArxivId, Paper
from domain.paper_index import PaperFilter
from service.answers import LEVELS, Level, meant_rows, require_counted, term_named, watched, words_named
from service.workshop import Workshop
from store.papers import papers_in_order
from store.search import Scope, count_matches, ids_by_phrases, ids_by_words, words_of

Sort = Literal["relevance", "newest", "oldest"]

MAX_QUERY = 500
"""Characters of a query; the model reads no more than about two hundred words."""
CANDIDATES = 300
"""How many papers each of the two rankings gives."""
MOST_MATCHES = 0.02
"""How many papers the words that find papers may have together, as a share of all papers, because each paper found
costs its ranking. The rarest come first, and one always; all the others count where one of these is.

Of searches for three to six words of a title among 34,886 papers, 89 % have the paper among the first twenty
(``python -m benchmarks.title_searches --seed 4``); it was 77 % where common words did not count at all."""
FEW_MATCHES = 1_000
"""So many cost nothing that is felt."""

_STOP_WORDS = frozenset(
    "a an and are as at be below by can do does for from how in into is it its of on or over s that the their this to"
    " under we what when where which why with".split()
)


@dataclass(frozen=True)
class Question:
    """What is looked for, and among which papers; names are as people type them."""

    query: str
    since: date | None = None
    until: date | None = None
    categories: tuple[str, ...] = ()
    primary: bool = False
    topic: str | None = None
    term: str | None = None
    level: Level = "adopts"
    sort: Sort = "relevance"


def search(shop: Workshop, question: Question, *, limit: int, offset: int = 0) -> tuple[dict[str, Any], list[Paper]]:
    """The answer as JSON, in the form that docs/json.md describes, and the papers of this page themselves.

    Raises
    ------
    UsageError
        If the query is empty or too long, or a filter names something unknown.
    """
    words = _words(question.query)
    wanted = paper_filter(shop, question)
    index = shop.paper_index
    ranked = shop.kept(
        ("search", replace(question, sort="relevance")),
        lambda: _ranked(shop, question, words, wanted),
        shelf="search",
    )
    order = list(ranked)
    if question.sort != "relevance":
        order.sort(key=lambda i: index.row_of.get(i, len(index.row_of)), reverse=question.sort == "newest")
    papers = papers_in_order(shop.db, order[offset : offset + limit])
    results = [
        {
            "arxiv_id": p.arxiv_id,
            "title": p.title,
            "authors": list(p.authors),
            "primary_category": p.primary_category,
            "submitted_at": p.submitted_at.isoformat().replace("+00:00", "Z"),
            "url": p.url,
            "score": round(ranked[p.arxiv_id][0], 4),
            "similarity": _rounded(ranked[p.arxiv_id][1]),
            "why": _why(p, words, ranked[p.arxiv_id][1]),
        }
        for p in papers
    ]
    return {"query": question.query, "total": len(order), "results": results}, papers


def _words(query: str) -> list[str]:
    if len(query) > MAX_QUERY:
        raise UsageError(f"the query has {len(query):,} characters; {MAX_QUERY} are enough")
    words = list(dict.fromkeys(word for word in words_of(query) if word not in _STOP_WORDS))
    if not words:
        raise UsageError("the query holds no word to look for")
    return words


def _ranked(
    shop: Workshop, question: Question, words: Sequence[str], wanted: PaperFilter
) -> dict[ArxivId, tuple[float, float | None]]:
    """Score and similarity of each paper found, best first."""
    index = shop.paper_index
    if not index.vectors.shape[1]:
        raise UsageError("nothing is embedded yet, so nothing can be searched; `papertide run` does all of it")
    among = None if wanted.is_open else wanted.rows(index)
    cosines = shop.similarities(question.query, index)
    nearest = nearest_rows(cosines, index.ids, limit=CANDIDATES, among=among)
    nearest = nearest[: sum(cosines[row] >= shop.settings.service.min_similarity for row in nearest)]
    telling, others = _telling(shop, words, n_papers=len(index))
    scope = None if wanted.is_open else scope_of(shop, wanted)
    by_words = [i for i in ids_by_words(shop.db, telling, scope, limit=CANDIDATES, beside=others) if i in index.row_of]
    fused = fused_ranks([[index.ids[row] for row in nearest], by_words])
    near = {arxiv_id: float(cosines[index.row_of[arxiv_id]]) for arxiv_id in fused}
    # A cosine of 0 is that of a paper without a vector.
    return {arxiv_id: (score, near[arxiv_id] or None) for arxiv_id, score in fused.items()}


def _telling(shop: Workshop, words: Sequence[str], *, n_papers: int) -> tuple[list[str], list[str]]:
    """The words that tell papers apart, and the others that any paper holds; each rarest first."""
    counts = {
        word: shop.kept(("matches", word), partial(count_matches, shop.db, word), shelf="search") for word in words
    }
    rarest_first = sorted((word for word in words if counts[word]), key=lambda word: counts[word])
    matches = accumulate(counts[word] for word in rarest_first)
    most = max(FEW_MATCHES, MOST_MATCHES * n_papers)
    n_telling = max(1, sum(n <= most for n in matches))
    return rarest_first[:n_telling], rarest_first[n_telling:]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)


def _why(paper: Paper, words: Sequence[str], similarity: float | None) -> list[str]:
    """Reasons in words: how near in meaning, and which words of the query stand where."""
    reasons = [f"meaning: similarity {similarity:.2f}"] if similarity is not None else []
    for place, text in (("title", paper.title), ("abstract", paper.abstract)):
        present = set(words_of(text))
        found = [word for word in words if word in present]
        if found:
            reasons.append(f"{place}: {', '.join(found)}")
    return reasons


# -- papers that a number counts


def papers_matching(shop: Workshop, question: Question, *, limit: int, offset: int = 0) -> tuple[int, list[Paper]]:
    """How many papers the filters of a question let through, and one page of them, newest first.

    A ``term`` that is no technique, theme or topic is looked for as it stands or by meaning, as in ``trends``;
    ``query`` is not asked.

    Raises
    ------
    UsageError
        If a filter names something unknown.
    """
    index = shop.paper_index
    words = words_named(shop, question.term) if question.term else None
    wanted = paper_filter(shop, replace(question, term=None) if words else question)
    if words and words[0] == "text":
        try:
            ids = shop.kept(
                ("phrases", words[1], wanted),
                lambda: ids_by_phrases(shop.db, words[1].split(" OR "), scope_of(shop, wanted)),
                shelf="large",
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        return len(ids), papers_in_order(shop.db, ids[offset : offset + limit])
    kept = wanted.rows(index)
    if words:
        kept &= meant_rows(shop, words[1], index)
    rows = kept.nonzero()[0][::-1]
    page = [index.ids[row] for row in rows[offset : offset + limit].tolist()]
    return len(rows), papers_in_order(shop.db, page)


def paper_filter(shop: Workshop, question: Question) -> PaperFilter:
    """The filters of a question as conditions on the index.

    Raises
    ------
    UsageError
        If one names something unknown.
    """
    topic_id: int | None = None
    term: tuple[TermKind, str] | None = None
    for name, kinds in ((question.topic, ("topic",)), (question.term, ("technique", "theme", "topic"))):
        if name is None:
            continue
        named = term_named(shop, name if kinds != ("topic",) or name.startswith("topic:") else f"topic:{name}")
        if named is None or named[0] not in kinds:
            raise UsageError(f"there is no {' or '.join(kinds)} {name!r}")
        if named[0] == "topic":
            topic_id = int(named[1])
        else:
            require_counted(shop)
            term = named
    if question.since and question.until and question.since > question.until:
        raise UsageError(f"the first day, {question.since}, is after the last, {question.until}")
    return PaperFilter(
        since=question.since,
        until=question.until,
        categories=watched(shop, question.categories),
        primary=question.primary and bool(question.categories),
        topic_id=topic_id,
        term=term,
        levels=LEVELS[question.level] if term else (),
    )


def scope_of(shop: Workshop, wanted: PaperFilter) -> Scope:
    """The same conditions for the database."""
    model = shop.topic_model
    return Scope(
        shop.settings.categories,
        within=wanted.categories or None,
        primary=wanted.primary,
        since=wanted.since,
        until=wanted.until,
        topic_model_id=model.topic_model_id if model else None,
        topic_id=wanted.topic_id,
        detector_id=shop.detector.detector_id,
        term=wanted.term,
        levels=wanted.levels,
    )
