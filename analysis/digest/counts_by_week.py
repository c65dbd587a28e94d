"""Counts and shares of one digest, looked up by term and week."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from analysis.digest.inputs import N_SERIES_WEEKS, DigestSettings, WeekMaterial
from analysis.trends.share_differences import difference_of
from analysis.trends.shares import share_of, share_points, share_series
from analysis.trends.trend_calls import growth_at
from domain.detections import ADOPTS, IS_ABOUT
from domain.digest import Change, Completeness, Share, SharePoint, WatchedLine
from domain.trend_calls import TrendCall
from domain.week import Week, weeks_before
from domain.weekly_table_schemas import WEEKLY_COUNTS, WEEKLY_TOTALS


class WeekTables:
    """Lookups over the weekly tables, for one digest.

    A term is named by kind and key: ``("technique", "diffusion")``, ``("topic", "12")``.
    """

    def __init__(self, material: WeekMaterial, settings: DigestSettings) -> None:
        WEEKLY_TOTALS.check(material.totals)
        WEEKLY_COUNTS.check(material.counts)
        self._material = material
        self._min_papers = settings.min_papers
        weeks = [Week(at.date()) for at in material.totals["week_start"]]
        self._n: dict[Week, int] = dict(zip(weeks, material.totals["n"].tolist(), strict=True))
        self._complete = dict(zip(weeks, material.totals["complete"].tolist(), strict=True))
        self._k: dict[tuple[str, str], dict[tuple[Week, int], int]] = defaultdict(dict)
        columns = (material.counts[name].tolist() for name in ("kind", "key", "week_start", "level", "k"))
        for kind, key, at, level, k in zip(*columns, strict=True):
            self._k[kind, key][Week(at.date()), level] = k

        # Weeks scatter more than papers drawn at random would. How much is measured around the trend of the half
        # year, because around a constant share a true change would count as scatter and hide itself.
        self._dispersion: dict[tuple[str, str], float] = {
            key: dispersion
            for span in growth_at(material.term_counts, material.week)
            for key, dispersion in zip(span.window.terms, span.fit.dispersion.tolist(), strict=True)
            if dispersion >= 1
        }

    def n_papers(self, week: Week) -> int:
        """Papers of a week, 0 where it is not held."""
        return self._n.get(week, 0)

    def n_placed(self, week: Week) -> int:
        """Papers of a week in which topics are counted, 0 where it is not embedded."""
        since = self._material.term_counts.topics_since
        return 0 if since is not None and week < since else self.n_papers(week)

    def _n_counted(self, key: tuple[str, str], week: Week) -> int:
        return self.n_placed(week) if key[0] == "topic" else self.n_papers(week)

    def share(self, key: tuple[str, str], weeks: Sequence[Week], exactly: int | None = None) -> Share:
        """The share of the papers of some weeks that adopt a term, or that are at exactly one level."""
        return share_of(
            sum(self._n_matching(key, week, exactly) for week in weeks),
            sum(self._n_counted(key, week) for week in weeks),
            min_papers=self._min_papers,
        )

    def compared(
        self, key: tuple[str, str], current_weeks: tuple[Week, ...], baseline_weeks: tuple[Week, ...]
    ) -> tuple[Change, float, float]:
        """How far a term's share in some weeks is from its share in others.

        Returns
        -------
        The change, still without interval, q-value and verdict, and the centre and standard error of its difference.
        Where a week of either side has too few papers, the change has no baseline, and all numbers are NaN.
        """
        current = self.share(key, current_weeks)
        unknown = Change(
            baseline=None,
            baseline_weeks=baseline_weeks,
            difference=math.nan,
            low=math.nan,
            high=math.nan,
            level=math.nan,
            q_value=math.nan,
            verdict="unknown",
            current=current,
            current_weeks=current_weeks,
        )
        if not all(self._n_counted(key, week) >= self._min_papers for week in (*current_weeks, *baseline_weeks)):
            return unknown, math.nan, math.nan
        baseline = self.share(key, baseline_weeks)
        dispersion = self._dispersion.get(key, 1.0)
        compared = difference_of(current, baseline, dispersion=dispersion)
        return replace(unknown, baseline=baseline, difference=current.share - baseline.share), *compared

    def series(self, key: tuple[str, str]) -> tuple[SharePoint, ...]:
        """Up to ``N_SERIES_WEEKS`` weeks of a term's adoption, ending with the digest's."""
        weeks = (*weeks_before(self._material.week, N_SERIES_WEEKS - 1), self._material.week)
        since = self._material.term_counts.topics_since if key[0] == "topic" else None
        return self._series({week: self._n_matching(key, week) for week in weeks}, since=since)

    def watched(self, call: TrendCall) -> WatchedLine:
        """The line of a watched term, with its call."""
        counts = self._material.term_counts
        row = counts.k[counts.terms.index((call.kind, call.key))]
        k_by_week = dict(zip(counts.weeks, row.tolist(), strict=True))
        week = self._material.week
        share = share_of(k_by_week[week], self.n_papers(week), min_papers=self._min_papers)
        return WatchedLine(call.key, share, self._series(k_by_week), call)

    def completeness(self) -> Completeness:
        """Whether the week and those of its curves are proven whole."""
        week, material = self._material.week, self._material
        earlier = weeks_before(week, N_SERIES_WEEKS - 1)
        first_held = min((w for w, n in self._n.items() if n), default=week)
        return Completeness(
            complete=material.problem is None and bool(self._complete.get(week)),
            n_held=len(material.papers) + material.n_withdrawn,
            n_said=material.n_said,
            problem=material.problem,
            incomplete_weeks=tuple(w for w in earlier if self._n.get(w) and not self._complete.get(w)),
            missing_weeks=tuple(w for w in earlier if w > first_held and not self._n.get(w)),
            n_withdrawn=material.n_withdrawn,
        )

    def n_weeks_held(self, n: Callable[[Week], int] | None = None) -> int:
        """Weeks with papers among those of the curves; with papers by ``n``, if it is given."""
        week = self._material.week
        return sum((n or self.n_papers)(w) > 0 for w in (*weeks_before(week, N_SERIES_WEEKS - 1), week))

    def _n_matching(self, key: tuple[str, str], week: Week, exactly: int | None = None) -> int:
        """Papers of the week that adopt a term, or that are at exactly one level."""
        levels = (ADOPTS, IS_ABOUT) if exactly is None else (exactly,)
        return sum(self._k[key].get((week, level), 0) for level in levels)

    def _series(self, k_by_week: Mapping[Week, int], *, since: Week | None = None) -> tuple[SharePoint, ...]:
        totals = self._material.totals
        last = pd.Timestamp(self._material.week.monday)
        first_week = self._material.week.plus(1 - N_SERIES_WEEKS)
        first = pd.Timestamp((first_week if since is None else max(first_week, since)).monday)
        totals = totals[(totals["week_start"] >= first) & (totals["week_start"] <= last)].reset_index(drop=True)
        return share_points(share_series(totals, k_by_week, min_papers=self._min_papers))
