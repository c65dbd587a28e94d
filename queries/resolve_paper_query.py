"""A paper request, with names as people type them, resolved into a paper query."""

from __future__ import annotations

from domain.detections import TermKind
from domain.errors import UsageError
from domain.paper_query import PaperQuery
from domain.wrong_value import did_you_mean
from queries.facet_resolution import facet_named
from queries.parameters import LEVELS, PaperRequest
from queries.term_counts import require_counted, stored_counts_state
from queries.term_resolution import names_of_kind, term_named, watched
from runtime.context import AppContext


def resolved_query(context: AppContext, request: PaperRequest) -> PaperQuery:
    """The papers that a request is about.

    Raises
    ------
    UsageError
        If it names something unknown.
    """
    topic_id: int | None = None
    term: tuple[TermKind, str] | None = None
    kinds: tuple[TermKind, ...]
    for name, kinds in ((request.topic, ("topic",)), (request.term, ("technique", "theme", "topic"))):
        if name is None:
            continue
        named = term_named(context, name if kinds != ("topic",) or name.startswith("topic:") else f"topic:{name}")
        if named is None or named[0] not in kinds:
            names = [called for kind in kinds for called in names_of_kind(context, kind)]
            raise UsageError(f"there is no {' or '.join(kinds)} {name!r}{did_you_mean(name, names)}")
        if named[0] == "topic":
            topic_id = int(named[1])
        else:
            require_counted(stored_counts_state(context))
            term = named
    if request.since and request.until and request.since > request.until:
        raise UsageError(f"the first day, {request.since}, is after the last, {request.until}")
    return PaperQuery(
        since=request.since,
        until=request.until,
        categories=watched(context, request.categories),
        primary=request.primary and bool(request.categories),
        topic_id=topic_id,
        term=term,
        levels=LEVELS[request.level] if term else (),
        has=tuple(facet_named(context, text) for text in request.has),
    )
