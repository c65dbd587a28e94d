"""What a term means: a technique, a theme, a topic, or words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.names.variants import name_key
from analysis.search.ranking import unusually_near
from analysis.search.semantic_search import PaperSearch
from domain.detections import TermKind
from domain.errors import UsageError
from domain.name_ledger import SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE, Name
from domain.phrase_variants import phrases_of_term
from domain.same_subject import subject
from domain.term_prefix import typed_term
from domain.trends import SeriesKind
from domain.wrong_value import did_you_mean
from runtime.context import AppContext
from runtime.settings import known_category
from store.name_ledger_reading import NameQuery, names_by_id, names_matching, names_with_keys, standing_name
from store.search import weekly_matches, words_of

TERM_KINDS: tuple[TermKind, ...] = ("technique", "theme", "topic")
WordsKind = Literal["text", "exact", "meaning"]
"""How words are matched: in singular and plural, as written, or by meaning."""
_N_SUGGESTED_FROM = 3000


def term_key(context: AppContext, kind: TermKind, name: str) -> str | None:
    """The key of the term of this kind with this name; ``None`` if there is none."""
    wanted = name.casefold().strip()
    if kind == "topic":
        model = context.topic_model
        topics = model.topics if model else ()
        as_written = (t for t in topics if wanted in (t.label.casefold(), str(t.topic_id)))
        respelled = (t for t in topics if subject(t.label) == subject(wanted))
        return next((str(t.topic_id) for t in (*as_written, *respelled)), None)
    # "state-space models" and "state space model" are one name.
    for term in context.detector.taxonomy.terms:
        if term.kind == kind and subject(wanted) in (subject(term.key), subject(term.name)):
            return term.key
    return None


def names_of_kind(context: AppContext, kind: TermKind | Literal["name"]) -> list[str]:
    """What techniques, themes, topics or named things are called, to suggest from: of named things the most used."""
    if kind == "topic":
        return [topic.label for topic in context.topic_model.topics] if context.topic_model else []
    if kind == "name":
        return context.cached("names to suggest", lambda: _most_used_names(context))
    return [name for t in context.detector.taxonomy.terms if t.kind == kind for name in (t.name, t.key)]


def _most_used_names(context: AppContext) -> list[str]:
    shown = NameQuery(SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE)
    return [one.surface for one in names_matching(context.db, shown, "uses", limit=_N_SUGGESTED_FROM)[1]]


def term_named(context: AppContext, term: str) -> tuple[TermKind, str] | None:
    """Kind and key of a technique, theme or topic from its typed name; ``None`` if it is none of these."""
    asked_kind, _, rest = term.partition(":")
    for kind in TERM_KINDS:
        name = rest if rest and asked_kind in TERM_KINDS else term
        if (name is term or kind == asked_kind) and (key := term_key(context, kind, name)) is not None:
            return kind, key
    return None


def taken_for(context: AppContext, term: str) -> tuple[SeriesKind, str]:
    """What a term of a trend is: its kind, with the key of a technique, theme or topic, or with its words.

    Without a prefix a term is the technique or theme of that name, or its words. It is a topic only if it is a topic's
    label and no paper holds the words, because a topic has each paper once and so far fewer than its name suggests.

    Raises
    ------
    UsageError
        If there is no technique, theme or topic of a name with that prefix.
    """
    typed = typed_term(term)
    kind, name = typed.kind, typed.words
    if kind == "name":
        return kind, str(name_called(context, name).name_id)
    if kind is None:
        for named in ("technique", "theme"):
            if (key := term_key(context, named, name)) is not None:
                return named, key
        topic = term_key(context, "topic", name)
        return ("text", name) if topic is None or is_written(context, name) else ("topic", topic)
    if kind == "technique" or kind == "theme" or kind == "topic":
        key = term_key(context, kind, name)
        if key is None:
            keys = [t.key for t in context.detector.taxonomy.terms if t.kind == kind]
            they = f"they are {', '.join(keys)}" if keys else "`papertide topics list` lists them"
            hint = did_you_mean(name, names_of_kind(context, kind), they, before=f"{kind}:")
            raise UsageError(f"{term!r}: there is no such {kind}{hint}")
        return kind, key
    return kind, name


def name_called(context: AppContext, called: str) -> Name:
    """The named thing with this id or spelling; of several things of one name the one that most papers hold.

    Raises
    ------
    UsageError
        If there is none.
    """
    found = names_called(context, called)
    if not found:
        raise UsageError(unknown_name(context, called))
    return found[0]


def unknown_name(context: AppContext, called: str) -> str:
    """The message about a name that no paper holds, with the nearest one."""
    hint = did_you_mean(called, names_of_kind(context, "name"), "`papertide names` lists them")
    return f"no paper holds a name {called!r}{hint}"


def names_called(context: AppContext, called: str) -> list[Name]:
    """The things with this id or spelling, those that most papers hold first; what was merged is what it became."""
    number = called.removeprefix("#")
    if called.startswith("#") and number.isascii() and number.isdecimal() and len(number) < 10:
        found = list(names_by_id(context.db, [int(number)]).values())
    else:
        found = names_with_keys(context.db, [name_key(called)]) if name_key(called) else []
    seen: dict[int, Name] = {}
    for one in found:
        standing = one if one.merged_into is None else standing_name(context.db, one.merged_into)
        if standing is not None:
            seen.setdefault(standing.name_id, standing)
    return sorted(seen.values(), key=lambda n: (n.is_ignored, -n.n_uses - n.n_mentions, n.name_id))


def name_term(context: AppContext, term: str) -> Name | None:
    """The named thing of a term written ``name:SWE-bench`` or ``name:#12``; ``None`` for any other term."""
    typed = typed_term(term)
    return name_called(context, typed.words) if typed.kind == "name" else None


def words_named(context: AppContext, term: str) -> tuple[WordsKind, str] | None:
    """How the words of a term are matched, and the words; ``None`` for a technique, theme or topic."""
    kind, name = taken_for(context, term)
    return (kind, name) if kind == "text" or kind == "exact" or kind == "meaning" else None


def is_written(context: AppContext, words: str) -> bool:
    """Whether any paper holds the words."""
    if not words_of(words):
        return False
    return context.cached(
        ("is written", words), lambda: bool(weekly_matches(context.db, phrases_of_term(words), context.corpus))
    )


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
        raise UsageError("nothing is embedded yet, so nothing can be matched by meaning; `papertide run` embeds papers")
    return unusually_near(search.similarities(description))


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
            raise UsageError(f"{category} is not watched, so not all of its papers are stored; watched are {names}")
    return tuple(dict.fromkeys(categories))
