"""A paper request resolved into filters for the paper index and the database."""

from __future__ import annotations

from domain.detections import TermKind
from domain.errors import UsageError
from domain.paper_index import PaperFilter
from queries.requests import LEVELS, PaperRequest
from queries.terms import require_counted, term_named, watched
from runtime.context import AppContext
from store.search import Scope


def paper_filter(context: AppContext, question: PaperRequest) -> PaperFilter:
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
        named = term_named(context, name if kinds != ("topic",) or name.startswith("topic:") else f"topic:{name}")
        if named is None or named[0] not in kinds:
            raise UsageError(f"there is no {' or '.join(kinds)} {name!r}")
        if named[0] == "topic":
            topic_id = int(named[1])
        else:
            require_counted(context)
            term = named
    if question.since and question.until and question.since > question.until:
        raise UsageError(f"the first day, {question.since}, is after the last, {question.until}")
    return PaperFilter(
        since=question.since,
        until=question.until,
        categories=watched(context, question.categories),
        primary=question.primary and bool(question.categories),
        topic_id=topic_id,
        term=term,
        levels=LEVELS[question.level] if term else (),
    )


def scope_of(context: AppContext, wanted: PaperFilter) -> Scope:
    """The same conditions for the database."""
    model = context.topic_model
    return Scope(
        context.settings.categories,
        within=wanted.categories or None,
        primary=wanted.primary,
        since=wanted.since,
        until=wanted.until,
        topic_model_id=model.topic_model_id if model else None,
        topic_id=wanted.topic_id,
        detector_id=context.detector.detector_id,
        term=wanted.term,
        levels=wanted.levels,
    )
