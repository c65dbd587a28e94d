"""Numbers, dates and changes as text; the only place where a fraction becomes a percentage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

from domain.digest import (
    N_RECENT_WEEKS,
    Change,
    Digest,
    Headline,
    MoveOfWave,
    Share,
    SharePoint,
    TermLine,
    TopicCoverage,
    TopicLine,
    VenueWave,
)
from domain.trend_calls import DOWNWARD, UPWARD, CallRecord, FittedChange, TrendCall
from domain.week import Week

_NO_BREAK_SPACE = "\u00a0"
_MINUS = "\u2212"
UNKNOWN = "not known"
_MOST_DECIMALS = 4
KIND_WORDS = {
    "technique": "technique",
    "theme": "theme",
    "topic": "topic",
    "text": "words",
    "exact": "words as written",
    "meaning": "by meaning",
}
"""The kinds of terms as pages name them."""


def is_known(number: float) -> bool:
    """Whether there is a number, not NaN."""
    return math.isfinite(number)


def decimals_for(share: float) -> int:
    """Decimals of a percentage: one more below 1 %, where one would hide most changes."""
    return 2 if is_known(share) and abs(share) < 0.01 else 1


def percent(share: float, decimals: int | None = None) -> str:
    """A fraction as ``9.1 %``, with a no-break space."""
    if not is_known(share):
        return UNKNOWN
    if share == 0 and decimals is None:
        return f"0{_NO_BREAK_SPACE}%"
    return f"{100 * share:.{decimals_for(share) if decimals is None else decimals}f}{_NO_BREAK_SPACE}%"


def interval(share: Share | SharePoint) -> str:
    """The interval as ``8.3 to 9.9 %``, with the decimals of the share."""
    if not (is_known(share.low) and is_known(share.high)):
        return UNKNOWN
    decimals = decimals_for(share.share)
    return f"{100 * share.low:.{decimals}f} to {100 * share.high:.{decimals}f}{_NO_BREAK_SPACE}%"


def _signed(number: float, decimals: int) -> str:
    shown = f"{abs(number):.{decimals}f}"
    if float(shown) == 0:
        return shown
    return f"{'+' if number > 0 else _MINUS}{shown}"


def _decimals_of(change: Change | FittedChange) -> int:
    """The decimals of the newer share; more where an end of the interval would otherwise be shown as 0 and is not."""
    if isinstance(change, FittedChange):
        decimals = decimals_for(change.share_last)
    else:
        decimals = decimals_for(change.difference + (change.baseline.share if change.baseline is not None else 0.0))
    if change.low > 0 or change.high < 0:
        nearest = 100 * min(abs(change.low), abs(change.high))
        while decimals < _MOST_DECIMALS and round(nearest, decimals) == 0:
            decimals += 1
    return decimals


def points(change: Change | FittedChange) -> str:
    """A change of a share as ``+1.2 points``, in percentage points."""
    if not is_known(change.difference):
        return UNKNOWN
    return f"{_signed(100 * change.difference, _decimals_of(change))}{_NO_BREAK_SPACE}points"


def size_in_points(change: FittedChange) -> str:
    """A change of a share without its sign, as ``1.2 points``."""
    return points(change).lstrip(f"+{_MINUS}")


def points_interval(change: Change | FittedChange) -> str:
    """The interval of a change as ``+0.4 to +2.0``, in percentage points."""
    if not (is_known(change.low) and is_known(change.high)):
        return UNKNOWN
    decimals = _decimals_of(change)
    return f"{_signed(100 * change.low, decimals)} to {_signed(100 * change.high, decimals)}"


def count(number: float) -> str:
    """A whole number as ``2,902``; a mean is rounded."""
    return f"{number:,.0f}" if is_known(number) else UNKNOWN


def plural(number: int, singular: str, several: str | None = None) -> str:
    """``1 paper``, ``2,902 papers``."""
    return f"{count(number)}{_NO_BREAK_SPACE}{singular if number == 1 else several or singular + 's'}"


def dates(week: Week) -> str:
    """The week's days as ``15 to 21 June 2026``; month and year appear once if they are the same."""
    first, last = week.monday, week.sunday
    start = f"{first.day}"
    if first.month != last.month:
        start += f" {first:%B}"
    if first.year != last.year:
        start += f" {first.year}"
    return f"{start} to {last.day} {last:%B} {last.year}"


def day_in_words(at: date) -> str:
    """A day as ``15 June 2026``."""
    return f"{at.day} {at:%B %Y}"


def term_name(term: str) -> str:
    """A term without its prefix."""
    kind, _, rest = term.partition(":")
    return rest.strip() if kind in KIND_WORDS and rest.strip() else term


def term_text(term: str) -> str:
    """A phrase or description as pages show it: ``“test-time scaling”``, ``“faster inference”, by meaning``."""
    kind, _, rest = term.partition(":")
    if kind in ("exact", "meaning") and rest:
        return f"“{rest.strip()}”, {'as written' if kind == 'exact' else 'by meaning'}"
    return f"“{rest.strip() if kind == 'text' and rest else term}”"


def with_code(text: str) -> Markup:
    """A text as HTML, with the parts between backquotes as code."""
    parts = [escape(part) for part in text.split("`")]
    if len(parts) % 2 == 0:  # a backquote without its partner
        return escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(p) if i % 2 else p for i, p in enumerate(parts))


def in_words(names: Sequence[object]) -> str:
    """Names as a list in text: ``a, b and c``."""
    *most, last = [str(name) for name in names] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def week_range(weeks: Sequence[Week]) -> str:
    """Ascending weeks as text, consecutive ones as a range: ``2026-W21 to 2026-W24 and 2026-W26``."""
    runs: list[list[Week]] = []
    for week in weeks:
        if runs and runs[-1][-1].plus(1) == week:
            runs[-1].append(week)
        else:
            runs.append([week])
    return in_words([f"{run[0]} to {run[-1]}" if len(run) > 1 else run[0] for run in runs])


_NUMBER_WORDS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def number_word(number: int) -> str:
    """A number as a word up to ``twelve``, then in digits."""
    return _NUMBER_WORDS[number] if number < len(_NUMBER_WORDS) else str(number)


def verdict_text(verdict: str) -> str:
    """A verdict in a word or two, everywhere that one is shown.

    A steady share is not proven equal; its change may be noise.
    """
    return {
        "steady": "within noise",
        "unknown": "not known",
        "seasonal": "moved, as a year before",
        "unproven": "within noise",
    }.get(verdict, verdict)


def arrow(verdict: str) -> str:
    """The sign before a verdict: ``▲``, ``▼`` or ``≈``; none where nothing is known."""
    if verdict in (*UPWARD, "up"):
        return "▲"
    if verdict in (*DOWNWARD, "down"):
        return "▼"
    return "" if verdict in ("unknown", "new") else "≈"


def verdict_class(verdict: str) -> str:
    """``up``, ``down`` or ``steady``, for the colour of a verdict."""
    return {"▲": "up", "▼": "down"}.get(arrow(verdict), "steady")


def topic_verdict_text(topic: TopicLine) -> str:
    """What a digest says of a topic: ``rising``, ``new``, or ``new, emerging``."""
    if topic.status == "new" and topic.call is not None and topic.call.is_movement:
        return f"new, {verdict_text(topic.call.verdict)}"
    return verdict_text(topic.status)


def change_text(change: FittedChange) -> str:
    """A change with its interval and its weeks: ``+2.1 points (+0.5 to +3.9) over 12 weeks``."""
    return f"{points(change)} ({points_interval(change)}) {over_weeks(change)}"


def over_weeks(change: FittedChange) -> str:
    """The weeks of a change: ``over 12 weeks``."""
    return f"over {plural(change.n_weeks, 'week')}"


def call_text(call: TrendCall | None) -> str:
    """A call with the change that it rests on: ``▲ rising, +2.1 points (+0.5 to +3.9) over 12 weeks``."""
    if call is None or call.verdict == "unknown":
        return f"{UNKNOWN}: too few weeks or papers"
    return movement_text(call.verdict, call.change)


def wave_text(wave: MoveOfWave) -> str:
    """Why a move is a venue's: ``24 of its 56 papers name Interspeech; without that wave, within noise``."""
    named = (
        f"{count(wave.k)} of its {plural(wave.n, 'paper')} name {wave.venue}"
        if wave.k
        else f"earlier weeks had a wave of {wave.venue} papers"
    )
    return f"{named}; without that wave, {verdict_text('steady')}"


def venue_wave_text(wave: VenueWave) -> str:
    """A wave in numbers: ``Interspeech, 45 papers (usually 2 a week; 12 in the same week a year before)``."""
    last_year = "" if wave.n_last_year is None else f"; {count(wave.n_last_year)} in the same week a year before"
    return f"{wave.venue}, {plural(wave.n_papers, 'paper')} (usually {wave.n_usual:.0f} a week{last_year})"


def movement_text(verdict: str, change: FittedChange | None) -> str:
    """A verdict and the change of the same test: ``▼ down, −1.0 points (−1.8 to −0.2) over 12 weeks``."""
    word = f"{arrow(verdict)} {verdict_text(verdict)}".strip()
    return word if change is None else f"{word}, {change_text(change)}"


def holds_last_year(digest: Digest) -> bool:
    """Whether any line is compared with a year before; where none is, a note says so once."""
    return any(line.against_last_year.baseline is not None for line in (*digest.techniques, *digest.themes))


def no_change_text(digest: Digest) -> str:
    """Why a digest has no largest change, where it had enough data for one."""
    lines: tuple[TermLine | TopicLine, ...] = (*digest.techniques, *digest.themes, *digest.topics)
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
)
"""The topics that a digest names, in its order: heading, statuses, and what they mean."""


def quiet_topics_text(digest: Digest) -> str:
    """A sentence on which of rising, cooling and new topics there are none of; empty if there are some of each."""
    found = {topic.status for topic in digest.topics}
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


def record_text(record: CallRecord) -> str:
    """How calls turned out: ``after 12 weeks, 31 of 40 held (2 unclear)``."""
    n_clear = record.n_held + record.n_failed
    unclear = f" ({count(record.n_unknown)} unclear)" if record.n_unknown else ""
    return f"after {record.horizon_weeks} weeks, {count(record.n_held)} of {count(n_clear)} held{unclear}"


def against_average(headline: Headline) -> str:
    """The paper count against the recent average: ``24 % fewer than the average of the four weeks before (3,219)``."""
    average = headline.n_papers_recent
    change = round(100 * (headline.n_papers / average - 1))
    size = f"{abs(change)}{_NO_BREAK_SPACE}% {'more' if change > 0 else 'fewer'} than" if abs(change) >= 3 else "about"
    return f"{size} the average of the {number_word(N_RECENT_WEEKS)} weeks before ({count(average)})"
