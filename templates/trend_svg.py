"""The trend explorer's chart as SVG coordinates: several curves on shared axes, every point a link."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby

from markupsafe import Markup, escape

from domain.digest import SharePoint
from domain.trend_periods import Period
from templates.escaping import escaped
from templates.number_text import count, interval, is_known, percent
from templates.share_curves import Frame, Tick, finding, is_partial, label_day, period_of, y_ticks
from templates.trend_scale import Scale, log_constant, log_ticks, start_value

WIDE = Frame(width=960, height=420, left=52, right=16, top=14, bottom=30)
_LABEL_WIDTH = 70  # of "Dec 2025" with a blank, in the units of both
NARROW = Frame(width=360, height=300, left=44, right=10, top=12, bottom=26)
PANEL = Frame(width=460, height=220, left=52, right=12, top=12, bottom=28)


@dataclass(frozen=True)
class TrendSeries:
    """One curve of the trend explorer: its name, its points, and the address of each point's papers.

    The last ``n_open`` points are periods that have not ended; ``by`` is the length of a period. Its texts are computed
    once, however often it is drawn.
    """

    name: str
    points: tuple[SharePoint, ...]
    hrefs: tuple[str, ...]
    n_open: int = 0
    by: Period = "week"

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Why each point is provisional: ``still open``, ``partial``, ``not proven complete``, or empty."""
        n_closed = len(self.points) - self.n_open

        def state(i: int, point: SharePoint) -> str:
            if i >= n_closed:
                return "still open"
            if is_partial(point, self.by):
                return "partial"
            return "" if point.complete else "not proven complete"

        return tuple(state(i, point) for i, point in enumerate(self.points))

    @cached_property
    def links(self) -> tuple[tuple[str, str], ...]:
        """Each point's address and text as HTML."""
        return tuple((str(escape(href)), str(escaped(point_text(self, i)))) for i, href in enumerate(self.hrefs))

    @cached_property
    def share_cells(self) -> tuple[Markup, ...]:
        """The points as table cells: the share, linked to its papers, its interval and the count."""
        return tuple(
            _cell(p, href, percent(p.share), f"{interval(p)}; {count(p.k)}" if is_known(p.low) else count(p.k))
            for p, href in self._linked
        )

    @cached_property
    def count_cells(self) -> tuple[Markup, ...]:
        """The points as table cells: the count, linked to its papers, and the share."""
        return tuple(_cell(p, href, count(p.k) if p.k else "0", percent(p.share)) for p, href in self._linked)

    @cached_property
    def row_heads(self) -> tuple[Markup, ...]:
        """The periods as row headers of a table, each with its state."""

        def head(point: SharePoint, state: str) -> Markup:
            note = Markup(' <span class="small">{}</span>').format(state) if point.n and state else ""
            return Markup('<th scope="row">{}{}</th>').format(period_of(point, self.by), note)

        return tuple(head(point, state) for point, state in zip(self.points, self.states, strict=True))

    @cached_property
    def known(self) -> tuple[bool, ...]:
        """Whether each point has a share."""
        return tuple(is_known(p.share) for p in self.points)

    @cached_property
    def latest(self) -> int | None:
        """The newest closed point with a share, preferably not a partial one; ``None`` if no closed point has one."""
        ended = [i for i in range(len(self.points) - self.n_open) if self.known[i]]
        full = [i for i in ended if self.states[i] != "partial"]
        return max(full or ended, default=None)

    @cached_property
    def in_words(self) -> str:
        """The closed points in a sentence or two, for readers who do not see the curve."""
        return finding(self.points[: len(self.points) - self.n_open], self.by)

    @cached_property
    def label_days(self) -> tuple[date, ...]:
        """A day for the label of each point."""
        return tuple(label_day(point, self.by) for point in self.points)

    @property
    def is_known(self) -> bool:
        """Whether any point has a share."""
        return any(self.known)

    @cached_property
    def has_interval(self) -> tuple[bool, ...]:
        """Whether each point has both ends of an interval."""
        return tuple(is_known(p.low) and is_known(p.high) for p in self.points)

    @cached_property
    def highest_share(self) -> float:
        """The highest end of an interval; 0 if nothing is known."""
        return max((max(p.share, p.high) if is_known(p.high) else p.share for p in self._held), default=0.0)

    @cached_property
    def highest_count(self) -> int:
        """The highest count; 0 if nothing is known."""
        return max((p.k for p in self._held), default=0)

    @property
    def _held(self) -> list[SharePoint]:
        return [p for p, known in zip(self.points, self.known, strict=True) if known]

    @property
    def _linked(self) -> Iterable[tuple[SharePoint, str]]:
        return zip(self.points, self.hrefs, strict=True)


def _cell(point: SharePoint, href: str, number: str, small: str) -> Markup:
    if point.k:
        number = f'<a class="to-papers" href="{escape(href)}">{number}</a>'
    return Markup(f'<td>{number} <span class="small">{small}</span></td>')  # noqa: S704  numbers, escaped link


def number_rows(series: Sequence[TrendSeries], counts: bool) -> Markup:
    """The rows of the table of numbers, newest period first: shares, or counts if ``counts``."""
    first = series[0]
    columns = [one.count_cells if counts else one.share_cells for one in series]
    no_data = f'<td class="none" colspan="{1 + len(series)}">no data</td>'
    rows = []
    for i in reversed(range(len(first.points))):
        n = first.points[i].n
        cells = "".join([f"<td>{count(n)}</td>", *(column[i] for column in columns)]) if n else no_data
        rows.append(f"<tr>{first.row_heads[i]}{cells}</tr>\n")
    return Markup("".join(rows))  # noqa: S704  numbers, and cells that are escaped


@dataclass(frozen=True)
class DrawnSeries:
    """One curve: ``number`` gives its colour and dash, ``points`` are its points as SVG, with links if asked for."""

    number: int
    name: str
    bands: tuple[str, ...]
    lines: tuple[str, ...]
    open_line: str
    points: Markup


@dataclass(frozen=True)
class TrendDrawing:
    """What to draw; ``gaps`` are the parts of the base line under periods without papers."""

    frame: Frame
    series: tuple[DrawnSeries, ...]
    gaps: tuple[tuple[float, float], ...]
    base: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def point_text(series: TrendSeries, i: int) -> str:
    """A point as plain text: ``diffusion, 2026-W25: 9.1 % (8.3 to 9.9 %), 264 of 2,902``."""
    point, state = series.points[i], series.states[i]
    when = f"{series.name}, {period_of(point, series.by)}"
    if not is_known(point.share):
        return f"{when}: no data"
    between = f" ({interval(point)})" if is_known(point.low) else ""
    numbers = f"{percent(point.share)}{between}, {count(point.k)} of {count(point.n)}"
    return f"{when}: {numbers}{', ' if state else ''}{state}"


def trend_drawing(
    series: Sequence[TrendSeries],
    frame: Frame,
    *,
    counts: bool = False,
    linked: bool = True,
    scale: Scale = "shared",
    first: int = 0,
) -> TrendDrawing | None:
    """The curves from zero to the highest interval, or to the highest count; ``None`` if nothing is known.

    In an index a curve without papers at its start is left out. ``first`` is the number of the first curve, for its
    colour where each has a drawing of its own.
    """
    if not any(s.is_known for s in series):
        return None
    starts = [start_value(s.points, s.by, counts=counts) if scale == "index" else 1.0 for s in series]
    highest = [
        (s.highest_count if counts else s.highest_share) / start
        for s, start in zip(series, starts, strict=True)
        if start
    ]
    top = float(max(highest, default=0.0)) or (1.0 if counts or scale == "index" else 0.01)
    base = frame.height - frame.bottom
    inner = frame.width - frame.left - frame.right
    n = max(len(s.points) for s in series)
    step = inner / max(n - 1, 1)

    xs = [round(frame.left + (i * step if n > 1 else inner / 2), 1) for i in range(n)]
    constant = log_constant([s.points for s in series], counts=counts) if scale == "log" else 1.0
    unit = (base - frame.top) / (math.log1p(top / constant) if scale == "log" else top)

    def y_linear(value: float) -> float:
        return base - unit * value

    def y_log(value: float) -> float:
        return base - unit * math.log1p(value / constant)

    y = y_log if scale == "log" else y_linear

    x_texts = [str(x) for x in xs]
    drawn = tuple(
        _drawn(first + i, s, x_texts, y, start, counts=counts, linked=linked)
        for i, (s, start) in enumerate(zip(series, starts, strict=True))
    )
    longest = max(series, key=lambda s: len(s.points))
    gaps = tuple(
        (max(frame.left, xs[run[0]] - step / 2), min(frame.width - frame.right, xs[run[-1]] + step / 2))
        for is_gap, indices in groupby(range(n), key=lambda i: not longest.points[i].n)
        if is_gap and (run := list(indices))
    )
    return TrendDrawing(
        frame=frame,
        series=drawn,
        gaps=gaps,
        base=base,
        x_ticks=_x_ticks(longest.label_days, xs, most=max(2, int(inner // _LABEL_WIDTH))),
        y_ticks=_value_ticks(top, frame, y, constant, scale=scale, counts=counts),
    )


def _value_ticks(
    top: float, frame: Frame, y: Callable[[float], float], constant: float, *, scale: Scale, counts: bool
) -> tuple[Tick, ...]:
    """Ticks of the vertical axis; in an index always one at 100."""
    if scale == "log":
        return _log_ticks(constant, top, y, counts=counts)
    if scale == "index":
        ticks, start = y_ticks(top, frame, label=_index_label), Tick(round(y(1.0), 1), "100")
        return (*(tick for tick in ticks if abs(tick.at - start.at) >= _TICK_HEIGHT), start)
    return y_ticks(top, frame, label=_count_label if counts else percent)


def _index_label(value: float, _decimals: int) -> str:
    return f"{100 * value:.0f}"


def _count_label(value: float, _decimals: int) -> str:
    return count(value)


_TICK_HEIGHT = 24
"""Least distance of two ticks, in the units of the drawing."""


def _log_ticks(constant: float, top: float, y: Callable[[float], float], *, counts: bool) -> tuple[Tick, ...]:
    """Ticks of a logarithmic axis, thinned so that labels never touch."""
    ticks: list[Tick] = []
    for value in log_ticks(constant, top):
        at = round(y(value), 1)
        if not ticks or ticks[-1].at - at >= _TICK_HEIGHT:
            ticks.append(Tick(at, count(value) if counts else f"{100 * value:g}\u00a0%"))
    return tuple(ticks)


def _drawn(
    number: int,
    series: TrendSeries,
    xs: Sequence[str],
    y: Callable[[float], float],
    start: float | None,
    *,
    counts: bool,
    linked: bool,
) -> DrawnSeries:
    """A curve with its points at ``xs``, its values in units of ``start``; counts have no intervals."""
    if start is None:
        return DrawnSeries(number, series.name, (), (), "", Markup())
    points, known = series.points, series.known
    # Each number is written once, because a path and a point share it.
    ys = [
        f"{y((p.k if counts else p.share) / start):.1f}" if is_there else ""
        for p, is_there in zip(points, known, strict=True)
    ]
    places = [f"{x} {at}" for x, at in zip(xs, ys, strict=False)]
    n_closed = len(points) - series.n_open
    bands, lines = [], []
    for held, run in groupby(range(n_closed), key=known.__getitem__):
        indices = list(run)
        if not held or len(indices) < 2:
            continue
        lines.append(_path(places[indices[0] : indices[-1] + 1]))
        if not counts:
            with_interval = [i for i in indices if series.has_interval[i]]
            upper = [f"{xs[i]} {y(points[i].high / start):.1f}" for i in with_interval]
            lower = [f"{xs[i]} {y(points[i].low / start):.1f}" for i in reversed(with_interval)]
            if with_interval:
                bands.append(_path(upper + lower) + "Z")
    # The open periods, joined to the last closed one, get a line of their own: their values will still change.
    tail = [i for i in range(max(0, n_closed - 1), len(points)) if known[i]]
    marks = [
        _point(xs[i], ys[i], number, series.links[i] if linked else None, hollow=bool(series.states[i]))
        for i in range(len(points))
        if known[i]
    ]
    if linked and marks:  # Tab reaches the first point of each curve, the arrow keys the others
        marks[0] = marks[0].replace('tabindex="-1"', 'tabindex="0"', 1)
    return DrawnSeries(
        number=number,
        name=series.name,
        bands=tuple(bands),
        lines=tuple(lines),
        open_line=_path([places[i] for i in tail]) if series.n_open and len(tail) > 1 else "",
        points=Markup("".join(marks)),  # noqa: S704  escaped links, numbers
    )


def _path(places: Sequence[str]) -> str:
    """An SVG path through places, each written as its two coordinates."""
    return "M" + "L".join(places)


def _point(x: str, y: str, number: int, link: tuple[str, str] | None, *, hollow: bool) -> str:
    """A point as SVG. Not in the template, because a chart has hundreds of points and this is ten times as fast."""
    dot = f'<circle class="dot{" hollow" if hollow else ""}" cx="{x}" cy="{y}" r="{3.6 if hollow else 2.6}"/>'
    if link is None:
        return dot
    href, label = link
    return (
        f'<a class="point" href="{href}" aria-label="{label}" data-series="{number}" tabindex="-1">'
        f'<circle class="reach" cx="{x}" cy="{y}" r="9"/>{dot}<title>{label}</title></a>'
    )


def _x_ticks(days: Sequence[date], xs: Sequence[float], *, most: int) -> tuple[Tick, ...]:
    """Ticks at the first period of each month, or year if there are many, thinned so that labels never touch."""
    years = (days[-1] - days[0]).days > 3 * 366
    firsts = [
        i
        for i, day in enumerate(days)
        if i == 0 or day.year != days[i - 1].year or (not years and day.month != days[i - 1].month)
    ]
    # The label of a first month that is only partly shown would overlap the second: it starts at its tick, while the
    # others are centred.
    if len(firsts) > 2 and xs[firsts[1]] - xs[firsts[0]] < 1.5 * _LABEL_WIDTH:
        firsts = firsts[1:]
    thinned = firsts[:: -(-len(firsts) // most)]
    ticks, shown_year = [], None
    for i in thinned:
        day = days[i]
        label = f"{day:%Y}" if years else f"{day:%b %Y}" if day.year != shown_year else f"{day:%b}"
        shown_year = day.year
        ticks.append(Tick(xs[i], label))
    return tuple(ticks)
