"""The papers that a number counts."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from domain.errors import UsageError
from domain.paper import Paper
from domain.phrase_variants import counted_phrases
from domain.standards_and_failure_modes import RuleKind
from domain.term_prefix import typed_term
from queries.parameters import ROLES, PaperRequest
from queries.resolve_paper_query import resolved_query
from queries.standards import ids_of_rule, older_readings, rule_named
from queries.term_counts import unknown_term
from queries.term_resolution import is_written, meant_rows, name_term, words_named
from runtime.context import AppContext
from store.name_ledger_reading import ids_of_name
from store.papers import papers_in_order
from store.search import ids_by_phrases

_AS_READ = get_args(RuleKind)
"""The kinds of facets that one reader finds: standards, failure modes, domains, claims and facts."""


def n_older_reading(context: AppContext, question: PaperRequest) -> int:
    """Papers of the time and categories asked for that count as an earlier version of Papertide read them.

    0 where nothing is asked for that the reader finds, such as ``standard:gdpr`` or ``fact:code``.
    """
    asked = [text.partition(":")[0] for text in (question.term or "", *question.has)]
    if not set(asked) & set(_AS_READ):
        return 0
    return older_readings(context, resolved_query(context, replace(question, term=None, topic=None, has=())))


def papers_matching(
    context: AppContext, question: PaperRequest, *, limit: int, offset: int = 0
) -> tuple[int, list[Paper]]:
    """The number of papers that match the filters of a request, and one page of them, newest first.

    A ``term`` may be a standard or failure mode, as ``standard:gdpr`` or ``failure_mode:drift``. One that is neither,
    and no technique, theme, topic or named thing, is matched as a phrase or by meaning, as in ``trends``. The text
    ``query`` is ignored.

    Raises
    ------
    UsageError
        If a filter names something unknown.
    """
    rule = rule_named(context, question.term) if question.term else None
    words = words_named(context, question.term) if question.term and not rule else None
    name = name_term(context, question.term) if question.term and not rule else None
    query = resolved_query(context, replace(question, term=None) if words or name or rule else question)
    if rule:
        ids = ids_of_rule(context, rule, query)
        return len(ids), papers_in_order(context.db, ids[offset : offset + limit])
    if name:
        ids = ids_of_name(context.db, context.corpus, query, name.name_id, ROLES[question.level])
        return len(ids), papers_in_order(context.db, ids[offset : offset + limit])
    if words and words[0] != "meaning":
        if question.term and typed_term(question.term).kind is None and not is_written(context, words[1]):
            raise UsageError(unknown_term(context, question.term))
        phrases = counted_phrases(words[1], as_written=words[0] == "exact")
        try:
            ids = context.cached(
                ("phrases", *words, query),
                lambda: ids_by_phrases(context.db, phrases, context.corpus, query),
                pool="large",
            )
        except ValueError as error:
            raise UsageError(str(error)) from error
        return len(ids), papers_in_order(context.db, ids[offset : offset + limit])
    search = context.paper_search
    index = search.index
    kept = index.matching(query)
    if words:
        kept &= meant_rows(search, words[1])
    rows = kept.nonzero()[0][::-1]
    page = [index.ids[row] for row in rows[offset : offset + limit].tolist()]
    return len(rows), papers_in_order(context.db, page)
