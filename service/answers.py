"""The questions that people ask, answered as JSON; the command line and the web speak with the same words."""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.correction import MeasuredError, corrected_shares, measured_errors
from analysis.growth import WINDOW_WEEKS, change_points, fit_growth
from analysis.search import unusually_near
from analysis.shares import Period, share_series
from domain.calls import Growth
from domain.detections import ADOPTS, IS_ABOUT, MENTIONS, Detection, TermKind
from domain.errors import UsageError
from domain.paper import one_line
from domain.paper_index import PaperFilter, PaperIndex
from domain.tables import WEEKLY_TOTALS
from domain.week import Week, last_closed_week
from scheduler.pipeline import due_windows, named, weeks_lacking
from service.citations import no_formula
from service.coverage import coverage, instant
from service.settings import known_category
from service.workshop import Workshop
from store.calls import call_records, is_late, kept_calls, newest_calls
from store.deliveries import delivery_counts
from store.detections import ids_without_detections
from store.digests import published_weeks
from store.embeddings import embedding_counts, ids_without_embedding
from store.papers import count_papers, window_records
from store.runs import newest_runs, troubled_runs
from store.search import Scope, weekly_matches, words_of
from store.subscribers import subscriber_counts, suppression_counts
from store.topics import StoredTopicModel, drift_of, give_name
from store.weekly import (
    ALL_WATCHED,
    weekly_counts,
    weekly_detected,
    weekly_tables_are_current,
    weekly_totals,
)

Level = Literal["mentions", "adopts", "about"]
LEVELS: dict[Level, tuple[int, ...]] = {"mentions": (MENTIONS,), "adopts": (ADOPTS, IS_ABOUT), "about": (IS_ABOUT,)}
MAX_TERMS = 20
MIN_WEEK = 20
"""Papers in the categories below which a week says nothing of growth."""
_KINDS: tuple[TermKind, ...] = ("technique", "theme", "topic")


# -- trends


def trends(
    shop: Workshop,
    terms: Sequence[str],
    *,
    by: Period,
    level: Level,
    categories: Sequence[str],
    primary: bool,
    since: date | None,
    until: date | None,
    with_open_week: bool = False,
) -> dict[str, Any]:
    """Shares of terms over time, in the form that docs/json.md describes.

    A term is the key or name of a technique or theme, the label of a topic, or any other words, which are looked
    for as they stand. ``technique:``, ``theme:``, ``topic:`` and ``text:`` before it say which is meant; ``meaning:``
    takes it as a description, and counts the papers whose vectors are unusually near to it. The week that is still
    open is left out unless asked for; it is never complete.

    Raises
    ------
    UsageError
        If a term is unknown or cannot be looked for, a category is not watched, or nothing is held.
    """
    if len(terms) > MAX_TERMS:
        raise UsageError(f"{len(terms)} terms are too many to compare; give {MAX_TERMS} or fewer")
    within = watched(shop, categories) or None
    totals = shop.kept(
        ("totals", within, primary),
        lambda: weekly_totals(shop.db, shop.settings.categories, within=within, primary=primary),
    )
    totals = _between(totals if with_open_week else _closed(shop, totals), since, until)
    if totals.empty:
        raise UsageError("no closed week is held in this range; `papertide run` fetches some")
    counter = _Counter(shop, level, within, primary)

    def one(term: str) -> dict[str, Any]:
        kind, name, k_by_week = counter.count(term)
        error = counter.error(kind, name) if level == "adopts" else None
        called = _called(shop, counter, kind, name) if within is None and level == "adopts" else None
        table = share_series(totals, k_by_week, by=by, min_papers=1)
        return {
            "term": name,
            "kind": kind,
            "name": counter.name(kind, name),
            "points": _points(table, error),
            **_movement(shop, totals, k_by_week),
            "call": called,
        }

    asked = (by, level, within, primary, totals["week_start"].iloc[0], totals["week_start"].iloc[-1])
    series = [shop.kept(("series", term, *asked), partial(one, term)) for term in terms]
    return {"by": by, "level": level, "categories": list(within or shop.settings.categories), "series": series}


def trends_csv(answer: Mapping[str, Any]) -> str:
    """The points of an answer of ``trends`` as CSV, a row for each term and period."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = list(answer["series"][0]["points"][0])
    writer.writerow(("term", "kind", *columns))
    for series in answer["series"]:
        for point in series["points"]:
            writer.writerow((no_formula(series["term"]), series["kind"], *(point[c] for c in columns)))
    return out.getvalue()


def _movement(shop: Workshop, totals: pd.DataFrame, k_by_week: Mapping[Week, int]) -> dict[str, Any]:
    """Growth over the last half year of these weeks, and when the growth changed.

    Of closed weeks with enough papers that are not known to lack any.
    """
    lacking = shop.kept("weeks that lack papers", lambda: weeks_lacking(shop.db, shop.settings.categories))
    weeks = [Week(at.date()) for at in _closed(shop, totals)["week_start"]]
    n = totals["n"].to_numpy(dtype=np.int64)[: len(weeks)]
    k = np.array([k_by_week.get(week, 0) for week in weeks], dtype=np.int64)
    usable = (n >= MIN_WEEK) & np.array([week not in lacking for week in weeks], dtype=bool)
    if not usable.any():
        return {"growth": None, "change_points": []}
    recent = usable & np.array([week > weeks[-1].plus(-WINDOW_WEEKS) for week in weeks])
    held = [week for week, kept in zip(weeks, recent.tolist(), strict=True) if kept]
    [growth] = fit_growth(k[None, recent], n[recent], held).growths()
    return {
        "growth": _growth(growth),
        "change_points": [
            {
                "start": point.week.monday.isoformat(),
                "share_before": _number(point.share_before),
                "share_after": _number(point.share_after),
            }
            for point in change_points(k, np.where(usable, n, 0), weeks)
        ],
    }


def _called(shop: Workshop, counter: _Counter, kind: str, name: str) -> dict[str, Any] | None:
    """What was last called of a term; ``None`` where nothing was, as of words that are not watched."""
    key = name if kind == "text" else next((k for of in _KINDS if of == kind and (k := counter.key(of, name))), name)
    wanted = ("query" if kind == "text" else kind, key)
    call = next(
        (c for c in shop.kept("newest calls", lambda: newest_calls(shop.db)) if (c.kind, c.key) == wanted), None
    )
    return None if call is None else {"week": str(call.week), "verdict": call.verdict}


def term_named(shop: Workshop, term: str) -> tuple[TermKind, str] | None:
    """Kind and key of a technique, theme or topic as people type it; ``None`` where it is none of them."""
    counter = _Counter(shop, "adopts", None, False)
    asked_kind, _, rest = term.partition(":")
    for kind in _KINDS:
        name = rest if rest and asked_kind in _KINDS else term
        if (name is term or kind == asked_kind) and (key := counter.key(kind, name)) is not None:
            return kind, key
    return None


def words_named(shop: Workshop, term: str) -> tuple[Literal["text", "meaning"], str] | None:
    """The words of a term that names nothing, and whether they count as they stand or by meaning.

    ``None`` for a technique, theme or topic.
    """
    kind, _, rest = term.partition(":")
    if kind in ("text", "meaning") and rest:
        return ("text" if kind == "text" else "meaning"), rest.strip()
    return None if term_named(shop, term) else ("text", term)


def meant_rows(shop: Workshop, description: str, index: PaperIndex) -> NDArray[np.bool_]:
    """Whether each paper of an index is unusually near in meaning to a description; ``(n_papers,)``.

    Raises
    ------
    UsageError
        If the description holds no word, or nothing is embedded.
    """
    if not words_of(description):
        raise UsageError(f"there is no word in {description!r}")
    if not index.vectors.shape[1]:
        raise UsageError("nothing is embedded yet, so nothing can be told by meaning; `papertide run` does all of it")
    return unusually_near(shop.similarities(description, index))


class _Counter:
    """Counts terms by week within one scope."""

    def __init__(self, shop: Workshop, level: Level, within: tuple[str, ...] | None, primary: bool) -> None:
        self._shop = shop
        self._levels = LEVELS[level]
        self._within = within
        self._primary = primary
        self._level = level
        self._terms = {(t.kind, t.key): t for t in shop.detector.taxonomy.terms}

    def count(self, term: str) -> tuple[str, str, dict[Week, int]]:
        """What the term is, how it is called, and its papers by week."""
        asked_kind, _, rest = term.partition(":")
        if rest and asked_kind == "text":
            return "text", rest.strip(), self._text(rest.strip())
        if rest and asked_kind == "meaning":
            return "meaning", rest.strip(), self._meant(rest.strip())
        for kind in _KINDS:
            if rest and asked_kind == kind:
                return self._count_as(kind, rest, term)
        for kind in _KINDS:
            if (key := self.key(kind, term)) is not None:
                return kind, self._called(kind, key), self._detected(kind, key)
        found = self._text(term)
        if not found:
            near = difflib.get_close_matches(term.casefold(), [key for _, key in self._terms], n=1, cutoff=0.6)
            hint = f"; did you mean {near[0]!r}?" if near else "; `text:` before it counts it all the same"
            raise UsageError(f"{term!r} is no technique, theme or topic, and no paper has it in its words{hint}")
        return "text", term, found

    def name(self, kind: str, key: str) -> str:
        """What a term is called by people."""
        return next((t.name for (of, k), t in self._terms.items() if of == kind and k == key), key)

    def _meant(self, description: str) -> dict[Week, int]:
        index = self._shop.paper_index
        near = meant_rows(self._shop, description, index)
        within = PaperFilter(categories=self._within or (), primary=self._primary).rows(index)
        # Day 0 was a Thursday: three days more, and whole weeks begin on Mondays.
        week_numbers, k = np.unique((index.day[near & within] + 3) // 7, return_counts=True)
        first = Week(date(1969, 12, 29))
        return {first.plus(int(w)): int(n) for w, n in zip(week_numbers, k, strict=True)}

    def error(self, kind: str, key: str) -> MeasuredError | None:
        """The detector's measured error of a technique or theme; ``None`` where it is not known."""
        term = next((t for (of, k), t in self._terms.items() if of == kind and k == key), None)
        return self._shop.kept("measured errors", measured_errors).get(key) if term and term.measured else None

    def _count_as(self, kind: TermKind, name: str, term: str) -> tuple[str, str, dict[Week, int]]:
        key = self.key(kind, name)
        if key is None:
            known = ", ".join(k for of, k in self._terms if of == kind) or "listed by `papertide topics list`"
            raise UsageError(f"{term!r}: there is no such {kind}; they are {known}")
        return kind, self._called(kind, key), self._detected(kind, key)

    def key(self, kind: TermKind, name: str) -> str | None:
        """The key of what is called so; ``None`` where nothing of this kind is."""
        wanted = name.casefold().strip()
        if kind == "topic":
            model = self._shop.topic_model
            topics = model.topics if model else ()
            return next((str(t.topic_id) for t in topics if wanted in (t.label.casefold(), str(t.topic_id))), None)
        # "state-space models" and "state space model" are one name.
        plain = re.sub(r"[\W_]+", " ", wanted).rstrip("s")
        for (of, key), term in self._terms.items():
            names = (key.replace("_", " "), re.sub(r"[\W_]+", " ", term.name.casefold()))
            if of == kind and plain in (n.rstrip("s") for n in names):
                return key
        return None

    def _called(self, kind: TermKind, key: str) -> str:
        if kind != "topic":
            return key
        model = self._shop.topic_model
        return next(t.label for t in (model.topics if model else ()) if str(t.topic_id) == key)

    def _detected(self, kind: TermKind, key: str) -> dict[Week, int]:
        if kind == "theme" and self._level == "about":
            raise UsageError(
                f"{key}: a theme has no level 'about'; 'adopts' counts papers that mainly contribute to it"
            )
        require_counted(self._shop)
        levels = (ADOPTS,) if kind == "topic" else self._levels
        if self._primary or (self._within is not None and len(self._within) > 1):
            scope = Scope(self._shop.settings.categories, within=self._within, primary=self._primary)
            model = self._shop.topic_model
            return weekly_detected(
                self._shop.db,
                scope.condition(),
                kind=kind,
                key=key,
                levels=levels,
                detector_id=self._shop.detector.detector_id,
                topic_model_id=model.topic_model_id if model else None,
            )
        category = self._within[0] if self._within else ALL_WATCHED
        by_term = self._shop.kept(("counts", category), lambda: _counts_by_term(self._shop, category))
        by_week: dict[Week, int] = {}
        for week, level, k in by_term.get((kind, key), ()):
            if level in levels:
                by_week[week] = by_week.get(week, 0) + k
        return by_week

    def _text(self, words: str) -> dict[Week, int]:
        scope = Scope(self._shop.settings.categories, within=self._within, primary=self._primary)
        try:
            return weekly_matches(self._shop.db, words.split(" OR "), scope, mondays=self._shop.mondays_of_rows(scope))
        except ValueError as error:
            raise UsageError(str(error)) from error


def require_counted(shop: Workshop) -> None:
    """Refuse to divide yesterday's count by today's papers, or to list none where none were read yet.

    Raises
    ------
    UsageError
    """
    if not shop.kept("counts are current", lambda: _counts_are_current(shop)):
        raise UsageError(
            "papers, categories or taxonomy have changed since papers were counted; `papertide analyse` counts anew"
        )


def _counts_by_term(shop: Workshop, category: str) -> dict[tuple[str, str], list[tuple[Week, int, int]]]:
    """Week, level and papers of every technique, theme and topic."""
    by_term: dict[tuple[str, str], list[tuple[Week, int, int]]] = {}
    table = weekly_counts(shop.db, category=category)
    for at, kind, key, level, k in zip(*(table[name].tolist() for name in table.columns), strict=True):
        by_term.setdefault((kind, key), []).append((Week(at.date()), level, k))
    return by_term


def _counts_are_current(shop: Workshop) -> bool:
    model, detector_id = shop.topic_model, shop.detector.detector_id
    topic_model_id = model.topic_model_id if model else None
    return weekly_tables_are_current(
        shop.db, detector_id, topic_model_id, shop.settings.categories
    ) and not ids_without_detections(shop.db, detector_id)


def watched(shop: Workshop, categories: Sequence[str]) -> tuple[str, ...]:
    """The categories themselves, each once.

    Raises
    ------
    UsageError
        If one is unknown to arXiv or not watched.
    """
    for category in categories:
        try:
            known_category(category)
        except ValueError as error:
            raise UsageError(str(error)) from error
        if category not in shop.settings.categories:
            names = " ".join(shop.settings.categories)
            raise UsageError(f"{category} is not watched, so its papers are not all held; watched are {names}")
    return tuple(dict.fromkeys(categories))


def _closed(shop: Workshop, totals: pd.DataFrame) -> pd.DataFrame:
    last = pd.Timestamp(last_closed_week(shop.now()).monday)
    return totals[totals["week_start"] <= last].reset_index(drop=True)


def _between(totals: pd.DataFrame, since: date | None, until: date | None) -> pd.DataFrame:
    keep = pd.Series(True, index=totals.index)
    if since is not None:
        keep &= totals["week_start"] + pd.Timedelta(days=6) >= pd.Timestamp(since)
    if until is not None:
        keep &= totals["week_start"] <= pd.Timestamp(until)
    return WEEKLY_TOTALS.check(totals[keep].reset_index(drop=True))


def _points(table: pd.DataFrame, error: MeasuredError | None) -> list[dict[str, Any]]:
    columns = [table[name].tolist() for name in table.columns]
    columns += (
        [[float("nan")] * len(table)] * 3
        if error is None
        else [values.tolist() for values in corrected_shares(table["k"].tolist(), table["n"].tolist(), error)]
    )
    return [
        {
            "start": start.date().isoformat(),
            "end": end.date().isoformat(),
            "k": k,
            "n": n,
            "share": _number(share),
            "low": _number(low),
            "high": _number(high),
            "complete": complete,
            "corrected": _number(corrected),
            "corrected_low": _number(corrected_low),
            "corrected_high": _number(corrected_high),
        }
        for start, end, k, n, share, low, high, complete, corrected, corrected_low, corrected_high in zip(
            *columns, strict=True
        )
    ]


def _number(value: float) -> float | None:
    """Six digits are more than any share here knows; NaN is null in JSON."""
    return None if value != value else round(value, 6)


# -- calls


def calls(shop: Workshop, week: Week | None) -> dict[str, Any]:
    """All calls of a week, or without one the newest moves of all weeks, each with what became of it."""
    model = shop.topic_model
    names: dict[tuple[str, str], str] = {(t.kind, t.key): t.name for t in shop.detector.taxonomy.terms}
    names.update({("topic", str(t.topic_id)): t.label for t in (model.topics if model else ())})
    return {
        "week": str(week) if week else None,
        "record": [
            {"horizon_weeks": r.horizon_weeks, "held": r.n_held, "failed": r.n_failed, "unknown": r.n_unknown}
            for r in call_records(shop.db, until=last_closed_week(shop.now()))
        ],
        "calls": [
            {
                "week": str(kept.call.week),
                "kind": kept.call.kind,
                "key": kept.call.key,
                "name": names.get((kept.call.kind, kept.call.key), kept.call.key),
                "verdict": kept.call.verdict,
                "growth": _growth(kept.call.growth),
                "q_value": kept.call.q_value,
                "share": _number(kept.call.share),
                "share_before": _number(kept.call.share_before),
                "n": kept.call.n,
                "made_at": instant(kept.made_at),
                "made_with": kept.made_with,
                "late": is_late(kept.call.week, kept.made_at),
                "scores": [
                    {
                        "horizon_weeks": s.horizon_weeks,
                        "held": s.held,
                        "share_after": None if s.share_after is None else _number(s.share_after),
                    }
                    for s in kept.scores
                ],
            }
            for kept in kept_calls(shop.db, week=week)
        ],
    }


def _growth(growth: Growth | None) -> dict[str, float] | None:
    if growth is None:
        return None
    # Four significant digits; a rate may be anything from 0 to astronomical, where a term begins or ends.
    return {
        name: float(f"{value:.4g}")
        for name, value in (
            ("odds_ratio_per_year", growth.odds_ratio_per_year),
            ("low", growth.low),
            ("high", growth.high),
        )
    }


# -- detect


def detect(shop: Workshop, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Techniques and themes of abstracts given as JSON lines with ``id``, ``title`` and ``abstract``.

    Raises
    ------
    UsageError
        After all that can be read, naming the first line that is not such an object.
    """
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
            paper_id, title, abstract = given["id"], given["title"], given["abstract"]
            if not (isinstance(title, str) and isinstance(abstract, str) and isinstance(paper_id, str | int)):
                raise TypeError("title and abstract are text, id is text or a number")
            str(paper_id).encode()  # half a character is valid JSON, but cannot be printed
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            problems.append(f"line {number} is not a JSON object with id, title and abstract ({error})")
            continue
        found = shop.detector.detect_text(title, abstract)
        yield {
            "id": paper_id,
            "techniques": {d.key: _detection(d) for d in found if d.kind == "technique"},
            "themes": {d.key: _detection(d) for d in found if d.kind == "theme"},
        }
    if problems:
        more = f", and {len(problems) - 1:,} more lines are none" if len(problems) > 1 else ""
        raise UsageError(f"{problems[0]}{more}; the others are answered")


def _detection(d: Detection) -> dict[str, Any]:
    return {
        "level": d.level,
        "evidence": [{"field": e.field, "start": e.start, "end": e.end} for e in d.evidence],
    }


# -- topics


def topics(shop: Workshop) -> list[dict[str, Any]]:
    """The topics of the newest fit, largest first."""
    model = shop.topic_model
    if model is None:
        return []
    return [
        {
            "topic_id": t.topic_id,
            "label": t.label,
            "area": t.area,
            "top_terms": list(t.top_terms),
            "born_week": str(t.born_week),
            "n_papers": t.size,
        }
        for t in sorted(model.topics, key=lambda t: (-t.size, t.topic_id))
    ]


def _topic_id(shop: Workshop, topic: str) -> int:
    named = term_named(shop, f"topic:{topic}")
    if named is None:
        raise UsageError(f"there is no topic {topic!r}; `papertide topics list` lists them")
    return int(named[1])


MAX_NAME_LENGTH = 80


def rename_topic(shop: Workshop, topic: str, name: str | None) -> str:
    """Give a topic of the newest fit a name, or its own back where ``name`` is ``None``; says what is shown now.

    Raises
    ------
    UsageError
        If there is no such topic, or the name is empty, too long or another topic's.
    """
    topic_id = _topic_id(shop, topic)
    if name is not None:
        name = one_line(name)
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            raise UsageError(f"a topic's name has 1 to {MAX_NAME_LENGTH} printable characters, got {name!r}")
        model = shop.topic_model
        for other in model.topics if model else ():
            if other.topic_id != topic_id and name.casefold() in (other.label.casefold(), str(other.topic_id)):
                raise UsageError(f"topic {other.topic_id} is called {other.label!r} already; names are unique")
    shown = give_name(shop.db, topic_id, name, week=last_closed_week(shop.now()))
    return f"topic {topic_id} is called {shown!r} now"


# -- status


def status(shop: Workshop) -> dict[str, Any]:
    """What is stored, what is complete, what ran, what is due and what drifts; anybody may read it."""
    now = shop.now()
    model_id, model = shop.embedding_model_id, shop.topic_model
    counts = embedding_counts(shop.db)
    return {
        "papers": count_papers(shop.db),
        **coverage(shop),
        "embeddings": {
            "model": model_id,
            "n": counts.get(model_id, 0) if model_id else 0,
            "missing": len(ids_without_embedding(shop.db, model_id)) if model_id else count_papers(shop.db),
        },
        "topic_model": {
            "topic_model_id": model.topic_model_id,
            "fitted_week": str(model.fitted_week),
            "fitted_at": instant(model.fitted_at),
            "n_papers": model.n_papers,
            "n_topics": len(model.topics),
        }
        if model
        else None,
        "digests": [str(week) for week in published_weeks(shop.db)],
        "runs": [
            {
                "job": r.job,
                "period": r.period,
                "state": r.state,
                "started_at": instant(r.started_at),
                "finished_at": instant(r.finished_at) if r.finished_at else None,
                "message": r.message,
            }
            for r in newest_runs(shop.db, 10)
        ],
        "troubled": [
            {
                "job": r.job,
                "period": r.period,
                "state": r.state,
                "n_tries": r.n_tries,
                "next_try_at": instant(r.next_try_at) if r.next_try_at else None,
                "message": r.message,
            }
            for r in troubled_runs(shop.db)
        ],
        "due": _due(shop, now, model_id),
        "drift": _drift(shop, model) if model else {},
    }


def _drift(shop: Workshop, model: StoredTopicModel) -> dict[str, Any]:
    measured = drift_of(shop.db, model.topic_model_id)
    return {
        str(d.week): {
            "n": d.n,
            "unassigned": round(d.share_unassigned, 4),
            "similarity": round(d.mean_similarity, 4),
            "centroid_shift": round(d.centroid_shift, 4),
            "embedding_shift": round(d.embedding_shift, 2),
            "fitted": d.week <= model.fitted_week,
        }
        for d in measured
    }


def trouble_details(shop: Workshop) -> list[dict[str, str]]:
    """What went wrong in each job that is in trouble, with the files that it names; for the operator."""
    return [{"job": r.job, "period": r.period, "detail": r.detail} for r in troubled_runs(shop.db) if r.detail]


def mail_status(shop: Workshop) -> dict[str, Any]:
    """Readers by state, addresses left alone by reason, and what became of the newest issues; for the operator."""
    counts = delivery_counts(shop.db)
    return {
        "readers": subscriber_counts(shop.db),
        "left_alone": suppression_counts(shop.db),
        "issues": {issue: counts[issue] for issue in sorted(counts)[-12:]},
    }


def _due(shop: Workshop, now: datetime, model_id: str | None) -> list[str]:
    windows = due_windows(
        shop.db,
        shop.settings.categories,
        shop.settings.weeks,
        now=now,
        recheck_weeks=shop.settings.arxiv.recheck_weeks,
    )
    proven = {r.window for r in window_records(shop.db, shop.settings.categories) if r.is_complete}
    due = [f"{'ask again about' if w in proven else 'harvest'} {named(w)}" for w in windows]
    n_missing = len(ids_without_embedding(shop.db, model_id)) if model_id else count_papers(shop.db)
    if n_missing:
        due.append(f"embed {n_missing} papers")
    n_unread = len(ids_without_detections(shop.db, shop.detector.detector_id))
    if n_unread:
        due.append(f"detect in {n_unread} papers")
    last = last_closed_week(now)
    if last not in published_weeks(shop.db):
        due.append(f"digest {last}")
    return due


# -- reading what people type


def day(text: str, *, end: bool = False) -> date:
    """A day from ``2026-05-04``, ``2026-W19``, ``2026-05`` or ``2026``; the first, or with ``end`` the last of it.

    Raises
    ------
    UsageError
    """
    try:
        if re.fullmatch(r"\d{4}-W\d{2}", text):
            week = Week.parse(text)
            return week.sunday if end else week.monday
        if re.fullmatch(r"\d{4}(-\d{2})?", text):
            year, month = int(text[:4]), int(text[5:7] or (12 if end else 1))
            after = date(year + month // 12, month % 12 + 1, 1)
            return after - timedelta(days=1) if end else date(year, month, 1)
        return date.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"not a day: {text!r}; write it as 2026-05-04, 2026-W19, 2026-05 or 2026") from error


def week_named(text: str) -> Week:
    """A week from ``2026-W19``.

    Raises
    ------
    UsageError
    """
    try:
        return Week.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
