"""A reader's scan: its pool, what to show next and why, and what is known of what was not seen."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
from numpy.typing import NDArray

from analysis.scanning.progress import TARGET, scan_progress
from analysis.scanning.queue import (
    Decided,
    RandomOrder,
    draw_share,
    is_next_draw,
    next_papers,
    papers_until_draws,
    passed_over,
    random_order,
)
from analysis.scanning.relevance_ranking import background_rows, relevance_scores, with_search_scores
from analysis.search.described_text import described_text
from analysis.search.new_papers import new_papers
from analysis.search.paper_scores import score_papers
from analysis.search.ranking import similarities
from analysis.search.search_conditions import applied, papers_by
from analysis.search.search_query import embedded_texts, parsed_query
from analysis.search.semantic_search import PaperSearch
from domain.detections import ADOPTS, MENTIONS
from domain.errors import NotFound, NothingWanted, UsageError
from domain.packed_stems import stem_number, stem_numbers
from domain.paper import ArxivId
from domain.paper_arrays import PaperIndex, day_number, day_of
from domain.paper_query import PaperQuery
from domain.reading import CHOICES, LEFT_OUT, VERDICTS, Choice, Decision, LeftOut, Mute, Scan, Verdict
from domain.subscription import FOLLOW_KINDS, Follow, sanitized_line
from pipeline.stages import newest_closed_week
from queries.facet_resolution import facet_named, facet_names
from queries.names import SHOWN_NAMES
from queries.paper import arxiv_id_of
from queries.paper_rows import paper_lines
from queries.results import DecidedPaper, PaperName, ScannedPaper, ScanResult
from queries.term_resolution import watched
from queries.topics import all_topics
from runtime.context import AppContext
from store.claims import claims_of_papers
from store.name_ledger_reading import names_of_papers
from store.papers import papers_in_order
from store.reading_records import (
    add_decision,
    add_mute,
    add_scan,
    decisions_of,
    delete_last_decision,
    delete_mute,
    mutes_of,
    scan_by_id,
    scans_of,
    seeds_of,
)
from store.saved_searches import add_query_vectors, query_vectors
from templates.facet_wording import facet_text
from templates.number_text import NO_BREAK_SPACE, in_words, plural

POOL_SHARE = 0.1
"""The share of the papers of a week that the line of a pool is set for."""
MIN_POOL_PER_WEEK = 20
MAX_SHOWN = 20
"""Papers shown at once."""
MAX_DAYS = 92
MAX_AUTHOR = 100
"""Characters of an author's name."""
NOTHING_WANTED = "nothing says yet what to look for; describe it in words, or name papers that are like it"


def start_scan(
    context: AppContext,
    reader_id: int,
    *,
    since: date | None = None,
    until: date | None = None,
    follows: Sequence[Follow] = (),
    has: Sequence[str] = (),
    seeds: Sequence[ArxivId] | None = None,
    leaves_out_others: bool = False,
    categories: Sequence[str] = (),
    author: str = "",
) -> Scan:
    """Start a scan of some days, by default of the newest closed week stored, and settle its pool.

    With ``has``, facets as ``KIND:KEY``, it is of the papers that have all of them; with ``categories`` of those listed
    under any of them, with ``author`` of those by somebody of this name. ``seeds`` are those of the reader
    unless others are given. With ``leaves_out_others`` nothing that other scans decided counts.

    The pool are the papers whose score reaches the line that ``POOL_SHARE`` of the papers reached in the weeks before,
    by what the reader named (seeds, and the searches and topics of ``follows``) and kept earlier, and all that the
    product's search finds close to a search of ``follows``.

    Raises
    ------
    UsageError
        If the days are in the wrong order, too many or lack the first, hold no embedded papers, a follow selects no
        papers, or (``NothingWanted``) nothing says what is wanted.
    """
    _require_ranked(context, follows)
    if until is not None and since is None:
        raise UsageError(f"the last day, {until}, is given without the first; give the first day of the scan too")
    week = newest_closed_week(context)
    since, until = since or week.monday, until or (week.sunday if since is None else date.max)
    if since > until:
        raise UsageError(f"the first day, {since}, is after the last, {until}")
    if since > (today := context.now().date()):
        raise UsageError(f"the first day, {since}, is still to come; today is {today}")
    until = min(until, today)
    if (until - since).days >= MAX_DAYS:
        raise UsageError(f"a scan holds at most {MAX_DAYS} days; {since} to {until} are {(until - since).days + 1}")
    index = context.paper_search.index
    has_vector = index.has_vector
    facets = tuple(facet_named(context, text) for text in dict.fromkeys(has))
    query, author = PaperQuery(has=facets, categories=watched(context, categories)), _author_named(author)
    meeting = _meeting(context, index, query, author) & has_vector
    in_days = _in_range(index, since, until)
    in_range = in_days & meeting
    if not in_range.any():
        raise UsageError(_why_none(index, in_days & has_vector, since, until))
    seeds = seeds_of(context.db, reader_id) if seeds is None else seeds
    decisions = [] if leaves_out_others else decisions_of(context.db, reader_id)
    for text in _searches(follows):
        if parsed_query(text).asks_nothing:
            raise UsageError(f"{sanitized_line(text)!r} holds no word to look for")
    searched = _searched(context, follows, index)
    scores = _ranked(index, np.arange(len(index)), searched, seeds, follows, decisions, in_days, refused=())
    n_weeks = max(1.0, ((until - since).days + 1) / 7)
    above = new_papers(
        scores,
        meeting,
        ids=index.ids,
        day=index.day,
        among=in_range,
        per_week=max(MIN_POOL_PER_WEEK, round(POOL_SHARE * in_range.sum() / n_weeks)),
        share_of_best=1.0,
        last_closed=week,
    )
    in_pool = searched.is_close & in_range
    in_pool[above.rows] = True
    scan_id = add_scan(
        context.db,
        reader_id,
        since=since,
        until=until,
        follows=[str(follow) for follow in follows],
        seeds=seeds,
        pool=[index.ids[row] for row in np.flatnonzero(in_pool).tolist()],
        seed=secrets.randbelow(2**31),
        now=context.now(),
        has=facets,
        leaves_out_others=leaves_out_others,
        categories=query.categories,
        author=author,
    )
    texts = embedded_texts(_searches(follows))
    if (model_id := context.query_model_id) is not None:  # so that to go on with the scan needs no model
        add_query_vectors(context.db, model_id, dict(zip(texts, _search_vectors(context, texts), strict=True)))
    return scan_of(context, reader_id, scan_id)


def named_left_out(texts: Sequence[str]) -> tuple[LeftOut, ...]:
    """What a new scan is to leave out, as people name it.

    Raises
    ------
    UsageError
        If there is no such thing.
    """
    if unknown := [text for text in texts if text not in LEFT_OUT]:
        raise UsageError(f"{sanitized_line(unknown[0])[:40]!r} cannot be left out; give {' or '.join(LEFT_OUT)}")
    return tuple(one for one in LEFT_OUT if one in texts)


def scan_of(context: AppContext, reader_id: int, scan_id: int) -> Scan:
    """A reader's scan.

    Raises
    ------
    NotFound
        If the reader has none of this id.
    """
    found = scan_by_id(context.db, reader_id, scan_id)
    if found is None:
        raise NotFound(f"there is no scan {scan_id}; {_scans_there_are(context, reader_id)}")
    return found


def _scans_there_are(context: AppContext, reader_id: int) -> str:
    numbers = [str(scan.scan_id) for scan in scans_of(context.db, reader_id)]
    if not numbers:
        return "you have not started one yet"
    if len(numbers) == 1:
        return f"yours has the number {numbers[0]}"
    return f"yours have the numbers {in_words(numbers[:10])}" + (", and there are older ones" if numbers[10:] else "")


def _why_none(index: PaperIndex, in_days: NDArray[np.bool_], since: date, until: date) -> str:
    """Why a scan of these days would hold no papers."""
    if in_days.any():
        papers = plural(int(in_days.sum()), "paper").replace(NO_BREAK_SPACE, " ")
        return f"none of the {papers} from {since} to {until} meets the filters; choose other days or filters"
    if not index.has_vector.any():
        return "no paper is embedded yet, so there is nothing to scan; `papertide run` fetches and embeds papers"
    first, last = (day_of(int(number)) for number in np.sort(index.day[index.has_vector])[[0, -1]])
    return f"no embedded papers are stored from {since} to {until}, but there are from {first} to {last}"


def _author_named(text: str) -> str:
    """An author as typed, as one line.

    Raises
    ------
    UsageError
        If it is too long for a name.
    """
    name = sanitized_line(text)
    if len(name) > MAX_AUTHOR:
        raise UsageError(f"the author has {len(name)} characters; give one name of at most {MAX_AUTHOR}")
    return name


def _meeting(context: AppContext, index: PaperIndex, query: PaperQuery, author: str) -> NDArray[np.bool_]:
    """Whether each paper meets the filters of a scan, ``(n_papers,)``."""
    found = index.matching(query)
    if author:
        papers = context.paper_search
        found &= context.cached(("papers by", author), lambda: papers_by(papers, author)[0], pool="search")
    return found


def looked_for(text: str) -> Follow:
    """What is to be looked for: ``search:WORDS``, ``topic:NUMBER``, or the words of a search alone.

    Raises
    ------
    UsageError
        If it is empty, too long, or of a kind that has no papers to be like.

    Examples
    --------
    >>> looked_for("LLM agents: a survey")
    Follow(kind='search', key='LLM agents: a survey', per_week=None)
    """
    kind = text.partition(":")[0].partition("/")[0].strip()
    return Follow.parse(text) if kind in FOLLOW_KINDS else Follow("search", sanitized_line(text))


def _require_ranked(context: AppContext, follows: Sequence[Follow]) -> None:
    """Refuse what selects no papers by likeness, and topics that there are not."""
    topics = {str(topic.topic_id) for topic in all_topics(context)}
    for follow in follows:
        if not follow.is_ranked:
            raise UsageError(f"a scan is for words or a topic, not for {follow.what}; filter by it instead")
        if follow.kind == "topic" and follow.key not in topics:
            raise UsageError(
                f"there is no topic {follow.key!r}; `papertide topics list` and the page of topics list them"
            )


@dataclass(frozen=True, eq=False)
class _State:
    """A scan over the present papers: ``rows`` are those of the index that it is about, other arrays are of them."""

    scan: Scan
    index: PaperIndex
    rows: NDArray[np.int64]
    order: RandomOrder
    in_pool: NDArray[np.bool_]
    decided: list[Decided]
    """Of this scan's papers, in their order; a decision that another scan showed counts as one of the best."""
    decisions: list[Decision]
    """Those that it learns from, on papers of any day."""
    n_muted: int
    n_left_out: int
    """Papers of these days that other scans decided, where those are left out."""


def _state(context: AppContext, reader_id: int, scan_id: int) -> _State:
    scan = scan_of(context, reader_id, scan_id)
    index = context.paper_search.index
    in_range = _in_range(index, scan.since, scan.until) & index.has_vector
    in_range &= _meeting(context, index, PaperQuery(has=scan.has, categories=scan.categories), scan.author)
    muted = _muted(context, index, in_range, mutes_of(context.db, reader_id))
    decisions = decisions_of(context.db, reader_id)
    for decision in decisions:  # what was decided before it was muted still counts
        if (row := index.row_of.get(decision.arxiv_id)) is not None:
            muted[row] = False
    seeds = [index.row_of[i] for i in scan.seeds if i in index.row_of]
    is_seed = np.zeros(len(index), dtype=bool)
    is_seed[seeds] = True  # they are what the reader knows
    is_left_out = np.zeros(len(index), dtype=bool)
    if scan.leaves_out_others:
        others = [index.row_of[d.arxiv_id] for d in decisions if d.scan_id != scan_id and d.arxiv_id in index.row_of]
        is_left_out[others] = True
        decisions = [d for d in decisions if d.scan_id == scan_id]
    rows = np.flatnonzero(in_range & ~muted & ~is_seed & ~is_left_out)
    place = {index.ids[row]: at for at, row in enumerate(rows.tolist())}
    pool = set(scan.pool)
    in_pool = np.array([index.ids[row] in pool for row in rows.tolist()], dtype=bool)
    # The order is drawn over all papers of the scan, so that a mute leaves it as it is for the others.
    everything = np.flatnonzero(in_range)
    drawn = random_order(np.array([index.ids[row] in pool for row in everything.tolist()], bool), seed=scan.seed)
    place_of_row = np.full(len(index), -1)
    place_of_row[rows] = np.arange(len(rows))
    pool_order, rest_order = (place_of_row[everything[some]] for some in (drawn.pool, drawn.rest))
    order = RandomOrder(pool_order[pool_order >= 0], rest_order[rest_order >= 0])
    decided = [
        Decided(place[d.arxiv_id], d.choice, d.verdict)
        if d.scan_id == scan_id
        else Decided(place[d.arxiv_id], "best", d.verdict, is_elsewhere=True)
        for d in decisions
        if d.arxiv_id in place
    ]
    n_muted, n_left_out = (int((in_range & ~is_seed & some).sum()) for some in (muted & ~is_left_out, is_left_out))
    return _State(scan, index, rows, order, in_pool, decided, decisions, n_muted, n_left_out)


def scan_page(
    context: AppContext, reader_id: int, scan_id: int, *, n: int = 10, best_first: bool = False
) -> ScanResult:
    """What a reader sees of a scan: the next papers, best first with random draws among them, and what is known.

    With ``best_first`` there are no draws among them, and so nothing more gets known of what is left.

    Raises
    ------
    NotFound
        If the reader has no such scan.
    """
    state = _state(context, reader_id, scan_id)
    index = state.index
    follows = [Follow.parse(text) for text in state.scan.follows]
    wanted_ids = _wanted_ids(state.scan.seeds, state.decisions)
    skipped = [index.row_of[d.arxiv_id] for d in state.decisions if d.verdict == "skip" and d.arxiv_id in index.row_of]
    searched, in_range = _searched(context, follows, index), _in_range(index, state.scan.since, state.scan.until)
    scores = _ranked(index, state.rows, searched, state.scan.seeds, follows, state.decisions, in_range, refused=skipped)
    share = 0.0 if best_first else draw_share(state.decided)
    shown = next_papers(scores, state.order, state.decided, n=min(n, MAX_SHOWN), share=share)
    ids = [index.ids[state.rows[paper.row]] for paper in shown]
    papers = {p.arxiv_id: p for p in papers_in_order(context.db, ids)}
    lines = {line.arxiv_id: line for line in paper_lines(context, list(papers.values()))}
    near = _nearest(index, [int(state.rows[paper.row]) for paper in shown], wanted_ids)
    titles = {p.arxiv_id: p.title for p in papers_in_order(context.db, sorted({i for i, _ in near if i is not None}))}
    read, names = claims_of_papers(context.db, ids), names_of_papers(context.db, SHOWN_NAMES, ids)
    labels = {t.topic_id: t.label for t in all_topics(context)}
    terms = {(t.kind, t.key): t.name for t in context.detector.taxonomy.terms}
    called = facet_names(context, state.scan.has)
    passed = passed_over(state.order, state.decided)
    progress = scan_progress(state.decided, state.in_pool, passed=passed)
    is_open = ~state.in_pool
    is_open[[decided.row for decided in state.decided]] = False
    verdicts = [d.verdict for d in state.decided]
    listed = []
    for paper, arxiv_id, (near_id, similarity) in zip(shown, ids, near, strict=True):
        row = int(state.rows[paper.row])
        found = papers[arxiv_id]
        topic_id = int(index.topic_id[row])
        adopted = [term for at, term in enumerate(index.terms) if index.level[row, at] >= ADOPTS]
        listed.append(
            ScannedPaper(
                **vars(lines[arxiv_id]),
                abstract=found.abstract,
                choice=paper.choice,
                in_pool=bool(state.in_pool[paper.row]),
                near=near_id,
                near_title=titles.get(near_id) if near_id else None,
                similarity=None if near_id is None else round(similarity, 2),
                topic_id=topic_id if topic_id in labels else None,
                topic=labels.get(topic_id),
                terms=tuple(terms[term] for term in adopted),
                claims=read[arxiv_id].claims if arxiv_id in read else (),
                names=tuple(PaperName(*one) for one in names.get(arxiv_id, ())),
                code=read[arxiv_id].code if arxiv_id in read else None,
                mutes=_mutes_offered(topic_id if topic_id in labels else None, adopted, found.primary_category),
            )
        )
    return ScanResult(
        scan_id=scan_id,
        since=state.scan.since,
        until=state.scan.until,
        has=tuple(facet_text(facet, called[facet]) for facet in state.scan.has),
        categories=state.scan.categories,
        author=state.scan.author,
        n_papers=len(state.rows),
        n_decided=len(verdicts),
        n_kept=verdicts.count("keep"),
        n_from_others=sum(decided.is_elsewhere for decided in state.decided),
        n_undecided=verdicts.count("undecided"),
        n_muted=state.n_muted,
        n_left_out=state.n_left_out,
        looks_for=tuple(labels.get(int(f.key), f.key) if f.kind == "topic" else f.key for f in follows),
        n_seeds=len(state.scan.seeds),
        first_seed=next((p.title for p in papers_in_order(context.db, state.scan.seeds[:1])), None),
        n_kept_elsewhere=sum(d.verdict == "keep" and d.scan_id != scan_id for d in state.decisions),
        pool_size=progress.pool.n_papers,
        pool_decided=progress.pool.n_decided - len(passed),
        pool_kept=progress.pool.n_kept,
        pool_low=progress.pool.low,
        pool_high=progress.pool.high,
        target=TARGET,
        is_seen=progress.is_seen,
        n_more_draws=progress.n_more_draws,
        n_more_papers=None
        if progress.n_more_draws is None or best_first
        else papers_until_draws(progress.n_more_draws, state.decided, n_left=len(state.rows) - len(state.decided)),
        draw_share=share,
        rest_size=progress.n_rest,
        rest_kept=progress.n_rest_kept,
        rest_draws=progress.n_rest_draws,
        rest_holding=int((is_open & searched.holds_all[state.rows]).sum()) if searched.vectors else None,
        rest_share_at_most=round(progress.rest_share_at_most, 4),
        next_rest_bound=progress.next_rest_bound,
        n_more_rest_draws=progress.n_more_rest_draws,
        last=next(iter(decided_papers(context, reader_id, scan_id, limit=1)), None),
        papers=tuple(listed),
    )


def decide(context: AppContext, reader_id: int, scan_id: int, arxiv_id: str, verdict: str, choice: str) -> None:
    """Store a verdict on a paper of a scan. It counts as a random draw only if the paper is one of the next draws.

    Raises
    ------
    UsageError
        If the verdict is none, or the paper is not of the scan.
    NotFound
        If the reader has no such scan.
    """
    if verdict not in VERDICTS:
        raise UsageError(f"{sanitized_line(verdict)[:40]!r} is no verdict; give {', '.join(VERDICTS)}")
    if choice not in CHOICES:
        raise UsageError(f"{sanitized_line(choice)[:40]!r} says not how a paper was shown; give {', '.join(CHOICES)}")
    state = _state(context, reader_id, scan_id)
    wanted = arxiv_id_of(arxiv_id)
    at = np.flatnonzero(state.rows == state.index.row_of.get(wanted, -1))
    if not len(at):
        raise UsageError(f"the paper {wanted} is not of this scan")
    rows = [decided.row for decided in state.decided]
    is_draw = is_next_draw(int(at[0]), _choice(choice), state.order, rows, within=MAX_SHOWN)
    add_decision(
        context.db,
        reader_id,
        scan_id,
        wanted,
        verdict=_verdict(verdict),
        choice=_choice(choice) if is_draw else "best",
        now=context.now(),
    )


def decided_papers(
    context: AppContext, reader_id: int, scan_id: int, *, limit: int | None = None
) -> tuple[DecidedPaper, ...]:
    """The papers that a scan showed and the reader decided, newest first; at most ``limit``."""
    scan_of(context, reader_id, scan_id)
    decisions = [d for d in reversed(decisions_of(context.db, reader_id)) if d.scan_id == scan_id][:limit]
    titles = {p.arxiv_id: p.title for p in papers_in_order(context.db, [d.arxiv_id for d in decisions])}
    return tuple(DecidedPaper(d.arxiv_id, titles.get(d.arxiv_id, d.arxiv_id), d.verdict) for d in decisions)


def undo(context: AppContext, reader_id: int, scan_id: int) -> ArxivId | None:
    """Take the last verdict of a scan back; returns its paper, ``None`` if there was none."""
    scan_of(context, reader_id, scan_id)
    return delete_last_decision(context.db, reader_id, scan_id)


def mute(context: AppContext, reader_id: int, text: str) -> Mute:
    """Show no papers of a technique, theme, topic, category or with some words any more.

    Raises
    ------
    UsageError
        If it cannot be read or does not exist.
    """
    wanted = Mute.parse(text)
    known: set[tuple[str, str]] = {(t.kind, t.key) for t in context.detector.taxonomy.terms}
    known |= {("topic", str(t.topic_id)) for t in all_topics(context)}
    known |= {("category", category) for category in context.settings.categories}
    if wanted.kind == "words" and not stem_numbers(wanted.key):
        raise UsageError(f"{wanted.key!r} has no words to look for")
    if wanted.kind != "words" and (wanted.kind, wanted.key) not in known:
        raise UsageError(f"there is no {wanted.kind} {wanted.key!r} to mute")
    add_mute(context.db, reader_id, wanted, now=context.now())
    return wanted


def unmute(context: AppContext, reader_id: int, text: str) -> None:
    """End a mute.

    Raises
    ------
    UsageError
        If it cannot be read.
    """
    delete_mute(context.db, reader_id, Mute.parse(text))


def _verdict(text: str) -> Verdict:
    return next(v for v in VERDICTS if v == text)


def _choice(text: str) -> Choice:
    return next(c for c in CHOICES if c == text)


def _in_range(index: PaperIndex, since: date, until: date) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (index.day >= day_number(since)) & (index.day <= day_number(until))
    return found


def _background_rows(index: PaperIndex, in_range: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Papers of other days, or of the same where no others are stored."""
    has_vector = index.has_vector
    others = has_vector & ~in_range
    return background_rows(len(index), among=others if others.sum() >= len(index) // 10 else has_vector)


def _wanted_ids(seeds: Sequence[ArxivId], decisions: Sequence[Decision]) -> list[ArxivId]:
    return list(dict.fromkeys([*seeds, *(d.arxiv_id for d in decisions if d.verdict == "keep")]))


@dataclass(frozen=True, eq=False)
class _Searched:
    """What the words that a scan looks for find, ``(n_papers,)`` each: the best that any of its searches says.

    ``vectors`` are those of the searches, ``scores`` shares of a search's best score. ``holds_all`` is of all words.
    """

    vectors: list[NDArray[np.float32]]
    scores: NDArray[np.float32]
    is_close: NDArray[np.bool_]
    holds_all: NDArray[np.bool_]


def _searches(follows: Sequence[Follow]) -> list[str]:
    return [follow.key for follow in follows if follow.kind == "search"]


def _searched(context: AppContext, follows: Sequence[Follow], index: PaperIndex) -> _Searched:
    """The scores that the product's search gives all papers of an index for the words of a scan."""
    search = context.paper_search_by(lambda texts: np.stack(_search_vectors(context, texts)), index)
    # A newer index may come into use between the two, whose papers have other rows: so the key says of which they are.
    found = [
        context.cached(("searched", text, id(index)), partial(_searched_for, context, search, text), pool="search")
        for text in dict.fromkeys(_searches(follows))
    ]
    if not found:
        none = np.zeros(len(search.index), dtype=bool)
        return _Searched([], np.zeros(len(search.index), dtype=np.float32), none, none)
    return _Searched(
        vectors=[vector for one in found for vector in one.vectors],
        scores=np.maximum.reduce([one.scores for one in found]),
        is_close=np.logical_or.reduce([one.is_close for one in found]),
        holds_all=np.logical_or.reduce([one.holds_all for one in found]),
    )


def _searched_for(context: AppContext, search: PaperSearch, text: str) -> _Searched:
    asked = applied(search, parsed_query(text))
    words, among = asked.query.text, asked.among
    if not asked.query.words:
        nowhere = np.zeros(search.index.vectors.shape[1], dtype=np.float32)
        if asked.query.asks_nothing:  # of a scan that began when its words were read in another way
            among = np.zeros(len(search.index), dtype=bool)
        return _Searched([nowhere], among.astype(np.float32), among, among)
    scored = score_papers(search, words, min_similarity=context.settings.service.min_similarity)
    best = float(scored.scores.max(initial=0.0)) or 1.0
    stems = [stem_number(word) for word in asked.query.words]
    return _Searched(
        vectors=_search_vectors(context, [described_text(words)]),
        scores=np.where(among, scored.scores / np.float32(best), 0).astype(np.float32),
        is_close=among if asked.meets_conditions else among & scored.is_close,
        holds_all=np.logical_and.reduce([among, *(search.holding(stem, "text") for stem in stems)]),
    )


def _ranked(
    index: PaperIndex,
    rows: NDArray[np.int64],
    searched: _Searched,
    seeds: Sequence[ArxivId],
    follows: Sequence[Follow],
    decisions: Sequence[Decision],
    in_range: NDArray[np.bool_],
    *,
    refused: Sequence[int],
) -> NDArray[np.float32]:
    """How likely the reader keeps the papers at some rows, learnt from words, seeds, topics and decisions.

    Words alone, before anything is kept or named, rank as the search for them does.

    Raises
    ------
    NothingWanted
        If there is none of them, or what a scan was started from is deleted since.
    """
    has_words = bool(searched.vectors)

    def features(some: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = index.vectors[some]
        return with_search_scores(vectors, searched.scores[some]) if has_words else vectors

    known = [index.row_of[i] for i in _wanted_ids(seeds, decisions) if i in index.row_of]
    wanted = [features([row for row in known if index.vectors[row].any()])]
    for follow in follows:
        if follow.kind == "topic" and follow.key.isdecimal():
            mean = features(np.flatnonzero(index.topic_id == int(follow.key))).sum(axis=0)
            norm = float(np.linalg.norm(mean[: index.vectors.shape[1]]))
            wanted += [mean[None] / np.float32(norm)] if norm > 0 else []
    if not sum(map(len, wanted)):
        if not has_words:
            raise NothingWanted(NOTHING_WANTED)
        return searched.scores[rows]
    if has_words:
        vectors = np.stack(searched.vectors)
        wanted.append(with_search_scores(vectors, np.ones(len(vectors), dtype=np.float32)))
    return relevance_scores(
        index.vectors if len(rows) == len(index) else index.vectors[rows],
        wanted=np.concatenate(wanted),
        refused=features(list(refused)),
        background=features(_background_rows(index, in_range)),
        searched=searched.scores[rows] if has_words else None,
    )


def _search_vectors(context: AppContext, texts: Sequence[str]) -> list[NDArray[np.float32]]:
    """The vectors of the texts of searches; those that are stored need no model."""
    found = _stored_vectors(context, texts)
    new = [text for text in dict.fromkeys(texts) if text not in found]
    found |= dict(zip(new, context.encoder.encode_queries(new), strict=True)) if new else {}
    return [found[text] for text in texts]


def _stored_vectors(context: AppContext, searches: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    model_id = context.query_model_id
    return {} if model_id is None else query_vectors(context.db, model_id, searches)


def _nearest(index: PaperIndex, rows: Sequence[int], ids: Sequence[ArxivId]) -> list[tuple[ArxivId | None, float]]:
    """The seed or kept paper nearest to each row, with its cosine."""
    known = [i for i in ids if i in index.row_of and index.vectors[index.row_of[i]].any()]
    if not known or not rows:
        return [(None, 0.0)] * len(rows)
    cosines = similarities(index.vectors[[index.row_of[i] for i in known]], index.vectors[list(rows)])
    best = cosines.argmax(axis=0)
    return [(known[at], float(cosines[at, column])) for column, at in enumerate(best.tolist())]


def _muted(
    context: AppContext, index: PaperIndex, in_range: NDArray[np.bool_], mutes: Sequence[Mute]
) -> NDArray[np.bool_]:
    """Whether each paper is muted, ``(n_papers,)``."""
    muted = np.zeros(len(index), dtype=bool)
    for one in mutes:
        if one.kind == "words":
            has_all = in_range.copy()
            for stem in stem_numbers(one.key):
                has_all &= context.paper_search.holding(stem, "text")
            muted |= has_all
        elif one.kind == "topic":
            muted |= index.matching(PaperQuery(topic_id=int(one.key)))
        elif one.kind == "category":
            muted |= index.matching(PaperQuery(categories=(one.key,), primary=True))
        else:
            levels = (ADOPTS, ADOPTS + 1) if one.kind == "technique" else (MENTIONS, ADOPTS, ADOPTS + 1)
            muted |= index.matching(PaperQuery(term=(one.kind, one.key), levels=levels))
    return muted & in_range


def _mutes_offered(topic_id: int | None, adopted: Sequence[tuple[str, str]], category: str) -> tuple[str, ...]:
    """What a reader can mute because of a paper."""
    of_topic = () if topic_id is None else (f"topic:{topic_id}",)
    return (*of_topic, *(f"{kind}:{key}" for kind, key in adopted), f"category:{category}")
