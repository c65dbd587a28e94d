"""What is new among named things in a week, and what moves, for its digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.digest.ended_moves import ended_moves
from analysis.names.defining_sentence import defining_sentence
from analysis.trends.trend_calls import TermKey
from domain.digest import EndedMove, ListedPaper, MovingName, NameLine, NewNames
from domain.name_ledger import SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE, Name
from domain.name_mention import NameKind
from domain.paper import ArxivId
from domain.week import Week
from store.claims import findings_of
from store.database import Database
from store.name_ledger_reading import NameQuery, events_of_weeks, introducing_texts, names_by_id, names_matching
from store.name_mentions import count_tagged
from store.papers import known_papers
from store.trend_calls import calls_of_week

N_NAMES = 5
"""Most names under each heading."""
_MOST_READ = 500


def new_names(db: Database, week: Week) -> NewNames | None:
    """The names introduced in a week and those taken up in it; ``None`` if no paper was read for names.

    Of the introduced ones those come first that other teams use already, then those that are surest to be what they are
    taken for.
    """
    if not count_tagged(db):
        return None
    shown = NameQuery(SHOWN_CONFIDENCE, SHOWN_KIND_CONFIDENCE)

    def introduced(*kinds: NameKind) -> tuple[int, list[Name]]:
        found = [
            names_matching(db, replace(shown, introduced=week, kind=kind), "teams", limit=_MOST_READ) for kind in kinds
        ]
        chosen = sorted((n for _, names in found for n in names), key=_rank)
        return sum(total for total, _ in found), chosen[:N_NAMES]

    n_data, data = introduced("benchmark", "dataset")
    n_made, made = introduced("model", "tool")
    n_taken_up, taken_up = names_matching(db, replace(shown, taken_up=(week, week)), "teams", limit=N_NAMES)
    by_event = {name_id: event.arxiv_id for name_id, event in events_of_weeks(db, "taken_up", week, week).items()}
    return NewNames(
        data=_lines(db, data, {}),
        n_data=n_data,
        models_and_tools=_lines(db, made, {}),
        n_models_and_tools=n_made,
        taken_up=_lines(db, taken_up, by_event),
        n_taken_up=n_taken_up,
    )


def moving_names(db: Database, week: Week) -> tuple[MovingName, ...]:
    """The shown names whose use is called to move in a week, the farthest first, at most ``N_NAMES``."""
    calls = {int(call.key): call for call in calls_of_week(db, week, of_names=True) if call.is_movement}
    names = names_by_id(db, list(calls))
    moving = [
        MovingName(name_id, names[name_id].surface, names[name_id].kind, call)
        for name_id, call in calls.items()
        if name_id in names and names[name_id].is_shown
    ]
    return tuple(sorted(moving, key=lambda moved: (-abs(moved.call.size), moved.name_id))[:N_NAMES])


def ended_moves_of_names(db: Database, week: Week) -> tuple[EndedMove, ...]:
    """The names that the digest of the week before told as moving and that are not called to move in this one."""
    before = moving_names(db, week.plus(-1))
    names: dict[TermKey, str] = {("name", str(moved.name_id)): moved.name for moved in before}
    return ended_moves([moved.call for moved in before], calls_of_week(db, week, of_names=True), names)


def _rank(n: Name) -> tuple[int, float, int]:
    return -(n.n_teams or 0), -n.confidence * n.kind_confidence, n.name_id


def _lines(db: Database, names: Sequence[Name], by_event: dict[int, ArxivId | None]) -> tuple[NameLine, ...]:
    """Names with their introducing paper, and with the paper by which something happened to them."""
    texts = introducing_texts(db, [n.name_id for n in names])
    papers_of = {
        n.name_id: [a for a in dict.fromkeys((n.introduced_by, by_event.get(n.name_id))) if a is not None]
        for n in names
    }
    listed = [arxiv_id for ids in papers_of.values() for arxiv_id in ids]
    stored, findings = known_papers(db, listed), findings_of(db, listed)
    return tuple(
        NameLine(
            name_id=n.name_id,
            name=n.surface,
            kind=n.kind,
            own_words=defining_sentence(*texts[n.name_id]) if n.name_id in texts else "",
            introduced_week=n.introduced_week,
            n_uses=n.n_uses,
            n_teams=n.n_teams,
            papers=tuple(
                ListedPaper.of(stored[a], "", findings.get(a, "")) for a in papers_of[n.name_id] if a in stored
            ),
        )
        for n in names
    )
