"""What the week before was called to move and is not any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analysis.trends.trend_calls import TermKey
from domain.digest import EndedMove
from domain.trend_calls import TrendCall


def ended_moves(
    before: Iterable[TrendCall], calls: Iterable[TrendCall], names: Mapping[TermKey, str]
) -> tuple[EndedMove, ...]:
    """The moves of the week before that this week's calls do not have, in the order of the calls.

    Parameters
    ----------
    before : the calls of the week before.
    calls : of this week; a term without one, or whose call is "unknown", is left out, because nothing is known of it.
    names : of the terms that may be told.
    """
    now = {(call.kind, call.key): call for call in calls}
    return tuple(
        EndedMove(call.kind, call.key, names[key], call.verdict, current.verdict, current.wave)
        for call in before
        if call.is_movement
        and (key := (call.kind, call.key)) in names
        and (current := now.get(key)) is not None
        and not current.is_movement
        and current.verdict != "unknown"
    )
