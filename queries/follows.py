"""What a reader may follow by mail: follows from text, after checking that they exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from domain.errors import UsageError
from domain.subscription import Follow, Preferences
from domain.wrong_value import did_you_mean
from queries.name_decisions import one_name
from queries.term_resolution import names_called
from runtime.context import AppContext


def checked_preferences(context: AppContext, frequency: str, mail_format: str, follows: Sequence[str]) -> Preferences:
    """Preferences from text, after checking that everything followed exists.

    A named thing may be given by a spelling, as in ``name:LIBERO``; it is followed by its id, ``name:#12``.

    Raises
    ------
    UsageError
        Naming the first thing that does not exist, or a name that several things have.
    """
    parsed = tuple(dict.fromkeys(_by_id(context, Follow.parse(text)) for text in follows))
    preferences = Preferences(frequency, mail_format, parsed)  # type: ignore[arg-type]  # refuses what is neither
    keys: set[tuple[str, str]] = {(t.kind, t.key) for t in context.detector.taxonomy.terms}
    model = context.topic_model
    keys |= {("topic", str(t.topic_id)) for t in (model.topics if model else ())}
    keys |= {("category", category) for category in context.settings.categories}
    for follow in parsed:
        if follow.kind not in ("search", "name") and (follow.kind, follow.key) not in keys:
            known = [key for kind, key in sorted(keys) if kind == follow.kind and kind != "topic"]
            they = f"allowed are {', '.join(known)}" if known else "`papertide topics list` lists them"
            raise UsageError(
                f"there is no {follow.kind} {follow.key!r} to follow{did_you_mean(follow.key, known, they)}"
            )
    return preferences


def _by_id(context: AppContext, follow: Follow) -> Follow:
    """A follow of a named thing by its id, or that of what it was merged into; any other as it is."""
    return replace(follow, key=f"#{one_name(context, follow.key).name_id}") if follow.kind == "name" else follow


def followed_names(context: AppContext, preferences: Preferences) -> dict[str, str]:
    """How followed named things are shown, with their kind, by key; those that the ledger does not have are absent."""
    found = {key: names_called(context, key) for key in preferences.of("name")}
    return {key: f"{names[0].surface} ({names[0].kind})" for key, names in found.items() if names}
