"""What to show next: the best papers, with a stated share of random draws among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.scanning.relevant_total import Draw
from domain.reading import Choice, Verdict

DRAWS_WHILE_FINDING = 0.2
"""The share of random draws from the pool while the best papers are still being kept."""
DRAWS_WHILE_CHECKING = 0.8
"""The share once ``DRY_AFTER`` best papers in a row were not: then draws show soonest that little is left."""
DRY_AFTER = 6
REST_EVERY = 20
"""One of so many papers is drawn from outside the pool."""


@dataclass(frozen=True)
class Decided:
    """A decision on a paper of a scan: the paper's row, how it was chosen to be shown, and the verdict.

    ``is_elsewhere`` is whether another scan showed it. It then says nothing about what comes next in this one.
    """

    row: int
    choice: Choice
    verdict: Verdict
    is_elsewhere: bool = False


@dataclass(frozen=True)
class Next:
    """A paper to show, and how it was chosen."""

    row: int
    choice: Choice


@dataclass(frozen=True, eq=False)
class RandomOrder:
    """The papers in the order in which they are drawn; it is settled before the first is seen."""

    pool: NDArray[np.int64]
    rest: NDArray[np.int64]


def random_order(in_pool: NDArray[np.bool_], *, seed: int) -> RandomOrder:
    """A random order of the papers of a pool, ``(n_papers,)`` bool, and one of the others."""
    rng = np.random.default_rng(seed)
    return RandomOrder(rng.permutation(np.flatnonzero(in_pool)), rng.permutation(np.flatnonzero(~in_pool)))


def is_checking(decisions: Sequence[Decided]) -> bool:
    """Whether no paper was kept lately, neither among the last ``DRY_AFTER`` best ones nor drawn since."""
    n_dry = 0
    for decided in reversed(decisions):
        if decided.choice == "rest" or decided.is_elsewhere:
            continue
        if decided.verdict == "keep":
            return False
        n_dry += decided.choice == "best"
        if n_dry >= DRY_AFTER:
            return True
    return False


def draw_share(decisions: Sequence[Decided]) -> float:
    """The share of random draws from the pool among the next papers."""
    return DRAWS_WHILE_CHECKING if is_checking(decisions) else DRAWS_WHILE_FINDING


def next_papers(
    scores: NDArray[np.float32],
    order: RandomOrder,
    decisions: Sequence[Decided],
    *,
    n: int,
    share: float | None = None,
) -> list[Next]:
    """The next papers to show, at most ``n``, each undecided and none twice.

    The best are those of the highest score in or outside the pool, so a pool that misses papers does not hide them.
    A scan begins with its best, whatever other scans have shown. ``share`` is of random draws from the pool, by default
    what ``draw_share`` says; with 0 nothing is drawn.
    """
    taken = np.zeros(len(scores), dtype=bool)
    taken[[decided.row for decided in decisions]] = True
    choices: list[Choice] = [decided.choice for decided in decisions if not decided.is_elsewhere]
    share = draw_share(decisions) if share is None else share
    by_score = np.argsort(-scores, kind="stable")
    shown: list[Next] = []
    while len(shown) < n:
        wanted = _next_choice(choices, share)
        found = _first_of(wanted, taken, by_score, order)
        if found is None:
            return shown
        taken[found.row] = True
        choices.append(found.choice)
        shown.append(found)
    return shown


def papers_until_draws(n_draws: int, decisions: Sequence[Decided], *, n_left: int) -> int:
    """How many of the next papers, none of them kept, hold so many random draws from the pool; at most ``n_left``.

    Examples
    --------
    >>> papers_until_draws(1, [], n_left=100), papers_until_draws(40, [], n_left=100)
    (5, 57)
    """
    decided, n_drawn = list(decisions), 0
    for n_shown in range(n_left):
        if n_drawn == n_draws:
            return n_shown
        shown = [one.choice for one in decided if not one.is_elsewhere]
        choice = _next_choice(shown, draw_share(decided))
        decided.append(Decided(-1, choice, "skip"))
        n_drawn += choice == "pool"
    return n_left


def _next_choice(choices: Sequence[Choice], share: float) -> Choice:
    if not share:
        return "best"
    if len(choices) >= REST_EVERY - 1 and "rest" not in choices[-(REST_EVERY - 1) :]:
        return "rest"
    recent = [choice for choice in choices[-40:] if choice != "rest"]
    n_between = round(1 / min(share, 1 - share)) - 1
    rare: Choice = "pool" if share <= 0.5 else "best"
    usual: Choice = "best" if share <= 0.5 else "pool"
    return usual if len(recent) < n_between or rare in recent[-n_between:] else rare


def _first_of(wanted: Choice, taken: NDArray[np.bool_], by_score: NDArray[np.int64], order: RandomOrder) -> Next | None:
    """The first paper of the wanted choice that is not taken, or the best of all where that choice is used up."""
    rows = {"best": by_score, "pool": order.pool, "rest": order.rest}[wanted]
    free = np.flatnonzero(~taken[rows])
    if len(free):
        return Next(int(rows[free[0]]), wanted)
    return _first_of("best", taken, by_score, order) if wanted != "best" else None


def is_next_draw(row: int, choice: Choice, order: RandomOrder, decided_rows: Sequence[int], *, within: int) -> bool:
    """Whether a paper is among the next ``within`` draws, so that a decision on it counts as one."""
    if choice == "best":
        return False
    rows = order.pool if choice == "pool" else order.rest
    return row in rows[~np.isin(rows, decided_rows)][:within]


def passed_over(order: RandomOrder, decisions: Sequence[Decided]) -> list[int]:
    """The rows of draws from the pool that the reader left open and went on to later ones."""
    place = {int(row): at for at, row in enumerate(order.pool)}
    last = max((place[d.row] for d in decisions if d.choice == "pool" and d.row in place), default=-1)
    decided = {d.row for d in decisions}
    return [row for row in order.pool[: last + 1].tolist() if row not in decided]


def pool_draws(decisions: Sequence[Decided], in_pool: NDArray[np.bool_]) -> list[Draw]:
    """The random draws from the pool, in the order of their decisions, each with what was decided before it."""
    draws: list[Draw] = []
    n_left, n_kept = int(in_pool.sum()), 0
    for decided in decisions:
        if not in_pool[decided.row]:
            continue
        is_kept = decided.verdict == "keep"
        if decided.choice == "pool":
            draws.append(Draw(n_left, n_kept, is_kept))
        n_left -= 1
        n_kept += is_kept
    return draws
