"""The map of topics as SVG coordinates: topics with similar meaning are close together.

Each area has a mark of its own, a colour and a shape, because no fifteen colours can be told apart by everybody. Labels
are placed as DataMapPlot places them, outside what they name and with a line where they are not beside it: the largest
topic first, each at the nearest place where it covers no mark, no other label and no line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 960.0, 700.0, 48.0
N_COLOURS = 5
SHAPES = ("circle", "square", "diamond")
"""With `N_COLOURS` colours, marks for fifteen areas (``analysis.topics.areas.MAX_AREAS``)."""

LINE_HEIGHT = 13.0
_GAP = 3.0
_DISTANCES = (0.0, 10.0, 20.0, 32.0, 46.0, 62.0, 80.0, 100.0)
_N_DIRECTIONS = 16

Box = tuple[float, float, float, float]
"""Left, top, right and bottom."""
Line = tuple[float, float, float, float]
"""From x, y to x, y."""


@dataclass(frozen=True)
class MapLabel:
    """Where a label stands: the middle of its baseline, its box, and a line to its mark if it is not beside it."""

    x: float
    y: float
    box: Box
    line: Line | None


@dataclass(frozen=True)
class Mark:
    """The sign of an area: the number of its colour, from 1, 0 for none, and its shape."""

    colour: int
    shape: str

    def path(self, x: float, y: float, r: float) -> str:
        """The shape as an SVG path around a point, inside a circle of radius ``r``."""
        if self.shape == "square":
            half = round(0.8 * r, 1)
            return f"M{x - half:.1f} {y - half:.1f}h{2 * half:.1f}v{2 * half:.1f}h{-2 * half:.1f}z"
        if self.shape == "diamond":
            return f"M{x:.1f} {y - r:.1f}L{x + r:.1f} {y:.1f}L{x:.1f} {y + r:.1f}L{x - r:.1f} {y:.1f}z"
        return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r:.1f} 0a{r} {r} 0 1 0 {-2 * r:.1f} 0z"


NO_AREA = Mark(0, "circle")


@dataclass(frozen=True)
class TopicOnMap:
    """A topic on the map; ``label_at`` is ``None`` where there is no room for its label."""

    topic_id: int
    label: str
    size: int
    area: str | None
    x: float
    y: float
    r: float
    mark: Mark
    path: str
    label_at: MapLabel | None


@dataclass(frozen=True)
class AreaKey:
    """An area in the key of the map, with its mark as a path in a square of 14 by 14."""

    name: str
    mark: Mark
    path: str


@dataclass(frozen=True)
class TopicMap:
    """What to draw; ``papers`` are the positions of single papers."""

    width: float
    height: float
    topics: tuple[TopicOnMap, ...]
    papers: tuple[tuple[float, float], ...]
    key: tuple[AreaKey, ...]


def mark_of(number: int) -> Mark:
    """The mark of the area with this number, from 0; two areas share one from the sixteenth on."""
    return Mark(1 + number % N_COLOURS, SHAPES[number // N_COLOURS % len(SHAPES)])


def topic_map_drawing(
    topics: Sequence[tuple[int, str, int, str | None, tuple[float, float]]],
    papers: Sequence[tuple[float, float, int | None]],
    areas: Sequence[str],
) -> TopicMap | None:
    """The map of topics given as id, label, size, area and position; ``None`` if no topic has a position."""
    placed = [t for t in topics if all(math.isfinite(c) for c in t[4])]
    if not placed:
        return None
    xs = [t[4][0] for t in placed] + [p[0] for p in papers]
    ys = [t[4][1] for t in placed] + [p[1] for p in papers]
    left, bottom = min(xs), min(ys)
    scale = min((WIDTH - 2 * MARGIN) / ((max(xs) - left) or 1.0), (HEIGHT - 2 * MARGIN) / ((max(ys) - bottom) or 1.0))
    # Centre a map that is narrower than the frame.
    dx = (WIDTH - scale * (max(xs) - left)) / 2
    dy = (HEIGHT - scale * (max(ys) - bottom)) / 2

    def at(place: tuple[float, float]) -> tuple[float, float]:
        return round(dx + scale * (place[0] - left), 1), round(HEIGHT - dy - scale * (place[1] - bottom), 1)

    largest = max(1, *(t[2] for t in placed))
    marks = {name: mark_of(number) for number, name in enumerate(areas)}
    by_size = sorted(placed, key=lambda t: (-t[2], t[0]))
    circles = [(*at(place), round(4 + 14 * math.sqrt(size / largest), 1)) for _, _, size, _, place in by_size]
    labels = placed_labels([t[1] for t in by_size], circles)
    drawn = []
    for (topic_id, label, size, area, _), (x, y, r), label_at in zip(by_size, circles, labels, strict=True):
        mark = marks.get(area, NO_AREA) if area is not None else NO_AREA
        drawn.append(TopicOnMap(topic_id, label, size, area, x, y, r, mark, mark.path(x, y, r), label_at))
    return TopicMap(
        WIDTH,
        HEIGHT,
        tuple(drawn),
        tuple(at((x, y)) for x, y, _ in papers),
        tuple(AreaKey(name, mark, mark.path(7, 7, 6)) for name, mark in marks.items()),
    )


def placed_labels(labels: Sequence[str], circles: Sequence[tuple[float, float, float]]) -> list[MapLabel | None]:
    """The place of each label on the map, ``None`` where there is no room; the first labels choose first.

    Parameters
    ----------
    labels : of the topics.
    circles : x, y and radius of each topic's mark.
    """
    boxes: list[Box] = []
    lines: list[Line] = []
    found: list[MapLabel | None] = []
    for label, (x, y, r) in zip(labels, circles, strict=True):
        chosen = next(
            (place for place in _places(x, y, r, text_width(label)) if _is_free(place, x, y, circles, boxes, lines)),
            None,
        )
        found.append(chosen)
        if chosen is not None:
            boxes.append(chosen.box)
            if chosen.line is not None:
                lines.append(chosen.line)
    return found


def text_width(text: str) -> float:
    """About the width of a label of 11 pixels, rather too wide than too narrow."""
    return sum(3.6 if c in "ijlt.,'|fr()-I " else 9.2 if c in "mwMW@%" else 8.0 if c.isupper() else 6.4 for c in text)


def _places(x: float, y: float, r: float, width: float) -> Iterator[MapLabel]:
    """Possible places of a label around a mark, the best first: below, above, beside it, then ever farther away."""
    half, tall = width / 2 + 1, LINE_HEIGHT / 2
    order = sorted(range(_N_DIRECTIONS), key=lambda n: -abs(math.sin(2 * math.pi * n / _N_DIRECTIONS)))
    for distance in _DISTANCES:
        for n in order:
            angle = 2 * math.pi * n / _N_DIRECTIONS
            ux, uy = math.cos(angle), math.sin(angle)
            # The nearest point of the box lies at the distance from the mark.
            reach = r + _GAP + distance
            cx, cy = x + ux * (reach + half * abs(ux)), y + uy * (reach + tall)
            if abs(uy) < 0.99 and abs(ux) > 0.01:
                cx = x + ux * reach + math.copysign(half, ux)
                cy = y + uy * reach + (math.copysign(tall, uy) if abs(uy) > 0.5 else 0.0)
            box = (cx - half, cy - tall, cx + half, cy + tall)
            line = None
            if distance:
                near_x, near_y = min(max(x, box[0]), box[2]), min(max(y, box[1]), box[3])
                length = math.hypot(near_x - x, near_y - y) or 1.0
                line = (
                    round(x + r * (near_x - x) / length, 1),
                    round(y + r * (near_y - y) / length, 1),
                    round(near_x, 1),
                    round(near_y, 1),
                )
            yield MapLabel(round(cx, 1), round(cy + 4, 1), box, line)


def _is_free(
    place: MapLabel,
    x: float,
    y: float,
    circles: Sequence[tuple[float, float, float]],
    boxes: Sequence[Box],
    lines: Sequence[Line],
) -> bool:
    box = place.box
    if box[0] < 2 or box[1] < 2 or box[2] > WIDTH - 2 or box[3] > HEIGHT - 2:
        return False
    if any(overlap(box, other) for other in boxes) or any(covers(box, circle) for circle in circles):
        return False
    if any(_crosses(line, box) for line in lines):
        return False
    if place.line is None:
        return True
    return not (
        any(_crosses(place.line, other) for other in boxes)
        or any(_meet(place.line, other) for other in lines)
        or any((cx, cy) != (x, y) and _distance(place.line, cx, cy) < r + 1 for cx, cy, r in circles)
    )


def overlap(one: Box, other: Box) -> bool:
    """Whether two boxes have a point in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def covers(box: Box, circle: tuple[float, float, float]) -> bool:
    """Whether a box covers a part of a circle, given as x, y and radius."""
    x, y, r = circle
    return math.hypot(x - min(max(x, box[0]), box[2]), y - min(max(y, box[1]), box[3])) < r


def _distance(line: Line, x: float, y: float) -> float:
    """The distance of a point from a line segment."""
    x0, y0, x1, y1 = line
    length = (x1 - x0) ** 2 + (y1 - y0) ** 2
    t = 0.0 if not length else min(1.0, max(0.0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length))
    return math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0))


def _crosses(line: Line, box: Box) -> bool:
    """Whether a line segment crosses a box."""
    if box[0] < line[0] < box[2] and box[1] < line[1] < box[3]:
        return True
    left, top, right, bottom = box
    sides = (
        (left, top, right, top),
        (right, top, right, bottom),
        (right, bottom, left, bottom),
        (left, bottom, left, top),
    )
    return any(_meet(line, side) for side in sides)


def _meet(one: Line, other: Line) -> bool:
    """Whether two line segments cross."""

    def side(line: Line, x: float, y: float) -> float:
        return (line[2] - line[0]) * (y - line[1]) - (line[3] - line[1]) * (x - line[0])

    return (
        side(one, other[0], other[1]) * side(one, other[2], other[3]) < 0
        and side(other, one[0], one[1]) * side(other, one[2], one[3]) < 0
    )
