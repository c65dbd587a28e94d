"""What a term means (technique, theme, topic or words), and its papers by week."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.search.paper_search import PaperSearch
from analysis.search.ranking import unusually_near
from analysis.trends.detector_error import MeasuredError, measured_errors
from analysis.trends.shares import papers_by_week
from domain.detections import ADOPTS, TermKind
from domain.errors import UsageError
from domain.paper_query import ALL_PAPERS, PaperQuery
from domain.trends import SeriesKind
from domain.week import Week
from queries.requests import LEVELS, Level
from runtime.context import AppContext
from runtime.settings import known_category
from store.detections import count_without_detections
from store.search import weekly_matches, words_of
from store.weekly import ALL_WATCHED, weekly_counts, weekly_papers, weekly_tables_are_current

TERM_KINDS: tuple[TermKind, ...] = ("technique", "theme", "topic")


def term_named(context: AppContext, term: str) -> tuple[TermKind, str] | None:
    """Kind and key of a technique, theme or topic as people type it; ``None`` where it is none of them."""
    counter = TermCounter(context, "adopts", ALL_PAPERS)
    asked_kind, _, rest = term.partition(":")
    for kind in TERM_KINDS:
        name = rest if rest and asked_kind in TERM_KINDS else term
        if (name is term or kind == asked_kind) and (key := counter.key(kind, name)) is not None:
            return kind, key
    return None


def words_named(context: AppContext, term: str) -> tuple[Literal["text", "meaning"], str] | None:
    """The words of a term that names nothing, and whether they count as they stand or by meaning.

    ``None`` for a technique, theme or topic.
    """
    kind, _, rest = term.partition(":")
    if kind in ("text", "meaning") and rest:
        return ("text" if kind == "text" else "meaning"), rest.strip()
    return None if term_named(context, term) else ("text", term)


def meant_rows(search: PaperSearch, description: str) -> NDArray[np.bool_]:
    """Whether each paper of a search's index is unusually near in meaning to a description; ``(n_papers,)``.

    Raises
    ------
    UsageError
        If the description holds no word, or nothing is embedded.
    """
    if not words_of(description):
        raise UsageError(f"there is no word in {description!r}")
    if not search.has_vectors:
        raise UsageError("nothing is embedded yet, so nothing can be told by meaning; `papertide run` does all of it")
    return unusually_near(search.similarities(description))


class TermCounter:
    """Counts terms by week among the papers of some categories."""

    def __init__(self, context: AppContext, level: Level, among: PaperQuery) -> None:
        self._context = context
        self._levels = LEVELS[level]
        self._among = among
        self._level = level
        self._terms = {(t.kind, t.key): t for t in context.detector.taxonomy.terms}

    def count(self, term: str) -> tuple[SeriesKind, str, dict[Week, int]]:
        """What the term is, how it is called, and its papers by week."""
        asked_kind, _, rest = term.partition(":")
        if rest and asked_kind == "text":
            return "text", rest.strip(), self._text(rest.strip())
        if rest and asked_kind == "meaning":
            return "meaning", rest.strip(), self._meant(rest.strip())
        for kind in TERM_KINDS:
            if rest and asked_kind == kind:
                return self._count_as(kind, rest, term)
        for kind in TERM_KINDS:
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
        search = self._context.paper_search
        index, near = search.index, meant_rows(search, description)
        return papers_by_week(index.day[near & index.matching(self._among)])

    def error(self, kind: str, key: str) -> MeasuredError | None:
        """The detector's measured error of a technique or theme; ``None`` where it is not known."""
        term = next((t for (of, k), t in self._terms.items() if of == kind and k == key), None)
        return self._context.cached("measured errors", measured_errors).get(key) if term and term.measured else None

    def _count_as(self, kind: TermKind, name: str, term: str) -> tuple[SeriesKind, str, dict[Week, int]]:
        key = self.key(kind, name)
        if key is None:
            known = ", ".join(k for of, k in self._terms if of == kind) or "listed by `papertide topics list`"
            raise UsageError(f"{term!r}: there is no such {kind}; they are {known}")
        return kind, self._called(kind, key), self._detected(kind, key)

    def key(self, kind: TermKind, name: str) -> str | None:
        """The key of the term with this name; ``None`` if there is none of this kind."""
        wanted = name.casefold().strip()
        if kind == "topic":
            model = self._context.topic_model
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
        model = self._context.topic_model
        return next(t.label for t in (model.topics if model else ()) if str(t.topic_id) == key)

    def _detected(self, kind: TermKind, key: str) -> dict[Week, int]:
        if kind == "theme" and self._level == "about":
            raise UsageError(
                f"{key}: a theme has no level 'about'; 'adopts' counts papers that mainly contribute to it"
            )
        require_counted(self._context)
        levels = (ADOPTS,) if kind == "topic" else self._levels
        categories = self._among.categories
        if self._among.primary or len(categories) > 1:
            if kind == "topic":
                query = replace(self._among, topic_id=int(key))
            else:
                query = replace(self._among, term=(kind, key), levels=levels)
            return weekly_papers(self._context.db, self._context.corpus, query)
        category = categories[0] if categories else ALL_WATCHED
        by_term = self._context.cached(("counts", category), lambda: _counts_by_term(self._context, category))
        by_week: dict[Week, int] = {}
        for week, level, k in by_term.get((kind, key), ()):
            if level in levels:
                by_week[week] = by_week.get(week, 0) + k
        return by_week

    def _text(self, words: str) -> dict[Week, int]:
        context, among = self._context, self._among
        try:
            return weekly_matches(
                context.db, words.split(" OR "), context.corpus, among, mondays=context.mondays_of_rows(among)
            )
        except ValueError as error:
            raise UsageError(str(error)) from error


def require_counted(context: AppContext) -> None:
    """Refuse to divide yesterday's count by today's papers, or to list none where none were read yet.

    Raises
    ------
    UsageError
    """
    if not context.cached("counts are current", lambda: _counts_are_current(context)):
        raise UsageError(
            "papers, categories or taxonomy have changed since papers were counted; `papertide analyse` counts anew"
        )


def _counts_by_term(context: AppContext, category: str) -> dict[tuple[str, str], list[tuple[Week, int, int]]]:
    """Week, level and papers of every technique, theme and topic."""
    by_term: dict[tuple[str, str], list[tuple[Week, int, int]]] = {}
    table = weekly_counts(context.db, category=category)
    for at, kind, key, level, k in zip(*(table[name].tolist() for name in table.columns), strict=True):
        by_term.setdefault((kind, key), []).append((Week(at.date()), level, k))
    return by_term


def _counts_are_current(context: AppContext) -> bool:
    model, detector_id = context.topic_model, context.detector.detector_id
    topic_model_id = model.topic_model_id if model else None
    return weekly_tables_are_current(
        context.db, detector_id, topic_model_id, context.settings.categories
    ) and not count_without_detections(context.db, detector_id)


def watched(context: AppContext, categories: Sequence[str]) -> tuple[str, ...]:
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
        if category not in context.settings.categories:
            names = " ".join(context.settings.categories)
            raise UsageError(f"{category} is not watched, so its papers are not all held; watched are {names}")
    return tuple(dict.fromkeys(categories))
