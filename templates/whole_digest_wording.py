"""What pages and mails say of a whole digest: its coverage, its groups of topics, and that nothing moved.

Unlike the sentences of ``templates/digest_wording.py``, these are not stored with the edition.
"""

from __future__ import annotations

from domain.digest import MIN_TOLD, N_RECENT_WEEKS, Digest, Headline, TermLine, TopicCoverage, TopicLine
from templates.change_wording import verdict_text
from templates.marked_text import readable
from templates.number_text import NO_BREAK_SPACE, count, is_known, number_word, percent, plural


def topic_verdict_text(topic: TopicLine) -> str:
    """What a digest says of a topic: ``rising``, ``new``, or ``new, emerging``."""
    if topic.status == "new" and topic.call is not None and topic.call.is_movement:
        return f"new, {verdict_text(topic.call.verdict)}"
    return verdict_text(topic.status, topic.wave)


def ended_moves_text(digest: Digest) -> str:
    """What the week before was called to move and is not any more; empty if nothing is.

    ``No longer called: the topic low-light images (falling in 2026-W24; now within noise).`` TeX is read in each name
    by itself, because a dollar of one has no partner in another.
    """
    before = digest.week.plus(-1)
    told = [
        f"{'the topic ' if move.kind == 'topic' else ''}{readable(move.name)} "
        f"({verdict_text(move.called)} in {before}; now {verdict_text(move.now, move.wave)})"
        for move in digest.ended
    ]
    return f"No longer called: {'; '.join(told)}." if told else ""


def holds_last_year(digest: Digest) -> bool:
    """Whether any line is compared with a year before; where none is, a note says so once."""
    return any(line.against_last_year.baseline is not None for line in (*digest.techniques, *digest.themes))


def no_change_text(digest: Digest) -> str:
    """Why a digest has no largest change, where it had enough data for one."""
    lines: tuple[TermLine | TopicLine, ...] = (*digest.techniques, *digest.themes, *digest.topics)
    if any(line.is_called for line in lines):
        return f"what clearly rose has fewer than {MIN_TOLD} papers this week"
    cause = "chance or a wave of conference papers" if any(line.wave for line in lines) else "chance"
    return f"no share changed by more than {cause} explains"


def can_tell(digest: Digest) -> bool:
    """Whether there was enough data for any call, including the call that nothing moves."""
    calls = (*(line.call for line in (*digest.techniques, *digest.themes)), *(topic.call for topic in digest.topics))
    return any(call is not None and call.verdict != "unknown" for call in calls)


_TOPIC_VERBS: dict[str, frozenset[str]] = {
    "rose": frozenset(("rising", "emerging")),
    "fell": frozenset(("falling", "cooling")),
    "new": frozenset(("new",)),
}
TOPIC_GROUPS = (
    (
        "Rising",
        _TOPIC_VERBS["rose"],
        "their share grew by more than chance explains; an emerging one began below 1\u00a0% and at least doubled",
    ),
    ("New", _TOPIC_VERBS["new"], "found for the first time"),
    (
        "Falling",
        _TOPIC_VERBS["fell"],
        "their share shrank by more than chance explains; a cooling one was called rising before",
    ),
    (
        "Conference",
        frozenset(("wave",)),
        "they move only with the papers of one venue, which may pass",
    ),
)
"""The topics that a digest names, in its order: heading, statuses, and what they mean."""


def topics_heading(heading: str) -> str:
    """The heading of a group of topics where nothing says what it means: ``Rising topics``."""
    return "Topics that move only with one venue’s papers" if heading == "Conference" else f"{heading} topics"


def quiet_topics_text(digest: Digest) -> str:
    """A sentence on which of rising, falling and new topics there are none of; empty if there are some of each.

    A new topic may rise or fall too.
    """
    found: set[str] = {topic.status for topic in digest.topics}
    found |= {topic.call.verdict for topic in digest.topics if topic.call is not None and topic.call.is_movement}
    absent = [verb for verb, statuses in _TOPIC_VERBS.items() if not found & statuses]
    moves = [verb for verb in absent if verb != "new"]
    if moves and not can_tell(digest):
        return "It is not known yet whether topics rise or fall: there are too few weeks or papers to tell."
    clauses = [f"No topic clearly {' or '.join(moves)}"] if moves else []
    if "new" in absent:
        clauses.append("none is new" if clauses else "No topic is new")
    return f"{' this week, and '.join(clauses)}{'' if len(clauses) > 1 else ' this week'}." if clauses else ""


def coverage_text(coverage: TopicCoverage) -> str:
    """Which of the week's papers have a topic: ``81.9 % of the week's papers fit one of them``."""
    share, n_without = coverage.assigned, coverage.assigned.n - coverage.assigned.k
    if share.n and not n_without:
        return "all of the week’s papers fit one of them"
    amount = percent(share.share) if is_known(share.share) else plural(share.k, "paper")
    return f"{amount} of the week’s papers fit one of them"


def against_average(headline: Headline) -> str:
    """The paper count against the recent average: ``24 % fewer than the average of the four weeks before (3,219)``."""
    average = headline.n_papers_recent
    change = round(100 * (headline.n_papers / average - 1))
    size = f"{abs(change)}{NO_BREAK_SPACE}% {'more' if change > 0 else 'fewer'} than" if abs(change) >= 3 else "about"
    return f"{size} the average of the {number_word(N_RECENT_WEEKS)} weeks before ({count(average)})"
