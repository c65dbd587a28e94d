"""The name of a topic, which an operator may choose."""

from __future__ import annotations

from domain.errors import UsageError
from domain.paper import one_line
from domain.same_subject import subject
from domain.week import last_closed_week
from queries.term_resolution import term_named
from runtime.context import AppContext
from store.topics import set_topic_name

MAX_NAME_LENGTH = 80


def rename_topic(context: AppContext, topic: str, name: str | None) -> str:
    """Rename a topic of the newest fit, or restore its label if ``name`` is ``None``; returns what is shown now.

    Raises
    ------
    UsageError
        If there is no such topic, or the name is empty, too long or another topic's.
    """
    topic_id = _topic_id(context, topic)
    if name is not None:
        name = one_line(name)
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            raise UsageError(f"a topic's name has 1 to {MAX_NAME_LENGTH} printable characters, got {name!r}")
        model = context.topic_model
        for other in model.topics if model else ():
            if other.topic_id != topic_id and (name == str(other.topic_id) or subject(name) == subject(other.label)):
                raise UsageError(f"topic {other.topic_id} is called {other.label!r} already; names are unique")
    shown = set_topic_name(context.db, topic_id, name, week=last_closed_week(context.now()))
    return f"topic {topic_id} is called {shown!r} now"


def _topic_id(context: AppContext, topic: str) -> int:
    named = term_named(context, f"topic:{topic}")
    if named is None:
        raise UsageError(f"there is no topic {topic!r}; `papertide topics list` lists them")
    return int(named[1])
