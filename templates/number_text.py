"""Numbers, dates and changes as text; the only place where a fraction becomes a percentage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

from domain.digest import N_RECENT_WEEKS, Change, Digest, Headline, Share, SharePoint
from domain.trend_calls import CallRecord, Growth, TrendCall
from domain.week import Week

_NO_BREAK_SPACE = "\u00a0"
_MINUS = "\u2212"
UNKNOWN = "not known"
KIND_WORDS = {"technique": "technique", "theme": "theme", "topic": "topic", "text": "words", "meaning": "by meaning"}
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


def _decimals_of(change: Change) -> int:
    this_week = change.difference + (change.baseline.share if change.baseline is not None else 0.0)
    return decimals_for(this_week)


def points(change: Change) -> str:
    """A change of a share as ``+1.2 points``, in percentage points."""
    if not is_known(change.difference):
        return UNKNOWN
    return f"{_signed(100 * change.difference, _decimals_of(change))}{_NO_BREAK_SPACE}points"


def points_interval(change: Change) -> str:
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


def term_text(term: str) -> str:
    """A phrase or description as pages show it: ``“test-time scaling”``, ``“faster inference”, by meaning``."""
    kind, _, rest = term.partition(":")
    if kind == "meaning" and rest:
        return f"“{rest.strip()}”, by meaning"
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


def basis(change: Change) -> str:
    """What a change is compared with: ``the four weeks before``, ``a year before``.

    "A year before" is the same time of year. A list page names the weeks.
    """
    before, now = change.baseline_weeks, change.current_weeks
    if not before:
        return "earlier weeks"
    if now and (now[0].monday - before[-1].monday).days > 26 * 7:
        return "a year before"
    return "the week before" if len(before) == 1 else f"the {number_word(len(before))} weeks before"


def change_text(call: TrendCall) -> str:
    """How far a share moved by its call, in percentage points: ``+16.5 points``."""
    change = call.share - call.share_before
    return f"{_signed(100 * change, 1 if abs(change) >= 0.01 else 2)} points"


def call_text(call: TrendCall) -> str:
    """A call of a rise or fall with its pace; empty if the call is neither.

    ``rising: doubles in about 8 weeks (6 to 10)``, or if slower ``rising: × 1.3 in a year (1.1 to 1.6)``. The pace is
    that of the odds, which for small shares is about that of the share.
    """
    if call.growth is None or not call.is_movement:
        return ""
    return f"{call.verdict}: {pace(call.growth)} ({pace_interval(call.growth)})"


def verdict_text(verdict: str) -> str:
    """A verdict as readers see it. A steady share is not proven equal; its change may be noise."""
    return {"steady": "within noise", "unknown": "not known"}.get(verdict, verdict)


def growth_text(growth: Growth) -> str:
    """A growth with its interval: ``doubles in about 8 weeks (6 to 10)``; ``within noise`` if it may be none."""
    text = pace(growth) if growth.is_clear else verdict_text("steady")
    return f"{text} ({pace_interval(growth, in_a_year=not growth.is_clear)})"


def pace(growth: Growth) -> str:
    """How fast the odds grow: ``doubles in about 8 weeks``, or if slower ``× 1.3 in a year``."""
    rate = growth.odds_ratio_per_year
    if _weeks_to_double(rate) < _WEEKS_A_YEAR:
        return f"{'doubles' if rate > 1 else 'halves'} in about {_weeks_to_double(rate):.0f} weeks"
    return f"× {_factor(rate)} in a year"


def pace_interval(growth: Growth, *, in_a_year: bool = False) -> str:
    """The interval of a pace in its own unit, or with ``in_a_year`` as a factor: ``6 to 10``, ``1.1 to 1.6``."""
    rate, low, high = growth.odds_ratio_per_year, growth.low, growth.high
    if in_a_year:
        return f"× {_factor(low)} to {_factor(high)} in a year"
    if _weeks_to_double(rate) < _WEEKS_A_YEAR:
        fastest, slowest = (_weeks_to_double(x) for x in ((high, low) if rate > 1 else (low, high)))
        return f"{fastest:.0f} to {slowest:.0f}" if slowest < 3 * _WEEKS_A_YEAR else f"{fastest:.0f} or more"
    return f"{_factor(low)} to {_factor(high)}"


_WEEKS_A_YEAR = 52


def _weeks_to_double(odds_ratio_per_year: float) -> float:
    """Weeks in which the odds double or halve; infinite if they do neither."""
    change = abs(math.log2(odds_ratio_per_year)) if odds_ratio_per_year > 0 else math.inf
    return _WEEKS_A_YEAR / change if change else math.inf


def _factor(rate: float) -> str:
    if rate >= 100:
        return "over 100"
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}" if rate >= 1 else f"{rate:.2f}"


def can_tell(digest: Digest) -> bool:
    """Whether there was enough data for any call, including the call that nothing moves."""
    calls = (*(line.call for line in (*digest.techniques, *digest.themes)), *(topic.call for topic in digest.topics))
    return any(call is not None and call.verdict != "unknown" for call in calls)


def quiet_topics_text(digest: Digest) -> str:
    """A sentence on which of rising, cooling and new topics there are none of; empty if there are some of each."""
    absent = [s for s in ("rising", "cooling", "new") if all(topic.status != s for topic in digest.topics)]
    moves = [{"rising": "rose", "cooling": "cooled"}[s] for s in absent if s != "new"]
    if moves and not can_tell(digest):
        return "It is not known yet whether topics rise or cool: there are too few weeks or papers to tell."
    clauses = [f"No topic clearly {' or '.join(moves)}"] if moves else []
    if "new" in absent:
        clauses.append("none is new" if clauses else "No topic is new")
    return f"{' this week, and '.join(clauses)}{'' if len(clauses) > 1 else ' this week'}." if clauses else ""


def record_text(record: CallRecord) -> str:
    """How calls turned out: ``after 12 weeks, 31 of 40 held (2 unclear)``."""
    n_clear = record.n_held + record.n_failed
    unclear = f" ({count(record.n_unknown)} unclear)" if record.n_unknown else ""
    return f"after {record.horizon_weeks} weeks, {count(record.n_held)} of {count(n_clear)} held{unclear}"


def comparison(change: Change) -> str:
    """What is compared: ``against the four weeks before``, ``last four weeks against the eight before``."""
    n_now = len(change.current_weeks)
    if n_now < 2:
        return f"against {basis(change)}"
    return f"last {number_word(n_now)} weeks against {basis(change).replace(' weeks', '')}"


def against_average(headline: Headline) -> str:
    """The paper count against the recent average: ``24 % fewer than the average of the four weeks before (3,219)``."""
    average = headline.n_papers_recent
    change = round(100 * (headline.n_papers / average - 1))
    size = f"{abs(change)}{_NO_BREAK_SPACE}% {'more' if change > 0 else 'fewer'} than" if abs(change) >= 3 else "about"
    return f"{size} the average of the {number_word(N_RECENT_WEEKS)} weeks before ({count(average)})"
