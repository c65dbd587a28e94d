"""Numbers of records that may not be known."""

from __future__ import annotations

from typing import Annotated

MAY_BE_NAN = "NaN where it is not known"

FloatOrNaN = Annotated[float, MAY_BE_NAN]
"""A number that is NaN where it is not known, and null in JSON."""
