"""The English of scans: what was seen, how sure that is, and why a paper is shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from domain.reading import Choice, Verdict
from templates.claim_wording import QUANTITY_NAMES
from templates.number_text import count, in_words, percent, plural

VERDICT_DONE: Mapping[Verdict, str] = {"keep": "Kept", "skip": "Skipped", "undecided": "Left undecided"}

DELETED = "What you read is deleted."

_SHOWN: Mapping[Choice, str] = {
    "best": "among the best",
    "pool": "drawn at random from your pool",
    "rest": "drawn at random from outside your pool",
}


def pool_text(scan: Any) -> str:
    """What was seen of the pool: "14 kept of an estimated 14 to 19 in your pool of 300"."""
    if not scan.pool_size:
        return "Your pool is empty: no paper of these days is near what you named."
    if scan.pool_low == scan.pool_high:
        total = f"all {count(scan.pool_low)}" if scan.pool_low else "none there are"
        return f"{count(scan.pool_kept)} kept: {total} in your pool of {count(scan.pool_size)}."
    return (
        f"{count(scan.pool_kept)} kept of an estimated {count(scan.pool_low)} to {count(scan.pool_high)} "
        f"in your pool of {count(scan.pool_size)}."
    )


def rest_text(scan: Any) -> str:
    """What is known of the papers outside the pool."""
    if not scan.rest_size:
        return ""
    kept = f" {plural(scan.rest_kept, 'paper')} of them kept." if scan.rest_kept else ""
    if not scan.rest_draws:
        return f"Of the {count(scan.rest_size)} outside it nothing is known yet.{kept}"
    in_hundred = math.ceil(100 * scan.rest_share_at_most - 1e-9)
    return f"Of the {count(scan.rest_size)} outside it, at most {in_hundred} in a hundred are for you.{kept}"


def stop_text(scan: Any) -> str:
    """Whether one may stop, and else what it takes to know more."""
    share = percent(scan.target, 0)
    if scan.is_seen:
        stop = f"At least {share} of what you would keep in the pool was seen, with 95 % confidence."
    elif scan.n_more_draws is None:
        stop = f"Nothing shows yet that {share} of what you would keep in the pool was seen."
    else:
        stop = (
            f"About {plural(scan.n_more_draws, 'more random draw')} without a keep would show that {share} "
            "of what you would keep in the pool was seen."
        )
    if scan.next_rest_bound is None or not scan.n_more_rest_draws:
        return stop
    bound = math.ceil(100 * scan.next_rest_bound)
    draws = plural(scan.n_more_rest_draws, "more draw")
    return f"{stop} {draws} from outside it without a keep would show at most {bound} in a hundred there."


def wanted_text(scan: Any) -> str:
    """What a scan looks for: "papers like “graph networks”, 2 papers that you named and 12 kept in other scans"."""
    parts = [f"“{words}”" for words in scan.looks_for]
    if scan.n_seeds:
        parts.append(f"{plural(scan.n_seeds, 'paper')} that you named")
    if scan.n_kept_elsewhere:
        parts.append(f"{plural(scan.n_kept_elsewhere, 'paper')} kept in other scans")
    return f"papers like {in_words(parts)}" if parts else ""


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
    claims = ", ".join(f"“{' '.join(c.quote.split())}” ({QUANTITY_NAMES[c.quantity]})" for c in paper.claims)
    lines = [f"Claims: {claims}"] if claims else []
    for role, label in (("introduces", "Introduces"), ("uses", "Uses")):
        if names := [one.name for one in paper.names if one.role == role]:
            lines.append(f"{label}: {', '.join(names)}")
    return (*lines, f"Code: {paper.code}") if paper.code else tuple(lines)


def draws_text(scan: Any) -> str:
    """The share of random draws among the next papers."""
    return f"{percent(scan.draw_share, 0)} of the next papers are random draws from the pool, 5 % from outside it."


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
