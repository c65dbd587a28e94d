"""The weekly share of every topic, counted from the papers' arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from domain.digest import SharePoint
from domain.paper_arrays import day_number
from domain.week import Week


def weekly_topic_shares(
    day: NDArray[np.int32],
    topic_id: NDArray[np.int32],
    *,
    topic_ids: Iterable[int],
    weeks: Sequence[Week],
    complete: Collection[Week],
) -> dict[int, tuple[SharePoint, ...]]:
    """The share of each topic in each week, without intervals.

    Parameters
    ----------
    day : day of submission of each paper, as ``PaperIndex.day`` counts them; ``(n_papers,)``.
    topic_id : topic of each paper, -1 for none; ``(n_papers,)``.
    topic_ids : the topics to count.
    weeks : consecutive weeks, ascending, at least one.
    complete : the weeks that are proven complete.

    Returns
    -------
    For each topic a point a week; ``low`` and ``high`` are NaN, and ``share`` where the week has no paper.
    """
    week_of_row = (day - day_number(weeks[0].monday)) // 7
    inside = (week_of_row >= 0) & (week_of_row < len(weeks))
    n = np.bincount(week_of_row[inside], minlength=len(weeks)).tolist()
    shares = {}
    for wanted in topic_ids:
        k = np.bincount(week_of_row[inside & (topic_id == wanted)], minlength=len(weeks)).tolist()
        shares[wanted] = tuple(
            SharePoint(w.monday, w.sunday, ki, ni, ki / ni if ni else np.nan, np.nan, np.nan, w in complete)
            for w, ki, ni in zip(weeks, k, n, strict=True)
        )
    return shares
