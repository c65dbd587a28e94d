"""Curves of weekly shares as SVG coordinates, for the templates to draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from domain.digest import SharePoint
from domain.trend_periods import PERIODS, Period
from domain.trends import TrendPoint
from domain.week import Week
from templates.number_text import decimals_for, is_known, percent, plural


@dataclass(frozen=True)
class Frame:
    """A drawing's size and margins, in SVG units."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float


SPARKLINE = Frame(width=160, height=50, left=3, right=4, top=4, bottom=4)
CHART = Frame(width=360, height=170, left=38, right=8, top=10, bottom=24)


@dataclass(frozen=True)
class Dot:
    """A point of the drawing; ``title`` describes it."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Tick:
    """A labelled place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """What to draw for one series, every coordinate inside the frame.

    ``areas``, ``bands`` and ``lines`` are paths, one for each run of weeks without a gap. ``gaps`` are stretches
    of the base line under weeks without data. ``hollow`` are weeks not proven complete, ``lone`` single weeks
    between gaps; ``last`` is the newest week if it is known and complete. ``y_ticks`` start at zero.
    """

    frame: Frame
    areas: tuple[str, ...]
    bands: tuple[str, ...]
    lines: tuple[str, ...]
    gaps: tuple[tuple[float, float], ...]
    hollow: tuple[Dot, ...]
    lone: tuple[Dot, ...]
    last: Dot | None
    base: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def week_of(point: SharePoint) -> Week | str:
    """The week of a point, or its days if the period is not a week."""
    if point.start.weekday() == 0 and (point.end - point.start).days == 6:
        return Week(point.start)
    return f"{point.start} to {point.end}"


def period_of(point: SharePoint, by: Period = "week") -> Week | str:
    """The name of a point's period: ``2026-W25``, ``June 2026``, ``2026 Q2`` or ``2026``."""
    return week_of(point) if by == "week" else PERIODS[by].label(point.start)


def label_day(point: SharePoint, by: Period) -> date:
    """A day for a point's label: its Monday, or a day inside its longer period."""
    return PERIODS[by].day_inside(point.start)


def is_partial(point: SharePoint | TrendPoint, by: Period) -> bool:
    """Whether a period lacks weeks at its start or end, because the range or the history ends there."""
    if not PERIODS[by].n_months:
        return False  # a week is whole; a page asks this for every point
    first_day, week = PERIODS[by].first_day, timedelta(days=7)
    first, last = point.start, point.end - timedelta(days=6)
    return first_day(first - week) == first_day(first) or first_day(last + week) == first_day(last)


def path_through(places: Sequence[tuple[float, float]]) -> str:
    """An SVG path through places."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


_MOST_X_TICKS = 4


def _nice_step(top: float) -> float:
    """A round step that divides 0 to ``top`` into two to five parts."""
    magnitude = 10.0 ** math.floor(math.log10(top))
    return next(step * magnitude for step in (0.2, 0.5, 1.0, 2.0) if top / (step * magnitude) <= 5)


def y_ticks(top: float, frame: Frame, *, label: Callable[[float, int], str] = percent) -> tuple[Tick, ...]:
    """Two to six round ticks from zero to ``top``; ``label`` writes a value with a number of decimals."""
    step = _nice_step(top)
    decimals = max(0, -math.floor(math.log10(100 * step) + 1e-9))
    base = frame.height - frame.bottom
    return tuple(
        Tick(round(base - (base - frame.top) * i * step / top, 1), label(i * step, decimals))
        for i in range(math.floor(top / step + 1e-9) + 1)
    )


def _x_ticks(series: Sequence[SharePoint], xs: Sequence[float]) -> tuple[Tick, ...]:
    """The first week that starts in each month; every second or third of them if there are many."""
    starts = [
        (point.start, x)
        for i, (point, x) in enumerate(zip(series, xs, strict=True))
        if i == 0 or point.start.month != series[i - 1].start.month
    ]
    # The label of a first month that is only partly shown would overlap the second.
    if len(starts) > 1 and starts[1][1] - starts[0][1] < (xs[-1] - xs[0]) / 10:
        starts = starts[1:]
    every = math.ceil(len(starts) / _MOST_X_TICKS)
    return tuple(Tick(round(x, 1), f"{start:%b}") for start, x in starts[::every])


def curve(series: Sequence[SharePoint], frame: Frame) -> Curve | None:
    """The drawing of a series from zero to the top of its highest interval; ``None`` if no share is known."""
    known = [point for point in series if is_known(point.share)]
    if not known:
        return None
    top = max(max(point.share, point.high if is_known(point.high) else 0.0) for point in known) or 0.01
    base = frame.height - frame.bottom
    inner = frame.width - frame.left - frame.right
    step = inner / max(len(series) - 1, 1)
    xs = [frame.left + i * step for i in range(len(series))] if len(series) > 1 else [frame.left + inner]

    def y(share: float) -> float:
        return base - (base - frame.top) * share / top

    def dot(i: int) -> Dot:
        return Dot(round(xs[i], 1), round(y(series[i].share), 1), f"{week_of(series[i])}: {percent(series[i].share)}")

    areas, bands, lines, gaps, lone = [], [], [], [], []
    for held, run in groupby(range(len(series)), key=lambda i: is_known(series[i].share)):
        indices = list(run)
        if not held:
            gaps.append((round(xs[indices[0]] - step / 2, 1), round(xs[indices[-1]] + step / 2, 1)))
            continue
        if len(indices) == 1:
            lone.append(dot(indices[0]))
            continue
        line = [(xs[i], y(series[i].share)) for i in indices]
        lines.append(path_through(line))
        areas.append(path_through([(line[0][0], base), *line, (line[-1][0], base)]) + "Z")
        with_interval = [i for i in indices if is_known(series[i].low) and is_known(series[i].high)]
        if with_interval:
            upper = [(xs[i], y(series[i].high)) for i in with_interval]
            lower = [(xs[i], y(series[i].low)) for i in reversed(with_interval)]
            bands.append(path_through(upper + lower) + "Z")

    is_last_known = is_known(series[-1].share)
    return Curve(
        frame=frame,
        areas=tuple(areas),
        bands=tuple(bands),
        lines=tuple(lines),
        gaps=tuple((max(low, frame.left), min(high, frame.width - frame.right)) for low, high in gaps),
        hollow=tuple(dot(i) for i, p in enumerate(series) if is_known(p.share) and not p.complete),
        lone=tuple(lone),
        last=dot(len(series) - 1) if is_last_known and series[-1].complete else None,
        base=base,
        x_ticks=_x_ticks(series, xs),
        y_ticks=y_ticks(top, frame),
    )


def finding(series: Sequence[SharePoint], by: Period = "week") -> str:
    """A description of the curve in a sentence or two, for readers who do not see it."""
    known = [point for point in series if is_known(point.share)]
    if not known:
        return f"No {by} has enough papers for a share."
    decimals = decimals_for(known[-1].share)
    first, last = known[0], known[-1]
    lowest = min(known, key=lambda point: point.share)
    highest = max(known, key=lambda point: point.share)
    sentences = [f"{percent(last.share, decimals)} in {period_of(last, by)}."]
    if len(known) > 1:
        sentences = [
            f"From {percent(first.share, decimals)} in {period_of(first, by)} to {percent(last.share, decimals)} in "
            f"{period_of(last, by)}; lowest {percent(lowest.share, decimals)} in {period_of(lowest, by)}, highest "
            f"{percent(highest.share, decimals)} in {period_of(highest, by)}."
        ]
    n_gaps = len(series) - len(known)
    n_partial = sum(is_partial(point, by) for point in known)
    n_incomplete = sum(not point.complete and not is_partial(point, by) for point in known)
    for n, state in ((n_gaps, "without data"), (n_partial, "partial"), (n_incomplete, "not proven complete")):
        if n:
            sentences.append(f"{plural(n, by)} {state}.")
    return " ".join(sentences)


def weeks_held(series: Sequence[SharePoint]) -> int:
    """Weeks from the first with papers to the last of a weekly series: the span that its curve shows."""
    first = next((i for i, point in enumerate(series) if point.n), len(series))
    return len(series) - first


_BLOCKS = "▁▂▃▄▅▆▇█"


def text_sparkline(series: Sequence[SharePoint]) -> str:
    """One block for each week, then the lowest and the highest share; ``·`` is a week without data.

    Eight steps are too few for a scale from zero, so the scale is written beside them. Empty if no share is known.
    """
    shares = [point.share for point in series if is_known(point.share)]
    if not shares:
        return ""
    low, high = min(shares), max(shares)
    step = (high - low) / (len(_BLOCKS) - 1) or 1.0
    bars = "".join(_BLOCKS[round((p.share - low) / step)] if is_known(p.share) else "·" for p in series)
    decimals = decimals_for(high)
    return f"{bars}  {100 * low:.{decimals}f} to {percent(high, decimals)}"
