"""Papers of a term by week: techniques, themes, topics, words and meanings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from analysis.search.semantic_search import PaperSearch
from analysis.trends.detector_error import MeasuredError, measured_errors
from analysis.trends.shares import papers_by_week
from domain.detections import ADOPTS, TermKind
from domain.errors import UsageError
from domain.paper_query import PaperQuery
from domain.phrase_variants import phrases_of_term
from domain.search_text import search_words
from domain.term_prefix import typed_term
from domain.trends import SeriesKind, TermReading
from domain.week import Week
from domain.wrong_value import did_you_mean
from queries.parameters import LEVELS, ROLES, Level
from queries.term_resolution import TERM_KINDS, meant_rows, names_called, taken_for, term_key
from runtime.context import AppContext
from store.detections import count_without_detections
from store.name_ledger_reading import ids_of_name, names_by_id, weekly_papers_of_name
from store.search import ids_by_phrases, weekly_matches, words_of
from store.weekly import ALL_WATCHED, CountedState, counted_papers, counted_state, weekly_counts, weekly_papers

MAX_NAMES_READ = 3
"""Most things of one name among the readings of a term."""


@dataclass(frozen=True)
class Counted:
    """A term's kind, its name, and its papers by week.

    ``since`` is the first week that is counted, ``None`` if all are: topics and meanings need embedded papers.
    ``n_by_week`` holds all papers of each week when techniques, themes and topics were last counted; ``None`` if the
    term was counted just now. ``unknown`` says that the term is no name and that no paper has it in its words, with the
    nearest name; ``None`` where it was found.
    """

    kind: SeriesKind
    name: str
    by_week: dict[Week, int]
    n_by_week: dict[Week, int] | None = None
    unknown: str | None = None
    since: Week | None = None


def unknown_term(context: AppContext, term: str) -> str:
    """The message about a term that is no name and that no paper has in its words, with the nearest name or word."""
    keys = [known.key for known in context.detector.taxonomy.terms]
    hint = did_you_mean(term, keys) or _common_word(context, term) or "; write `text:` before it to count it as words"
    return f"{term!r} is no technique, theme or topic, and no paper has it in its words{hint}"


def _common_word(context: AppContext, term: str) -> str:
    """The common word that a term of one unknown word is mistyped from, as the end of a message; empty without."""
    words = search_words(term)
    meant = context.vocabulary.meant_instead(words[0], n_holding=0) if len(words) == 1 else None
    return f"; did you mean {meant!r}?" if meant else ""


class TermCounter:
    """Counts terms by week among the papers of some categories.

    ``counted`` is what the stored counts of techniques, themes and topics are of.
    """

    def __init__(self, context: AppContext, level: Level, among: PaperQuery, counted: CountedState | None) -> None:
        self._context = context
        self._counted = counted
        self._levels = LEVELS[level]
        self._among = among
        self._level = level
        self._terms = {(t.kind, t.key): t for t in context.detector.taxonomy.terms}

    def count(self, term: str) -> Counted:
        """Count a term as what it is taken for."""
        kind, key = taken_for(self._context, term)
        counted = self._count_as(kind, key)
        if kind == "text" and not counted.by_week and typed_term(term).kind is None:
            return replace(counted, unknown=unknown_term(self._context, term))
        return counted

    def readings(self, term: str, chosen: Counted, weeks: Collection[Week]) -> tuple[TermReading, ...]:
        """Everything that a term can be taken for, with its papers of some weeks.

        By meaning is counted where the embedding model is loaded, or where it is chosen: loading it takes seconds.
        """
        name = typed_term(term).words
        named: list[tuple[SeriesKind, str]] = [
            (kind, key) for kind in TERM_KINDS if (key := term_key(self._context, kind, name)) is not None
        ]
        named += [("name", str(one.name_id)) for one in names_called(self._context, name)[:MAX_NAMES_READ]]
        named += [("text", name), ("exact", name), ("meaning", name)]
        found: list[TermReading] = []
        for kind, key in named:
            shown = self._called(kind, key) if kind in TERM_KINDS or kind == "name" else key
            is_chosen = (chosen.kind, chosen.name) == (kind, shown)
            if not is_chosen and (kind == "exact" or (kind in ("text", "meaning") and not words_of(name))):
                continue
            is_slow = kind == "meaning" and not self._context.compares_at_once
            by_week = chosen.by_week if is_chosen else None if is_slow else self._counted_or_none(kind, key)
            n = None if by_week is None else sum(k for week, k in by_week.items() if week in weeks)
            if n or is_chosen or kind != "text":
                found.append(TermReading(kind, f"{kind}:{shown}", self.name(kind, shown), n, is_chosen))
        return tuple(found)

    def _counted_or_none(self, kind: SeriesKind, key: str) -> dict[Week, int] | None:
        try:
            return self._count_as(kind, key).by_week
        except UsageError:  # not counted at this level, or not yet
            return None

    def _count_as(self, kind: SeriesKind, key: str) -> Counted:
        if kind == "text" or kind == "exact":
            return Counted(kind, key, self._text(f"{kind}:{key}"))
        if kind == "meaning":
            return Counted(kind, key, self._meant(key), since=self._context.embedded_since)
        if kind == "name":
            roles = ROLES[self._level]
            by_week = weekly_papers_of_name(self._context.db, self._context.corpus, self._among, int(key), roles)
            return Counted(kind, self._called(kind, key), by_week)
        return self._detected(kind, key)

    def name(self, kind: str, key: str) -> str:
        """A term's display name."""
        if kind == "name" and key.startswith("#"):
            return names_by_id(self._context.db, [int(key[1:])])[int(key[1:])].surface
        return next((t.name for (of, k), t in self._terms.items() if of == kind and k == key), key)

    def _meant(self, description: str) -> dict[Week, int]:
        def count() -> dict[Week, int]:
            index, near = self.search.index, meant_rows(self.search, description)
            return papers_by_week(index.day[near & index.matching(self._among)])

        return self._context.cached(("meant", description, self._among), count)

    def rows(self, term: str) -> NDArray[np.bool_]:
        """Whether each paper of the index of ``search`` is one of a term, ``(n_papers,)``, in whatever category."""
        kind, key = taken_for(self._context, term)
        index = self.search.index
        if kind == "meaning":
            return meant_rows(self.search, key)
        if kind == "topic":
            of_topic: NDArray[np.bool_] = index.topic_id == int(key)
            return of_topic
        if kind == "technique" or kind == "theme":
            return index.matching(PaperQuery(term=(kind, key), levels=self._levels))
        db, corpus = self._context.db, self._context.corpus
        if kind == "name":
            ids = ids_of_name(db, corpus, PaperQuery(), int(key), ROLES[self._level])
        else:
            ids = ids_by_phrases(db, phrases_of_term(f"{kind}:{key}"), corpus)
        found = np.zeros(len(index), dtype=bool)
        found[[index.row_of[i] for i in ids if i in index.row_of]] = True
        return found

    @cached_property
    def search(self) -> PaperSearch:
        """One for all terms, because a context without a cache loads all papers for each."""
        return self._context.paper_search

    def error(self, kind: str, key: str) -> MeasuredError | None:
        """The detector's measured error of a technique or theme; ``None`` where it is not known."""
        term = next((t for (of, k), t in self._terms.items() if of == kind and k == key), None)
        return self._context.cached("measured errors", measured_errors).get(key) if term and term.measured else None

    def _called(self, kind: SeriesKind, key: str) -> str:
        if kind == "name":
            return self._called_name(int(key))
        if kind != "topic":
            return key
        model = self._context.topic_model
        return next(t.label for t in (model.topics if model else ()) if str(t.topic_id) == key)

    def _called_name(self, name_id: int) -> str:
        """The spelling of a named thing, or its number where another thing is meant by the spelling."""
        one = names_by_id(self._context.db, [name_id])[name_id]
        meant = names_called(self._context, one.surface)
        return one.surface if meant and meant[0].name_id == name_id else f"#{name_id}"

    def _detected(self, kind: TermKind, key: str) -> Counted:
        if kind == "theme" and self._level == "about":
            raise UsageError(
                f"{key}: a theme has no level 'about'; 'adopts' counts papers that mainly contribute to it"
            )
        counted = require_counted(self._counted)
        levels = (ADOPTS,) if kind == "topic" else self._levels
        name, categories = self._called(kind, key), self._among.categories
        since = self._context.embedded_since if kind == "topic" else None
        if self._among.primary or len(categories) > 1:
            # Read now: what is counted while a run changes papers would be kept until the run has ended.
            if not require_counted(_counts_state_now(self._context)).is_current:
                raise UsageError(
                    "papers have changed and are not counted yet, which a run does within the hour; until then "
                    "techniques, themes and topics have numbers for all categories and for each one"
                )
            if kind == "topic":
                query = replace(self._among, topic_id=int(key))
            else:
                query = replace(self._among, term=(kind, key), levels=levels)
            found = weekly_papers(self._context.db, self._context.corpus, query)
            return Counted(kind, name, found, since=since)
        category = categories[0] if categories else ALL_WATCHED
        by_term, n_by_week = self._context.cached(("counts", category), lambda: _stored_counts(self._context, category))
        if (not n_by_week and not counted_papers(self._context.db)) or (
            kind == "topic" and not counted.is_current and (kind, key) not in by_term
        ):
            raise UsageError(_NOT_COUNTED)
        by_week: dict[Week, int] = {}
        for week, level, k in by_term.get((kind, key), ()):
            if level in levels:
                by_week[week] = by_week.get(week, 0) + k
        return Counted(kind, name, by_week, n_by_week, since=since)

    def _text(self, term: str) -> dict[Week, int]:
        context, among = self._context, self._among
        try:
            return weekly_matches(
                context.db, phrases_of_term(term), context.corpus, among, mondays=context.mondays_of_rows(among)
            )
        except ValueError as error:
            raise UsageError(str(error)) from error


_NOT_COUNTED = (
    "papers have not been counted with these categories, taxonomy and topics yet; `papertide analyse` counts them"
)


def require_counted(counted: CountedState | None) -> CountedState:
    """The state that the stored counts are of, if they are of this detector and these categories.

    Raises
    ------
    UsageError
        If categories or the taxonomy have changed since papers were counted.
    """
    if counted is None:
        raise UsageError(_NOT_COUNTED)
    return counted


def stored_counts_state(context: AppContext) -> CountedState | None:
    """What the stored counts of techniques, themes and topics are of; ``None`` if they cannot be used.

    They are not current while a run is at work, which is no change of the state for which a web process caches.
    """
    return context.cached("counts state", partial(_counts_state_now, context), pool="recent")


def _counts_state_now(context: AppContext) -> CountedState | None:
    detector_id = context.detector.detector_id
    state = counted_state(context.db, detector_id, context.settings.categories)
    if state is None or not state.is_current:
        return state
    n_undetected = context.cached("undetected", lambda: count_without_detections(context.db, detector_id))
    return replace(state, is_current=not n_undetected)


def _stored_counts(
    context: AppContext, category: str
) -> tuple[dict[tuple[str, str], list[tuple[Week, int, int]]], dict[Week, int]]:
    """Week, level and papers of every technique, theme and topic, and all papers of each week; of one count."""
    read_state = partial(counted_state, context.db, context.detector.detector_id, context.settings.categories)
    before = read_state()
    while True:
        counts = _counts_by_term(context, category), counted_papers(context.db, category=category)
        after = read_state()
        if after == before:
            return counts
        before = after  # a run has counted again between the two reads


def _counts_by_term(context: AppContext, category: str) -> dict[tuple[str, str], list[tuple[Week, int, int]]]:
    by_term: dict[tuple[str, str], list[tuple[Week, int, int]]] = {}
    table = weekly_counts(context.db, category=category)
    for at, kind, key, level, k in zip(*(table[name].tolist() for name in table.columns), strict=True):
        by_term.setdefault((kind, key), []).append((Week(at.date()), level, k))
    return by_term
