"""The map of topics."""

from __future__ import annotations

from runtime.context import AppContext
from store.topics import paper_positions


def topic_map(context: AppContext) -> list[tuple[float, float, int | None]]:
    """A sample of papers on the map of topics: their place and their topic; empty where no map is drawn."""
    model = context.topic_model
    if model is None:
        return []
    places = context.cached("map", lambda: paper_positions(context.db, model.topic_model_id))
    index = context.paper_search.index
    found = []
    for arxiv_id, (x, y) in places.items():
        row = index.row_of.get(arxiv_id)
        if row is not None:
            of = int(index.topic_id[row])
            found.append((x, y, of if of >= 0 else None))
    return found
