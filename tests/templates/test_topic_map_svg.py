"""The map of topics: labels cover nothing, and the marks of areas can be told apart by everybody."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import templates.topic_map_svg as topic_map_svg
from analysis.topics.areas import MAX_AREAS
from templates.topic_map_svg import (
    HEIGHT,
    WIDTH,
    covers,
    mark_of,
    overlap,
    placed_labels,
    topic_map_drawing,
)

CSS = (Path(topic_map_svg.__file__).with_name("site.css")).read_text(encoding="utf-8")

# Machado, Oliveira and Fernandes (2009), severity 1, for linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def _linear(colour: str) -> NDArray[np.float64]:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _lab(colour: str, vision: str) -> NDArray[np.float64]:
    """CIELAB (D65) of a colour as somebody with this vision sees it."""
    xyz = XYZ @ np.clip(VISION[vision] @ _linear(colour), 0, 1) / np.array([0.95047, 1, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def _luminance(colour: str) -> float:
    return float(XYZ[1] @ _linear(colour))


def _colours(scheme: str) -> list[str]:
    light, dark = re.findall(r"--m1: (#\w+); --m2: (#\w+); --m3: (#\w+); --m4: (#\w+); --m5: (#\w+)", CSS)
    return list(light if scheme == "light" else dark)


def test_every_area_has_a_mark_of_its_own() -> None:
    assert len({mark_of(number) for number in range(MAX_AREAS)}) == MAX_AREAS


@pytest.mark.parametrize("vision", list(VISION))
@pytest.mark.parametrize(("scheme", "paper"), [("light", "#fdfcf9"), ("dark", "#14181b")])
def test_the_colours_of_marks_differ_clearly_for_every_vision(scheme: str, paper: str, vision: str) -> None:
    colours = _colours(scheme)
    distances = [np.linalg.norm(_lab(a, vision) - _lab(b, vision)) for a, b in itertools.combinations(colours, 2)]
    assert min(distances) > 40  # 2.3 is just noticeable
    for colour in colours:
        low, high = sorted((_luminance(colour), _luminance(paper)))
        assert (high + 0.05) / (low + 0.05) >= 2.9


def _crowd(n: int, seed: int) -> tuple[list[str], list[tuple[float, float, float]]]:
    rng = np.random.default_rng(seed)
    words = ("graph neural networks", "LLM agents", "quantization and pruning", "speech", "3D Gaussian splatting")
    xs, ys = rng.uniform(60, WIDTH - 60, n), rng.uniform(60, HEIGHT - 60, n)
    return [words[i % len(words)] for i in range(n)], list(zip(xs, ys, rng.uniform(4, 18, n), strict=True))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [5, 40, 146])
def test_no_label_covers_a_mark_or_another_label_and_few_find_no_room(n: int, seed: int) -> None:
    labels, circles = _crowd(n, seed)
    found = placed_labels(labels, circles)
    boxes = [label.box for label in found if label is not None]
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
    assert not any(covers(box, circle) for box in boxes for circle in circles)
    assert all(b[0] >= 0 and b[1] >= 0 and b[2] <= WIDTH and b[3] <= HEIGHT for b in boxes)
    assert len(boxes) >= (n if n < 100 else 0.6 * n)


def test_a_label_with_room_stands_below_its_mark_without_a_line() -> None:
    [label] = placed_labels(["speech"], [(400.0, 300.0, 10.0)])
    assert label is not None
    assert label.line is None
    assert label.box[1] > 310
    assert label.x == 400


def test_a_label_that_stands_away_from_its_mark_has_a_line_that_ends_at_both() -> None:
    ring = [(400 + 26 * np.cos(a), 300 + 26 * np.sin(a), 11.0) for a in np.linspace(0, 2 * np.pi, 7, endpoint=False)]
    found = placed_labels(["in the middle", *[""] * 7], [(400.0, 300.0, 10.0), *ring])
    label = found[0]
    if label is not None:  # there may be no way out of the ring
        assert label.line is not None
    apart = placed_labels(["one", "two"], [(400.0, 300.0, 10.0), (400.0, 318.0, 4.0)])
    assert all(label is not None for label in apart)


def test_topics_of_an_area_share_a_mark_and_the_key_has_every_area() -> None:
    areas = [f"area {n}" for n in range(15)]
    topics = [(n, f"topic {n}", 10 + n, areas[n % 15], (float(n % 6), float(n // 6))) for n in range(30)]
    drawing = topic_map_drawing(topics, [(0.0, 0.0, None)], areas)
    assert drawing is not None
    mark = {t.topic_id: t.mark for t in drawing.topics}
    assert all(mark[n] == mark[n + 15] for n in range(15))
    assert [key.name for key in drawing.key] == areas
    assert len({(key.mark, key.path) for key in drawing.key}) == 15


def test_a_map_without_places_is_not_drawn() -> None:
    assert topic_map_drawing([(1, "a", 3, None, (float("nan"), 0.0))], [], []) is None
