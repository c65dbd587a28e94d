"""How far shares by meaning can be trusted: by a reader's answers about a sample of the papers that they count."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from domain.digest import Share
from domain.trends import TrendPoint

MIN_ANSWERS = 12
"""With fewer answers a share by meaning has no interval."""


def with_measured_error(points: Sequence[TrendPoint], precision: Share | None) -> tuple[TrendPoint, ...]:
    """The points with intervals that allow for papers which are counted and not meant; without, where that is unknown.

    The lower end is that of the product of share and precision, from the intervals of both on the logarithmic scale
    (MOVER: Zou and Donner 2008). The upper end stays: how many papers are meant and not counted is not known.

    Parameters
    ----------
    points : shares with intervals that cover sampling only.
    precision : the share of right answers with its interval; ``None`` if there are too few.
    """
    if precision is None or precision.n < MIN_ANSWERS:
        return tuple(replace(p, low=None, high=None) for p in points)
    return tuple(
        p if p.share is None or p.low is None else replace(p, low=round(_low(p.share, p.low, precision), 6))
        for p in points
    )


def _low(share: float, low: float, precision: Share) -> float:
    if min(low, precision.low) <= 0:
        return 0.0
    distance = math.hypot(math.log(share / low), math.log(precision.share / precision.low))
    return share * precision.share * math.exp(-distance)
