"""Counts and shares of one digest, looked up by term and week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pandas as pd

from analysis.digest.material import N_SERIES_WEEKS, NOT_A_NUMBER, DigestSettings, WeekMaterial
from analysis.trends.calls import growth_at
from analysis.trends.shares import difference_of, share_of, share_points, share_series
from domain.calls import TrendCall
from domain.detections import ADOPTS, IS_ABOUT
from domain.digest import Change, Completeness, Share, SharePoint, WatchedLine
from domain.tables import WEEKLY_COUNTS, WEEKLY_TOTALS
from domain.week import Week


class WeekTables:
    """The weekly tables, asked by term and week."""

    def __init__(self, material: WeekMaterial, settings: DigestSettings) -> None:
        WEEKLY_TOTALS.check(material.totals)
        WEEKLY_COUNTS.check(material.counts)
        self._material = material
        self._settings = settings
        weeks = [Week(at.date()) for at in material.totals["week_start"]]
        self._n: dict[Week, int] = dict(zip(weeks, material.totals["n"].tolist(), strict=True))
        self._complete = dict(zip(weeks, material.totals["complete"].tolist(), strict=True))
        self._k: dict[tuple[str, str], dict[tuple[Week, int], int]] = defaultdict(dict)
        columns = (material.counts[name].tolist() for name in ("kind", "key", "week_start", "level", "k"))
        for kind, key, at, level, k in zip(*columns, strict=True):
            self._k[kind, key][Week(at.date()), level] = k

        # How much weeks scatter around what the half year's line says, so that a true change does not hide itself.
        fit = growth_at(material.term_counts, material.week)[1]
        known = zip(material.term_counts.terms, fit.dispersion.tolist(), strict=True)
        self._dispersion: dict[tuple[str, str], float] = {
            key: dispersion for key, dispersion in known if dispersion >= 1
        }

    def n_papers(self, week: Week) -> int:
        return self._n.get(week, 0)

    def k(self, key: tuple[str, str], week: Week, exactly: int | None = None) -> int:
        """Papers of the week that adopt, or that are at exactly one level."""
        levels = (ADOPTS, IS_ABOUT) if exactly is None else (exactly,)
        return sum(self._k[key].get((week, level), 0) for level in levels)

    def share(self, key: tuple[str, str], weeks: Sequence[Week], exactly: int | None = None) -> Share:
        return share_of(
            sum(self.k(key, w, exactly) for w in weeks),
            sum(self.n_papers(w) for w in weeks),
            min_papers=self._settings.min_papers,
        )

    def compared(
        self, key: tuple[str, str], current_weeks: tuple[Week, ...], baseline_weeks: tuple[Week, ...]
    ) -> tuple[Change, float]:
        """The change with its raw p-value; NaN where a week of either side is not held."""
        current = self.share(key, current_weeks)
        held = all(self.n_papers(w) >= self._settings.min_papers for w in (*current_weeks, *baseline_weeks))
        if not held:
            nothing = Change(
                None,
                baseline_weeks,
                NOT_A_NUMBER,
                NOT_A_NUMBER,
                NOT_A_NUMBER,
                NOT_A_NUMBER,
                "unknown",
                current,
                current_weeks,
            )
            return nothing, NOT_A_NUMBER
        baseline = self.share(key, baseline_weeks)
        dispersion = self._dispersion.get(key, 1.0)
        difference, low, high, p_value = difference_of(current, baseline, dispersion=dispersion)
        change = Change(
            baseline, baseline_weeks, difference, low, high, NOT_A_NUMBER, "unknown", current, current_weeks
        )
        return change, p_value

    def series(self, key: tuple[str, str], k_by_week: Mapping[Week, int] | None = None) -> tuple[SharePoint, ...]:
        """Up to ``N_SERIES_WEEKS`` weeks of adoption, ending with the digest's."""
        totals = self._material.totals
        last = pd.Timestamp(self._material.week.monday)
        first = pd.Timestamp(self._material.week.plus(1 - N_SERIES_WEEKS).monday)
        totals = totals[(totals["week_start"] >= first) & (totals["week_start"] <= last)].reset_index(drop=True)
        weeks = [Week(at.date()) for at in totals["week_start"]]
        k = k_by_week if k_by_week is not None else {w: self.k(key, w) for w in weeks}
        return share_points(share_series(totals, k, min_papers=self._settings.min_papers))

    def watched(self, call: TrendCall) -> WatchedLine:
        """The line of words that the operator follows."""
        counts = self._material.term_counts
        row = counts.k[counts.terms.index((call.kind, call.key))]
        k_by_week = dict(zip(counts.weeks, row.tolist(), strict=True))
        week = self._material.week
        share = share_of(k_by_week[week], self.n_papers(week), min_papers=self._settings.min_papers)
        return WatchedLine(call.key, share, self.series(("query", call.key), k_by_week), call)

    def completeness(self) -> Completeness:
        week, material = self._material.week, self._material
        back = [week.plus(-i) for i in range(N_SERIES_WEEKS - 1, 0, -1)]
        first_held = min((w for w, n in self._n.items() if n), default=week)
        return Completeness(
            complete=material.problem is None and bool(self._complete.get(week)),
            n_held=len(material.papers) + material.n_withdrawn,
            n_said=material.n_said,
            problem=material.problem,
            incomplete_weeks=tuple(w for w in back if self._n.get(w) and not self._complete.get(w)),
            missing_weeks=tuple(w for w in back if w > first_held and not self._n.get(w)),
            n_withdrawn=material.n_withdrawn,
        )

    def n_weeks_held(self) -> int:
        """Weeks with papers among those of the series."""
        week = self._material.week
        return sum(self.n_papers(week.plus(-i)) > 0 for i in range(N_SERIES_WEEKS))
