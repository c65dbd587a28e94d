"""One named thing: what it is, its history, its share by week, and its papers by role."""

from __future__ import annotations

from collections.abc import Sequence

from domain.errors import NotFound
from domain.name_ledger import Name
from domain.name_mention import NameRole
from domain.paper import ArxivId
from queries.names import calls_of_names, listed_name
from queries.paper_rows import paper_lines
from queries.results import NameEventLine, NameResult, PaperLine, RelatedName
from queries.term_resolution import names_called
from queries.trends import weekly_points
from runtime.context import AppContext
from store.name_ledger_reading import (
    events_of_name,
    introducing_texts,
    names_beside,
    names_by_id,
    names_of_family,
    papers_of_name,
)
from store.papers import papers_in_order

N_PAPERS = 8
"""Papers of each role on a name's page."""
N_RELATED = 10


def name(context: AppContext, name_id: int) -> NameResult:
    """One named thing by its id.

    Raises
    ------
    NotFound
        If no name ever had this id.
    """
    return context.cached(("name", name_id), lambda: _name(context, name_id))


def _name(context: AppContext, name_id: int) -> NameResult:
    here = names_by_id(context.db, [name_id]).get(name_id)
    if here is None:
        raise NotFound(f"there is no name {name_id}")
    papers = papers_of_name(context.db, name_id, context.settings.categories)
    call = calls_of_names(context).get(name_id)
    listed = listed_name(here, call, introducing_texts(context.db, [name_id]).get(name_id))
    return NameResult(
        **vars(listed),
        variants=here.variants,
        confidence=round(here.confidence, 4),
        kind_confidence=round(here.kind_confidence, 4),
        n_unknown_teams=here.n_unknown_teams,
        shown=here.is_shown,
        merged_into=here.merged_into,
        events=tuple(
            NameEventLine(e.event.week, e.event.kind, e.event.arxiv_id, e.event.detail, e.retracted_at is not None)
            for e in events_of_name(context.db, name_id)
        ),
        points=weekly_points(context, f"name:#{name_id}") if papers else (),
        introducing=_lines(context, papers, "introduces", oldest=True),
        using=_lines(context, papers, "uses"),
        mentioning=_lines(context, papers, "mentions"),
        used_with=_used_with(context, name_id),
        versions=tuple(
            _related(n, n.n_uses)
            for n in names_of_family(context.db, here.family)
            if n.name_id != name_id and n.n_uses + n.n_mentions and n.surface.casefold() != here.surface.casefold()
        )[:N_RELATED],
        same_name=tuple(
            _related(n, n.n_uses) for n in names_called(context, here.surface) if n.name_id != name_id and n.n_uses
        )[:N_RELATED],
    )


def _lines(
    context: AppContext, papers: Sequence[tuple[ArxivId, NameRole, object]], role: NameRole, *, oldest: bool = False
) -> tuple[PaperLine, ...]:
    ids = [arxiv_id for arxiv_id, of, _ in papers if of == role]
    return paper_lines(context, papers_in_order(context.db, (ids[::-1] if oldest else ids)[:N_PAPERS]))


def _used_with(context: AppContext, name_id: int) -> tuple[RelatedName, ...]:
    beside = names_beside(context.db, name_id, limit=3 * N_RELATED)
    names = names_by_id(context.db, [other for other, _ in beside])
    return tuple(_related(names[other], k) for other, k in beside if names[other].is_shown)[:N_RELATED]


def _related(other: Name, n_papers: int) -> RelatedName:
    return RelatedName(other.name_id, other.surface, other.kind, n_papers)
