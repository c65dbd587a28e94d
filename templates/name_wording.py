"""Named things in words: kinds, views, and the events of their lives."""

from __future__ import annotations

from domain.digest import NameLine
from domain.name_ledger import UPTAKE_TEAMS, UPTAKE_WEEKS, NameEventKind
from domain.name_mention import NameKind
from templates.number_text import plural

KIND_PLURALS: dict[NameKind, str] = {
    "benchmark": "benchmarks",
    "dataset": "datasets",
    "model": "models",
    "method": "methods",
    "tool": "tools",
}
VIEW_NAMES = {
    "all": "all",
    "new": "new this week",
    "taken-up": "taken up",
    "rising": "rising",
    "fading": "fading",
}
"""Which names a list has."""
NOTHING_THERE = {
    "all": "No names match.",
    "new": "None was introduced in that week.",
    "taken-up": "None was taken up by other teams within 26 weeks of its introduction.",
    "rising": "The use of none is called rising.",
    "fading": "The use of none that was frequent is called falling.",
}
"""What a list without a name says."""
SORT_NAMES = {"uses": "papers that use it", "newest": "newest", "teams": "teams", "name": "name"}
NAME_FEED_TITLES: dict[NameKind, str] = {
    kind: f"Papertide: {words} used by other teams" for kind, words in KIND_PLURALS.items()
}
_SUREST = "those that most other teams use, then those most surely read right"
NEW_NAME_GROUPS = (
    (
        "data",
        "Benchmarks and datasets introduced",
        "No benchmark or dataset was introduced.",
        _SUREST,
        (("all benchmarks", "new", "benchmark"), ("all datasets", "new", "dataset")),
    ),
    (
        "models_and_tools",
        "Models and tools introduced",
        "No model or tool was introduced.",
        _SUREST,
        (("all models", "new", "model"), ("all tools", "new", "tool")),
    ),
    (
        "taken_up",
        "Taken up by other teams",
        "No name of recent weeks was taken up this week.",
        "those that most other teams use",
        ((f"all of the {UPTAKE_WEEKS} weeks that end here", "taken-up", ""),),
    ),
)
"""Fields of a digest's new names, their headings, the line where there are none, how those shown are chosen, and the
lists that have all of them: their words, view and kind."""


def new_name_facts(line: NameLine) -> str:
    """What is known of a new name in a few words: ``benchmark``, ``model; introduced 2026-W15, 4 other teams``."""
    facts = []
    if line.n_teams:
        facts.append(f"introduced {line.introduced_week}, {plural(line.n_teams, 'other team')}")
    return "; ".join([line.kind, *facts])


EVENT_NAMES: dict[NameEventKind, str] = {
    "introduced": "introduced",
    "used_elsewhere": "first used by another team",
    "taken_up": f"taken up: used by {UPTAKE_TEAMS} other teams within {UPTAKE_WEEKS} weeks",
    "fading": "fading: its use is called falling",
    "merged": "merged by the operator",
    "split": "split by the operator",
    "renamed": "renamed by the operator",
    "kind_changed": "kind set by the operator",
    "ignored": "left out of lists by the operator",
    "restored": "shown again by the operator",
}
"""Events as pages name them."""
