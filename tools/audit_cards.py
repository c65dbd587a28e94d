"""Recompute the numbers of random evidence cards from their papers, on another path.

    python -m tools.audit_cards --data-dir FOLDER [--cards 30] [--seed 0] [--print]

Cards are drawn at random from techniques, themes and named things with ten or more uses. Their counters come from
``queries.cards``, which counts over arrays in memory. The audit reads the stored rows with plain SQL into pandas and
counts sets of identifiers: papers, shares with Wilson's interval by statsmodels, everything that is compared with all
papers, places with their week-by-week test, savings with their medians, names used, and the reasons beside the papers
to start with. A shrunk ratio must lie between 1 and the ratio of the plain counts. It prints each disagreement and ends
with their number.
"""

from __future__ import annotations

import argparse
import math
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pandas as pd

from domain.cards import Card, FacetCount, Place
from domain.facet import Facet
from queries.cards import card
from runtime.context import AppContext
from runtime.settings import load_settings, process_environment
from templates.card_wording import card_lines

MIN_USES = 10
_TOLERANCE = 2e-6


@dataclass(frozen=True, eq=False)
class StoredRows:
    """The rows that a card is made of; ``papers`` are the watched ones that stand, by identifier."""

    papers: pd.DataFrame
    detections: pd.DataFrame
    topics: pd.DataFrame
    names: pd.DataFrame
    rules: pd.DataFrame
    claims: pd.DataFrame
    code: frozenset[str]

    def ids(self, facet: Facet) -> frozenset[str]:
        """The papers of a facet."""
        kind, key = facet
        if kind in ("technique", "theme"):
            table = self.detections
            found = table[(table["kind"] == kind) & (table["key"] == key) & (table["level"] >= 2)]
        elif kind == "topic":
            found = self.topics[self.topics["topic_id"] == int(key)]
        elif kind == "name":
            found = self.names[self.names["name_id"] == int(key)]
        else:
            found = self.rules[(self.rules["kind"] == kind) & (self.rules["key"] == key)]
        return frozenset(found["arxiv_id"]) & frozenset(self.papers.index)


def read_rows(context: AppContext, since: str, until: str) -> StoredRows:
    """The rows of the papers submitted from ``since`` to ``until``, by plain SQL."""
    path = context.settings.data_dir / "papertide.sqlite"
    marks = ", ".join("?" for _ in context.settings.categories)
    corpus = context.corpus
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:

        def table(sql: str, *given: object) -> pd.DataFrame:
            return pd.read_sql_query(sql, db, params=list(given))

        papers = table(
            "SELECT arxiv_id, title, abstract, comment, week_start, date(submitted_at) AS day FROM paper "  # noqa: S608
            "WHERE NOT is_withdrawn AND date(submitted_at) BETWEEN ? AND ? AND arxiv_id IN "
            f"(SELECT arxiv_id FROM paper_category WHERE category IN ({marks}))",
            since,
            until,
            *context.settings.categories,
        ).set_index("arxiv_id")
        read = table("SELECT arxiv_id FROM read_paper WHERE code IS NOT NULL")
        return StoredRows(
            papers,
            table("SELECT arxiv_id, kind, key, level FROM detection WHERE detector_id = ?", corpus.detector_id),
            table(
                "SELECT arxiv_id, topic_id FROM topic_assignment WHERE topic_model_id = ? AND topic_id IS NOT NULL",
                corpus.topic_model_id,
            ),
            table("SELECT DISTINCT arxiv_id, name_id FROM name_mention WHERE counted_role IN ('introduces', 'uses')"),
            table("SELECT arxiv_id, kind, key FROM rule_mention"),
            table("SELECT arxiv_id, quote_start, quote_end, quantity, form, value, up_to FROM claim"),
            frozenset(read["arxiv_id"]),
        )


def disagreements(rows: StoredRows, found: Card) -> Iterator[str]:
    """What the rows say otherwise than a card."""
    own, everything = rows.ids((found.kind, found.key)), frozenset(rows.papers.index)
    yield from _differ("papers", (found.k, len(own)), (found.n, len(everything)))
    yield from _share("share", len(own), len(everything), found.share, found.low, found.high)
    if found.series:
        yield from _differ("sum of the curve", (sum(p.k for p in found.series.points), len(own)))
    for group in ("stated", "themes", "standards", "failure_modes"):
        for facet in getattr(found, group):
            yield from _facet(rows, own, everything, facet)
        if group in ("standards", "failure_modes"):
            kind = group.removesuffix("s")
            named = rows.rules[(rows.rules["kind"] == kind) & rows.rules["arxiv_id"].isin(own)]
            yield from _differ(f"number of {group}", (len(getattr(found, group)), named["key"].nunique()))
    for used in (*found.evaluated_on, *found.runs_on):
        ids = rows.ids(("name", str(used.name_id)))
        yield from _differ(f"name {used.name}", (used.k, len(ids & own)), (used.k_all, len(ids)))
        yield from _ratio(f"name {used.name}", used.k, len(own), used.k_all - used.k, len(everything - own), used.ratio)
    for place in found.places:
        yield from _place(rows, own, place)
    yield from _savings(rows, own, found)
    for first in found.first_papers:
        accepted = first.arxiv_id in rows.ids(("fact", "accepted"))
        yield from _differ(
            f"first paper {first.arxiv_id}",
            (first.arxiv_id in own or first.reason == "introduces", True),
            (first.reason not in ("accepted", "accepted_with_code") or accepted, True),
            (first.reason not in ("code", "accepted_with_code") or first.arxiv_id in rows.code, True),
        )


def _differ(what: str, *pairs: tuple[object, object]) -> Iterator[str]:
    for shown, counted in pairs:
        if shown != counted:
            yield f"{what}: the card says {shown}, the papers {counted}"


def _share(what: str, k: int, n: int, share: float | None, low: float | None, high: float | None) -> Iterator[str]:
    from statsmodels.stats.proportion import proportion_confint

    if share is None or low is None or high is None:
        return
    wanted = (k / n, *proportion_confint(k, n, method="wilson"))
    for part, shown, computed in zip(("share", "low", "high"), (share, low, high), wanted, strict=True):
        if abs(shown - computed) > _TOLERANCE:
            yield f"{what}, {part}: the card says {shown}, the papers {computed:.6f}"


def _facet(rows: StoredRows, own: frozenset[str], everything: frozenset[str], facet: FacetCount) -> Iterator[str]:
    from scipy.stats import fisher_exact

    what = f"{facet.kind} {facet.key}"
    ids = rows.ids((facet.kind, facet.key))
    yield from _differ(
        what,
        (facet.k, len(ids & own)),
        (facet.n, len(own)),
        (facet.k_all, len(ids)),
        (facet.n_all, len(everything)),
        (facet.share is None, len(own) < 30),
    )
    yield from _share(what, len(ids & own), len(own), facet.share, facet.low, facet.high)
    if facet.comparison in ("more", "less"):
        rest = everything - own
        table = [[len(ids & own), len(own - ids)], [len(ids & rest), len(rest - ids)]]
        is_more = len(ids & own) / len(own) > len(ids) / len(everything)
        yield from _differ(f"{what}, direction", (facet.comparison, "more" if is_more else "less"))
        if fisher_exact(table).pvalue > 0.05:
            yield f"{what}: said to differ, but Fisher's exact test does not reject at 5 %"


def _ratio(what: str, k: int, n: int, k_elsewhere: int, n_elsewhere: int, ratio: float) -> Iterator[str]:
    a, b, c, d = k + 0.5, n - k + 0.5, k_elsewhere + 0.5, n_elsewhere - k_elsewhere + 0.5
    plain = (a / (a + b)) / (c / (c + d))
    if not min(1, plain) - 1e-3 <= ratio <= max(1, plain) * (1 + 1e-3):
        yield f"{what}: a shrunk ratio of {ratio} is not between 1 and {plain:.3f}"


def _place(rows: StoredRows, own: frozenset[str], place: Place) -> Iterator[str]:
    from scipy.stats import binom

    what = f"place {place.kind} {place.key}"
    within = rows.papers[rows.papers["day"].between(place.since.isoformat(), place.until.isoformat())]
    everything = frozenset(within.index)
    there, adopting = rows.ids((place.kind, place.key)) & everything, own & everything
    yield from _differ(
        what,
        (place.k, len(there & adopting)),
        (place.n, len(there)),
        (place.k_elsewhere, len(adopting - there)),
        (place.n_elsewhere, len(everything - there)),
    )
    yield from _ratio(what, place.k, place.n, place.k_elsewhere, place.n_elsewhere, place.ratio)
    if place.share is not None and abs(place.share - place.k / place.n) > _TOLERANCE:
        yield f"{what}: a share of {place.share} is not {place.k} of {place.n}"
    expected, trials = 0.0, 0
    for _, of_week in within.groupby("week_start"):
        ids = frozenset(of_week.index)
        k_own, k_there = len(ids & adopting), len(ids & there)
        expected += k_own * k_there / len(ids)
        trials += min(k_own, k_there)
    p_value = float(binom.sf(place.k - 1, trials, min(1.0, expected / trials)))
    if p_value > place.q_value * (1 + 1e-2) + 1e-300:
        yield f"{what}: p {p_value:.3g} is above its adjusted value {place.q_value:.3g}"


def _savings(rows: StoredRows, own: frozenset[str], found: Card) -> Iterator[str]:
    from analysis.claims.savings import saving_factor
    from domain.claim import Claim
    from domain.detections import Evidence

    factors: dict[str, dict[str, list[float]]] = {}
    of_card = rows.claims[rows.claims["arxiv_id"].isin(own)]
    for row in of_card.itertuples(index=False):
        abstract = str(rows.papers.at[row.arxiv_id, "abstract"])
        start, end = int(str(row.quote_start)), int(str(row.quote_end))
        value, here = float(str(row.value)), Evidence("abstract", start, end)
        claim = Claim(abstract[start:end], row.quantity, row.form, value, value, "", bool(row.up_to), here)
        factor = saving_factor(claim)
        if factor is not None:
            factors.setdefault(str(row.quantity), {}).setdefault(str(row.arxiv_id), []).append(factor)
    summaries = {saving.quantity: saving for saving in found.savings}
    yield from _differ("quantities of savings", (sorted(summaries), sorted(factors)))
    for quantity, saving in summaries.items():
        smallest = pd.Series({paper: min(of) for paper, of in factors.get(quantity, {}).items()}, dtype=float)
        yield from _differ(
            f"savings of {quantity}",
            (saving.n_papers, len(smallest)),
            (saving.n_with_code, len(rows.code & frozenset(smallest.index))),
        )
        if saving.median is not None and not math.isclose(saving.median, smallest.median(), abs_tol=0.006):
            yield f"savings of {quantity}: a median of {saving.median} is not {smallest.median():.3f}"


def drawn_cards(context: AppContext, n_cards: int, seed: int) -> list[str]:
    """Terms of cards, drawn at random: a third techniques, a sixth themes, else named things."""
    random = Random(seed)  # noqa: S311 - no secret
    terms = [f"{term.kind}:{term.key}" for term in context.detector.taxonomy.terms]
    techniques = [term for term in terms if term.startswith("technique:")]
    themes = [term for term in terms if term.startswith("theme:")]
    path = context.settings.data_dir / "papertide.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT name_id FROM name WHERE n_uses >= ? AND merged_into IS NULL ORDER BY 1", [MIN_USES])
        names = [f"name:#{name_id}" for (name_id,) in rows]
    chosen = random.sample(techniques, min(len(techniques), n_cards // 3))
    chosen += random.sample(themes, min(len(themes), n_cards // 6))
    return chosen + random.sample(names, min(len(names), n_cards - len(chosen)))


def main() -> None:
    """Audit random cards of a data folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--cards", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--print", action="store_true", dest="show", help="print the cards too")
    given = parser.parse_args()
    from runtime.cached_context import CachedContext

    settings = load_settings(None, process_environment(), {"data_dir": given.data_dir})
    context = CachedContext(settings)
    rows: StoredRows | None = None
    n_wrong, n_cards = 0, 0
    for term in drawn_cards(context, given.cards, given.seed):
        found = card(context, term)
        rows = rows or read_rows(context, found.since.isoformat(), found.until.isoformat())
        problems = list(disagreements(rows, found))
        n_cards, n_wrong = n_cards + 1, n_wrong + len(problems)
        sys.stdout.write(
            f"{term} {found.name}: {len(problems)} disagreements, {found.k} papers, {len(found.places)} places" + "\n"
        )
        for problem in problems:
            sys.stdout.write(f"    {problem}" + "\n")
        if given.show:
            sys.stdout.write("\n".join(f"  | {line}" for line in card_lines(found)) + "\n")
    sys.stdout.write(f"{n_cards} cards, {n_wrong} disagreements" + "\n")
    context.close()


if __name__ == "__main__":
    main()
