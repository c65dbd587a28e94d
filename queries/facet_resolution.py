"""What a facet of papers is called, and which facet a text means."""

from __future__ import annotations

from collections.abc import Collection

from analysis.claims.savings import COST_QUANTITIES
from domain.errors import UsageError
from domain.facet import ACCEPTED, CODE, FACET_KINDS, SAVING, Facet, FacetKind
from domain.wrong_value import did_you_mean
from queries.term_resolution import name_called, names_of_kind, term_key
from runtime.context import AppContext
from store.name_ledger_reading import names_by_id

_WITHOUT_NAMES: dict[str, tuple[str, ...]] = {"claim": (SAVING[1], *COST_QUANTITIES), "fact": (CODE[1], ACCEPTED[1])}
"""The keys of kinds that have no names of their own."""


def facet_named(context: AppContext, text: str) -> Facet:
    """The facet of ``KIND:KEY``, in which a technique, theme, topic or name may also be called by its name.

    Raises
    ------
    UsageError
        If there is no such kind, or nothing of that kind has this name.
    """
    prefix, _, called = text.partition(":")
    kind = next((known for known in FACET_KINDS if known == prefix), None)
    called = called.strip()
    if kind is None or not called:
        kinds = ", ".join(FACET_KINDS)
        hint = did_you_mean(prefix, FACET_KINDS, f"kinds are {kinds}")
        raise UsageError(f"{text!r}: write a kind and a key, as in theme:security{hint}")
    if kind == "name":
        return kind, str(name_called(context, called).name_id)
    if kind == "technique" or kind == "theme" or kind == "topic":
        key = term_key(context, kind, called)
        if key is None:
            hint = did_you_mean(called, names_of_kind(context, kind))
            raise UsageError(f"{text!r}: there is no {kind} {called!r}{hint}")
        return kind, key
    known = _WITHOUT_NAMES.get(kind) or tuple(_listed_names(context, kind))
    if called not in known:
        hint = did_you_mean(called, known, f"known are {', '.join(known)}")
        raise UsageError(f"{text!r}: there is no {kind.replace('_', ' ')} {called!r}{hint}")
    return kind, called


def facet_names(context: AppContext, facets: Collection[Facet]) -> dict[Facet, str]:
    """What facets are called; claims and facts, and what no list holds any more, by their keys."""
    ids = {int(key) for kind, key in facets if kind == "name"}
    names = {str(i): one.surface for i, one in names_by_id(context.db, ids).items()} if ids else {}
    listed: dict[FacetKind, dict[str, str]] = {kind: _listed_names(context, kind) for kind, _ in facets}
    return {(kind, key): names.get(key, key) if kind == "name" else listed[kind].get(key, key) for kind, key in facets}


def _listed_names(context: AppContext, kind: FacetKind) -> dict[str, str]:
    """Key and name of everything of a kind that a list holds."""
    if kind == "technique" or kind == "theme":
        return {term.key: term.name for term in context.detector.taxonomy.terms if term.kind == kind}
    if kind == "topic":
        model = context.topic_model
        return {str(topic.topic_id): topic.label for topic in model.topics} if model else {}
    if kind == "domain":
        return {one.key: one.name for one in context.domain_finder.domains}
    if kind == "standard":
        return {one.key: one.name for one in context.rule_finder.rules.standards}
    if kind == "failure_mode":
        return {one.key: one.name for one in context.rule_finder.rules.failure_modes}
    return {}
