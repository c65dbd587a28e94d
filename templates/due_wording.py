"""English about the work that is due."""

from __future__ import annotations

from collections.abc import Iterable

from domain.week import Week
from templates.number_text import plain_plural


def due_lines(
    windows: Iterable[tuple[str, bool]],
    *,
    n_not_embedded: int,
    n_not_detected: int,
    n_not_read: int,
    unpublished: Week | None,
) -> tuple[str, ...]:
    """A line for each thing that is due.

    Parameters
    ----------
    windows : names of harvest windows, each with whether it was complete and is asked about again.
    n_not_embedded, n_not_detected : papers without a vector, and without detections.
    n_not_read : papers whose claims and standards are not read yet, or only by an earlier version.
    unpublished : the closed week that has no digest.

    Examples
    --------
    >>> week = Week.parse("2026-W25")
    >>> due_lines([(str(week), True)], n_not_embedded=3, n_not_detected=0, n_not_read=0, unpublished=week)
    ('ask again about 2026-W25', 'embed 3 papers', 'digest 2026-W25')
    """
    lines = [f"{'ask again about' if was_complete else 'harvest'} {name}" for name, was_complete in windows]
    if n_not_embedded:
        lines.append(f"embed {plain_plural(n_not_embedded, 'paper')}")
    if n_not_detected:
        lines.append(f"detect in {plain_plural(n_not_detected, 'paper')}")
    if n_not_read:
        lines.append(f"read claims and standards in {plain_plural(n_not_read, 'paper')}")
    if unpublished is not None:
        lines.append(f"digest {unpublished}")
    return tuple(lines)
