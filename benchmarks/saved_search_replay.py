"""Saved searches replayed week by week: what mails and feeds bring, and what they leave out, beside the code of before.

    python -m benchmarks.saved_search_replay --data-dir FOLDER [--pool FILE]

``FOLDER`` is one that ``papertide run`` has filled with the weeks 2026-W14 to W25. Each Tuesday only the papers up to
the closed week are known. ``personal_searches.tsv`` has the searches: for *judged* ones ``personal_judgements.tsv``
says which papers are right, read in title and abstract; for *words* ones a paper is right if its title has the words;
*open* ones are counted only. Judged were all papers that any of the systems brought and the best 60 by words alone, so
recall is of those. ``--pool`` writes the papers that are not judged yet, in an order that tells nothing of their
system.

Systems: the mail of before (cosine of at least 0.40, 0.08 less with all the words, at most 8 a week), the feed of
before (the best 50 of eight weeks, of which the newest week's are new), and mail and feed of now, which bring the same
papers, by half the best score and by about 6 a week.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.digest.personal import PersonalSettings
from analysis.search.described_text import described_text
from analysis.search.new_papers import new_papers
from analysis.search.paper_scores import PaperScores, score_papers
from analysis.search.ranking import nearest_rows, similarities
from analysis.search.semantic_search import IndexSearch
from analysis.search.word_index import WordIndex
from domain.packed_stems import stem_numbers
from domain.paper import ArxivId, Paper
from domain.paper_arrays import PaperIndex, day_number
from domain.search_query import content_words
from domain.week import Week
from runtime.cached_context import CachedContext
from runtime.context import StoredPaperText
from runtime.settings import Settings
from store.paper_arrays import load_stems
from store.papers import papers_in_order

_SEARCHES = Path(__file__).with_name("personal_searches.tsv")
_JUDGEMENTS = Path(__file__).with_name("personal_judgements.tsv")
FIRST_WEEK, N_WEEKS = Week.parse("2026-W14"), 12
N_BY_WORDS = 60

Brought = dict[Week, list[ArxivId]]


@dataclass(frozen=True, eq=False)
class Known:
    """What is known on the Tuesday after a week closed."""

    week: Week
    search: IndexSearch
    of_week: NDArray[np.bool_]
    of_eight_weeks: NDArray[np.bool_]


def known_after(context: CachedContext, week: Week, vectors: dict[str, NDArray[np.float32]]) -> Known:
    """The papers up to a week, as a search would hold them."""
    whole = context.paper_index
    n = int(np.searchsorted(whole.day, day_number(week.sunday), side="right"))
    index = PaperIndex(
        ids=whole.ids[:n],
        day=whole.day[:n],
        categories=whole.categories,
        listed=whole.listed[:n],
        primary=whole.primary[:n],
        topic_id=whole.topic_id[:n],
        similarity=whole.similarity[:n],
        terms=whole.terms,
        level=whole.level[:n],
        vectors=whole.vectors[:n],
    )
    words = WordIndex(*load_stems(context.db, index.ids))

    def compare(text: str) -> NDArray[np.float32]:
        cosines: NDArray[np.float32] = similarities(vectors[text][None], index.vectors)[0]
        return cosines

    return Known(
        week,
        IndexSearch(index, compare, lambda: words, StoredPaperText(context)),
        index.day >= day_number(week.monday),
        index.day >= day_number(week.plus(-7).monday),
    )


def mail_before(known: Known, query: str, scored: PaperScores, has_all: Callable[[ArxivId], bool]) -> list[ArxivId]:
    """The eight papers of the week nearest in meaning, of at least the least similarity."""
    rows = nearest_rows(scored.cosines, scored.ids, limit=60, among=known.of_week)
    near = [(float(scored.cosines[row]) + 0.08 * has_all(scored.ids[row]), scored.ids[row]) for row in rows]
    return [arxiv_id for score, arxiv_id in sorted(near, key=lambda x: (-x[0], x[1])) if score >= 0.40][:8]


def feed_before(known: Known, query: str, scored: PaperScores, has_all: Callable[[ArxivId], bool]) -> list[ArxivId]:
    """The week's papers among the best fifty of eight weeks."""
    return [scored.ids[row] for row in scored.found(known.of_eight_weeks)[:50] if known.of_week[row]]


def now(per_week: int | None) -> Callable[[Known, str, PaperScores, Callable[[ArxivId], bool]], list[ArxivId]]:
    """Mail and feed of now."""

    def bring(known: Known, query: str, scored: PaperScores, has_all: Callable[[ArxivId], bool]) -> list[ArxivId]:
        new = new_papers(
            scored.scores,
            scored.is_near | scored.has_words,
            ids=scored.ids,
            day=known.search.index.day,
            among=known.of_week,
            per_week=per_week,
            share_of_best=PersonalSettings().share_of_best,
            last_closed=known.week,
        )
        return [scored.ids[row] for row in new.rows]

    return bring


SYSTEMS: dict[str, Callable[[Known, str, PaperScores, Callable[[ArxivId], bool]], list[ArxivId]]] = {
    "mail of before": mail_before,
    "feed of before": feed_before,
    "mail and feed, half the best": now(None),
    "mail and feed, about 6 a week": now(6),
}


def replay(context: CachedContext, queries: Sequence[str]) -> dict[str, dict[str, Brought]]:
    """What each system brings for each query, by week; and the best by words alone, as the system ``words``."""
    texts = [described_text(query) for query in queries]
    vectors = dict(zip(texts, context.encoder.encode_queries(texts), strict=True))
    stems: dict[ArxivId, set[int]] = {}
    brought: dict[str, dict[str, Brought]] = {name: {query: {} for query in queries} for name in (*SYSTEMS, "words")}
    for week in (FIRST_WEEK.plus(i) for i in range(N_WEEKS)):
        known = known_after(context, week, vectors)
        ids = known.search.index.ids
        rows = np.flatnonzero(known.of_week).tolist()
        for paper in papers_in_order(context.db, [ids[row] for row in rows]):
            stems[paper.arxiv_id] = set(stem_numbers(f"{paper.title} {paper.abstract}"))
        for query in queries:
            scored = score_papers(known.search, query, min_similarity=context.settings.service.min_similarity)
            wanted = {stem for word in content_words(query) for stem in stem_numbers(word)}
            for name, bring in SYSTEMS.items():
                brought[name][query][week] = bring(known, query, scored, lambda i, w=wanted: w <= stems[i])
            if week == FIRST_WEEK.plus(N_WEEKS - 1):
                best = nearest_rows(scored.word_scores, ids, limit=N_BY_WORDS, among=scored.word_scores > 0)
                brought["words"][query][week] = [ids[row] for row in best]
        print(f"replayed {week}: {len(rows):,} papers", flush=True)
    return brought


def searches() -> list[tuple[str, str]]:
    """Kind and text of each search."""
    lines = [line for line in _SEARCHES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [(kind, query) for kind, query in (line.split("\t") for line in lines)]


def judgements() -> dict[tuple[str, ArxivId], bool]:
    """Whether each paper that was read is right for a search."""
    if not _JUDGEMENTS.exists():
        return {}
    lines = [line for line in _JUDGEMENTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return {(query, ArxivId(i)): right == "1" for query, i, right in (line.split("\t") for line in lines)}


def by_words(context: CachedContext, query: str) -> set[ArxivId]:
    """The papers whose title has the words of a query, one behind the other, in any form."""
    wanted = stem_numbers(query)
    found = set()
    for paper in papers_in_order(context.db, list(context.paper_index.ids)):
        title = stem_numbers(paper.title)
        if any(title[at : at + len(wanted)] == wanted for at in range(len(title))):
            found.add(paper.arxiv_id)
    return found


def report(name: str, brought: Sequence[Brought], right: Sequence[set[ArxivId]], week_of: dict[ArxivId, Week]) -> None:
    """One line: precision and recall over all weeks, the mean of the searches' own, and papers a week."""
    precisions, recalls, n_brought, n_hits, n_right = [], [], 0, 0, 0
    for of_search, wanted in zip(brought, right, strict=True):
        listed = [i for papers in of_search.values() for i in papers]
        if len(listed) != len(set(listed)):
            print(f"  {name}: a paper was brought twice")
        hits = len(wanted & set(listed))
        precisions += [hits / len(listed)] if listed else []
        recalls += [hits / len(wanted)] if wanted else []
        n_brought, n_hits, n_right = n_brought + len(listed), n_hits + hits, n_right + len(wanted)
    print(
        f"| {name} | {n_brought / len(brought) / N_WEEKS:.1f} | {n_hits / max(1, n_brought):.2f} | "
        f"{n_hits / max(1, n_right):.2f} | {np.mean(precisions):.2f} | {np.mean(recalls):.2f} |"
    )


def report_weeks(
    name: str, brought: Sequence[Brought], right: Sequence[set[ArxivId]], week_of: dict[ArxivId, Week]
) -> None:
    """Precision and recall of each week, all searches together."""
    cells = []
    for week in (FIRST_WEEK.plus(i) for i in range(N_WEEKS)):
        listed = [(n, i) for n, of_search in enumerate(brought) for i in of_search[week]]
        wanted = {(n, i) for n, of in enumerate(right) for i in of if week_of[i] == week}
        hits = len(wanted & set(listed))
        cells.append(f"{hits / max(1, len(listed)):.2f} {hits / max(1, len(wanted)):.2f}")
    print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--pool", type=Path)
    options = parser.parse_args()
    context = CachedContext(Settings(data_dir=options.data_dir))
    every, judged = searches(), judgements()
    brought = replay(context, [query for _, query in every])
    index = context.paper_index
    week_of = {i: Week.containing_day(_day(d)) for i, d in zip(index.ids, index.day.tolist(), strict=True)}
    if options.pool:
        lines = []
        for query in (query for kind, query in every if kind == "judged"):
            pool = {i for of in brought.values() for papers in of[query].values() for i in papers}
            new = [i for i in pool if (query, i) not in judged]
            for paper in papers_in_order(context.db, sorted(new, key=lambda i: hashlib.sha256(i.encode()).digest())):
                lines.append(_line(query, paper))
        options.pool.write_text("\n".join(lines), encoding="utf-8")
        print(f"{len(lines)} papers to judge: {options.pool}")
    for kind in ("judged", "words", "open"):
        queries = [query for of, query in every if of == kind]
        if kind == "judged":
            right = [{i for (q, i), is_right in judged.items() if q == query and is_right} for query in queries]
        else:
            right = [by_words(context, query) if kind == "words" else set() for query in queries]
        print(f"\n{kind}: {len(queries)} searches, {sum(map(len, right))} right papers in {N_WEEKS} weeks\n")
        if kind == "open":
            print("| system | papers a week |\n| --- | --- |")
            for name in SYSTEMS:
                n = sum(len(papers) for query in queries for papers in brought[name][query].values())
                print(f"| {name} | {n / len(queries) / N_WEEKS:.1f} |")
            continue
        print("| system | papers a week | precision | recall | mean precision | mean recall |")
        print("| --- | --- | --- | --- | --- | --- |")
        for name in SYSTEMS:
            report(name, [brought[name][query] for query in queries], right, week_of)
        weeks = [str(FIRST_WEEK.plus(i))[5:] for i in range(N_WEEKS)]
        print(f"\n| precision recall | {' | '.join(weeks)} |\n| --- |{' --- |' * N_WEEKS}")
        for name in SYSTEMS:
            report_weeks(name, [brought[name][query] for query in queries], right, week_of)


def _day(days: int) -> date:
    return date(1970, 1, 1) + timedelta(days=days)


def _line(query: str, paper: Paper) -> str:
    return "\t".join((query, paper.arxiv_id, " ".join(paper.title.split()), " ".join(paper.abstract.split())[:420]))


if __name__ == "__main__":
    main()
