"""Shares as `papertide trends` prints them."""

from __future__ import annotations

from datetime import date

import pytest

from domain.trends import TrendPoint
from service.cli.trends import point_text


@pytest.mark.parametrize(
    ("shares", "k", "n", "shown"),
    [
        ((0.121, 0.112, 0.131), 4221, 34886, "   12.1 %  (11.2 to 13.1 %)  4,221 of 34,886"),
        ((0.009, 0.0061, 0.0131), 26, 2902, "   0.90 %  (0.61 to 1.31 %)  26 of 2,902"),
        ((0.000029, 0.000005, 0.00016), 1, 34886, "  0.003 %  (0.001 to 0.016 %)  1 of 34,886"),
        ((0.0, 0.0, 0.0013), 0, 2902, "      0 %  (0.00 to 0.13 %)  0 of 2,902"),
        ((None, None, None), 0, 0, "no papers  0 of 0"),
    ],
)
def test_a_share_is_printed_with_the_digits_that_pages_give_it(
    shares: tuple[float | None, float | None, float | None], k: int, n: int, shown: str
) -> None:
    point = TrendPoint(date(2026, 6, 15), date(2026, 6, 21), k, n, *shares, True, None, None, None)
    assert point_text(point, "week") == shown


def test_a_corrected_interval_has_the_digits_of_the_corrected_share() -> None:
    monday, sunday = date(2026, 6, 15), date(2026, 6, 21)
    point = TrendPoint(monday, sunday, 26, 2902, 0.009, 0.0061, 0.0131, True, 0.0081, 0.0044, 0.0118)
    assert point_text(point, "week").endswith("26 of 2,902; corrected for detection errors 0.44 to 1.18 %")
