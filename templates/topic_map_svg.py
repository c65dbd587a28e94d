"""The map of topics as SVG coordinates: topics with similar meaning are close together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 960.0, 620.0, 40.0
N_COLOURS = 8


@dataclass(frozen=True)
class TopicCircle:
    """A topic on the map; ``colour`` is its area's number, 0 for none; ``named`` if there is room for its label."""

    topic_id: int
    label: str
    size: int
    area: str | None
    x: float
    y: float
    r: float
    colour: int
    named: bool


@dataclass(frozen=True)
class TopicMap:
    """What to draw; ``papers`` are the positions of single papers."""

    width: float
    height: float
    circles: tuple[TopicCircle, ...]
    papers: tuple[tuple[float, float], ...]


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

    largest = max(t[2] for t in placed)
    circles: list[TopicCircle] = []
    taken: list[tuple[float, float, float, float]] = []
    for topic_id, label, size, area, place in sorted(placed, key=lambda t: (-t[2], t[0])):
        x, y = at(place)
        r = round(4 + 16 * math.sqrt(size / largest), 1)
        # The largest topics are labelled first; a label that would cover another is shown only on hover.
        half = 3.1 * len(label) + 4
        box = (x - half, y + r, x + half, y + r + 14)
        named = not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)
        named = named and box[0] > 0 and box[2] < WIDTH and box[3] < HEIGHT
        if named:
            taken.append(box)
        colour = 1 + areas.index(area) % N_COLOURS if area in areas and area is not None else 0
        circles.append(TopicCircle(topic_id, label, size, area, x, y, r, colour, named))
    return TopicMap(WIDTH, HEIGHT, tuple(circles), tuple(at((x, y)) for x, y, _ in papers))
