"""The English of scans: what was seen, how sure that is, and why a paper is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from domain.reading import Choice, Verdict
from templates.claim_wording import QUANTITY_NAMES, quoted
from templates.number_text import NO_BREAK_SPACE, count, in_words, percent, plural

VERDICT_DONE: Mapping[Verdict, str] = {"keep": "Kept", "skip": "Skipped", "undecided": "Left undecided"}

DELETED = "What you read is deleted."

_SHOWN: Mapping[Choice, str] = {
    "best": "closest to what you look for",
    "pool": "picked at random from the closest papers, to check what is left",
    "rest": "picked at random from the other papers, to check what is left",
}

_WORTH_SAYING = 0.05
"""A bound for the papers outside the pool that is greater says nothing that helps."""

_MAX_TITLE = 60
"""Characters of a paper's title in the heading of a scan and on a button."""


def state_lines(scan: Any) -> tuple[tuple[str, str], ...]:
    """What a reader asks of a scan, in this order: how much is decided and found, what is left, and may one stop."""
    return (
        ("Decided", decided_text(scan)),
        ("Found", found_text(scan)),
        ("Left", " ".join(filter(None, (left_text(scan), rest_text(scan))))),
        ("Stop?", stop_text(scan)),
    )


def decided_text(scan: Any) -> str:
    """How many papers are decided: "40 of 2,750 papers; 12 muted papers are not among them."."""
    muted = f"; {plural(scan.n_muted, 'muted paper')} not among them" if scan.n_muted else ""
    return f"{count(scan.n_decided)} of {plural(scan.n_papers, 'paper')}{muted}."


def found_text(scan: Any) -> str:
    """What the decisions are: "12 kept, 26 skipped, 2 left undecided."."""
    parts = [f"{count(scan.n_kept)} kept", f"{count(scan.n_decided - scan.n_kept - scan.n_undecided)} skipped"]
    return ", ".join(parts + [f"{count(scan.n_undecided)} left undecided"] * bool(scan.n_undecided)) + "."


def _is_all_decided(scan: Any) -> bool:
    """Whether nothing of the pool is left to find."""
    return bool(scan.pool_low == scan.pool_high == scan.pool_kept)


def left_text(scan: Any) -> str:
    """How many papers of the pool are left that the reader would keep."""
    if not scan.pool_size:
        return "No paper of these days is close to what you look for."
    closest = f"the {plural(scan.pool_size, 'paper')} of your pool, those closest to what you look for"
    low, high = scan.pool_low - scan.pool_kept, scan.pool_high - scan.pool_kept
    if _is_all_decided(scan):
        return f"Nothing more for you among {closest}."
    if low == 0 and high >= scan.pool_size - scan.pool_decided:
        return f"Not known yet: none or many of {closest}, may be for you."
    number = f"{count(low)} to {count(high)} more" if low < high else f"{count(low)} more"
    return f"Probably {number} for you among {closest}."


def _n_others(scan: Any) -> int:
    """How many papers outside the pool are not decided."""
    return int(scan.rest_size - (scan.n_decided - scan.pool_decided))


def rest_text(scan: Any) -> str:
    """How many papers outside the pool the reader would keep, at most, or what it takes to say so."""
    n_left = _n_others(scan)
    if not scan.rest_size or not n_left:
        return ""
    others = plural(n_left, "other")
    if scan.rest_share_at_most <= _WORTH_SAYING + 1e-9:
        return f"At most {count(math.floor(scan.rest_share_at_most * n_left + 1e-9))} among the {others}."
    if scan.next_rest_bound is None or not scan.n_more_rest_draws:
        return f"Some of the {others} are for you too: of those picked at random there you kept one or more."
    return (
        f"Too few of the {others} were picked at random to tell: {count(scan.n_more_rest_draws)} more, none of them "
        f"kept, would show that at most {percent(scan.next_rest_bound, 0)} are for you."
    )


def stop_text(scan: Any) -> str:
    """Whether one may stop, and else what it takes."""
    share = percent(scan.target, 0)
    if not scan.pool_size:
        return "Nothing tells here when to stop; describe what you look for in other words, or name papers."
    pool = f"the {plural(scan.pool_size, 'paper')} of your pool"
    if _is_all_decided(scan):
        return f"Yes, for {pool}: all that matter are decided.{_outside(scan)}"
    if scan.is_seen:
        found = f"you have found at least {share} of what is for you among them (95{NO_BREAK_SPACE}% sure)"
        return f"Yes, for {pool}: {found}.{_outside(scan)}"
    if not scan.draw_share:
        return "Not known: random picks tell it, and the best papers come first now."
    n_left = scan.pool_size - scan.pool_decided
    if scan.n_more_papers is not None and scan.n_more_papers > n_left:
        return f"Not yet: to say more takes deciding the {plural(n_left, 'paper')} left of {pool}."
    if scan.n_more_papers is not None:
        return (
            f"Not yet. If none of the next {plural(scan.n_more_papers, 'paper')} or so is for you, you will have found "
            f"at least {share} of what is for you among {pool}, and can stop."
        )
    if not scan.n_kept:
        return "Not yet: nothing is kept, so nothing is known."
    return "Not yet: too few papers are kept, or too many left undecided, to say what is missing."


def _outside(scan: Any) -> str:
    """What is known of the papers outside the pool once the pool is seen."""
    n_left = _n_others(scan)
    if not n_left:
        return ""
    hold = "holds" if scan.rest_holding == 1 else "hold"
    holding = "" if scan.rest_holding is None else f"{count(scan.rest_holding)} {hold} all your words, and "
    picked = "was" if scan.rest_draws == 1 else "were"
    return (
        f" This is not about the {plural(n_left, 'paper')} left outside it: {holding}{count(scan.rest_draws)} from "
        f"there {picked} picked at random."
    )


def brief_text(scan: Any) -> str:
    """The state of a scan in one line: "40 of 2,750 decided, 12 kept. Stop? Not yet, about 45 papers more."."""
    elsewhere = f" ({count(scan.n_from_others)} in other scans)" if scan.n_from_others else ""
    decided = f"{count(scan.n_decided)} of {count(scan.n_papers)} decided{elsewhere}, {count(scan.n_kept)} kept."
    return f"{decided} Stop? {_brief_answer(scan)}."


def _brief_answer(scan: Any) -> str:
    if scan.pool_size and (scan.is_seen or _is_all_decided(scan)):
        return f"Yes, for the {plural(scan.pool_size, 'paper')} of your pool"
    if not scan.pool_size or not scan.draw_share:
        return "Not known"
    if scan.n_more_papers is None or scan.n_more_papers > scan.pool_size - scan.pool_decided:
        return "Not yet"
    return f"Not yet, about {plural(scan.n_more_papers, 'paper')} more"


def scan_title(words: Any, first_seed: str | None, n_seeds: int) -> str:
    """What a scan is called: "“graph networks” and papers like “A title” and 2 more"."""
    parts = [f"“{one}”" for one in words]
    if first_seed is not None and n_seeds:
        parts.append(f"papers like “{_cut(first_seed)}”" + (f" and {count(n_seeds - 1)} more" if n_seeds > 1 else ""))
    return in_words(parts) or "papers like those that you kept"


def _cut(title: str) -> str:
    return title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1].rsplit(' ', 1)[0]}…"


def undo_text(last: Any) -> str:
    """What can be taken back: "kept “A title”"."""
    return f"{VERDICT_DONE[last.verdict].lower()} “{_cut(last.title)}”"


def wanted_text(scan: Any) -> str:
    """What a scan looks for: "papers like “graph networks”, 2 papers that you named and 12 kept in other scans"."""
    parts = [f"“{words}”" for words in scan.looks_for]
    if scan.n_seeds:
        parts.append(f"{plural(scan.n_seeds, 'paper')} that you named")
    if scan.n_kept_elsewhere:
        parts.append(f"{plural(scan.n_kept_elsewhere, 'paper')} kept in other scans")
    return f"papers like {in_words(parts)}" if parts else ""


def filters_text(scan: Any) -> str:
    """What papers a scan is of: "Only papers listed under cs.CL, by Ada Example, with links to code."; or nothing."""
    parts = [f"listed under {' or '.join(scan.categories)}"] if scan.categories else []
    parts += [f"by {scan.author}"] if scan.author else []
    parts += [f"with {', '.join(scan.has)}"] if scan.has else []
    return f"Only papers {', '.join(parts)}." if parts else ""


def earlier_text(scan: Any) -> str:
    """What other scans have to do with this one; empty where nothing has."""
    if scan.n_left_out:
        shown = "is not shown again" if scan.n_left_out == 1 else "are not shown again"
        return f"{plural(scan.n_left_out, 'paper')} decided in other scans {shown}, and nothing of it counts here."
    if scan.n_from_others:
        are = "was" if scan.n_from_others == 1 else "were"
        return (
            f"{plural(scan.n_from_others, 'paper')} of these days {are} decided in other scans; that counts here too."
        )
    return ""


def why_shown(paper: Any) -> str:
    """Why a paper is shown: "among the best; like “A title” (0.71)"."""
    reasons = [_SHOWN[paper.choice]]
    if paper.near_title:
        reasons.append(f"nearest to “{paper.near_title}” ({paper.similarity:.2f})")
    return "; ".join(reasons)


def facts_lines(paper: Any) -> tuple[str, ...]:
    """What a paper claims, introduces, uses and links, a line for each that there is."""
    claims = ", ".join(f"{quoted(c)} ({QUANTITY_NAMES[c.quantity]})" for c in paper.claims)
    lines = [f"Claims: {claims}"] if claims else []
    for role, label in (("introduces", "Introduces"), ("uses", "Uses")):
        if names := [one.name for one in paper.names if one.role == role]:
            lines.append(f"{label}: {', '.join(names)}")
    return (*lines, f"Code: {paper.code}") if paper.code else tuple(lines)


def draws_text(scan: Any) -> str:
    """Why some papers look out of place: the share of random draws among the next papers."""
    if not scan.draw_share:
        return "The best papers come first, and none at random; so nothing more gets known of how many are left."
    if scan.draw_share > 0.5:
        return (
            f"The best seem to be found, so {percent(scan.draw_share, 0)} of the next papers are picked at random from "
            "your pool: that shows soonest whether anything is left."
        )
    return (
        f"About {percent(scan.draw_share, 0)} of the next papers are picked at random from your pool, and "
        f"5{NO_BREAK_SPACE}% from the others. They may look out of place; without them nobody could say how many are "
        "left."
    )


def surer_text(scan: Any) -> str:
    """How sure the figures are, and what would narrow the bound for the papers outside the pool."""
    text = (
        "The ranges hold in 95 of 100 scans, whenever you stop. Your pool holds the papers that scored above a fixed "
        "line when the scan began, and those close to your words. A paper left undecided is one more at the upper end."
    )
    if scan.rest_share_at_most > _WORTH_SAYING or scan.next_rest_bound is None or not scan.n_more_rest_draws:
        return text
    at_most = math.floor(scan.next_rest_bound * _n_others(scan))
    draws = plural(scan.n_more_rest_draws, "more random pick")
    return f"{text} {draws} from the others, none of them kept, would show at most {count(at_most)} left there."


def seeds_text(n_found: int, missing: tuple[str, ...]) -> str:
    """What was found of the papers that were named."""
    if not missing:
        return f"{plural(n_found, 'paper')} added."
    shown = "; ".join(missing[:20]) + (f"; and {count(len(missing) - 20)} more" if len(missing) > 20 else "")
    return f"{plural(n_found, 'paper')} added. Not stored here: {shown}."


def mute_text(mute: Any, names: Mapping[str, str]) -> str:
    """What a mute is of, by name: ``topic:12`` as the topic's label, ``words:x`` as its words."""
    text = str(mute)
    return names.get(text) or text.partition(":")[2]
